/*
 * Files that decide who may log in: see file.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"

#define READ_CHUNK	16384

/* Random bytes in a temporary file's name. */
#define TEMP_RANDOM	8

/* Says what is wrong with an owner, or NULL. */
static const char *
owner_trouble(const struct stat *st)
{
	uid_t me;

	if (st->st_uid == 0)
		return NULL;
	me = geteuid();
	if (me == 0)
		return "is not owned by root, chown it to root";
	if (st->st_uid != me)
		return "is owned by another user, neither root nor this one";
	return NULL;
}

/* The same for write permission. */
static const char *
mode_trouble(const struct stat *st)
{
	if ((st->st_mode & S_IWOTH) != 0)
		return "is writable by everyone, chmod go-w it";
	if ((st->st_mode & S_IWGRP) != 0)
		return "is writable by its group, chmod go-w it";
	return NULL;
}

static const char *
dir_trouble(const struct stat *st, bool last)
{
	const char *trouble = owner_trouble(st);

	if (trouble != NULL)
		return trouble;
	/*
	 * In a sticky folder of root nobody else can replace an entry that is
	 * owned by root or by this user, and the entry's owner is checked next.
	 */
	if (!last && st->st_uid == 0 && (st->st_mode & S_ISVTX) != 0)
		return NULL;
	return mode_trouble(st);
}

static const char *
file_trouble(const struct stat *st)
{
	const char *trouble;

	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	/*
	 * No link at all: it was replaced since it was opened, which every
	 * reader may meet; its content is still one whole version.
	 */
	if (st->st_nlink > 1)
		return "has more than one hard link, remove the others";
	trouble = owner_trouble(st);
	return trouble != NULL ? trouble : mode_trouble(st);
}

/* Tells a link from another thing that is no folder. */
static enum pj_status
not_a_dir(int parent, const char *name, const char *path, int len,
    struct pj_error *err)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		return pj_fail(err, PJ_FILE_UNSAFE,
		    "%.*s is a symbolic link, name the real folder", len, path);
	return pj_fail(err, PJ_FILE_UNSAFE, "%.*s is not a folder", len, path);
}

static enum pj_status
check_dir(int fd, bool last, const char *path, int len, struct pj_error *err)
{
	struct stat st;
	const char *trouble;

	if (fstat(fd, &st) != 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "%.*s", len,
		    path);
	trouble = dir_trouble(&st, last);
	if (trouble != NULL)
		return pj_fail(err, PJ_FILE_UNSAFE, "%.*s %s", len, path,
		    trouble);
	return PJ_OK;
}

/* O_PATH: a folder that may be searched but not listed must do. */
#define DIR_FLAGS	(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/*
 * Opens the component of path between from and to below *fd, and puts it in its
 * place.
 */
static enum pj_status
step_down(int *fd, const char *path, size_t from, size_t to, bool last,
    struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int next = -1;
	char name[NAME_MAX + 1];
	int shown = (int)to, parent = *fd;
	enum pj_status status;

	if (to - from > NAME_MAX)
		return pj_fail(err, PJ_FILE_MISSING, "%.*s: name too long",
		    shown, path);
	memcpy(name, path + from, to - from);
	name[to - from] = '\0';
	if (strcmp(name, "..") == 0)
		return pj_fail(err, PJ_FILE_UNSAFE,
		    "%s has a component '..', write the path without it", path);
	next = openat(parent, name, DIR_FLAGS);
	if (next < 0) {
		if (errno == ENOTDIR || errno == ELOOP)
			return not_a_dir(parent, name, path, shown, err);
		if (errno == ENOENT)
			return pj_fail(err, PJ_FILE_MISSING,
			    "%.*s does not exist", shown, path);
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "%.*s",
		    shown, path);
	}
	status = check_dir(next, last, path, shown, err);
	if (status != PJ_OK)
		return status;
	*fd = pj_take_fd(&next);
	(void)close(parent);
	return PJ_OK;
}

enum pj_status
pj_file_open_dir(const char *path, int *fd, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int dir = -1;
	size_t len = strlen(path), from, to;
	enum pj_status status;
	bool checked;		/* dir, as the last one */

	if (path[0] != '/' || len >= PJ_PATH_MAX)
		return pj_fail(err, PJ_FILE_UNSAFE,
		    "%s is not an absolute path of reasonable length", path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	dir = open("/", DIR_FLAGS);
	if (dir < 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "/");
	checked = len == 1;
	status = check_dir(dir, checked, "/", 1, err);
	if (status != PJ_OK)
		return status;
	for (from = 1; from < len; from = to + 1) {
		for (to = from; to < len && path[to] != '/'; to++)
			continue;
		if (to == from || (to == from + 1 && path[from] == '.'))
			continue;
		checked = to == len;
		status = step_down(&dir, path, from, to, checked, err);
		if (status != PJ_OK)
			return status;
	}
	/* Behind a last component "." the check for the last one is due. */
	if (!checked) {
		status = check_dir(dir, true, path, (int)len, err);
		if (status != PJ_OK)
			return status;
	}
	*fd = pj_take_fd(&dir);
	return PJ_OK;
}

/*
 * Appends until the end of the file; buf keeps its length on failure.  size is
 * what the file had when it was opened, or 0.  A short read alone is no end: an
 * error may follow it.
 */
static enum pj_status
read_all(int fd, const char *name, size_t size, struct pj_buf *buf,
    struct pj_error *err)
{
	size_t before = buf->len, chunk = size > 0 ? size + 1 : READ_CHUNK;
	size_t room;
	unsigned char probe, *at;
	ssize_t n;

	for (;;) {
		room = buf->max - buf->len;
		if (room > chunk)
			room = chunk;
		at = room > 0 ? pj_buf_room(buf, room) : &probe;
		if (at == NULL) {
			buf->len = before;
			return pj_fail(err, PJ_NO_MEMORY, "%s", name);
		}
		n = read(fd, at, room > 0 ? room : 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return PJ_OK;
		if (n < 0 || room == 0)
			break;
		buf->len += (size_t)n;
		if ((size_t)n < room && buf->len - before == size)
			return PJ_OK;
	}
	buf->len = before;
	if (n < 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "%s", name);
	return pj_fail(err, PJ_FILE_TOO_LARGE, "%s has more than %zu bytes",
	    name, buf->max);
}

static enum pj_status
open_failed(int errnum, const char *name, struct pj_error *err)
{
	switch (errnum) {
	case ENOENT:
		return pj_fail(err, PJ_FILE_MISSING, "%s does not exist", name);
	case ELOOP:
		return pj_fail(err, PJ_FILE_UNSAFE,
		    "%s is a symbolic link, name the real file", name);
	case ENXIO:
		return pj_fail(err, PJ_FILE_UNSAFE, "%s is not a regular file",
		    name);
	default:
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errnum, "%s", name);
	}
}

/* shown is the name as it appears in a detail. */
static enum pj_status
read_checked(int dirfd, const char *name, const char *shown,
    struct pj_buf *buf, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = -1;
	const char *trouble;
	struct stat st;

	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return open_failed(errno, shown, err);
	if (fstat(fd, &st) != 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "%s", shown);
	trouble = file_trouble(&st);
	if (trouble != NULL)
		return pj_fail(err, PJ_FILE_UNSAFE, "%s %s", shown, trouble);
	return read_all(fd, shown, (size_t)st.st_size, buf, err);
}

enum pj_status
pj_file_read_at(int dirfd, const char *name, struct pj_buf *buf,
    struct pj_error *err)
{
	return read_checked(dirfd, name, name, buf, err);
}

enum pj_status
pj_file_read(const char *path, struct pj_buf *buf, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int dir = -1;
	PJ_CLEANUP(pj_cleanup_str) char *folder = NULL;
	const char *slash = strrchr(path, '/');
	enum pj_status status;

	if (path[0] != '/' || slash[1] == '\0')
		return pj_fail(err, PJ_FILE_UNSAFE,
		    "%s is not the absolute path of a file", path);
	folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (folder == NULL)
		return pj_fail(err, PJ_NO_MEMORY, "%s", path);
	status = pj_file_open_dir(folder, &dir, err);
	if (status != PJ_OK)
		return status;
	return read_checked(dir, slash + 1, path, buf, err);
}

enum pj_status
pj_file_read_any(const char *path, struct pj_buf *buf, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = -1;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return pj_fail(err, PJ_FILE_MISSING, "%s does not exist", path);
	if (fd < 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "%s", path);
	return read_all(fd, path, 0, buf, err);
}

/* Writes ".NAME.RANDOM.tmp"; false if it does not fit. */
static bool
temp_name(const char *name, char *temp, size_t size)
{
	unsigned char random[TEMP_RANDOM];
	int n;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return false;
	n = snprintf(temp, size, ".%s.", name);
	if (n < 0 || (size_t)n + 2 * sizeof(random) + sizeof(".tmp") > size)
		return false;
	for (size_t i = 0; i < sizeof(random); i++)
		n += snprintf(temp + n, size - (size_t)n, "%02x", random[i]);
	(void)snprintf(temp + n, size - (size_t)n, ".tmp");
	return true;
}

/* The temporary file's way to the disk; errno tells why not. */
static bool
fill(int fd, struct pj_span bytes, mode_t mode)
{
	return pj_fd_write_all(fd, bytes) && fchmod(fd, mode) == 0 &&
	    fsync(fd) == 0;
}

enum pj_status
pj_file_replace_at(int dirfd, const char *name, struct pj_span bytes,
    mode_t mode, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = -1;
	PJ_CLEANUP(pj_cleanup_fd) int dir = -1;
	char temp[NAME_MAX + 1];
	int saved;

	if (!temp_name(name, temp, sizeof(temp)))
		return pj_fail(err, PJ_SYSTEM_ERROR,
		    "%s: no name for a temporary file", name);
	/* Opened before anything changes: a late failure would be a lie. */
	dir = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno,
		    "%s cannot be written", name);
	if (!fill(fd, bytes, mode) || renameat(dirfd, temp, dirfd, name) != 0) {
		saved = errno;
		(void)unlinkat(dirfd, temp, 0);
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, saved,
		    "%s cannot be written", name);
	}
	/* The content is in place; that it survives a crash is best effort. */
	if (dir >= 0)
		(void)fsync(dir);
	return PJ_OK;
}
