/*
 * The file cache.  Responsible for: the files' names, loading them with every
 * check, replacing them atomically, and the lock.  A login loads; only the
 * helper stores and locks.  Must not: repair a file, or judge the age of keys.
 */
#ifndef PJ_KEYS_CACHE_H
#define PJ_KEYS_CACHE_H

#include "base/clock.h"
#include "keys/envelope.h"
#include "keys/request.h"

/* The cache's name for an issuer: see pj_cache_open. */
struct pj_cache {
	const struct pj_key_request	*request;	/* borrowed */
	char				 id[PJ_SHA256_HEX_LEN + 1];
};

/*
 * Computes the id: SHA-256 over everything that decides trust, each field
 * behind its length: format version, issuer, discovery_url, jwks_uri, ca_file,
 * proxy, ip_resolve.  PJ_NO_MEMORY, PJ_INTERNAL_ERROR.
 */
enum pj_status	pj_cache_open(const struct pj_key_request *request,
		    struct pj_cache *cache, struct pj_error *err) PJ_MUST_CHECK;

/*
 * Loads the data file.  *envelope borrows from text, which the caller owns and
 * which must be empty with room for PJ_CACHE_MAX.  PJ_FILE_MISSING,
 * PJ_FILE_UNSAFE, PJ_FILE_TOO_LARGE, PJ_CACHE_INVALID (also: of another
 * issuer), PJ_NO_MEMORY, PJ_SYSTEM_ERROR; path and reason in the detail.
 */
enum pj_status	pj_cache_load(const struct pj_cache *cache,
		    struct pj_buf *text, struct pj_envelope *envelope,
		    struct pj_error *err) PJ_MUST_CHECK;

/* Loads the state file; errors as above. */
enum pj_status	pj_cache_load_state(const struct pj_cache *cache,
		    struct pj_state *state, struct pj_error *err)
		    PJ_MUST_CHECK;

/* For the helper, which holds the lock.  id and issuer are filled in here. */
enum pj_status	pj_cache_store(const struct pj_cache *cache,
		    const struct pj_envelope *envelope, struct pj_error *err)
		    PJ_MUST_CHECK;
enum pj_status	pj_cache_store_state(const struct pj_cache *cache,
		    const struct pj_state *state, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * Makes the two folders if they are missing (the last component of each only)
 * and checks them.
 */
enum pj_status	pj_cache_make_dirs(const struct pj_cache *cache,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * Takes the lock, an open-file-description lock that ends with *fd (owned by
 * the caller, close-on-exec).  Polls for wait_ms; 0: one try.  A holder that
 * has had it for holder_max seconds does not count any more: the lock file is
 * replaced. PJ_FETCH_HELD_BACK if somebody else has it; PJ_FILE_UNSAFE,
 * PJ_SYSTEM_ERROR.
 */
enum pj_status	pj_cache_lock(const struct pj_cache *cache,
		    const struct pj_clock_source *clock, int64_t wait_ms,
		    int64_t holder_max, int *fd, struct pj_error *err)
		    PJ_MUST_CHECK;

#endif
