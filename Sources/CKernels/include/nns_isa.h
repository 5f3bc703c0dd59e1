// Which instruction set the kernels use: chosen once, at the first call, and forced by NNS_ISA.
#ifndef NNS_ISA_H
#define NNS_ISA_H

enum { NNS_BASELINE = 0, NNS_AVX2 = 1, NNS_AVX512 = 2, NNS_NEON = 3 };

/// The instruction set in use.
int nns_isa(void);
/// Forces one by name (`baseline`, `avx2`, `avx512`, `neon`); false when this machine lacks it or the name is unknown.
_Bool nns_isa_force(const char *_Nonnull name);
/// The name of the instruction set in use.
const char *_Nonnull nns_isa_name(void);

#endif
