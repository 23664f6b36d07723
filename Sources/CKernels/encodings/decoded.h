/*
 * Decoder and dot product of an encoding that few files have: the product decodes a block at a time, and
 * is then one of floats. Needs `decode_block(block, out)`.
 */
#ifndef CKERNELS_DECODED_H
#define CKERNELS_DECODED_H

#include "encodings.h"
#include "lanes.h"
#include "multiarch.h"
#include "rows.h"

#define ADPO_DECODED(format, block_elements, block_bytes)                                            \
    ADPO_MULTIARCH                                                                                   \
    void adpo_decode_##format(const void *restrict blocks, float *restrict out, ptrdiff_t count) {   \
        const uint8_t *block = blocks;                                                               \
        for (ptrdiff_t i = 0; i < count; i += block_elements, block += block_bytes)                  \
            decode_block(block, out + i);                                                            \
    }                                                                                                \
                                                                                                     \
    ADPO_DOT_FLOATS(format)                                                                          \
                                                                                                     \
    ADPO_MULTIARCH                                                                                   \
    float adpo_dot_##format##_portable(const void *restrict blocks, const float *restrict x,         \
                                       ptrdiff_t count) {                                            \
        float lanes[2 * LANES] = {0};                                                                \
        const uint8_t *block = blocks;                                                               \
        for (ptrdiff_t i = 0; i < count; i += block_elements, block += block_bytes) {                \
            float weights[block_elements];                                                           \
            decode_block(block, weights);                                                            \
            for (int from = 0; from < block_elements; from += 2 * LANES)                             \
                for (int j = 0; j < 2 * LANES; j++) lanes[j] += weights[from + j] * x[i + from + j]; \
        }                                                                                            \
        return sum_of_lanes(lanes);                                                                  \
    }                                                                                                \
                                                                                                     \
    ADPO_DOT_OF_FLOATS(format)

#endif
