/*
 * 256 weights in 74 bytes: w = scale * (scale[s] + 1/2) / 4 * +-magnitude in sub-block s of 16.
 *
 *     bytes 0-1    scale, f16
 *     bytes 2-65   32 times 16 bits: 9 are the number of a grid entry, 8 magnitudes, and 7 their signs
 *                  (signs.h)
 *     bytes 66-73  16 scales of 4 bits, the lower of each byte first
 */
#include "decoded.h"
#include "iq2.h"

ADPO_INLINE void decode_block(const uint8_t *restrict block, float *restrict out) {
    const float scale = load_f16(block);
    for (int k = 0; k < 32; k++) {
        uint16_t bits;
        memcpy(&bits, block + 2 + 2 * k, sizeof bits);
        const float sub_scale = iq2_scale(scale, block[66 + k / 4] >> 4 * (k / 2 % 2));
        decode_eight(sub_scale, iq2_xs_grid[bits & 511], even_signs(bits >> 9), out + 8 * k);
    }
}

ADPO_DECODED(iq2_xs, 256, 74)
