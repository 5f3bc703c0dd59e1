// Powers: the choice of the instruction set. The function is in math_pow.inc.
#include "fma.h"
#include "nns_isa.h"
#include "nns_math.h"

#define NNS_SOURCE "math_pow.inc"
#include "every_isa.h"

void nns_pow_f32(float *dst, const float *a, const float *b, intptr_t n) {
    if (n > 0) NNS_PICK(nns_pow_f32)(dst, a, b, 1, n);
}

void nns_pow_f64(double *dst, const double *a, const double *b, intptr_t n) {
    if (n > 0) NNS_PICK(nns_pow_f64)(dst, a, b, 1, n);
}

// Exponents that are an operation of their own have the same bits by the short way.
void nns_pow_scalar_f32(float *dst, const float *a, float b, intptr_t n) {
    if (b == 2) nns_square_f32(dst, a, n);
    else if (b == -1) nns_reciprocal_f32(dst, a, n);
    else if (b == 1) memmove(dst, a, (size_t)n * sizeof *a);
    else NNS_PICK(nns_pow_f32)(dst, a, &b, 0, n);
}

void nns_pow_scalar_f64(double *dst, const double *a, double b, intptr_t n) {
    if (b == 2) nns_square_f64(dst, a, n);
    else if (b == -1) nns_reciprocal_f64(dst, a, n);
    else if (b == 1) memmove(dst, a, (size_t)n * sizeof *a);
    else NNS_PICK(nns_pow_f64)(dst, a, &b, 0, n);
}
