// Includes one kernel source (NNS_SOURCE, a file name in quotes) once for every instruction set.
//
// In the source: NNS(name) names a function for the instruction set at hand, NNS_WIDTH is the vector width in
// bytes, NNS_FMA says whether __builtin_elementwise_fma is one instruction (else use the emulation in fma.h).
// The bits must not depend on any of them.
//
// No include guard: every .c file includes this once, after its headers.

#if defined(__FAST_MATH__) || __FINITE_MATH_ONLY__
#error "Kernels keep NaN, infinities, signed zeros and the order of operations: compile without fast-math."
#endif

#define NNS_PASTE_(a, b) a##_##b
#define NNS_PASTE(a, b) NNS_PASTE_(a, b)
#define NNS(name) NNS_PASTE(name, NNS_SUFFIX)

#if defined(__aarch64__)

#define NNS_SUFFIX neon
#define NNS_WIDTH 16
#define NNS_FMA 1
#include NNS_SOURCE
#undef NNS_SUFFIX
#undef NNS_WIDTH
#undef NNS_FMA

#define NNS_PICK(name) name##_neon

#else

#define NNS_SUFFIX baseline
#define NNS_WIDTH 16
#define NNS_FMA 0
#include NNS_SOURCE
#undef NNS_SUFFIX
#undef NNS_WIDTH
#undef NNS_FMA

#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#define NNS_SUFFIX avx2
#define NNS_WIDTH 32
#define NNS_FMA 1
#include NNS_SOURCE
#undef NNS_SUFFIX
#undef NNS_WIDTH
#undef NNS_FMA
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi,bmi2"))), apply_to = function)
#define NNS_SUFFIX avx512
#define NNS_WIDTH 64
#define NNS_FMA 1
#include NNS_SOURCE
#undef NNS_SUFFIX
#undef NNS_WIDTH
#undef NNS_FMA
#pragma clang attribute pop

// The variant for the instruction set in use: NNS_PICK(nns_add_f32)(dst, a, b, n).
#define NNS_PICK(name) (nns_isa() == NNS_AVX512 ? name##_avx512 : nns_isa() == NNS_AVX2 ? name##_avx2 : name##_baseline)

#endif
