/* IEEE 754 binary32, little-endian. */
#include <stdint.h>
#include <string.h>

#include "encodings.h"
#include "half.h"
#include "multiarch.h"
#include "rows.h"

ADPO_DOT_FLOATS(f32)

void adpo_decode_f32(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    memcpy(out, blocks, (size_t)count * sizeof(float));
}

ADPO_MULTIARCH
float adpo_dot_f32_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
#pragma clang fp reassociate(on) contract(fast)
    const uint8_t *floats = blocks;
    float sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        float weight;
        memcpy(&weight, floats + 4 * i, sizeof weight);
        sum += weight * x[i];
    }
    return sum;
}

ADPO_DOT_OF_FLOATS(f32)

void adpo_encode_f32(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    memcpy(blocks, weights, (size_t)count * sizeof(float));
}
