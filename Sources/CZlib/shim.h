#ifndef PUSHLEDGER_CZLIB_SHIM_H
#define PUSHLEDGER_CZLIB_SHIM_H

#include <zlib.h>

/* inflateInit2 and deflateInit2 are macros, which Swift cannot call. 15 + 16: gzip framing. */
static inline int pushledger_gzip_inflate_init(z_streamp stream) {
  return inflateInit2(stream, 15 + 16);
}
static inline int pushledger_gzip_deflate_init(z_streamp stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

#endif
