/* Sums that a dot product keeps side by side; one AVX-512 register, or several shorter ones. */
#ifndef CKERNELS_LANES_H
#define CKERNELS_LANES_H

enum { LANES = 16 };

static inline __attribute__((always_inline)) float sum_of_lanes(const float *lanes) {
#pragma clang fp reassociate(on)
    float sum = 0;
    for (int j = 0; j < LANES; j++) sum += lanes[j];
    return sum;
}

#endif
