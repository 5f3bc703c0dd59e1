#include "nns_memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *nns_alloc(intptr_t bytes) {
    void *block = NULL;
    return posix_memalign(&block, 64, bytes < 64 ? 64 : (size_t)bytes) == 0 ? block : NULL;
}

void nns_free(void *block) { free(block); }

static intptr_t cgroup_limit(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return INTPTR_MAX;
    long long value = 0;
    int found = fscanf(file, "%lld", &value);  // "max" does not parse: no limit
    fclose(file);
    return found == 1 && value > 0 ? (intptr_t)value : INTPTR_MAX;
}

intptr_t nns_memory_limit(void) {
    intptr_t limit = (intptr_t)sysconf(_SC_PHYS_PAGES) * (intptr_t)sysconf(_SC_PAGESIZE);
    intptr_t v2 = cgroup_limit("/sys/fs/cgroup/memory.max");
    intptr_t v1 = cgroup_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    if (v2 < limit) limit = v2;
    if (v1 < limit) limit = v1;
    return limit / 4 * 3;
}
