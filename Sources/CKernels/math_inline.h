// exp, log and their kin on vectors of eight doubles, inlined into kernels.
//
// Goals: relative error near 2^-51, so that one rounding to float is right but for a handful of hard cases; the
// same sequence of operations, hence the same bits, on every instruction set; no branch, no table.
// Include this once inside a source that every_isa.h includes, with fma.h included at the top of the .c file.
// Eight doubles are one, two or four registers; the compiler splits them and the bits do not notice.
//
// Polynomials are minimax (Sollya's fpminimax), their error noted beside them.

#ifndef NNS_MATH_TYPES
#define NNS_MATH_TYPES
typedef double nns_vd __attribute__((vector_size(64)));
typedef int64_t nns_vl __attribute__((vector_size(64)));
typedef uint64_t nns_vu __attribute__((vector_size(64)));
typedef float nns_vf __attribute__((vector_size(32)));
typedef int32_t nns_vi __attribute__((vector_size(32)));
typedef _Bool nns_mask8 __attribute__((ext_vector_type(8)));
#define NNS_INLINE static inline __attribute__((always_inline, unused))

// Macros, not functions: a function of vectors may be inlined only where its instruction set is the caller's.
#define NNS_SPLAT(a) ((nns_vd){(a), (a), (a), (a), (a), (a), (a), (a)})
/// Lanes of a where the mask m (of whole lanes) is set, of b elsewhere.
#define NNS_SELECT(m, a, b) \
    ({ nns_vl mask_ = (nns_vl)(m); (nns_vd)((mask_ & (nns_vl)(a)) | (~mask_ & (nns_vl)(b))); })
/// True when any lane of the mask is set.
#define NNS_ANY(m) (__builtin_bit_cast(unsigned char, __builtin_convertvector((nns_vl)(m), nns_mask8)) != 0)
#define NNS_ABS(x) ((nns_vd)((nns_vl)(x) & INT64_MAX))
/// 2^n for integral n with -1022 <= n <= 1023, given n + NNS_SHIFT.
#define NNS_POWER2(shifted) ((nns_vd)(((nns_vl)(shifted) << 52) + 0x3ff0000000000000))
#define NNS_SHIFT 0x1.8p52
#define NNS_LN2_HI 0x1.62e42fefa39efp-1
#define NNS_LN2_LO 0x1.abc9e3b39803fp-56
#endif

#define FMA(a, b, c) NNS_FMADD(a, b, c)
#define C(x) NNS_SPLAT(x)

/// exp(x). Outside [-708, 709] that of the nearer end (a float made of it is 0 or infinite, as it should be); NaN stays.
NNS_INLINE nns_vd NNS(exp_pd)(nns_vd x) {
    x = NNS_SELECT(x < -708.0, C(-708.0), x);
    x = NNS_SELECT(x > 709.0, C(709.0), x);
    nns_vd t = FMA(x, C(0x1.71547652b82fep+0), C(NNS_SHIFT)), n = t - NNS_SHIFT;
    nns_vd r = FMA(n, C(-NNS_LN2_HI), x);
    r = FMA(n, C(-NNS_LN2_LO), r);
    // (exp(r) - 1 - r) / r^2, |r| <= ln(2)/2: the error of exp is 2^-58
    nns_vd q = FMA(r, C(0x1.ad9303ff16be2p-26), C(0x1.28adfefa69a53p-22));
    q = FMA(r, q, C(0x1.71df18e254781p-19));
    q = FMA(r, q, C(0x1.a019995cdc802p-16));
    q = FMA(r, q, C(0x1.a01a012ff2942p-13));
    q = FMA(r, q, C(0x1.6c16c18477aefp-10));
    q = FMA(r, q, C(0x1.1111111126b3p-7));
    q = FMA(r, q, C(0x1.55555555506bap-5));
    q = FMA(r, q, C(0x1.55555555554fep-3));
    q = FMA(r, q, C(0x1.000000000000ap-1));
    q = FMA(r, q, C(1.0));
    q = FMA(r, q, C(1.0));
    return (nns_vd)((nns_vl)q + ((nns_vl)t << 52));
}

/// exp(x) - 1 with relative accuracy near 0, for x in [-708, 709] or NaN; +0 for -0.
NNS_INLINE nns_vd NNS(expm1_pd)(nns_vd x) {
    nns_vd t = FMA(x, C(0x1.71547652b82fep+0), C(NNS_SHIFT)), n = t - NNS_SHIFT;
    nns_vd r = FMA(n, C(-NNS_LN2_HI), x);
    r = FMA(n, C(-NNS_LN2_LO), r);
    // (exp(r) - 1 - r) / r^2: the error of exp(r) - 1 is 2^-55
    nns_vd q = FMA(r, C(0x1.ae77778d8f664p-26), C(0x1.28a28f518161p-22));
    q = FMA(r, q, C(0x1.71de8109f7c6ep-19));
    q = FMA(r, q, C(0x1.a019a6a16c1d3p-16));
    q = FMA(r, q, C(0x1.a01a0177f21b9p-13));
    q = FMA(r, q, C(0x1.6c16c17f2f17p-10));
    q = FMA(r, q, C(0x1.1111111118831p-7));
    q = FMA(r, q, C(0x1.555555555210cp-5));
    q = FMA(r, q, C(0x1.555555555553bp-3));
    q = FMA(r, q, C(0x1.0000000000005p-1));
    q = FMA(r * r, q, r);
    nns_vd s = NNS_POWER2(t);
    return FMA(s, q, s - 1.0);
}

/// log(1 + f) + k ln 2 for 1 + f in [sqrt(1/2), sqrt(2)].
NNS_INLINE nns_vd NNS(log_reduced_pd)(nns_vd f, nns_vd k) {
    nns_vd s = f / (2.0 + f), z = s * s;
    // (2 atanh(s) / s - 2) / z, z <= 0.0295: the error of log is 2^-58
    nns_vd q = FMA(z, C(0x1.2b5d2f49cea7bp-3), C(0x1.39fdf803d7801p-3));
    q = FMA(z, q, C(0x1.7462b7d8ce97dp-3));
    q = FMA(z, q, C(0x1.c71c62dab0edep-3));
    q = FMA(z, q, C(0x1.2492492df8654p-2));
    q = FMA(z, q, C(0x1.99999999952d1p-2));
    q = FMA(z, q, C(0x1.5555555555558p-1));
    // 2s = f - sf: the rounding of s enters only a small term.
    nns_vd y = FMA(s, z * q - f, FMA(k, C(NNS_LN2_LO), f));
    return FMA(k, C(NNS_LN2_HI), y);
}

/// log(x) for x = 0, normal, infinite or NaN (every float and every double but subnormal ones); NaN below 0.
NNS_INLINE nns_vd NNS(log_pd)(nns_vd x) {
    nns_vu u = (nns_vu)x + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
    nns_vd k = (nns_vd)((u >> 52) | 0x4330000000000000) - (0x1p52 + 1023);
    nns_vd m = (nns_vd)((u & 0xfffffffffffff) + 0x3fe6a09e667f3bcd);
    nns_vd y = NNS(log_reduced_pd)(m - 1.0, k);
    y = NNS_SELECT(x < INFINITY, y, x);
    return NNS_SELECT(x > 0, y, NNS_SELECT(x == 0, C(-INFINITY), C(NAN)));
}

/// log(1 + x) with relative accuracy near 0, for x >= -1; NaN below; x itself when x is 0 or infinite.
NNS_INLINE nns_vd NNS(log1p_pd)(nns_vd x) {
    nns_vd w = 1.0 + x;
    nns_vu u = (nns_vu)w + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
    nns_vd k = (nns_vd)((u >> 52) | 0x4330000000000000) - (0x1p52 + 1023);
    nns_vd m = (nns_vd)((u & 0xfffffffffffff) + 0x3fe6a09e667f3bcd);
    nns_vd f = NNS_SELECT(k == 0, x, m - 1.0);
    nns_vd y = NNS(log_reduced_pd)(f, k);
    y = NNS_SELECT((x < INFINITY) & (x != 0), y, x);
    return NNS_SELECT(w > 0, y, NNS_SELECT(w == 0, C(-INFINITY), C(NAN)));
}

/// sin(r) for |r| <= pi/4.
NNS_INLINE nns_vd NNS(sin_reduced_pd)(nns_vd r) {
    nns_vd z = r * r;
    // (sin(r) / r - 1) / r^2, |r| <= pi/4: the error of sin is 2^-56
    nns_vd q = FMA(z, C(0x1.5e10f740605e6p-33), C(-0x1.ae601f6498519p-26));
    q = FMA(z, q, C(0x1.71de37b047798p-19));
    q = FMA(z, q, C(-0x1.a01a019ea015fp-13));
    q = FMA(z, q, C(0x1.1111111110c7fp-7));
    q = FMA(z, q, C(-0x1.5555555555555p-3));
    return r * FMA(z, q, C(1.0));
}

/// cos(r) for |r| <= pi/4.
NNS_INLINE nns_vd NNS(cos_reduced_pd)(nns_vd r) {
    nns_vd z = r * r;
    // (cos(r) - 1 + r^2/2) / r^4, |r| <= pi/4: the error of cos is 2^-60
    nns_vd q = FMA(z, C(-0x1.90734698aa158p-37), C(0x1.1eeb578d5c95ap-29));
    q = FMA(z, q, C(-0x1.27e4fa02b497fp-22));
    q = FMA(z, q, C(0x1.a01a019f38265p-16));
    q = FMA(z, q, C(-0x1.6c16c16c168cap-10));
    q = FMA(z, q, C(0x1.5555555555555p-5));
    return FMA(z, FMA(z, q, C(-0.5)), C(1.0));
}

#undef FMA
#undef C
