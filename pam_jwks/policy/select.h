/*
 * Which section decides about a token, and what its header may say.  Everything
 * here is about data that is not verified: it can only lead to a refusal.
 */
#ifndef PJ_POLICY_SELECT_H
#define PJ_POLICY_SELECT_H

#include "jose/jwt.h"
#include "policy/config.h"

/*
 * The section for a PAM service and a token: of those with exactly its iss that
 * serve the service, the first whose audience is in its aud.
 * PJ_ISSUER_UNKNOWN, PJ_SERVICE_NOT_SERVED, PJ_AUDIENCE_MISMATCH, or
 * PJ_CLAIM_MISSING or PJ_CLAIM_TYPE for aud.
 */
enum pj_status	pj_policy_select(const struct pj_config *config,
		    const char *service, const struct pj_jwt_peek *peek,
		    const struct pj_issuer **issuer, struct pj_error *err)
		    PJ_MUST_CHECK;

/* True if the section lists the PAM service, or any. */
bool		pj_policy_serves(const struct pj_issuer *issuer,
		    const char *service);

/* PJ_ALG_NOT_ALLOWED, PJ_TYP_NOT_ALLOWED or PJ_KID_MISSING. */
enum pj_status	pj_policy_header(const struct pj_issuer *issuer,
		    const struct pj_jws_header *header, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * PJ_OK if aud (RFC 7519 section 4.1.3: a string or an array of strings) holds
 * one of the section's audiences, byte for byte.
 */
enum pj_status	pj_policy_audience(const struct pj_issuer *issuer,
		    const struct pj_json *aud, struct pj_error *err)
		    PJ_MUST_CHECK;

#endif
