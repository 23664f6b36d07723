#include "adapter.h"

#include "multiarch.h"

/* SplitMix64 counts, and mixes the count: its numbers can be had in any order. */
static inline uint32_t splitmix64_upper(uint64_t seed, uint64_t index) {
    uint64_t z = seed + (index + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ z >> 31) >> 32);
}

ADPO_MULTIARCH
void adpo_dropout(const float *restrict x, float *restrict y, ptrdiff_t count, uint64_t seed,
                  uint64_t first, uint32_t threshold, float kept, float dropped, int adds) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const uint32_t number = splitmix64_upper(seed, first + (uint64_t)i);
        const float factor = number >= threshold ? kept : dropped;
        y[i] = adds ? y[i] + x[i] * factor : x[i] * factor;
    }
}

ADPO_MULTIARCH
void adpo_scale_columns(const float *restrict x, const float *restrict gains, float *restrict y,
                        ptrdiff_t rows, ptrdiff_t width, int adds) {
    for (ptrdiff_t r = 0; r < rows; r++, x += width, y += width) {
        if (adds)
            for (ptrdiff_t i = 0; i < width; i++) y[i] += gains[i] * x[i];
        else
            for (ptrdiff_t i = 0; i < width; i++) y[i] = gains[i] * x[i];
    }
}

ADPO_MULTIARCH
void adpo_scale_columns_backward(float *restrict x, const float *restrict dy,
                                 const float *restrict gains, const float *restrict inverse_norms,
                                 float *restrict dmagnitudes, ptrdiff_t rows, ptrdiff_t width,
                                 ptrdiff_t stride) {
    for (ptrdiff_t r = 0; r < rows; r++, x += stride, dy += stride)
        for (ptrdiff_t i = 0; i < width; i++) {
            dmagnitudes[i] += dy[i] * x[i] * inverse_norms[i];
            x[i] = gains[i] * dy[i];
        }
}
