/*
 * For unit tests that need files: a private folder under /tmp, removed at the end.
 */
#ifndef PJ_TESTS_UNIT_SCRATCH_H
#define PJ_TESTS_UNIT_SCRATCH_H

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[PATH_MAX];

static inline int
scratch_remove_one(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* cmocka set-up and tear-down for each test. */
static inline int
scratch_make(void **state)
{
	(void)state;
	(void)umask(022);
	(void)snprintf(scratch, sizeof(scratch), "/tmp/pj-unit-XXXXXX");
	return mkdtemp(scratch) == NULL;
}

static inline int
scratch_remove(void **state)
{
	(void)state;
	return nftw(scratch, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of a name in the folder; valid until the eighth next call. */
static inline const char *
at(const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, PATH_MAX, "%.200s/%.3000s", scratch, name);
	return path;
}

/* Writes a file; exits on failure, for a test without it means nothing. */
static inline void
put(const char *name, const char *text, mode_t mode)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    fchmod(fd, mode) != 0 || close(fd) != 0)
		abort();
}

/* How many this process has, and a few more. */
static inline unsigned
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	if (dir == NULL)
		abort();
	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return n;
}

#define scratch_test(f)	\
	cmocka_unit_test_setup_teardown(f, scratch_make, scratch_remove)

#endif
