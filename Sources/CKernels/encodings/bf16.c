/* The upper half of a binary32, little-endian. */
#include <stdint.h>

#include "encodings.h"
#include "half.h"
#include "multiarch.h"
#include "rows.h"

ADPO_DOT_FLOATS(bf16)

ADPO_MULTIARCH
void adpo_decode_bf16(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *halves = blocks;
    for (ptrdiff_t i = 0; i < count; i++) out[i] = load_bf16(halves + 2 * i);
}

ADPO_MULTIARCH
float adpo_dot_bf16_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
#pragma clang fp reassociate(on) contract(fast)
    const uint8_t *halves = blocks;
    float sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += load_bf16(halves + 2 * i) * x[i];
    return sum;
}

ADPO_DOT_OF_FLOATS(bf16)

ADPO_MULTIARCH
void adpo_encode_bf16(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    uint8_t *halves = blocks;
    for (ptrdiff_t i = 0; i < count; i++) store_bf16(halves + 2 * i, weights[i]);
}
