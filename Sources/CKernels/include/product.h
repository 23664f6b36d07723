/*
 * Matrix products.
 *
 * All are C = alpha A B + beta C with C [m, n] row-major, computed a panel of 32 columns at a time:
 * the panel of B is packed into [k][32], in cache, and every row of A is multiplied with it by a
 * tile kernel that keeps 12 rows of C in registers. beta = 0 overwrites C without reading it.
 */
#ifndef CKERNELS_PRODUCT_H
#define CKERNELS_PRODUCT_H

#include <stddef.h>
#include <stdint.h>

enum {
    ADPO_PANEL_COLUMNS = 32,
    /* Longer sums are added up in parts of this many, so that a packed panel stays in cache. A
     * multiple of every encoding's block. */
    ADPO_PANEL_DEPTH = 1024,
    /* Floats of scratch that each product below wants, aligned to 64 bytes: a packed panel, and
     * decoded weights. */
    ADPO_PRODUCT_SCRATCH = (ADPO_PANEL_COLUMNS + 64) * ADPO_PANEL_DEPTH
};

/* A matrix of floats: element (row, column) is at pointer[row * row_stride + column * column_stride],
 * one of the strides being 1. */
typedef struct adpo_operand {
    const float *pointer;
    ptrdiff_t row_stride;
    ptrdiff_t column_stride;
} adpo_operand;

/* C = alpha A B + beta C, for A [m, k] and B [k, n]. */
void adpo_product(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, adpo_operand a,
                  adpo_operand b, float beta, float *c, ptrdiff_t c_stride, float *scratch);

/* Encoded weights W, [rows, columns]: whole blocks of block_elements weights in block_bytes. */
typedef struct adpo_weights {
    const void *blocks;
    void (*decode)(const void *blocks, float *out, ptrdiff_t count);
    ptrdiff_t columns;
    ptrdiff_t block_elements;
    ptrdiff_t block_bytes;
} adpo_weights;

/* The left operand of a product with weights: rows of floats, or of pairs of bf16 when `pairs` is
 * set (adpo_to_bf16_pairs); stride counts floats or pairs. */
typedef struct adpo_rows {
    const float *floats;
    const uint32_t *pairs;
    ptrdiff_t stride;
} adpo_rows;

/* A product of low rank to add: scale H M for H [m, rank] and M [rank, columns of C]. M's element
 * (r, j) is at matrix[r * rank_stride + j * column_stride]. NULL hidden adds nothing. */
typedef struct adpo_low_rank {
    const float *hidden;
    const float *matrix;
    ptrdiff_t rank;
    ptrdiff_t rank_stride;
    ptrdiff_t column_stride;
    float scale;
} adpo_low_rank;

/* C[:, first ..< last] = alpha X W^T + beta C + update for these rows of W; X is [m, columns]. */
void adpo_product_weights(ptrdiff_t m, adpo_rows x, adpo_weights weights, ptrdiff_t first,
                          ptrdiff_t last, float alpha, float beta, adpo_low_rank update, float *c,
                          ptrdiff_t c_stride, float *scratch);

/* C[:, first ..< last] = alpha X W + beta C + update for these columns of W; X is [m, rows]. `first`
 * is a multiple of the weights' block; `last - first` is at most 2^15, and small is fast: rows of W
 * are decoded as many at a time as the scratch holds. */
void adpo_product_weights_transposed(ptrdiff_t m, adpo_rows x, adpo_weights weights,
                                     ptrdiff_t rows, ptrdiff_t first, ptrdiff_t last, float alpha,
                                     float beta, adpo_low_rank update, float *c,
                                     ptrdiff_t c_stride, float *scratch);

/* The same without update for few rows X of floats, [m, rows], which are not packed. */
void adpo_product_few_rows_transposed(ptrdiff_t m, const float *x, adpo_weights weights,
                                      ptrdiff_t rows, ptrdiff_t first, ptrdiff_t last, float beta,
                                      float *c, ptrdiff_t c_stride, float *scratch);

/* Rounds rows of floats, [rows, columns], to pairs of bf16, [rows, (columns + 1) / 2]; a last odd
 * column is paired with 0. */
void adpo_to_bf16_pairs(const float *x, uint32_t *pairs, ptrdiff_t rows, ptrdiff_t columns);

/* Whether products of bf16 are faster than those of floats here: the processor has vdpbf16ps. */
int adpo_has_bf16_products(void);

#endif
