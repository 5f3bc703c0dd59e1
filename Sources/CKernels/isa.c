#include "nns_isa.h"
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"baseline", "avx2", "avx512", "neon"};
static int chosen = -1;

static int supported(int isa) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (isa == NNS_AVX2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (isa == NNS_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
#elif defined(__aarch64__)
    if (isa == NNS_NEON) return 1;
#endif
    return isa == NNS_BASELINE;
}

_Bool nns_isa_force(const char *name) {
    for (int isa = 0; isa < 4; isa++)
        if (strcmp(name, names[isa]) == 0 && supported(isa)) {
            chosen = isa;
            return 1;
        }
    return 0;
}

int nns_isa(void) {
    if (chosen >= 0) return chosen;
    const char *forced = getenv("NNS_ISA");
    if (forced && nns_isa_force(forced)) return chosen;
    int best = NNS_BASELINE;
    for (int isa = 1; isa < 4; isa++)
        if (supported(isa)) best = isa;
    return chosen = best;
}

const char *nns_isa_name(void) { return names[nns_isa()]; }
