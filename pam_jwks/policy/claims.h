/*
 * What the claims of a verified token must say.  Pure: data and now in, verdict
 * out.
 */
#ifndef PJ_POLICY_CLAIMS_H
#define PJ_POLICY_CLAIMS_H

#include "jose/jwt.h"
#include "policy/config.h"

/*
 * The value that a configuration's claim name means: "/a/b" is a JSON Pointer
 * (RFC 6901), everything else one member's name.  NULL if there is none.
 */
const struct pj_json	*pj_claim_find(const struct pj_claims *claims,
			    const char *name);

/*
 * PJ_CONFIG_INVALID if a name in a configuration is a pointer that no claim can
 * be found with: "~" stands for nothing but in "~0" and "~1".
 */
enum pj_status	pj_claim_check_name(struct pj_span name, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * Why a claim that is needed cannot be found.  PJ_CLAIM_OVERAGE if the provider
 * says that it keeps it elsewhere (OpenID Connect Core 1.0 section 5.6.2, and
 * what Entra ID does for people with many groups), else PJ_CLAIM_MISSING.
 */
enum pj_status	pj_claim_absent(const struct pj_claims *claims,
		    const char *name, struct pj_error *err);

/*
 * Refuses a token whose exp has passed (RFC 7519 section 4.1.4); for the early
 * check of what was peeked at, too.  now is in seconds since 1970.
 */
enum pj_status	pj_policy_expiry(const struct pj_issuer *issuer, int64_t exp,
		    int64_t now, struct pj_error *err) PJ_MUST_CHECK;

/*
 * iss and aud once more, and that the token is one for logging in at all: no
 * cnf, no events, an authorized party that is listed.
 */
enum pj_status	pj_policy_purpose(const struct pj_issuer *issuer,
		    const struct pj_claims *claims, struct pj_error *err)
		    PJ_MUST_CHECK;

/* exp, nbf, iat, auth_time. */
enum pj_status	pj_policy_times(const struct pj_issuer *issuer,
		    const struct pj_claims *claims, int64_t now,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * One sentence for the person whose token failed pj_policy_times with this
 * status; "" if there is nothing to tell.
 */
void		pj_policy_tell(enum pj_status status,
		    const struct pj_claims *claims, int64_t now,
		    char *text, size_t size);

#endif
