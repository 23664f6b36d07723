#include "decode.h"

#include <string.h>

#include "multiarch.h"

void adpo_decode_f32(const void *restrict blocks, float *restrict out, ptrdiff_t count) {
    memcpy(out, blocks, (size_t)count * sizeof(float));
}
