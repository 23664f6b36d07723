/*
 * 256 weights in 98 bytes: w = scale * (scale[s] + 1/2) / 2 * +-magnitude in sub-block s of 32.
 *
 *     bytes 0-1    scale, f16
 *     bytes 2-65   64 numbers of grid entries, 4 magnitudes each
 *     bytes 66-97  8 times 32 bits: 7 for the signs of each eight weights (signs.h), and 4 for scale[s]
 */
#include "decoded.h"
#include "half.h"
#include "iq3_grids.h"
#include "signs.h"

ADPO_INLINE void load_eight(const uint8_t *restrict numbers, uint8_t *restrict magnitudes) {
    static const uint8_t values[8] = {4, 12, 20, 28, 36, 44, 52, 62};
    for (int j = 0; j < 8; j++)
        magnitudes[j] = values[iq3_xxs_grid[numbers[j / 4]] >> 3 * (j % 4) & 7];
}

ADPO_INLINE void decode_block(const uint8_t *restrict block, float *restrict out) {
    const float scale = load_f16(block);
    for (int s = 0; s < 8; s++) {
        uint32_t bits;
        memcpy(&bits, block + 66 + 4 * s, sizeof bits);
        const float sub_scale = scale * (0.5f + (float)(bits >> 28)) * 0.5f;
        for (int k = 0; k < 4; k++) {
            uint8_t magnitudes[8];
            load_eight(block + 2 + 8 * s + 2 * k, magnitudes);
            signed_weights(sub_scale, magnitudes, even_signs(bits >> 7 * k), 8, out + 32 * s + 8 * k);
        }
    }
}

ADPO_DECODED(iq3_xxs, 256, 98)
