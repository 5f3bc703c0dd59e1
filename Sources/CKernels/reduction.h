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
/// mask ? a : b for vectors; `I` is the integer vector type.
#define NNS_SELECT_V(V, I, mask, a, b) ((V)(((I)(a) & (mask)) | ((I)(b) & ~(mask))))
#define NNS_LANES_INDEX {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

/// Defines T NNS(NAME)(const T *x, intptr_t n, T m). VALUE(x) turns loaded elements (a vector, or `m` beside it) into
/// terms; COMBINE(a, b) combines vectors or single values `a` (the earlier) and `b`.
#define NNS_REDUCER(NAME, T, V, VU, I, IDENTITY, VALUE, COMBINE, COMBINE_ONE)                                 \
    static inline __attribute__((always_inline)) V NNS(NAME##_part)(const T *x, intptr_t n, T m) { /* one chunk's lanes */                   \
        V acc = (V){} + (T)(IDENTITY);                                                                        \
        intptr_t i = 0;                                                                                       \
        for (; i + 16 <= n; i += 16) {                                                                        \
            V v = VALUE((V) * (const VU *)(x + i));                                                           \
            acc = COMBINE(acc, v);                                                                            \
        }                                                                                                     \
        if (i < n) {                                                                                          \
            V raw = {};                                                                                       \
            for (intptr_t l = 0; l < n - i; l++) raw[l] = x[i + l];                                           \
            V v = VALUE(raw);                                                                                 \
            I lane = NNS_LANES_INDEX;                                                                         \
            v = NNS_SELECT_V(V, I, (I)(lane < (I){} + (int)(n - i)), v, ((V){} + (T)(IDENTITY)));          \
            acc = COMBINE(acc, v);                                                                            \
        }                                                                                                     \
        return acc;                                                                                           \
    }                                                                                                         \
    static T NNS(NAME)(const T *x, intptr_t n, T m) {                                                         \
        V stack[48];                                                                                          \
        int depth = 0;                                                                                        \
        uintptr_t chunks = 0;                                                                                 \
        intptr_t at = 0;                                                                                      \
        V v;                                                                                                  \
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
        if (depth == 0) return (T)(IDENTITY);                                                                 \
        v = stack[--depth];                                                                                   \
        while (depth > 0) {                                                                                   \
            V older = stack[--depth];                                                                         \
            v = COMBINE(older, v);                                                                            \
        }                                                                                                     \
        for (int w = 8; w >= 1; w /= 2)                                                                       \
            for (int l = 0; l < w; l++) {                                                                     \
                T one = v[l], other = v[l + w];                                                               \
                v[l] = COMBINE_ONE(one, other);                                                               \
            }                                                                                                 \
        return v[0];                                                                                          \
    }

#define NNS_VALUE_SAME(v) (v)
#define NNS_COMBINE_ADD(a, b) ((a) + (b))
#endif
