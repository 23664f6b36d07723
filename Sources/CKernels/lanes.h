/*
 * Sums that a dot product keeps side by side: two sets of one AVX-512 register (or several shorter
 * ones), which blocks take by turns, so that an addition need not wait for the one before.
 */
#ifndef CKERNELS_LANES_H
#define CKERNELS_LANES_H

enum { LANES = 16 };

static inline __attribute__((always_inline)) float sum_of_lanes(float lanes[2 * LANES]) {
    for (int n = LANES; n > 0; n /= 2)
        for (int j = 0; j < n; j++) lanes[j] += lanes[j + n];
    return lanes[0];
}

#endif
