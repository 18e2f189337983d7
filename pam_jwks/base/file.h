/*
 * Files that decide who may log in.  Responsible for: reading only what nobody
 * but root (or the process's own user) can have changed, and replacing files so
 * that a reader sees the old bytes or the new ones, never a mixture.  Must not:
 * repair what it finds, follow a symbolic link, or wait on a FIFO or device.
 */
#ifndef PJ_BASE_FILE_H
#define PJ_BASE_FILE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/*
 * Opens a folder by walking its absolute path from the root, each component
 * with O_NOFOLLOW.  Each must be owned by root or by the effective user (by
 * root alone if the effective user is root) and not be writable by group or
 * others; a root-owned sticky folder such as /tmp may be an ancestor, not the
 * last one. On success *fd is owned by the caller.  PJ_FILE_MISSING (ENOENT),
 * PJ_FILE_UNSAFE or PJ_SYSTEM_ERROR, the component in the detail.
 */
enum pj_status	pj_file_open_dir(const char *path, int *fd,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * Appends the content of a regular file to buf, whose maximum is the limit.
 * The folder is checked as above; the file must have one link, an acceptable
 * owner, and no write bit for group or others.  PJ_FILE_MISSING,
 * PJ_FILE_UNSAFE, PJ_FILE_TOO_LARGE, PJ_NO_MEMORY or PJ_SYSTEM_ERROR.
 */
enum pj_status	pj_file_read(const char *path, struct pj_buf *buf,
		    struct pj_error *err) PJ_MUST_CHECK;

/* As pj_file_read, for a name without a slash in a folder that is open. */
enum pj_status	pj_file_read_at(int dirfd, const char *name,
		    struct pj_buf *buf, struct pj_error *err) PJ_MUST_CHECK;

/*
 * Replaces name in the open folder: a temporary file made with O_EXCL, mode set
 * whatever the umask is, written, synced, renamed, the folder synced.  On
 * failure the temporary file is removed and the old file is what it was.
 */
enum pj_status	pj_file_replace_at(int dirfd, const char *name,
		    struct pj_span bytes, mode_t mode, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * Reads a file without any demand on its owner, for files that the person
 * running a tool names himself.  Never used by the module.
 */
enum pj_status	pj_file_read_any(const char *path, struct pj_buf *buf,
		    struct pj_error *err) PJ_MUST_CHECK;

#endif
