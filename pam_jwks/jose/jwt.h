/*
 * A token whose payload is a claims set (RFC 7519).  Responsible for: keeping
 * what is believed apart from what is not.  A struct pj_claims exists only as
 * the output of a successful pj_jwt_verify; there is no other way to get one.
 */
#ifndef PJ_JOSE_JWT_H
#define PJ_JOSE_JWT_H

#include "jose/jws.h"

struct pj_jwt;		/* parsed, not verified */
struct pj_claims;	/* verified */

/*
 * What may be looked at before verification: it chooses the section or refuses
 * early, it never accepts anything.  Lives as long as the token.
 */
struct pj_jwt_peek {
	struct pj_span		 iss;
	const struct pj_json	*aud;		/* NULL if absent */
	bool			 has_exp;
	int64_t			 exp;		/* seconds since 1970 */
};

/*
 * pj_jws_parse, and the payload's JSON.  PJ_PAYLOAD_INVALID if it is no strict
 * JSON object.  On success *jwt is owned by the caller.
 */
enum pj_status	pj_jwt_parse(struct pj_span token, struct pj_jwt **jwt,
		    struct pj_error *err) PJ_MUST_CHECK;
void		pj_jwt_free(struct pj_jwt *jwt);
PJ_DEFINE_CLEANUP(struct pj_jwt *, pj_cleanup_jwt, pj_jwt_free)

const struct pj_jws_header	*pj_jwt_header(const struct pj_jwt *jwt);

/*
 * PJ_CLAIM_MISSING or PJ_CLAIM_TYPE if iss is absent, or a wrong type occurs.
 */
enum pj_status	pj_jwt_peek(const struct pj_jwt *jwt,
		    struct pj_jwt_peek *peek, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * Verifies.  On success *claims is owned by the caller (pj_claims_free) and
 * independent of jwt, which must not be verified again.  Errors as in
 * pj_jws_verify.
 */
enum pj_status	pj_jwt_verify(struct pj_jwt *jwt, const struct pj_jwk *jwk,
		    struct pj_claims **claims, struct pj_error *err)
		    PJ_MUST_CHECK;
void		pj_claims_free(struct pj_claims *claims);
PJ_DEFINE_CLEANUP(struct pj_claims *, pj_cleanup_claims, pj_claims_free)

/* The top-level claim's value, or NULL if it is absent. */
const struct pj_json	*pj_claims_get(const struct pj_claims *claims,
			    const char *name);

/* The claims set as one object, for paths into it. */
const struct pj_json	*pj_claims_all(const struct pj_claims *claims);

#endif
