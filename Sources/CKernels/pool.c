// Pooling: chooses the instruction set for pool.inc.
#include "nns_kernels.h"
#include "nns_isa.h"
#include "nns_interrupt.h"
#pragma clang diagnostic ignored "-Wpsabi"  // every function of vectors is inlined

// The first and one past the last place along an axis whose window lies inside.
static void nns_inside(intptr_t size, intptr_t window, intptr_t stride, intptr_t pad, intptr_t places, intptr_t *lo, intptr_t *hi) {
    *lo = (pad + stride - 1) / stride;
    *hi = size + pad - window < 0 ? 0 : (size + pad - window) / stride + 1;
    if (*hi > places) *hi = places;
}

#define NNS_SOURCE "pool.inc"
#include "every_isa.h"

#define CHOOSE(T, S)                                                                                                   \
    void nns_max_pool_##S(T *y, int32_t *index, const T *x, const nns_convolution *g, intptr_t first, intptr_t last) { \
        NNS_PICK(max_pool_##S)(y, index, x, g, first, last);                                                           \
    }                                                                                                                  \
    void nns_avg_pool_##S(T *y, const T *x, const nns_convolution *g, intptr_t first, intptr_t last) {                 \
        NNS_PICK(avg_pool_##S)(y, x, g, first, last);                                                                  \
    }                                                                                                                  \
    void nns_avg_pool_gradient_##S(T *dx, const T *dy, const nns_convolution *g, intptr_t first, intptr_t last) {      \
        NNS_PICK(avg_pool_gradient_##S)(dx, dy, g, first, last);                                                       \
    }
CHOOSE(float, f32)
CHOOSE(double, f64)
