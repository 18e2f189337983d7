/*
 * policy/claims.h: what the claims of a verified token must say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/claims.h"
#include "tests/unit/claims_fixture.h"

#define NOW	((int64_t)CLAIMS_NOW)
#define SUB	"user_claim = sub\n"

static struct pj_config *
section(const char *lines)
{
	char text[500];

	(void)snprintf(text, sizeof(text), FIXTURE_SECTION SUB "%s", lines);
	return fixture_config(text);
}

static enum pj_status
times(const char *lines, const char *token, int64_t now, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL;

	config = section(lines);
	claims = fixture_claims(token);
	return pj_policy_times(pj_config_issuer(config, 0), claims, now, err);
}

static enum pj_status
purpose(const char *lines, const char *token, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL;

	config = section(lines);
	claims = fixture_claims(token);
	return pj_policy_purpose(pj_config_issuer(config, 0), claims, err);
}

static void
expired_token_is_refused_from_the_second_at_which_leeway_ends(void **state)
{
	static const struct {
		const char	*lines;
		int64_t		 after;		/* exp */
		enum pj_status	 status;
	} cases[] = {
		{ "", -300, PJ_OK },
		{ "", 0, PJ_OK },
		{ "", 29, PJ_OK },
		{ "", 30, PJ_EXPIRED },
		{ "", 31, PJ_EXPIRED },
		{ "leeway = 0s\n", -1, PJ_OK },
		{ "leeway = 0s\n", 0, PJ_EXPIRED },
		{ "leeway = 1s\n", 0, PJ_OK },
		{ "leeway = 1s\n", 1, PJ_EXPIRED },
		{ "leeway = 10m\n", 599, PJ_OK },
		{ "leeway = 10m\n", 600, PJ_EXPIRED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum pj_status status = times(cases[i].lines, "plain",
		    NOW + 300 + cases[i].after, NULL);

		if (status != cases[i].status)
			fail_msg("case %zu: %s", i, pj_status_name(status));
	}
}

static void
token_is_refused_up_to_the_second_before_nbf_minus_leeway(void **state)
{
	(void)state;
	/* nbf is NOW + 100. */
	assert_int_equal(times("", "nbf_future", NOW + 69, NULL),
	    PJ_NOT_YET_VALID);
	assert_int_equal(times("", "nbf_future", NOW + 70, NULL), PJ_OK);
	assert_int_equal(times("leeway = 0s\n", "nbf_future", NOW + 99, NULL),
	    PJ_NOT_YET_VALID);
	assert_int_equal(times("leeway = 0s\n", "nbf_future", NOW + 100,
	    NULL), PJ_OK);
}

static void
token_from_the_future_is_refused_beyond_leeway(void **state)
{
	(void)state;
	/* iat is NOW + 100. */
	assert_int_equal(times("", "iat_future", NOW + 69, NULL),
	    PJ_ISSUED_IN_FUTURE);
	assert_int_equal(times("", "iat_future", NOW + 70, NULL), PJ_OK);
	assert_int_equal(times("leeway = 0s\n", "iat_future", NOW + 99, NULL),
	    PJ_ISSUED_IN_FUTURE);
	assert_int_equal(times("leeway = 0s\n", "iat_future", NOW + 100,
	    NULL), PJ_OK);
}

static void
fractions_are_rounded_down(void **state)
{
	(void)state;
	/* exp is NOW + 0.5, nbf is NOW + 100.9. */
	assert_int_equal(times("leeway = 0s\n", "exp_fraction", NOW - 1,
	    NULL), PJ_OK);
	assert_int_equal(times("leeway = 0s\n", "exp_fraction", NOW, NULL),
	    PJ_EXPIRED);
	assert_int_equal(times("leeway = 0s\n", "nbf_fraction", NOW + 99,
	    NULL), PJ_NOT_YET_VALID);
	assert_int_equal(times("leeway = 0s\n", "nbf_fraction", NOW + 101,
	    NULL), PJ_OK);
}

static void
odd_numbers_and_types_of_times_have_their_verdict(void **state)
{
	static const struct {
		const char	*token;
		enum pj_status	 status;
	} cases[] = {
		{ "plain", PJ_OK },
		{ "no_exp", PJ_CLAIM_MISSING },
		{ "exp_null", PJ_CLAIM_TYPE },
		{ "exp_string", PJ_CLAIM_TYPE },
		{ "exp_true", PJ_CLAIM_TYPE },
		{ "exp_list", PJ_CLAIM_TYPE },
		{ "exp_zero", PJ_EXPIRED },
		{ "exp_minus_zero", PJ_EXPIRED },
		{ "exp_negative", PJ_EXPIRED },
		{ "exp_1e10", PJ_OK },
		{ "exp_exponent", PJ_OK },
		{ "exp_2_53", PJ_OK },
		{ "exp_over_2_53", PJ_CLAIM_TYPE },
		{ "exp_64_bits", PJ_CLAIM_TYPE },
		{ "exp_1e300", PJ_CLAIM_TYPE },
		{ "exp_1e999", PJ_CLAIM_TYPE },
		{ "exp_minus_1e999", PJ_CLAIM_TYPE },
		{ "nbf_string", PJ_CLAIM_TYPE },
		{ "nbf_false", PJ_CLAIM_TYPE },
		{ "nbf_null", PJ_CLAIM_TYPE },
		{ "nbf_negative", PJ_OK },
		{ "nbf_huge", PJ_NOT_YET_VALID },
		{ "nbf_too_huge", PJ_CLAIM_TYPE },
		{ "iat_string", PJ_CLAIM_TYPE },
		{ "iat_true", PJ_CLAIM_TYPE },
		{ "iat_null", PJ_CLAIM_TYPE },
		{ "iat_negative", PJ_OK },
		{ "iat_too_negative", PJ_CLAIM_TYPE },
		{ "no_iat", PJ_OK },
		{ "auth_string", PJ_CLAIM_TYPE },
		{ "auth_null", PJ_CLAIM_TYPE },
		{ "auth_future", PJ_OK },	/* nobody asked for it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum pj_status status = times("", cases[i].token, NOW, NULL);

		if (status != cases[i].status)
			fail_msg("%s: %s", cases[i].token,
			    pj_status_name(status));
	}
}

static void
extreme_times_meet_extreme_clocks_without_overflow(void **state)
{
	(void)state;
	assert_int_equal(times("leeway = 10m\n", "exp_2_53",
	    (INT64_C(1) << 53) + 599, NULL), PJ_OK);
	assert_int_equal(times("leeway = 10m\n", "exp_2_53",
	    (INT64_C(1) << 53) + 600, NULL), PJ_EXPIRED);
	assert_int_equal(times("max_token_age = 1s\n", "iat_negative", NOW,
	    NULL), PJ_TOKEN_TOO_OLD);
	assert_int_equal(times("", "plain", 0, NULL), PJ_ISSUED_IN_FUTURE);
}

static void
a_token_older_than_max_token_age_and_leeway_is_refused(void **state)
{
	static const char lines[] = "max_token_age = 60s\nleeway = 5s\n";

	(void)state;
	/* iat is NOW - 100. */
	assert_int_equal(times(lines, "iat_100", NOW - 35, NULL), PJ_OK);
	assert_int_equal(times(lines, "iat_100", NOW - 34, NULL),
	    PJ_TOKEN_TOO_OLD);
	assert_int_equal(times("max_token_age = 100s\nleeway = 0s\n",
	    "iat_100", NOW, NULL), PJ_OK);
	assert_int_equal(times("max_token_age = 99s\nleeway = 0s\n",
	    "iat_100", NOW, NULL), PJ_TOKEN_TOO_OLD);
	assert_int_equal(times("max_token_age = none\n", "iat_100", NOW,
	    NULL), PJ_OK);
}

static void
a_login_older_than_max_auth_age_and_leeway_is_refused(void **state)
{
	static const char lines[] = "max_auth_age = 60s\nleeway = 5s\n";

	(void)state;
	/* auth_time is NOW - 100, iat is NOW - 10. */
	assert_int_equal(times(lines, "auth_100", NOW - 12, NULL),
	    PJ_AUTH_TOO_OLD);
	assert_int_equal(times("max_auth_age = 95s\nleeway = 5s\n",
	    "auth_100", NOW, NULL), PJ_OK);
	assert_int_equal(times("max_auth_age = 94s\nleeway = 5s\n",
	    "auth_100", NOW, NULL), PJ_AUTH_TOO_OLD);
	assert_int_equal(times("", "auth_100", NOW, NULL), PJ_OK);
}

static void
an_age_limit_needs_its_claim(void **state)
{
	struct pj_error err = { "" };

	(void)state;
	assert_int_equal(times("max_token_age = 3650d\n", "no_iat", NOW,
	    &err), PJ_CLAIM_MISSING);
	assert_string_equal(err.detail, "iat");
	assert_int_equal(times("max_auth_age = 3650d\n", "plain", NOW, &err),
	    PJ_CLAIM_MISSING);
	assert_string_equal(err.detail, "auth_time");
}

static void
a_login_in_the_future_is_refused_where_its_age_counts(void **state)
{
	static const char lines[] = "max_auth_age = 1h\n";

	(void)state;
	/* auth_time is NOW + 100. */
	assert_int_equal(times(lines, "auth_future", NOW, NULL),
	    PJ_ISSUED_IN_FUTURE);
	assert_int_equal(times(lines, "auth_future", NOW + 69, NULL),
	    PJ_ISSUED_IN_FUTURE);
	assert_int_equal(times(lines, "auth_future", NOW + 70, NULL), PJ_OK);
}

static void
details_of_times_count_the_seconds(void **state)
{
	struct pj_error err = { "" };

	(void)state;
	assert_int_equal(times("", "plain", NOW + 612, &err), PJ_EXPIRED);
	assert_string_equal(err.detail, "exp 312 s ago");
	assert_int_equal(times("", "nbf_future", NOW, &err),
	    PJ_NOT_YET_VALID);
	assert_string_equal(err.detail, "nbf in 100 s");
	assert_int_equal(times("max_token_age = 60s\n", "iat_100", NOW, &err),
	    PJ_TOKEN_TOO_OLD);
	assert_string_equal(err.detail, "iat 100 s ago, allowed are 60");
}

static void
expiry_alone_has_the_same_boundary(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	const struct pj_issuer *issuer;

	(void)state;
	config = section("");
	issuer = pj_config_issuer(config, 0);
	assert_int_equal(pj_policy_expiry(issuer, NOW, NOW + 29, NULL),
	    PJ_OK);
	assert_int_equal(pj_policy_expiry(issuer, NOW, NOW + 30, NULL),
	    PJ_EXPIRED);
}

static void
purpose_of_the_token_has_its_verdict(void **state)
{
	static const struct {
		const char	*lines;
		const char	*token;
		enum pj_status	 status;
	} cases[] = {
		{ "", "plain", PJ_OK },
		{ "", "iss_other", PJ_ISSUER_UNKNOWN },
		{ "", "iss_nul", PJ_ISSUER_UNKNOWN },
		{ "", "iss_array", PJ_CLAIM_TYPE },
		{ "", "no_iss", PJ_CLAIM_TYPE },
		{ "", "aud_array", PJ_OK },
		{ "", "aud_array_behind", PJ_CLAIM_TYPE },
		{ "", "aud_empty", PJ_AUDIENCE_MISMATCH },
		{ "", "aud_object", PJ_CLAIM_TYPE },
		{ "", "aud_absent", PJ_CLAIM_MISSING },
		{ "", "aud_other", PJ_AUDIENCE_MISMATCH },
		{ "", "aud_nul", PJ_AUDIENCE_MISMATCH },
		{ "", "cnf", PJ_TOKEN_BOUND },
		{ "", "cnf_null", PJ_TOKEN_BOUND },
		{ "", "cnf_false", PJ_TOKEN_BOUND },
		{ "", "nested_cnf", PJ_OK },
		{ "", "events", PJ_TOKEN_IS_EVENT },
		{ "", "events_null", PJ_TOKEN_IS_EVENT },
		/* Not set: neither claim is looked at. */
		{ "", "azp_evil", PJ_OK },
		{ "", "azp_number", PJ_OK },
		{ "", "client_list", PJ_OK },
		{ "authorized_party = web\n", "plain", PJ_CLAIM_MISSING },
		{ "authorized_party = web\n", "azp_web", PJ_OK },
		{ "authorized_party = web\n", "client_web", PJ_OK },
		{ "authorized_party = app\nauthorized_party = web\n",
		    "azp_web", PJ_OK },
		{ "authorized_party = app web\n", "azp_web",
		    PJ_PARTY_NOT_AUTHORIZED },
		{ "authorized_party = Web\n", "azp_web",
		    PJ_PARTY_NOT_AUTHORIZED },
		{ "authorized_party = web\n", "azp_nul",
		    PJ_PARTY_NOT_AUTHORIZED },
		{ "authorized_party = web\n", "client_evil",
		    PJ_PARTY_NOT_AUTHORIZED },
		/* azp counts where it is there, whatever client_id says. */
		{ "authorized_party = web\n", "azp_evil",
		    PJ_PARTY_NOT_AUTHORIZED },
		{ "authorized_party = web\n", "azp_number", PJ_CLAIM_TYPE },
		{ "authorized_party = web\n", "azp_null", PJ_CLAIM_TYPE },
		{ "authorized_party = web\n", "client_list", PJ_CLAIM_TYPE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum pj_status status = purpose(cases[i].lines,
		    cases[i].token, NULL);

		if (status != cases[i].status)
			fail_msg("case %zu, %s: %s", i, cases[i].token,
			    pj_status_name(status));
	}
}

static void
a_foreign_party_is_named_in_the_detail(void **state)
{
	struct pj_error err = { "" };

	(void)state;
	assert_int_equal(purpose("authorized_party = web\n", "azp_evil",
	    &err), PJ_PARTY_NOT_AUTHORIZED);
	assert_string_equal(err.detail, "azp is evil");
	assert_int_equal(purpose("authorized_party = web\n", "client_evil",
	    &err), PJ_PARTY_NOT_AUTHORIZED);
	assert_string_equal(err.detail, "client_id is evil");
}

static void
claim_names_and_pointers_find_what_rfc_6901_says(void **state)
{
	static const struct {
		const char	*name;
		const char	*value;		/* NULL: none, or no string */
	} cases[] = {
		{ "sub", "alice" },
		{ "/sub", "alice" },
		{ "https://example.org/user", "alice" },
		{ "/a/b/c", "alice" },
		{ "a/b", "slash" },
		{ "/a~1b", "slash" },
		{ "m~n", "tilde" },
		{ "/m~0n", "tilde" },
		{ "~1", "tilde-one" },
		{ "/~01", "tilde-one" },
		{ "/x~1~0y/z", "both" },
		{ "/list/0", "zero" },
		{ "/list/1", "alice" },
		{ "/list/3/k", "deep" },
		{ "/long_list/10", "ten" },
		{ "/numbers/0", "alice" },
		{ "/numbers/-", "dash" },
		{ "/numbers/01", "lead" },
		{ "/a/", "empty" },
		{ "//", "alice" },
		{ "list", NULL },
		{ "/list/-", NULL },
		{ "/list/01", NULL },
		{ "/list/00", NULL },
		{ "/list/+1", NULL },
		{ "/list/ 1", NULL },
		{ "/list/1 ", NULL },
		{ "/list/4", NULL },
		{ "/list/", NULL },
		{ "/list/1/", NULL },
		{ "/list/1/0", NULL },
		{ "/list/18446744073709551617", NULL },
		{ "/list/4294967297", NULL },
		{ "/sub/0", NULL },
		{ "/a/b", NULL },
		{ "/a/b/c/", NULL },
		{ "/a/b/x", NULL },
		{ "/A/b/c", NULL },
		{ "/a/b", NULL },
		{ "/", NULL },
		{ "/x~1y", NULL },
		{ "/m~n", NULL },
		{ "/m~2n", NULL },
		{ "/m~", NULL },
		{ "/sub~", NULL },
		{ "/sub~2", NULL },
		{ "/top", NULL },
		{ "https://example.org/nobody", NULL },
		{ "a", NULL },
		{ "", NULL },
	};
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL;

	(void)state;
	claims = fixture_claims("nested");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pj_span text = pj_span_str("(none)");
		bool found = pj_json_string(pj_claim_find(claims,
		    cases[i].name), &text);

		if (found != (cases[i].value != NULL) ||
		    (found && !pj_span_is(text, cases[i].value)))
			fail_msg("%s: %.*s", cases[i].name,
			    PJ_SPAN_ARG(text));
	}
}

static void
sentences_count_in_the_largest_unit_that_says_enough(void **state)
{
	static const struct {
		int64_t		 after;		/* exp, NOW + 300 */
		const char	*text;
	} cases[] = {
		{ 0, "Your token expired 1 second ago." },
		{ 1, "Your token expired 1 second ago." },
		{ 59, "Your token expired 59 seconds ago." },
		{ 60, "Your token expired 1 minute ago." },
		{ 312, "Your token expired 5 minutes ago." },
		{ 3599, "Your token expired 59 minutes ago." },
		{ 3600, "Your token expired 1 hour ago." },
		{ 86400, "Your token expired 1 day ago." },
		{ 172800, "Your token expired 2 days ago." },
	};
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL, *later =
	    NULL;
	char text[PJ_DETAIL_MAX + 1];

	(void)state;
	claims = fixture_claims("plain");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		pj_policy_tell(PJ_EXPIRED, claims, NOW + 300 + cases[i].after,
		    text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
	later = fixture_claims("nbf_future");
	pj_policy_tell(PJ_NOT_YET_VALID, later, NOW - 20, text, sizeof(text));
	assert_string_equal(text, "Your token will be valid in 2 minutes.");
}

static void
there_is_nothing_to_tell_about_anything_but_times(void **state)
{
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL, *later =
	    NULL;
	char text[PJ_DETAIL_MAX + 1];

	(void)state;
	claims = fixture_claims("plain");
	later = fixture_claims("nbf_future");
	for (unsigned i = 0; i < PJ_STATUS_COUNT; i++) {
		enum pj_status status = (enum pj_status)i;
		bool told = status == PJ_EXPIRED ||
		    status == PJ_ISSUED_IN_FUTURE ||
		    status == PJ_TOKEN_TOO_OLD || status == PJ_AUTH_TOO_OLD;

		memset(text, 'x', sizeof(text));
		/* plain has no nbf. */
		pj_policy_tell(status, claims, NOW, text, sizeof(text));
		if ((text[0] != '\0') != told)
			fail_msg("%s: %s", pj_status_name(status), text);
		pj_policy_tell(status, later, NOW, text, sizeof(text));
		if ((text[0] != '\0') != (told || status ==
		    PJ_NOT_YET_VALID))
			fail_msg("%s, nbf: %s", pj_status_name(status), text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
	    expired_token_is_refused_from_the_second_at_which_leeway_ends),
		cmocka_unit_test(
		    token_is_refused_up_to_the_second_before_nbf_minus_leeway),
		cmocka_unit_test(
		    token_from_the_future_is_refused_beyond_leeway),
		cmocka_unit_test(fractions_are_rounded_down),
		cmocka_unit_test(
		    odd_numbers_and_types_of_times_have_their_verdict),
		cmocka_unit_test(
		    extreme_times_meet_extreme_clocks_without_overflow),
		cmocka_unit_test(
		    a_token_older_than_max_token_age_and_leeway_is_refused),
		cmocka_unit_test(
		    a_login_older_than_max_auth_age_and_leeway_is_refused),
		cmocka_unit_test(an_age_limit_needs_its_claim),
		cmocka_unit_test(
		    a_login_in_the_future_is_refused_where_its_age_counts),
		cmocka_unit_test(details_of_times_count_the_seconds),
		cmocka_unit_test(expiry_alone_has_the_same_boundary),
		cmocka_unit_test(purpose_of_the_token_has_its_verdict),
		cmocka_unit_test(a_foreign_party_is_named_in_the_detail),
		cmocka_unit_test(
		    claim_names_and_pointers_find_what_rfc_6901_says),
		cmocka_unit_test(
		    sentences_count_in_the_largest_unit_that_says_enough),
		cmocka_unit_test(
		    there_is_nothing_to_tell_about_anything_but_times),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
