/*
 * What every way has in common whose nth call fails.
 */
#ifndef PJ_TESTS_TORTURE_NTH_H
#define PJ_TESTS_TORTURE_NTH_H

#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>

#include <openssl/err.h>

/* More calls than any way takes: an endless loop is noticed. */
#define CALLS_MAX	5000

static inline size_t
count_names(const char *path)
{
	DIR *dir = opendir(path);
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	(void)closedir(dir);
	return count;
}

static inline size_t
count_descriptors(void)
{
	return count_names("/proc/self/fd");
}

static inline void
check_nothing_left(size_t descriptors)
{
	assert_int_equal(descriptors, count_descriptors());
	assert_int_equal(0, ERR_peek_error());
	assert_true(waitpid(-1, NULL, WNOHANG | __WALL) < 0 &&
	    errno == ECHILD);
}

#endif
