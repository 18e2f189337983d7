/*
 * Starting a program from inside a foreign process: see spawn.h.
 *
 * Everything that runs in the new processes is a raw system call: after a clone
 * behind glibc's back in a process with threads, locks may be held for ever,
 * and wrappers that are cancellation points may run the host's clean-up
 * handlers.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/limits.h"
#include "base/spawn.h"

/* Signals 1 to 64: 8 bytes of the kernel, on everything but MIPS. */
#define SIGNALS		64
#define KERNEL_SET	8

/* For kernels before 5.9, which lack close_range. */
#define FD_LOOP_MAX	65536

/* What the program may open: its libraries and a few files. */
#define NOFILE		256
#define STACK		(8UL * 1024 * 1024)

/* How long a killed program may take to disappear before it is left to init. */
#define REAP_MS		500

#define ALL_ENDED	(POLLIN | POLLHUP | POLLERR)

/*
 * The first words on the pipe: the new process's id, or why there is none.  A
 * program's reply is text, so a NUL in its first place is one more such record:
 * why exec failed.
 */
struct record {
	char	nul;
	char	kind;		/* one of the following */
	char	pad[2];
	int32_t	value;		/* a process id or an error number */
};
#define KIND_PID	'P'
#define KIND_FORK	'F'
#define KIND_EXEC	'E'

/* A raw fork; every argument is 0, so their order does not matter. */
static long
raw_fork(void)
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
	struct record record = { .kind = kind, .value = (int32_t)value };

	/* At most PIPE_BUF bytes: all or nothing. */
	(void)syscall(SYS_write, fd, &record, sizeof(record));
}

/* Closes every descriptor from first on. */
static void
raw_close_from(int first)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
#endif
	for (int fd = first; fd < FD_LOOP_MAX; fd++)
		(void)syscall(SYS_close, fd);
}

/* Sets one disposition to the default: an all-zero kernel_sigaction. */
static void
raw_default(int sig)
{
	static const uint64_t zero[16];

	(void)syscall(SYS_rt_sigaction, sig, zero, NULL, KERNEL_SET);
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
	raw_close_from(PJ_SPAWN_REPLY_FD + 1);
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
	raw_record(out, KIND_PID, syscall(SYS_getpid));
	raw_reset_limits();
	if (!raw_arrange(&out, spec->detached)) {
		raw_record(out, KIND_EXEC, errno);
		raw_exit(127);
	}
	for (int sig = 1; sig <= SIGNALS; sig++)
		raw_default(sig);
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, KERNEL_SET);
	(void)syscall(SYS_execve, spec->path, spec->argv, empty);
	raw_record(out, KIND_EXEC, errno);
	raw_exit(127);
}

/* The intermediate process.  Never returns; all signals stay blocked in it. */
static void __attribute__((noreturn))
intermediate(const struct pj_spawn *spec, int out)
{
	long child, result;

	/* Where it is ignored, wait would find nothing. */
	raw_default(SIGCHLD);
	child = raw_fork();
	if (child == 0)
		become(spec, out);
	if (child < 0) {
		raw_record(out, KIND_FORK, errno);
		raw_exit(1);
	}
	if (spec->detached)
		raw_exit(0);
	/*
	 * The host's connections and files must not stay open because of this
	 * process.  out stays: its end tells the caller that all is over.
	 */
	(void)syscall(SYS_dup3, out, 0, 0);
	raw_close_from(1);
	do
		result = syscall(SYS_wait4, child, NULL, __WALL, NULL);
	while (result < 0 && errno == EINTR);
	raw_exit(0);
}

static int64_t
now_ms(void)
{
	struct timespec ts = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Away from 0 to 2, which other threads of the host may write to. */
static bool
move_up(int *fd)
{
	int moved;

	if (*fd > STDERR_FILENO)
		return true;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (moved < 0)
		return false;
	(void)close(*fd);
	*fd = moved;
	return true;
}

/* A started program, as its caller sees it. */
struct running {
	pid_t		 middle;	/* the intermediate process */
	pid_t		 program;	/* 0 until it has told */
	int		 in;		/* the pipe */
	int64_t		 deadline;
	struct record	 first;		/* as far as it has arrived */
	size_t		 first_len;
};

/* Waits for the pipe; false at the deadline. */
static bool
wait_readable(int fd, int64_t deadline)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left;
	int n;

	for (;;) {
		left = deadline - now_ms();
		if (left <= 0)
			return false;
		if (left > 60000)
			left = 60000;
		n = poll(&pfd, 1, (int)left);
		if (n > 0 && (pfd.revents & ALL_ENDED) != 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

/* Reaps the intermediate process, which has ended or will at once. */
static void
reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
		continue;
}

/* True while the intermediate process has neither ended nor been reaped. */
static bool
is_alive(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info,
	    WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 && info.si_pid == 0;
}

/*
 * The end at the deadline.  While the intermediate process lives, nobody has
 * reaped the program, and its id cannot belong to anything else.  If somebody
 * has killed the intermediate, the program is left to its own deadline.
 */
static void
stop(const struct running *run)
{
	unsigned char rest[256];
	int64_t until = now_ms() + REAP_MS;
	ssize_t n = 1;

	if (run->program > 1 && is_alive(run->middle))
		(void)kill(-run->program, SIGKILL);
	while (n != 0 && wait_readable(run->in, until)) {
		n = read(run->in, rest, sizeof(rest));
		if (n < 0 && errno != EINTR)
			break;
	}
	(void)kill(run->middle, SIGKILL);
	reap(run->middle);
}

/* Takes bytes into the first record; returns how many it took. */
static size_t
take_first(struct running *run, struct pj_span bytes)
{
	size_t want = sizeof(run->first) - run->first_len;

	if (want > bytes.len)
		want = bytes.len;
	memcpy((char *)&run->first + run->first_len, bytes.ptr, want);
	run->first_len += want;
	if (run->first_len == sizeof(run->first) &&
	    run->first.kind == KIND_PID && run->first.nul == '\0')
		run->program = run->first.value;
	return want;
}

/* Reads until the program and the intermediate process have ended. */
static enum pj_status
collect(struct running *run, struct pj_buf *reply, struct pj_error *err)
{
	unsigned char chunk[1024];
	struct pj_span got;
	ssize_t n;

	for (;;) {
		if (!wait_readable(run->in, run->deadline))
			return pj_fail(err, PJ_FETCH_TIMEOUT, "no answer");
		n = read(run->in, chunk, sizeof(chunk));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno,
			    "reading an answer");
		if (n == 0)
			return PJ_OK;
		got = pj_span(chunk, (size_t)n);
		got = pj_span_from(got, take_first(run, got));
		if (got.len > 0 && pj_buf_append(reply, got) != PJ_OK)
			return pj_fail(err, PJ_HELPER_FAILED,
			    "the answer has more than %zu bytes", reply->max);
	}
}

/* What the records say about the start. */
static enum pj_status
judge(const struct pj_spawn *spec, const struct running *run,
    const struct pj_buf *reply, size_t before, struct pj_error *err)
{
	struct record last;

	if (run->first_len < sizeof(run->first))
		return pj_fail(err, PJ_HELPER_NOT_STARTED,
		    "%s: killed before it ran", spec->path);
	if (run->program == 0)
		return pj_fail_errno(err, PJ_HELPER_NOT_STARTED,
		    run->first.value, "%s: no process for it", spec->path);
	if (reply->len - before != sizeof(last) || reply->ptr[before] != '\0')
		return PJ_OK;
	memcpy(&last, reply->ptr + before, sizeof(last));
	return pj_fail_errno(err, PJ_HELPER_NOT_STARTED, last.value, "%s",
	    spec->path);
}

/*
 * Makes the intermediate process.  Every signal, also those that glibc keeps
 * for itself, is blocked meanwhile, so that none of the host's handlers runs in
 * it.
 */
static long
start(const struct pj_spawn *spec, int out, int *errnum)
{
	uint64_t all = ~(uint64_t)0, before = 0;
	long pid;

	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before,
	    KERNEL_SET);
	pid = raw_fork();
	if (pid == 0)
		intermediate(spec, out);
	*errnum = errno;
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL,
	    KERNEL_SET);
	return pid;
}

enum pj_status
pj_spawn_run(const struct pj_spawn *spec, struct pj_buf *reply,
    struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int in = -1;
	PJ_CLEANUP(pj_cleanup_fd) int out = -1;
	PJ_BUF_SCOPED(scratch, PJ_REPLY_MAX);
	struct running run = { .deadline = now_ms() + spec->timeout_ms };
	size_t before;
	enum pj_status status;
	int fds[2], errnum = 0;

	if (spec->detached)
		reply = &scratch;
	before = reply->len;
	if (pipe2(fds, O_CLOEXEC) != 0)
		return pj_fail_errno(err, PJ_HELPER_NOT_STARTED, errno,
		    "%s: no pipe", spec->path);
	in = fds[0];
	out = fds[1];
	if (!move_up(&in) || !move_up(&out))
		return pj_fail_errno(err, PJ_HELPER_NOT_STARTED, errno,
		    "%s: no descriptor", spec->path);
	run.middle = (pid_t)start(spec, out, &errnum);
	if (run.middle < 0)
		return pj_fail_errno(err, PJ_HELPER_NOT_STARTED, errnum,
		    "%s: no process for it", spec->path);
	(void)close(pj_take_fd(&out));
	run.in = in;
	status = collect(&run, reply, err);
	if (status == PJ_OK) {
		reap(run.middle);
		status = judge(spec, &run, reply, before, err);
	} else {
		stop(&run);
		if (status == PJ_FETCH_TIMEOUT)
			(void)pj_fail(err, status, "%s: no answer within %lld "
			    "ms", spec->path, (long long)spec->timeout_ms);
	}
	return status;
}
