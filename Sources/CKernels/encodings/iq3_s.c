/*
 * 256 weights in 110 bytes: w = scale * (2 scale[s] + 1) * +-magnitude in sub-block s of 32.
 *
 *     bytes 0-1     scale, f16
 *     bytes 2-65    the low 8 bits of 64 numbers of grid entries, 4 magnitudes each
 *     bytes 66-73   the high bits of the numbers, from the low bit of each byte up
 *     bytes 74-105  32 times 8 signs (signs.h)
 *     bytes 106-109 8 scales of 4 bits, the lower of each byte first
 */
#include "decoded.h"
#include "half.h"
#include "iq3_grids.h"
#include "signs.h"

ADPO_INLINE void decode_block(const uint8_t *restrict block, float *restrict out) {
    const float scale = load_f16(block);
    for (int k = 0; k < 32; k++) {
        const int high = block[66 + k / 4] >> 2 * (k % 4);
        const uint16_t entries[2] = {iq3_s_grid[block[2 + 2 * k] | (high & 1) << 8],
                                     iq3_s_grid[block[3 + 2 * k] | (high & 2) << 7]};
        uint8_t magnitudes[8];
        for (int j = 0; j < 8; j++)
            magnitudes[j] = (uint8_t)(2 * (entries[j / 4] >> 3 * (j % 4) & 7) + 1);
        const int bits = block[106 + k / 8] >> 4 * (k / 4 % 2) & 0x0F;
        signed_weights(scale * (float)(2 * bits + 1), magnitudes, block[74 + k], 8, out + 8 * k);
    }
}

ADPO_DECODED(iq3_s, 256, 110)
