// Exact elementwise functions: the choice of the instruction set. The functions are in math_exact.inc.
#include <math.h>
#include "nns_isa.h"
#include "nns_math.h"

#define NNS_SOURCE "math_exact.inc"
#include "every_isa.h"

#define NNS_BOTH(name)                                                                                             \
    void nns_##name##_f32(float *dst, const float *src, intptr_t n) { NNS_PICK(nns_##name##_f32)(dst, src, n); }   \
    void nns_##name##_f64(double *dst, const double *src, intptr_t n) { NNS_PICK(nns_##name##_f64)(dst, src, n); }
NNS_BOTH(neg)
NNS_BOTH(abs)
NNS_BOTH(sign)
NNS_BOTH(sqrt)
NNS_BOTH(square)
NNS_BOTH(relu)
NNS_BOTH(floor)
NNS_BOTH(ceil)
NNS_BOTH(round)
NNS_BOTH(reciprocal)

#define NNS_TEST(name, T, suffix) \
    void nns_##name##_##suffix(uint8_t *dst, const T *src, intptr_t n) { NNS_PICK(nns_##name##_##suffix)(dst, src, n); }
NNS_TEST(isnan, float, f32)
NNS_TEST(isnan, double, f64)
NNS_TEST(isfinite, float, f32)
NNS_TEST(isfinite, double, f64)
NNS_TEST(not, uint8_t, bool)

void nns_leaky_relu_f32(float *dst, const float *src, intptr_t n, float slope) {
    NNS_PICK(nns_leaky_relu_f32)(dst, src, n, slope);
}
void nns_leaky_relu_f64(double *dst, const double *src, intptr_t n, double slope) {
    NNS_PICK(nns_leaky_relu_f64)(dst, src, n, slope);
}
