/*
 * Sums that a dot product keeps side by side: two sets of one AVX-512 register (or several shorter
 * ones), which blocks take by turns, so that an addition need not wait for the one before.
 */
#ifndef CKERNELS_LANES_H
#define CKERNELS_LANES_H

#include "half.h"

enum { LANES = 16 };

static inline __attribute__((always_inline)) float sum_of_lanes(float lanes[2 * LANES]) {
    for (int n = LANES; n > 0; n /= 2)
        for (int j = 0; j < n; j++) lanes[j] += lanes[j + n];
    return lanes[0];
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

#endif
