/*
 * What the worker's answers are worth.  Responsible for: parsing and checking
 * everything again, strictly, as if the worker were the enemy.  Pure but for
 * the keys' arithmetic and its time limit.  Must not: touch the cache.
 */
#ifndef PJ_FETCH_HARVEST_H
#define PJ_FETCH_HARVEST_H

#include "fetch/answer.h"
#include "fetch/worker.h"

struct pj_harvest {
	bool		discovered;	/* discovery answered, and well */
	bool		not_modified;	/* the old copy holds */
	bool		unusable;	/* a key set without a usable key */
	bool		moved;		/* 404 or 410: the keys went away */
	size_t		usable;		/* keys; 0 if not_modified */
	char		unsound[PJ_FIELD_MAX + 1];	/* see keys/version.h */
	struct pj_span	body;		/* the key set; empty if not_modified */
	char		jwks_uri[PJ_URL_MAX + 1];
	struct pj_http_headers headers;	/* of the last answer there was */
	int64_t		cert_expires;
};

/*
 * Judges the bytes that a worker wrote for plan.  have_copy tells whether there
 * is something that a 304 could confirm.  At until (pj_now_ms) the complete
 * check of keys ends; keys that it did not reach are left to the cheap checks
 * that every login makes.  *harvest is filled in either way, as
 * far as it goes; its spans borrow from text.  On PJ_OK it holds keys or
 * not_modified; else PJ_FETCH_FAILED, PJ_FETCH_TIMEOUT, PJ_KEYSET_INVALID,
 * PJ_DISCOVERY_INVALID, PJ_DISCOVERY_ISSUER_DIFFERS or PJ_NO_MEMORY.
 */
enum pj_status	pj_harvest(const struct pj_plan *plan, bool have_copy,
		    struct pj_span text, int64_t until,
		    struct pj_harvest *harvest,
		    struct pj_error *err) PJ_MUST_CHECK;

#endif
