/*
 * What the worker may ask of the kernel.  Responsible for: a filter of system
 * calls (seccomp(2)) that lets one https client with a resolver's thread live,
 * and nothing else.  The only user of libseccomp.
 *
 * Three answers.  Permitted is what glibc, libcurl and OpenSSL use.  What no
 * honest worker tries (a program, a process, another user, another's memory)
 * ends it at once, which the kernel also notes in its audit log.  Everything
 * else is answered as an older kernel would, ENOSYS, so that a newer glibc
 * falls back.
 */
#ifndef PJ_FETCH_FILTER_H
#define PJ_FETCH_FILTER_H

#include "base/error.h"

/* True if the program was built with libseccomp. */
bool		pj_filter_is_built(void);

/*
 * Filters this process and whatever threads it makes, for good; sets
 * no-new-privileges.  PJ_OK and no filter where it was not built in.
 * PJ_SYSTEM_ERROR: the worker must end.
 */
enum pj_status	pj_filter_install(struct pj_error *err) PJ_MUST_CHECK;

#endif
