/* The work of adapters on activations beside products: dropout, and DoRA's scaling of columns. */
#ifndef CKERNELS_ADAPTER_H
#define CKERNELS_ADAPTER_H

#include <stddef.h>
#include <stdint.h>

/* y = kept x where number first + i of SplitMix64 from `seed` is at least `threshold` in its upper
 * 32 bits, dropped x elsewhere; added to y when `adds`. */
void adpo_dropout(const float *restrict x, float *restrict y, ptrdiff_t count, uint64_t seed,
                  uint64_t first, uint32_t threshold, float kept, float dropped, int adds);

/* Each row of y, [rows, width], = or += gains * the row of x. */
void adpo_scale_columns(const float *restrict x, const float *restrict gains, float *restrict y,
                        ptrdiff_t rows, ptrdiff_t width, int adds);

/* dmagnitudes += the sum over rows of dy * x * inverse_norms; then x = gains * dy. Rows of both are
 * `stride` apart. */
void adpo_scale_columns_backward(float *restrict x, const float *restrict dy,
                                 const float *restrict gains, const float *restrict inverse_norms,
                                 float *restrict dmagnitudes, ptrdiff_t rows, ptrdiff_t width,
                                 ptrdiff_t stride);

#endif
