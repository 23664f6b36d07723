#include "rope.h"

#include "multiarch.h"

ADPO_MULTIARCH
void adpo_rope(float *restrict x, const int32_t *restrict positions,
               const float *restrict cosines, const float *restrict sines, adpo_heads shape,
               ptrdiff_t pairs, int interleaved, float direction) {
#pragma clang fp contract(fast)
    for (ptrdiff_t r = 0; r < shape.rows; r++, x += shape.row_stride) {
        const float *restrict cosine = cosines + positions[r] * pairs;
        const float *restrict sine = sines + positions[r] * pairs;
        for (ptrdiff_t h = 0; h < shape.heads; h++) {
            float *restrict head = x + h * shape.head_stride;
            if (interleaved) {
                for (ptrdiff_t i = 0; i < pairs; i++) {
                    const float a = head[2 * i], b = head[2 * i + 1], s = sine[i] * direction;
                    head[2 * i] = a * cosine[i] - b * s;
                    head[2 * i + 1] = b * cosine[i] + a * s;
                }
            } else {
                for (ptrdiff_t i = 0; i < pairs; i++) {
                    const float a = head[i], b = head[i + pairs], s = sine[i] * direction;
                    head[i] = a * cosine[i] - b * s;
                    head[i + pairs] = b * cosine[i] + a * s;
                }
            }
        }
    }
}
