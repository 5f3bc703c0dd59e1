// Reduction of huge arguments of sin, cos and tan modulo pi/2, after Payne and Hanek (1983), in integers.
//
// x = m 2^e with a 53-bit m. Of the bits of 2/pi those that give multiples of 4 are left out; the next 192 are
// multiplied by m exactly. The double nearest to a multiple of pi/2 is 2^-61 away from it, so that 2^-137 of
// truncation leaves more than 70 good bits.
#include "math_reduce.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

// A word of zeros (so that an offset may be negative), then the bits of 2/pi behind the point.
static const uint64_t twoOverPi[24] = {
    0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
    0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e,
    0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
    0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
    0xf0cfbc209af4361d, 0xa9e391615ee61b08, 0x6599855f14a06840, 0};

static uint64_t window(int bit) {
    int word = bit >> 6, shift = bit & 63;
    return shift ? twoOverPi[word] << shift | twoOverPi[word + 1] >> (64 - shift) : twoOverPi[word];
}

int nns_reduce_pio2(double x, double *hi, double *lo) {
    uint64_t bits;
    memcpy(&bits, &x, 8);
    int exponent = (int)(bits >> 52 & 0x7ff);
    if (exponent == 0x7ff) {
        *hi = *lo = NAN;
        return 0;
    }
    uint64_t m = (bits & 0xfffffffffffff) | 0x10000000000000;
    // The first bit wanted weighs 2 after multiplication by 2^e: bit j of 2/pi (from 0) weighs 2^(e - j - 1).
    int start = (exponent - 1075) - 2 + 64;
    unsigned __int128 p0 = (unsigned __int128)m * window(start + 128);
    unsigned __int128 p1 = (unsigned __int128)m * window(start + 64) + (uint64_t)(p0 >> 64);
    uint64_t f0 = (uint64_t)p0, f1 = (uint64_t)p1, f2 = m * window(start) + (uint64_t)(p1 >> 64);
    int n = (int)(f2 >> 62);
    f2 = f2 << 2 | f1 >> 62;
    f1 = f1 << 2 | f0 >> 62;
    f0 <<= 2;
    double sign = 1;
    if (f2 >> 63) {  // nearer to the next multiple
        n++;
        sign = -1;
        f0 = -f0;
        f1 = ~f1 + (f0 == 0);
        f2 = ~f2 + (f0 == 0 && f1 == 0);
    }
    int scale = 0;
    while (!(f2 >> 63) && scale < 128) {
        int k = f2 ? __builtin_clzll(f2) : 63;
        f2 = f2 << k | f1 >> (64 - k);
        f1 = f1 << k | f0 >> (64 - k);
        f0 <<= k;
        scale += k;
    }
    double unit = ldexp(sign, -64 - scale);
    double a = (double)(f2 & ~0x7ffULL) * unit;                                    // exact: 53 bits
    double b = ((double)(f2 & 0x7ff) + (double)(f1 >> 1) * 0x1p-63) * unit;
    const double p = 0x1.921fb54442d18p+0, q = 0x1.1a62633145c07p-54;
    double h = a * p, l = fma(a, p, -h) + (a * q + b * p);
    *hi = h + l;
    *lo = (h - *hi) + l;
    if (bits >> 63) {
        n = -n;
        *hi = -*hi;
        *lo = -*lo;
    }
    return n & 3;
}
