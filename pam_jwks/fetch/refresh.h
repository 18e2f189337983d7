/*
 * The privileged half.  Responsible for: one refresh of one issuer, with the
 * lock, the pauses, the worker, and the two files.  Must not: touch the
 * network, or destroy good keys because of a failure.
 */
#ifndef PJ_FETCH_REFRESH_H
#define PJ_FETCH_REFRESH_H

#include "base/clock.h"
#include "keys/refresher.h"

struct pj_refresh {
	const char			*fetch_user;
	const struct pj_clock_source	*clock;
	int64_t				 limit_ms;	/* whole refresh */
	int64_t				 connect_ms;
	int64_t				 request_ms;
};

/*
 * Refreshes the cache as cause asks.  PJ_OK if it was written or found new
 * enough, with a summary in the detail; any other status as struct pj_refresher
 * says, or what stood in the way on this machine.
 */
enum pj_status	pj_refresh(const struct pj_refresh *settings,
		    const struct pj_key_request *request,
		    enum pj_refresh_cause cause, struct pj_error *err)
		    PJ_MUST_CHECK;

#endif
