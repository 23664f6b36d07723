/*
 * 256 weights in 210 bytes: w = scale * scale[s] * (code - 32) in sub-block s of 16.
 *
 *     bytes 0-127    low 4 bits of the codes: per half of 128, byte j < 64 has weight j low
 *                    and j + 64 high
 *     bytes 128-191  high 2 bits: per half, byte j < 32 has weights j, j + 32, j + 64, j + 96
 *                    from the low bits up
 *     bytes 192-207  16 scales, int8
 *     bytes 208-209  scale, f16
 */
#include <math.h>
#include <stdint.h>

#include "encodings.h"
#include "fit.h"
#include "half.h"
#include "lanes.h"
#include "multiarch.h"
#include "rows.h"
#include "vnni.h"

ADPO_DOT_INTEGERS(q6_k)

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

#if defined(__x86_64__)

VNNI float adpo_dot_q6_k_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    __m512 sum = _mm512_setzero_ps();
    const __m512i left = _mm512_setr_epi32(4, 4, 4, 4, 4, 4, 4, 4, 2, 2, 2, 2, 2, 2, 2, 2);
    const __m512i right = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2);
    const __m512i low_bits = _mm512_set1_epi8(0x0F), high_bits = _mm512_set1_epi8(0x30);
    const adpo_integers *integers = x->integers;
    for (; count > 0; count -= 256, block += 210, integers += 4) {
        const __m128i packed = _mm_loadu_si128((const __m128i *)(block + 192));
        const __m512 scale = _mm512_broadcastss_ps(_mm_cvtph_ps(_mm_loadu_si16(block + 208)));
        const __m512 scales = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(packed)), scale);
#pragma clang loop unroll(full)
        for (int part = 0; part < 4; part++) {
            const int half = part / 2;
            const __m512i bytes = _mm512_loadu_si512(block + 64 * half);
            const __m512i tops = _mm512_broadcast_i64x4(
                _mm256_loadu_si256((const __m256i *)(block + 128 + 32 * half)));
            const __m512i low = part % 2 ? _mm512_srli_epi32(bytes, 4) : bytes;
            const __m512i high =
                part % 2 ? _mm512_srlv_epi32(tops, right) : _mm512_sllv_epi32(tops, left);
            const __m512i codes = _mm512_or_si512(_mm512_and_si512(low, low_bits),
                                                  _mm512_and_si512(high, high_bits));
            sum = add(sum, offset_products(codes, 5, integers + part), quarters(scales, part));
        }
    }
    return x->scale * _mm512_reduce_add_ps(sum);
}

#endif

ADPO_DOT_OF_INTEGERS(q6_k)

ADPO_MULTIARCH
void adpo_encode_q6_k(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 256, block += 210) {
        float scales[16], extreme = 0;
        for (int s = 0; s < 16; s++) {
            scales[s] = fit_scale(weights + i + 16 * s, -32, 31);
            extreme = fabsf(scales[s]) > fabsf(extreme) ? scales[s] : extreme;
        }
        const float scale = stored_f16(block + 208, extreme / -128);
        uint8_t codes[256];
        for (int s = 0; s < 16; s++) {
            const float small = whole(scales[s] * inverse(scale), -128, 127);
            block[192 + s] = (uint8_t)(int8_t)small;
            const float factor = inverse(scale * small);
            for (int j = 0; j < 16; j++) {
                codes[16 * s + j] =
                    (uint8_t)(whole(weights[i + 16 * s + j] * factor, -32, 31) + 32);
            }
        }
        for (int half = 0; half < 2; half++) {
            const uint8_t *code = codes + 128 * half;
            uint8_t *low = block + 64 * half, *high = block + 128 + 32 * half;
            for (int j = 0; j < 64; j++) {
                low[j] = (uint8_t)((code[j] & 0x0F) | (code[j + 64] & 0x0F) << 4);
            }
            for (int j = 0; j < 32; j++) {
                high[j] = (uint8_t)(code[j] >> 4 | code[j + 32] >> 4 << 2 |
                                    code[j + 64] >> 4 << 4 | code[j + 96] >> 4 << 6);
            }
        }
    }
}
