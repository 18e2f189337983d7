/*
 * Descriptors.  Responsible for: what several layers do with them.  Both are
 * plain system calls, so that they may run between fork and exec.
 */
#ifndef PJ_BASE_FD_H
#define PJ_BASE_FD_H

#include "base/span.h"

/* Writes all of the bytes; false if that failed, with errno. */
bool	pj_fd_write_all(int fd, struct pj_span bytes);

/* Closes the descriptors from first to last, which may be ~0U. */
void	pj_fd_close_range(unsigned first, unsigned last);

#endif
