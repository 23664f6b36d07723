/*
 * 256 weights in 136 bytes: w = scale * (scale[s] - 32) * value[code] (nonlinear.h) in sub-block s of 32.
 *
 *     bytes 0-1    scale, f16
 *     bytes 2-3    the high 2 bits of 8 scales, from the low bits up
 *     bytes 4-7    their low 4 bits, the lower of each byte first
 *     bytes 8-135  8 sub-blocks of 16 bytes; the low 4 bits are codes 0 to 15, the high ones codes 16 to 31
 */
#include <stdint.h>
#include <string.h>

#include "encodings.h"
#include "half.h"
#include "lanes.h"
#include "multiarch.h"
#include "nonlinear.h"
#include "rows.h"

ADPO_DOT_INTEGERS(iq4_xs)

ADPO_INLINE void load_factors(const uint8_t *restrict block, float *restrict factors) {
    const float scale = load_f16(block);
    uint16_t tops;
    memcpy(&tops, block + 2, sizeof tops);
    for (int s = 0; s < 8; s++) {
        const int low = block[4 + s / 2] >> 4 * (s % 2) & 0x0F, top = tops >> 2 * s & 3;
        factors[s] = scale * (float)((low | top << 4) - 32);
    }
}

ADPO_MULTIARCH
void adpo_decode_iq4_xs(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 136) {
        float factors[8];
        load_factors(block, factors);
        for (int s = 0; s < 8; s++) {
            int8_t values[32];
            load_values(block + 8 + 16 * s, values);
            for (int j = 0; j < 32; j++) out[i + 32 * s + j] = factors[s] * (float)values[j];
        }
    }
}

ADPO_MULTIARCH
float adpo_dot_iq4_xs_portable(const void *restrict blocks, const float *restrict x,
                               ptrdiff_t count) {
#pragma clang fp contract(fast)
    float lanes[2 * LANES] = {0};
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 136) {
        float factors[8];
        load_factors(block, factors);
        for (int s = 0; s < 8; s++) {
            int8_t values[32];
            load_values(block + 8 + 16 * s, values);
            const float *from = x + i + 32 * s;
            float *restrict sums = lanes + s % 2 * LANES;
            for (int j = 0; j < LANES; j++) {
                const float low = (float)values[j], high = (float)values[j + 16];
                sums[j] += factors[s] * (low * from[j] + high * from[j + 16]);
            }
        }
    }
    return sum_of_lanes(lanes);
}

#if defined(__x86_64__)

VNNI float adpo_dot_iq4_xs_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    __m512 even = _mm512_setzero_ps(), odd = _mm512_setzero_ps();
    const adpo_integers *integers = x->integers;
    for (; count > 0; count -= 256, block += 136, integers += 4) {
        float factors[8];
        load_factors(block, factors);
        const __m512 scales = _mm512_castps256_ps512(_mm256_loadu_ps(factors));
#pragma clang loop unroll(full)
        for (int pair = 0; pair < 4; pair++) {
            const uint8_t *bytes = block + 8 + 32 * pair;
            const __m512i codes = load_offset_values(bytes, bytes + 16);
            __m512 *sum = pair % 2 ? &odd : &even;
            *sum = add(*sum, offset_products(codes, 7, integers + pair),
                       halves(scales, 2 * pair, 2 * pair + 1));
        }
    }
    return x->scale * _mm512_reduce_add_ps(_mm512_add_ps(even, odd));
}

#endif

ADPO_DOT_OF_INTEGERS(iq4_xs)

ADPO_MULTIARCH
void adpo_encode_iq4_xs(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 136) {
        float scales[8], extreme = 0;
        for (int s = 0; s < 8; s++) {
            scales[s] = fit_nonlinear(weights + i + 32 * s);
            extreme = fabsf(scales[s]) > fabsf(extreme) ? scales[s] : extreme;
        }
        const float scale = stored_f16(block, extreme / -32);
        memset(block + 2, 0, 6);
        uint32_t tops = 0;
        for (int s = 0; s < 8; s++) {
            const float small = whole(scales[s] * inverse(scale), -32, 31);
            const uint32_t code = (uint32_t)(small + 32);
            block[4 + s / 2] |= (uint8_t)((code & 0x0F) << 4 * (s % 2));
            tops |= code >> 4 << 2 * s;
            store_nonlinear(weights + i + 32 * s, scale * small, block + 8 + 16 * s);
        }
        const uint16_t bits = (uint16_t)tops;
        memcpy(block + 2, &bits, sizeof bits);
    }
}
