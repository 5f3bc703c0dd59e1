// A clock that costs a few nanoseconds to read: for shares of a time, not for times.
#ifndef NNS_TICKS_H
#define NNS_TICKS_H
#include <stdint.h>
#include <time.h>

/// Ticks of a steady clock of unknown rate.
static inline uint64_t nns_ticks(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
#endif
}

#endif
