/*
 * The steps of an explanation behind the signature.
 */
#include <stdio.h>

#include "authn/account.h"
#include "authn/explain_private.h"
#include "policy/claims.h"
#include "policy/export.h"
#include "policy/usermap.h"

static void
show_claim(struct explanation *e, const struct pj_claims *claims,
    const char *name)
{
	pj_explain_json(e, name, pj_claim_find(claims, name), "");
}

static void
explain_purpose(struct explanation *e, const struct pj_claims *claims)
{
	static const char *const names[] = { "aud", "azp", "client_id" };
	static const char *const never[] = { "cnf", "events" };
	PJ_BUF_SCOPED(wanted, WANTED_MAX);
	struct pj_error err = { "" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		show_claim(e, claims, names[i]);
	/* What they say does not matter. */
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (pj_claims_get(claims, never[i]) != NULL)
			pj_explain_text(e, never[i], pj_span_str("present"),
			    "");
	}
	pj_explain_want_list(&wanted, "audience", &e->issuer->audience);
	if (e->issuer->authorized_party.count != 0)
		pj_explain_want_list(&wanted, "authorized_party",
		    &e->issuer->authorized_party);
	pj_explain_want(&wanted, "neither cnf nor events");
	pj_explain_say(e, "purpose", &wanted,
	    pj_policy_purpose(e->issuer, claims, &err), &err);
}

static void
explain_times(struct explanation *e, const struct pj_claims *claims)
{
	static const char *const names[] = { "exp", "nbf", "iat", "auth_time" };
	PJ_BUF_SCOPED(wanted, WANTED_MAX);
	struct pj_error err = { "" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		pj_explain_time(e, names[i], pj_claims_get(claims, names[i]));
	pj_explain_want(&wanted, "leeway %lld s",
	    (long long)e->issuer->leeway);
	if (e->issuer->max_token_age >= 0)
		pj_explain_want(&wanted, "max_token_age %lld s",
		    (long long)e->issuer->max_token_age);
	if (e->issuer->max_auth_age >= 0)
		pj_explain_want(&wanted, "max_auth_age %lld s",
		    (long long)e->issuer->max_auth_age);
	pj_explain_say(e, "times", &wanted,
	    pj_policy_times(e->issuer, claims, e->now, &err), &err);
}

static void
want_user(struct explanation *e, struct pj_buf *wanted)
{
	const struct pj_issuer *issuer = e->issuer;

	if (issuer->user_strip_domain.count != 0)
		pj_explain_want_list(wanted, "user_strip_domain",
		    &issuer->user_strip_domain);
	if (!pj_config_is_mapped(e->config, issuer)) {
		pj_explain_want(wanted, "%s is %s", issuer->user_claim,
		    e->login->user);
		return;
	}
	if (issuer->user_map != NULL)
		pj_explain_want(wanted, "a line of %s for %s",
		    issuer->user_map, e->login->user);
	for (size_t i = 0; i < pj_config_grants(e->config); i++) {
		const struct pj_grant *grant = pj_config_grant(e->config, i);

		if (pj_list_has(&grant->issuer, pj_span_str(issuer->name)))
			pj_explain_want(wanted, "or [grant %s]", grant->name);
	}
}

/* True, and what freed the user of the uid rules, if the identity is his. */
static bool
explain_identity(struct explanation *e, const struct pj_claims *claims,
    bool *literal_user)
{
	PJ_BUF_SCOPED(wanted, WANTED_MAX);
	PJ_CLEANUP(pj_decision_free) struct pj_decision seen = {
		.status = PJ_INTERNAL_ERROR,
	};
	struct pj_error err = { "" };
	enum pj_status status;

	pj_decision_init(&seen);
	status = pj_usermap_match(e->config, e->issuer, claims, e->login->user,
	    &seen, &err);
	show_claim(e, claims, e->issuer->user_claim);
	if (strcmp(e->issuer->user_claim, "email") == 0)
		show_claim(e, claims, "email_verified");
	if (seen.rule[0] != '\0')
		pj_explain_text(e, "rule", pj_span_str(seen.rule), "");
	pj_explain_text(e, "user", pj_span_str(e->login->user), "");
	want_user(e, &wanted);
	pj_explain_say(e, "identity", &wanted, status, &err);
	*literal_user = seen.literal_user;
	return status == PJ_OK;
}

/* Each rule by itself: the first that fails need not be the only one. */
static void
explain_rules(struct explanation *e, const struct pj_claims *claims)
{
	const struct pj_rules *rules = &e->issuer->require;

	for (size_t i = 0; i < rules->count; i++) {
		PJ_BUF_SCOPED(wanted, WANTED_MAX);
		struct pj_rules one = { { rules->items[i] }, 1 };
		struct pj_error err = { "" };

		show_claim(e, claims, rules->items[i]->claim);
		pj_explain_want(&wanted, "%s", rules->items[i]->text);
		pj_explain_say(e, "require", &wanted,
		    pj_rules_check(&one, claims, &err), &err);
	}
}

static void
explain_account(struct explanation *e, bool literal_user)
{
	PJ_BUF_SCOPED(wanted, WANTED_MAX);
	struct pj_error err = { "" };

	if (e->login->no_account) {
		pj_explain_skip(e, "account", "--no-account");
		return;
	}
	pj_explain_text(e, "user", pj_span_str(e->login->user), "");
	if (e->issuer->account == PJ_ACCOUNT_NONE)
		pj_explain_want(&wanted, "none is needed");
	if (literal_user)
		pj_explain_want(&wanted, "written out: any uid");
	else
		pj_explain_want(&wanted, "uid %lld or more",
		    (long long)e->issuer->min_uid);
	pj_explain_say(e, "account", &wanted, pj_account_check(e->issuer,
	    e->login->user, literal_user, &err), &err);
}

static void
explain_export(struct explanation *e, const struct pj_claims *claims)
{
	PJ_CLEANUP(pj_list_free) struct pj_list settings = { .count = 0 };
	struct pj_error err = { "" };
	enum pj_status status;

	if (e->issuer->export.count == 0)
		return;
	status = pj_export_claims(e->issuer, claims, &settings, &err);
	for (size_t i = 0; i < settings.count; i++)
		pj_explain_text(e, "env", pj_span_str(settings.items[i]), "");
	pj_explain_say(e, "export", NULL, status, &err);
}

static void
show_member(void *ctx, const char *name, const struct pj_json *value)
{
	char safe[4 * PJ_NAME_MAX + 1];

	pj_escape(safe, sizeof(safe), pj_span_str(name));
	pj_explain_json(ctx, safe, value, "");
}

void
pj_explain_claims(struct explanation *e, const struct pj_claims *claims,
    bool all_claims)
{
	bool literal_user, matches;

	explain_purpose(e, claims);
	explain_times(e, claims);
	matches = explain_identity(e, claims, &literal_user);
	explain_rules(e, claims);
	if (matches)
		explain_account(e, literal_user);
	else
		pj_explain_skip(e, "account",
		    "the token is not this user's");
	explain_export(e, claims);
	if (!all_claims)
		return;
	pj_json_members(pj_claims_all(claims), show_member, e);
	pj_explain_say(e, "claims", NULL, PJ_OK, NULL);
}
