// Blocks of a matrix transposed in registers: 8 by 8 floats, 4 by 4 doubles. Included inside every_isa.h, after vectors.h.

typedef float NNS(f8) __attribute__((vector_size(32)));
typedef float NNS(f8_u) __attribute__((vector_size(32), aligned(4), may_alias));
typedef double NNS(d4) __attribute__((vector_size(32)));
typedef double NNS(d4_u) __attribute__((vector_size(32), aligned(8), may_alias));

#define NNS_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define NNS_HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define NNS_LOW2(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define NNS_HIGH2(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define NNS_LOW4(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define NNS_HIGH4(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)

/// dst[p * to + j] = src[j * from + p] for j, p in 0..<8.
NNS_LOCAL void NNS(transpose_f32)(float *dst, intptr_t to, const float *src, intptr_t from) {
    NNS(f8) r0 = *(const NNS(f8_u) *)(src), r1 = *(const NNS(f8_u) *)(src + from);
    NNS(f8) r2 = *(const NNS(f8_u) *)(src + 2 * from), r3 = *(const NNS(f8_u) *)(src + 3 * from);
    NNS(f8) r4 = *(const NNS(f8_u) *)(src + 4 * from), r5 = *(const NNS(f8_u) *)(src + 5 * from);
    NNS(f8) r6 = *(const NNS(f8_u) *)(src + 6 * from), r7 = *(const NNS(f8_u) *)(src + 7 * from);
    NNS(f8) t0 = NNS_LOW(r0, r1), t1 = NNS_HIGH(r0, r1), t2 = NNS_LOW(r2, r3), t3 = NNS_HIGH(r2, r3);
    NNS(f8) t4 = NNS_LOW(r4, r5), t5 = NNS_HIGH(r4, r5), t6 = NNS_LOW(r6, r7), t7 = NNS_HIGH(r6, r7);
    NNS(f8) u0 = NNS_LOW2(t0, t2), u1 = NNS_HIGH2(t0, t2), u2 = NNS_LOW2(t1, t3), u3 = NNS_HIGH2(t1, t3);
    NNS(f8) u4 = NNS_LOW2(t4, t6), u5 = NNS_HIGH2(t4, t6), u6 = NNS_LOW2(t5, t7), u7 = NNS_HIGH2(t5, t7);
    *(NNS(f8_u) *)(dst) = NNS_LOW4(u0, u4);
    *(NNS(f8_u) *)(dst + to) = NNS_LOW4(u1, u5);
    *(NNS(f8_u) *)(dst + 2 * to) = NNS_LOW4(u2, u6);
    *(NNS(f8_u) *)(dst + 3 * to) = NNS_LOW4(u3, u7);
    *(NNS(f8_u) *)(dst + 4 * to) = NNS_HIGH4(u0, u4);
    *(NNS(f8_u) *)(dst + 5 * to) = NNS_HIGH4(u1, u5);
    *(NNS(f8_u) *)(dst + 6 * to) = NNS_HIGH4(u2, u6);
    *(NNS(f8_u) *)(dst + 7 * to) = NNS_HIGH4(u3, u7);
}

/// dst[p * to + j] = src[j * from + p] for j, p in 0..<4.
NNS_LOCAL void NNS(transpose_f64)(double *dst, intptr_t to, const double *src, intptr_t from) {
    NNS(d4) r0 = *(const NNS(d4_u) *)(src), r1 = *(const NNS(d4_u) *)(src + from);
    NNS(d4) r2 = *(const NNS(d4_u) *)(src + 2 * from), r3 = *(const NNS(d4_u) *)(src + 3 * from);
    NNS(d4) t0 = __builtin_shufflevector(r0, r1, 0, 4, 2, 6), t1 = __builtin_shufflevector(r0, r1, 1, 5, 3, 7);
    NNS(d4) t2 = __builtin_shufflevector(r2, r3, 0, 4, 2, 6), t3 = __builtin_shufflevector(r2, r3, 1, 5, 3, 7);
    *(NNS(d4_u) *)(dst) = __builtin_shufflevector(t0, t2, 0, 1, 4, 5);
    *(NNS(d4_u) *)(dst + to) = __builtin_shufflevector(t1, t3, 0, 1, 4, 5);
    *(NNS(d4_u) *)(dst + 2 * to) = __builtin_shufflevector(t0, t2, 2, 3, 6, 7);
    *(NNS(d4_u) *)(dst + 3 * to) = __builtin_shufflevector(t1, t3, 2, 3, 6, 7);
}

#undef NNS_LOW
#undef NNS_HIGH
#undef NNS_LOW2
#undef NNS_HIGH2
#undef NNS_LOW4
#undef NNS_HIGH4
