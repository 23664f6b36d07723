#include "dot_portable.h"

#include <stdint.h>
#include <string.h>

#include "half.h"
#include "lanes.h"
#include "multiarch.h"

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

ADPO_MULTIARCH
float adpo_dot_f16_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
#pragma clang fp reassociate(on) contract(fast)
    const uint8_t *halves = blocks;
    float sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += load_f16(halves + 2 * i) * x[i];
    return sum;
}

ADPO_MULTIARCH
float adpo_dot_bf16_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
#pragma clang fp reassociate(on) contract(fast)
    const uint8_t *halves = blocks;
    float sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += load_bf16(halves + 2 * i) * x[i];
    return sum;
}

/*
 * The formats with blocks of 32 are taken GROUP blocks at a time, since converting one f16 scale
 * takes as many instructions as converting a register full of them. Each `add_*` adds the products
 * of `count` blocks, a constant where it is inlined, to the lanes.
 */
enum { GROUP = 16 };

#define DOT_IN_GROUPS(add, block_bytes)                                             \
    float lanes[2 * LANES] = {0};                                                   \
    const uint8_t *block = blocks;                                                  \
    for (; count >= 32 * GROUP; count -= 32 * GROUP) ADD_GROUP(add, block_bytes, GROUP) \
    if (count & 32 * 8) ADD_GROUP(add, block_bytes, 8)                              \
    if (count & 32 * 4) ADD_GROUP(add, block_bytes, 4)                              \
    if (count & 32 * 2) ADD_GROUP(add, block_bytes, 2)                              \
    if (count & 32) ADD_GROUP(add, block_bytes, 1)                                  \
    return sum_of_lanes(lanes);

#define ADD_GROUP(add, block_bytes, size) \
    {                                     \
        add(block, x, size, lanes);       \
        block += block_bytes * size;      \
        x += 32 * size;                   \
    }

/* The lanes of a block: by turns. */
#define LANES_OF(b) (lanes + (b) % 2 * LANES)

static inline __attribute__((always_inline)) void add_q4_0(
    const uint8_t *restrict block, const float *restrict x, int count, float *restrict lanes) {
#pragma clang fp contract(fast)
    float scales[GROUP];
    for (int b = 0; b < count; b++) scales[b] = load_f16(block + 18 * b);
#pragma clang loop unroll(full)
    for (int b = 0; b < count; b++, x += 32) {
        const uint8_t *codes = block + 18 * b + 2;
        float *restrict sums = LANES_OF(b);
        for (int j = 0; j < LANES; j++) {
            const float low = (float)((codes[j] & 0x0F) - 8), high = (float)((codes[j] >> 4) - 8);
            sums[j] += scales[b] * (low * x[j] + high * x[j + 16]);
        }
    }
}

ADPO_MULTIARCH
float adpo_dot_q4_0_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
    DOT_IN_GROUPS(add_q4_0, 18)
}

static inline __attribute__((always_inline)) void add_q4_1(
    const uint8_t *restrict block, const float *restrict x, int count, float *restrict lanes) {
#pragma clang fp contract(fast)
    float scales[GROUP], minima[GROUP];
    for (int b = 0; b < count; b++) {
        scales[b] = load_f16(block + 20 * b);
        minima[b] = load_f16(block + 20 * b + 2);
    }
#pragma clang loop unroll(full)
    for (int b = 0; b < count; b++, x += 32) {
        const uint8_t *codes = block + 20 * b + 4;
        float *restrict sums = LANES_OF(b);
        for (int j = 0; j < LANES; j++) {
            const float low = (float)(codes[j] & 0x0F), high = (float)(codes[j] >> 4);
            sums[j] += scales[b] * (low * x[j] + high * x[j + 16]) +
                       minima[b] * (x[j] + x[j + 16]);
        }
    }
}

ADPO_MULTIARCH
float adpo_dot_q4_1_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
    DOT_IN_GROUPS(add_q4_1, 20)
}

static inline __attribute__((always_inline)) void add_q8_0(
    const uint8_t *restrict block, const float *restrict x, int count, float *restrict lanes) {
#pragma clang fp contract(fast)
    float scales[GROUP];
    for (int b = 0; b < count; b++) scales[b] = load_f16(block + 34 * b);
#pragma clang loop unroll(full)
    for (int b = 0; b < count; b++, x += 32) {
        const int8_t *codes = (const int8_t *)(block + 34 * b + 2);
        float *restrict sums = LANES_OF(b);
        for (int j = 0; j < LANES; j++)
            sums[j] += scales[b] * ((float)codes[j] * x[j] + (float)codes[j + 16] * x[j + 16]);
    }
}

ADPO_MULTIARCH
float adpo_dot_q8_0_portable(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
    DOT_IN_GROUPS(add_q8_0, 34)
}
