/*
 * policy/rule.h: the grammar of `require`, and which claims it holds for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/rule.h"
#include "tests/unit/claims_fixture.h"

static enum pj_status
check_token(const char *rule, const char *token, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL;
	struct pj_rules rules = { .count = 0 };
	enum pj_status status = pj_rules_add(&rules, pj_span_str(rule), err);

	if (status != PJ_OK)
		fail_msg("%s: %s", rule, err->detail);
	claims = fixture_claims(token);
	status = pj_rules_check(&rules, claims, err);
	pj_rules_free(&rules);
	return status;
}

static void
expect(const char *rule, const char *token, enum pj_status expected)
{
	struct pj_error err = { "" };
	enum pj_status status = check_token(rule, token, &err);

	if (status != expected)
		fail_msg("%s: %s (%s)", rule, pj_status_name(status),
		    err.detail);
	if ((status == PJ_OK) != (err.detail[0] == '\0'))
		fail_msg("%s: detail \"%s\"", rule, err.detail);
}

struct rule_case {
	const char	*rule;
	enum pj_status	 status;
};

static void
run(const struct rule_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect(cases[i].rule, "shapes", cases[i].status);
}
#define RUN(cases)	run(cases, sizeof(cases) / sizeof((cases)[0]))

static void
is_compares_a_scalar_by_its_text(void **state)
{
	static const struct rule_case cases[] = {
		{ "text is red", PJ_OK },
		{ "text is \"red\"", PJ_OK },
		{ "\"text\" is red", PJ_OK },
		{ "text is re", PJ_REQUIRE_UNMET },
		{ "text is redd", PJ_REQUIRE_UNMET },
		{ "text is RED", PJ_REQUIRE_UNMET },
		{ "upper is red", PJ_REQUIRE_UNMET },
		{ "spaced is \"two words\"", PJ_OK },
		{ "spaced is two", PJ_REQUIRE_UNMET },
		{ "one is 1", PJ_OK },
		{ "one is 1.0", PJ_REQUIRE_UNMET },
		{ "one is 01", PJ_REQUIRE_UNMET },
		{ "one is true", PJ_REQUIRE_UNMET },
		{ "real is 1.0", PJ_OK },
		{ "real is 1", PJ_REQUIRE_UNMET },
		{ "exponent is 1000.0", PJ_OK },
		{ "exponent is 1000", PJ_REQUIRE_UNMET },
		{ "minus is -3", PJ_OK },
		{ "minus is 3", PJ_REQUIRE_UNMET },
		{ "yes is true", PJ_OK },
		{ "yes is 1", PJ_REQUIRE_UNMET },
		{ "yes is True", PJ_REQUIRE_UNMET },
		{ "no is false", PJ_OK },
		{ "no is true", PJ_REQUIRE_UNMET },
		{ "null is null", PJ_CLAIM_TYPE },
		{ "object is a", PJ_CLAIM_TYPE },
		{ "list is red", PJ_CLAIM_TYPE },
		{ "none is red", PJ_CLAIM_TYPE },
		{ "nul is red", PJ_REQUIRE_UNMET },
		{ "newline is red", PJ_REQUIRE_UNMET },
		{ "scope is ssh:web", PJ_REQUIRE_UNMET },
		{ "scope is \"openid  ssh:web\"", PJ_OK },
		{ "absent is red", PJ_CLAIM_MISSING },
		{ "Text is red", PJ_CLAIM_MISSING },
	};

	(void)state;
	RUN(cases);
}

static void
lists_are_looked_through_value_by_value(void **state)
{
	static const struct rule_case cases[] = {
		{ "list any red", PJ_OK },
		{ "list any blue green", PJ_OK },
		{ "list any blue \"two words\"", PJ_OK },
		{ "list any two words", PJ_REQUIRE_UNMET },
		{ "list any blue", PJ_REQUIRE_UNMET },
		{ "list any gree", PJ_REQUIRE_UNMET },
		{ "list all red green", PJ_OK },
		{ "list all red", PJ_OK },
		{ "list all red blue", PJ_REQUIRE_UNMET },
		{ "list all blue red", PJ_REQUIRE_UNMET },
		{ "list none blue", PJ_OK },
		{ "list none blue black", PJ_OK },
		{ "list none blue red", PJ_REQUIRE_UNMET },
		{ "list none red blue", PJ_REQUIRE_UNMET },
		{ "text any blue red", PJ_OK },
		{ "text all red", PJ_OK },
		{ "text all red blue", PJ_REQUIRE_UNMET },
		{ "text none blue", PJ_OK },
		{ "text none red", PJ_REQUIRE_UNMET },
		/* A string is one value, whatever is in it. */
		{ "spaced any two", PJ_REQUIRE_UNMET },
		{ "spaced any \"two words\"", PJ_OK },
		{ "none any red", PJ_REQUIRE_UNMET },
		{ "none all red", PJ_REQUIRE_UNMET },
		{ "none none red", PJ_OK },
		{ "nul_list any red", PJ_REQUIRE_UNMET },
		{ "nul any red", PJ_REQUIRE_UNMET },
	};

	(void)state;
	RUN(cases);
}

static void
a_rule_never_holds_for_another_type(void **state)
{
	static const char *const claims[] = { "one", "real", "yes", "no",
		"null", "object", "numbers", "mixed", "nested", "lists_null",
		"realm_access" };
	static const char *const rules[] = { "any red", "all red", "none blue",
		"matches .*", "any 1", "none x" };
	char rule[64];

	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		for (size_t j = 0; j < sizeof(rules) / sizeof(*rules); j++) {
			(void)snprintf(rule, sizeof(rule), "%s %s", claims[i],
			    rules[j]);
			expect(rule, "shapes", PJ_CLAIM_TYPE);
		}
	}
}

/* Above all `none`: nothing is said about what is not there. */
static void
an_absent_claim_fails_every_rule(void **state)
{
	static const struct rule_case cases[] = {
		{ "absent is x", PJ_CLAIM_MISSING },
		{ "absent any x", PJ_CLAIM_MISSING },
		{ "absent all x", PJ_CLAIM_MISSING },
		{ "absent none x", PJ_CLAIM_MISSING },
		{ "absent matches .*", PJ_CLAIM_MISSING },
		{ "/realm_access/none none x", PJ_CLAIM_MISSING },
		{ "/text/red none x", PJ_CLAIM_MISSING },
		{ "/list/9 none x", PJ_CLAIM_MISSING },
	};

	(void)state;
	RUN(cases);
}

static void
scopes_are_split_at_spaces(void **state)
{
	static const struct {
		const char	*rule;
		const char	*token;
		enum pj_status	 status;
	} cases[] = {
		{ "scope any ssh:web", "shapes", PJ_OK },
		{ "scope any openid", "shapes", PJ_OK },
		{ "scope all openid ssh:web", "shapes", PJ_OK },
		{ "scope any ssh", "shapes", PJ_REQUIRE_UNMET },
		{ "scope any \"openid  ssh:web\"", "shapes",
		    PJ_REQUIRE_UNMET },
		{ "scope none ssh:web", "shapes", PJ_REQUIRE_UNMET },
		{ "scope matches ssh:.*", "shapes", PJ_OK },
		{ "scope matches \"openid .*\"", "shapes", PJ_REQUIRE_UNMET },
		{ "/scope any openid", "shapes", PJ_OK },
		{ "scp any ssh", "shapes", PJ_OK },
		{ "/scp all wlcg ssh", "shapes", PJ_OK },
		{ "scope_like any openid", "shapes", PJ_REQUIRE_UNMET },
		{ "scope any x", "scope_list", PJ_OK },
		{ "scope any openid", "scope_list", PJ_REQUIRE_UNMET },
		{ "scope any \"openid ssh\"", "scope_list", PJ_OK },
		{ "scope any 1", "scope_number", PJ_CLAIM_TYPE },
		{ "scope any x", "scope_blank", PJ_REQUIRE_UNMET },
		{ "scope none x", "scope_blank", PJ_OK },
		/* Between two spaces there is no value, not an empty one. */
		{ "scope matches .*", "scope_blank", PJ_REQUIRE_UNMET },
		{ "scope matches x{0}", "shapes", PJ_REQUIRE_UNMET },
		{ "scope any ssh", "scope_tab", PJ_REQUIRE_UNMET },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect(cases[i].rule, cases[i].token, cases[i].status);
}

static void
claims_are_named_by_pointer_or_taken_whole(void **state)
{
	static const struct rule_case cases[] = {
		{ "/realm_access/roles any ops", PJ_OK },
		{ "/realm_access/roles any other", PJ_REQUIRE_UNMET },
		{ "/realm_access/roles/1 is dev", PJ_OK },
		{ "/realm_access/roles/01 is dev", PJ_CLAIM_MISSING },
		{ "/realm_access/roles/- is dev", PJ_CLAIM_MISSING },
		{ "/realm_access/roles/2 is dev", PJ_CLAIM_MISSING },
		{ "/realm_access/a~1b/m~0n is deep", PJ_OK },
		{ "/realm_access/a/b is deep", PJ_CLAIM_MISSING },
		{ "/realm_access/ is blank", PJ_OK },
		{ "/items/0/name is first", PJ_OK },
		{ "/items/1/name is second", PJ_OK },
		{ "/a~1b is slash", PJ_OK },
		{ "a/b is slash", PJ_OK },
		{ "https://example.org/claims/role any admin", PJ_OK },
		{ "\"https://example.org/claims/role\" any admin", PJ_OK },
		{ "\"with space\" is kept", PJ_OK },
		{ "realm_access.roles any ops", PJ_CLAIM_MISSING },
	};

	(void)state;
	RUN(cases);
}

static void
patterns_match_a_whole_value(void **state)
{
	static const struct rule_case cases[] = {
		{ "ref matches refs/heads/.+", PJ_OK },
		{ "ref matches refs/(heads|tags)/main", PJ_OK },
		{ "ref matches heads", PJ_REQUIRE_UNMET },
		{ "ref matches refs/heads", PJ_REQUIRE_UNMET },
		{ "ref matches heads/main", PJ_REQUIRE_UNMET },
		{ "ref matches main|dev", PJ_REQUIRE_UNMET },
		{ "ref matches refs/heads/main|x", PJ_OK },
		{ "ref matches x|refs/heads/main", PJ_OK },
		{ "list matches gr.*", PJ_OK },
		{ "list matches bl.*", PJ_REQUIRE_UNMET },
		{ "list matches \"two [a-z]+\"", PJ_OK },
		{ "none matches .*", PJ_REQUIRE_UNMET },
		{ "empty matches .*", PJ_OK },
		{ "text matches RED", PJ_REQUIRE_UNMET },
		{ "newline matches red", PJ_REQUIRE_UNMET },
		{ "newline matches .*", PJ_REQUIRE_UNMET },
		{ "nul matches red.*", PJ_REQUIRE_UNMET },
		{ "just matches a+", PJ_OK },
		{ "long matches a+", PJ_REQUIRE_UNMET },
		{ "long_list matches red", PJ_OK },
		{ "uuid matches [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
		    PJ_OK },
	};

	(void)state;
	RUN(cases);
}

static void
a_claim_that_the_provider_keeps_elsewhere_is_overage(void **state)
{
	static const struct {
		const char	*rule;
		const char	*token;
		enum pj_status	 status;
	} cases[] = {
		{ "groups any x", "overage", PJ_CLAIM_OVERAGE },
		{ "groups none x", "overage", PJ_CLAIM_OVERAGE },
		{ "groups matches .*", "overage", PJ_CLAIM_OVERAGE },
		{ "/groups/0 is x", "overage", PJ_CLAIM_OVERAGE },
		{ "https://example.org/claims/role any x", "overage",
		    PJ_CLAIM_OVERAGE },
		{ "a/b is x", "overage", PJ_CLAIM_OVERAGE },
		{ "/a~1b is x", "overage", PJ_CLAIM_OVERAGE },
		{ "roles any x", "overage", PJ_CLAIM_MISSING },
		{ "groups any x", "hasgroups", PJ_CLAIM_OVERAGE },
		{ "roles any x", "hasgroups", PJ_CLAIM_MISSING },
		{ "groups any x", "overage_odd", PJ_CLAIM_MISSING },
		{ "groups any x", "plain", PJ_CLAIM_MISSING },
		{ "groups any ssh-users", "overage_and_groups", PJ_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect(cases[i].rule, cases[i].token, cases[i].status);
}

static void
refusals_say_what_the_claim_has(void **state)
{
	static const struct {
		const char	*rule;
		const char	*detail;
	} cases[] = {
		{ "text is blue", "text is red" },
		{ "nul is red", "nul is red\\x00" },
		{ "real is 1", "real is 1.0" },
		{ "list any x y", "list has none of the values that are "
		    "listed" },
		{ "list all red x y", "list lacks x" },
		{ "list none x green", "list has green" },
		{ "ref matches x", "ref has no value that matches" },
		{ "one any 1", "one is no string and no array of strings" },
		{ "list is red", "list is no string, number or boolean" },
		{ "absent any x", "absent" },
	};
	struct pj_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_not_equal(check_token(cases[i].rule, "shapes",
		    &err), PJ_OK);
		assert_string_equal(err.detail, cases[i].detail);
	}
}

static void
all_rules_must_hold_and_the_first_that_does_not_decides(void **state)
{
	static const char *const texts[] = { "text is red", "one is 1",
		"absent is x", "text is blue" };
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL;
	struct pj_rules rules = { .count = 0 };

	(void)state;
	claims = fixture_claims("shapes");
	assert_int_equal(pj_rules_check(&rules, claims, NULL), PJ_OK);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pj_rules_add(&rules, pj_span_str(texts[i]),
		    NULL), PJ_OK);
		assert_int_equal(pj_rules_check(&rules, claims, NULL),
		    i < 2 ? PJ_OK : PJ_CLAIM_MISSING);
	}
	pj_rules_free(&rules);
	assert_int_equal(rules.count, 0);
}

static void
mistakes_in_a_rule_are_named(void **state)
{
	static const struct {
		const char	*text;
		const char	*says;
	} cases[] = {
		{ "groups", "is, any, all, none or matches, not this: " },
		{ "groups ssh-users", "not this: ssh-users" },
		{ "groups = ssh-users", "not this: =" },
		{ "groups contains x", "not this: contains" },
		{ "groups ANY x", "not this: ANY" },
		{ "groups \"any\" x", "not this: any" },
		{ "groups not any x", "not this: not" },
		{ "groups any", "the value is missing" },
		{ "groups is", "the value is missing" },
		{ "groups matches", "the value is missing" },
		{ "groups is x y", "one value" },
		{ "groups matches x y", "one value" },
		{ "groups any \"\"", "empty" },
		{ "groups is \"\"", "missing" },
		{ "groups any \"x", "quotes" },
		{ "groups any x\"y\"", "quotes" },
		{ "groups any x x", "x stands twice" },
		{ "\"groups any x", "begins with a claim's name" },
		{ "\"\" any x", "begins with a claim's name" },
		{ "x matches (", "a ( without its )" },
		{ "x matches [b-a]", "range" },
		{ "x matches (.)\\1", "backslash" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pj_rules rules = { .count = 0 };
		struct pj_error err = { "" };

		if (pj_rules_add(&rules, pj_span_str(cases[i].text), &err) !=
		    PJ_CONFIG_INVALID)
			fail_msg("%s", cases[i].text);
		assert_int_equal(rules.count, 0);
		if (strstr(err.detail, cases[i].says) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"",
			    cases[i].text, err.detail, cases[i].says);
	}
}

static void
there_are_64_rules_and_no_more(void **state)
{
	struct pj_rules rules = { .count = 0 };
	struct pj_error err = { "" };

	(void)state;
	for (size_t i = 0; i < PJ_RULES_MAX; i++)
		assert_int_equal(pj_rules_add(&rules, pj_span_str("a is b"),
		    &err), PJ_OK);
	assert_int_equal(pj_rules_add(&rules, pj_span_str("a is b"), &err),
	    PJ_CONFIG_INVALID);
	assert_string_equal(err.detail, "more than 64 rules");
	pj_rules_free(&rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_compares_a_scalar_by_its_text),
		cmocka_unit_test(lists_are_looked_through_value_by_value),
		cmocka_unit_test(a_rule_never_holds_for_another_type),
		cmocka_unit_test(an_absent_claim_fails_every_rule),
		cmocka_unit_test(scopes_are_split_at_spaces),
		cmocka_unit_test(claims_are_named_by_pointer_or_taken_whole),
		cmocka_unit_test(patterns_match_a_whole_value),
		cmocka_unit_test(
		    a_claim_that_the_provider_keeps_elsewhere_is_overage),
		cmocka_unit_test(refusals_say_what_the_claim_has),
		cmocka_unit_test(
		    all_rules_must_hold_and_the_first_that_does_not_decides),
		cmocka_unit_test(mistakes_in_a_rule_are_named),
		cmocka_unit_test(there_are_64_rules_and_no_more),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
