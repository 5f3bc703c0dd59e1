// Proves the elementwise functions of floats: every one of the 2^32 inputs against a more precise reference.
//
//   exhaustive [--slice i/n] [--state FILE] [--isa NAME] [--against NAME] [--list] [FUNCTION...]
//
// The reference is the C library's double or long double function, whose error of some units in the last place is
// taken as 2^-47 relative; where that leaves open which float is nearest (once in a million inputs), MPFR decides
// with 400 bits. `--against NAME` compares with another instruction set's results instead, which is quicker: where
// that one is proved, it proves this one. Any NaN equals any other.
//
// Prints the number of wrong results (and with --list every one: input, right result, ours) and returns 1 when there
// are any. With --state it notes how far it came and goes on from there; slices i/n may run side by side, each with a
// state file of its own. A slice is every n-th block of 65,536 inputs from the i-th on: an odd n spreads them best.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nns_isa.h"
#include "nns_math.h"
#include "references.h"

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
static double neg(double x) { return -x; }
static double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x; }
static double square(double x) { return x * x; }
static double relu(double x) { return x <= 0 ? 0 : x; }
static double reciprocal(double x) { return 1 / x; }

typedef struct {
    const char *name;
    void (*ours)(float *, const float *, intptr_t);
    double (*reference)(double);
    int (*precise)(mpfr_t, const mpfr_t, mpfr_rnd_t);  // NULL: the reference is exact
    _Bool halves;                                      // near 0 the reference already lies on the right side of x / 2
} Function;

static const Function functions[] = {
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
    {"gelu", nns_gelu_f32, gelu, big_gelu, .halves = 1},
    {"silu", nns_silu_f32, silu, big_silu, .halves = 1},
    {"elu", nns_elu_f32, elu, big_elu},
    {"sqrt", nns_sqrt_f32, sqrt, mpfr_sqrt},
    {"square", nns_square_f32, square, big_square},
    {"reciprocal", nns_reciprocal_f32, reciprocal, big_reciprocal},
    {"neg", nns_neg_f32, neg, NULL},
    {"abs", nns_abs_f32, fabs, NULL},
    {"sign", nns_sign_f32, sign, NULL},
    {"relu", nns_relu_f32, relu, NULL},
    {"floor", nns_floor_f32, floor, NULL},
    {"ceil", nns_ceil_f32, ceil, NULL},
    {"round", nns_round_f32, rint, NULL},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

// MARK: State: one line "function:set/reference i/n next wrong" each

typedef struct {
    char name[64];
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
    while (progressCount < 4096 && fscanf(file, "%63s %d/%d %d %ld", p.name, &p.slice, &p.slices, &p.next, &p.wrong) == 5)
        progress[progressCount++] = p;
    if (!feof(file)) {
        fprintf(stderr, "%s is not a state file of this program\n", path);
        exit(2);
    }
    fclose(file);
}

// Written beside the old one and renamed, so that a run that is stopped loses nothing.
static void save_state(const char *path) {
    if (!path) return;
    char beside[4096];
    snprintf(beside, sizeof beside, "%s.new", path);
    FILE *file = fopen(beside, "w");
    if (!file) {
        fprintf(stderr, "cannot write %s: %s\n", beside, strerror(errno));
        exit(2);
    }
    for (int i = 0; i < progressCount; i++)
        fprintf(file, "%s %d/%d %d %ld\n", progress[i].name, progress[i].slice, progress[i].slices, progress[i].next,
                progress[i].wrong);
    fclose(file);
    rename(beside, path);
}

// MARK: Comparison

/// The float nearest to the function's value at x.
static float right_result(const Function *f, float x) {
    double r = f->reference((double)x);
    if (r != r) return NAN;
    if (!f->precise || (f->halves && r != 0 && fabs(r) < 0x1p-100 && fabsf(x) < 1)) return (float)r;
    float below = (float)(r * (1 - 0x1p-47)), above = (float)(r * (1 + 0x1p-47));
    if (below == above) return above;
    mpfr_t a, b;
    mpfr_init2(a, 53);
    mpfr_init2(b, 400);
    mpfr_set_flt(a, x, MPFR_RNDN);
    f->precise(b, a, MPFR_RNDN);
    float right = mpfr_get_flt(b, MPFR_RNDN);
    mpfr_clears(a, b, NULL);
    return right;
}

/// The number of wrong results among the BLOCK inputs from the bits `first` on.
static long check_block(const Function *f, uint32_t first, const char *isa, const char *against, _Bool list) {
    static float x[BLOCK], y[BLOCK], right[BLOCK];
    long wrong = 0;
    for (uint32_t i = 0; i < BLOCK; i++) {
        uint32_t bits = first + i;
        memcpy(&x[i], &bits, 4);
    }
    f->ours(y, x, BLOCK);
    if (against) {
        nns_isa_force(against);
        f->ours(right, x, BLOCK);
        nns_isa_force(isa);
    } else
        for (uint32_t i = 0; i < BLOCK; i++) right[i] = right_result(f, x[i]);
    for (uint32_t i = 0; i < BLOCK; i++) {
        uint32_t bits[3];
        memcpy(bits, &x[i], 4);
        memcpy(bits + 1, &right[i], 4);
        memcpy(bits + 2, &y[i], 4);
        if (bits[1] == bits[2] || (right[i] != right[i] && y[i] != y[i])) continue;
        wrong++;
        if (list) printf("%s 0x%08x 0x%08x 0x%08x  # %a\n", f->name, bits[0], bits[1], bits[2], x[i]);
    }
    return wrong;
}

static int usage(const char *argument) {
    fprintf(stderr, "unknown, or not on this machine: %s\n"
            "usage: exhaustive [--slice i/n] [--state FILE] [--isa NAME] [--against NAME] [--list] [FUNCTION...]\nfunctions:", argument);
    for (int f = 0; f < FUNCTIONS; f++) fprintf(stderr, " %s", functions[f].name);
    fprintf(stderr, "\n");
    return 2;
}

int main(int argc, char **argv) {
    int slice = 0, slices = 1;
    const char *state = NULL, *against = NULL, *isa = nns_isa_name();
    _Bool list = 0, chosen[FUNCTIONS] = {0}, any = 0;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--list")) list = 1;
        else if (!strcmp(argv[i], "--state") && i + 1 < argc) state = argv[++i];
        else if (!strcmp(argv[i], "--slice") && i + 1 < argc && sscanf(argv[i + 1], "%d/%d", &slice, &slices) == 2 &&
                 slices > 0 && slice >= 0 && slice < slices) i++;
        else if (!strcmp(argv[i], "--isa") && i + 1 < argc && nns_isa_force(argv[i + 1])) isa = argv[++i];
        else if (!strcmp(argv[i], "--against") && i + 1 < argc && nns_isa_force(argv[i + 1])) against = argv[++i];
        else {
            int f = 0;
            while (f < FUNCTIONS && strcmp(argv[i], functions[f].name)) f++;
            if (f == FUNCTIONS) return usage(argv[i]);
            chosen[f] = any = 1;
        }
    }
    nns_isa_force(isa);
    references_begin(400);
    load_state(state);
    long total = 0;
    for (int f = 0; f < FUNCTIONS; f++) {
        if (any && !chosen[f]) continue;
        char name[64];
        snprintf(name, sizeof name, "%s:%s/%s", functions[f].name, isa, against ? against : "mpfr");
        Progress *p = find_progress(name, slice, slices);
        for (; p->next < BLOCKS; p->next += slices) {
            if (p->next / slices % 1024 == 0) save_state(state);
            p->wrong += check_block(&functions[f], (uint32_t)p->next * BLOCK, isa, against, list);
        }
        save_state(state);
        printf("%-10s %s: %ld wrong\n", functions[f].name, isa, p->wrong);
        fflush(stdout);
        total += p->wrong;
    }
    return total != 0;
}
