// x^y as `^` defines it: the exponent 2 is x * x, exactly rounded, on every path, array or number; others are the
// power function's (nns_math.h).
#ifndef NNS_KERNEL_POWER_H
#define NNS_KERNEL_POWER_H
#include "nns_math.h"

void nns_pow_f32(float *_Nonnull dst, const float *_Nonnull a, const float *_Nonnull b, intptr_t n);
void nns_pow_f64(double *_Nonnull dst, const double *_Nonnull a, const double *_Nonnull b, intptr_t n);

static inline double kernel_power_f64(double x, double y) {
    if (y == 2) return x * x;
    double r;
    nns_pow_f64(&r, &x, &y, 1);
    return r;
}

static inline float kernel_power_f32(float x, float y) {
    if (y == 2) return x * x;
    float r;
    nns_pow_f32(&r, &x, &y, 1);
    return r;
}

#endif
