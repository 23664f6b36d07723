#include "encode.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "half.h"
#include "multiarch.h"

void adpo_encode_f32(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    memcpy(blocks, weights, (size_t)count * sizeof(float));
}

ADPO_MULTIARCH
void adpo_encode_f16(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    uint8_t *halves = blocks;
    for (ptrdiff_t i = 0; i < count; i++) store_f16(halves + 2 * i, weights[i]);
}

ADPO_MULTIARCH
void adpo_encode_bf16(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
    uint8_t *halves = blocks;
    for (ptrdiff_t i = 0; i < count; i++) store_bf16(halves + 2 * i, weights[i]);
}

ADPO_MULTIARCH
void adpo_encode_q4_0(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
#pragma clang fp contract(off)
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 18) {
        const float *x = weights + i;
        float extreme = 0;
        for (int j = 0; j < 32; j++) extreme = fabsf(x[j]) > fabsf(extreme) ? x[j] : extreme;
        const float scale = extreme / -8;
        const float inverse = scale == 0 ? 0 : 1 / scale;
        store_f16(block, scale);
        uint8_t codes[32];
        for (int j = 0; j < 32; j++) {
            codes[j] = (uint8_t)fminf(fmaxf(x[j] * inverse + 8.5f, 0), 15);
        }
        for (int j = 0; j < 16; j++) block[2 + j] = (uint8_t)(codes[j] | codes[j + 16] << 4);
    }
}

/* Half-way cases away from zero. */
static inline __attribute__((always_inline)) float rounded(float value) {
    const float magnitude = fabsf(value), whole = floorf(magnitude);
    return copysignf(whole + floorf(2 * (magnitude - whole)), value);
}

ADPO_MULTIARCH
void adpo_encode_q8_0(const float *restrict weights, void *restrict blocks, ptrdiff_t count) {
#pragma clang fp contract(off)
    uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 34) {
        const float *x = weights + i;
        float largest = 0;
        for (int j = 0; j < 32; j++) largest = fmaxf(largest, fabsf(x[j]));
        const float scale = largest / 127;
        const float inverse = scale == 0 ? 0 : 1 / scale;
        store_f16(block, scale);
        for (int j = 0; j < 32; j++) {
            const float code = fminf(fmaxf(rounded(x[j] * inverse), -127), 127);
            block[2 + j] = (uint8_t)(int8_t)code;
        }
    }
}
