/* Updates of flat parameter vectors. */
#ifndef CKERNELS_OPTIMIZER_H
#define CKERNELS_OPTIMIZER_H

#include <stddef.h>

/* The numbers that every element of one AdamW step shares. */
typedef struct {
    float beta2;
    float one_minus_beta1; /* rounded once, from double */
    float one_minus_beta2;
    float epsilon;
    float decay;           /* 1 - learning rate * weight decay */
    float step_size;       /* learning rate / (1 - beta1^t) */
    float root_correction; /* sqrt(1 - beta2^t) */
} adpo_adamw;

/* m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
 * p = decay p - step_size m / (sqrt(v) / root_correction + epsilon). */
void adpo_adamw_step(adpo_adamw step, float *restrict parameters,
                     const float *restrict gradients, float *restrict first_moments,
                     float *restrict second_moments, ptrdiff_t count);

double adpo_sum_of_squares(const float *values, ptrdiff_t count);

#endif
