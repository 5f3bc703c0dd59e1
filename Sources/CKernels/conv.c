// Convolution: chooses the instruction set for conv.inc.
#include "nns_kernels.h"
#include "nns_isa.h"
#include "fma.h"

#define NNS_SOURCE "conv.inc"
#include "every_isa.h"

#define CHOOSE(T, S)                                                                                                 \
    void nns_conv_##S(T *y, const T *x, const T *f, const T *bias, const nns_convolution *g, intptr_t first, intptr_t last) { \
        NNS_PICK(conv_##S)(y, x, f, bias, g, first, last);                                                           \
    }                                                                                                                \
    void nns_conv_input_##S(T *dx, const T *dy, const T *f, const nns_convolution *g, intptr_t first, intptr_t last) { \
        NNS_PICK(conv_input_##S)(dx, dy, f, g, first, last);                                                         \
    }                                                                                                                \
    void nns_conv_weight_##S(T *df, const T *dy, const T *x, const nns_convolution *g, intptr_t first, intptr_t last) { \
        NNS_PICK(conv_weight_##S)(df, dy, x, g, first, last);                                                        \
    }
CHOOSE(float, f32)
CHOOSE(double, f64)
