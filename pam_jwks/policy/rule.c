#include "policy/rule.h"

#include "base/buf.h"
#include "policy/claims.h"

static const struct {
	const char		*word;
	enum pj_rule_kind	 kind;
} kinds[] = {
	{ "is", PJ_RULE_IS }, { "any", PJ_RULE_ANY }, { "all", PJ_RULE_ALL },
	{ "none", PJ_RULE_NONE }, { "matches", PJ_RULE_MATCHES },
};

static void
rule_free(struct pj_rule *rule)
{
	if (rule == NULL)
		return;
	free(rule->text);
	free(rule->claim);
	pj_list_free(&rule->values);
	pj_pattern_free(rule->pattern);
	free(rule);
}
PJ_DEFINE_CLEANUP(struct pj_rule *, cleanup_rule, rule_free)

void
pj_rules_free(struct pj_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		rule_free(rules->items[i]);
	rules->count = 0;
}

/* ---- from text ---------------------------------------------------------- */

static enum pj_status
parse_kind(struct pj_span *rest, enum pj_rule_kind *kind, struct pj_error *err)
{
	struct pj_word word = { { NULL, 0 }, false };

	(void)pj_word_next(rest, &word);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!word.quoted && pj_span_is(word.text, kinds[i].word)) {
			*kind = kinds[i].kind;
			return PJ_OK;
		}
	}
	return pj_fail(err, PJ_CONFIG_INVALID, "behind the claim stands is, "
	    "any, all, none or matches, not this: %.*s",
	    PJ_SPAN_ARG(word.text));
}

/* What takes one value only: a second one was meant to be part of it. */
static enum pj_status
parse_single(struct pj_rule *rule, struct pj_span rest, struct pj_error *err)
{
	struct pj_word word = { { NULL, 0 }, false }, more;

	if (!pj_word_next(&rest, &word) || word.text.len == 0)
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "the value is missing or its quotes do not match");
	if (pj_word_next(&rest, &more))
		return pj_fail(err, PJ_CONFIG_INVALID, "there is one value "
		    "behind is and matches; quote it if it has spaces");
	if (rule->kind == PJ_RULE_IS)
		return pj_list_add(&rule->values, word.text, err);
	return pj_pattern_new(word.text, &rule->pattern, err);
}

static enum pj_status
parse(struct pj_rule *rule, struct pj_span rest, struct pj_error *err)
{
	struct pj_word word = { { NULL, 0 }, false };
	enum pj_status status;

	if (!pj_word_next(&rest, &word) || word.text.len == 0)
		return pj_fail(err, PJ_CONFIG_INVALID, "a rule begins with a "
		    "claim's name, in quotes if it has spaces");
	status = pj_word_check_comma(&word, err);
	if (status == PJ_OK)
		status = pj_claim_check_name(word.text, err);
	if (status != PJ_OK)
		return status;
	rule->claim = pj_span_dup(word.text);
	if (rule->claim == NULL)
		return PJ_NO_MEMORY;
	status = parse_kind(&rest, &rule->kind, err);
	if (status != PJ_OK)
		return status;
	if (rule->kind == PJ_RULE_IS || rule->kind == PJ_RULE_MATCHES)
		return parse_single(rule, rest, err);
	status = pj_list_add_words(&rule->values, rest, err);
	if (status == PJ_OK && rule->values.count == 0)
		return pj_fail(err, PJ_CONFIG_INVALID, "the value is missing");
	return status;
}

enum pj_status
pj_rules_add(struct pj_rules *rules, struct pj_span text, struct pj_error *err)
{
	PJ_CLEANUP(cleanup_rule) struct pj_rule *rule = NULL;
	enum pj_status status;

	if (rules->count == PJ_RULES_MAX)
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "more than %d rules", PJ_RULES_MAX);
	rule = calloc(1, sizeof(*rule));
	if (rule == NULL)
		return PJ_NO_MEMORY;
	rule->text = pj_span_dup(text);
	if (rule->text == NULL)
		return PJ_NO_MEMORY;
	status = parse(rule, text, err);
	if (status != PJ_OK)
		return status;
	rules->items[rules->count++] = PJ_TAKE(rule);
	return PJ_OK;
}

/* ---- against claims ----------------------------------------------------- */

/* A walk over the values of a claim. */
struct values {
	const struct pj_json	*array;	/* or NULL: one string */
	size_t			 next;
	struct pj_span		 rest;	/* of the one string */
	bool			 split;
	bool			 done;
};

/* RFC 8693 section 4.2, and what Entra ID calls it. */
static bool
is_scope(const char *claim)
{
	if (*claim == '/')
		claim++;
	return strcmp(claim, "scope") == 0 || strcmp(claim, "scp") == 0;
}

/* False if the claim is neither a string nor an array of strings. */
static bool
values_of(const struct pj_rule *rule, const struct pj_json *claim,
    struct values *values)
{
	struct pj_span text;

	*values = (struct values){ .split = is_scope(rule->claim) };
	if (pj_json_string(claim, &values->rest))
		return true;
	if (pj_json_type(claim) != PJ_JSON_ARRAY)
		return false;
	for (size_t i = 0; i < pj_json_length(claim); i++) {
		if (!pj_json_string(pj_json_item(claim, i), &text))
			return false;
	}
	values->array = claim;
	return true;
}

/* values is a copy: every walk begins at the front. */
static bool
next_value(struct values *values, struct pj_span *value)
{
	const unsigned char *space;

	if (values->array != NULL)
		return pj_json_string(pj_json_item(values->array,
		    values->next++), value);
	if (!values->split) {
		*value = values->rest;
		return !values->done && (values->done = true);
	}
	while (values->rest.len != 0 && values->rest.ptr[0] == ' ')
		values->rest = pj_span_from(values->rest, 1);
	if (values->rest.len == 0)
		return false;
	*value = values->rest;
	space = memchr(value->ptr, ' ', value->len);
	if (space != NULL)
		value->len = (size_t)(space - value->ptr);
	values->rest = pj_span_from(values->rest, value->len);
	return true;
}

static bool
has_value(struct values values, const char *wanted)
{
	struct pj_span value;

	while (next_value(&values, &value)) {
		if (pj_span_is(value, wanted))
			return true;
	}
	return false;
}

static enum pj_status
check_is(const struct pj_rule *rule, const struct pj_json *claim,
    struct pj_error *err)
{
	struct pj_span text;
	bool boolean;

	if (pj_json_bool(claim, &boolean))
		text = pj_span_str(boolean ? "true" : "false");
	else if (!pj_json_string(claim, &text) &&
	    !pj_json_number(claim, &text))
		return pj_fail(err, PJ_CLAIM_TYPE,
		    "%s is no string, number or boolean", rule->claim);
	if (!pj_list_has(&rule->values, text))
		return pj_fail_value(err, PJ_REQUIRE_UNMET, rule->claim, text);
	return PJ_OK;
}

/* any: one is enough; all: none may be lacking; none: none may be there. */
static enum pj_status
check_list(const struct pj_rule *rule, struct values values,
    struct pj_error *err)
{
	bool wants_all = rule->kind == PJ_RULE_ALL;

	for (size_t i = 0; i < rule->values.count; i++) {
		const char *value = rule->values.items[i];
		bool has = has_value(values, value);

		if (rule->kind == PJ_RULE_ANY && has)
			return PJ_OK;
		if (rule->kind != PJ_RULE_ANY && has != wants_all)
			return pj_fail(err, PJ_REQUIRE_UNMET, "%s %s %s",
			    rule->claim, has ? "has" : "lacks", value);
	}
	return rule->kind == PJ_RULE_ANY ? pj_fail(err, PJ_REQUIRE_UNMET,
	    "%s has none of the values that are listed", rule->claim) : PJ_OK;
}

static enum pj_status
check_matches(const struct pj_rule *rule, struct values values,
    struct pj_error *err)
{
	struct pj_span value;

	while (next_value(&values, &value)) {
		if (pj_pattern_match(rule->pattern, value, NULL))
			return PJ_OK;
	}
	return pj_fail(err, PJ_REQUIRE_UNMET, "%s has no value that matches",
	    rule->claim);
}

static enum pj_status
check(const struct pj_rule *rule, const struct pj_claims *claims,
    struct pj_error *err)
{
	const struct pj_json *claim = pj_claim_find(claims, rule->claim);
	struct values values;

	if (claim == NULL)
		return pj_claim_absent(claims, rule->claim, err);
	if (rule->kind == PJ_RULE_IS)
		return check_is(rule, claim, err);
	if (!values_of(rule, claim, &values))
		return pj_fail(err, PJ_CLAIM_TYPE,
		    "%s is no string and no array of strings", rule->claim);
	if (rule->kind == PJ_RULE_MATCHES)
		return check_matches(rule, values, err);
	return check_list(rule, values, err);
}

enum pj_status
pj_rules_check(const struct pj_rules *rules, const struct pj_claims *claims,
    struct pj_error *err)
{
	for (size_t i = 0; i < rules->count; i++) {
		enum pj_status status = check(rules->items[i], claims, err);

		if (status != PJ_OK)
			return status;
	}
	return PJ_OK;
}
