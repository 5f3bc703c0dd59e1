// Parts of functions of doubles: exp and log as unrounded pairs hi + lo, exponents apart.
//
// Like math_inline.h, for sources that every_isa.h includes; FMA and C stay defined for the source that follows.
#include "math_inline.h"

#define FMA(a, b, c) NNS_FMADD(a, b, c)
#define C(x) NNS_SPLAT(x)

/// y 2^n for integral n in [-2000, 2000], rounded once where the result is subnormal.
NNS_INLINE nns_vd NNS(scale_f64)(nns_vd y, nns_vd n) {
    nns_vd m = NNS_SELECT(n < -960.0, C(-960.0), n);
    m = NNS_SELECT(m > 1023.0, C(1023.0), m);
    nns_vd rest = n - m;
    rest = NNS_SELECT(rest < -1022.0, C(-1022.0), rest);
    return y * NNS_POWER2(m + NNS_SHIFT) * NNS_POWER2(rest + NNS_SHIFT);
}

/// (exp(r) - 1 - r) / r^2 for |r| <= ln(2)/2: the error of exp(r) - 1 is 2^-60.
NNS_INLINE nns_vd NNS(exp_tail_f64)(nns_vd r) {
    nns_vd q = FMA(r, C(0x1.1f86f0df0b6f2p-29), C(0x1.af4ecf3058ec3p-26));
    q = FMA(r, q, C(0x1.27e4cfaefcfe4p-22));
    q = FMA(r, q, C(0x1.71de01aacddadp-19));
    q = FMA(r, q, C(0x1.a01a01ab9885dp-16));
    q = FMA(r, q, C(0x1.a01a01ac1e913p-13));
    q = FMA(r, q, C(0x1.6c16c16c156a5p-10));
    q = FMA(r, q, C(0x1.111111111005p-7));
    q = FMA(r, q, C(0x1.5555555555557p-5));
    q = FMA(r, q, C(0x1.5555555555557p-3));
    q = FMA(r, q, C(0x1p-1));
    return q;
}

/// h + l with the smaller part below half a unit of the larger.
NNS_INLINE void NNS(normalize_f64)(nns_vd *h, nns_vd *l) {
    nns_vd sum = *h + *l;
    *l = (*h - sum) + *l;
    *h = sum;
}

/// exp(x + c) = (h + l) 2^n for |x| <= 1100 and |c| no more than a few units in x's last place; returns n.
/// l may be a tenth of h.
NNS_INLINE nns_vd NNS(exp_parts_f64)(nns_vd x, nns_vd c, nns_vd *h, nns_vd *l) {
    nns_vd n = FMA(x, C(0x1.71547652b82fep+0), C(NNS_SHIFT)) - NNS_SHIFT;
    nns_vd a = FMA(n, C(-NNS_LN2_HI), x);  // exact
    nns_vd b = FMA(n, C(-NNS_LN2_LO), a);
    c = FMA(n, C(-NNS_LN2_LO), a - b) + c;
    nns_vd r = b + c;
    c = (b - r) + c;
    *h = 1.0 + r;
    *l = ((1.0 - *h) + r) + FMA(r * r, NNS(exp_tail_f64)(r), FMA(r, c, c));
    return n;
}

/// (2 atanh(s) / s - 2) / z with z = s^2 <= 0.0295: the error of log is 2^-66.
NNS_INLINE nns_vd NNS(log_tail_f64)(nns_vd z) {
    nns_vd q = FMA(z, C(0x1.101ea8cd5e838p-3), C(0x1.0f4a99b6475f3p-3));
    q = FMA(z, q, C(0x1.3b2153e771fa8p-3));
    q = FMA(z, q, C(0x1.745cdb8fdb8c8p-3));
    q = FMA(z, q, C(0x1.c71c725c1a961p-3));
    q = FMA(z, q, C(0x1.249249242f0ap-2));
    q = FMA(z, q, C(0x1.9999999999d58p-2));
    q = FMA(z, q, C(0x1.5555555555555p-1));
    return q;
}

/// log(1 + f) = u + v for 1 + f in [sqrt(1/2), sqrt(2)], v rounded and below 0.02 |u|.
NNS_INLINE nns_vd NNS(log_parts_f64)(nns_vd f, nns_vd *v) {
    nns_vd s = f / (2.0 + f), z = s * s, half = 0.5 * f, p = half * f, u = f - p;
    *v = FMA(s, FMA(z, NNS(log_tail_f64)(z), p), ((f - u) - p) - FMA(half, f, -p));
    return u;
}

/// The exponent, as a double, and the mantissa m in [sqrt(1/2), sqrt(2)] of a positive normal w.
NNS_INLINE nns_vd NNS(split_f64)(nns_vd w, nns_vd *m) {
    nns_vu u = (nns_vu)w + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
    *m = (nns_vd)((u & 0xfffffffffffff) + 0x3fe6a09e667f3bcd);
    return (nns_vd)((u >> 52) | 0x4330000000000000) - (0x1p52 + 1023);
}

// k times the first is exact; their sum is ln 2 to 2^-99.
#define LN2_HEAD 0x1.62e42fefa3800p-1
#define LN2_TAIL 0x1.ef35793c76730p-45

NNS_INLINE nns_vd NNS(clamp_f64)(nns_vd x, double low, double high) {
    x = NNS_SELECT(x < low, C(low), x);
    return NNS_SELECT(x > high, C(high), x);
}

NNS_INLINE nns_vd NNS(copysign_f64)(nns_vd x, nns_vd sign) {
    return (nns_vd)(((nns_vl)x & INT64_MAX) | ((nns_vl)sign & INT64_MIN));
}

