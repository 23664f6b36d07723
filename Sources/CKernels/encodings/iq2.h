/* Eight magnitudes of the IQ2 encodings, from an entry of their grids (iq2_grids.h): 2 bits each. */
#ifndef CKERNELS_IQ2_H
#define CKERNELS_IQ2_H

#include "half.h"
#include "iq2_grids.h"
#include "signs.h"

ADPO_INLINE void decode_eight(float scale, uint16_t entry, uint8_t signs, float *restrict out) {
    static const uint8_t values[4] = {8, 25, 43, 0}; /* the last occurs in no entry */
    uint8_t magnitudes[8];
    for (int j = 0; j < 8; j++) magnitudes[j] = values[entry >> 2 * j & 3];
    signed_weights(scale, magnitudes, signs, 8, out);
}

/* The scales of the IQ2 encodings have 4 bits. */
ADPO_INLINE float iq2_scale(float scale, uint32_t bits) {
    return scale * (0.5f + (float)(bits & 0x0F)) * 0.25f;
}

#endif
