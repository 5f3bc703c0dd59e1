// Powers: the choice of the instruction set, whose function is in math_pow.inc; and whole powers of plain numbers.
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

// Pairs of doubles: x = high + low, |low| at most half a unit of high's last place; products and quotients are good to
// 2^-103, so that a thousand of them still leave more than 90 bits.
typedef struct { double high, low; } pair;

static pair pair_sum(double a, double b) {
    double s = a + b;
    return (pair){s, b - (s - a)};
}

static pair pair_product(pair a, pair b) {
    double p = a.high * b.high;
    return pair_sum(p, fma(a.high, b.high, -p) + (a.high * b.low + a.low * b.high));
}

static pair pair_reciprocal(pair a) {
    double q = 1 / a.high;
    return pair_sum(q, (fma(-q, a.high, 1) - q * a.low) / a.high);
}

// (high + low) 2^e for high in 2^-512 ... 2^512, rounded once, into the subnormal numbers too.
static double pair_scaled(pair a, int e) {
    int own;
    double m = frexp(a.high, &own);
    int lost = -1021 - (own + e);
    if (lost <= 0) return ldexp(a.high, e);
    if (lost > 53) return 0;
    int64_t whole = (int64_t)ldexp(m, 53), kept = whole >> lost, rest = whole - (kept << lost), half = (int64_t)1 << (lost - 1);
    if (rest > half || (rest == half && (a.low > 0 || (a.low == 0 && (kept & 1))))) kept++;
    return ldexp((double)kept, -1074);
}

double nns_pow_number(double x, double y) {
    int isWhole = fabs(y) <= 1024 && y == rint(y);
    if (!isWhole || fabs(y) < 2 || !(fabs(x) > 0 && fabs(x) < INFINITY)) {
        double r;
        nns_pow_f64(&r, &x, &y, 1);
        return r;
    }
    int n = (int)fabs(y), e;
    double m = frexp(fabs(x), &e);
    // Around 1, so that no power overflows.
    if (m < 0x1.6a09e667f3bcdp-1) { m *= 2; e--; }
    pair base = {m, 0}, result = {1, 0};
    for (int left = n;;) {
        if (left & 1) result = pair_product(result, base);
        if (!(left >>= 1)) break;
        base = pair_product(base, base);
    }
    if (y < 0) { result = pair_reciprocal(result); e = -e; }
    double r = pair_scaled(result, e * n);
    return x < 0 && (n & 1) ? -r : r;
}
