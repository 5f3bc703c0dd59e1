// zlib's initialisers are macros, which Swift cannot see; these are their function forms.
// Static, so that only a target that uses them needs to link zlib.
#ifndef NNS_ZLIB_H
#define NNS_ZLIB_H
#include <string.h>
#include <zlib.h>

/// Prepares `stream` for inflating; `window_bits` as in zlib (-15 raw, 15 zlib, 31 gzip, 47 either of the last two).
static inline int nns_inflate_init(z_stream *_Nonnull stream, int window_bits) {
    memset(stream, 0, sizeof *stream);
    return inflateInit2(stream, window_bits);
}

/// Prepares `stream` for deflating at the default level; `window_bits` as above.
static inline int nns_deflate_init(z_stream *_Nonnull stream, int window_bits) {
    memset(stream, 0, sizeof *stream);
    return deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
}

#endif
