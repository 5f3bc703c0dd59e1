// Optimizer steps: chooses the instruction set for optimizer.inc.
#include "nns_kernels.h"
#include "nns_isa.h"

#define NNS_SOURCE "optimizer.inc"
#include "every_isa.h"

#define CHOOSE(T, S)                                                                                                 \
    void nns_sgd_##S(T *p, T *v, const T *p0, const T *g, const T *v0, intptr_t n, T rate, T momentum, int nesterov, T l2) { \
        NNS_PICK(sgd_##S)(p, v, p0, g, v0, n, rate, momentum, nesterov, l2);                                         \
    }                                                                                                                \
    void nns_adam_##S(T *p, T *m, T *v, const T *p0, const T *g, const T *m0, const T *v0, intptr_t n, T step, T b1, T c1, \
                      T b2, T c2, T root, T eps, T l2, T keep) {                                                     \
        NNS_PICK(adam_##S)(p, m, v, p0, g, m0, v0, n, step, b1, c1, b2, c2, root, eps, l2, keep);                    \
    }                                                                                                                \
    void nns_rmsprop_##S(T *p, T *v, T *b, const T *p0, const T *g, const T *v0, const T *b0, intptr_t n, T rate, T alpha, \
                         T rest, T eps, T l2, T momentum) {                                                          \
        NNS_PICK(rmsprop_##S)(p, v, b, p0, g, v0, b0, n, rate, alpha, rest, eps, l2, momentum);                      \
    }                                                                                                                \
    void nns_adagrad_##S(T *p, T *s, const T *p0, const T *g, const T *s0, intptr_t n, T rate, T eps, T l2) {        \
        NNS_PICK(adagrad_##S)(p, s, p0, g, s0, n, rate, eps, l2);                                                    \
    }
CHOOSE(float, f32)
CHOOSE(double, f64)
