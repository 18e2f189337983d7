/*
 * Who fetches keys.  One of the two seams for tests: the library asks a
 * refresher and reads the cache again; it has no network of its own.
 */
#ifndef PJ_KEYS_REFRESHER_H
#define PJ_KEYS_REFRESHER_H

#include "base/error.h"
#include "keys/request.h"

/* Why new keys are wanted.  The helper decides by it whether it may ask. */
enum pj_refresh_cause {
	PJ_CAUSE_COLD,		/* no usable keys */
	PJ_CAUSE_STALE,		/* past their ttl, still usable */
	PJ_CAUSE_DUE,		/* fresh, soon not: detached */
	PJ_CAUSE_KID,		/* a token names a key that is not there */
	PJ_CAUSE_SIGNATURE,	/* a known key does not verify a token */
	PJ_CAUSE_FORCED,	/* timer and `pam-jwks refresh` */
	PJ_CAUSE_COUNT,
};

struct pj_refresher {
	/*
	 * Tries to bring the cache up to date before it returns (PJ_CAUSE_DUE:
	 * starts it and returns).  PJ_OK if the cache was written or found
	 * newer; else a status of the group "fetching", PJ_KEYSET_INVALID,
	 * PJ_DISCOVERY_INVALID or PJ_DISCOVERY_ISSUER_DIFFERS.
	 */
	enum pj_status	(*refresh)(void *ctx,
			    const struct pj_key_request *request,
			    enum pj_refresh_cause cause, struct pj_error *err);
	void		*ctx;
};

/* Refuses every refresh with PJ_FETCH_OFFLINE. */
extern const struct pj_refresher pj_refresher_offline;

/* "cold", "kid" and so on: the helper's argument. */
const char	*pj_refresh_cause_name(enum pj_refresh_cause cause);
bool		 pj_refresh_cause_find(struct pj_span name,
		    enum pj_refresh_cause *cause);

#endif
