/* The K formats: superblocks of 256 weights whose sub-blocks have small integer scales. */
#include "dot.h"

#include <stdint.h>

#include "half.h"
#include "k_scales.h"
#include "lanes.h"
#include "multiarch.h"

ADPO_MULTIARCH
float adpo_dot_q4_k(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
#pragma clang fp contract(fast)
    float lanes[LANES] = {0};
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 144) {
        const float scale = load_f16(block), minimum = load_f16(block + 2);
        float scales[8], minima[8];
        load_q4_k_scales(block + 4, scale, minimum, scales, minima);
        for (int s = 0; s < 8; s++) {
            const uint8_t *codes = block + 16 + s / 2 * 32;
            const float *from = x + i + 32 * s;
            const int shift = 4 * (s % 2);
            for (int j = 0; j < LANES; j++) {
                const float low = (float)(codes[j] >> shift & 0x0F);
                const float high = (float)(codes[j + 16] >> shift & 0x0F);
                lanes[j] += scales[s] * (low * from[j] + high * from[j + 16]) -
                            minima[s] * (from[j] + from[j + 16]);
            }
        }
    }
    return sum_of_lanes(lanes);
}

ADPO_MULTIARCH
float adpo_dot_q6_k(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
#pragma clang fp contract(fast)
    float lanes[LANES] = {0};
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 210) {
        const int8_t *packed = (const int8_t *)(block + 192);
        const float scale = load_f16(block + 208);
        float scales[16];
        for (int j = 0; j < 16; j++) scales[j] = scale * (float)packed[j];
        for (int s = 0; s < 16; s++) {
            /* Sub-block s has 16 weights of the part s / 2; see adpo_decode_q6_k. */
            const int half = s / 8, group = s / 2 % 4, offset = s % 2 * 16;
            const uint8_t *codes = block + 64 * half + 32 * (group % 2) + offset;
            const uint8_t *tops = block + 128 + 32 * half + offset;
            const int shift = 4 * (group / 2), top_shift = 2 * group;
            const float *from = x + i + 16 * s;
            for (int j = 0; j < LANES; j++) {
                const int code =
                    (codes[j] >> shift & 0x0F) | (tops[j] >> top_shift & 3) << 4;
                lanes[j] += scales[s] * (float)(code - 32) * from[j];
            }
        }
    }
    return sum_of_lanes(lanes);
}
