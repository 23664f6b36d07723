/*
 * Dot products of rows of encoded weights with vectors, straight from the encoded bytes: a row of a
 * few hundred weights costs no more than reading it from memory. Rows are whole blocks, which may
 * lie at any address.
 *
 * The vector is floats. Formats with small integers as codes take it as integers too, where the
 * processor has instructions for that (AVX512_VNNI): of 23 bits with its sign, which is as near to a
 * float as sums of floats are. The products of a block are exact then, and sums of blocks are f32.
 */
#ifndef CKERNELS_DOT_H
#define CKERNELS_DOT_H

#include <stddef.h>
#include <stdint.h>

/* 64 integers, each 65536 high + 256 middle + low, and the sums of four by four. */
typedef struct adpo_integers {
    int8_t high[64];
    int8_t middle[64];
    int8_t low[64];
    int32_t sums[16];
} adpo_integers;

typedef struct adpo_vector {
    const float *floats;
    const adpo_integers *integers; /* times `scale` the same numbers; NULL: there are none */
    const float *sums;             /* of 32 integers each */
    float scale;
} adpo_vector;

/* Bytes of scratch for the integers of `count` floats. */
ptrdiff_t adpo_vector_scratch(ptrdiff_t count);

/* Floats as a vector with integers in `scratch`; without them where the processor has no use for
 * them, or when some number is not finite or all are very small. */
adpo_vector adpo_make_vector(const float *floats, ptrdiff_t count, void *scratch);

/* Rows that follow each other. */
typedef struct adpo_encoded_rows {
    const void *blocks;
    ptrdiff_t row_bytes;
    ptrdiff_t rows;
    ptrdiff_t columns;
} adpo_encoded_rows;

/* y = x W^T + beta y, for `count` vectors x; y is [count, rows], its own rows `stride` apart. */
#define ADPO_DOT(format)                                                                    \
    void adpo_dot_##format(adpo_encoded_rows weights, const adpo_vector *x, ptrdiff_t count, \
                           float beta, float *y, ptrdiff_t stride)

ADPO_DOT(f32);
ADPO_DOT(f16);
ADPO_DOT(bf16);
ADPO_DOT(q4_0);
ADPO_DOT(q4_1);
ADPO_DOT(q8_0);
ADPO_DOT(q4_k);
ADPO_DOT(q6_k);

#endif
