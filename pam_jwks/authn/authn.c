#include "authn/authn.h"

#include <stdio.h>

#include "authn/account.h"
#include "authn/configure.h"
#include "authn/lookup.h"
#include "jose/digest.h"
#include "jose/jwt.h"
#include "policy/claims.h"
#include "policy/export.h"
#include "policy/select.h"
#include "policy/usermap.h"

/*
 * Names the token in the log without giving it away.  Only what has a token's
 * form is named: 48 bits of a password's digest would be enough to guess it.
 */
static void
name_token(struct pj_decision *decision, struct pj_span token)
{
	char hex[PJ_SHA256_HEX_LEN + 1];

	if (token.len != 0 && token.ptr[token.len - 1] == '\n')
		token.len--;
	if (pj_sha256_hex(token, hex) == PJ_OK)
		memcpy(decision->token, hex, PJ_TOKEN_ID_LEN);
}

static void
name_key(struct pj_decision *decision, const struct pj_jws_header *header)
{
	if (header->has_kid)
		pj_escape(decision->kid, sizeof(decision->kid), header->kid);
}

static enum pj_status
check_account(const struct pj_issuer *issuer, const struct pj_login *login,
    bool literal_user, struct pj_error *err)
{
	if (login->no_account)
		return PJ_OK;
	return pj_account_check(issuer, login->user, literal_user, err);
}

/* Whether the token is this user's, and says what the section requires. */
static enum pj_status
match(const struct pj_config *config, const struct pj_issuer *issuer,
    const struct pj_claims *claims, const struct pj_login *login,
    struct pj_decision *decision, struct pj_error *err)
{
	enum pj_status status = pj_usermap_match(config, issuer, claims,
	    login->user, decision, err);

	if (status == PJ_OK)
		status = pj_rules_check(&issuer->require, claims, err);
	if (status != PJ_OK)
		decision->rule[0] = '\0';
	return status;
}

/* All of the rules, for a token whose signature is good. */
static enum pj_status
decide(const struct pj_config *config, const struct pj_issuer *issuer,
    const struct pj_claims *claims, const struct pj_login *login, int64_t now,
    struct pj_decision *decision, struct pj_error *err)
{
	enum pj_status purpose, times, matched;
	struct pj_error later = { "" };

	purpose = pj_policy_purpose(issuer, claims, err);
	if (purpose != PJ_OK) {
		(void)!match(config, issuer, claims, login, decision,
		    &later);
		return purpose;
	}
	times = pj_policy_times(issuer, claims, now, err);
	matched = match(config, issuer, claims, login, decision,
	    times == PJ_OK ? err : &later);
	/* Only the token's own person learns what is wrong with it. */
	if (times != PJ_OK && matched == PJ_OK &&
	    check_account(issuer, login, decision->literal_user, &later) ==
	    PJ_OK)
		pj_policy_tell(times, claims, now, decision->tell,
		    sizeof(decision->tell));
	if (times != PJ_OK)
		return times;
	if (matched != PJ_OK)
		return matched;
	return check_account(issuer, login, decision->literal_user, err);
}

struct jwt_try {
	struct pj_span		 token;
	struct pj_jwt		*jwt;
	struct pj_claims	*claims;
	bool			 cut;
};

static enum pj_status
try_jwt(void *ctx, const struct pj_jwk *jwk, struct pj_error *err)
{
	struct jwt_try *try = ctx;
	enum pj_status status;

	status = pj_jwt_verify(try->jwt, jwk, &try->claims, err);
	try->cut = status == PJ_SIGNATURE_INVALID &&
	    pj_jws_is_cut(try->token, jwk);
	return status;
}

/* What can be refused without a key is refused before one is looked for. */
static enum pj_status
choose_section(const struct pj_config *config, const struct pj_login *login,
    const struct pj_jwt *jwt, struct pj_decision *decision,
    struct pj_jwt_peek *peek, const struct pj_issuer **issuer,
    struct pj_error *err)
{
	enum pj_status status;

	name_key(decision, pj_jwt_header(jwt));
	status = pj_jwt_peek(jwt, peek, err);
	if (status != PJ_OK)
		return status;
	status = pj_policy_select(config, login->service, peek, issuer, err);
	if (status != PJ_OK)
		return status;
	(void)snprintf(decision->section, sizeof(decision->section), "%s",
	    (*issuer)->name);
	status = pj_policy_header(*issuer, pj_jwt_header(jwt), err);
	if (status != PJ_OK)
		return status;
	if (!peek->has_exp)
		return pj_fail(err, PJ_CLAIM_MISSING, "exp");
	return PJ_OK;
}

/*
 * An acceptance has no detail but these: that its keys could not be renewed, or
 * else that a claim could not be exported, which err says already.
 */
static void
say_note(const struct pj_keysource *source, struct pj_error *err)
{
	const char *note = pj_keysource_note(source);

	/* It is safe text already: escaping it again would spoil it. */
	if (note != NULL)
		(void)snprintf(err->detail, sizeof(err->detail), "%s", note);
}

static enum pj_status
authenticate(const struct pj_config *config, const struct pj_login *login,
    struct pj_decision *decision, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_jwt) struct pj_jwt *jwt = NULL;
	PJ_CLEANUP(pj_cleanup_keysource) struct pj_keysource *source = NULL;
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL;
	const struct pj_refresher *refresher = login->refresher;
	const struct pj_issuer *issuer;
	struct pj_key_request request;
	struct pj_jwt_peek peek;
	struct pj_error expiry = { "" };
	struct jwt_try try = { .token = login->token };
	enum pj_status status, early;

	status = pj_jwt_parse(login->token, &jwt, err);
	if (status != PJ_OK) {
		decision->cut = pj_jws_is_cut(login->token, NULL);
		return status;
	}
	name_token(decision, login->token);
	status = choose_section(config, login, jwt, decision, &peek, &issuer,
	    err);
	if (status != PJ_OK)
		return status;
	/*
	 * A token that has expired is not worth a fetch.  It is still verified
	 * with the keys at hand: only its owner is told that it has expired.
	 */
	early = pj_policy_expiry(issuer, peek.exp,
	    pj_clock_wall(login->clock), &expiry);
	if (early != PJ_OK)
		refresher = &pj_refresher_offline;
	pj_configure_request(config, issuer, &request);
	status = pj_keysource_new(&request, login->clock, refresher, &source);
	if (status != PJ_OK)
		return status;
	try.jwt = jwt;
	status = pj_lookup_verify(source, pj_jwt_header(jwt), try_jwt, &try,
	    err);
	claims = try.claims;
	decision->cut = try.cut;
	if (status != PJ_OK && status != PJ_SIGNATURE_INVALID &&
	    early != PJ_OK) {
		*err = expiry;
		return early;
	}
	if (status != PJ_OK)
		return status;
	decision->verified = true;
	status = decide(config, issuer, claims, login,
	    pj_clock_wall(login->clock), decision, err);
	if (status != PJ_OK)
		return status;
	err->detail[0] = '\0';
	status = pj_export_claims(issuer, claims, &decision->exports, err);
	if (status != PJ_OK)
		return status;
	say_note(source, err);
	pj_keysource_accepted(source);
	return PJ_OK;
}

void
pj_authn(const struct pj_config *config, const struct pj_login *login,
    struct pj_decision *decision)
{
	enum pj_status status;

	pj_decision_init(decision);
	status = authenticate(config, login, decision, &decision->error);
	if (status != PJ_OK)
		pj_decision_free(decision);
	decision->status = status;
}

struct jws_try {
	struct pj_jws	*jws;
	struct pj_span	 payload;
};

static enum pj_status
try_jws(void *ctx, const struct pj_jwk *jwk, struct pj_error *err)
{
	struct jws_try *try = ctx;

	return pj_jws_verify(try->jws, jwk, &try->payload, err);
}

static enum pj_status
verify_signature(const struct pj_config *config, const struct pj_login *login,
    struct pj_decision *decision, struct pj_buf *payload, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;
	PJ_CLEANUP(pj_cleanup_keysource) struct pj_keysource *source = NULL;
	const struct pj_issuer *issuer = pj_config_issuer(config, 0);
	struct jws_try try = { NULL, { NULL, 0 } };
	struct pj_key_request request;
	enum pj_status status;

	if (issuer == NULL)
		return pj_fail(err, PJ_CONFIG_INVALID, "no issuer");
	status = pj_jws_parse(login->token, &jws, err);
	if (status != PJ_OK)
		return status;
	name_token(decision, login->token);
	name_key(decision, pj_jws_header(jws));
	status = pj_policy_header(issuer, pj_jws_header(jws), err);
	if (status != PJ_OK)
		return status;
	pj_configure_request(config, issuer, &request);
	status = pj_keysource_new(&request, login->clock, login->refresher,
	    &source);
	if (status != PJ_OK)
		return status;
	try.jws = jws;
	status = pj_lookup_verify(source, pj_jws_header(jws), try_jws, &try,
	    err);
	if (status != PJ_OK)
		return status;
	return pj_buf_append(payload, try.payload);
}

void
pj_authn_signature(const struct pj_config *config,
    const struct pj_login *login, struct pj_decision *decision,
    struct pj_buf *payload)
{
	enum pj_status status;

	pj_decision_init(decision);
	status = verify_signature(config, login, decision, payload,
	    &decision->error);
	decision->verified = status == PJ_OK;
	decision->status = status;
}
