/*
 * Descriptors: see fd.h.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

/* For kernels before 5.9, which lack close_range. */
#define FD_LOOP_MAX	65536

bool
pj_fd_write_all(int fd, struct pj_span bytes)
{
	long n;

	while (bytes.len > 0) {
		n = syscall(SYS_write, fd, bytes.ptr, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = pj_span_from(bytes, (size_t)n);
	}
	return true;
}

void
pj_fd_close_range(unsigned first, unsigned last)
{
	if (first > last)
		return;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, last, 0) == 0)
		return;
#endif
	for (unsigned fd = first; fd <= last && fd < FD_LOOP_MAX; fd++)
		(void)syscall(SYS_close, fd);
}
