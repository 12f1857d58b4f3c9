#pragma once
#include <zlib.h>

// inflateInit2 is a macro. 15 + 16: the largest window, in a gzip frame whose CRC and length are verified.
static inline int czlib_inflate_init_gzip(z_stream *stream) { return inflateInit2(stream, 15 + 16); }
// Negative: the same window and no frame.
static inline int czlib_inflate_init_raw(z_stream *stream) { return inflateInit2(stream, -15); }
