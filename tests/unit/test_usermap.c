/*
 * policy/usermap.h: which local user a verified token may be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/usermap.h"
#include "tests/unit/claims_fixture.h"

#define LOWER	"user_lowercase = yes\n"
#define STRIP	"user_strip_domain = example.org example.net\n"

static struct pj_config *
section(const char *claim, const char *lines)
{
	char text[700];

	(void)snprintf(text, sizeof(text), FIXTURE_SECTION
	    "user_claim = %s\n%s", claim, lines);
	return fixture_config(text);
}

static enum pj_status
match_claim(const char *claim, const char *lines, const char *token,
    const char *user, struct pj_decision *decision)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL;

	config = section(claim, lines);
	claims = fixture_claims(token);
	pj_decision_init(decision);
	return pj_usermap_match(config, pj_config_issuer(config, 0), claims, user,
	    decision, &decision->error);
}

static enum pj_status
match(const char *lines, const char *token, const char *user)
{
	struct pj_decision decision;

	return match_claim("sub", lines, token, user, &decision);
}

static void
a_decision_begins_as_a_refusal(void **state)
{
	struct pj_decision decision;

	(void)state;
	memset(&decision, 0xff, sizeof(decision));
	pj_decision_init(&decision);
	assert_int_equal(decision.status, PJ_INTERNAL_ERROR);
	assert_int_not_equal(pj_status_outcome(decision.status),
	    PJ_OUTCOME_ACCEPTED);
	assert_false(decision.verified);
	assert_string_equal(decision.error.detail, "");
	assert_string_equal(decision.section, "");
	assert_string_equal(decision.kid, "");
	assert_string_equal(decision.token, "");
	assert_string_equal(decision.identity, "");
	assert_string_equal(decision.rule, "");
	assert_string_equal(decision.tell, "");
}

static void
the_identity_is_byte_for_byte_the_user(void **state)
{
	struct pj_decision decision;

	(void)state;
	assert_int_equal(match_claim("sub", "", "plain", "alice", &decision),
	    PJ_OK);
	assert_string_equal(decision.identity, "alice");
	assert_string_equal(decision.rule, "claim:sub");
	assert_int_equal(match("", "plain", "bob"), PJ_USER_MISMATCH);
	assert_int_equal(match("", "plain", "Alice"), PJ_USER_MISMATCH);
	assert_int_equal(match("", "plain", "alic"), PJ_USER_MISMATCH);
	assert_int_equal(match("", "plain", "alice "), PJ_USER_MISMATCH);
	assert_int_equal(match("", "plain", "alicee"), PJ_USER_MISMATCH);
	assert_int_equal(match("", "sub_upper", "alice"), PJ_USER_MISMATCH);
	assert_int_equal(match("", "sub_upper", "ALICE"), PJ_OK);
	assert_int_equal(match("", "sub_space", "al ice"), PJ_OK);
	assert_int_equal(match("", "sub_mail", "alice"), PJ_USER_MISMATCH);
	assert_int_equal(match("", "sub_mail", "alice@example.org"), PJ_OK);
}

static void
a_refusal_names_the_identity_and_no_rule(void **state)
{
	struct pj_decision decision;

	(void)state;
	assert_int_equal(match_claim("sub", "", "sub_quote", "bob",
	    &decision), PJ_USER_MISMATCH);
	assert_string_equal(decision.identity, "al\\x22ice");
	assert_string_equal(decision.rule, "");
	assert_string_equal(decision.error.detail, "sub is al\\x22ice");
}

static void
identities_that_are_no_usable_name_are_refused(void **state)
{
	static const struct {
		const char	*token;
		enum pj_status	 status;
	} cases[] = {
		{ "sub_absent", PJ_CLAIM_MISSING },
		{ "sub_number", PJ_CLAIM_TYPE },
		{ "sub_null", PJ_CLAIM_TYPE },
		{ "sub_true", PJ_CLAIM_TYPE },
		{ "sub_list", PJ_CLAIM_TYPE },
		{ "sub_empty", PJ_IDENTITY_INVALID },
		{ "sub_257", PJ_IDENTITY_INVALID },
		{ "sub_nul", PJ_IDENTITY_INVALID },
		{ "sub_nul_behind", PJ_IDENTITY_INVALID },
		{ "sub_newline", PJ_IDENTITY_INVALID },
		{ "sub_tab", PJ_IDENTITY_INVALID },
		{ "sub_esc", PJ_IDENTITY_INVALID },
		{ "sub_del", PJ_IDENTITY_INVALID },
		{ "sub_256", PJ_USER_MISMATCH },
		{ "sub_c1", PJ_USER_MISMATCH },
		{ "sub_utf8", PJ_USER_MISMATCH },
		{ "sub_kelvin", PJ_USER_MISMATCH },
		{ "plain", PJ_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum pj_status status = match(LOWER, cases[i].token, "alice");

		if (status != cases[i].status)
			fail_msg("%s: %s", cases[i].token,
			    pj_status_name(status));
	}
	assert_int_equal(match(STRIP, "sub_nul_behind", "alice"),
	    PJ_IDENTITY_INVALID);
}

static void
an_identity_of_256_bytes_is_shown_whole(void **state)
{
	struct pj_decision decision;
	char name[PJ_IDENTITY_MAX + 1];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)match_claim("sub", "", "sub_256", "alice", &decision);
	assert_string_equal(decision.identity, name);
}

static void
user_names_that_could_mislead_are_refused(void **state)
{
	static const struct {
		const char	*token;
		const char	*user;
		enum pj_status	 status;
	} cases[] = {
		{ "sub_dash", "-alice", PJ_USER_INVALID },
		{ "sub_slash", "al/ice", PJ_USER_INVALID },
		{ "sub_colon", "al:ice", PJ_USER_INVALID },
		{ "sub_utf8", "alic\xc3\xa9", PJ_USER_INVALID },
		{ "sub_c1", "alice\xc2\x85", PJ_USER_INVALID },
		{ "plain", "alice\n", PJ_USER_INVALID },
		{ "plain", "alice\x7f", PJ_USER_INVALID },
		{ "plain", "", PJ_USER_INVALID },
		{ "plain", "/", PJ_USER_INVALID },
		{ "plain", "-", PJ_USER_INVALID },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum pj_status status = match("", cases[i].token,
		    cases[i].user);

		if (status != cases[i].status)
			fail_msg("%s: %s", cases[i].user,
			    pj_status_name(status));
	}
	assert_int_equal(match(STRIP, "sub_mail_slash", "al/ice"),
	    PJ_USER_INVALID);
}

static void
names_are_checked_byte_by_byte(void **state)
{
	char name[PJ_USER_MAX + 2];

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		unsigned char text[3] = { 'a', (unsigned char)c, 'b' };
		bool good = c >= 0x20 && c <= 0x7e && c != '/' && c != ':';

		if ((pj_usermap_check_name(pj_span(text, 3), NULL) ==
		    PJ_OK) != good)
			fail_msg("byte 0x%02x", c);
	}
	assert_int_equal(pj_usermap_check_name(pj_span("a-b", 3), NULL),
	    PJ_OK);
	assert_int_equal(pj_usermap_check_name(pj_span("-", 1), NULL),
	    PJ_USER_INVALID);
	/* Folders with other meanings, where a mailbox is made of it. */
	assert_int_equal(pj_usermap_check_name(pj_span(".", 1), NULL),
	    PJ_USER_INVALID);
	assert_int_equal(pj_usermap_check_name(pj_span("..", 2), NULL),
	    PJ_USER_INVALID);
	assert_int_equal(pj_usermap_check_name(pj_span("...", 3), NULL),
	    PJ_OK);
	assert_int_equal(pj_usermap_check_name(pj_span(".a", 2), NULL),
	    PJ_OK);
	assert_int_equal(pj_usermap_check_name(pj_span(NULL, 0), NULL),
	    PJ_USER_INVALID);
	memset(name, 'a', sizeof(name));
	assert_int_equal(pj_usermap_check_name(pj_span(name, PJ_USER_MAX),
	    NULL), PJ_OK);
	assert_int_equal(pj_usermap_check_name(pj_span(name, PJ_USER_MAX + 1),
	    NULL), PJ_USER_INVALID);
}

static void
a_user_of_255_bytes_can_be_named_and_one_of_256_cannot(void **state)
{
	char name[PJ_USER_MAX + 2];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[PJ_USER_MAX + 1] = '\0';
	assert_int_equal(match("", "sub_256", name), PJ_USER_INVALID);
	name[PJ_USER_MAX] = '\0';
	assert_int_equal(match("", "sub_255", name), PJ_OK);
	assert_int_equal(match("", "sub_256", name), PJ_USER_MISMATCH);
}

static void
lower_casing_is_ascii_and_of_the_identity_only(void **state)
{
	struct pj_decision decision;

	(void)state;
	assert_int_equal(match(LOWER, "sub_upper", "alice"), PJ_OK);
	assert_int_equal(match(LOWER, "sub_upper", "ALICE"),
	    PJ_USER_MISMATCH);
	assert_int_equal(match(LOWER, "sub_root_upper", "root"), PJ_OK);
	assert_int_equal(match("", "sub_root_upper", "root"),
	    PJ_USER_MISMATCH);
	/* U+212A is a K in some eyes. */
	assert_int_equal(match(LOWER, "sub_kelvin", "alike"),
	    PJ_USER_MISMATCH);
	assert_int_equal(match_claim("sub", LOWER STRIP, "sub_mail_upper",
	    "alice", &decision), PJ_OK);
}

static void
domains_are_stripped_behind_the_last_at_sign(void **state)
{
	static const struct {
		const char	*lines;
		const char	*token;
		const char	*user;
		enum pj_status	 status;
	} cases[] = {
		{ STRIP, "sub_mail", "alice", PJ_OK },
		{ STRIP, "sub_mail", "alice@example.org", PJ_USER_MISMATCH },
		{ STRIP, "sub_mail_upper", "Alice", PJ_OK },
		{ STRIP, "sub_mail_upper", "alice", PJ_USER_MISMATCH },
		{ STRIP LOWER, "sub_mail_upper", "alice", PJ_OK },
		{ "user_strip_domain = EXAMPLE.ORG\n", "sub_mail", "alice",
		    PJ_OK },
		{ "user_strip_domain = example.net\n", "sub_mail", "alice",
		    PJ_IDENTITY_FOREIGN },
		{ STRIP, "plain", "alice", PJ_IDENTITY_FOREIGN },
		{ STRIP, "sub_mail_foreign", "alice", PJ_IDENTITY_FOREIGN },
		{ STRIP, "sub_mail_below", "alice", PJ_IDENTITY_FOREIGN },
		{ STRIP, "sub_mail_suffix", "alice", PJ_IDENTITY_FOREIGN },
		{ STRIP, "sub_mail_dot", "alice", PJ_IDENTITY_FOREIGN },
		{ STRIP, "sub_mail_inner", "alice", PJ_IDENTITY_FOREIGN },
		{ STRIP, "sub_mail_alone", "", PJ_IDENTITY_FOREIGN },
		{ STRIP, "sub_mail_at", "alice", PJ_IDENTITY_FOREIGN },
		{ STRIP, "sub_mail_just_at", "", PJ_IDENTITY_FOREIGN },
		{ STRIP, "sub_mail_twice", "alice", PJ_USER_MISMATCH },
		{ STRIP, "sub_mail_twice", "alice@evil", PJ_OK },
		{ STRIP, "sub_mail_root", "root", PJ_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum pj_status status = match(cases[i].lines, cases[i].token,
		    cases[i].user);

		if (status != cases[i].status)
			fail_msg("case %zu, %s: %s", i, cases[i].token,
			    pj_status_name(status));
	}
}

static void
mail_addresses_count_only_if_the_provider_verified_them(void **state)
{
	static const struct {
		const char	*claim;
		const char	*lines;
		const char	*token;
		enum pj_status	 status;
	} cases[] = {
		{ "email", "", "email_yes", PJ_OK },
		{ "/email", "", "email_yes", PJ_OK },
		{ "email", "", "email_no", PJ_EMAIL_UNVERIFIED },
		{ "/email", "", "email_no", PJ_EMAIL_UNVERIFIED },
		{ "email", "", "email_text", PJ_EMAIL_UNVERIFIED },
		{ "email", "", "email_one", PJ_EMAIL_UNVERIFIED },
		{ "email", "", "email_null", PJ_EMAIL_UNVERIFIED },
		{ "email", "", "email_absent", PJ_EMAIL_UNVERIFIED },
		{ "/email", "", "email_absent", PJ_EMAIL_UNVERIFIED },
		{ "email", "allow_unverified_email = yes\n", "email_no",
		    PJ_OK },
		{ "email", "allow_unverified_email = yes\n", "email_absent",
		    PJ_OK },
		{ "sub", "", "email_no", PJ_OK },
		{ "email", "", "plain", PJ_CLAIM_MISSING },
	};
	struct pj_decision decision;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum pj_status status = match_claim(cases[i].claim,
		    cases[i].lines, cases[i].token, "alice", &decision);

		if (status != cases[i].status)
			fail_msg("case %zu, %s: %s", i, cases[i].token,
			    pj_status_name(status));
	}
}

static void
a_client_program_named_alice_is_not_alice(void **state)
{
	struct pj_decision decision;

	(void)state;
	assert_int_equal(match_claim("sub", "", "sub_is_client", "alice",
	    &decision), PJ_IDENTITY_IS_CLIENT);
	assert_string_equal(decision.error.detail, "equal to client_id");
	assert_int_equal(match_claim("sub", "", "sub_is_azp", "alice",
	    &decision), PJ_IDENTITY_IS_CLIENT);
	assert_string_equal(decision.error.detail, "equal to azp");
	assert_int_equal(match(STRIP, "sub_is_client_domain", "alice"),
	    PJ_IDENTITY_IS_CLIENT);
	assert_int_equal(match(LOWER, "sub_is_client_both", "alice"),
	    PJ_IDENTITY_IS_CLIENT);
	assert_int_equal(match("", "client_is_number", "alice"), PJ_OK);
}

/* POLICY: user_lowercase comes "before anything else is done with" it. */
static void
a_client_program_is_not_alice_after_lower_casing_either(void **state)
{
	(void)state;
	assert_int_equal(match(STRIP, "sub_is_client_stripped", "alice"),
	    PJ_IDENTITY_IS_CLIENT);
	assert_int_equal(match(LOWER, "sub_is_client_upper", "alice"),
	    PJ_IDENTITY_IS_CLIENT);
}

static void
user_claim_may_be_a_pointer_or_a_url(void **state)
{
	static const struct {
		const char	*claim;
		const char	*rule;		/* NULL: refused */
		enum pj_status	 status;
	} cases[] = {
		{ "/a/b/c", "claim:/a/b/c", PJ_OK },
		{ "/list/1", "claim:/list/1", PJ_OK },
		{ "//", "claim://", PJ_OK },
		{ "https://example.org/user", "claim:https://example.org/user",
		    PJ_OK },
		{ "/list/01", NULL, PJ_CLAIM_MISSING },
		{ "/list/-", NULL, PJ_CLAIM_MISSING },
		{ "/list/0", NULL, PJ_USER_MISMATCH },
		{ "/list", NULL, PJ_CLAIM_TYPE },
		{ "a", NULL, PJ_CLAIM_TYPE },
		{ "/a~1b", NULL, PJ_USER_MISMATCH },
		{ "/https:~1~1example.org~1user",
		    "claim:/https:~1~1example.org~1user", PJ_OK },
	};
	struct pj_decision decision;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum pj_status status = match_claim(cases[i].claim, "",
		    "nested", "alice", &decision);

		if (status != cases[i].status)
			fail_msg("%s: %s", cases[i].claim,
			    pj_status_name(status));
		assert_string_equal(decision.rule, cases[i].rule != NULL ?
		    cases[i].rule : "");
	}
}

/* decision.h: every string is printable ASCII. */
static void
the_rule_is_printable_ascii_whatever_the_claim_is_called(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL;
	struct pj_decision decision;

	(void)state;
	config = section("benutzer_gr\xc3\xb6\xc3\x9f" "e", "");
	claims = fixture_claims("claim_utf8");
	pj_decision_init(&decision);
	assert_int_equal(pj_usermap_match(config, pj_config_issuer(config, 0), claims,
	    "alice", &decision, NULL), PJ_OK);
	assert_true(pj_span_printable(pj_span_str(decision.rule)));
	assert_string_equal(decision.rule,
	    "claim:benutzer_gr\\xc3\\xb6\\xc3\\x9fe");
}

static void
uids_below_the_minimum_nobody_and_root_are_refused(void **state)
{
	static const struct {
		const char	*lines;
		uid_t		 uid;
		enum pj_status	 status;
	} cases[] = {
		{ "", 0, PJ_USER_IS_ROOT },
		{ "", 1, PJ_UID_REFUSED },
		{ "", 999, PJ_UID_REFUSED },
		{ "", 1000, PJ_OK },
		{ "", 1001, PJ_OK },
		{ "", 65533, PJ_OK },
		{ "", 65534, PJ_UID_REFUSED },
		{ "", 65535, PJ_OK },
		{ "", 2147483648U, PJ_OK },
		{ "", 4294967294U, PJ_OK },
		{ "", 4294967295U, PJ_UID_REFUSED },
		{ "min_uid = 1\n", 0, PJ_USER_IS_ROOT },
		{ "min_uid = 1\n", 1, PJ_OK },
		{ "min_uid = 1\n", 65534, PJ_UID_REFUSED },
		{ "min_uid = 4294967294\n", 4294967293U, PJ_UID_REFUSED },
		{ "min_uid = 4294967294\n", 4294967294U, PJ_OK },
		{ "min_uid = 65534\n", 65534, PJ_UID_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
		enum pj_status status;

		config = section("sub", cases[i].lines);
		status = pj_usermap_check_uid(pj_config_issuer(config, 0), false,
		    cases[i].uid, NULL);
		if (status != cases[i].status)
			fail_msg("uid %lu, %s: %s",
			    (unsigned long)cases[i].uid, cases[i].lines,
			    pj_status_name(status));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decision_begins_as_a_refusal),
		cmocka_unit_test(the_identity_is_byte_for_byte_the_user),
		cmocka_unit_test(a_refusal_names_the_identity_and_no_rule),
		cmocka_unit_test(
		    identities_that_are_no_usable_name_are_refused),
		cmocka_unit_test(an_identity_of_256_bytes_is_shown_whole),
		cmocka_unit_test(user_names_that_could_mislead_are_refused),
		cmocka_unit_test(names_are_checked_byte_by_byte),
		cmocka_unit_test(
		    a_user_of_255_bytes_can_be_named_and_one_of_256_cannot),
		cmocka_unit_test(
		    lower_casing_is_ascii_and_of_the_identity_only),
		cmocka_unit_test(domains_are_stripped_behind_the_last_at_sign),
		cmocka_unit_test(
		    mail_addresses_count_only_if_the_provider_verified_them),
		cmocka_unit_test(a_client_program_named_alice_is_not_alice),
		cmocka_unit_test(
		    a_client_program_is_not_alice_after_lower_casing_either),
		cmocka_unit_test(user_claim_may_be_a_pointer_or_a_url),
		cmocka_unit_test(
		    the_rule_is_printable_ascii_whatever_the_claim_is_called),
		cmocka_unit_test(
		    uids_below_the_minimum_nobody_and_root_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
