#include "decode.h"

#include <stdint.h>
#include <string.h>

#include "half.h"
#include "multiarch.h"

void adpo_decode_f32(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    memcpy(out, blocks, (size_t)count * sizeof(float));
}

ADPO_MULTIARCH
void adpo_decode_f16(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *halves = blocks;
    for (ptrdiff_t i = 0; i < count; i++) out[i] = load_f16(halves + 2 * i);
}

ADPO_MULTIARCH
void adpo_decode_bf16(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *halves = blocks;
    for (ptrdiff_t i = 0; i < count; i++) out[i] = load_bf16(halves + 2 * i);
}

ADPO_MULTIARCH
void adpo_decode_q4_0(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 18) {
        const float scale = load_f16(block);
        const uint8_t *codes = block + 2;
        for (int j = 0; j < 16; j++) {
            out[i + j] = scale * (float)((codes[j] & 0x0F) - 8);
            out[i + j + 16] = scale * (float)((codes[j] >> 4) - 8);
        }
    }
}

ADPO_MULTIARCH
void adpo_decode_q4_1(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 20) {
        const float scale = load_f16(block);
        const float minimum = load_f16(block + 2);
        const uint8_t *codes = block + 4;
        for (int j = 0; j < 16; j++) {
            out[i + j] = scale * (float)(codes[j] & 0x0F) + minimum;
            out[i + j + 16] = scale * (float)(codes[j] >> 4) + minimum;
        }
    }
}

ADPO_MULTIARCH
void adpo_decode_q8_0(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    const uint8_t *block = blocks;
    for (ptrdiff_t i = 0; i < count; i += 32, block += 34) {
        const float scale = load_f16(block);
        const int8_t *codes = (const int8_t *)(block + 2);
        for (int j = 0; j < 32; j++) out[i + j] = scale * (float)codes[j];
    }
}
