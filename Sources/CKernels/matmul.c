// Matrix products: chooses the instruction set for matmul.inc.
#include "nns_kernels.h"
#include "nns_interrupt.h"
#include "nns_isa.h"
#include "nns_memory.h"
#include "fma.h"

#define NNS_SOURCE "matmul.inc"
#include "every_isa.h"

void nns_matmul_f32(float *c, intptr_t ldc, const float *a, intptr_t ars, intptr_t acs, const float *b, intptr_t brs,
                    intptr_t bcs, intptr_t m, intptr_t n, intptr_t k) {
    NNS_PICK(matmul_f32)(c, ldc, a, ars, acs, b, brs, bcs, m, n, k);
}
void nns_matmul_f64(double *c, intptr_t ldc, const double *a, intptr_t ars, intptr_t acs, const double *b, intptr_t brs,
                    intptr_t bcs, intptr_t m, intptr_t n, intptr_t k) {
    NNS_PICK(matmul_f64)(c, ldc, a, ars, acs, b, brs, bcs, m, n, k);
}
