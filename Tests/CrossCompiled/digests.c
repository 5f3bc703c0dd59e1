// Prints a digest of the results of every kernel over many shapes and values, one line a kernel.
//
// Built for another architecture and run there (or in an emulator), it must print what it prints here, on every
// instruction set: see scripts/test-aarch64. It needs nothing but the kernels and the C library, since Swift cannot be
// cross-compiled everywhere. Inputs are words of Philox, whose known answers are tested elsewhere.
//
//   digests          the instruction set is the best one, or NNS_ISA's
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

/// Factor on the number of shapes.
enum { MORE = 4 };

// MARK: Digests (FNV-1a, 64 bits; every NaN counts as the same)

static uint64_t digest;
static uint32_t word_number, key[2];

static void take_bytes(const void *data, size_t n) {
    const uint8_t *p = data;
    for (size_t i = 0; i < n; i++) digest = (digest ^ p[i]) * 0x100000001b3;
}
static void take_f32(const float *x, intptr_t n) {
    for (intptr_t i = 0; i < n; i++) {
        uint32_t bits = 0x7fc00000;
        if (x[i] == x[i]) memcpy(&bits, x + i, 4);
        take_bytes(&bits, 4);
    }
}
static void take_f64(const double *x, intptr_t n) {
    for (intptr_t i = 0; i < n; i++) {
        uint64_t bits = 0x7ff8000000000000;
        if (x[i] == x[i]) memcpy(&bits, x + i, 8);
        take_bytes(&bits, 8);
    }
}

/// Begins a kernel's digest: its inputs depend on its name alone.
static void begin(const char *name) {
    printf("%-32s ", name);
    digest = 0xcbf29ce484222325;
    take_bytes(name, strlen(name));
    key[0] = (uint32_t)digest;
    key[1] = (uint32_t)(digest >> 32);
    word_number = 0;
}
static void end(void) { printf("%016llx\n", (unsigned long long)digest); }

// MARK: Inputs

static uint32_t word(void) {
    static uint32_t block[4];
    if (word_number % 4 == 0) nns_philox((uint32_t[]){word_number / 4, 0, 0, 0}, key, block);
    return block[word_number++ % 4];
}
static intptr_t below(intptr_t n) { return (intptr_t)((uint64_t)word() * (uint64_t)n >> 32); }

/// A length: edges of every vector's width, now and then a chunk of a reduction or more.
static intptr_t length(void) {
    static const int16_t edges[] = {0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 127, 128, 129};
    if (below(12) == 0) return 1000 + below(1100);
    return below(2) ? edges[below(sizeof edges / sizeof *edges)] : below(150);
}

/// What values there are: of ordinary size with zeros of both signs and subnormals; infinities and NaN too; any bits.
typedef enum { ORDINARY, SPECIAL, ANY } values;

static double value(values kind) {
    double v = ((double)word() - 0x1p31) * 0x1p-31 + word() * 0x1p-62;
    switch (below(kind == SPECIAL ? 60 : 40)) {
    case 0: return 0;
    case 1: return -0.0;
    case 2: return v * 1e-30;
    case 3: return v * 1e-20;
    case 4: return v * 1e-42;
    case 5: return v * 1e-310;
    case 6: return v * 30;
    case 41: return INFINITY;
    case 42: return -INFINITY;
    case 43: return NAN;
    case 44: return v * 1e38;
    default: return v;
    }
}
static float any_f32(values kind) {
    if (kind != ANY) return (float)value(kind);
    uint32_t bits = word();
    float v;
    memcpy(&v, &bits, 4);
    return v;
}
static double any_f64(values kind) {
    if (kind != ANY) return value(kind);
    uint64_t bits = (uint64_t)word() << 32 | word();
    double v;
    memcpy(&v, &bits, 8);
    return v;
}

/// Memory for n elements, 64 more than asked, which must stay as they are.
static void *room(intptr_t n, size_t size) {
    char *p = malloc(((size_t)n + 64) * size);
    if (!p) abort();
    memset(p, 0x5a, ((size_t)n + 64) * size);
    return p;
}
static void leave(void *p, intptr_t n, size_t size) {
    for (size_t i = (size_t)n * size; i < ((size_t)n + 64) * size; i++)
        if (((uint8_t *)p)[i] != 0x5a) {
            fprintf(stderr, "a kernel wrote behind its result\n");
            exit(1);
        }
    free(p);
}
static uint8_t *flags(intptr_t n) {
    uint8_t *p = room(n, 1);
    for (intptr_t i = 0; i < n; i++) p[i] = (uint8_t)below(2);
    return p;
}

/// A convolution that fits, with strides, padding, dilation and groups.
static nns_convolution geometry(int pooling) {
    for (;;) {
        intptr_t groups = below(3) == 0 ? 2 : 1, plain = below(2);
        nns_convolution g = {
            .n = 1 + below(3), .c = groups * (1 + below(5)), .h = 1 + below(9), .w = 1 + below(40), .k = groups * (1 + below(plain ? 18 : 5)),
            .r = 1 + below(4), .s = 1 + below(4), .stride_h = plain ? 1 : 1 + below(3), .stride_w = plain ? 1 : 1 + below(3),
            .pad_h = below(3), .pad_w = below(3), .dilation_h = plain ? 1 : 1 + below(2), .dilation_w = plain ? 1 : 1 + below(2), .groups = groups};
        if (pooling) {
            g.dilation_h = g.dilation_w = g.groups = 1;
            g.k = g.c;
            g.pad_h = below(g.r / 2 + 1);
            g.pad_w = below(g.s / 2 + 1);
        }
        intptr_t room_h = g.h + 2 * g.pad_h - g.dilation_h * (g.r - 1) - 1, room_w = g.w + 2 * g.pad_w - g.dilation_w * (g.s - 1) - 1;
        if (room_h < 0 || room_w < 0) continue;
        g.oh = room_h / g.stride_h + 1;
        g.ow = room_w / g.stride_w + 1;
        return g;
    }
}

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
/// The function of the element type at hand, and its name in print.
#define F(name) PASTE(name, S)
#define BEGIN(name) begin(name "_" TEXT(S))

#define T float
#define S f32
#include "kernels.inc"
#undef T
#undef S
#define T double
#define S f64
#include "kernels.inc"
#undef T
#undef S

// MARK: Kernels without an element type

static void logic(void) {
    begin("logic");
    for (int round = 0; round < 64 * MORE; round++) {
        intptr_t rows = 1 + below(3), cols = length(), n = rows * cols;
        uint8_t *a = flags(n), *b = flags(n), *y = room(n, 1);
        static const int operations[] = {NNS_EQUAL, NNS_NOT_EQUAL, NNS_AND, NNS_OR};
        for (int i = 0; i < 4; i++) {
            nns_logic(operations[i], y, a, b, rows, cols, cols, 1, round % 2 ? 0 : cols, 1);
            take_bytes(y, (size_t)n);
        }
        nns_not_bool(y, a, n);
        take_bytes(y, (size_t)n);
        free(a), free(b), leave(y, n, 1);
    }
    end();
}

static void conversions(void) {
    begin("convert, fill, where, count");
    static const intptr_t sizes[] = {1, 4, 8};
    for (int round = 0; round < 64 * MORE; round++) {
        intptr_t n = length();
        void *x[3] = {flags(n), any_array_f32(n, SPECIAL), any_array_f64(n, SPECIAL)}, *z[3] = {flags(n), any_array_f32(n, SPECIAL), any_array_f64(n, SPECIAL)};
        uint8_t *condition = flags(n);
        for (int from = 0; from < 3; from++) {
            intptr_t count = nns_count(sizes[from], x[from], n);
            take_bytes(&(int64_t){count}, 8);
            for (int to = 0; to < 3; to++)
                for (int way = 0; way < 3; way++) {
                    void *y = room(n, (size_t)sizes[to]);
                    if (way == 0) nns_convert(sizes[to], y, sizes[from], x[from], n);
                    else if (from != to || n == 0) memset(y, 0, (size_t)(n * sizes[to]));
                    else if (way == 1) nns_where(sizes[to], y, condition, x[to], round % 3 != 0, z[to], round % 4 != 0, n);
                    else nns_fill(sizes[to], y, x[to], n);
                    if (to == 0) take_bytes(y, (size_t)n);
                    else if (to == 1) take_f32(y, n);
                    else take_f64(y, n);
                    leave(y, n, (size_t)sizes[to]);
                }
        }
        for (int i = 0; i < 3; i++) free(x[i]), free(z[i]);
        free(condition);
    }
    end();
}

static void draws(void) {
    begin("bernoulli, permutation");
    for (int round = 0; round < 32 * MORE; round++) {
        intptr_t n = length(), first = below(100);
        uint8_t *y = room(n, 1);
        nns_random_bernoulli(y, n, first, word(), word(), word(), below(100) / 100.0);
        take_bytes(y, (size_t)n);
        leave(y, n, 1);
        intptr_t *order = room(n, sizeof *order);
        nns_random_permutation(order, n, word(), word(), word());
        for (intptr_t i = 0; i < n; i++) take_bytes(&(int64_t){order[i]}, 8);
        leave(order, n, sizeof *order);
    }
    end();
}

int main(void) {
    logic();
    conversions();
    draws();
    every_kernel_f32();
    every_kernel_f64();
}
