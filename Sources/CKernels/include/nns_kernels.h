// Kernels over whole arrays: elementwise operations, reductions, products, convolution, pooling, normalisation and
// optimizer steps. Sizes and strides count elements. Every function has the same bits on every instruction set.
#ifndef NNS_KERNELS_H
#define NNS_KERNELS_H
#include <stdint.h>

#pragma clang assume_nonnull begin

// MARK: Threads (threads.c)

/// One piece of a parallel loop: indices from `first` up to `last`, exclusive.
typedef void (*nns_piece)(void *_Nullable context, intptr_t first, intptr_t last);
/// Runs `body` over 0..<count in pieces of at least `grain`, on the pool where that pays; returns when all are done.
/// Pieces must not depend on each other. Called inside a piece it runs on the calling thread.
void nns_parallel(intptr_t count, intptr_t grain, nns_piece body, void *_Nullable context);
/// The number of threads, the caller's included.
int nns_threads(void);
/// Sets the number of threads: 1 and above, capped at 64.
void nns_threads_set(int n);

// MARK: Elementwise (elementwise.inc)

enum {
    NNS_ADD, NNS_SUBTRACT, NNS_MULTIPLY, NNS_DIVIDE, NNS_FLOOR_DIVIDE, NNS_MODULO, NNS_POWER, NNS_MAXIMUM, NNS_MINIMUM,
    NNS_EQUAL, NNS_NOT_EQUAL, NNS_LESS, NNS_LESS_EQUAL, NNS_GREATER, NNS_GREATER_EQUAL, NNS_AND, NNS_OR,
};

/// dst[i, j] = a[i, j] op b[i, j] for arithmetic `op`; `a` and `b` advance by (ar, ac) and (br, bc) a row and column;
/// dst is contiguous and may be a or b where those are contiguous too.
void nns_binary_f32(int op, float *dst, const float *a, const float *b, intptr_t rows, intptr_t cols,
                    intptr_t ar, intptr_t ac, intptr_t br, intptr_t bc);
void nns_binary_f64(int op, double *dst, const double *a, const double *b, intptr_t rows, intptr_t cols,
                    intptr_t ar, intptr_t ac, intptr_t br, intptr_t bc);
/// The same for comparisons, giving 0 and 1.
void nns_compare_f32(int op, uint8_t *dst, const float *a, const float *b, intptr_t rows, intptr_t cols,
                     intptr_t ar, intptr_t ac, intptr_t br, intptr_t bc);
void nns_compare_f64(int op, uint8_t *dst, const double *a, const double *b, intptr_t rows, intptr_t cols,
                     intptr_t ar, intptr_t ac, intptr_t br, intptr_t bc);
/// The same for bools (0 and 1): equal, not equal, and, or.
void nns_logic(int op, uint8_t *dst, const uint8_t *a, const uint8_t *b, intptr_t rows, intptr_t cols,
               intptr_t ar, intptr_t ac, intptr_t br, intptr_t bc);
/// One element of each, with the same bits.
float nns_scalar_f32(int op, float a, float b);
double nns_scalar_f64(int op, double a, double b);

/// y[i] += alpha * x[i], the product rounded, then the sum.
void nns_add_scaled_f32(float *y, float alpha, const float *x, intptr_t n);
void nns_add_scaled_f64(double *y, double alpha, const double *x, intptr_t n);
/// y[i] += x[i].
void nns_accumulate_f32(float *y, const float *x, intptr_t n);
void nns_accumulate_f64(double *y, const double *x, intptr_t n);
/// y[i] = a[i] * b[i] + c[i] as C writes it: the product rounded, then the sum. Nothing computes with it; tests ask it
/// whether the compiler fuses what the kernels write apart.
void nns_multiply_add_f32(float *y, const float *a, const float *b, const float *c, intptr_t n);
void nns_multiply_add_f64(double *y, const double *a, const double *b, const double *c, intptr_t n);
/// dst[i] = condition[i] ? a[i * as] : b[i * bs]; elements of 1, 4 or 8 bytes, strides 0 or 1.
void nns_where(intptr_t size, void *dst, const uint8_t *condition, const void *a, intptr_t as, const void *b, intptr_t bs, intptr_t n);
/// Conversions between element types: 1 byte is a bool (nonzero is true), 4 a float, 8 a double.
void nns_convert(intptr_t to, void *dst, intptr_t from, const void *src, intptr_t n);
/// dst[i] = the element at `value`, of 1, 4 or 8 bytes.
void nns_fill(intptr_t size, void *dst, const void *value, intptr_t n);

// MARK: Reductions (reduce.inc)

enum { NNS_SUM, NNS_MEAN, NNS_MAX, NNS_MIN, NNS_PRODUCT, NNS_ALL, NNS_ANY, NNS_SUM_SQUARES, NNS_SUM_ABS };

/// dst[i] = reduction of the `cols` contiguous elements x[i, ...]: 16 lanes, chunks of 1,024 (see reduce.inc).
/// Sum, max, min, product, sum of squares, sum of absolute values.
void nns_reduce_rows_f32(int op, float *dst, const float *x, intptr_t rows, intptr_t cols);
void nns_reduce_rows_f64(int op, double *dst, const double *x, intptr_t rows, intptr_t cols);
/// acc[j] = acc[j] op x[i, j] for i ascending: one accumulator for each output. The row stride is `stride`.
void nns_reduce_columns_f32(int op, float *acc, const float *x, intptr_t rows, intptr_t cols, intptr_t stride);
void nns_reduce_columns_f64(int op, double *acc, const double *x, intptr_t rows, intptr_t cols, intptr_t stride);
/// dst[i] = the sum of (x[i, j] - mean[i % channels])^2, each difference and square rounded, in the order of reduce_rows.
void nns_deviation_rows_f32(float *dst, const float *x, const float *mean, intptr_t channels, intptr_t rows, intptr_t cols);
void nns_deviation_rows_f64(double *dst, const double *x, const double *mean, intptr_t channels, intptr_t rows, intptr_t cols);
/// The number of nonzero elements of `size` bytes (1, 4 or 8; NaN counts).
intptr_t nns_count(intptr_t size, const void *x, intptr_t n);
/// Index of the first largest (or smallest) of n elements with the given stride; the first NaN wins.
intptr_t nns_arg_extremum_f32(const float *x, intptr_t n, intptr_t stride, int largest);
intptr_t nns_arg_extremum_f64(const double *x, intptr_t n, intptr_t stride, int largest);

// MARK: Products (matmul.inc)

/// C[m, n] = A[m, k] B[k, n], each element one chain of fused multiply-adds from +0 over ascending k.
/// A and B have any row and column strides, C is contiguous with row stride `ldc`.
void nns_matmul_f32(float *c, intptr_t ldc, const float *a, intptr_t ars, intptr_t acs, const float *b, intptr_t brs,
                    intptr_t bcs, intptr_t m, intptr_t n, intptr_t k);
void nns_matmul_f64(double *c, intptr_t ldc, const double *a, intptr_t ars, intptr_t acs, const double *b, intptr_t brs,
                    intptr_t bcs, intptr_t m, intptr_t n, intptr_t k);

// MARK: Convolution and pooling (conv.inc, pool.inc)

/// Sizes of a 2-D convolution: x [n, c, h, w], filters [k, c / groups, r, s], output [n, k, oh, ow].
typedef struct {
    intptr_t n, c, h, w, k, r, s, oh, ow, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, groups;
} nns_convolution;

/// Each output is one chain of fused multiply-adds from +0 over (channel, kernel row, kernel column), padding skipped;
/// then the bias is added. Images `first` to `last` only. This and the gradients are false without memory to work in.
_Bool nns_conv_f32(float *y, const float *x, const float *f, const float *_Nullable bias, const nns_convolution *g,
                  intptr_t first, intptr_t last);
_Bool nns_conv_f64(double *y, const double *x, const double *f, const double *_Nullable bias, const nns_convolution *g,
                  intptr_t first, intptr_t last);
/// dx: each a chain over (output channel, kernel row, kernel column). Images `first` to `last` only.
_Bool nns_conv_input_f32(float *dx, const float *dy, const float *f, const nns_convolution *g, intptr_t first, intptr_t last);
_Bool nns_conv_input_f64(double *dx, const double *dy, const double *f, const nns_convolution *g, intptr_t first, intptr_t last);
/// df: each a chain over (image, output row, output column), padding skipped. Of the groups * c / groups * r * s taps of
/// filters only `first` to `last`, for all filters of their groups.
_Bool nns_conv_weight_f32(float *df, const float *dy, const float *x, const nns_convolution *g, intptr_t first, intptr_t last);
_Bool nns_conv_weight_f64(double *df, const double *dy, const double *x, const nns_convolution *g, intptr_t first, intptr_t last);

/// The largest of each window of size r by s (the first of equals; a NaN wins), and its flat index in x where `index`
/// is given. Planes (image and channel) `first` to `last`; c, k and groups are not used.
void nns_max_pool_f32(float *y, int32_t *_Nullable index, const float *x, const nns_convolution *g, intptr_t first, intptr_t last);
void nns_max_pool_f64(double *y, int32_t *_Nullable index, const double *x, const nns_convolution *g, intptr_t first, intptr_t last);
/// The sum of each window over (row, column) from +0, divided by r s: padding counts as zeros.
void nns_avg_pool_f32(float *y, const float *x, const nns_convolution *g, intptr_t first, intptr_t last);
void nns_avg_pool_f64(double *y, const double *x, const nns_convolution *g, intptr_t first, intptr_t last);
/// dx += dy / (r s) for each window, windows in ascending order, from +0.
void nns_avg_pool_gradient_f32(float *dx, const float *dy, const nns_convolution *g, intptr_t first, intptr_t last);
void nns_avg_pool_gradient_f64(double *dx, const double *dy, const nns_convolution *g, intptr_t first, intptr_t last);

// MARK: Images between their pixels (resample.inc)

/// Images x [n, c, h, w] at `places` places each, pairs (row, column) in pixels: [n, places, 2], or [places, 2] if `shared`.
typedef struct {
    intptr_t n, c, h, w, places;
    _Bool nearest, shared;
} nns_resampling;

/// y [n, c, places]: bilinear between the four pixels around each place (or the nearest, halves to the next), 0 outside. One
/// chain of fused multiply-adds over those inside whose weight is not 0, by row, then column. Images `first` to `last` only.
void nns_resample_f32(float *y, const float *x, const float *at, const nns_resampling *g, intptr_t first, intptr_t last);
void nns_resample_f64(double *y, const double *x, const double *at, const nns_resampling *g, intptr_t first, intptr_t last);
/// dx: each a chain of fused multiply-adds from +0 over the places in ascending order.
void nns_resample_gradient_f32(float *dx, const float *dy, const float *at, const nns_resampling *g, intptr_t first, intptr_t last);
void nns_resample_gradient_f64(double *dx, const double *dy, const double *at, const nns_resampling *g, intptr_t first, intptr_t last);

// MARK: Softmax and normalisation (norm.inc)

enum { NNS_SOFTMAX, NNS_LOG_SOFTMAX, NNS_SOFTMAX_LOCAL = 4096 };
/// Each row: exp(x - max) / sum, or x - max - log(sum), in double, rounded once (f32: times 1 / sum, which rounds
/// alike). `scratch` holds `cols` doubles where cols > NNS_SOFTMAX_LOCAL.
void nns_softmax_f32(int op, float *y, const float *x, intptr_t rows, intptr_t cols, double *_Nullable scratch);
void nns_softmax_f64(int op, double *y, const double *x, intptr_t rows, intptr_t cols, double *_Nullable scratch);
/// y[i] = max + log(sum of exp(x - max)) of each row, not rounded.
void nns_log_sum_exp_f32(double *y, const float *x, intptr_t rows, intptr_t cols, double *_Nullable scratch);
void nns_log_sum_exp_f64(double *y, const double *x, intptr_t rows, intptr_t cols, double *_Nullable scratch);
/// Each row: its probabilities p, not rounded, and loss = (1 - smoothing) * -log p[label] + smoothing * the mean of -log p, in double.
void nns_cross_entropy_f32(double *loss, double *p, const float *x, const float *labels, intptr_t rows, intptr_t cols,
                           double smoothing, double *_Nullable scratch);
void nns_cross_entropy_f64(double *loss, double *p, const double *x, const double *labels, intptr_t rows, intptr_t cols,
                           double smoothing, double *_Nullable scratch);
/// g = (p - target) * scale in double, rounded once; target = 1 - smoothing at the label, plus smoothing / cols everywhere.
void nns_cross_entropy_gradient_f32(float *g, const double *p, const float *labels, intptr_t rows, intptr_t cols,
                                    double smoothing, double scale);
void nns_cross_entropy_gradient_f64(double *g, const double *p, const double *labels, intptr_t rows, intptr_t cols,
                                    double smoothing, double scale);

/// y = ((x - mean) * inverse) * gamma + beta with one value of each for a row (a channel's plane), each step rounded.
/// Row i takes the parameters at i % channels. gamma and beta may be NULL.
void nns_normalize_rows_f32(float *y, const float *x, const float *mean, const float *inverse, const float *_Nullable gamma,
                            const float *_Nullable beta, intptr_t rows, intptr_t channels, intptr_t cols);
void nns_normalize_rows_f64(double *y, const double *x, const double *mean, const double *inverse, const double *_Nullable gamma,
                            const double *_Nullable beta, intptr_t rows, intptr_t channels, intptr_t cols);

/// sums[i] = the sum of g[i, ...], slopes[i] = that of g * ((x - mean) * inverse), products rounded, in reduction.h's order.
/// `scratch` holds `cols` elements.
void nns_normal_sums_f32(float *sums, float *slopes, const float *g, const float *x, const float *mean, const float *inverse,
                         intptr_t rows, intptr_t channels, intptr_t cols, float *scratch);
void nns_normal_sums_f64(double *sums, double *slopes, const double *g, const double *x, const double *mean, const double *inverse,
                         intptr_t rows, intptr_t channels, intptr_t cols, double *scratch);
/// dx = (g - centre - ((x - mean) * inverse) * slope) * scale, each step rounded.
void nns_normal_gradient_f32(float *dx, const float *g, const float *x, const float *mean, const float *inverse, const float *centre,
                             const float *slope, const float *scale, intptr_t rows, intptr_t channels, intptr_t cols);
void nns_normal_gradient_f64(double *dx, const double *g, const double *x, const double *mean, const double *inverse, const double *centre,
                             const double *slope, const double *scale, intptr_t rows, intptr_t channels, intptr_t cols);

// MARK: Optimizers (optimizer.inc)

/// One step over n elements, each operation rounded; `to` arrays may be the arrays themselves. v is NULL without momentum.
void nns_sgd_f32(float *p, float *_Nullable v, const float *p0, const float *g, const float *_Nullable v0, intptr_t n,
                 float rate, float momentum, int nesterov, float l2);
void nns_sgd_f64(double *p, double *_Nullable v, const double *p0, const double *g, const double *_Nullable v0, intptr_t n,
                 double rate, double momentum, int nesterov, double l2);
/// `keep` multiplies the parameter first (1 for none): decoupled weight decay.
void nns_adam_f32(float *p, float *m, float *v, const float *p0, const float *g, const float *m0, const float *v0,
                  intptr_t n, float step, float b1, float c1, float b2, float c2, float root, float eps, float l2, float keep);
void nns_adam_f64(double *p, double *m, double *v, const double *p0, const double *g, const double *m0, const double *v0,
                  intptr_t n, double step, double b1, double c1, double b2, double c2, double root, double eps, double l2, double keep);
void nns_rmsprop_f32(float *p, float *v, float *_Nullable b, const float *p0, const float *g, const float *v0, const float *_Nullable b0,
                     intptr_t n, float rate, float alpha, float rest, float eps, float l2, float momentum);
void nns_rmsprop_f64(double *p, double *v, double *_Nullable b, const double *p0, const double *g, const double *v0, const double *_Nullable b0,
                     intptr_t n, double rate, double alpha, double rest, double eps, double l2, double momentum);
void nns_adagrad_f32(float *p, float *s, const float *p0, const float *g, const float *s0, intptr_t n, float rate, float eps, float l2);
void nns_adagrad_f64(double *p, double *s, const double *p0, const double *g, const double *s0, intptr_t n, double rate, double eps, double l2);

#pragma clang assume_nonnull end
#endif
