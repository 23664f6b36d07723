#include "rope.h"

#include "multiarch.h"

ADPO_MULTIARCH
void adpo_rope(float *restrict x, const int32_t *restrict positions,
               const float *restrict cosines, const float *restrict sines, ptrdiff_t rows,
               ptrdiff_t heads, ptrdiff_t head_width, int interleaved, float direction) {
#pragma clang fp contract(fast)
    const ptrdiff_t half = head_width / 2;
    for (ptrdiff_t r = 0; r < rows; r++) {
        const float *restrict cosine = cosines + positions[r] * half;
        const float *restrict sine = sines + positions[r] * half;
        for (ptrdiff_t h = 0; h < heads; h++, x += head_width) {
            if (interleaved) {
                for (ptrdiff_t i = 0; i < half; i++) {
                    const float a = x[2 * i], b = x[2 * i + 1], s = sine[i] * direction;
                    x[2 * i] = a * cosine[i] - b * s;
                    x[2 * i + 1] = b * cosine[i] + a * s;
                }
            } else {
                for (ptrdiff_t i = 0; i < half; i++) {
                    const float a = x[i], b = x[i + half], s = sine[i] * direction;
                    x[i] = a * cosine[i] - b * s;
                    x[i + half] = b * cosine[i] + a * s;
                }
            }
        }
    }
}
