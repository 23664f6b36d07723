/* The K formats: superblocks of 256 weights whose sub-blocks have small integer scales. */
#include "dot_portable.h"

#include <stdint.h>

#include "half.h"
#include "k_scales.h"
#include "lanes.h"
#include "multiarch.h"

ADPO_MULTIARCH
float adpo_dot_q4_k_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
#pragma clang fp contract(fast)
    float lanes[2 * LANES] = {0};
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 144) {
        const float scale = load_f16(block), minimum = load_f16(block + 2);
        float scales[8], minima[8];
        load_q4_k_scales(block + 4, scale, minimum, scales, minima);
        for (int s = 0; s < 8; s++) {
            const uint8_t *codes = block + 16 + s / 2 * 32;
            const float *from = x + i + 32 * s;
            const int shift = 4 * (s % 2);
            float *restrict sums = lanes + s % 2 * LANES;
            for (int j = 0; j < LANES; j++) {
                const float low = (float)(codes[j] >> shift & 0x0F);
                const float high = (float)(codes[j + 16] >> shift & 0x0F);
                sums[j] += scales[s] * (low * from[j] + high * from[j + 16]) -
                           minima[s] * (from[j] + from[j + 16]);
            }
        }
    }
    return sum_of_lanes(lanes);
}

ADPO_MULTIARCH
float adpo_dot_q6_k_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
#pragma clang fp contract(fast)
    float lanes[2 * LANES] = {0};
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 210) {
        /* All codes first, byte by byte: many more of them fit a register than floats do. */
        int8_t codes[256];
        for (int part = 0; part < 8; part++) {
            const int half = part / 4, group = part % 4;
            const uint8_t *lows = block + 64 * half + 32 * (group % 2);
            const uint8_t *tops = block + 128 + 32 * half;
            for (int j = 0; j < 32; j++) {
                const uint8_t low = group < 2 ? lows[j] & 0x0F : lows[j] >> 4;
                const uint8_t top = tops[j] >> 2 * group & 3;
                codes[32 * part + j] = (int8_t)((low | top << 4) - 32);
            }
        }
        const int8_t *scales = (const int8_t *)(block + 192);
        const float scale = load_f16(block + 208);
        for (int s = 0; s < 16; s++) {
            const float sub_scale = scale * (float)scales[s];
            float *restrict sums = lanes + s % 2 * LANES;
            for (int j = 0; j < LANES; j++)
                sums[j] += sub_scale * ((float)codes[16 * s + j] * x[i + 16 * s + j]);
        }
    }
    return sum_of_lanes(lanes);
}
