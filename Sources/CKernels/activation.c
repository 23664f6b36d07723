#include "activation.h"

#include "exponential.h"
#include "multiarch.h"

ADPO_MULTIARCH
void adpo_swiglu(const float *restrict gate, const float *restrict up, float *restrict out,
                 ptrdiff_t count) {
#pragma clang fp contract(fast)
    for (ptrdiff_t i = 0; i < count; i++) {
        const float sigmoid = 1.0f / (1.0f + adpo_exp(-gate[i]));
        out[i] = gate[i] * sigmoid * up[i];
    }
}

ADPO_MULTIARCH
void adpo_swiglu_backward(float *restrict gate, float *restrict up, const float *restrict dout,
                          ptrdiff_t count) {
#pragma clang fp contract(fast)
    for (ptrdiff_t i = 0; i < count; i++) {
        const float g = gate[i], u = up[i];
        const float sigmoid = 1.0f / (1.0f + adpo_exp(-g));
        const float silu = g * sigmoid;
        up[i] = dout[i] * silu;
        gate[i] = dout[i] * u * (sigmoid + silu * (1.0f - sigmoid));
    }
}
