// Random numbers by counting: element i of a draw is a function of (seed, stream, call, i) alone, so that
// neither threads nor vector widths nor the order of evaluation can change it.
//
// The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). A draw has
// a key of its own: the block of (stream, call) under the seed gives the key and the upper half of the counter,
// the lower half counts blocks. `first` is the index of dst[0] in the draw; eight blocks of four words make a
// group (their order within it is documented in random.inc).
#ifndef NNS_RANDOM_H
#define NNS_RANDOM_H

#include <stdint.h>

/// One block of Philox4x32-10.
void nns_philox(const uint32_t *_Nonnull counter, const uint32_t *_Nonnull key, uint32_t *_Nonnull result);

/// Uniform in [low, high), 24 and 53 random bits; never high, whatever the rounding. low < high, or all are low.
void nns_random_uniform_f32(float *_Nonnull dst, intptr_t n, intptr_t first, uint64_t seed, uint64_t stream, uint64_t call,
                            double low, double high);
void nns_random_uniform_f64(double *_Nonnull dst, intptr_t n, intptr_t first, uint64_t seed, uint64_t stream, uint64_t call,
                            double low, double high);
/// mean + sd times a standard normal number (Box and Muller's polar form, own log, sin and cos).
void nns_random_normal_f32(float *_Nonnull dst, intptr_t n, intptr_t first, uint64_t seed, uint64_t stream, uint64_t call,
                           double mean, double sd);
void nns_random_normal_f64(double *_Nonnull dst, intptr_t n, intptr_t first, uint64_t seed, uint64_t stream, uint64_t call,
                           double mean, double sd);
/// low + an integer below range, all equally likely (range > 0; Lemire's method, redrawing with a counter of its own).
void nns_random_integers_f32(float *_Nonnull dst, intptr_t n, intptr_t first, uint64_t seed, uint64_t stream, uint64_t call,
                             int64_t low, uint64_t range);
void nns_random_integers_f64(double *_Nonnull dst, intptr_t n, intptr_t first, uint64_t seed, uint64_t stream, uint64_t call,
                             int64_t low, uint64_t range);
/// 1 with probability p, else 0.
void nns_random_bernoulli(uint8_t *_Nonnull dst, intptr_t n, intptr_t first, uint64_t seed, uint64_t stream, uint64_t call,
                          double p);
/// A permutation of 0..<n (Fisher and Yates), all equally likely.
void nns_random_permutation(intptr_t *_Nonnull dst, intptr_t n, uint64_t seed, uint64_t stream, uint64_t call);

#endif
