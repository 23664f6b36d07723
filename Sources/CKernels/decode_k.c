/* The K formats: superblocks of 256 weights whose sub-blocks have small integer scales. */
#include "decode.h"

#include <stdint.h>

#include "half.h"
#include "k_scales.h"
#include "multiarch.h"

ADPO_MULTIARCH
void adpo_decode_q4_k(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 144) {
        const float scale = load_f16(block);
        const float minimum = load_f16(block + 2);
        float scales[8], minima[8];
        load_q4_k_scales(block + 4, scale, minimum, scales, minima);
        const uint8_t *codes = block + 16;
        for (int pair = 0; pair < 4; pair++) {
            const float low_scale = scales[2 * pair], high_scale = scales[2 * pair + 1];
            const float low_minimum = minima[2 * pair], high_minimum = minima[2 * pair + 1];
            float *low = out + i + 64 * pair, *high = low + 32;
            for (int j = 0; j < 32; j++) {
                const uint8_t code = codes[32 * pair + j];
                low[j] = low_scale * (float)(code & 0x0F) - low_minimum;
                high[j] = high_scale * (float)(code >> 4) - high_minimum;
            }
        }
    }
}

ADPO_MULTIARCH
void adpo_decode_q6_k(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 210) {
        const int8_t *packed = (const int8_t *)(block + 192);
        const float scale = load_f16(block + 208);
        float scales[16];
        for (int j = 0; j < 16; j++) scales[j] = scale * (float)packed[j];
        /* Per half of 128: weights j, j + 32, j + 64, j + 96 share the byte j of `tops`. */
        for (int part = 0; part < 8; part++) {
            const int half = part / 4, group = part % 4;
            const uint8_t *codes = block + 64 * half + 32 * (group % 2);
            const uint8_t *tops = block + 128 + 32 * half;
            const int shift = 4 * (group / 2), top_shift = 2 * group;
            float *weights = out + i + 32 * part;
            for (int j = 0; j < 32; j++) {
                const int code =
                    (codes[j] >> shift & 0x0F) | (tops[j] >> top_shift & 3) << 4;
                weights[j] = scales[2 * part + j / 16] * (float)(code - 32);
            }
        }
    }
}
