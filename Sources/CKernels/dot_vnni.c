#include "dot_vnni.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,f16c,fma")))

/* Four codes of at most 8 bits times the largest integer still fit 32 bits. */
static const float LARGEST = (1 << 22) - 2;

/* The products of 64 codes from 0 to 255 with integers, added up by four. */
ADPO_INLINE VNNI __m512i products(__m512i codes, const adpo_integers *x) {
    __m512i sum = _mm512_setzero_si512();
    sum = _mm512_dpbusd_epi32(sum, codes, _mm512_loadu_si512(x->high));
    sum = _mm512_slli_epi32(sum, 8);
    sum = _mm512_dpbusd_epi32(sum, codes, _mm512_loadu_si512(x->middle));
    sum = _mm512_slli_epi32(sum, 8);
    return _mm512_dpbusd_epi32(sum, codes, _mm512_loadu_si512(x->low));
}

/* The same for codes that stand for code - 2^bits. */
ADPO_INLINE VNNI __m512i offset_products(__m512i codes, int bits, const adpo_integers *x) {
    const __m512i offsets = _mm512_slli_epi32(_mm512_loadu_si512(x->sums), bits);
    return _mm512_sub_epi32(products(codes, x), offsets);
}

ADPO_INLINE VNNI __m512 add(__m512 sum, __m512i products, __m512 scales) {
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(products), scales, sum);
}

/* The numbers `first` and `second` of `from`, each for the products of 32 weights. */
ADPO_INLINE VNNI __m512 halves(__m512 from, int first, int second) {
    return _mm512_permutexvar_ps(
        _mm512_mask_set1_epi32(_mm512_set1_epi32(first), 0xFF00, second), from);
}

VNNI adpo_vector adpo_make_vector_vnni(const float *floats, float largest, ptrdiff_t count,
                                       void *scratch) {
    adpo_integers *integers = scratch;
    float *sums = (float *)(integers + (count + 63) / 64);
    const __m512 inverse = _mm512_set1_ps(largest > 0 ? LARGEST / largest : 0);
    const __m512i half = _mm512_set1_epi32(128);
    for (ptrdiff_t i = 0; i < count; i += 64) {
        adpo_integers *x = integers + i / 64;
        for (int j = 0; j < 64; j += 16) {
            const ptrdiff_t left = count - i - j;
            const __mmask16 mask = left >= 16 ? 0xFFFF : left > 0 ? (1u << left) - 1 : 0;
            const __m512 numbers = _mm512_maskz_loadu_ps(mask, floats + i + j);
            const __m512i low = _mm512_cvtps_epi32(_mm512_mul_ps(numbers, inverse));
            const __m512i middle = _mm512_srai_epi32(_mm512_add_epi32(low, half), 8);
            const __m512i high = _mm512_srai_epi32(_mm512_add_epi32(middle, half), 8);
            _mm_storeu_si128((__m128i *)(x->low + j), _mm512_cvtepi32_epi8(low));
            _mm_storeu_si128((__m128i *)(x->middle + j), _mm512_cvtepi32_epi8(middle));
            _mm_storeu_si128((__m128i *)(x->high + j), _mm512_cvtepi32_epi8(high));
        }
        const __m512i by_four = products(_mm512_set1_epi8(1), x);
        _mm512_storeu_si512(x->sums, by_four);
        sums[i / 32] = (float)_mm512_mask_reduce_add_epi32(0x00FF, by_four);
        sums[i / 32 + 1] = (float)_mm512_mask_reduce_add_epi32(0xFF00, by_four);
    }
    return (adpo_vector){floats, integers, sums, largest / LARGEST};
}

/* Formats with blocks of 32 weights are taken two at a time; `add_blocks` gets 1 or 2 of them. */
#define DOT_BY_TWO(add_blocks, block_bytes)                              \
    const adpo_integers *integers = x->integers;                          \
    __m512 sum = _mm512_setzero_ps();                                    \
    for (; count >= 64; count -= 64, block += 2 * block_bytes, integers++) \
        sum = add_blocks(sum, block, 2, integers);                       \
    if (count) sum = add_blocks(sum, block, 1, integers);                \
    return x->scale * _mm512_reduce_add_ps(sum);

/* 16 bytes of each block, whose low 4 bits are its first 16 codes, whose high ones the others. */
ADPO_INLINE VNNI __m512i load_codes(const uint8_t *first, const uint8_t *second) {
    const __m512i bytes = _mm512_mask_broadcast_i32x4(
        _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)first)), 0xFF00,
        _mm_loadu_si128((const __m128i *)second));
    const __m512i shifts = _mm512_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4, 0, 0, 0, 0, 4, 4, 4, 4);
    return _mm512_and_si512(_mm512_srlv_epi32(bytes, shifts), _mm512_set1_epi8(0x0F));
}

/* The f16 at the start of each block, for its products. */
ADPO_INLINE VNNI __m512 load_scales(const uint8_t *first, const uint8_t *second) {
    const __m128i both = _mm_unpacklo_epi16(_mm_loadu_si16(first), _mm_loadu_si16(second));
    return halves(_mm512_castps128_ps512(_mm_cvtph_ps(both)), 0, 1);
}

/* A block that is not there is the one before, whose products with zeros are 0. */
ADPO_INLINE VNNI __m512 add_q4_0(__m512 sum, const uint8_t *block, int count,
                                 const adpo_integers *x) {
    const uint8_t *second = block + 18 * (count - 1);
    return add(sum, offset_products(load_codes(block + 2, second + 2), 3, x),
               load_scales(block, second));
}

VNNI float adpo_dot_q4_0_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    DOT_BY_TWO(add_q4_0, 18)
}

ADPO_INLINE VNNI __m512 add_q4_1(__m512 sum, const uint8_t *block, int count,
                                 const adpo_integers *x) {
    const uint8_t *second = block + 20 * (count - 1);
    const __m512 headers = _mm512_castps128_ps512(_mm_cvtph_ps( /* scale, minimum; of both */
        _mm_unpacklo_epi32(_mm_loadu_si32(block), _mm_loadu_si32(second))));
    sum = add(sum, products(load_codes(block + 4, second + 4), x), halves(headers, 0, 2));
    return add(sum, _mm512_loadu_si512(x->sums), halves(headers, 1, 3));
}

VNNI float adpo_dot_q4_1_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    DOT_BY_TWO(add_q4_1, 20)
}

ADPO_INLINE VNNI __m512 add_q8_0(__m512 sum, const uint8_t *block, int count,
                                 const adpo_integers *x) {
    const uint8_t *second = block + 34 * (count - 1);
    const __m512i codes = _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(block + 2))),
        _mm256_loadu_si256((const __m256i *)(second + 2)), 1);
    const __m512i unsigned_codes = _mm512_xor_si512(codes, _mm512_set1_epi8(-128));
    return add(sum, offset_products(unsigned_codes, 7, x), load_scales(block, second));
}

VNNI float adpo_dot_q8_0_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    DOT_BY_TWO(add_q8_0, 34)
}

/* The 8 scales and the 8 minima of a Q4_K superblock; k_scales.h has the layout. */
ADPO_INLINE VNNI __m512 load_q4_k_factors(const uint8_t *block) {
    const __m128i words = _mm_loadu_si128((const __m128i *)(block + 4)); /* 3, and codes */
    const __m128i first = _mm_and_si128(words, _mm_set1_epi32(0x3F3F3F3F));
    const __m128i tops = _mm_and_si128(_mm_srli_epi32(words, 2), _mm_set1_epi32(0x30303030));
    const __m128i third = _mm_shuffle_epi32(words, 0xAA);
    const __m128i lows = _mm_unpacklo_epi32(third, _mm_srli_epi32(third, 4));
    const __m128i last = _mm_or_si128(_mm_and_si128(lows, _mm_set1_epi32(0x0F0F0F0F)), tops);
    const __m512 codes =
        _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_unpacklo_epi32(first, last)));
    const __m128 header = _mm_cvtph_ps(_mm_loadu_si32(block)); /* scale, minimum */
    return _mm512_mul_ps(codes, halves(_mm512_castps128_ps512(header), 0, 1));
}

VNNI float adpo_dot_q4_k_vnni(const uint8_t *block, const adpo_vector *x, ptrdiff_t count) {
    __m512 even = _mm512_setzero_ps(), odd = _mm512_setzero_ps();
    __m256 minima = _mm256_setzero_ps();
    const __m512i shifts = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4);
    const adpo_integers *integers = x->integers;
    const float *sums = x->sums;
    for (; count > 0; count -= 256, block += 144, integers += 4, sums += 8) {
        const __m512 factors = load_q4_k_factors(block);
        minima = _mm256_fmadd_ps(_mm512_extractf32x8_ps(factors, 1), _mm256_loadu_ps(sums),
                                 minima);
#pragma clang loop unroll(full)
        for (int pair = 0; pair < 4; pair++) {
            const __m256i bytes = _mm256_loadu_si256((const __m256i *)(block + 16 + 32 * pair));
            const __m512i codes = _mm512_and_si512(
                _mm512_srlv_epi32(_mm512_broadcast_i64x4(bytes), shifts), _mm512_set1_epi8(0x0F));
            __m512 *sum = pair % 2 ? &odd : &even;
            *sum = add(*sum, products(codes, integers + pair),
                       halves(factors, 2 * pair, 2 * pair + 1));
        }
    }
    const __m512 sum = _mm512_sub_ps(_mm512_add_ps(even, odd), _mm512_zextps256_ps512(minima));
    return x->scale * _mm512_reduce_add_ps(sum);
}

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
            const __m512i sub_blocks = _mm512_add_epi32(
                _mm512_set1_epi32(4 * part),
                _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3));
            sum = add(sum, offset_products(codes, 5, integers + part),
                      _mm512_permutexvar_ps(sub_blocks, scales));
        }
    }
    return x->scale * _mm512_reduce_add_ps(sum);
}

#endif
