/*
 * module/report.h: one log line and one PAM code.  Linux-PAM is replaced by a
 * few lines here, so that the test needs no transaction and sees every byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <syslog.h>

#include <cmocka.h>

#include <security/pam_ext.h>

#include "module/report.h"

static struct {
	const char	*rhost;		/* NULL: no such item */
	int		 item_result;
	unsigned	 lines;
	int		 level;
	char		 line[8192];
} fake;

/* The handle is never looked into. */
static char anything;
#define HANDLE	((pam_handle_t *)(void *)&anything)

/* With Linux-PAM's own prototypes. */
void
pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)
{
	va_list ap;

	(void)pamh;
	fake.lines++;
	fake.level = priority;
	va_start(ap, fmt);
	(void)vsnprintf(fake.line, sizeof(fake.line), fmt, ap);
	va_end(ap);
}

int
pam_get_item(const pam_handle_t *pamh, int item_type, const void **item)
{
	(void)pamh;
	if (item_type != PAM_RHOST)
		return PAM_BAD_ITEM;
	*item = fake.rhost;
	return fake.item_result;
}

static int
reset(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.item_result = PAM_SUCCESS;
	return 0;
}

static struct pj_decision
accepted(void)
{
	struct pj_decision decision;

	pj_decision_init(&decision);
	decision.status = PJ_OK;
	decision.verified = true;
	memcpy(decision.section, "ci", 3);
	memcpy(decision.kid, "k7", 3);
	memcpy(decision.token, "3f9a0c2b71de", 13);
	memcpy(decision.identity, "repo:example/web:ref:refs/heads/main", 37);
	memcpy(decision.rule, "grant:web", 10);
	return decision;
}

static void
report(const char *user, const struct pj_decision *decision, int expected)
{
	fake.lines = 0;
	assert_int_equal(pj_report(HANDLE, user, decision, PAM_SUCCESS),
	    expected);
	assert_int_equal(fake.lines, 1);
}

static void
an_accepted_login_is_the_line_of_the_design(void **state)
{
	struct pj_decision decision = accepted();

	(void)state;
	fake.rhost = "203.0.113.5";
	report("deploy", &decision, PAM_SUCCESS);
	assert_int_equal(fake.level, LOG_INFO);
	assert_string_equal(fake.line, "accepted user=deploy "
	    "identity=\"repo:example/web:ref:refs/heads/main\" "
	    "rule=grant:web issuer=ci kid=k7 token=3f9a0c2b71de "
	    "rhost=203.0.113.5");
}

static void
a_refused_login_is_the_line_of_the_design(void **state)
{
	struct pj_decision decision;

	(void)state;
	pj_decision_init(&decision);
	decision.status = pj_fail(&decision.error, PJ_EXPIRED,
	    "exp %d s ago", 312);
	memcpy(decision.section, "corp", 5);
	memcpy(decision.kid, "k7", 3);
	memcpy(decision.token, "3f9a0c2b71de", 13);
	fake.rhost = "203.0.113.5";
	report("alice", &decision, PAM_AUTH_ERR);
	assert_int_equal(fake.level, LOG_NOTICE);
	assert_string_equal(fake.line, "refused user=alice reason=expired "
	    "issuer=corp kid=k7 token=3f9a0c2b71de rhost=203.0.113.5 "
	    "detail=\"exp 312 s ago\"");
}

static void
identity_and_rule_are_silent_until_the_signature_is_good(void **state)
{
	struct pj_decision decision = accepted();

	(void)state;
	decision.status = PJ_USER_MISMATCH;
	report("root", &decision, PAM_AUTH_ERR);
	assert_string_equal(fake.line, "refused user=root "
	    "reason=user_mismatch "
	    "identity=\"repo:example/web:ref:refs/heads/main\" issuer=ci "
	    "kid=k7 token=3f9a0c2b71de");
	decision.verified = false;
	report("root", &decision, PAM_AUTH_ERR);
	assert_string_equal(fake.line, "refused user=root "
	    "reason=user_mismatch issuer=ci kid=k7 token=3f9a0c2b71de");
}

static void
what_is_not_known_is_left_out(void **state)
{
	struct pj_decision decision;

	(void)state;
	pj_decision_init(&decision);
	decision.status = PJ_TOKEN_EMPTY;
	report("alice", &decision, PAM_AUTH_ERR);
	assert_string_equal(fake.line, "refused user=alice "
	    "reason=token_empty");
	report(NULL, &decision, PAM_AUTH_ERR);
	assert_string_equal(fake.line, "refused reason=token_empty");
	report("", &decision, PAM_AUTH_ERR);
	assert_string_equal(fake.line, "refused reason=token_empty");
	fake.rhost = "";
	report("alice", &decision, PAM_AUTH_ERR);
	assert_string_equal(fake.line, "refused user=alice "
	    "reason=token_empty");
	fake.rhost = "x";
	fake.item_result = PAM_SYSTEM_ERR;
	report("alice", &decision, PAM_AUTH_ERR);
	assert_string_equal(fake.line, "refused user=alice "
	    "reason=token_empty");
}

static void
what_begins_as_a_refusal_is_reported_as_one(void **state)
{
	struct pj_decision decision;

	(void)state;
	pj_decision_init(&decision);
	report("alice", &decision, PAM_SYSTEM_ERR);
	assert_int_equal(fake.level, LOG_CRIT);
	assert_string_equal(fake.line, "refused user=alice "
	    "reason=internal_error");
}

static void
every_outcome_has_the_code_and_level_of_the_design(void **state)
{
	static const struct {
		enum pj_outcome	outcome;
		int		code;
		int		level;
	} table[] = {
		{ PJ_OUTCOME_ACCEPTED, PAM_SUCCESS, LOG_INFO },
		{ PJ_OUTCOME_REFUSED, PAM_AUTH_ERR, LOG_NOTICE },
		{ PJ_OUTCOME_USER_UNKNOWN, PAM_USER_UNKNOWN, LOG_NOTICE },
		{ PJ_OUTCOME_NO_KEYS, PAM_AUTHINFO_UNAVAIL, LOG_WARNING },
		{ PJ_OUTCOME_CONFIG, PAM_SERVICE_ERR, LOG_ERR },
		{ PJ_OUTCOME_CONVERSATION, PAM_CONV_ERR, LOG_NOTICE },
		{ PJ_OUTCOME_MEMORY, PAM_BUF_ERR, LOG_CRIT },
		{ PJ_OUTCOME_SYSTEM, PAM_SYSTEM_ERR, LOG_CRIT },
	};

	(void)state;
	for (unsigned i = 0; i < PJ_STATUS_COUNT; i++) {
		struct pj_decision decision;
		size_t row = 0;

		pj_decision_init(&decision);
		decision.status = (enum pj_status)i;
		while (table[row].outcome !=
		    pj_status_outcome(decision.status))
			row++;
		report("alice", &decision, table[row].code);
		if (fake.level != table[row].level)
			fail_msg("%s: level %d",
			    pj_status_name(decision.status), fake.level);
		if ((strncmp(fake.line, "accepted ", 9) == 0) !=
		    (decision.status == PJ_OK))
			fail_msg("%s", fake.line);
	}
}

static void
no_status_but_ok_becomes_pam_success_or_pam_ignore(void **state)
{
	(void)state;
	for (int i = -1; i <= (int)PJ_STATUS_COUNT; i++) {
		struct pj_decision decision;
		int code;

		pj_decision_init(&decision);
		decision.status = (enum pj_status)i;
		code = pj_report(HANDLE, "alice", &decision, PAM_SUCCESS);
		if (i != 0 && (code == PAM_SUCCESS || code == PAM_IGNORE))
			fail_msg("status %d", i);
	}
}

static void
a_failed_conversation_is_a_refusal_in_every_stack(void **state)
{
	static const struct {
		int	conversation;
		int	code;
	} cases[] = {
		{ PAM_CONV_ERR, PAM_CONV_ERR },
		{ PAM_CONV_AGAIN, PAM_INCOMPLETE },
		{ PAM_INCOMPLETE, PAM_INCOMPLETE },
		{ PAM_ABORT, PAM_ABORT },
		{ PAM_BUF_ERR, PAM_BUF_ERR },
		{ PAM_SYSTEM_ERR, PAM_SYSTEM_ERR },
		{ PAM_USER_UNKNOWN, PAM_USER_UNKNOWN },
		{ PAM_AUTHTOK_ERR, PAM_CONV_ERR },
		{ PAM_MAXTRIES, PAM_CONV_ERR },
		{ PAM_SUCCESS, PAM_CONV_ERR },
		/* Under `required` these two would let the stack go on. */
		{ PAM_IGNORE, PAM_CONV_ERR },
		{ PAM_NEW_AUTHTOK_REQD, PAM_CONV_ERR },
		{ -1, PAM_CONV_ERR },
		{ 99, PAM_CONV_ERR },
	};
	struct pj_decision decision;

	(void)state;
	pj_decision_init(&decision);
	decision.status = PJ_CONVERSATION_FAILED;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(pj_report(HANDLE, NULL, &decision,
		    cases[i].conversation), cases[i].code);
		assert_int_equal(fake.level, LOG_NOTICE);
	}
	/* Whatever is not listed above. */
	for (int code = -2; code <= 100; code++) {
		int expected = PAM_CONV_ERR;

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
			if (cases[i].conversation == code)
				expected = cases[i].code;
		assert_int_equal(pj_report(HANDLE, NULL, &decision, code),
		    expected);
	}
	/* For any other outcome it is not looked at. */
	decision.status = PJ_EXPIRED;
	assert_int_equal(pj_report(HANDLE, NULL, &decision, PAM_ABORT),
	    PAM_AUTH_ERR);
}

static void
hostile_users_and_hosts_cannot_make_up_fields(void **state)
{
	static const struct {
		const char	*text;
		const char	*shown;
	} cases[] = {
		{ "x reason=ok", "\"x reason=ok\"" },
		{ "x\" reason=\"ok", "\"x\\x22 reason=\\x22ok\"" },
		{ "x\n pam_jwks(sshd:auth): accepted user=root",
		    "\"x\\x0a pam_jwks(sshd:auth): accepted user=root\"" },
		{ "a=b", "\"a=b\"" },
		{ "a\\b", "\"a\\x5cb\"" },
		{ "\\x41", "\"\\x5cx41\"" },
		{ " ", "\" \"" },
		{ "a\tb", "\"a\\x09b\"" },
		{ "\x1b[2J", "\"\\x1b[2J\"" },
		{ "\xc3\xa9", "\"\\xc3\\xa9\"" },
		{ "%s%n%p", "%s%n%p" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "DOM\\user", "\"DOM\\x5cuser\"" },
	};
	struct pj_decision decision;

	(void)state;
	pj_decision_init(&decision);
	decision.status = PJ_NOT_A_JWT;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char expected[300];

		fake.rhost = cases[i].text;
		report(cases[i].text, &decision, PAM_AUTH_ERR);
		(void)snprintf(expected, sizeof(expected), "refused user=%s "
		    "reason=not_a_jwt rhost=%s", cases[i].shown,
		    cases[i].shown);
		assert_string_equal(fake.line, expected);
	}
}

static void
hostile_key_ids_and_identities_stay_inside_their_quotes(void **state)
{
	struct pj_decision decision = accepted();

	(void)state;
	pj_escape(decision.kid, sizeof(decision.kid),
	    pj_span_str("k\" user=root\n"));
	pj_escape(decision.identity, sizeof(decision.identity),
	    pj_span_str("a\" rule=grant:all x=\""));
	memcpy(decision.rule, "claim:https://x.example/a b", 28);
	report("alice", &decision, PAM_SUCCESS);
	assert_string_equal(fake.line, "accepted user=alice "
	    "identity=\"a\\x22 rule=grant:all x=\\x22\" "
	    "rule=\"claim:https://x.example/a b\" issuer=ci "
	    "kid=\"k\\x22 user=root\\x0a\" token=3f9a0c2b71de");
}

static void
the_longest_fields_are_clipped_and_the_line_is_whole(void **state)
{
	struct pj_decision decision = accepted();
	static char huge[100000];

	(void)state;
	memset(huge, '\n', sizeof(huge) - 1);
	fake.rhost = huge;
	pj_escape(decision.kid, sizeof(decision.kid), pj_span_str(huge));
	pj_escape(decision.identity, sizeof(decision.identity),
	    pj_span_str(huge));
	decision.status = pj_fail(&decision.error, PJ_USER_MISMATCH, "%s",
	    huge);
	report(huge, &decision, PAM_AUTH_ERR);
	assert_true(strlen(fake.line) < 1024);
	assert_true(pj_span_printable(pj_span_str(fake.line)));
	assert_non_null(strstr(fake.line, "...\" reason=user_mismatch "));
	assert_non_null(strstr(fake.line, " token=3f9a0c2b71de rhost=\""));
	assert_string_equal(fake.line + strlen(fake.line) - 4, "...\"");
}

static void
users_and_hosts_show_128_characters_and_key_ids_80(void **state)
{
	struct pj_decision decision;
	char text[200], expected[500];

	(void)state;
	memset(text, 'a', sizeof(text));
	fake.rhost = text;
	pj_decision_init(&decision);
	decision.status = PJ_NOT_A_JWT;
	text[128] = '\0';
	report(text, &decision, PAM_AUTH_ERR);
	(void)snprintf(expected, sizeof(expected), "refused user=%s "
	    "reason=not_a_jwt rhost=%s", text, text);
	assert_string_equal(fake.line, expected);
	text[128] = 'a';
	text[129] = '\0';
	report(text, &decision, PAM_AUTH_ERR);
	(void)snprintf(expected, sizeof(expected), "refused user=%.125s... "
	    "reason=not_a_jwt rhost=%.125s...", text, text);
	assert_string_equal(fake.line, expected);

	fake.rhost = NULL;
	(void)snprintf(decision.kid, sizeof(decision.kid), "%.80s", text);
	report("x", &decision, PAM_AUTH_ERR);
	(void)snprintf(expected, sizeof(expected), "refused user=x "
	    "reason=not_a_jwt kid=%.80s", text);
	assert_string_equal(fake.line, expected);
	(void)snprintf(decision.kid, sizeof(decision.kid), "%.81s", text);
	report("x", &decision, PAM_AUTH_ERR);
	(void)snprintf(expected, sizeof(expected), "refused user=x "
	    "reason=not_a_jwt kid=%.77s...", text);
	assert_string_equal(fake.line, expected);
}

/* Half an escape is none: a reader could not decode the line. */
static void
a_key_id_is_clipped_between_two_escapes(void **state)
{
	struct pj_decision decision;
	char raw[100];

	(void)state;
	for (size_t plain = 0; plain < 4; plain++) {
		char *kid, *last;

		memset(raw, '\n', sizeof(raw));
		memset(raw, 'a', plain);
		pj_decision_init(&decision);
		decision.status = PJ_NOT_A_JWT;
		pj_escape(decision.kid, sizeof(decision.kid),
		    pj_span(raw, sizeof(raw)));
		report(NULL, &decision, PAM_AUTH_ERR);
		kid = strstr(fake.line, "kid=\"");
		assert_non_null(kid);
		kid += 5;
		last = strchr(kid, '"');
		assert_non_null(last);
		assert_true(last - kid <= 80);
		if (!pj_is_escaped(pj_span(kid, (size_t)(last - kid))))
			fail_msg("%s", fake.line);
		assert_memory_equal(last - 3, "...", 3);
	}
}

/* Section names and rules are an administrator's, but of one byte each. */
static void
an_identity_that_is_empty_is_shown_as_such(void **state)
{
	struct pj_decision decision = accepted();

	(void)state;
	decision.status = PJ_IDENTITY_INVALID;
	decision.identity[0] = '\0';
	report("alice", &decision, PAM_AUTH_ERR);
	assert_non_null(strstr(fake.line, " identity=\"\" "));
}

static void
what_is_no_plain_word_is_quoted(void **state)
{
	static const char *const words[] = { "a b", "a=b", "a\x7f",
	    "a\xc3\xa9" };
	struct pj_decision decision = accepted();
	char expected[40];

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		(void)strcpy(decision.section, words[i]);
		report("alice", &decision, PAM_SUCCESS);
		(void)snprintf(expected, sizeof(expected), " issuer=\"%s\" ",
		    words[i]);
		if (strstr(fake.line, expected) == NULL)
			fail_msg("%s", fake.line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    an_accepted_login_is_the_line_of_the_design, reset),
		cmocka_unit_test_setup(
		    a_refused_login_is_the_line_of_the_design, reset),
		cmocka_unit_test_setup(
		    identity_and_rule_are_silent_until_the_signature_is_good,
		    reset),
		cmocka_unit_test_setup(what_is_not_known_is_left_out, reset),
		cmocka_unit_test_setup(
		    what_begins_as_a_refusal_is_reported_as_one, reset),
		cmocka_unit_test_setup(
		    every_outcome_has_the_code_and_level_of_the_design, reset),
		cmocka_unit_test_setup(
		    no_status_but_ok_becomes_pam_success_or_pam_ignore, reset),
		cmocka_unit_test_setup(
		    a_failed_conversation_is_a_refusal_in_every_stack,
		    reset),
		cmocka_unit_test_setup(
		    hostile_users_and_hosts_cannot_make_up_fields, reset),
		cmocka_unit_test_setup(
		    hostile_key_ids_and_identities_stay_inside_their_quotes,
		    reset),
		cmocka_unit_test_setup(
		    the_longest_fields_are_clipped_and_the_line_is_whole,
		    reset),
		cmocka_unit_test_setup(
		    users_and_hosts_show_128_characters_and_key_ids_80, reset),
		cmocka_unit_test_setup(
		    a_key_id_is_clipped_between_two_escapes, reset),
		cmocka_unit_test_setup(
		    an_identity_that_is_empty_is_shown_as_such, reset),
		cmocka_unit_test_setup(what_is_no_plain_word_is_quoted, reset),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
