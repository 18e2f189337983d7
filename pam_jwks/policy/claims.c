#include "policy/claims.h"

#include <stdio.h>

#include "policy/select.h"

/* An array index of RFC 6901 section 4: no sign, no leading zero. */
static const struct pj_json *
pointer_item(const struct pj_json *array, struct pj_span token)
{
	unsigned long long i;

	if ((token.len > 1 && token.ptr[0] == '0') ||
	    !pj_span_number(token, PJ_JSON_VALUES_MAX, &i))
		return NULL;
	return pj_json_item(array, (size_t)i);
}

/* A reference token with "~1" and "~0" undone; false if it is malformed. */
static bool
pointer_name(struct pj_span token, char name[PJ_CONFIG_LINE_MAX + 1])
{
	size_t len = 0;

	for (size_t i = 0; i < token.len && len < PJ_CONFIG_LINE_MAX; i++) {
		unsigned char c = token.ptr[i];

		if (c == '~') {
			i++;
			if (i == token.len)
				return false;
			if (token.ptr[i] != '0' && token.ptr[i] != '1')
				return false;
			c = token.ptr[i] == '0' ? '~' : '/';
		}
		name[len++] = (char)c;
	}
	name[len] = '\0';
	return true;
}

/* One reference token to the value that it means. */
static const struct pj_json *
pointer_step(const struct pj_json *value, struct pj_span token)
{
	char name[PJ_CONFIG_LINE_MAX + 1];

	if (pj_json_type(value) == PJ_JSON_ARRAY)
		return pointer_item(value, token);
	return pointer_name(token, name) ? pj_json_member(value, name) : NULL;
}

const struct pj_json *
pj_claim_find(const struct pj_claims *claims, const char *name)
{
	const struct pj_json *value = NULL;
	bool first = true;

	if (*name != '/')
		return pj_claims_get(claims, name);
	while (*name == '/') {
		size_t len = strcspn(name + 1, "/");

		if (first)
			value = pointer_step(pj_claims_all(claims),
			    pj_span(name + 1, len));
		else
			value = pointer_step(value, pj_span(name + 1, len));
		if (value == NULL)
			return NULL;
		first = false;
		name += 1 + len;
	}
	return value;
}

enum pj_status
pj_claim_check_name(struct pj_span name, struct pj_error *err)
{
	for (size_t i = 0; i < name.len && name.ptr[0] == '/'; i++) {
		if (name.ptr[i] == '~' && (i + 1 == name.len ||
		    (name.ptr[i + 1] != '0' && name.ptr[i + 1] != '1')))
			return pj_fail(err, PJ_CONFIG_INVALID, "in the path "
			    "%.*s a ~ is written ~0 (and a / in a name ~1)",
			    PJ_SPAN_ARG(name));
	}
	return PJ_OK;
}

enum pj_status
pj_claim_absent(const struct pj_claims *claims, const char *name,
    struct pj_error *err)
{
	char top[PJ_CONFIG_LINE_MAX + 1];

	if (*name != '/')
		(void)snprintf(top, sizeof(top), "%s", name);
	else if (!pointer_name(pj_span(name + 1, strcspn(name + 1, "/")), top))
		top[0] = '\0';
	if (pj_json_member(pj_claims_get(claims, "_claim_names"), top) !=
	    NULL || (strcmp(top, "groups") == 0 &&
	    pj_claims_get(claims, "hasgroups") != NULL))
		return pj_fail(err, PJ_CLAIM_OVERAGE, "%s", name);
	return pj_fail(err, PJ_CLAIM_MISSING, "%s", name);
}

enum pj_status
pj_policy_expiry(const struct pj_issuer *issuer, int64_t exp, int64_t now,
    struct pj_error *err)
{
	/* "on or after" is too late; both are within 2^53, no overflow. */
	if (now >= exp + issuer->leeway)
		return pj_fail(err, PJ_EXPIRED, "exp %lld s ago",
		    (long long)(now - exp));
	return PJ_OK;
}

/* A time claim: absent is no mistake here, anything but a number is. */
static enum pj_status
get_time(const struct pj_claims *claims, const char *name, bool *present,
    int64_t *time, struct pj_error *err)
{
	const struct pj_json *value = pj_claims_get(claims, name);

	*present = value != NULL;
	if (value != NULL && !pj_json_time(value, time))
		return pj_fail(err, PJ_CLAIM_TYPE,
		    "%s is no time in seconds", name);
	return PJ_OK;
}

/* A claim that must be there and not be older than the section allows. */
static enum pj_status
check_age(const char *name, bool present, int64_t time, int64_t now,
    int64_t max, int64_t leeway, enum pj_status too_old, struct pj_error *err)
{
	if (max < 0)
		return PJ_OK;
	if (!present)
		return pj_fail(err, PJ_CLAIM_MISSING, "%s", name);
	if (now - time > max + leeway)
		return pj_fail(err, too_old, "%s %lld s ago, allowed are %lld",
		    name, (long long)(now - time), (long long)max);
	return PJ_OK;
}

enum pj_status
pj_policy_times(const struct pj_issuer *issuer, const struct pj_claims *claims,
    int64_t now, struct pj_error *err)
{
	int64_t exp = 0, nbf = 0, iat = 0, auth = 0;
	bool has_exp = false, has_nbf = false, has_iat = false;
	bool has_auth = false;
	enum pj_status status;

	status = get_time(claims, "exp", &has_exp, &exp, err);
	if (status == PJ_OK)
		status = get_time(claims, "nbf", &has_nbf, &nbf, err);
	if (status == PJ_OK)
		status = get_time(claims, "iat", &has_iat, &iat, err);
	if (status == PJ_OK)
		status = get_time(claims, "auth_time", &has_auth, &auth, err);
	if (status != PJ_OK)
		return status;
	if (!has_exp)
		return pj_fail(err, PJ_CLAIM_MISSING, "exp");
	status = pj_policy_expiry(issuer, exp, now, err);
	if (status != PJ_OK)
		return status;
	if (has_nbf && nbf > now + issuer->leeway)
		return pj_fail(err, PJ_NOT_YET_VALID, "nbf in %lld s",
		    (long long)(nbf - now));
	if (has_iat && iat > now + issuer->leeway)
		return pj_fail(err, PJ_ISSUED_IN_FUTURE, "iat in %lld s",
		    (long long)(iat - now));
	status = check_age("iat", has_iat, iat, now, issuer->max_token_age,
	    issuer->leeway, PJ_TOKEN_TOO_OLD, err);
	if (status != PJ_OK)
		return status;
	if (has_auth && issuer->max_auth_age >= 0 &&
	    auth > now + issuer->leeway)
		return pj_fail(err, PJ_ISSUED_IN_FUTURE, "auth_time in %lld s",
		    (long long)(auth - now));
	return check_age("auth_time", has_auth, auth, now,
	    issuer->max_auth_age, issuer->leeway, PJ_AUTH_TOO_OLD, err);
}

/* `azp`, else `client_id`, must be listed if anything is. */
static enum pj_status
check_party(const struct pj_issuer *issuer, const struct pj_claims *claims,
    struct pj_error *err)
{
	const char *name = "azp";
	const struct pj_json *value = pj_claims_get(claims, name);
	struct pj_span party;

	if (issuer->authorized_party.count == 0)
		return PJ_OK;
	if (value == NULL) {
		name = "client_id";
		value = pj_claims_get(claims, name);
	}
	if (value == NULL)
		return pj_fail(err, PJ_CLAIM_MISSING, "azp and client_id");
	if (!pj_json_string(value, &party))
		return pj_fail(err, PJ_CLAIM_TYPE, "%s is no string", name);
	if (!pj_list_has(&issuer->authorized_party, party))
		return pj_fail_value(err, PJ_PARTY_NOT_AUTHORIZED, name,
		    party);
	return PJ_OK;
}

enum pj_status
pj_policy_purpose(const struct pj_issuer *issuer,
    const struct pj_claims *claims, struct pj_error *err)
{
	enum pj_status status;
	struct pj_span iss;

	if (!pj_json_string(pj_claims_get(claims, "iss"), &iss))
		return pj_fail(err, PJ_CLAIM_TYPE, "iss is no string");
	if (!pj_span_is(iss, issuer->issuer))
		return pj_fail_value(err, PJ_ISSUER_UNKNOWN, "iss", iss);
	status = pj_policy_audience(issuer, pj_claims_get(claims, "aud"), err);
	if (status != PJ_OK)
		return status;
	/* RFC 7800: whoever sends it must prove a key; nobody does here. */
	if (pj_claims_get(claims, "cnf") != NULL)
		return pj_fail(err, PJ_TOKEN_BOUND, "cnf");
	/* RFC 8417, OpenID Connect Back-Channel Logout section 2.4. */
	if (pj_claims_get(claims, "events") != NULL)
		return pj_fail(err, PJ_TOKEN_IS_EVENT, "events");
	return check_party(issuer, claims, err);
}

/* "5 minutes", "1 hour": the largest unit that says enough. */
static void
say_span(int64_t seconds, char *text, size_t size)
{
	static const struct {
		int64_t		 seconds;
		const char	*name;
	} units[] = {
		{ 86400, "day" }, { 3600, "hour" }, { 60, "minute" },
		{ 1, "second" },
	};
	size_t i = 0;

	if (seconds < 1)
		seconds = 1;
	while (seconds < units[i].seconds)
		i++;
	seconds /= units[i].seconds;
	(void)snprintf(text, size, "%lld %s%s", (long long)seconds,
	    units[i].name, seconds == 1 ? "" : "s");
}

void
pj_policy_tell(enum pj_status status, const struct pj_claims *claims,
    int64_t now, char *text, size_t size)
{
	char span[48];
	int64_t time;

	text[0] = '\0';
	if (status == PJ_EXPIRED &&
	    pj_json_time(pj_claims_get(claims, "exp"), &time)) {
		say_span(now - time, span, sizeof(span));
		(void)snprintf(text, size, "Your token expired %s ago.", span);
	} else if (status == PJ_NOT_YET_VALID &&
	    pj_json_time(pj_claims_get(claims, "nbf"), &time)) {
		say_span(time - now, span, sizeof(span));
		(void)snprintf(text, size,
		    "Your token will be valid in %s.", span);
	} else if (status == PJ_ISSUED_IN_FUTURE) {
		(void)snprintf(text, size, "Your token was issued in the "
		    "future; a clock is wrong.");
	} else if (status == PJ_TOKEN_TOO_OLD) {
		(void)snprintf(text, size,
		    "Your token is too old; get a new one.");
	} else if (status == PJ_AUTH_TOO_OLD) {
		(void)snprintf(text, size, "Your last login at the provider "
		    "is too long ago; log in there again.");
	}
}
