/*
 * The unprivileged half.  Responsible for: at most two GETs in a process of its
 * own that cannot do anything else, within a deadline.  Must not: read or write
 * a cache, or decide whether what it got is any good.
 */
#ifndef PJ_FETCH_WORKER_H
#define PJ_FETCH_WORKER_H

#include "fetch/http_curl.h"
#include "fetch/privilege.h"

/* What is to be fetched; all borrowed. */
struct pj_plan {
	const char		*discovery_url;	/* NULL: not this time */
	const char		*issuer;	/* that it must name */
	/* Where the keys are if discovery is not asked or fails, or NULL. */
	const char		*jwks_uri;
	/* Validators, used for keys from this URL only. */
	struct pj_span		 validators_for;
	struct pj_span		 etag;
	struct pj_span		 last_modified;
	bool			 no_cache;
	struct pj_http_settings	 http;
};

/*
 * Runs a worker and appends its frames (answer.h) to out; a second one if
 * discovery names a port that the first may not connect to.  They are killed
 * after limit_ms.  PJ_OK if they ended in time and by themselves, whatever they
 * wrote; PJ_FETCH_TIMEOUT, PJ_FETCH_FAILED (too much was written, or the kernel
 * ended one), PJ_SYSTEM_ERROR, PJ_NO_MEMORY.  *begun is set if one of them got
 * as far as the network; it is left alone if none did.
 */
enum pj_status	pj_worker_run(const struct pj_plan *plan,
		    const struct pj_fetch_user *user, int64_t limit_ms,
		    struct pj_buf *out, bool *begun, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * Runs a worker that confines itself and asks nobody.  On PJ_OK the detail
 * tells what confines it; else why no worker can run here.
 */
enum pj_status	pj_worker_try(const struct pj_fetch_user *user,
		    struct pj_error *err) PJ_MUST_CHECK;

#endif
