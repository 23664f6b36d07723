/*
 * 256 weights in 66 bytes: w = scale * (scale[s] + 1/2) / 4 * +-magnitude in sub-block s of 32.
 *
 *     bytes 0-1   scale, f16
 *     bytes 2-65  8 sub-blocks of 8 bytes: 4 bytes, each the number of a grid entry, 8 magnitudes; and 32
 *                 bits, 7 for the signs of each eight (signs.h), and 4 for scale[s]
 */
#include "decoded.h"
#include "iq2.h"

ADPO_INLINE void decode_block(const uint8_t *restrict block, float *restrict out) {
    const float scale = load_f16(block);
    for (int s = 0; s < 8; s++) {
        const uint8_t *entries = block + 2 + 8 * s;
        uint32_t bits;
        memcpy(&bits, entries + 4, sizeof bits);
        const float sub_scale = iq2_scale(scale, bits >> 28);
        for (int k = 0; k < 4; k++)
            decode_eight(sub_scale, iq2_xxs_grid[entries[k]], even_signs(bits >> 7 * k),
                         out + 32 * s + 8 * k);
    }
}

ADPO_DECODED(iq2_xxs, 256, 66)
