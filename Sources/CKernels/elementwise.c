// Elementwise operations on arrays: chooses the instruction set for elementwise.inc.
#include "nns_kernels.h"
#include "nns_isa.h"
#include "nns_math.h"
#include "fma.h"
#include <math.h>
#include <string.h>

// x // y as Python: the floor of the exact quotient, correctly placed where the division would round across an integer.
static double floor_divide_f64(double a, double b) {
    if (b == 0) return a / b;
    double r = fmod(a, b), q = (a - r) / b;
    if (r != 0 && (b < 0) != (r < 0)) q -= 1;
    if (q == 0) return copysign(0.0, a / b);
    double f = floor(q);
    return q - f > 0.5 ? f + 1 : f;
}

static float floor_divide_f32(float a, float b) {
    if (b == 0) return a / b;
    float r = fmodf(a, b), q = (a - r) / b;
    if (r != 0 && (b < 0) != (r < 0)) q -= 1;
    if (q == 0) return copysignf(0.0f, a / b);
    float f = floorf(q);
    return q - f > 0.5f ? f + 1 : f;
}

// x % y as Python: the remainder takes the divisor's sign, a zero too.
static double modulo_f64(double a, double b) {
    double r = fmod(a, b);
    if (r == 0) return copysign(0.0, b);
    return (b < 0) != (r < 0) ? r + b : r;
}

static float modulo_f32(float a, float b) {
    float r = fmodf(a, b);
    if (r == 0) return copysignf(0.0f, b);
    return (b < 0) != (r < 0) ? r + b : r;
}

// x ^ y by rows, in the forms of elementwise.inc. x ^ 2 is x * x, exactly rounded, in every form.
#define POWER(T, S)                                                                                                  \
    static void power_##S(T *dst, const T *a, const T *b, intptr_t rows, intptr_t cols, intptr_t ar, intptr_t ac,    \
                          intptr_t br, intptr_t bc) {                                                                \
        for (intptr_t i = 0; i < rows; i++, dst += cols, a += ar, b += br) {                                         \
            if (ac == 1 && bc == 1) {                                                                                \
                nns_pow_##S(dst, a, b, cols);                                                                        \
            } else if (ac == 1 && bc == 0) {                                                                         \
                if (*b == 2) nns_binary_##S(NNS_MULTIPLY, dst, a, a, 1, cols, 0, 1, 0, 1);                           \
                else nns_pow_scalar_##S(dst, a, *b, cols);                                                           \
            } else {                                                                                                 \
                for (intptr_t j = 0; j < cols; j++) dst[j] = nns_scalar_##S(NNS_POWER, a[j * ac], b[j * bc]);        \
            }                                                                                                        \
        }                                                                                                            \
    }
POWER(float, f32)
POWER(double, f64)

#define NNS_SOURCE "elementwise.inc"
#include "every_isa.h"

void nns_binary_f32(int op, float *dst, const float *a, const float *b, intptr_t rows, intptr_t cols,
                    intptr_t ar, intptr_t ac, intptr_t br, intptr_t bc) {
    NNS_PICK(binary_f32)[op](dst, a, b, rows, cols, ar, ac, br, bc);
}
void nns_binary_f64(int op, double *dst, const double *a, const double *b, intptr_t rows, intptr_t cols,
                    intptr_t ar, intptr_t ac, intptr_t br, intptr_t bc) {
    NNS_PICK(binary_f64)[op](dst, a, b, rows, cols, ar, ac, br, bc);
}
void nns_compare_f32(int op, uint8_t *dst, const float *a, const float *b, intptr_t rows, intptr_t cols,
                     intptr_t ar, intptr_t ac, intptr_t br, intptr_t bc) {
    NNS_PICK(compare_f32)[op - NNS_EQUAL](dst, a, b, rows, cols, ar, ac, br, bc);
}
void nns_compare_f64(int op, uint8_t *dst, const double *a, const double *b, intptr_t rows, intptr_t cols,
                     intptr_t ar, intptr_t ac, intptr_t br, intptr_t bc) {
    NNS_PICK(compare_f64)[op - NNS_EQUAL](dst, a, b, rows, cols, ar, ac, br, bc);
}
void nns_logic(int op, uint8_t *dst, const uint8_t *a, const uint8_t *b, intptr_t rows, intptr_t cols,
               intptr_t ar, intptr_t ac, intptr_t br, intptr_t bc) {
    NNS_PICK(logic)[op - NNS_EQUAL](dst, a, b, rows, cols, ar, ac, br, bc);
}

float nns_scalar_f32(int op, float a, float b) {
    switch (op) {
    case NNS_ADD: return a + b;
    case NNS_SUBTRACT: return a - b;
    case NNS_MULTIPLY: return a * b;
    case NNS_DIVIDE: return a / b;
    case NNS_FLOOR_DIVIDE: return floor_divide_f32(a, b);
    case NNS_MODULO: return modulo_f32(a, b);
    case NNS_POWER: {
        float r;
        nns_pow_f32(&r, &a, &b, 1);
        return r;
    }
    case NNS_MAXIMUM: return a > b || a != a ? a : b;
    default: return a < b || a != a ? a : b;
    }
}

double nns_scalar_f64(int op, double a, double b) {
    switch (op) {
    case NNS_ADD: return a + b;
    case NNS_SUBTRACT: return a - b;
    case NNS_MULTIPLY: return a * b;
    case NNS_DIVIDE: return a / b;
    case NNS_FLOOR_DIVIDE: return floor_divide_f64(a, b);
    case NNS_MODULO: return modulo_f64(a, b);
    case NNS_POWER: {
        double r;
        nns_pow_f64(&r, &a, &b, 1);
        return r;
    }
    case NNS_MAXIMUM: return a > b || a != a ? a : b;
    default: return a < b || a != a ? a : b;
    }
}

void nns_add_scaled_f32(float *y, float alpha, const float *x, intptr_t n) { NNS_PICK(add_scaled_f32)(y, alpha, x, n); }
void nns_add_scaled_f64(double *y, double alpha, const double *x, intptr_t n) { NNS_PICK(add_scaled_f64)(y, alpha, x, n); }
void nns_accumulate_f32(float *y, const float *x, intptr_t n) { NNS_PICK(accumulate_f32)(y, x, n); }
void nns_accumulate_f64(double *y, const double *x, intptr_t n) { NNS_PICK(accumulate_f64)(y, x, n); }

void nns_multiply_add_f32(float *y, const float *a, const float *b, const float *c, intptr_t n) { NNS_PICK(multiply_add_f32)(y, a, b, c, n); }
void nns_multiply_add_f64(double *y, const double *a, const double *b, const double *c, intptr_t n) { NNS_PICK(multiply_add_f64)(y, a, b, c, n); }

void nns_where(intptr_t size, void *dst, const uint8_t *condition, const void *a, intptr_t as, const void *b, intptr_t bs, intptr_t n) {
    if (size == 4) NNS_PICK(select_4)(dst, condition, a, as, b, bs, n);
    else if (size == 8) NNS_PICK(select_8)(dst, condition, a, as, b, bs, n);
    else NNS_PICK(select_1)(dst, condition, a, as, b, bs, n);
}

void nns_convert(intptr_t to, void *dst, intptr_t from, const void *src, intptr_t n) {
    if (to == from) memmove(dst, src, (size_t)(n * to));
    else if (to == 4 && from == 8) NNS_PICK(narrow)(dst, src, n);
    else if (to == 8 && from == 4) NNS_PICK(widen)(dst, src, n);
    else if (to == 4) NNS_PICK(bool_to_f32)(dst, src, n);
    else if (to == 8) NNS_PICK(bool_to_f64)(dst, src, n);
    else if (from == 4) NNS_PICK(f32_to_bool)(dst, src, n);
    else NNS_PICK(f64_to_bool)(dst, src, n);
}

void nns_fill(intptr_t size, void *dst, const void *value, intptr_t n) {
    if (size == 1) {
        memset(dst, *(const uint8_t *)value, (size_t)n);
    } else if (size == 4) {
        float v = *(const float *)value, *d = dst;
        for (intptr_t i = 0; i < n; i++) d[i] = v;
    } else {
        double v = *(const double *)value, *d = dst;
        for (intptr_t i = 0; i < n; i++) d[i] = v;
    }
}
