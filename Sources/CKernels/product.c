#include "product.h"

#include "encodings.h"
#include "half.h"
#include "kernels.h"
#include "multiarch.h"
#include "pack.h"
#include "tile.h"
#include "vector.h"

enum { COLUMNS = ADPO_PANEL_COLUMNS, DEPTH = ADPO_PANEL_DEPTH };

static inline ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

int adpo_has_bf16_products(void) { return adpo_kernels()->bf16 != NULL; }

/* One row: nothing is packed, since nothing would be used twice. */
ADPO_HIDDEN void adpo_product_of_one_row(ptrdiff_t n, ptrdiff_t k, float alpha, const float *a,
                                         ptrdiff_t a_stride, adpo_operand b, float beta, float *c);

ADPO_MULTIARCH
void adpo_product_of_one_row(ptrdiff_t n, ptrdiff_t k, float alpha, const float *restrict a,
                             ptrdiff_t a_stride, adpo_operand b, float beta, float *restrict c) {
#pragma clang fp reassociate(on) contract(fast)
    if (b.column_stride == 1) {
        for (ptrdiff_t j = 0; j < n; j++) c[j] = beta == 0 ? 0 : beta * c[j];
        for (ptrdiff_t i = 0; i < k; i++) {
            const float x = alpha * a[i * a_stride];
            const float *restrict row = b.pointer + i * b.row_stride;
            for (ptrdiff_t j = 0; j < n; j++) c[j] += x * row[j];
        }
    } else {
        for (ptrdiff_t j = 0; j < n; j++) {
            const float *restrict column = b.pointer + j * b.column_stride;
            float sum = 0;
            for (ptrdiff_t i = 0; i < k; i++) sum += a[i * a_stride] * column[i];
            c[j] = alpha * sum + (beta == 0 ? 0 : beta * c[j]);
        }
    }
}

void adpo_product(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, adpo_operand a,
                  adpo_operand b, float beta, float *c, ptrdiff_t c_stride, float *scratch) {
    if (m == 1) {
        adpo_product_of_one_row(n, k, alpha, a.pointer, a.column_stride, b, beta, c);
        return;
    }
    const kernels *here = adpo_kernels();
    for (ptrdiff_t j = 0; j < n; j += COLUMNS) {
        tile_output output = {c + j, c_stride, smaller(COLUMNS, n - j), alpha, beta};
        for (ptrdiff_t i = 0; i < k; i += DEPTH, output.beta = 1) {
            const ptrdiff_t depth = smaller(DEPTH, k - i);
            const float *part = b.pointer + i * b.row_stride + j * b.column_stride;
            if (b.column_stride == 1)
                adpo_pack_columns(part, b.row_stride, depth, output.columns, scratch);
            else
                here->pack_rows(part, b.column_stride, depth, output.columns, scratch);
            here->tile(m, depth, a.pointer + i * a.column_stride, a.row_stride,
                            a.column_stride, scratch, output);
        }
    }
}

static const void *weights_at(adpo_weights weights, ptrdiff_t row, ptrdiff_t column) {
    const ptrdiff_t blocks = (row * weights.columns + column) / weights.block_elements;
    return (const char *)weights.blocks + blocks * weights.block_bytes;
}

/* Decodes `count` weights of a row from a column on, which begins a block. */
static void decode(adpo_weights weights, ptrdiff_t row, ptrdiff_t column, ptrdiff_t count,
                   float *out) {
    weights.decode(weights_at(weights, row, column), out, count);
}

/* One panel of decoded weights, [columns][k] or [k][columns], times the rows of x. */
static void multiply_decoded(const kernels *here, ptrdiff_t m, ptrdiff_t k, adpo_rows x,
                             ptrdiff_t x_column, const float *decoded, ptrdiff_t stride,
                             int is_transposed, float *packed, tile_output output) {
    if (x.pairs) {
        uint32_t *pairs = (uint32_t *)packed;
        (is_transposed ? here->bf16->pack_columns : here->bf16->pack_rows)(
            decoded, stride, k, output.columns, pairs);
        here->bf16->tile(m, (k + 1) / 2, x.pairs + x_column / 2, x.stride, pairs, output);
        return;
    }
    (is_transposed ? adpo_pack_columns : here->pack_rows)(decoded, stride, k, output.columns,
                                                          packed);
    here->tile(m, k, x.floats + x_column, x.stride, 1, packed, output);
}

/* Whether weights are packed for a product in bf16 as they lie, whole panels and pairs of them. */
static int are_packed_as_stored(adpo_rows x, adpo_weights weights, ptrdiff_t columns) {
    return x.pairs && weights.decode == adpo_decode_bf16 && weights.columns % 2 == 0 &&
           columns == COLUMNS;
}

static void prefetch(const void *from, const void *to) {
    for (const char *line = from; line < (const char *)to; line += 64) __builtin_prefetch(line);
}

/* The panel of W that begins with a row, out of those before `last`. */
static void multiply_panel(ptrdiff_t m, adpo_rows x, adpo_weights weights, ptrdiff_t row,
                           ptrdiff_t last, float *scratch, tile_output output) {
    const kernels *here = adpo_kernels();
    const ptrdiff_t next = row + output.columns, after = smaller(last, next + COLUMNS);
    float *const packed = scratch, *const decoded = scratch + COLUMNS * DEPTH;
    for (ptrdiff_t i = 0; i < weights.columns; i += DEPTH, output.beta = 1) {
        const ptrdiff_t depth = smaller(DEPTH, weights.columns - i);
        /* The next panel comes from memory while this one is multiplied. */
        if (i == 0) prefetch(weights_at(weights, next, 0), weights_at(weights, after, 0));
        if (are_packed_as_stored(x, weights, output.columns)) {
            here->bf16->pack_stored_rows(weights_at(weights, row, i), weights.columns / 2,
                                         depth / 2, (uint32_t *)packed);
            here->bf16->tile(m, depth / 2, x.pairs + i / 2, x.stride, (uint32_t *)packed, output);
            continue;
        }
        for (ptrdiff_t j = 0; j < output.columns; j++)
            decode(weights, row + j, i, depth, decoded + j * depth);
        multiply_decoded(here, m, depth, x, i, decoded, depth, 0, packed, output);
    }
}

static adpo_operand columns_of(adpo_low_rank update, ptrdiff_t first) {
    return (adpo_operand){update.matrix + first * update.column_stride, update.rank_stride,
                          update.column_stride};
}

void adpo_product_weights(ptrdiff_t m, adpo_rows x, adpo_weights weights, ptrdiff_t first,
                          ptrdiff_t last, float alpha, float beta, adpo_low_rank update, float *c,
                          ptrdiff_t c_stride, float *scratch) {
    for (ptrdiff_t row = first; row < last; row += COLUMNS) {
        const ptrdiff_t columns = smaller(COLUMNS, last - row);
        multiply_panel(m, x, weights, row, last, scratch,
                       (tile_output){c + row, c_stride, columns, alpha, beta});
        if (update.hidden)
            adpo_product(m, columns, update.rank, update.scale,
                         (adpo_operand){update.hidden, update.rank, 1},
                         columns_of(update, row), 1, c + row, c_stride, scratch);
    }
}

void adpo_product_weights_transposed(ptrdiff_t m, adpo_rows x, adpo_weights weights,
                                     ptrdiff_t rows, ptrdiff_t first, ptrdiff_t last, float alpha,
                                     float beta, adpo_low_rank update, float *c,
                                     ptrdiff_t c_stride, float *scratch) {
    const kernels *here = adpo_kernels();
    const ptrdiff_t width = last - first;
    /* As many rows as the scratch holds, an even number for the pairs of bf16. */
    const ptrdiff_t most = smaller(DEPTH, (ADPO_PRODUCT_SCRATCH - COLUMNS * DEPTH) / width & ~1);
    float *const packed = scratch, *const decoded = scratch + COLUMNS * DEPTH;
    const int is_packed_as_stored =
        width % COLUMNS == 0 && are_packed_as_stored(x, weights, COLUMNS);
    for (ptrdiff_t row = 0; row < rows; row += most) {
        const ptrdiff_t depth = smaller(most, rows - row);
        for (ptrdiff_t i = 0; i < depth && !is_packed_as_stored; i++)
            decode(weights, row + i, first, width, decoded + i * width);
        for (ptrdiff_t j = 0; j < width; j += COLUMNS) {
            const tile_output output = {c + first + j, c_stride, smaller(COLUMNS, width - j), alpha,
                                        row == 0 ? beta : 1};
            if (is_packed_as_stored) {
                here->bf16->pack_stored_columns(weights_at(weights, row, first + j),
                                                weights.columns, depth, (uint32_t *)packed);
                here->bf16->tile(m, (depth + 1) / 2, x.pairs + row / 2, x.stride,
                                 (uint32_t *)packed, output);
                continue;
            }
            multiply_decoded(here, m, depth, x, row, decoded + j, width, 1, packed, output);
        }
    }
    if (update.hidden)
        adpo_product(m, width, update.rank, update.scale,
                     (adpo_operand){update.hidden, update.rank, 1},
                     columns_of(update, first), 1, c + first, c_stride, scratch);
}

void adpo_product_few_rows_transposed(ptrdiff_t m, const float *x, adpo_weights weights,
                                      ptrdiff_t rows, ptrdiff_t first, ptrdiff_t last, float beta,
                                      float *c, ptrdiff_t c_stride, float *scratch) {
    const ptrdiff_t width = last - first;
    for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = first; j < last; j++)
            c[i * c_stride + j] = beta == 0 ? 0 : beta * c[i * c_stride + j];
    for (ptrdiff_t row = 0; row < rows; row++) {
        decode(weights, row, first, width, scratch);
        for (ptrdiff_t i = 0; i < m; i++)
            adpo_add_scaled(c + i * c_stride + first, scratch, x[i * rows + row], width);
    }
}

ADPO_MULTIARCH
void adpo_to_bf16_pairs(const float *x, uint32_t *pairs, ptrdiff_t rows, ptrdiff_t columns) {
    for (ptrdiff_t r = 0; r < rows; r++, x += columns, pairs += (columns + 1) / 2) {
        for (ptrdiff_t i = 0; i < columns / 2; i++)
            pairs[i] = bf16_of_float(x[2 * i]) | bf16_of_float(x[2 * i + 1]) << 16;
        if (columns % 2) pairs[columns / 2] = bf16_of_float(x[columns - 1]);
    }
}
