/*
 * What an administrator does to the cache by hand.  Responsible for: the lock
 * that all writers take, the rules of a fetch for keys that come from a file,
 * and an order of steps that may end anywhere.  Must not: touch a network.
 */
#ifndef PJ_KEYS_CHANGE_H
#define PJ_KEYS_CHANGE_H

#include "keys/cache.h"
#include "keys/version.h"

/*
 * Forgets the keys and the state of an issuer; the next login asks the
 * provider, without any pause.  A fetch that runs is waited for, or loses its
 * right to write.  *had (on success) tells whether there were keys.
 * pj_cache_lock's errors; PJ_SYSTEM_ERROR with the keys still there or, with
 * the word "state" in the detail, gone.
 */
enum pj_status	pj_cache_purge(const struct pj_cache *cache, int64_t wait_ms,
		    bool *had, struct pj_error *err) PJ_MUST_CHECK;

/*
 * Stores a key set as if it had been fetched now, after the same judgement;
 * on failure the old keys stay.  pj_keys_judge's errors, pj_cache_lock's and
 * pj_cache_store's.
 */
enum pj_status	pj_cache_import(const struct pj_cache *cache,
		    struct pj_span body, int64_t wait_ms,
		    struct pj_judgement *judgement, struct pj_error *err)
		    PJ_MUST_CHECK;

#endif
