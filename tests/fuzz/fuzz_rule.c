/*
 * Rules and grants: the lines of a section and of grants behind it, a NUL, and
 * the claims of a token that is verified.  What a rule says is worked out a
 * second time here, the plain way.
 */
#include "fuzz.h"
#include "jose/jwks.h"
#include "policy/claims.h"
#include "policy/grant.h"
#include "signer.h"

static const struct pj_config_host host = {
	.node_name = "web01", .helper = "/usr/libexec/helper",
	.cache_dir = "/nonexistent", .state_dir = "/nonexistent",
};

static struct pj_config *
configure(struct pj_span lines)
{
	PJ_BUF_SCOPED(text, PJ_CONFIG_MAX);

	if (pj_buf_printf(&text, "[issuer corp]\nissuer = https://a.test\n"
	    "audience = ssh\nservices = sshd\nuser_claim = sub\n") != PJ_OK ||
	    pj_buf_append(&text, lines) != PJ_OK)
		return NULL;
	return fuzz_configure(&host, pj_buf_span(&text));
}

/* There is one way to claims: a signature that is good. */
static struct pj_claims *
verify(struct pj_span payload)
{
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *jwks = NULL;
	PJ_CLEANUP(pj_cleanup_jwt) struct pj_jwt *jwt = NULL;
	PJ_BUF_SCOPED(token, 4 * PJ_TOKEN_MAX);
	PJ_BUF_SCOPED(keys, PJ_BODY_MAX);
	struct pj_claims *claims = NULL;
	struct pj_error err = { "" };

	fuzz_signer_keys(&keys);
	FUZZ_CHECK(pj_jwks_parse(pj_buf_span(&keys), &jwks, &err) == PJ_OK);
	fuzz_sign(pj_span_str("{\"alg\":\"EdDSA\"}"), payload, &token);
	if (pj_jwt_parse(pj_buf_span(&token), &jwt, &err) != PJ_OK)
		return NULL;
	FUZZ_CHECK(pj_jwt_verify(jwt, pj_jwks_at(jwks, 0), &claims, &err) ==
	    PJ_OK);
	return claims;
}

/* ---- rules ---- */

static bool
is_scope(const char *claim)
{
	return strcmp(claim, "scope") == 0 || strcmp(claim, "/scope") == 0 ||
	    strcmp(claim, "scp") == 0 || strcmp(claim, "/scp") == 0;
}

/* True if the one value fits: it is wanted, or rule's pattern takes it. */
static bool
fits(const struct pj_rule *rule, struct pj_span value, const char *wanted)
{
	if (rule->kind == PJ_RULE_MATCHES)
		return pj_pattern_match(rule->pattern, value, NULL);
	return pj_span_is(value, wanted);
}

/* True if a word of text fits, as divided by spaces. */
static bool
has_word(const struct pj_rule *rule, struct pj_span text, const char *wanted)
{
	size_t begin = 0;

	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && text.ptr[i] != ' ')
			continue;
		if (i > begin && fits(rule, pj_span(text.ptr + begin,
		    i - begin), wanted))
			return true;
		begin = i + 1;
	}
	return false;
}

static bool
has(const struct pj_rule *rule, const struct pj_json *claim,
    const char *wanted)
{
	struct pj_span text;

	if (pj_json_string(claim, &text))
		return is_scope(rule->claim) ? has_word(rule, text, wanted) :
		    fits(rule, text, wanted);
	for (size_t i = 0; i < pj_json_length(claim); i++)
		if (pj_json_string(pj_json_item(claim, i), &text) &&
		    fits(rule, text, wanted))
			return true;
	return false;
}

/* Strings and nothing else. */
static bool
is_list(const struct pj_json *claim)
{
	for (size_t i = 0; i < pj_json_length(claim); i++)
		if (pj_json_type(pj_json_item(claim, i)) != PJ_JSON_STRING)
			return false;
	return pj_json_type(claim) == PJ_JSON_STRING ||
	    pj_json_type(claim) == PJ_JSON_ARRAY;
}

static bool
is_value(const struct pj_json *claim, const char *wanted)
{
	struct pj_span text;
	bool flag;

	if (pj_json_bool(claim, &flag))
		return strcmp(wanted, flag ? "true" : "false") == 0;
	return (pj_json_string(claim, &text) ||
	    pj_json_number(claim, &text)) && pj_span_is(text, wanted);
}

static bool
holds(const struct pj_rule *rule, const struct pj_claims *claims)
{
	const struct pj_json *claim = pj_claim_find(claims, rule->claim);
	size_t found = 0;

	if (claim == NULL)
		return false;
	if (rule->kind == PJ_RULE_IS)
		return is_value(claim, rule->values.items[0]);
	if (!is_list(claim))
		return false;
	if (rule->kind == PJ_RULE_MATCHES)
		return has(rule, claim, NULL);
	for (size_t i = 0; i < rule->values.count; i++)
		found += has(rule, claim, rule->values.items[i]);
	if (rule->kind == PJ_RULE_ANY)
		return found != 0;
	return found == (rule->kind == PJ_RULE_ALL ? rule->values.count : 0);
}

static bool
check_rules(const struct pj_rules *rules, const struct pj_claims *claims)
{
	struct pj_error err = { "" };
	enum pj_status status = pj_rules_check(rules, claims, &err);
	bool all = true;

	for (size_t i = 0; i < rules->count; i++)
		all = holds(rules->items[i], claims) && all;
	FUZZ_CHECK((status == PJ_OK) == all);
	FUZZ_CHECK(pj_is_escaped(pj_span_str(err.detail)));
	FUZZ_CHECK(status == PJ_OK || err.detail[0] != '\0');
	return all;
}

/* ---- grants ---- */

/* Whether a grant lets the applicant in, and as one that it writes out. */
static bool
lets_in(const struct pj_grant *grant, const struct pj_applicant *who,
    bool *written)
{
	struct pj_span user = pj_span_str(who->user);
	bool same = grant->users.same && pj_span_equal(who->identity, user);

	*written = pj_list_has(&grant->users.names, user);
	if ((!*written && !same) ||
	    !pj_list_has(&grant->issuer, pj_span_str(who->issuer->name)))
		return false;
	if (grant->identity.count == 0 ? who->is_client :
	    !pj_list_has(&grant->identity, who->identity))
		return false;
	return check_rules(&grant->require, who->claims);
}

static void
check_grants(const struct pj_config *config, const struct pj_applicant *who)
{
	const struct pj_grant *wanted = NULL;
	struct pj_error err = { "" };
	struct pj_grant_match match;
	bool literal = false, written;
	enum pj_status status = pj_grant_find(config, who, &match, &err);

	for (size_t i = 0; i < pj_config_grants(config); i++) {
		if (!lets_in(pj_config_grant(config, i), who, &written) ||
		    (wanted != NULL && (literal || !written)))
			continue;
		wanted = pj_config_grant(config, i);
		literal = written;
	}
	FUZZ_CHECK(match.grant == wanted);
	FUZZ_CHECK(match.literal_user == literal);
	FUZZ_CHECK((status == PJ_OK) == (wanted != NULL));
	FUZZ_CHECK(status == PJ_OK || status == PJ_CLAIM_OVERAGE ||
	    status == PJ_USER_NOT_GRANTED);
	FUZZ_CHECK(pj_is_escaped(pj_span_str(err.detail)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const users[] = { "alice", "root", "deploy" };
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL;
	struct pj_span rest = pj_span(data, size);
	struct pj_applicant who = { .identity = pj_span_str("alice") };

	config = configure(fuzz_part(&rest));
	if (config == NULL || rest.len > PJ_TOKEN_MAX)
		return 0;
	claims = verify(rest);
	if (claims == NULL)
		return 0;
	who.claims = claims;
	(void)pj_json_string(pj_claim_find(claims, "sub"), &who.identity);
	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		who.issuer = pj_config_issuer(config, i);
		(void)check_rules(&who.issuer->require, claims);
		for (size_t k = 0; k < 2 * sizeof(users) / sizeof(*users);
		    k++) {
			who.user = users[k / 2];
			who.is_client = k % 2 != 0;
			check_grants(config, &who);
		}
	}
	return 0;
}
