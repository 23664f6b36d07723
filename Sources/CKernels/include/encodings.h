/*
 * The encodings of weights: each is a file of encodings/ with its decoder, its dot product and perhaps
 * its encoder, and a line at the end of this one. They work on whole blocks, which may lie at any address.
 */
#ifndef CKERNELS_ENCODINGS_H
#define CKERNELS_ENCODINGS_H

#include <stddef.h>
#include <stdint.h>

/* 64 integers, each 65536 high + 256 middle + low, and the sums of four by four. */
typedef struct adpo_integers {
    int8_t high[64];
    int8_t middle[64];
    int8_t low[64];
    int32_t sums[16];
} adpo_integers;

/*
 * The vector of a dot product: floats. Encodings with small integers as codes take it as integers too,
 * where the processor has instructions for that (AVX512_VNNI): of 23 bits with its sign, which is as near
 * to a float as sums of floats are. The products of a block are exact then, and sums of blocks are f32.
 */
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

/*
 * Decodes `count` weights. Every product of a scale and a code is exact in binary32, so all instruction
 * sets give equal bits.
 *
 * Encodes `count` weights. What is no number, or too large, becomes some number of the encoding (F16 and
 * BF16 keep NaN and infinity).
 *
 * Dot products, straight from the encoded bytes: a row of a few hundred weights costs no more than reading
 * it from memory. y = x W^T + beta y, for `count` vectors x; y is [count, rows], its own rows `stride`
 * apart.
 */
#define ADPO_ENCODING(name)                                                                       \
    ADPO_READ_ENCODING(name)                                                                      \
    void adpo_encode_##name(const float *restrict weights, void *restrict blocks,                 \
                            ptrdiff_t count);

/* An encoding that is read only. */
#define ADPO_READ_ENCODING(name)                                                                  \
    void adpo_decode_##name(const void *restrict blocks, float *restrict out, ptrdiff_t count);   \
    void adpo_dot_##name(adpo_encoded_rows weights, const adpo_vector *x, ptrdiff_t count,        \
                         float beta, float *y, ptrdiff_t stride);

ADPO_ENCODING(f32)
ADPO_ENCODING(f16)
ADPO_ENCODING(bf16)
ADPO_ENCODING(q4_0)
ADPO_ENCODING(q4_1)
ADPO_ENCODING(q5_0)
ADPO_ENCODING(q5_1)
ADPO_ENCODING(q8_0)
ADPO_READ_ENCODING(q2_k)
ADPO_ENCODING(q3_k)
ADPO_ENCODING(q4_k)
ADPO_ENCODING(q5_k)
ADPO_ENCODING(q6_k)
ADPO_ENCODING(iq4_nl)
ADPO_ENCODING(iq4_xs)
ADPO_READ_ENCODING(iq3_s)
ADPO_READ_ENCODING(iq3_xxs)
ADPO_READ_ENCODING(iq2_s)
ADPO_READ_ENCODING(iq2_xs)
ADPO_READ_ENCODING(iq2_xxs)
ADPO_READ_ENCODING(mxfp4)
ADPO_READ_ENCODING(tq1_0)
ADPO_READ_ENCODING(tq2_0)

#endif
