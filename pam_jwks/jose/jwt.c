/*
 * Tokens whose payload is a claims set.  The payload is read as JSON once,
 * before verification, because an issuer must be known to have a key; the very
 * same document becomes the claims when the signature over its bytes is good.
 */
#include "jose/jws_unverified.h"
#include "jose/jwt.h"

struct pj_jwt {
	struct pj_jws	*jws;
	struct pj_json	*doc;	/* NULL once verified: the claims have it */
};

struct pj_claims {
	struct pj_json	*doc;
};

enum pj_status
pj_jwt_parse(struct pj_span token, struct pj_jwt **jwt, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_jwt) struct pj_jwt *made = NULL;
	enum pj_status status;

	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return PJ_NO_MEMORY;
	status = pj_jws_parse(token, &made->jws, err);
	if (status != PJ_OK)
		return status;
	status = pj_json_parse(pj_jws_unverified_payload(made->jws),
	    &made->doc, err);
	if (status == PJ_NO_MEMORY)
		return status;
	if (status != PJ_OK)
		return pj_fail_in(err, PJ_PAYLOAD_INVALID, "%s",
		    pj_status_name(status));
	*jwt = PJ_TAKE(made);
	return PJ_OK;
}

void
pj_jwt_free(struct pj_jwt *jwt)
{
	if (jwt == NULL)
		return;
	pj_jws_free(jwt->jws);
	pj_json_free(jwt->doc);
	free(jwt);
}

const struct pj_jws_header *
pj_jwt_header(const struct pj_jwt *jwt)
{
	return pj_jws_header(jwt->jws);
}

/* aud is a string or an array of strings (RFC 7519 section 4.1.3). */
static bool
is_audience(const struct pj_json *aud)
{
	enum pj_json_type type = pj_json_type(aud);

	if (type != PJ_JSON_ARRAY)
		return type == PJ_JSON_STRING;
	for (size_t i = 0; i < pj_json_length(aud); i++)
		if (pj_json_type(pj_json_item(aud, i)) != PJ_JSON_STRING)
			return false;
	return true;
}

enum pj_status
pj_jwt_peek(const struct pj_jwt *jwt, struct pj_jwt_peek *peek,
    struct pj_error *err)
{
	struct pj_jwt_peek	 seen = { .has_exp = false };
	const struct pj_json	*iss;
	const struct pj_json	*exp;

	if (jwt->doc == NULL)
		return PJ_INTERNAL_ERROR;
	iss = pj_json_member(jwt->doc, "iss");
	if (iss == NULL)
		return pj_fail(err, PJ_CLAIM_MISSING, "iss");
	if (!pj_json_string(iss, &seen.iss))
		return pj_fail(err, PJ_CLAIM_TYPE, "iss");
	seen.aud = pj_json_member(jwt->doc, "aud");
	if (seen.aud != NULL && !is_audience(seen.aud))
		return pj_fail(err, PJ_CLAIM_TYPE, "aud");
	exp = pj_json_member(jwt->doc, "exp");
	if (exp != NULL && !pj_json_time(exp, &seen.exp))
		return pj_fail(err, PJ_CLAIM_TYPE, "exp");
	seen.has_exp = exp != NULL;
	*peek = seen;
	return PJ_OK;
}

enum pj_status
pj_jwt_verify(struct pj_jwt *jwt, const struct pj_jwk *jwk,
    struct pj_claims **claims, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *made = NULL;
	struct pj_span	payload;
	enum pj_status	status;

	if (jwt->doc == NULL)
		return PJ_INTERNAL_ERROR;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return PJ_NO_MEMORY;
	status = pj_jws_verify(jwt->jws, jwk, &payload, err);
	if (status != PJ_OK)
		return status;
	made->doc = PJ_TAKE(jwt->doc);
	*claims = PJ_TAKE(made);
	return PJ_OK;
}

void
pj_claims_free(struct pj_claims *claims)
{
	if (claims == NULL)
		return;
	pj_json_free(claims->doc);
	free(claims);
}

const struct pj_json *
pj_claims_get(const struct pj_claims *claims, const char *name)
{
	return pj_json_member(claims->doc, name);
}

const struct pj_json *
pj_claims_all(const struct pj_claims *claims)
{
	return claims->doc;
}
