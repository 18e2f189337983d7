#include "base/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"

static void
close_dir(DIR **dir)
{
	if (*dir != NULL)
		(void)closedir(*dir);
}

void
pj_names_free(struct pj_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	names->count = 0;
}

static bool
is_wanted(const char *name, const char *suffix)
{
	size_t len = strlen(name), tail = strlen(suffix);

	return name[0] != '.' && len > tail &&
	    strcmp(name + len - tail, suffix) == 0;
}

/* Not strcoll: the order must not depend on the host's locale. */
static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum pj_status
fill(DIR *dir, const char *suffix, struct pj_names *names,
    struct pj_error *err)
{
	const struct dirent *entry;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			return errno == 0 ? PJ_OK : pj_fail_errno(err,
			    PJ_SYSTEM_ERROR, errno, "listing the folder");
		if (!is_wanted(entry->d_name, suffix))
			continue;
		if (names->count == PJ_FOLDER_NAMES_MAX)
			return pj_fail(err, PJ_FILE_TOO_LARGE,
			    "more than %d files *%s", PJ_FOLDER_NAMES_MAX,
			    suffix);
		names->items[names->count] = strdup(entry->d_name);
		if (names->items[names->count] == NULL)
			return PJ_NO_MEMORY;
		names->count++;
	}
}

enum pj_status
pj_folder_list(int dirfd, const char *suffix, struct pj_names *names,
    struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = -1;
	PJ_CLEANUP(close_dir) DIR *dir = NULL;
	enum pj_status status;

	names->count = 0;
	/* The folder may have been opened for its path alone. */
	fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno,
		    "listing the folder");
	dir = fdopendir(fd);
	if (dir == NULL)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno,
		    "listing the folder");
	(void)pj_take_fd(&fd);
	status = fill(dir, suffix, names, err);
	if (status != PJ_OK) {
		pj_names_free(names);
		return status;
	}
	qsort(names->items, names->count, sizeof(names->items[0]), compare);
	return PJ_OK;
}
