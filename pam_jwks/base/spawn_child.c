/*
 * The new processes of spawn.c: the intermediate one, and the one that becomes
 * the program.
 *
 * Everything that runs here is a raw system call: after a clone behind glibc's
 * back in a process with threads, locks may be held for ever, and wrappers that
 * are cancellation points may run the host's clean-up handlers.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/spawn_private.h"

#define SIGNALS		64

/* What the program may open: its libraries and a few files. */
#define NOFILE		256
#define STACK		(8UL * 1024 * 1024)

/* A raw fork; every argument is 0, so their order does not matter. */
long
pj_spawn_fork(void)
{
	return syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
}

static void __attribute__((noreturn))
raw_exit(int code)
{
	for (;;)
		(void)syscall(SYS_exit_group, code);
}

static void
raw_record(int fd, char kind, long value)
{
	struct pj_spawn_record record = {
		.kind = kind, .value = (int32_t)value,
	};

	/* At most PIPE_BUF bytes: all or nothing. */
	(void)syscall(SYS_write, fd, &record, sizeof(record));
}

/* Sets one disposition to the default: an all-zero kernel_sigaction. */
static void
raw_default(int sig)
{
	static const uint64_t zero[16];

	(void)syscall(SYS_rt_sigaction, sig, zero, NULL, PJ_KERNEL_SET);
}

/*
 * Sets one limit, soft and hard, or the nearest that is allowed: even root may
 * lack the capability to raise a hard one.
 */
static void
raw_limit(int what, rlim64_t value)
{
	struct rlimit64 lim = { value, value };

	if (syscall(SYS_prlimit64, 0, what, &lim, NULL) == 0 ||
	    syscall(SYS_prlimit64, 0, what, NULL, &lim) != 0)
		return;
	if (lim.rlim_max > value)
		lim.rlim_max = value;
	lim.rlim_cur = lim.rlim_max;
	(void)syscall(SYS_prlimit64, 0, what, &lim, NULL);
}

/*
 * The caller of the host may have put limits on it under which the program
 * could not even load.
 */
static void
raw_reset_limits(void)
{
	raw_limit(RLIMIT_AS, RLIM64_INFINITY);
	raw_limit(RLIMIT_CPU, RLIM64_INFINITY);
	raw_limit(RLIMIT_DATA, RLIM64_INFINITY);
	raw_limit(RLIMIT_FSIZE, RLIM64_INFINITY);
	raw_limit(RLIMIT_STACK, STACK);
	raw_limit(RLIMIT_NOFILE, NOFILE);
}

/*
 * Moves out to the reply's descriptor, closes everything else and fills 0 to 2.
 * False with errno, out still the pipe.  It takes no more descriptors than are
 * there already, for a host may be short of them.
 */
static bool
raw_arrange(int *out, bool detached)
{
	if (*out == PJ_SPAWN_REPLY_FD) {
		if (syscall(SYS_fcntl, *out, F_SETFD, 0) != 0)
			return false;
	} else if (syscall(SYS_dup3, *out, PJ_SPAWN_REPLY_FD, 0) < 0) {
		return false;
	}
	*out = PJ_SPAWN_REPLY_FD;
	pj_fd_close_range(PJ_SPAWN_REPLY_FD + 1, ~0U);
	(void)syscall(SYS_close, 0);
	if (syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR) != 0 ||
	    syscall(SYS_dup3, 0, 1, 0) < 0 || syscall(SYS_dup3, 0, 2, 0) < 0)
		return false;
	return !detached || syscall(SYS_dup3, 0, PJ_SPAWN_REPLY_FD, 0) >= 0;
}

/* The process that becomes the program.  Never returns. */
static void __attribute__((noreturn))
become(const struct pj_spawn *spec, int out)
{
	static char *const empty[] = { NULL };
	static const uint64_t none;

	(void)syscall(SYS_setsid);
	raw_record(out, PJ_SPAWN_PID, syscall(SYS_getpid));
	raw_reset_limits();
	if (!raw_arrange(&out, spec->detached)) {
		raw_record(out, PJ_SPAWN_EXEC, errno);
		raw_exit(127);
	}
	for (int sig = 1; sig <= SIGNALS; sig++)
		raw_default(sig);
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL,
	    PJ_KERNEL_SET);
	(void)syscall(SYS_execve, spec->path, spec->argv, empty);
	raw_record(out, PJ_SPAWN_EXEC, errno);
	raw_exit(127);
}

/* The intermediate process.  Never returns; all signals stay blocked in it. */
void
pj_spawn_intermediate(const struct pj_spawn *spec, int out)
{
	long child, result;

	/* Where it is ignored, wait would find nothing. */
	raw_default(SIGCHLD);
	child = pj_spawn_fork();
	if (child == 0)
		become(spec, out);
	if (child < 0) {
		raw_record(out, PJ_SPAWN_FORK, errno);
		raw_exit(1);
	}
	if (spec->detached)
		raw_exit(0);
	/*
	 * The host's connections and files must not stay open because of this
	 * process.  out stays: its end tells the caller that all is over.
	 */
	(void)syscall(SYS_dup3, out, 0, 0);
	pj_fd_close_range(1, ~0U);
	do
		result = syscall(SYS_wait4, child, NULL, __WALL, NULL);
	while (result < 0 && errno == EINTR);
	raw_exit(0);
}
