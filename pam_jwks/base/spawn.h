/*
 * Starting a program from inside a foreign process.  Responsible for: a start
 * that the host cannot notice and cannot disturb (no SIGCHLD, nothing for its
 * waitpid(-1), whatever it does with signals, descriptors, limits or threads),
 * and for an end at the deadline.  Must not: touch the host's dispositions,
 * limits or environment, or run anything but system calls between clone and
 * exec.
 *
 * How: a raw clone without an exit signal makes an intermediate process, which
 * never execs.  It makes the process that does, waits for it and exits.  (exec
 * resets the exit signal to SIGCHLD, so a child that execs would be seen.)
 */
#ifndef PJ_BASE_SPAWN_H
#define PJ_BASE_SPAWN_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* The descriptor that the program answers on; 0 to 2 are /dev/null. */
#define PJ_SPAWN_REPLY_FD	3

struct pj_spawn {
	const char		*path;		/* absolute */
	const char *const	*argv;		/* NULL at its end */
	int64_t			 timeout_ms;
	/*
	 * Nobody waits: the reply goes to /dev/null, the program outlives the
	 * caller, and PJ_OK means no more than that a process for it was made.
	 * None is made by a process that would inherit it as a child.
	 */
	bool			 detached;
};

/*
 * Runs the program with an empty environment in a session of its own, and
 * appends what it writes to PJ_SPAWN_REPLY_FD to reply (not used if detached)
 * until it has ended.  PJ_OK if it ran, whatever its exit code and even if it
 * wrote nothing. PJ_HELPER_NOT_STARTED if it could not be started, with the
 * reason; PJ_FETCH_TIMEOUT if it was killed at the deadline; PJ_HELPER_FAILED
 * if it wrote more than reply's maximum; PJ_SYSTEM_ERROR.
 *
 * Its group is killed where the kernel can do that without a process number
 * (Linux 6.9), the program alone before.  Before Linux 5.3, or without /proc,
 * it is left to its own deadline: nobody else's process is killed by mistake.
 */
enum pj_status	pj_spawn_run(const struct pj_spawn *spec, struct pj_buf *reply,
		    struct pj_error *err) PJ_MUST_CHECK;

#endif
