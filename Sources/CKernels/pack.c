#include "pack.h"

#include <string.h>

enum { COLUMNS = 32 };

void adpo_pack_rows(const float *b, ptrdiff_t stride, ptrdiff_t k, ptrdiff_t columns,
                    float *packed) {
    for (ptrdiff_t i = 0; i < k; i++)
        for (ptrdiff_t j = 0; j < columns; j++) packed[i * COLUMNS + j] = b[j * stride + i];
}

void adpo_pack_columns(const float *b, ptrdiff_t stride, ptrdiff_t k, ptrdiff_t columns,
                       float *packed) {
    for (ptrdiff_t i = 0; i < k; i++)
        memcpy(packed + i * COLUMNS, b + i * stride, (size_t)columns * sizeof(float));
}
