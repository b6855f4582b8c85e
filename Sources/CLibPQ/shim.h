#ifndef PUSHLEDGER_CLIBPQ_SHIM_H
#define PUSHLEDGER_CLIBPQ_SHIM_H

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Glibc's Swift overlay exports neither eventfd nor its flags. */
static inline int pushledger_wake_descriptor(void) {
  return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

#endif
