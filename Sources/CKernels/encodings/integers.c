/* Vectors of floats, and of integers where dot products take them. */
#include "encodings.h"
#include "half.h"
#include "multiarch.h"
#include "vnni.h"

ptrdiff_t adpo_vector_scratch(ptrdiff_t count) {
    const ptrdiff_t blocks = (count + 63) / 64;
    return blocks * (ptrdiff_t)(sizeof(adpo_integers) + 2 * sizeof(float));
}

ADPO_HIDDEN uint32_t adpo_largest_magnitude(const float *x, ptrdiff_t count);

/* The bits of the largest |x|, which are in the order of the floats; above all are those of NaN. */
ADPO_MULTIARCH
uint32_t adpo_largest_magnitude(const float *restrict x, ptrdiff_t count) {
    uint32_t largest = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        const uint32_t magnitude = bits_of_float(x[i]) & 0x7FFFFFFF;
        largest = magnitude > largest ? magnitude : largest;
    }
    return largest;
}

#if defined(__x86_64__)

static int has_vnni(void) {
    return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512vnni");
}

/* Four codes of at most 8 bits times the largest integer still fit 32 bits. */
static const float LARGEST = (1 << 22) - 2;

/* The integers of floats up to `largest`. */
static VNNI adpo_vector make_integers(const float *floats, float largest, ptrdiff_t count,
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

#endif

adpo_vector adpo_make_vector(const float *floats, ptrdiff_t count, void *scratch) {
#if defined(__x86_64__)
    const float largest = float_from_bits(adpo_largest_magnitude(floats, count));
    /* The inverse of a scale must be finite, too. */
    if (has_vnni() && largest < __builtin_inff() && (largest > 0x1p-100f || largest == 0))
        return make_integers(floats, largest, count, scratch);
#endif
    return (adpo_vector){floats, NULL, NULL, 0};
}
