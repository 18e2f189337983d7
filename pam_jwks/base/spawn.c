/*
 * Starting a program from inside a foreign process: see spawn.h.  This is the
 * host's side; the new processes' is in spawn_child.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/spawn_private.h"

/* How long the intermediate process may take to end before it is killed. */
#define REAP_MS		500

/* Numbers of Linux 5.1 and 5.3, the same on every architecture. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal	424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open		434
#endif

/* PIDFD_SIGNAL_PROCESS_GROUP, of Linux 6.9. */
#define SIGNAL_GROUP	4U

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
	bool		 detached;
	bool		 told;		/* the first record is complete */
	bool		 gone;		/* the program had ended by then */
	int		 pidfd;		/* the program, or -1 */
	int		 in;		/* the pipe */
	int64_t		 deadline;
	struct pj_spawn_record	 first;		/* as far as it has arrived */
	size_t		 first_len;
};

/* The parent of a process, as /proc tells; 0 if it does not. */
static pid_t
parent_of(pid_t pid)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = -1;
	char path[32], text[256];
	const char *end;
	ssize_t n;
	int parent;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* The name before it may hold anything. */
	end = strrchr(text, ')');
	if (end == NULL || sscanf(end, ") %*c %d", &parent) != 1)
		return 0;
	return parent;
}

/*
 * Gets hold of the program for its end.  Its number alone would not do: the
 * caller of su may stop and kill the intermediate process and stop this one,
 * and have the number given to somebody else's process meanwhile.  The child of
 * the intermediate process, whose own number is taken until it is reaped here,
 * is the program and nothing else.  Without a hold on it the program is left to
 * its own deadline.
 */
static void
take_hold(struct running *run, pid_t program)
{
	struct pollfd pfd;

	run->pidfd = (int)syscall(SYS_pidfd_open, program, 0);
	if (run->pidfd >= 0 && parent_of(program) == run->middle)
		return;
	/*
	 * No process of this number, or one that has ended, means the same
	 * even if the number was given away: the program has ended.
	 */
	pfd = (struct pollfd){ .fd = run->pidfd, .events = POLLIN };
	run->gone = run->pidfd < 0 ? errno == ESRCH : poll(&pfd, 1, 0) > 0;
	pj_cleanup_fd(&run->pidfd);
	run->pidfd = -1;
}

enum event {
	EVENT_BYTES,	/* or the pipe's end */
	EVENT_END,	/* the program has ended and left no bytes */
	EVENT_LATE,
};

/*
 * Waits.  The pipe's end alone would not do: another thread of the host may
 * have forked while it was open, and the child may live for ever.
 */
static enum event
next_event(const struct running *run)
{
	struct pollfd pfds[] = {
		{ .fd = run->in, .events = POLLIN },
		{ .fd = run->pidfd, .events = POLLIN },
	};
	int64_t left;
	int n;

	for (;;) {
		if (run->gone)
			return poll(pfds, 1, 0) > 0 ? EVENT_BYTES : EVENT_END;
		left = run->deadline - pj_now_ms();
		if (left <= 0)
			return EVENT_LATE;
		if (left > 60000)
			left = 60000;
		n = poll(pfds, 2, (int)left);
		if (n < 0 && errno != EINTR)
			return EVENT_LATE;
		if (n > 0 && pfds[0].revents == 0)
			/* The last bytes may have come behind the look. */
			return poll(pfds, 1, 0) > 0 ? EVENT_BYTES : EVENT_END;
		if (n > 0)
			return EVENT_BYTES;
	}
}

/*
 * Reaps the intermediate process.  Whoever has stopped it does not keep the
 * host: it is killed then.  Its number is not reused before it is reaped.
 */
static void
reap(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	pid_t got = 0;

	for (int i = 0; i < REAP_MS && got == 0; i++) {
		got = waitpid(pid, NULL, __WALL | WNOHANG);
		if (got == 0)
			(void)nanosleep(&pause, NULL);
	}
	if (got == 0) {
		(void)kill(pid, SIGKILL);
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			continue;
	}
}

/* The end at the deadline: of the group, or before Linux 6.9 of the program. */
static void
stop(const struct running *run)
{
	if (run->pidfd >= 0 && syscall(SYS_pidfd_send_signal, run->pidfd,
	    SIGKILL, NULL, SIGNAL_GROUP) != 0)
		(void)syscall(SYS_pidfd_send_signal, run->pidfd, SIGKILL, NULL,
		    0);
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
	if (run->first_len == sizeof(run->first) && !run->told) {
		run->told = true;
		if (run->first.kind == PJ_SPAWN_PID && !run->detached)
			take_hold(run, run->first.value);
	}
	return want;
}

/* Reads until the program has ended, or is known to have been made. */
static enum pj_status
collect(struct running *run, struct pj_buf *reply, struct pj_error *err)
{
	unsigned char chunk[1024];
	enum event event;
	struct pj_span got;
	ssize_t n;

	while (!run->detached || !run->told) {
		event = next_event(run);
		if (event == EVENT_LATE)
			return pj_fail(err, PJ_FETCH_TIMEOUT, "no answer");
		if (event == EVENT_END)
			return PJ_OK;
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
	return PJ_OK;
}

/* What the records say about the start. */
static enum pj_status
judge(const struct pj_spawn *spec, const struct running *run,
    const struct pj_buf *reply, size_t before, struct pj_error *err)
{
	struct pj_spawn_record last;

	if (!run->told)
		return pj_fail(err, PJ_HELPER_NOT_STARTED,
		    "%s: killed before it ran", spec->path);
	if (run->first.kind != PJ_SPAWN_PID)
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
	    PJ_KERNEL_SET);
	pid = pj_spawn_fork();
	if (pid == 0)
		pj_spawn_intermediate(spec, out);
	*errnum = errno;
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL,
	    PJ_KERNEL_SET);
	return pid;
}

/*
 * True if the kernel makes orphans children of this process: it is the first
 * one of a container, or has asked for them.
 */
static bool
inherits_orphans(void)
{
	int asked = 0;

	return getpid() == 1 || (prctl(PR_GET_CHILD_SUBREAPER, &asked, 0, 0,
	    0) == 0 && asked != 0);
}

enum pj_status
pj_spawn_run(const struct pj_spawn *spec, struct pj_buf *reply,
    struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int in = -1;
	PJ_CLEANUP(pj_cleanup_fd) int out = -1;
	PJ_BUF_SCOPED(scratch, PJ_REPLY_MAX);
	struct running run = {
		.detached = spec->detached,
		.pidfd = -1,
		.deadline = pj_now_ms() + spec->timeout_ms,
	};
	size_t before;
	enum pj_status status;
	int fds[2], errnum = 0;

	if (spec->detached && inherits_orphans())
		return pj_fail(err, PJ_HELPER_NOT_STARTED,
		    "%s: it would become this process's child", spec->path);
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
	if (status != PJ_OK)
		stop(&run);
	reap(run.middle);
	pj_cleanup_fd(&run.pidfd);
	if (status == PJ_OK)
		return judge(spec, &run, reply, before, err);
	if (status == PJ_FETCH_TIMEOUT)
		(void)pj_fail(err, status, "%s: no answer within %lld ms",
		    spec->path, (long long)spec->timeout_ms);
	return status;
}
