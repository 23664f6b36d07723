/* Softmax and its normalizer over one row. */
#ifndef CKERNELS_SOFTMAX_H
#define CKERNELS_SOFTMAX_H

#include <stddef.h>

/* row = softmax(scale * row), in place; returns log sum exp(scale * row). */
float adpo_softmax(float *restrict row, ptrdiff_t count, float scale);

/* The sums of a row that comes in parts. Before the first part they are -FLT_MAX, 0, 0. */
typedef struct adpo_softmax_sums {
    float largest; /* of all so far */
    float sum;     /* of exp(row - largest) */
    float squares; /* the sum of its squares */
} adpo_softmax_sums;

/* part = exp(part - largest), in place, with the largest number so far. Returns what results of the
 * parts before are to be multiplied by, since they were made with another. */
float adpo_softmax_part(float *restrict part, ptrdiff_t count, adpo_softmax_sums *sums);

/* log sum exp(row). */
float adpo_log_sum_exp(const float *restrict row, ptrdiff_t count);

/* row = cap * tanh(scale * row / cap), in place; slopes, unless NULL, are the derivatives. */
void adpo_soft_cap(float *restrict row, float *restrict slopes, ptrdiff_t count, float scale,
                   float cap);

/* Given p = softmax(scale * s) and dp, writes scale * p * (dp - sum(p * dp)) over dp. */
void adpo_softmax_backward(const float *restrict p, float *restrict dp, ptrdiff_t count,
                           float scale);

#endif
