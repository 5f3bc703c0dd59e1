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
/// Three quarters of the machine's memory, or of the cgroup's limit where that is lower, in bytes. NNS_MEMORY=bytes in
/// the environment sets another limit.
intptr_t nns_memory_limit(void);

#endif
