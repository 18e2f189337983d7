/*
 * The lock of the cache: see pj_cache_lock in cache.h.
 *
 * The holder writes its boot time into the file.  Whoever finds that time too
 * old puts a fresh lock file in its place; the stuck holder keeps a file that
 * nobody looks at any more, and its late result is discarded because it is
 * older.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "keys/cache_private.h"

#define POLL_MS		20
#define LOCK_MODE	0600

enum outcome {
	LOCKED,
	BUSY,
	AGAIN,		/* the file was replaced meanwhile */
	FAILED,		/* errno tells */
};

/* True if name still is the file that fd is. */
static bool
is_current(int dirfd, const char *name, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 &&
	    fstatat(dirfd, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int
open_lock(int dirfd, const char *name)
{
	return openat(dirfd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC | O_NOCTTY, LOCK_MODE);
}

static enum outcome
try_lock(int dirfd, const char *name, int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &lock) != 0)
		return errno == EAGAIN || errno == EACCES ? BUSY : FAILED;
	return is_current(dirfd, name, fd) ? LOCKED : AGAIN;
}

/* Leaves a trace of when the lock was taken.  A failure costs only that. */
static void
sign(int fd, const struct pj_clock *now)
{
	char text[64];
	int n;

	n = snprintf(text, sizeof(text), "%lld\n", (long long)now->boot);
	if (n > 0 && ftruncate(fd, 0) == 0)
		(void)!pwrite(fd, text, (size_t)n, 0);
}

/* True if the holder signed, and that long ago. */
static bool
holder_is_stuck(int fd, const struct pj_clock *now, int64_t holder_max)
{
	unsigned char text[64];
	unsigned long long since;
	ssize_t n = pread(fd, text, sizeof(text), 0);

	if (n < 2 || text[n - 1] != '\n' ||
	    !pj_span_number(pj_span(text, (size_t)n - 1), INT64_MAX, &since))
		return false;
	return now->boot - (int64_t)since > holder_max;
}

/* Puts a fresh lock file, locked already, in the place of a stuck one. */
static enum outcome
replace(int dirfd, const char *name, int *fd)
{
	PJ_CLEANUP(pj_cleanup_fd) int fresh = -1;
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char temp[PJ_CACHE_NAME_MAX + 32];
	enum outcome outcome;

	(void)snprintf(temp, sizeof(temp), ".%s.%ld.tmp", name,
	    (long)getpid());
	(void)unlinkat(dirfd, temp, 0);
	fresh = openat(dirfd, temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, LOCK_MODE);
	if (fresh < 0)
		return FAILED;
	if (fcntl(fresh, F_OFD_SETLK, &lock) != 0 ||
	    renameat(dirfd, temp, dirfd, name) != 0) {
		/* The winner of a race sweeps temporary files up. */
		outcome = errno == ENOENT ? AGAIN : FAILED;
		(void)unlinkat(dirfd, temp, 0);
		return outcome;
	}
	(void)close(*fd);
	*fd = pj_take_fd(&fresh);
	/* Another process may have done the same an instant later. */
	return is_current(dirfd, name, *fd) ? LOCKED : AGAIN;
}

/* One try with a file that is opened anew. */
static enum outcome
attempt(int dirfd, const char *name, const struct pj_clock *now,
    int64_t holder_max, int *out)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = open_lock(dirfd, name);
	enum outcome outcome;
	struct stat st;

	if (fd < 0)
		return FAILED;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		errno = EPERM;
		return FAILED;
	}
	outcome = try_lock(dirfd, name, fd);
	if (outcome == BUSY && holder_is_stuck(fd, now, holder_max))
		outcome = replace(dirfd, name, &fd);
	if (outcome == LOCKED) {
		sign(fd, now);
		*out = pj_take_fd(&fd);
	}
	return outcome;
}

static int64_t
now_ms(void)
{
	struct timespec ts = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

enum pj_status
pj_cache_lock(const struct pj_cache *cache,
    const struct pj_clock_source *clock, int64_t wait_ms, int64_t holder_max,
    int *fd, struct pj_error *err)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	const char *dir = cache->request->state_dir;
	PJ_CLEANUP(pj_cleanup_fd) int dirfd = -1;
	char name[PJ_CACHE_NAME_MAX + 1];
	int64_t until = now_ms() + wait_ms;
	struct pj_clock now;
	enum outcome outcome;
	enum pj_status status;

	status = pj_file_open_dir(dir, &dirfd, err);
	if (status != PJ_OK)
		return status;
	pj_cache_name(cache, PJ_LOCK_SUFFIX, name);
	for (;;) {
		clock->read(clock->ctx, &now);
		outcome = attempt(dirfd, name, &now, holder_max, fd);
		if (outcome == LOCKED)
			return PJ_OK;
		if (outcome == FAILED)
			return pj_fail_errno(err, errno == EPERM ?
			    PJ_FILE_UNSAFE : PJ_SYSTEM_ERROR, errno, "%s/%s",
			    dir, name);
		if (now_ms() >= until)
			return pj_fail(err, PJ_FETCH_HELD_BACK,
			    "another process is asking the provider");
		if (outcome == BUSY)
			(void)nanosleep(&pause, NULL);
	}
}
