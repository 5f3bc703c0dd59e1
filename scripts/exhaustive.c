// Proves the elementwise functions of floats: every one of the 2^32 inputs against a more precise reference.
//
//   exhaustive [--slice i/n] [--state FILE] [--isa NAME] [--list] [FUNCTION...]
//
// The reference is the C library's double or long double function, whose error of some units in the last place is
// taken as 2^-47 relative; where that leaves open which float is nearest (once in a million inputs), MPFR decides
// with 400 bits. Prints the number of wrong results (and with --list every one: input, right result, ours) and
// returns 1 when there are any. With --state it notes how far it came and goes on from there. A slice i/n is every
// n-th block of 65,536 inputs from the i-th on.
//
// Built by scripts/bench: clang -O3 -ffp-contract=off -fno-math-errno -std=gnu2x -ISources/CKernels
// -ISources/CKernels/include scripts/exhaustive.c Sources/CKernels/{isa,math_f32,math_reduce}.c -lmpfr -lgmp -lm
#include <math.h>
#include <mpfr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nns_isa.h"
#include "nns_math.h"

enum { BLOCK = 65536, BLOCKS = 65536 };

// MARK: References in double or long double

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }
// The limits at -infinity are -0; x / 2 is exact and x^2 times something positive comes on top of it.
static double halves(double x) { return x == 0 ? x : nextafter(0.5 * x, INFINITY); }
static double silu(double x) { return x == -INFINITY ? -0.0 : fabs(x) < 0x1p-100 ? halves(x) : x / (1 + exp(-x)); }
static double gelu(double x) {
    if (fabs(x) < 0x1p-100) return halves(x);
    if (x < -50) return -0.0;
    return (double)(0.5L * x * erfcl(-(long double)x * 0.70710678118654752440084436210484904L));
}
static double elu(double x) { return x > 0 ? x : expm1(x); }

// MARK: References in MPFR

static mpfr_t t1, t2;

static int big_sigmoid(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) {
    mpfr_neg(t1, x, round);
    mpfr_exp(t1, t1, round);
    mpfr_add_ui(t1, t1, 1, round);
    return mpfr_ui_div(y, 1, t1, round);
}
static int big_silu(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) {
    big_sigmoid(t2, x, round);
    return mpfr_mul(y, x, t2, round);
}
static int big_softplus(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) {
    mpfr_exp(t1, x, round);
    return mpfr_log1p(y, t1, round);
}
static int big_gelu(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) {
    mpfr_sqrt_ui(t1, 2, round);
    mpfr_div(t1, x, t1, round);
    mpfr_neg(t1, t1, round);
    mpfr_erfc(t1, t1, round);
    mpfr_mul(t1, t1, x, round);
    return mpfr_div_2ui(y, t1, 1, round);
}
static int big_elu(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) {
    return mpfr_sgn(x) > 0 ? mpfr_set(y, x, round) : mpfr_expm1(y, x, round);
}

static const struct {
    const char *name;
    void (*ours)(float *, const float *, intptr_t);
    double (*reference)(double);
    int (*precise)(mpfr_t, const mpfr_t, mpfr_rnd_t);
} functions[] = {
    {"exp", nns_exp_f32, exp, mpfr_exp},
    {"expm1", nns_expm1_f32, expm1, mpfr_expm1},
    {"log", nns_log_f32, log, mpfr_log},
    {"log1p", nns_log1p_f32, log1p, mpfr_log1p},
    {"sin", nns_sin_f32, sin, mpfr_sin},
    {"cos", nns_cos_f32, cos, mpfr_cos},
    {"tan", nns_tan_f32, tan, mpfr_tan},
    {"tanh", nns_tanh_f32, tanh, mpfr_tanh},
    {"sigmoid", nns_sigmoid_f32, sigmoid, big_sigmoid},
    {"softplus", nns_softplus_f32, softplus, big_softplus},
    {"erf", nns_erf_f32, erf, mpfr_erf},
    {"gelu", nns_gelu_f32, gelu, big_gelu},
    {"silu", nns_silu_f32, silu, big_silu},
    {"elu", nns_elu_f32, elu, big_elu},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

// MARK: State: one line "function i/n next wrong" each

typedef struct {
    char name[32];
    int slice, slices, next;
    long wrong;
} Progress;
static Progress progress[4096];
static int progressCount;

static Progress *find_progress(const char *name, int slice, int slices) {
    for (int i = 0; i < progressCount; i++)
        if (!strcmp(progress[i].name, name) && progress[i].slice == slice && progress[i].slices == slices) return &progress[i];
    if (progressCount == 4096) {
        fprintf(stderr, "the state file is full\n");
        exit(2);
    }
    Progress *p = &progress[progressCount++];
    snprintf(p->name, sizeof p->name, "%s", name);
    p->slice = slice;
    p->slices = slices;
    p->next = slice;
    return p;
}

static void load_state(const char *path) {
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return;
    Progress p = {0};
    while (progressCount < 4096 && fscanf(file, "%31s %d/%d %d %ld", p.name, &p.slice, &p.slices, &p.next, &p.wrong) == 5)
        progress[progressCount++] = p;
    fclose(file);
}

static void save_state(const char *path) {
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    for (int i = 0; i < progressCount; i++)
        fprintf(file, "%s %d/%d %d %ld\n", progress[i].name, progress[i].slice, progress[i].slices, progress[i].next,
                progress[i].wrong);
    fclose(file);
}

// MARK: Comparison

static long check_block(int f, uint32_t first, _Bool list) {
    static float x[BLOCK], y[BLOCK];
    static double r[BLOCK];
    long wrong = 0;
    for (uint32_t i = 0; i < BLOCK; i++) {
        uint32_t bits = first + i;
        memcpy(&x[i], &bits, 4);
    }
    functions[f].ours(y, x, BLOCK);
    for (uint32_t i = 0; i < BLOCK; i++) r[i] = functions[f].reference((double)x[i]);
    for (uint32_t i = 0; i < BLOCK; i++) {
        float below = (float)(r[i] * (1 - 0x1p-47)), above = (float)(r[i] * (1 + 0x1p-47)), right = above;
        if (r[i] != r[i]) {
            if (y[i] == y[i]) wrong++;
            continue;
        }
        // Below 2^-100 two functions' reference already lies on the right side of the half.
        if (r[i] != 0 && fabs(r[i]) < 0x1p-100 && functions[f].reference == gelu && fabsf(x[i]) < 1) right = below = (float)r[i];
        else if (r[i] != 0 && fabs(r[i]) < 0x1p-100 && functions[f].reference == silu && fabsf(x[i]) < 1) right = below = (float)r[i];
        if (below != right) {
            mpfr_t a, b;
            mpfr_init2(a, 53);
            mpfr_init2(b, 400);
            mpfr_set_flt(a, x[i], MPFR_RNDN);
            functions[f].precise(b, a, MPFR_RNDN);
            right = mpfr_get_flt(b, MPFR_RNDN);
            mpfr_clear(a);
            mpfr_clear(b);
        }
        if (memcmp(&right, &y[i], 4)) {
            wrong++;
            if (list) {
                uint32_t bits[3];
                memcpy(bits, &x[i], 4);
                memcpy(bits + 1, &right, 4);
                memcpy(bits + 2, &y[i], 4);
                printf("%s 0x%08x 0x%08x 0x%08x  # %a\n", functions[f].name, bits[0], bits[1], bits[2], x[i]);
            }
        }
    }
    return wrong;
}

int main(int argc, char **argv) {
    int slice = 0, slices = 1;
    const char *state = NULL;
    _Bool list = 0, chosen[FUNCTIONS] = {0}, any = 0;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--list")) list = 1;
        else if (!strcmp(argv[i], "--state") && i + 1 < argc) state = argv[++i];
        else if (!strcmp(argv[i], "--slice") && i + 1 < argc && sscanf(argv[++i], "%d/%d", &slice, &slices) == 2 && slices > 0 &&
                 slice >= 0 && slice < slices) continue;
        else if (!strcmp(argv[i], "--isa") && i + 1 < argc && nns_isa_force(argv[++i])) continue;
        else {
            int f = 0;
            while (f < FUNCTIONS && strcmp(argv[i], functions[f].name)) f++;
            if (f == FUNCTIONS) {
                fprintf(stderr, "unknown: %s\nusage: exhaustive [--slice i/n] [--state FILE] [--isa NAME] [--list] [FUNCTION...]\n", argv[i]);
                return 2;
            }
            chosen[f] = any = 1;
        }
    }
    mpfr_inits2(400, t1, t2, NULL);
    load_state(state);
    long total = 0;
    for (int f = 0; f < FUNCTIONS; f++) {
        if (any && !chosen[f]) continue;
        Progress *p = find_progress(functions[f].name, slice, slices);
        for (; p->next < BLOCKS; p->next += slices) {
            if (p->next / slices % 1024 == 0) save_state(state);
            p->wrong += check_block(f, (uint32_t)p->next * BLOCK, list);
        }
        save_state(state);
        printf("%-9s %ld wrong\n", functions[f].name, p->wrong);
        fflush(stdout);
        total += p->wrong;
    }
    return total != 0;
}
