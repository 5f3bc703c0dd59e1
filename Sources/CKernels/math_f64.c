// Elementwise functions of doubles: the choice of the instruction set. The functions are in math_f64.inc.
#include "fma.h"
#include "math_reduce.h"
#include "nns_isa.h"
#include "nns_math.h"

// Coefficients of normal_tail_f64: minimax (Sollya's remez), relative error 2^-62 for a in [0, 39.5].
static const double tailHigh[25] = {
    0x1.3b0fbcb4c77bep-4, -0x1.108a698eca1adp-4, 0x1.95c11dc6c593ap-5, -0x1.00d8ab2d2add6p-5,
    0x1.0e5e8ee59afaep-6, -0x1.c4f9d5476cce2p-8, 0x1.1090aa5d3c54p-9, -0x1.39e0d879d4c6p-12,
    -0x1.4ea692c7b3fa8p-14, 0x1.c9182afc761e5p-15, -0x1.8e76db643a69dp-18, -0x1.4df341e168403p-18,
    0x1.bfcb47fb26cc1p-20, 0x1.ab5464a5a5fc9p-22, -0x1.297ffc7470334p-22, -0x1.1f68a5d8a1622p-25,
    0x1.76b4fb8a4c651p-25, 0x1.1408812c1ef54p-28, -0x1.e15cec1049334p-28, -0x1.d3b07aeba6024p-31,
    0x1.27289b9ea3686p-30, 0x1.dc6e79a531f68p-33, -0x1.faf6a7c845778p-34, -0x1.3cc7ffa7e099p-35,
    0x1.55509153e0426p-41};
static const double tailLow[9] = {
    0x1.308d884332678p-58, 0x1.8ef2ca1ac8fcdp-59, 0x1.8c83723ca4c94p-59, 0x1.f16bf52f70ad9p-61,
    -0x1.72aa93834d1a6p-60, 0x1.529c33d8ce2b6p-62, 0x1.76b93b5f51f0bp-63, 0x1.1c5da289a90b6p-68,
    0x1.c5355ff5f84dfp-68};

#define NNS_SOURCE "math_f64.inc"
#include "every_isa.h"

#undef NNS_UNARY
#define NNS_UNARY(name) \
    void nns_##name##_f64(double *dst, const double *src, intptr_t n) { NNS_PICK(nns_##name##_f64)(dst, src, n); }

NNS_UNARY(exp)
NNS_UNARY(expm1)
NNS_UNARY(elu)
NNS_UNARY(tanh)
NNS_UNARY(sigmoid)
NNS_UNARY(silu)
NNS_UNARY(log)
NNS_UNARY(log1p)
NNS_UNARY(softplus)
NNS_UNARY(sin)
NNS_UNARY(cos)
NNS_UNARY(tan)
NNS_UNARY(erf)
NNS_UNARY(gelu)
