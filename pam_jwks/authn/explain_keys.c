/*
 * The steps of an explanation about keys and the signature.
 */
#include <stdio.h>

#include "authn/configure.h"
#include "authn/explain_private.h"
#include "authn/lookup.h"

/* The names of keys that can be used, for comparison with the token's. */
static void
show_kids(struct explanation *e, const struct pj_jwks *jwks)
{
	size_t shown = 0;

	for (size_t i = 0; i < pj_jwks_count(jwks) &&
	    shown < PJ_CANDIDATES_MAX; i++) {
		const struct pj_jwk *jwk = pj_jwks_at(jwks, i);

		if (jwk->status != PJ_OK || !jwk->has_kid)
			continue;
		pj_explain_text(e, "kid", jwk->kid, "");
		shown++;
	}
}

static void
show_keys(struct explanation *e, const struct pj_keysource *source,
    const struct pj_key_request *request, const struct pj_jwks *jwks)
{
	const char *note = pj_keysource_note(source);
	enum pj_key_state state;
	struct pj_span from;
	char words[64];
	int64_t age;

	pj_keysource_about(source, &state, &age, &from);
	if (request->jwks_file != NULL)
		pj_explain_text(e, "file", pj_span_str(request->jwks_file), "");
	else
		pj_explain_text(e, "state",
		    pj_span_str(pj_key_state_name(state)), "");
	if (from.len != 0)
		pj_explain_text(e, "from", from, "");
	if (age >= 0)
		pj_explain_number(e, "age", (long long)age, "seconds");
	(void)snprintf(words, sizeof(words), "of %zu", pj_jwks_count(jwks));
	pj_explain_number(e, "usable", (long long)pj_jwks_usable(jwks), words);
	show_kids(e, jwks);
	if (note != NULL)
		pj_explain_text(e, "note", pj_span_str(note), "");
}

/* A key that is tried for the token, and what came of it. */
struct attempt {
	struct explanation	*explanation;
	struct pj_jwt		*jwt;
	struct pj_claims	*claims;
};

static enum pj_status
try_key(void *ctx, const struct pj_jwk *jwk, struct pj_error *err)
{
	struct attempt *attempt = ctx;
	struct explanation *e = attempt->explanation;
	enum pj_status status = pj_jwt_verify(attempt->jwt, jwk,
	    &attempt->claims, err);
	char thumbprint[PJ_THUMBPRINT_LEN + 1], words[64];

	(void)snprintf(words, sizeof(words), "%s %u bits%s: %s",
	    pj_kty_name(jwk->kty), jwk->bits, jwk->from_x5c ? " from x5c" : "",
	    pj_status_name(status));
	if (pj_jwk_thumbprint(jwk, thumbprint, NULL) == PJ_OK)
		pj_explain_text(e, "key", pj_span_str(thumbprint), words);
	return status;
}

/*
 * pj_authn may have asked the provider, which is not done again: then its word
 * on keys and signature is the one that counts.
 */
static enum pj_status
prefer_decision(const struct explanation *e, enum pj_status status,
    struct pj_error *err)
{
	enum pj_status made = e->decision->status;

	if (status == PJ_OK || e->decided || e->decision->verified ||
	    (made != PJ_SIGNATURE_INVALID && made != PJ_KEY_UNFIT &&
	    made != PJ_KEY_UNKNOWN &&
	    pj_status_outcome(made) != PJ_OUTCOME_NO_KEYS))
		return status;
	*err = e->decision->error;
	return made;
}

struct pj_claims *
pj_explain_signature(struct explanation *e, struct pj_jwt *jwt)
{
	PJ_CLEANUP(pj_cleanup_keysource) struct pj_keysource *source = NULL;
	struct attempt attempt = { e, jwt, NULL };
	const struct pj_jwks *jwks;
	struct pj_key_request request;
	struct pj_error err = { "" };
	enum pj_status status;

	pj_configure_request(e->config, e->issuer, &request);
	status = pj_keysource_new(&request, e->login->clock,
	    &pj_refresher_offline, &source);
	if (status == PJ_OK)
		status = pj_keysource_keys(source, &jwks, &err);
	if (status == PJ_OK)
		show_keys(e, source, &request, jwks);
	status = prefer_decision(e, status, &err);
	pj_explain_say(e, "keys", NULL, status, &err);
	if (status != PJ_OK) {
		pj_explain_skip(e, "signature", "there are no keys");
		return NULL;
	}
	status = pj_lookup_verify(source, pj_jwt_header(jwt), try_key,
	    &attempt, &err);
	status = prefer_decision(e, status, &err);
	e->verified = status == PJ_OK;
	pj_explain_say(e, "signature", NULL, status, &err);
	return attempt.claims;
}
