// Resampling of images: chooses the instruction set for resample.inc.
#include "nns_kernels.h"
#include "nns_isa.h"
#include "fma.h"
#include <string.h>

#define NNS_SOURCE "resample.inc"
#include "every_isa.h"

#define CHOOSE(T, S)                                                                                                       \
    void nns_resample_##S(T *y, const T *x, const T *at, const nns_resampling *g, intptr_t first, intptr_t last) {         \
        NNS_PICK(resample_##S)(y, x, at, g, first, last);                                                                  \
    }                                                                                                                      \
    void nns_resample_gradient_##S(T *dx, const T *dy, const T *at, const nns_resampling *g, intptr_t first, intptr_t last) { \
        NNS_PICK(resample_gradient_##S)(dx, dy, at, g, first, last);                                                       \
    }
CHOOSE(float, f32)
CHOOSE(double, f64)
