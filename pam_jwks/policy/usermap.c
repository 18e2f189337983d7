#include "policy/usermap.h"

#include <stdio.h>

#include "policy/claims.h"
#include "policy/grant.h"

/* The uid that NFS and containers give to strangers. */
#define UID_NOBODY	65534

static enum pj_status
read_identity(const struct pj_issuer *issuer, const struct pj_claims *claims,
    struct pj_span *identity, struct pj_error *err)
{
	const struct pj_json *value =
	    pj_claim_find(claims, issuer->user_claim);
	struct pj_span text;

	if (value == NULL)
		return pj_claim_absent(claims, issuer->user_claim, err);
	if (!pj_json_string(value, &text))
		return pj_fail(err, PJ_CLAIM_TYPE, "%s is no string",
		    issuer->user_claim);
	if (text.len == 0 || text.len > PJ_IDENTITY_MAX ||
	    pj_span_has_control(text))
		return pj_fail(err, PJ_IDENTITY_INVALID,
		    "%s is empty, too long, or has control characters",
		    issuer->user_claim);
	*identity = text;
	return PJ_OK;
}

/* Anybody can claim an address at a provider that does not verify it. */
static enum pj_status
check_email(const struct pj_issuer *issuer, const struct pj_claims *claims,
    struct pj_error *err)
{
	bool verified = false;

	if ((strcmp(issuer->user_claim, "email") != 0 &&
	    strcmp(issuer->user_claim, "/email") != 0) ||
	    issuer->allow_unverified_email)
		return PJ_OK;
	if (!pj_json_bool(pj_claims_get(claims, "email_verified"), &verified) ||
	    !verified)
		return pj_fail(err, PJ_EMAIL_UNVERIFIED,
		    "email_verified is not true");
	return PJ_OK;
}

/* A client program named alice is not alice. */
static enum pj_status
check_client(const struct pj_claims *claims, struct pj_span identity,
    struct pj_error *err)
{
	static const char *const names[] = { "client_id", "azp" };

	for (size_t i = 0; i < 2; i++) {
		struct pj_span client;

		if (pj_json_string(pj_claims_get(claims, names[i]), &client) &&
		    pj_span_equal(client, identity))
			return pj_fail(err, PJ_IDENTITY_IS_CLIENT,
			    "equal to %s", names[i]);
	}
	return PJ_OK;
}

/* The part before "@DOMAIN" for one of the section's domains. */
static enum pj_status
strip_domain(const struct pj_issuer *issuer, struct pj_span *identity,
    struct pj_error *err)
{
	const unsigned char *at = memrchr(identity->ptr, '@', identity->len);
	struct pj_span domain;

	if (issuer->user_strip_domain.count == 0)
		return PJ_OK;
	if (at == NULL || at == identity->ptr)
		return pj_fail(err, PJ_IDENTITY_FOREIGN, "no domain");
	domain = pj_span_from(*identity, (size_t)(at - identity->ptr) + 1);
	for (size_t i = 0; i < issuer->user_strip_domain.count; i++) {
		if (pj_span_is_nocase(domain,
		    issuer->user_strip_domain.items[i])) {
			identity->len = (size_t)(at - identity->ptr);
			return PJ_OK;
		}
	}
	return pj_fail_value(err, PJ_IDENTITY_FOREIGN, "the domain", domain);
}

enum pj_status
pj_usermap_check_name(struct pj_span user, struct pj_error *err)
{
	if (user.len == 0 || user.len > PJ_USER_MAX)
		return pj_fail(err, PJ_USER_INVALID, "empty or too long");
	if (user.ptr[0] == '-' || !pj_span_printable(user) ||
	    memchr(user.ptr, '/', user.len) != NULL ||
	    memchr(user.ptr, ':', user.len) != NULL)
		return pj_fail(err, PJ_USER_INVALID,
		    "a leading dash, a slash, a colon or a character that is "
		    "not printable ASCII");
	/* No account has such a name, but a mailbox's folder would. */
	if (pj_span_is(user, ".") || pj_span_is(user, ".."))
		return pj_fail(err, PJ_USER_INVALID, "the name of a folder");
	return PJ_OK;
}

/* Lower-cases and strips as the section wants it, in a copy. */
static enum pj_status
normalise(const struct pj_issuer *issuer,
    unsigned char copy[PJ_IDENTITY_MAX], struct pj_span *identity,
    struct pj_error *err)
{
	memcpy(copy, identity->ptr, identity->len);
	for (size_t i = 0; issuer->user_lowercase && i < identity->len; i++) {
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (unsigned char)(copy[i] - 'A' + 'a');
	}
	identity->ptr = copy;
	return strip_domain(issuer, identity, err);
}

/* What lets the identity be the user. */
struct match {
	char	rule[PJ_RULE_MAX + 1];
	bool	literal_user;
};

static enum pj_status
match_claim(const struct pj_applicant *applicant, struct match *match,
    struct pj_error *err)
{
	const char *claim = applicant->issuer->user_claim;
	char safe[PJ_NAME_MAX + 1];

	if (!pj_span_is(applicant->identity, applicant->user))
		return pj_fail_value(err, PJ_USER_MISMATCH, claim,
		    applicant->identity);
	pj_escape(safe, sizeof(safe), pj_span_str(claim));
	(void)snprintf(match->rule, sizeof(match->rule), "claim:%s", safe);
	return PJ_OK;
}

/* True if the map lets the applicant in. */
static bool
match_map(const struct pj_config *config, const struct pj_applicant *applicant,
    struct match *match)
{
	const struct pj_issuer *issuer = applicant->issuer;
	const struct pj_map *map = issuer->user_map == NULL ? NULL :
	    pj_config_map(config, issuer->user_map);
	struct pj_map_match found;

	if (map == NULL)
		return false;
	pj_map_find(map, issuer->name, applicant->identity, applicant->user,
	    applicant->is_client, &found);
	if (found.line == 0)
		return false;
	match->literal_user = found.literal_user;
	(void)snprintf(match->rule, sizeof(match->rule), "map:%u", found.line);
	return true;
}

/* Map and grants together; one that writes the user out goes before others. */
static enum pj_status
match_rules(const struct pj_config *config,
    const struct pj_applicant *applicant, struct match *match,
    struct pj_error *err)
{
	bool mapped = match_map(config, applicant, match);
	struct pj_grant_match found;
	enum pj_status status;

	if (mapped && match->literal_user)
		return PJ_OK;
	status = pj_grant_find(config, applicant, &found, mapped ? NULL : err);
	if (mapped && (status != PJ_OK || !found.literal_user))
		return PJ_OK;
	if (status != PJ_OK)
		return status;
	match->literal_user = found.literal_user;
	(void)snprintf(match->rule, sizeof(match->rule), "grant:%s",
	    found.grant->name);
	return PJ_OK;
}

/*
 * As match_claim or match_rules, whichever the section has.  A client program
 * is let in only where a line or grant writes its identity out.
 */
static enum pj_status
match(const struct pj_config *config, const struct pj_applicant *applicant,
    enum pj_status client, struct match *match, struct pj_error *err)
{
	bool mapped = pj_config_is_mapped(config, applicant->issuer);
	enum pj_status status;

	*match = (struct match){ .rule = "" };
	if (client != PJ_OK && !mapped)
		return client;
	if (!mapped)
		return match_claim(applicant, match, err);
	status = match_rules(config, applicant, match, client == PJ_OK ? err :
	    NULL);
	return status != PJ_OK && client != PJ_OK ? client : status;
}

/* In both forms: ALICE is alice's client as well, once it is alice. */
static enum pj_status
check_clients(const struct pj_claims *claims, struct pj_span original,
    struct pj_span identity, struct pj_error *err)
{
	enum pj_status status = check_client(claims, original, err);

	return status != PJ_OK ? status : check_client(claims, identity, err);
}

enum pj_status
pj_usermap_match(const struct pj_config *config,
    const struct pj_issuer *issuer, const struct pj_claims *claims,
    const char *user, struct pj_decision *decision, struct pj_error *err)
{
	unsigned char copy[PJ_IDENTITY_MAX];
	struct pj_applicant applicant = { .issuer = issuer, .claims = claims,
	    .user = user };
	struct pj_error client_err = { "" };
	struct pj_span original = pj_span("", 0);
	struct match found;
	enum pj_status status, client;

	status = read_identity(issuer, claims, &original, err);
	if (status != PJ_OK)
		return status;
	pj_escape(decision->identity, sizeof(decision->identity), original);
	applicant.identity = original;
	status = check_email(issuer, claims, err);
	if (status == PJ_OK)
		status = normalise(issuer, copy, &applicant.identity, err);
	if (status == PJ_OK)
		status = pj_usermap_check_name(pj_span_str(user), err);
	if (status != PJ_OK)
		return status;
	client = check_clients(claims, original, applicant.identity,
	    &client_err);
	applicant.is_client = client != PJ_OK;
	status = match(config, &applicant, client, &found, err);
	if (status != PJ_OK && status == client && err != NULL)
		*err = client_err;
	if (status != PJ_OK)
		return status;
	(void)snprintf(decision->rule, sizeof(decision->rule), "%s",
	    found.rule);
	decision->literal_user = found.literal_user;
	return PJ_OK;
}

enum pj_status
pj_usermap_check_uid(const struct pj_issuer *issuer, bool literal_user,
    uid_t uid, struct pj_error *err)
{
	/* Whom the administrator wrote out he meant, be it root. */
	if (literal_user && uid != (uid_t)-1)
		return PJ_OK;
	if (uid == 0)
		return pj_fail(err, PJ_USER_IS_ROOT, "uid 0");
	if (issuer->account == PJ_ACCOUNT_NONE)
		return PJ_OK;
	if (uid == UID_NOBODY || uid == (uid_t)-1 ||
	    (int64_t)uid < issuer->min_uid)
		return pj_fail(err, PJ_UID_REFUSED, "uid %lu, min_uid %lld",
		    (unsigned long)uid, (long long)issuer->min_uid);
	return PJ_OK;
}
