/* Softmax and its normalizer over one row. */
#ifndef CKERNELS_SOFTMAX_H
#define CKERNELS_SOFTMAX_H

#include <stddef.h>

/* row = softmax(scale * row), in place; returns log sum exp(scale * row). */
float adpo_softmax(float *restrict row, ptrdiff_t count, float scale);

/* log sum exp(row). */
float adpo_log_sum_exp(const float *restrict row, ptrdiff_t count);

/* Given p = softmax(scale * s) and dp, writes scale * p * (dp - sum(p * dp)) over dp. */
void adpo_softmax_backward(const float *restrict p, float *restrict dp, ptrdiff_t count,
                           float scale);

#endif
