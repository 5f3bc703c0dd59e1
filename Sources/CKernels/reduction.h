// The order of every reduction along contiguous elements, for kernel sources inside every_isa.h.
//
// A run of n elements is cut into chunks of 1,024 (the last may be shorter). A chunk has 16 lanes: lane l starts at the
// operation's identity (0, 1, -inf, +inf) and takes the chunk's elements l, l + 16, l + 32, ... in this order. The lane
// vectors of the chunks are combined lane by lane in a tree: T(n chunks) = T(first p) op T(other n - p), p being the
// largest power of two below n. At the end lanes l and l + 8 are combined (l < 8), then l and l + 4, l + 2, l + 1.
// In C:
//
//     lane[c][l] = step(lane[c][l], x[1024 c + 16 i + l])                   for i ascending, 16 i + l < 1024
//     tree(c, n) = n == 1 ? lane[c] : combine(tree(c, p), tree(c + p, n - p))
//     for (w = 8; w >= 1; w /= 2) for (l = 0; l < w; l++) v[l] = combine(v[l], v[l + w])
//
// Four chunks are worked on at a time, so that the additions of one do not wait for each other; the tree makes this
// invisible. An empty run gives the identity.

typedef float NNS(f16) __attribute__((vector_size(64)));
typedef float NNS(f16u) __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t NNS(i16) __attribute__((vector_size(64)));
typedef double NNS(d16) __attribute__((vector_size(128)));
typedef double NNS(d16u) __attribute__((vector_size(128), aligned(8), may_alias));
typedef int64_t NNS(l16) __attribute__((vector_size(128)));

#pragma clang diagnostic ignored "-Wpsabi"  // every function of vectors is inlined
#ifndef NNS_SELECT_V
/// mask ? a : b for vectors of any one type.
#define NNS_SELECT_V(mask, a, b)                                                            \
    ({ __auto_type m_ = (mask);                                                             \
       (__typeof__(a))(((__typeof__(m_))(a) & m_) | ((__typeof__(m_))(b) & ~m_)); })
#define NNS_LANES_INDEX {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
/// The later one where it is larger (smaller) or a NaN: the first of equals stays, a NaN wins.
#define NNS_COMBINE_MAX(a, b) NNS_SELECT_V(((b) > (a)) | ((b) != (b)), b, a)
#define NNS_COMBINE_MIN(a, b) NNS_SELECT_V(((b) < (a)) | ((b) != (b)), b, a)
#define NNS_COMBINE_MAX_ONE(a, b) ((b) > (a) || (b) != (b) ? (b) : (a))
#define NNS_COMBINE_MIN_ONE(a, b) ((b) < (a) || (b) != (b) ? (b) : (a))
#define NNS_COMBINE_ADD(a, b) ((a) + (b))
#define NNS_VALUE_SAME(v) (v)

/// The lanes of v in a tree: l with l + 8, + 4, + 2, + 1.
#define NNS_COMBINE_LANES(T, v, COMBINE, COMBINE_ONE)                                                          \
    ({ __auto_type h8_ = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);                                \
       __auto_type k8_ = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);                          \
       h8_ = COMBINE(h8_, k8_);                                                                                \
       __auto_type h4_ = __builtin_shufflevector(h8_, h8_, 0, 1, 2, 3);                                        \
       __auto_type k4_ = __builtin_shufflevector(h8_, h8_, 4, 5, 6, 7);                                        \
       h4_ = COMBINE(h4_, k4_);                                                                                \
       T one_ = h4_[0], other_ = h4_[2], two_ = h4_[1], three_ = h4_[3];                                       \
       one_ = COMBINE_ONE(one_, other_);                                                                       \
       two_ = COMBINE_ONE(two_, three_);                                                                       \
       COMBINE_ONE(one_, two_); })

/// Defines T NNS(NAME)(const T *x, intptr_t n, T m) for one run, and NNS(NAME##_4) for four runs of at most 1,024
/// elements, `stride` apart, side by side. VALUE(x) turns a vector of elements (and `m`) into terms; COMBINE(a, b)
/// combines vectors, COMBINE_ONE numbers, `a` being the earlier.
#define NNS_REDUCER(NAME, T, V, VU, I, IDENTITY, VALUE, COMBINE, COMBINE_ONE)                                 \
    /* the last elements of a chunk, fewer than 16: the other lanes hold the identity */                      \
    static inline __attribute__((always_inline)) V NNS(NAME##_rest)(const T *x, intptr_t n, T m) {            \
        T buffer[16] __attribute__((aligned(64))) = {0};                                                      \
        for (intptr_t l = 0; l < n; l++) buffer[l] = x[l];                                                    \
        V raw = *(V *)buffer;                                                                                 \
        V v = VALUE(raw);                                                                                     \
        I lane = NNS_LANES_INDEX;                                                                             \
        (void)m;                                                                                              \
        return NNS_SELECT_V(lane < (I){} + (int)n, v, ((V){} + (T)(IDENTITY)));                               \
    }                                                                                                         \
    static inline __attribute__((always_inline)) V NNS(NAME##_part)(const T *x, intptr_t n, T m) {            \
        V acc = (V){} + (T)(IDENTITY);                                                                        \
        intptr_t i = 0;                                                                                       \
        for (; i + 16 <= n; i += 16) {                                                                        \
            V v = VALUE((V) * (const VU *)(x + i));                                                           \
            acc = COMBINE(acc, v);                                                                            \
        }                                                                                                     \
        if (i < n) {                                                                                          \
            V v = NNS(NAME##_rest)(x + i, n - i, m);                                                          \
            acc = COMBINE(acc, v);                                                                            \
        }                                                                                                     \
        return acc;                                                                                           \
    }                                                                                                         \
    static T NNS(NAME)(const T *x, intptr_t n, T m) {                                                         \
        V v;                                                                                                  \
        if (n <= 1024) {                                                                                      \
            v = NNS(NAME##_part)(x, n, m);                                                                    \
            return NNS_COMBINE_LANES(T, v, COMBINE, COMBINE_ONE);                                             \
        }                                                                                                     \
        V stack[48];                                                                                          \
        int depth = 0;                                                                                        \
        uintptr_t chunks = 0;                                                                                 \
        intptr_t at = 0;                                                                                      \
        for (; at + 4096 <= n; at += 4096) {                                                                  \
            V a = (V){} + (T)(IDENTITY), b = a, c = a, d = a;                                                 \
            const T *p = x + at;                                                                              \
            for (int i = 0; i < 1024; i += 16) {                                                              \
                V va = VALUE((V) * (const VU *)(p + i)), vb = VALUE((V) * (const VU *)(p + 1024 + i));        \
                V vc = VALUE((V) * (const VU *)(p + 2048 + i)), vd = VALUE((V) * (const VU *)(p + 3072 + i)); \
                a = COMBINE(a, va);                                                                           \
                b = COMBINE(b, vb);                                                                           \
                c = COMBINE(c, vc);                                                                           \
                d = COMBINE(d, vd);                                                                           \
            }                                                                                                 \
            a = COMBINE(a, b);                                                                                \
            c = COMBINE(c, d);                                                                                \
            v = COMBINE(a, c);                                                                                \
            for (uintptr_t bits = chunks >> 2; bits & 1; bits >>= 1) {                                        \
                V older = stack[--depth];                                                                     \
                v = COMBINE(older, v);                                                                        \
            }                                                                                                 \
            stack[depth++] = v;                                                                               \
            chunks += 4;                                                                                      \
        }                                                                                                     \
        for (; at < n; at += 1024) {                                                                          \
            v = NNS(NAME##_part)(x + at, n - at < 1024 ? n - at : 1024, m);                                   \
            for (uintptr_t bits = chunks; bits & 1; bits >>= 1) {                                             \
                V older = stack[--depth];                                                                     \
                v = COMBINE(older, v);                                                                        \
            }                                                                                                 \
            stack[depth++] = v;                                                                               \
            chunks++;                                                                                         \
        }                                                                                                     \
        v = stack[--depth];                                                                                   \
        while (depth > 0) {                                                                                   \
            V older = stack[--depth];                                                                         \
            v = COMBINE(older, v);                                                                            \
        }                                                                                                     \
        return NNS_COMBINE_LANES(T, v, COMBINE, COMBINE_ONE);                                                 \
    }                                                                                                         \
    __attribute__((unused)) static void NNS(NAME##_4)(T * dst, const T *x, intptr_t n, intptr_t stride, const T *means) { \
        V a = (V){} + (T)(IDENTITY), b = a, c = a, d = a;                                                     \
        T ma = means[0], mb = means[1], mc = means[2], md = means[3], m = 0;                                  \
        (void)ma, (void)mb, (void)mc, (void)md, (void)m;                                                      \
        intptr_t i = 0;                                                                                       \
        V va, vb, vc, vd;                                                                                     \
        for (; i + 16 <= n; i += 16) {                                                                        \
            { T m = ma; (void)m; va = VALUE((V) * (const VU *)(x + i)); }                                     \
            { T m = mb; (void)m; vb = VALUE((V) * (const VU *)(x + stride + i)); }                            \
            { T m = mc; (void)m; vc = VALUE((V) * (const VU *)(x + 2 * stride + i)); }                        \
            { T m = md; (void)m; vd = VALUE((V) * (const VU *)(x + 3 * stride + i)); }                        \
            a = COMBINE(a, va);                                                                               \
            b = COMBINE(b, vb);                                                                               \
            c = COMBINE(c, vc);                                                                               \
            d = COMBINE(d, vd);                                                                               \
        }                                                                                                     \
        if (i < n) {                                                                                          \
            va = NNS(NAME##_rest)(x + i, n - i, ma);                                                          \
            vb = NNS(NAME##_rest)(x + stride + i, n - i, mb);                                                 \
            vc = NNS(NAME##_rest)(x + 2 * stride + i, n - i, mc);                                             \
            vd = NNS(NAME##_rest)(x + 3 * stride + i, n - i, md);                                             \
            a = COMBINE(a, va);                                                                               \
            b = COMBINE(b, vb);                                                                               \
            c = COMBINE(c, vc);                                                                               \
            d = COMBINE(d, vd);                                                                               \
        }                                                                                                     \
        dst[0] = NNS_COMBINE_LANES(T, a, COMBINE, COMBINE_ONE);                                               \
        dst[1] = NNS_COMBINE_LANES(T, b, COMBINE, COMBINE_ONE);                                               \
        dst[2] = NNS_COMBINE_LANES(T, c, COMBINE, COMBINE_ONE);                                               \
        dst[3] = NNS_COMBINE_LANES(T, d, COMBINE, COMBINE_ONE);                                               \
    }
#endif
