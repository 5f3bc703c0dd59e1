// Measures the elementwise functions of doubles and the power: the largest error in units in the last place over random
// inputs and known hard cases, against MPFR with 160 bits.
//
//   ulp [--inputs N] [--seed N] [--isa NAME] [FUNCTION...]
//
// The inputs of a function, N in all (10^7 unless told): a quarter are random bit patterns (every exponent alike, both
// signs, subnormals), the rest uniform over intervals where the function bends. Prints the largest error with its
// input, and returns 1 where one reaches 1 ulp, a NaN or an infinity is wrong, or a zero has the wrong sign.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nns_isa.h"
#include "nns_math.h"
#include "references.h"

enum { BLOCK = 4096, BITS = 160 };

typedef struct { double low, high; } Interval;

typedef struct {
    const char *name;
    void (*ours)(double *, const double *, intptr_t);
    int (*precise)(mpfr_t, const mpfr_t, mpfr_rnd_t);
    Interval ranges[3];
} Function;

static const Function functions[] = {
    {"exp", nns_exp_f64, mpfr_exp, {{-1, 1}, {-745.2, 709.9}, {-40, 40}}},
    {"expm1", nns_expm1_f64, mpfr_expm1, {{-1, 1}, {-40, 709.9}, {-0.01, 0.01}}},
    {"log", nns_log_f64, mpfr_log, {{0.5, 2}, {0, 1e6}, {0.99, 1.01}}},
    {"log1p", nns_log1p_f64, mpfr_log1p, {{-0.999999, 1}, {0, 1e6}, {-0.01, 0.01}}},
    {"sin", nns_sin_f64, mpfr_sin, {{-3.2, 3.2}, {-1e6, 1e6}, {-1e18, 1e18}}},
    {"cos", nns_cos_f64, mpfr_cos, {{-3.2, 3.2}, {-1e6, 1e6}, {-1e18, 1e18}}},
    {"tan", nns_tan_f64, mpfr_tan, {{-3.2, 3.2}, {-1e6, 1e6}, {-1e18, 1e18}}},
    {"tanh", nns_tanh_f64, mpfr_tanh, {{-1, 1}, {-20, 20}, {-0.01, 0.01}}},
    {"sigmoid", nns_sigmoid_f64, big_sigmoid, {{-1, 1}, {-40, 40}, {-745.2, 40}}},
    {"softplus", nns_softplus_f64, big_softplus, {{-1, 1}, {-40, 40}, {-745.2, 40}}},
    {"erf", nns_erf_f64, mpfr_erf, {{-1, 1}, {-6, 6}, {-0.01, 0.01}}},
    {"gelu", nns_gelu_f64, big_gelu, {{-1, 1}, {-9, 9}, {-38.6, 0}}},
    {"silu", nns_silu_f64, big_silu, {{-1, 1}, {-40, 40}, {-745.2, 40}}},
    {"elu", nns_elu_f64, big_elu, {{-1, 1}, {-40, 1}, {-0.01, 0.01}}},
    {"sqrt", nns_sqrt_f64, mpfr_sqrt, {{0, 1}, {0, 1e6}, {0, 1e300}}},
    {"square", nns_square_f64, big_square, {{-1, 1}, {-1e6, 1e6}, {-1e150, 1e150}}},
    {"reciprocal", nns_reciprocal_f64, big_reciprocal, {{-1, 1}, {-1e6, 1e6}, {-1e300, 1e300}}},
    {"pow", NULL, NULL, {{0, 2}, {0, 1e3}, {0.99, 1.01}}},  // the base; see random_pair
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

// Both signs of each: limits, the ends of the ranges, arguments close to a multiple of pi/2 (Kahan's and Ng's), and
// those where the result lies closest to the middle of two doubles (Lefevre and Muller's tables).
static const double hard[] = {
    0, 0x1p-1074, 0x1p-1022, 0x1.fffffffffffffp-1023, 0x1p-54, 0x1p-53, 0x1p-28, 0x1p-27, 1, 0x1.fffffffffffffp-1,
    0x1.0000000000001p+0, 2, 10, 19.06, 22, 36.04, 36.7, 37.5, 38.5, 0x1.fffffffffffffp+1023, INFINITY, NAN,
    0x1.921fb54442d18p+0, 0x1.921fb54442d18p+1, 0x1.921fb54442d18p+2, 0x1.2d97c7f3321d2p+2, 0x1.6ac5b262ca1ffp+849,
    0x1.6ac5b262ca1ffp+851, 1e22, 0x1p+120, 0x1.p+1023, 0x1.921fb54442d18p-1, 0x1.2d97c7f3321d2p+1,
    0x1.62e42fefa39efp+9, 0x1.62e42fefa39f0p+9, 0x1.74910d52d3051p+9, 0x1.74910d52d3052p+9, 0x1.6232bdd7abcd2p+9,
    0x1.62e42fefa39efp-1, 0x1.62e42fefa39efp-2, 0x1.9e9cbbfd6080bp-31, 0x1.613955dc802f8p-35, 0x1.e0000000001c2p-20,
    0x1.8000000000009p-23, 0x1.dfffffffffff1p-22, 0x1.999999999999ap-4, 0x1.0000000000001p-511, 0x1.6a09e667f3bcdp+511,
    0x1.6a09e667f3bccp+511, 0x1.fffffffffffffp+511, 0x1.0000000000001p+1022, 5.9, 5.92, 6.5, 26.5, 27.3,
};
enum { HARD = sizeof hard / sizeof *hard };
static const double hardPairs[][2] = {
    {0x1.0000000000001p+0, 0x1p+62}, {0x1.fffffffffffffp-1, 0x1p+62}, {0x1.0000000000001p+0, 0x1.62e42fefa39efp+61},
    {2, -1074}, {2, -1074.5}, {2, -1075}, {2, 1023.9999999999999}, {10, 308}, {10, -323}, {0.1, 308}, {3, 40}, {7, 19},
    {-3, 33}, {-2, -1074}, {0x1p-1074, 0.5}, {0x1p-1074, 0.99999}, {0x1.fffffffffffffp+1023, 0x1.fffffffffffffp-1},
    {0x1.8p+0, 1749.2}, {0x1.000002p+0, 1e9}, {1.0000000001, 7.09e12}, {0.5, 1022}, {0.5, 1074}, {9, 0.5}, {8, 1.0 / 3},
};
enum { PAIRS = sizeof hardPairs / sizeof *hardPairs };

// MARK: Random inputs (splitmix64)

static uint64_t state;

static uint64_t word(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}
static double any_double(void) {
    uint64_t bits = word();
    double x;
    memcpy(&x, &bits, 8);
    return x;
}
static double uniform(Interval r) { return r.low + (r.high - r.low) * ((double)(word() >> 11) * 0x1p-53); }
static double random_input(const Function *f) {
    unsigned kind = word() & 3;
    return kind == 3 ? any_double() : uniform(f->ranges[kind]);
}
/// A base and an exponent; mostly such that the power neither overflows nor vanishes.
static void random_pair(const Function *f, double *a, double *b) {
    unsigned kind = word() & 3;
    *a = kind == 3 ? any_double() : uniform(f->ranges[kind]);
    double most = 745 / fabs(log(fabs(*a)));
    *b = most < INFINITY && most > 0 ? uniform((Interval){-most, most}) : any_double();
    if ((word() & 7) == 0) *b = rint(*b);
    if (kind == 3 && *a < 0) *b = rint(*b);
}

// MARK: Errors

static mpfr_t x, y, exact, difference;

/// |ours - exact| in units in the last place of the exact value; infinite where ours is wrong in kind.
static double error(double ours) {
    if (mpfr_nan_p(exact)) return ours != ours ? 0 : INFINITY;
    if (ours != ours) return INFINITY;
    if (mpfr_zero_p(exact)) return ours == 0 && !signbit(ours) == !mpfr_signbit(exact) ? 0 : INFINITY;
    if (mpfr_inf_p(exact)) return ours == (mpfr_signbit(exact) ? -INFINITY : INFINITY) ? 0 : INFINITY;
    if (ours == 0 && !signbit(ours) != !mpfr_signbit(exact)) return INFINITY;
    // An infinity stands for the number that would follow the largest one, and so does any exact value beyond that.
    if (mpfr_get_exp(exact) > 1024) mpfr_set_si_2exp(exact, mpfr_sgn(exact), 1024, MPFR_RNDN);
    if (isinf(ours)) mpfr_set_si_2exp(difference, ours < 0 ? -1 : 1, 1024, MPFR_RNDN);
    else mpfr_set_d(difference, ours, MPFR_RNDN);
    mpfr_sub(difference, difference, exact, MPFR_RNDN);
    long last = mpfr_get_exp(exact) - 53;
    if (last < -1074) last = -1074;
    if (last > 971) last = 971;
    mpfr_mul_2si(difference, difference, -last, MPFR_RNDN);
    return fabs(mpfr_get_d(difference, MPFR_RNDN));
}

typedef struct { double ulps, a, b; } Worst;

static void measure(const Function *f, const double *a, const double *b, int n, Worst *worst) {
    static double results[BLOCK];
    if (f->ours) f->ours(results, a, n);
    else nns_pow_f64(results, a, b, n);
    for (int i = 0; i < n; i++) {
        mpfr_set_d(x, a[i], MPFR_RNDN);
        if (f->precise) f->precise(exact, x, MPFR_RNDN);
        else {
            mpfr_set_d(y, b[i], MPFR_RNDN);
            mpfr_pow(exact, x, y, MPFR_RNDN);
        }
        double ulps = error(results[i]);
        if (ulps > worst->ulps) *worst = (Worst){ulps, a[i], b ? b[i] : 0};
    }
}

/// Fills a and b with the hard cases from number `first` on; their count, 0 behind the last.
static int hard_cases(const Function *f, int first, double *a, double *b) {
    int n = 0;
    if (f->precise) {
        for (int i = first; i < 2 * HARD && n < BLOCK; i++) a[n++] = i % 2 ? -hard[i / 2] : hard[i / 2];
        return n;
    }
    for (int i = first; i < PAIRS + HARD * 2 * HARD * 2 && n < BLOCK; i++, n++) {  // and each hard number to each
        int k = i - PAIRS, p = k / (2 * HARD), q = k % (2 * HARD);
        a[n] = k < 0 ? hardPairs[i][0] : p % 2 ? -hard[p / 2] : hard[p / 2];
        b[n] = k < 0 ? hardPairs[i][1] : q % 2 ? -hard[q / 2] : hard[q / 2];
    }
    return n;
}

int main(int argc, char **argv) {
    long inputs = 10000000;
    unsigned long long seed = 1;
    _Bool chosen[FUNCTIONS] = {0}, any = 0;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--inputs") && i + 1 < argc && sscanf(argv[i + 1], "%ld", &inputs) == 1 && inputs >= 0) i++;
        else if (!strcmp(argv[i], "--seed") && i + 1 < argc && sscanf(argv[i + 1], "%llu", &seed) == 1) i++;
        else if (!strcmp(argv[i], "--isa") && i + 1 < argc && nns_isa_force(argv[i + 1])) i++;
        else {
            int f = 0;
            while (f < FUNCTIONS && strcmp(argv[i], functions[f].name)) f++;
            if (f == FUNCTIONS) {
                fprintf(stderr, "unknown, or not on this machine: %s\nusage: ulp [--inputs N] [--seed N] [--isa NAME] [FUNCTION...]\n", argv[i]);
                return 2;
            }
            chosen[f] = any = 1;
        }
    }
    references_begin(BITS);
    mpfr_inits2(BITS, x, y, exact, difference, NULL);
    static double a[BLOCK], b[BLOCK];
    _Bool failed = 0;
    for (int f = 0; f < FUNCTIONS; f++) {
        if (any && !chosen[f]) continue;
        const Function *function = &functions[f];
        _Bool pairs = !function->precise;
        Worst worst = {0};
        int hardCount = 0;
        for (int n; (n = hard_cases(function, hardCount, a, b)) > 0; hardCount += n)
            measure(function, a, pairs ? b : NULL, n, &worst);
        state = seed;
        for (long done = 0; done < inputs; done += BLOCK) {
            int n = inputs - done < BLOCK ? (int)(inputs - done) : BLOCK;
            for (int i = 0; i < n; i++) {
                if (pairs) random_pair(function, &a[i], &b[i]);
                else a[i] = random_input(function);
            }
            measure(function, a, pairs ? b : NULL, n, &worst);
        }
        printf("%-10s %s: %.4f ulp at most, at %a", function->name, nns_isa_name(), worst.ulps, worst.a);
        if (pairs) printf(", %a", worst.b);
        printf(" (%ld random inputs, %d hard ones)%s\n", inputs, hardCount, worst.ulps < 1 ? "" : "  WRONG");
        fflush(stdout);
        if (!(worst.ulps < 1)) failed = 1;
    }
    return failed;
}
