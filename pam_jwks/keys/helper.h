/*
 * The refresher that starts pam-jwks-fetch.  Responsible for: a fixed command
 * line and an empty environment, a hard deadline, and reading the one line that
 * the helper answers.  Nothing of a token ever reaches the helper.
 */
#ifndef PJ_KEYS_HELPER_H
#define PJ_KEYS_HELPER_H

#include "keys/refresher.h"

struct pj_helper {
	const char		*path;		/* absolute, of the program */
	/*
	 * How the helper finds the same issuer section: in a configuration
	 * file, with options "KEY=VALUE" (NULL-terminated), or, if both are
	 * NULL, in the installed configuration.
	 */
	const char		*config;
	const char *const	*options;
	int64_t			 timeout_cold;	/* seconds, whole helper */
	int64_t			 timeout_stale;
};

/*
 * A refresher's function; ctx is a struct pj_helper.  Runs
 *
 *	PATH --cause CAUSE --reply-fd 3 [--config FILE] --section NAME
 *	PATH --cause CAUSE --reply-fd 3 --option KEY=VALUE...
 */
enum pj_status	pj_helper_refresh(void *ctx,
		    const struct pj_key_request *request,
		    enum pj_refresh_cause cause, struct pj_error *err);

/*
 * For `pam-jwks check`: has the helper confine a process and ask nobody.  The
 * detail tells what confines it, or why none can run.  Runs
 *
 *	PATH --try --reply-fd 3 --config FILE
 */
enum pj_status	pj_helper_try(const struct pj_helper *helper,
		    struct pj_error *err) PJ_MUST_CHECK;

#endif
