/*
 * Dot products of codes with integers, by AVX512_VNNI: 64 products of bytes in one instruction. A
 * vector's integers are three bytes each, so 64 weights take three of them, where floats take four
 * and the conversion of every code.
 */
#ifndef CKERNELS_VNNI_H
#define CKERNELS_VNNI_H

#include "encodings.h"
#include "tile.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,f16c,fma")))

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

/* The numbers 4 part to 4 part + 3 of `from`, each for the products of 16 weights. */
ADPO_INLINE VNNI __m512 quarters(__m512 from, int part) {
    const __m512i first = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return _mm512_permutexvar_ps(_mm512_add_epi32(_mm512_set1_epi32(4 * part), first), from);
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

/* The highest bits of 5, 32 for each block, beside the others. */
ADPO_INLINE VNNI __m512i with_tops(__m512i codes, const uint8_t *first, const uint8_t *second) {
    const __m128i both = _mm_unpacklo_epi32(_mm_loadu_si32(first), _mm_loadu_si32(second));
    const __mmask64 tops = (__mmask64)_mm_cvtsi128_si64(both);
    return _mm512_mask_add_epi8(codes, tops, codes, _mm512_set1_epi8(16));
}

/* The scale and the minimum at the start of each block, f16: four numbers. */
ADPO_INLINE VNNI __m512 load_headers(const uint8_t *first, const uint8_t *second) {
    return _mm512_castps128_ps512(
        _mm_cvtph_ps(_mm_unpacklo_epi32(_mm_loadu_si32(first), _mm_loadu_si32(second))));
}

/* The f16 at the start of each block, for its products. */
ADPO_INLINE VNNI __m512 load_scales(const uint8_t *first, const uint8_t *second) {
    const __m128i both = _mm_unpacklo_epi16(_mm_loadu_si16(first), _mm_loadu_si16(second));
    return halves(_mm512_castps128_ps512(_mm_cvtph_ps(both)), 0, 1);
}

/* The 8 scales and the 8 minima of a Q4_K or Q5_K superblock; k_scales.h has the layout. */
ADPO_INLINE VNNI __m512 load_k_factors(const uint8_t *block) {
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

#endif

#endif
