#include "dot.h"

#include <stdint.h>
#include <string.h>

#include "half.h"
#include "lanes.h"
#include "multiarch.h"

ADPO_MULTIARCH
float adpo_dot_f32(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
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
float adpo_dot_f16(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
#pragma clang fp reassociate(on) contract(fast)
    const uint8_t *halves = blocks;
    float sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += load_f16(halves + 2 * i) * x[i];
    return sum;
}

ADPO_MULTIARCH
float adpo_dot_bf16(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
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

#define DOT_IN_GROUPS(add, block_bytes) \
    float lanes[LANES] = {0}; \
    const uint8_t *block = blocks; \
    ptrdiff_t i = 0; \
    for (; i + 32 * GROUP <= count; i += 32 * GROUP, block += block_bytes * GROUP) \
        add(block, x + i, GROUP, lanes); \
    for (; i < count; i += 32, block += block_bytes) add(block, x + i, 1, lanes); \
    return sum_of_lanes(lanes);

static inline __attribute__((always_inline)) void add_q4_0(
    const uint8_t *restrict block, const float *restrict x, int count, float *restrict lanes) {
#pragma clang fp contract(fast)
    float scales[GROUP];
    for (int b = 0; b < count; b++) scales[b] = load_f16(block + 18 * b);
    for (int b = 0; b < count; b++, x += 32) {
        const uint8_t *codes = block + 18 * b + 2;
        for (int j = 0; j < LANES; j++) {
            const float low = (float)((codes[j] & 0x0F) - 8), high = (float)((codes[j] >> 4) - 8);
            lanes[j] += scales[b] * (low * x[j] + high * x[j + 16]);
        }
    }
}

ADPO_MULTIARCH
float adpo_dot_q4_0(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
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
    for (int b = 0; b < count; b++, x += 32) {
        const uint8_t *codes = block + 20 * b + 4;
        for (int j = 0; j < LANES; j++) {
            const float low = (float)(codes[j] & 0x0F), high = (float)(codes[j] >> 4);
            lanes[j] += scales[b] * (low * x[j] + high * x[j + 16]) +
                        minima[b] * (x[j] + x[j + 16]);
        }
    }
}

ADPO_MULTIARCH
float adpo_dot_q4_1(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
    DOT_IN_GROUPS(add_q4_1, 20)
}

static inline __attribute__((always_inline)) void add_q8_0(
    const uint8_t *restrict block, const float *restrict x, int count, float *restrict lanes) {
#pragma clang fp contract(fast)
    float scales[GROUP];
    for (int b = 0; b < count; b++) scales[b] = load_f16(block + 34 * b);
    for (int b = 0; b < count; b++, x += 32) {
        const int8_t *codes = (const int8_t *)(block + 34 * b + 2);
        for (int j = 0; j < LANES; j++)
            lanes[j] +=
                scales[b] * ((float)codes[j] * x[j] + (float)codes[j + 16] * x[j + 16]);
    }
}

ADPO_MULTIARCH
float adpo_dot_q8_0(const void *restrict blocks, const float *restrict x, ptrdiff_t count) {
    DOT_IN_GROUPS(add_q8_0, 34)
}
