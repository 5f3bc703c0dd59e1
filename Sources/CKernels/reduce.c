// Reductions: chooses the instruction set for reduce.inc, and the few that are built of them or gain nothing from vectors.
#include "nns_kernels.h"
#include "nns_isa.h"
#include <math.h>

#define NNS_SOURCE "reduce.inc"
#include "every_isa.h"

void nns_reduce_rows_f32(int op, float *dst, const float *x, intptr_t rows, intptr_t cols) {
    NNS_PICK(reduce_rows_f32)(op, dst, x, rows, cols);
}
void nns_reduce_rows_f64(int op, double *dst, const double *x, intptr_t rows, intptr_t cols) {
    NNS_PICK(reduce_rows_f64)(op, dst, x, rows, cols);
}
void nns_reduce_columns_f32(int op, float *acc, const float *x, intptr_t rows, intptr_t cols, intptr_t stride) {
    NNS_PICK(reduce_columns_f32)(op, acc, x, rows, cols, stride);
}
void nns_reduce_columns_f64(int op, double *acc, const double *x, intptr_t rows, intptr_t cols, intptr_t stride) {
    NNS_PICK(reduce_columns_f64)(op, acc, x, rows, cols, stride);
}
void nns_deviation_rows_f32(float *dst, const float *x, const float *mean, intptr_t channels, intptr_t rows, intptr_t cols) {
    NNS_PICK(deviation_rows_f32)(dst, x, mean, channels, rows, cols);
}
void nns_deviation_rows_f64(double *dst, const double *x, const double *mean, intptr_t channels, intptr_t rows, intptr_t cols) {
    NNS_PICK(deviation_rows_f64)(dst, x, mean, channels, rows, cols);
}

intptr_t nns_count(intptr_t size, const void *x, intptr_t n) {
    intptr_t count = 0;
    if (size == 1) for (intptr_t i = 0; i < n; i++) count += ((const uint8_t *)x)[i] != 0;
    else if (size == 4) for (intptr_t i = 0; i < n; i++) count += ((const float *)x)[i] != 0;
    else for (intptr_t i = 0; i < n; i++) count += ((const double *)x)[i] != 0;
    return count;
}

// A contiguous run is reduced, then searched for the first place of what came out.
#define ARG_EXTREMUM(S, T)                                                              \
    intptr_t nns_arg_extremum_##S(const T *x, intptr_t n, intptr_t stride, int largest) { \
        if (stride == 1 && n >= 16) {                                                   \
            T extreme;                                                                  \
            nns_reduce_rows_##S(largest ? NNS_MAX : NNS_MIN, &extreme, x, 1, n);        \
            return NNS_PICK(first_##S)(x, n, extreme);                                  \
        }                                                                               \
        intptr_t at = 0;                                                                \
        T best = x[0];                                                                  \
        if (best != best) return 0;                                                     \
        for (intptr_t i = 1; i < n; i++) {                                              \
            T v = x[i * stride];                                                        \
            if (v != v) return i;                                                       \
            if (largest ? v > best : v < best) {                                        \
                best = v;                                                               \
                at = i;                                                                 \
            }                                                                           \
        }                                                                               \
        return at;                                                                      \
    }
ARG_EXTREMUM(f32, float)
ARG_EXTREMUM(f64, double)
