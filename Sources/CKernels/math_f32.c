// Elementwise functions of floats: the choice of the instruction set. The functions are in math_f32.inc.
#include "fma.h"
#include "math_cases.h"
#include "math_reduce.h"
#include "nns_isa.h"
#include "nns_math.h"

#define NNS_SOURCE "math_f32.inc"
#include "every_isa.h"

#define NNS_UNARY(name) \
    void nns_##name##_f32(float *dst, const float *src, intptr_t n) { NNS_PICK(nns_##name##_f32)(dst, src, n); }

NNS_UNARY(exp)
NNS_UNARY(expm1)
NNS_UNARY(log)
NNS_UNARY(log1p)
NNS_UNARY(sin)
NNS_UNARY(cos)
NNS_UNARY(tan)
NNS_UNARY(tanh)
NNS_UNARY(sigmoid)
NNS_UNARY(softplus)
NNS_UNARY(erf)
NNS_UNARY(gelu)
NNS_UNARY(silu)
NNS_UNARY(elu)
