#include "policy/usermap.h"

#include <stdio.h>

#include "policy/claims.h"

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

static void
write_rule(struct pj_decision *decision, const char *claim)
{
	char safe[PJ_NAME_MAX + 1];

	pj_escape(safe, sizeof(safe), pj_span_str(claim));
	(void)snprintf(decision->rule, sizeof(decision->rule), "claim:%s",
	    safe);
}

enum pj_status
pj_usermap_match(const struct pj_issuer *issuer, const struct pj_claims *claims,
    const char *user, struct pj_decision *decision, struct pj_error *err)
{
	unsigned char copy[PJ_IDENTITY_MAX];
	struct pj_span identity;
	enum pj_status status;

	status = read_identity(issuer, claims, &identity, err);
	if (status != PJ_OK)
		return status;
	pj_escape(decision->identity, sizeof(decision->identity), identity);
	status = check_email(issuer, claims, err);
	if (status == PJ_OK)
		status = check_client(claims, identity, err);
	if (status == PJ_OK)
		status = normalise(issuer, copy, &identity, err);
	/* Once more: ALICE is alice's client as well, once it is alice. */
	if (status == PJ_OK)
		status = check_client(claims, identity, err);
	if (status == PJ_OK)
		status = pj_usermap_check_name(pj_span_str(user), err);
	if (status != PJ_OK)
		return status;
	if (!pj_span_is(identity, user))
		return pj_fail_value(err, PJ_USER_MISMATCH, issuer->user_claim,
		    identity);
	write_rule(decision, issuer->user_claim);
	return PJ_OK;
}

enum pj_status
pj_usermap_check_uid(const struct pj_issuer *issuer, uid_t uid,
    struct pj_error *err)
{
	if (uid == 0)
		return pj_fail(err, PJ_USER_IS_ROOT, "uid 0");
	if (uid == UID_NOBODY || uid == (uid_t)-1 ||
	    (int64_t)uid < issuer->min_uid)
		return pj_fail(err, PJ_UID_REFUSED, "uid %lu, min_uid %lld",
		    (unsigned long)uid, (long long)issuer->min_uid);
	return PJ_OK;
}
