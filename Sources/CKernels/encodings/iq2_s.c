/*
 * 256 weights in 82 bytes: w = scale * (scale[s] + 1/2) / 4 * +-magnitude in sub-block s of 16.
 *
 *     bytes 0-1    scale, f16
 *     bytes 2-33   the low 8 bits of 32 numbers of grid entries, 8 magnitudes each
 *     bytes 34-65  32 times 8 signs (signs.h)
 *     bytes 66-73  the high 2 bits of the numbers, from the low bits of each byte up
 *     bytes 74-81  16 scales of 4 bits, the lower of each byte first
 */
#include "decoded.h"
#include "iq2.h"

ADPO_INLINE void decode_block(const uint8_t *restrict block, float *restrict out) {
    const float scale = load_f16(block);
    for (int k = 0; k < 32; k++) {
        const int number = block[2 + k] | (block[66 + k / 4] >> 2 * (k % 4) & 3) << 8;
        const float sub_scale = iq2_scale(scale, block[74 + k / 4] >> 4 * (k / 2 % 2));
        decode_eight(sub_scale, iq2_s_grid[number], block[34 + k], out + 8 * k);
    }
}

ADPO_DECODED(iq2_s, 256, 82)
