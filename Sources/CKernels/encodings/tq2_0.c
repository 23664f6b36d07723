/*
 * 256 weights in 66 bytes: w = scale * (code - 1).
 *
 *     bytes 0-63   2 runs of 32 bytes, 4 codes each: byte j of run r has weights 128 r + j, + 32, + 64, + 96
 *                  from the low bits up
 *     bytes 64-65  scale, f16
 */
#include "decoded.h"
#include "half.h"

ADPO_INLINE void decode_block(const uint8_t *restrict block, float *restrict out) {
    const float scale = load_f16(block + 64);
    for (int part = 0; part < 8; part++) {
        const uint8_t *bytes = block + 32 * (part / 4);
        for (int j = 0; j < 32; j++)
            out[32 * part + j] = scale * (float)((bytes[j] >> 2 * (part % 4) & 3) - 1);
    }
}

ADPO_DECODED(tq2_0, 256, 66)
