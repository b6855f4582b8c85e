#ifndef PUSHLEDGER_CALLOCATOR_SHIM_H
#define PUSHLEDGER_CALLOCATOR_SHIM_H

#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

/* glibc gives each thread an arena of its own. See mallopt(3), M_ARENA_MAX. */
static inline void pushledger_share_one_arena(void) {
#if defined(__GLIBC__)
  mallopt(M_ARENA_MAX, 1);
#endif
}

#endif
