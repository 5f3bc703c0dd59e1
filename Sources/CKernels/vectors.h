// Vectors of the width of the instruction set at hand; included by kernel sources inside every_isa.h.
// `vf` and `vd` are registers of floats and doubles, `*_u` the same at any address. No include guard: the types are
// made anew for each instruction set, under its own names.

#define NNS_FLOATS (NNS_WIDTH / 4)
#define NNS_DOUBLES (NNS_WIDTH / 8)
#define NNS_LOCAL static inline __attribute__((always_inline, unused))
typedef float NNS(vf) __attribute__((vector_size(NNS_WIDTH)));
typedef float NNS(vf_u) __attribute__((vector_size(NNS_WIDTH), aligned(4), may_alias));
typedef int32_t NNS(vi) __attribute__((vector_size(NNS_WIDTH)));
typedef double NNS(vd) __attribute__((vector_size(NNS_WIDTH)));
typedef double NNS(vd_u) __attribute__((vector_size(NNS_WIDTH), aligned(8), may_alias));
typedef int64_t NNS(vl) __attribute__((vector_size(NNS_WIDTH)));
