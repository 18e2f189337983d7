/*
 * The key supply of one login.  Responsible for: reading the cache (or the key
 * file), deciding whether new keys are needed, asking the refresher at most
 * once, and reading again.  Never locks, never writes.
 */
#ifndef PJ_KEYS_KEYSOURCE_H
#define PJ_KEYS_KEYSOURCE_H

#include "base/clock.h"
#include "jose/jwks.h"
#include "keys/lifetime.h"
#include "keys/refresher.h"

struct pj_keysource;

/*
 * Everything is borrowed until pj_keysource_free.  PJ_NO_MEMORY.
 */
enum pj_status	pj_keysource_new(const struct pj_key_request *request,
		    const struct pj_clock_source *clock,
		    const struct pj_refresher *refresher,
		    struct pj_keysource **source) PJ_MUST_CHECK;
void		pj_keysource_free(struct pj_keysource *source);
PJ_DEFINE_CLEANUP(struct pj_keysource *, pj_cleanup_keysource,
    pj_keysource_free)

/*
 * The keys that may be used now, refreshed first where the state asks for it.
 * *jwks is borrowed from source, valid until the next call for it.
 * PJ_KEYS_UNAVAILABLE, with what stood in the way in the detail.
 */
enum pj_status	pj_keysource_keys(struct pj_keysource *source,
		    const struct pj_jwks **jwks, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * After a token could not be verified with those keys: asks for newer ones,
 * once per login, within the cooldown that all processes share.  cause is
 * PJ_CAUSE_KID or PJ_CAUSE_SIGNATURE.  PJ_OK if *jwks now is another set;
 * PJ_FETCH_HELD_BACK if there was nothing to be asked (already asked in this
 * login, cooling down, a key file); PJ_KEYS_UNAVAILABLE if the fetch failed.
 * The earlier set stays valid until pj_keysource_free.
 */
enum pj_status	pj_keysource_newer(struct pj_keysource *source,
		    enum pj_refresh_cause cause, const struct pj_jwks **jwks,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * To be called after a login has succeeded: starts a detached refresh if the
 * keys are due for one.  Nobody waits, nothing fails.
 */
void		pj_keysource_accepted(struct pj_keysource *source);

/*
 * What the administrator should know although keys were had: why stale ones are
 * in use, or what was wrong with the file that has been replaced.  NULL if
 * there is nothing; borrowed from source.
 */
const char	*pj_keysource_note(const struct pj_keysource *source);

/*
 * What the keys that pj_keysource_keys gave are: their state, their age in
 * seconds and where they were fetched (-1 and empty for a key file).  *from is
 * borrowed from source.  For tools.
 */
void		pj_keysource_about(const struct pj_keysource *source,
		    enum pj_key_state *state, int64_t *age,
		    struct pj_span *from);

#endif
