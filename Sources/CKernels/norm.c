// Softmax and normalisation: chooses the instruction set for norm.inc.
#include "nns_kernels.h"
#include "nns_isa.h"
#include "nns_math.h"
#include "fma.h"
#include <math.h>

#define NNS_SOURCE "norm.inc"
#include "every_isa.h"

#define CHOOSE(T, S)                                                                                                 \
    void nns_softmax_##S(int op, T *y, const T *x, intptr_t rows, intptr_t cols, double *scratch) {                  \
        NNS_PICK(softmax_##S)(op, y, x, rows, cols, scratch);                                                        \
    }                                                                                                                \
    void nns_log_sum_exp_##S(double *y, const T *x, intptr_t rows, intptr_t cols, double *scratch) {                 \
        NNS_PICK(log_sum_exp_##S)(y, x, rows, cols, scratch);                                                        \
    }                                                                                                                \
    void nns_cross_entropy_##S(double *loss, double *p, const T *x, const T *labels, intptr_t rows, intptr_t cols,   \
                               double smoothing, double *scratch) {                                                  \
        NNS_PICK(cross_entropy_##S)(loss, p, x, labels, rows, cols, smoothing, scratch);                             \
    }                                                                                                                \
    void nns_cross_entropy_gradient_##S(T *g, const double *p, const T *labels, intptr_t rows, intptr_t cols,        \
                                        double smoothing, double scale) {                                            \
        NNS_PICK(cross_entropy_gradient_##S)(g, p, labels, rows, cols, smoothing, scale);                            \
    }                                                                                                                \
    void nns_normalize_rows_##S(T *y, const T *x, const T *mean, const T *inverse, const T *gamma, const T *beta,    \
                                intptr_t rows, intptr_t channels, intptr_t cols) {                                   \
        NNS_PICK(normalize_rows_##S)(y, x, mean, inverse, gamma, beta, rows, channels, cols);                        \
    }                                                                                                                \
    void nns_normal_sums_##S(T *sums, T *slopes, const T *g, const T *x, const T *mean, const T *inverse, intptr_t rows, \
                             intptr_t channels, intptr_t cols, T *scratch) {                                         \
        NNS_PICK(normal_sums_##S)(sums, slopes, g, x, mean, inverse, rows, channels, cols, scratch);                 \
    }                                                                                                                \
    void nns_normal_gradient_##S(T *dx, const T *g, const T *x, const T *mean, const T *inverse, const T *centre,    \
                                 const T *slope, const T *scale, intptr_t rows, intptr_t channels, intptr_t cols) {  \
        NNS_PICK(normal_gradient_##S)(dx, g, x, mean, inverse, centre, slope, scale, rows, channels, cols);          \
    }
CHOOSE(float, f32)
CHOOSE(double, f64)
