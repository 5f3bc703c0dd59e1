// Elementwise functions. dst may equal src; an element's bits depend on nothing but the element.
//
// float: correctly rounded, for every one of the 2^32 inputs. double: less than one unit in the last place.
// Subnormal numbers, signed zeros, infinities and NaN as in IEEE 754 and C.
#ifndef NNS_MATH_H
#define NNS_MATH_H

#include <stdint.h>

#define NNS_DECLARE_UNARY(name)                                                                          \
    void nns_##name##_f32(float *_Nonnull dst, const float *_Nonnull src, intptr_t n);                   \
    void nns_##name##_f64(double *_Nonnull dst, const double *_Nonnull src, intptr_t n);                 \
    static inline float nns_##name##f1(float x) { float y; nns_##name##_f32(&y, &x, 1); return y; }      \
    static inline double nns_##name##1(double x) { double y; nns_##name##_f64(&y, &x, 1); return y; }

NNS_DECLARE_UNARY(exp)
/// exp(x) - 1
NNS_DECLARE_UNARY(expm1)
NNS_DECLARE_UNARY(log)
/// log(1 + x)
NNS_DECLARE_UNARY(log1p)
NNS_DECLARE_UNARY(sin)
NNS_DECLARE_UNARY(cos)
NNS_DECLARE_UNARY(tan)
NNS_DECLARE_UNARY(tanh)
/// 1 / (1 + exp(-x))
NNS_DECLARE_UNARY(sigmoid)
/// log(1 + exp(x))
NNS_DECLARE_UNARY(softplus)
NNS_DECLARE_UNARY(erf)
/// x P(Z <= x) for a standard normal Z
NNS_DECLARE_UNARY(gelu)
/// x sigmoid(x)
NNS_DECLARE_UNARY(silu)
/// x for x > 0, else exp(x) - 1
NNS_DECLARE_UNARY(elu)

NNS_DECLARE_UNARY(neg)
NNS_DECLARE_UNARY(abs)
/// 1, -1, 0 or NaN
NNS_DECLARE_UNARY(sign)
NNS_DECLARE_UNARY(sqrt)
NNS_DECLARE_UNARY(square)
/// 0 for x <= 0, else x
NNS_DECLARE_UNARY(relu)
NNS_DECLARE_UNARY(floor)
NNS_DECLARE_UNARY(ceil)
/// To the nearest integer, half to even
NNS_DECLARE_UNARY(round)
NNS_DECLARE_UNARY(reciprocal)

#undef NNS_DECLARE_UNARY

/// slope x for x <= 0, else x
void nns_leaky_relu_f32(float *_Nonnull dst, const float *_Nonnull src, intptr_t n, float slope);
void nns_leaky_relu_f64(double *_Nonnull dst, const double *_Nonnull src, intptr_t n, double slope);

// Tests, to bytes 0 and 1.
void nns_isnan_f32(uint8_t *_Nonnull dst, const float *_Nonnull src, intptr_t n);
void nns_isnan_f64(uint8_t *_Nonnull dst, const double *_Nonnull src, intptr_t n);
void nns_isfinite_f32(uint8_t *_Nonnull dst, const float *_Nonnull src, intptr_t n);
void nns_isfinite_f64(uint8_t *_Nonnull dst, const double *_Nonnull src, intptr_t n);
void nns_not_bool(uint8_t *_Nonnull dst, const uint8_t *_Nonnull src, intptr_t n);

/// a^b elementwise, evaluated beyond double precision and rounded once; b = 2, 1/2 and -1 are exactly
/// square, square root and reciprocal; special values as C's pow.
void nns_pow_f32(float *_Nonnull dst, const float *_Nonnull a, const float *_Nonnull b, intptr_t n);
void nns_pow_f64(double *_Nonnull dst, const double *_Nonnull a, const double *_Nonnull b, intptr_t n);
/// a^b for one b, with the same bits.
void nns_pow_scalar_f32(float *_Nonnull dst, const float *_Nonnull a, float b, intptr_t n);
void nns_pow_scalar_f64(double *_Nonnull dst, const double *_Nonnull a, double b, intptr_t n);
/// x^y of plain numbers: as the functions above, but correctly rounded where y is whole and at most 1,024 in size.
double nns_pow_number(double x, double y);

#endif
