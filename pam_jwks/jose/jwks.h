/*
 * A key set (RFC 7517 section 5).  Responsible for: all or nothing for the
 * envelope, one by one for the keys, and choosing the keys that a token's
 * header means.
 */
#ifndef PJ_JOSE_JWKS_H
#define PJ_JOSE_JWKS_H

#include "jose/jws.h"

struct pj_jwks;

/*
 * Parses the text of a key set.  PJ_KEYSET_INVALID if it is no strict JSON
 * object with an array "keys" of at most PJ_KEYS_MAX; otherwise PJ_OK even if
 * no key of it is usable.  On success *jwks is owned by the caller.
 */
enum pj_status	pj_jwks_parse(struct pj_span text, struct pj_jwks **jwks,
		    struct pj_error *err) PJ_MUST_CHECK;
void		pj_jwks_free(struct pj_jwks *jwks);
PJ_DEFINE_CLEANUP(struct pj_jwks *, pj_cleanup_jwks, pj_jwks_free)

/* All keys in the order of the document, skipped ones included. */
size_t			 pj_jwks_count(const struct pj_jwks *jwks);
const struct pj_jwk	*pj_jwks_at(const struct pj_jwks *jwks, size_t i);
size_t			 pj_jwks_usable(const struct pj_jwks *jwks);

/*
 * What to say of a set without a usable key: PJ_KEYSET_INVALID, and why the
 * first key is skipped.
 */
enum pj_status		 pj_jwks_refuse(const struct pj_jwks *jwks,
			    struct pj_error *err);

/*
 * Checks key i completely (pj_jwk_check) if it is usable, and marks it as
 * skipped if it fails.  For the helper: it may take 150 ms.
 */
void			 pj_jwks_check(struct pj_jwks *jwks, size_t i);

/* Marks key i as skipped, because an earlier check said why (not PJ_OK). */
void			 pj_jwks_skip(struct pj_jwks *jwks, size_t i,
			    enum pj_status why);

/*
 * The keys to try for a token, in order: with a kid those with exactly that
 * kid; else those whose certificate has the x5t#S256 or x5t; else all that fit.
 * Only usable keys that fit the algorithm.  On PJ_OK *count is at least 1.
 * PJ_KEY_UNKNOWN if nothing has the kid or thumbprint, or if none, or more than
 * PJ_CANDIDATES_MAX, would fit a token that names none; PJ_KEY_UNFIT if what
 * has the kid or thumbprint does not fit or is skipped.  Of more than
 * PJ_CANDIDATES_KID_MAX with the same name the first are taken, and err's
 * detail says so: the token may fail for that.
 */
enum pj_status	pj_jwks_choose(const struct pj_jwks *jwks,
		    const struct pj_jws_header *header,
		    const struct pj_jwk *chosen[PJ_CANDIDATES_MAX],
		    size_t *count, struct pj_error *err) PJ_MUST_CHECK;

#endif
