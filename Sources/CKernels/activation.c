#include "activation.h"

#include "exponential.h"
#include "multiarch.h"
#include "tile.h"

#define INLINE static inline __attribute__((always_inline))

/* An activation's value and its derivative. */
typedef struct activated {
    float value;
    float slope;
} activated;

/* x times the sigmoid of z, given the derivative of z by x. */
INLINE activated times_sigmoid(float x, float z, float slope) {
#pragma clang fp contract(fast)
    const float sigmoid = 1.0f / (1.0f + adpo_exp(-z));
    const float value = x * sigmoid;
    return (activated){value, sigmoid + slope * (value * (1.0f - sigmoid))};
}

INLINE activated silu(float x) { return times_sigmoid(x, x, 1.0f); }

INLINE activated quick_gelu(float x) { return times_sigmoid(x, 1.702f * x, 1.702f); }

/* (1 + tanh(u)) / 2 is the sigmoid of 2 u. */
INLINE activated gelu_tanh(float x) {
#pragma clang fp contract(fast)
    const float a = 1.5957691216057308f, b = 0.044715f; /* a = 2 sqrt(2 / pi) */
    return times_sigmoid(x, a * (x + b * x * x * x), a * (1.0f + 3.0f * b * x * x));
}

INLINE activated gelu(float x) {
#pragma clang fp contract(fast)
    const float phi = 0.5f * (1.0f + adpo_erf(x * 0.7071067811865476f));
    const float density = 0.3989422804014327f * adpo_exp(-0.5f * x * x);
    return (activated){x * phi, phi + x * density};
}

INLINE activated relu(float x) {
    return (activated){x < 0 ? 0 : x, x > 0 ? 1.0f : 0.0f}; /* NaN stays */
}

INLINE activated relu_squared(float x) {
    const float positive = x < 0 ? 0 : x;
    return (activated){positive * positive, 2.0f * positive};
}

#define ACTIVATION(f)                                                                             \
    ADPO_HIDDEN adpo_gated_activation adpo_##f##_gated;                                           \
    ADPO_HIDDEN adpo_gated_activation_backward adpo_##f##_gated_backward;                         \
    ADPO_HIDDEN adpo_activation adpo_##f##_plain;                                                 \
    ADPO_HIDDEN adpo_activation_backward adpo_##f##_plain_backward;                               \
    ADPO_MULTIARCH                                                                                \
    void adpo_##f##_gated(const float *restrict gate, ptrdiff_t gate_stride,                      \
                          const float *restrict up, ptrdiff_t up_stride, float *restrict out,     \
                          ptrdiff_t rows, ptrdiff_t width) {                                      \
        for (; rows > 0; rows--, gate += gate_stride, up += up_stride, out += width)              \
            for (ptrdiff_t i = 0; i < width; i++) out[i] = f(gate[i]).value * up[i];              \
    }                                                                                             \
    ADPO_MULTIARCH                                                                                \
    void adpo_##f##_gated_backward(float *restrict gate, ptrdiff_t gate_stride,                   \
                                   float *restrict up, ptrdiff_t up_stride,                       \
                                   const float *restrict dout, ptrdiff_t rows, ptrdiff_t width) { \
        for (; rows > 0; rows--, gate += gate_stride, up += up_stride, dout += width)             \
            for (ptrdiff_t i = 0; i < width; i++) {                                               \
                const activated a = f(gate[i]);                                                   \
                gate[i] = dout[i] * up[i] * a.slope;                                              \
                up[i] = dout[i] * a.value;                                                        \
            }                                                                                     \
    }                                                                                             \
    ADPO_MULTIARCH                                                                                \
    void adpo_##f##_plain(const float *x, float *out, ptrdiff_t count) {                          \
        for (ptrdiff_t i = 0; i < count; i++) out[i] = f(x[i]).value;                             \
    }                                                                                             \
    ADPO_MULTIARCH                                                                                \
    void adpo_##f##_plain_backward(const float *x, const float *dout, float *dx,                  \
                                   ptrdiff_t count) {                                             \
        for (ptrdiff_t i = 0; i < count; i++) dx[i] = dout[i] * f(x[i]).slope;                    \
    }                                                                                             \
    adpo_activation_kernels adpo_##f##_kernels(void) {                                            \
        return (adpo_activation_kernels){adpo_##f##_gated, adpo_##f##_gated_backward,             \
                                         adpo_##f##_plain, adpo_##f##_plain_backward};            \
    }

ACTIVATION(silu)
ACTIVATION(gelu)
ACTIVATION(gelu_tanh)
ACTIVATION(quick_gelu)
ACTIVATION(relu)
ACTIVATION(relu_squared)
