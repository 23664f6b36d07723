#include "optimizer.h"

#include <math.h>

#include "multiarch.h"

ADPO_MULTIARCH
void adpo_adamw_step(adpo_adamw step, float *restrict parameters,
                     const float *restrict gradients, float *restrict first_moments,
                     float *restrict second_moments, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) {
        float gradient = gradients[i];
        /* The same as beta1 m + (1 - beta1) g, in the order in which PyTorch rounds. */
        float first = first_moments[i] + step.one_minus_beta1 * (gradient - first_moments[i]);
        float second =
            step.beta2 * second_moments[i] + step.one_minus_beta2 * gradient * gradient;
        first_moments[i] = first;
        second_moments[i] = second;
        float denominator = sqrtf(second) / step.root_correction + step.epsilon;
        parameters[i] = step.decay * parameters[i] - step.step_size * first / denominator;
    }
}

ADPO_MULTIARCH
double adpo_sum_of_squares(const float *values, ptrdiff_t count) {
#pragma clang fp reassociate(on)
    double sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += (double)values[i] * (double)values[i];
    return sum;
}
