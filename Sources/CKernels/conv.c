// Convolution: chooses the instruction set for conv.inc.
#include "nns_kernels.h"
#include "nns_interrupt.h"
#include "nns_isa.h"
#include "nns_memory.h"
#include "fma.h"
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#pragma clang diagnostic ignored "-Wpsabi"  // every function of vectors is inlined

static inline intptr_t nns_round64(intptr_t bytes) { return (bytes + 63) & ~(intptr_t)63; }

// For an axis of the input gradient: the first (or, with `end`, one past the last) place of the output's gradient that
// some input element and kernel tap reach, at least its own 0 and `places`.
static intptr_t nns_reach(intptr_t size, intptr_t taps, intptr_t stride, intptr_t pad, intptr_t dilation, intptr_t places, int end) {
    intptr_t low = 0, high = places;
    for (intptr_t phase = 0; phase < stride && phase < size; phase++)
        for (intptr_t r = 0; r < taps; r++) {
            intptr_t a = phase + pad - r * dilation;
            if (a % stride != 0) continue;
            if (a / stride < low) low = a / stride;
            if (a / stride + (size - phase - 1) / stride + 1 > high) high = a / stride + (size - phase - 1) / stride + 1;
        }
    return end ? high : low;
}

// Of rows of `width` elements, `size` of them real from `left` on, the elements that the next row's padding may serve as
// well: at most the shorter padding, and none of the `least` that a row must have.
static inline intptr_t nns_spare(intptr_t width, intptr_t least, intptr_t left, intptr_t size) {
    intptr_t right = width - left - size, spare = left < right ? left : right;
    if (spare > width - least) spare = width - least;
    return spare > 0 ? spare : 0;
}
// For an axis of the weight gradient: the places of the output at which a tap, `offset` elements after the place's first,
// meets the image.
static void nns_meeting(intptr_t size, intptr_t offset, intptr_t stride, intptr_t places, intptr_t *first, intptr_t *last) {
    *first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    *last = size - offset <= 0 ? 0 : (size - offset - 1) / stride + 1;
    if (*last > places) *last = places;
}

// The size of the first of the fewest nearly equal parts of at most `most`.
static inline intptr_t nns_share(intptr_t n, intptr_t most) {
    intptr_t parts = (n + most - 1) / most;
    return n <= 0 ? 0 : (n + parts - 1) / parts;
}

#define NNS_SOURCE "conv.inc"
#include "every_isa.h"

// Where so few filters half fill a vector of 64 bytes, vectors of 32 do the work in half the lanes.
#if defined(__x86_64__)
#define NARROW(S) \
    if (nns_isa() == NNS_AVX512 && g->k / g->groups <= (intptr_t)(32 / sizeof *df)) return conv_weight_##S##_avx2(df, dy, x, g, first, last);
#else
#define NARROW(S)
#endif

#define CHOOSE(T, S)                                                                                                 \
    _Bool nns_conv_##S(T *y, const T *x, const T *f, const T *bias, const nns_convolution *g, intptr_t first, intptr_t last) { \
        return NNS_PICK(conv_##S)(y, x, f, bias, g, first, last);                                                           \
    }                                                                                                                \
    _Bool nns_conv_input_##S(T *dx, const T *dy, const T *f, const nns_convolution *g, intptr_t first, intptr_t last) { \
        return NNS_PICK(conv_input_##S)(dx, dy, f, g, first, last);                                                         \
    }                                                                                                                \
    _Bool nns_conv_weight_##S(T *df, const T *dy, const T *x, const nns_convolution *g, intptr_t first, intptr_t last) { \
        NARROW(S)                                                                                                    \
        return NNS_PICK(conv_weight_##S)(df, dy, x, g, first, last);                                                        \
    }
CHOOSE(float, f32)
CHOOSE(double, f64)
