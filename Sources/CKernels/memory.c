// Memory for tensors: blocks are kept for reuse, so that a training step in its steady state asks the system for
// nothing (fresh pages must be zeroed by the kernel, which costs more than filling them).
//
// Each thread has its own lists, one for each size class: a block given back goes to the list of the thread that gives
// it back. Classes are 64 bytes apart up to 1 KiB, then eight to a doubling. At most `most_cached` bytes are kept.
#include "nns_memory.h"
#include "nns_interrupt.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SMALL_CLASSES = 16, CLASSES = SMALL_CLASSES + 8 * 30 };  // the largest class is 1 TiB

typedef struct free_block {
    struct free_block *next;
} free_block;

static _Thread_local free_block *lists[CLASSES];
static _Thread_local intptr_t cached = 0;
static const intptr_t most_cached = (intptr_t)512 << 20;
static _Atomic intptr_t taken = 0;

intptr_t nns_memory_taken(void) { return atomic_load_explicit(&taken, memory_order_relaxed); }

static inline int class_of(intptr_t bytes) {
    if (bytes <= 1024) return bytes <= 64 ? 0 : (int)((bytes - 1) >> 6);
    int log = 63 - __builtin_clzll((unsigned long long)(bytes - 1));  // 2^log < bytes <= 2^(log + 1), log >= 10
    return SMALL_CLASSES + (log - 10) * 8 + (int)(((bytes - 1) >> (log - 3)) & 7);
}

static inline intptr_t class_size(int class) {
    if (class < SMALL_CLASSES) return (intptr_t)(class + 1) << 6;
    int log = 10 + (class - SMALL_CLASSES) / 8;
    return ((intptr_t)((class - SMALL_CLASSES) % 8 + 9)) << (log - 3);
}

void nns_memory_trim(void) {
    for (int class = 0; class < CLASSES; class++)
        while (lists[class]) {
            free_block *block = lists[class];
            lists[class] = block->next;
            free(block);
        }
    cached = 0;
}

void *nns_alloc(intptr_t bytes) {
    if (bytes > (intptr_t)1 << 40) return NULL;
    int class = class_of(bytes);
    free_block *block = lists[class];
    if (__builtin_expect(block != NULL, 1)) {
        lists[class] = block->next;
        cached -= class_size(class);
        return block;
    }
    void *fresh = NULL;
    size_t size = (size_t)class_size(class);
    atomic_fetch_add_explicit(&taken, 1, memory_order_relaxed);
    if (posix_memalign(&fresh, 64, size) == 0) return fresh;
    nns_memory_trim();
    return posix_memalign(&fresh, 64, size) == 0 ? fresh : NULL;
}

void nns_free(void *pointer, intptr_t bytes) {
    int class = class_of(bytes);
    intptr_t size = class_size(class);
    if (cached + size > most_cached) {
        free(pointer);
        return;
    }
    free_block *block = pointer;
    block->next = lists[class];
    lists[class] = block;
    cached += size;
}

static intptr_t cgroup_limit(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return INTPTR_MAX;
    long long value = 0;
    int found = fscanf(file, "%lld", &value);  // "max" does not parse: no limit
    fclose(file);
    return found == 1 && value > 0 ? (intptr_t)value : INTPTR_MAX;
}

intptr_t nns_memory_limit(void) {
    const char *forced = getenv("NNS_MEMORY");
    if (forced) {
        long long bytes = atoll(forced);
        if (bytes > 0) return (intptr_t)bytes;
    }
    intptr_t limit = (intptr_t)sysconf(_SC_PHYS_PAGES) * (intptr_t)sysconf(_SC_PAGESIZE);
    intptr_t v2 = cgroup_limit("/sys/fs/cgroup/memory.max");
    intptr_t v1 = cgroup_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    if (v2 < limit) limit = v2;
    if (v1 < limit) limit = v1;
    struct rlimit own;
    if (getrlimit(RLIMIT_AS, &own) == 0 && own.rlim_cur != RLIM_INFINITY && (intptr_t)own.rlim_cur < limit) limit = (intptr_t)own.rlim_cur;
    return limit / 4 * 3;
}

intptr_t nns_memory_used = 0, nns_memory_peak = 0, nns_memory_most = -1;

_Bool nns_memory_reserve_checked(intptr_t bytes) {
    if (nns_memory_most < 0) nns_memory_most = nns_memory_limit();
    intptr_t total;
    if (__builtin_add_overflow(nns_memory_used, bytes, &total) || total < 0 || total > nns_memory_most) return 0;
    nns_memory_used = total;
    if (total > nns_memory_peak) nns_memory_peak = total;
    return 1;
}

void nns_memory_exceed(intptr_t bytes) {
    nns_memory_used += bytes;
    nns_interrupt_for_memory();
}
