// Fused multiply-add with the same bits on every instruction set.
//
// NNS_FMADD(a, b, c) is a*b + c rounded once, for float, double and clang vectors of them (16, 32 or 64 bytes).
// Inside a source included by every_isa.h it is one instruction where NNS_FMA is 1 and a correct emulation
// elsewhere. Include this file at the top of the .c file, outside the source that is included many times.
//
// The emulation. float: the product is exact in double; adding c rounds, so the sum is rounded to odd (two-sum
// gives the error, the last bit remembers that there was one) and the conversion rounds once: Boldo and Melquiond,
// "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008. A plain
// (float)((double)a * b + c) rounds twice and is wrong for some inputs. double: C's fma, which is exact.
#ifndef NNS_FMA_H
#define NNS_FMA_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define NNS_FMADD(a, b, c) NNS_PASTE(NNS_FMADD, NNS_FMA)(a, b, c)
#define NNS_FMADD_0(a, b, c) nns_fma_emulated(a, b, c)
#define NNS_FMADD_1(a, b, c) __builtin_elementwise_fma(a, b, c)

// Every function of vectors is inlined, so that a wide vector has no calling convention to change.
#pragma clang diagnostic ignored "-Wpsabi"
#define NNS_OVERLOAD static inline __attribute__((overloadable, always_inline, unused))
// Doubles call the library for every lane: inlined, that would be most of the program's code.
#define NNS_OUTLINE static __attribute__((overloadable, noinline, unused))

NNS_OVERLOAD double nns_fma_emulated(double a, double b, double c) { return fma(a, b, c); }

NNS_OVERLOAD float nns_fma_emulated(float a, float b, float c) {
    double p = (double)a * (double)b, z = (double)c;
    double s = p + z, t = s - p, e = (p - (s - t)) + (z - t);
    int64_t bits;
    memcpy(&bits, &s, 8);
    // A NaN error (infinite operands) compares false: nothing to mend.
    if ((e > 0 || e < 0) && !(bits & 1)) bits += (e > 0) == (s > 0) ? 1 : -1;
    memcpy(&s, &bits, 8);
    return (float)s;
}

#define NNS_FMA_EMULATED_VECTOR(F, FL, FS, D, FLOATS, DOUBLES)                                    \
    typedef float F __attribute__((vector_size(4 * FLOATS)));                                         \
    typedef double FL __attribute__((vector_size(8 * FLOATS)));                                       \
    typedef int64_t FS __attribute__((vector_size(8 * FLOATS)));                                      \
    typedef double D __attribute__((vector_size(8 * DOUBLES)));                                       \
    NNS_OVERLOAD F nns_fma_emulated(F a, F b, F c) {                                                  \
        FL p = __builtin_convertvector(a, FL) * __builtin_convertvector(b, FL);                       \
        FL z = __builtin_convertvector(c, FL), s = p + z, t = s - p, e = (p - (s - t)) + (z - t);     \
        FS above = e > 0, below = e < 0, bits = (FS)s;                                                \
        FS even = (bits & 1) - 1, outward = ~(above ^ (FS)(s > 0)); /* -1: away from zero */          \
        bits += (above | below) & even & (-1 - 2 * outward);                                          \
        return __builtin_convertvector((FL)bits, F);                                                  \
    }                                                                                                 \
    NNS_OUTLINE D nns_fma_emulated(D a, D b, D c) {                                                   \
        D r;                                                                                          \
        for (int i = 0; i < DOUBLES; i++) r[i] = fma(a[i], b[i], c[i]);                               \
        return r;                                                                                     \
    }

NNS_FMA_EMULATED_VECTOR(nns_fma_f4, nns_fma_l4, nns_fma_s4, nns_fma_d2, 4, 2)
NNS_FMA_EMULATED_VECTOR(nns_fma_f8, nns_fma_l8, nns_fma_s8, nns_fma_d4, 8, 4)
NNS_FMA_EMULATED_VECTOR(nns_fma_f16, nns_fma_l16, nns_fma_s16, nns_fma_d8, 16, 8)

#undef NNS_FMA_EMULATED_VECTOR
#undef NNS_OVERLOAD
#undef NNS_OUTLINE

#endif
