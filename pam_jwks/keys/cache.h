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

/* Seconds added to what a holder of the lock needs at most. */
#define PJ_LOCK_SLACK		5

/*
 * The bounds of what a holder signs for: a slow machine's share, and the most
 * that a configuration can ask for.
 */
#define PJ_LOCK_HOLD_LEAST	15
#define PJ_LOCK_HOLD_MOST	(60 + PJ_LOCK_SLACK)

/* Seconds; max_stale has 30 days at most. */
#define PJ_UNUSED_MAX		(31 * 86400)

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
 * Loads the data file; or the spare one, if there is one and it is not older,
 * which envelope->spare tells.  *envelope borrows from text, which the caller
 * owns and which must be empty with room for PJ_CACHE_MAX.  PJ_FILE_MISSING,
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

/*
 * For the helper, which holds the lock.  id and issuer are filled in here.
 * Where the folder of the cache cannot be written (a full or read-only disk)
 * the keys are put into the state's, as a spare file that ends with the next
 * good one; PJ_OK then, with words in the detail.
 */
enum pj_status	pj_cache_store(const struct pj_cache *cache,
		    const struct pj_envelope *envelope, struct pj_error *err)
		    PJ_MUST_CHECK;
enum pj_status	pj_cache_store_state(const struct pj_cache *cache,
		    const struct pj_state *state, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * Removes data files in the folder that nobody has written for PJ_UNUSED_MAX:
 * their keys are past every max_stale.  Those of the caches in use stay, for
 * the clock may be wrong.
 */
void		pj_cache_remove_unused(const char *cache_dir, int64_t wall,
		    const struct pj_cache *used, size_t count);

/*
 * Makes the two folders if they are missing (the last component of each only)
 * and checks them.
 */
enum pj_status	pj_cache_make_dirs(const struct pj_cache *cache,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * Takes the lock, an open-file-description lock that ends with *fd (owned by
 * the caller, close-on-exec).  Polls for wait_ms; 0: one try.  The caller says
 * that it will need the lock for hold_max seconds, and signs for that, within
 * the two limits.  A holder past what it signed for does not count any more:
 * the lock file is replaced after a few looks, which may take longer than
 * wait_ms by some polls.  PJ_FETCH_HELD_BACK if somebody else has it;
 * PJ_FILE_UNSAFE, PJ_SYSTEM_ERROR.
 */
enum pj_status	pj_cache_lock(const struct pj_cache *cache,
		    const struct pj_clock_source *clock, int64_t wait_ms,
		    int64_t hold_max, int *fd, struct pj_error *err)
		    PJ_MUST_CHECK;

/* False if the lock that fd is has been replaced, or that cannot be told. */
bool		pj_cache_still_locked(const struct pj_cache *cache, int fd);

/*
 * Leaves word of an attempt, in boot seconds, where no state can be written: as
 * the lock file's time of modification, which nothing else here changes and
 * which needs no room on the disk.  False, with errno, if not even that works.
 */
bool		pj_cache_mark(int fd, int64_t boot);

/* The attempt that was marked last; 0: none. */
int64_t		pj_cache_marked(int fd);

/* The orderly end of a lock, replaced or not; closes fd. */
void		pj_cache_unlock(int fd);

#endif
