/*
 * The key for a token: choose, verify, and if that fails ask once for newer
 * keys and try exactly once more.
 */
#ifndef PJ_AUTHN_LOOKUP_H
#define PJ_AUTHN_LOOKUP_H

#include "jose/jwks.h"
#include "keys/keysource.h"

/* Verifies something with one key: PJ_OK, or why not. */
typedef enum pj_status pj_try_key(void *ctx, const struct pj_jwk *jwk,
		struct pj_error *err);

/*
 * Tries the keys that the header means.  PJ_OK as soon as one verifies.
 * PJ_SIGNATURE_INVALID, PJ_KEY_UNKNOWN, PJ_KEY_UNFIT, PJ_KEYS_UNAVAILABLE.
 */
enum pj_status	pj_lookup_verify(struct pj_keysource *source,
		    const struct pj_jws_header *header, pj_try_key *try_key,
		    void *ctx, struct pj_error *err) PJ_MUST_CHECK;

#endif
