// Random numbers: keys of draws, scalars, and the choice of the instruction set. See nns_random.h and random.inc.
#include "fma.h"
#include "nns_interrupt.h"
#include "nns_isa.h"
#include "nns_random.h"
#include "random.h"

#define NNS_SOURCE "random.inc"
#include "every_isa.h"

void nns_philox(const uint32_t *counter, const uint32_t *key, uint32_t *result) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p = (uint64_t)c0 * NNS_PHILOX_M0, q = (uint64_t)c2 * NNS_PHILOX_M1;
        c0 = (uint32_t)(q >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)q;
        c2 = (uint32_t)(p >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p;
        k0 += NNS_PHILOX_W0;
        k1 += NNS_PHILOX_W1;
    }
    result[0] = c0;
    result[1] = c1;
    result[2] = c2;
    result[3] = c3;
}

/// The key of a draw: the block of (stream, call) under the seed.
static nns_draw draw(uint64_t seed, uint64_t stream, uint64_t call) {
    uint32_t counter[4] = {(uint32_t)stream, (uint32_t)(stream >> 32), (uint32_t)call, (uint32_t)(call >> 32)};
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)}, w[4];
    nns_philox(counter, key, w);
    return (nns_draw){{w[0], w[1]}, {w[2], w[3]}};
}

// The numbers next below high: the largest results allowed.
static double last_f64(double low, double high) { return low < high ? nextafter(high, low) : low; }
static double last_f32(double low, double high) {
    float h = (float)high;
    if (!(low < high)) return low;
    // The largest float below high; where no float lies in the range, the one that low rounds to.
    if ((double)h >= high) h = nextafterf(h, -INFINITY);
    return (double)h < low ? low : (double)h;
}

void nns_random_uniform_f32(float *dst, intptr_t n, intptr_t first, uint64_t seed, uint64_t stream, uint64_t call, double low,
                            double high) {
    NNS_PICK(nns_random_uniform_f32)(dst, n, first, draw(seed, stream, call), low, high - low, last_f32(low, high));
}

void nns_random_uniform_f64(double *dst, intptr_t n, intptr_t first, uint64_t seed, uint64_t stream, uint64_t call, double low,
                            double high) {
    NNS_PICK(nns_random_uniform_f64)(dst, n, first, draw(seed, stream, call), low, high - low, last_f64(low, high));
}

void nns_random_normal_f32(float *dst, intptr_t n, intptr_t first, uint64_t seed, uint64_t stream, uint64_t call, double mean,
                           double sd) {
    NNS_PICK(nns_random_normal_f32)(dst, n, first, draw(seed, stream, call), mean, sd);
}

void nns_random_normal_f64(double *dst, intptr_t n, intptr_t first, uint64_t seed, uint64_t stream, uint64_t call, double mean,
                           double sd) {
    NNS_PICK(nns_random_normal_f64)(dst, n, first, draw(seed, stream, call), mean, sd);
}

void nns_random_bernoulli(uint8_t *dst, intptr_t n, intptr_t first, uint64_t seed, uint64_t stream, uint64_t call, double p) {
    NNS_PICK(nns_random_bernoulli)(dst, n, first, draw(seed, stream, call), p * 0x1p32);
}

/// An integer below range made of 64 bits (Lemire, "Fast random integer generation in an interval", 2019).
/// Words that would make some results likelier are drawn anew, from the element's own blocks.
static uint64_t below(uint64_t range, uint64_t word, nns_draw d, uint64_t element) {
    unsigned __int128 m = (unsigned __int128)word * range;
    if ((uint64_t)m < range) {
        uint64_t biased = -range % range;
        for (uint32_t attempt = 1; (uint64_t)m < biased; attempt++) {
            uint32_t counter[4] = {(uint32_t)element, (uint32_t)(element >> 32), d.upper[0], d.upper[1] + attempt}, w[4];
            uint32_t key[2] = {~d.key[0], d.key[1]};
            nns_philox(counter, key, w);
            m = (unsigned __int128)((uint64_t)w[0] << 32 | w[1]) * range;
        }
    }
    return (uint64_t)(m >> 64);
}

#define NNS_INTEGERS(T, suffix)                                                                                          \
    void nns_random_integers_##suffix(T *dst, intptr_t n, intptr_t first, uint64_t seed, uint64_t stream, uint64_t call, \
                                      int64_t low, uint64_t range) {                                                    \
        nns_draw d = draw(seed, stream, call);                                                                           \
        for (intptr_t i = 0; i < n;) {                                                                                   \
            uint64_t words[16], index = (uint64_t)(first + i);                                                           \
            NNS_PICK(nns_random_words)(words, d, index / 16);                                                            \
            for (int j = (int)(index % 16); j < 16 && i < n; j++, i++)                                                   \
                dst[i] = (T)(low + (int64_t)below(range, words[j], d, index / 16 * 16 + (uint64_t)j));                   \
        }                                                                                                                \
    }
NNS_INTEGERS(float, f32)
NNS_INTEGERS(double, f64)

void nns_random_permutation(intptr_t *dst, intptr_t n, uint64_t seed, uint64_t stream, uint64_t call) {
    nns_draw d = draw(seed, stream, call);
    uint64_t words[16];
    for (intptr_t i = 0; i < n; i++) {
        if (i % 65536 == 0 && nns_interrupted()) return;
        // Inside out: place i goes to a random place up to i.
        if (i % 16 == 0) NNS_PICK(nns_random_words)(words, d, (uint64_t)i / 16);
        intptr_t j = (intptr_t)below((uint64_t)i + 1, words[i % 16], d, (uint64_t)i);
        if (j != i) dst[i] = dst[j];
        dst[j] = i;
    }
}
