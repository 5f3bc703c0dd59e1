// Memory for tensors.
#ifndef NNS_MEMORY_H
#define NNS_MEMORY_H
#include <stdint.h>

/// A block of at least `bytes` bytes aligned to 64, or NULL.
void *_Nullable nns_alloc(intptr_t bytes);
/// Gives a block of `nns_alloc` back.
void nns_free(void *_Nonnull block);
/// Three quarters of the machine's memory, or of the cgroup's limit where that is lower, in bytes.
intptr_t nns_memory_limit(void);

#endif
