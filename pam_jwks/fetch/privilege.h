/*
 * Who the helper's processes are.  Responsible for: leaving the surroundings
 * that a foreign caller made, becoming root in every id, and giving everything
 * up again in the worker, with a proof.
 */
#ifndef PJ_FETCH_PRIVILEGE_H
#define PJ_FETCH_PRIVILEGE_H

#include <sys/types.h>

#include "base/error.h"

/* Whom the worker becomes. */
struct pj_fetch_user {
	bool	drop;	/* false: this process is no root, nothing to give up */
	uid_t	uid;
	gid_t	gid;
};

/*
 * For the start of the program: all ids (if the effective user is root),
 * session, limits, priority, signals, umask, folder, environment, and
 * descriptors 0 to 2; every other one but keep_fd (-1: none) is closed.
 * PJ_SYSTEM_ERROR.
 */
enum pj_status	pj_privilege_begin(int keep_fd, struct pj_error *err)
		    PJ_MUST_CHECK;

/* Finds the user by name.  PJ_FETCH_USER_MISSING; root is none either. */
enum pj_status	pj_privilege_find(const char *name, struct pj_fetch_user *user,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * For the worker: closes everything but keep_fd (which must be above 2), gives
 * up all privileges and proves that they are gone, binds its life to parent's,
 * and sets limits.  cpu is in seconds.  PJ_SYSTEM_ERROR: the worker must end.
 */
enum pj_status	pj_privilege_drop(const struct pj_fetch_user *user,
		    int keep_fd, pid_t parent, struct pj_error *err)
		    PJ_MUST_CHECK;

#endif
