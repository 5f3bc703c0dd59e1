// Memory for tensors.
#ifndef NNS_MEMORY_H
#define NNS_MEMORY_H
#include <stdint.h>

/// A block of at least `bytes` bytes aligned to 64, or NULL.
void *_Nullable nns_alloc(intptr_t bytes);
/// Gives a block of `nns_alloc(bytes)` back; it is kept for the next call of its size on this thread.
void nns_free(void *_Nonnull block, intptr_t bytes);
/// Gives the blocks that this thread keeps back to the system.
void nns_memory_trim(void);
/// How many blocks were taken from the system so far, by all threads: a training step in its steady state adds none.
intptr_t nns_memory_taken(void);
/// Bytes counted now, at most so far, and the limit (negative until first asked for). One thread counts: the interpreter's.
extern intptr_t nns_memory_used, nns_memory_peak, nns_memory_most;
/// Counts `bytes` where the limit may not be known yet; false where they do not fit.
_Bool nns_memory_reserve_checked(intptr_t bytes);
void nns_memory_exceed(intptr_t bytes);
/// Counts `bytes` if they fit below the limit.
static inline _Bool nns_memory_reserve(intptr_t bytes) {
    if (bytes > nns_memory_most - nns_memory_used) return nns_memory_reserve_checked(bytes);
    intptr_t total = nns_memory_used + bytes;
    nns_memory_used = total;
    if (total > nns_memory_peak) nns_memory_peak = total;
    return 1;
}

/// Counts `bytes` that are taken already; beyond the limit what runs is asked to end (see nns_interrupt.h).
static inline void nns_memory_count(intptr_t bytes) {
    if (!nns_memory_reserve(bytes)) nns_memory_exceed(bytes);
}

/// Three quarters of the machine's memory, or of the cgroup's limit where that is lower, in bytes. NNS_MEMORY=bytes in
/// the environment sets another limit.
intptr_t nns_memory_limit(void);

#endif
