/*
 * The lock of the cache: see pj_cache_lock in cache.h.
 *
 * Byte 0 of the file is the lock.  The holder writes its deadline, in boot
 * time, into the file.  Whoever finds the same deadline passed on several looks
 * puts a fresh lock file in its place; the stuck holder keeps a file that
 * nobody looks at any more, which pj_cache_still_locked tells it.
 *
 * Byte 1 is the guard: taking and signing happen under it, and so do the last
 * look at a stuck holder and the replacement.  Nobody ever judges a holder by
 * what its predecessor signed, nor replaces a file that has been replaced.
 * Whoever holds the guard itself for seconds is passed over without it.
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

/* How often a holder must look the same before it counts as stuck. */
#define LOOKS		3

/* Time for those looks, beyond what the caller wants to wait. */
#define LOOKS_MS	(2 * LOOKS * POLL_MS)

/*
 * The same for who is about to take the lock, which needs moments: it is frozen
 * in one of them if it looks the same for so long.
 */
#define TAKING_LOOKS	20
#define TAKING_MS	2000

/* What two clock readings around one moment may differ by, in seconds. */
#define CLOCK_SLACK	2

/* Bytes of the lock file. */
#define HELD		0
#define GUARD		1

#define SIGNATURE_MAX	64

/* Boot times, as a file's time: ten years, in which it was not made. */
#define MARK_MAX	315360000

enum outcome {
	LOCKED,
	BUSY,
	AGAIN,		/* the file was replaced meanwhile */
	FAILED,		/* errno tells */
};

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* True if name still is the file that fd is. */
static bool
is_current(int dirfd, const char *name, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 &&
	    fstatat(dirfd, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	    is_same(&a, &b);
}

static int
open_lock(int dirfd, const char *name)
{
	return openat(dirfd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC | O_NOCTTY, LOCK_MODE);
}

/* A holder that may be stuck. */
struct suspect {
	struct stat	file;
	unsigned char	text[SIGNATURE_MAX];
	size_t		len;
	unsigned	looks;
};

/* Somebody who may be stuck in taking the lock. */
struct taker {
	struct stat	file;
	int64_t		since;
	unsigned	looks;
};

/* One process's quest for the lock. */
struct quest {
	int			 dirfd;
	char			 name[PJ_CACHE_NAME_MAX + 1];
	int64_t			 hold_max;
	struct pj_clock		 now;
	struct suspect		 suspect;
	struct taker		 taker;
};

/* Locks n bytes from first, or unlocks them. */
static enum outcome
set_lock(int fd, short type, off_t first, off_t n)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET,
		.l_start = first, .l_len = n,
	};

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return LOCKED;
	return errno == EAGAIN || errno == EACCES ? BUSY : FAILED;
}

bool
pj_cache_mark(int fd, int64_t boot)
{
	const struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT }, { .tv_sec = (time_t)boot },
	};

	return futimens(fd, times) == 0;
}

int64_t
pj_cache_marked(int fd)
{
	struct stat st;

	/* Any other time is the wall clock's. */
	if (fstat(fd, &st) != 0 || st.st_mtim.tv_sec > MARK_MAX)
		return 0;
	return st.st_mtim.tv_sec;
}

/*
 * Leaves word until when the lock counts.  What was there before never stays:
 * an empty file only means that the holder is never found stuck.
 */
static void
sign(const struct quest *quest, int fd)
{
	int64_t marked = pj_cache_marked(fd);
	char text[SIGNATURE_MAX];
	int n;

	n = snprintf(text, sizeof(text), "%lld\n",
	    (long long)quest->now.boot + quest->hold_max);
	if (n > 0 && ftruncate(fd, 0) == 0)
		(void)!pwrite(fd, text, (size_t)n, 0);
	if (marked > 0)
		(void)pj_cache_mark(fd, marked);
}

/* With both bytes in hand: the lock is ours if the file still is the file. */
static enum outcome
settle(const struct quest *quest, int fd)
{
	if (!is_current(quest->dirfd, quest->name, fd))
		return AGAIN;
	sign(quest, fd);
	return set_lock(fd, F_UNLCK, GUARD, 1);
}

/*
 * True if the signature tells of a deadline that has passed, or of one that no
 * holder can have set.
 */
static bool
is_passed(const struct pj_clock *now, const unsigned char *text, size_t len)
{
	unsigned long long deadline;

	if (len < 2 || text[len - 1] != '\n' ||
	    !pj_span_number(pj_span(text, len - 1), INT64_MAX, &deadline))
		return false;
	return now->boot > (int64_t)deadline || (int64_t)deadline - now->boot >
	    PJ_LOCK_HOLD_MOST + CLOCK_SLACK;
}

/*
 * Looks at a holder once more.  True if it has looked stuck, and the same, all
 * the time.
 */
static bool
is_stuck(struct quest *quest, int fd)
{
	struct suspect *old = &quest->suspect, new = { .looks = 1 };
	ssize_t n = pread(fd, new.text, sizeof(new.text), 0);

	if (n < 0 || fstat(fd, &new.file) != 0 ||
	    !is_passed(&quest->now, new.text, (size_t)n)) {
		old->looks = 0;
		return false;
	}
	new.len = (size_t)n;
	if (old->looks > 0 && is_same(&new.file, &old->file) &&
	    new.len == old->len && memcmp(new.text, old->text, new.len) == 0)
		new.looks = old->looks + 1;
	*old = new;
	return new.looks >= LOOKS;
}

/* The same for the guard, which nobody signs for. */
static bool
is_taking_stuck(struct quest *quest, int fd)
{
	struct flock guard = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET,
		.l_start = GUARD, .l_len = 1,
	};
	struct taker *old = &quest->taker, new = { .since = pj_now_ms() };

	if (fcntl(fd, F_OFD_GETLK, &guard) != 0 || guard.l_type == F_UNLCK ||
	    fstat(fd, &new.file) != 0) {
		old->looks = 0;
		return false;
	}
	if (old->looks == 0 || !is_same(&new.file, &old->file))
		*old = new;
	old->looks++;
	return old->looks >= TAKING_LOOKS && new.since - old->since >=
	    TAKING_MS;
}

/* Puts a fresh lock file, locked and signed already, in the place of *fd. */
static enum outcome
replace(const struct quest *quest, int *fd)
{
	PJ_CLEANUP(pj_cleanup_fd) int fresh = -1;
	char temp[PJ_CACHE_NAME_MAX + 32];
	enum outcome outcome;

	(void)snprintf(temp, sizeof(temp), ".%s.%ld.tmp", quest->name,
	    (long)getpid());
	(void)unlinkat(quest->dirfd, temp, 0);
	fresh = openat(quest->dirfd, temp, O_RDWR | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, LOCK_MODE);
	if (fresh < 0)
		return FAILED;
	sign(quest, fresh);
	if (set_lock(fresh, F_WRLCK, HELD, 1) != LOCKED ||
	    renameat(quest->dirfd, temp, quest->dirfd, quest->name) != 0) {
		/* A writer may have swept the temporary file up. */
		outcome = errno == ENOENT ? AGAIN : FAILED;
		(void)unlinkat(quest->dirfd, temp, 0);
		return outcome;
	}
	(void)close(*fd);
	*fd = pj_take_fd(&fresh);
	return LOCKED;
}

/* Takes the lock from a stuck holder, if it is one under the guard too. */
static enum outcome
steal(struct quest *quest, int *fd)
{
	enum outcome outcome = set_lock(*fd, F_WRLCK, GUARD, 1);

	if (outcome != LOCKED)
		return outcome;
	if (!is_current(quest->dirfd, quest->name, *fd))
		return AGAIN;
	outcome = set_lock(*fd, F_WRLCK, HELD, 1);
	if (outcome == LOCKED)
		return settle(quest, *fd);
	if (outcome == BUSY && is_stuck(quest, *fd))
		return replace(quest, fd);
	return outcome;
}

/* One try with a file that is opened anew. */
static enum outcome
attempt(struct quest *quest, int *out)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = open_lock(quest->dirfd, quest->name);
	enum outcome outcome;
	struct stat st;

	if (fd < 0)
		return FAILED;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		errno = EPERM;
		return FAILED;
	}
	outcome = set_lock(fd, F_WRLCK, HELD, GUARD - HELD + 1);
	if (outcome == LOCKED)
		outcome = settle(quest, fd);
	else if (outcome == BUSY && is_taking_stuck(quest, fd))
		outcome = replace(quest, &fd);
	else if (outcome == BUSY && is_stuck(quest, fd))
		outcome = steal(quest, &fd);
	if (outcome == LOCKED)
		*out = pj_take_fd(&fd);
	return outcome;
}

enum pj_status
pj_cache_lock(const struct pj_cache *cache,
    const struct pj_clock_source *clock, int64_t wait_ms, int64_t hold_max,
    int *fd, struct pj_error *err)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	const char *dir = cache->request->state_dir;
	PJ_CLEANUP(pj_cleanup_fd) int dirfd = -1;
	struct quest quest = { .hold_max = hold_max };
	int64_t left, until = pj_now_ms() + wait_ms;
	enum outcome outcome;
	enum pj_status status;

	if (hold_max < PJ_LOCK_HOLD_LEAST)
		quest.hold_max = PJ_LOCK_HOLD_LEAST;
	if (hold_max > PJ_LOCK_HOLD_MOST)
		quest.hold_max = PJ_LOCK_HOLD_MOST;
	status = pj_file_open_dir(dir, &dirfd, err);
	if (status != PJ_OK)
		return status;
	quest.dirfd = dirfd;
	pj_cache_name(cache, PJ_LOCK_SUFFIX, quest.name);
	for (;;) {
		clock->read(clock->ctx, &quest.now);
		outcome = attempt(&quest, fd);
		if (outcome == LOCKED)
			return PJ_OK;
		if (outcome == FAILED)
			return pj_fail_errno(err, errno == EPERM ?
			    PJ_FILE_UNSAFE : PJ_SYSTEM_ERROR, errno, "%s/%s",
			    dir, quest.name);
		/* One try must do for finding out that a holder is stuck. */
		left = until - pj_now_ms() +
		    (quest.suspect.looks > 0 ? LOOKS_MS : 0);
		if (left <= 0)
			return pj_fail(err, PJ_FETCH_HELD_BACK,
			    "another process is asking the provider");
		if (outcome == BUSY)
			(void)nanosleep(&pause, NULL);
	}
}

bool
pj_cache_still_locked(const struct pj_cache *cache, int fd)
{
	PJ_CLEANUP(pj_cleanup_fd) int dirfd = -1;
	char name[PJ_CACHE_NAME_MAX + 1];

	if (pj_file_open_dir(cache->request->state_dir, &dirfd, NULL) != PJ_OK)
		return false;
	pj_cache_name(cache, PJ_LOCK_SUFFIX, name);
	return is_current(dirfd, name, fd);
}

void
pj_cache_unlock(int fd)
{
	int64_t marked = pj_cache_marked(fd);

	/* Nobody need wonder about a deadline that has lost its meaning. */
	(void)!ftruncate(fd, 0);
	if (marked > 0)
		(void)pj_cache_mark(fd, marked);
	(void)close(fd);
}
