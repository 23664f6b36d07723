/*
 * A tile kernel computes C [m, n <= 32] = alpha A B + beta C for a packed panel B [k][32]. A's element
 * (row, i) is at a[row * a_row + i * a_column].
 */
#ifndef CKERNELS_TILE_H
#define CKERNELS_TILE_H

#include <stddef.h>
#include <stdint.h>

#define ADPO_HIDDEN __attribute__((visibility("hidden")))
#define ADPO_INLINE static inline __attribute__((always_inline))

typedef struct tile_output {
    float *c;
    ptrdiff_t stride;
    ptrdiff_t columns; /* at most 32 */
    float alpha;
    float beta; /* 0: c is not read */
} tile_output;

#endif
