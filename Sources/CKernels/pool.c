// Pooling over 2-D windows.
//
// Every output takes its window by rows, then columns; elements of the padding are skipped.
#include "nns_kernels.h"
#include <math.h>

#define POOLING(T, S)                                                                                                \
    void nns_max_pool_##S(T *y, int32_t *index, const T *x, const nns_convolution *g, intptr_t first, intptr_t last) { \
        intptr_t plane = g->h * g->w;                                                                                \
        for (intptr_t p = first; p < last; p++) {                                                                    \
            const T *in = x + p * plane;                                                                             \
            intptr_t at = p * g->oh * g->ow;                                                                         \
            for (intptr_t i = 0; i < g->oh; i++)                                                                     \
                for (intptr_t j = 0; j < g->ow; j++, at++) {                                                         \
                    intptr_t h0 = i * g->stride_h - g->pad_h, w0 = j * g->stride_w - g->pad_w;                       \
                    intptr_t h1 = h0 + g->r > g->h ? g->h : h0 + g->r, w1 = w0 + g->s > g->w ? g->w : w0 + g->s;     \
                    if (h0 < 0) h0 = 0;                                                                              \
                    if (w0 < 0) w0 = 0;                                                                              \
                    intptr_t where = h0 * g->w + w0;                                                                 \
                    T best = in[where];                                                                              \
                    for (intptr_t h = h0; h < h1; h++)                                                               \
                        for (intptr_t w = w0; w < w1; w++) {                                                         \
                            T v = in[h * g->w + w];                                                                  \
                            if (v > best || (v != v && best == best)) best = v, where = h * g->w + w;                \
                        }                                                                                            \
                    y[at] = best;                                                                                    \
                    if (index) index[at] = (int32_t)(p * plane + where);                                             \
                }                                                                                                    \
        }                                                                                                            \
    }                                                                                                                \
    void nns_avg_pool_##S(T *y, const T *x, const nns_convolution *g, intptr_t first, intptr_t last) {               \
        T area = (T)(g->r * g->s);                                                                                   \
        for (intptr_t p = first; p < last; p++) {                                                                    \
            const T *in = x + p * g->h * g->w;                                                                       \
            intptr_t at = p * g->oh * g->ow;                                                                         \
            for (intptr_t i = 0; i < g->oh; i++)                                                                     \
                for (intptr_t j = 0; j < g->ow; j++, at++) {                                                         \
                    T sum = 0;                                                                                       \
                    for (intptr_t r = 0; r < g->r; r++) {                                                            \
                        intptr_t h = i * g->stride_h - g->pad_h + r;                                                 \
                        if (h < 0 || h >= g->h) continue;                                                            \
                        for (intptr_t s = 0; s < g->s; s++) {                                                        \
                            intptr_t w = j * g->stride_w - g->pad_w + s;                                             \
                            if (w >= 0 && w < g->w) sum += in[h * g->w + w];                                         \
                        }                                                                                            \
                    }                                                                                                \
                    y[at] = sum / area;                                                                              \
                }                                                                                                    \
        }                                                                                                            \
    }                                                                                                                \
    void nns_avg_pool_gradient_##S(T *dx, const T *dy, const nns_convolution *g, intptr_t first, intptr_t last) {    \
        T area = (T)(g->r * g->s);                                                                                   \
        for (intptr_t p = first; p < last; p++) {                                                                    \
            T *out = dx + p * g->h * g->w;                                                                           \
            intptr_t at = p * g->oh * g->ow;                                                                         \
            for (intptr_t i = 0; i < g->h * g->w; i++) out[i] = 0;                                                   \
            for (intptr_t i = 0; i < g->oh; i++)                                                                     \
                for (intptr_t j = 0; j < g->ow; j++, at++) {                                                         \
                    T share = dy[at] / area;                                                                         \
                    for (intptr_t r = 0; r < g->r; r++) {                                                            \
                        intptr_t h = i * g->stride_h - g->pad_h + r;                                                 \
                        if (h < 0 || h >= g->h) continue;                                                            \
                        for (intptr_t s = 0; s < g->s; s++) {                                                        \
                            intptr_t w = j * g->stride_w - g->pad_w + s;                                             \
                            if (w >= 0 && w < g->w) out[h * g->w + w] += share;                                      \
                        }                                                                                            \
                    }                                                                                                \
                }                                                                                                    \
        }                                                                                                            \
    }

POOLING(float, f32)
POOLING(double, f64)
