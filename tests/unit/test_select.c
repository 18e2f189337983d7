/*
 * policy/select.h: which section decides, and what a header may say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/select.h"
#include "tests/unit/claims_fixture.h"

#define SUB	"user_claim = sub\n"

/* A section in one line. */
#define SECTION(name, iss, services, audience) \
	"[issuer " name "]\nissuer = https://" iss "\nservices = " services \
	"\naudience = " audience "\n" SUB

static struct pj_json *
document(const char *text)
{
	struct pj_json *doc = NULL;
	struct pj_error err = { "" };

	if (pj_json_parse(pj_span_str(text), &doc, &err) != PJ_OK)
		fail_msg("%s: %s", text, err.detail);
	return doc;
}

static void
sections_are_chosen_by_issuer_service_and_audience(void **state)
{
	static const char text[] =
	    SECTION("login", "id.example", "sshd", "ssh")
	    SECTION("sudo", "id.example", "sudo sudo-i", "ssh")
	    SECTION("late", "id.example", "sshd", "ssh-login")
	    SECTION("both", "id.example", "sshd sudo", "ssh-login")
	    SECTION("slash", "id.example/", "any", "ssh")
	    SECTION("only", "one.example", "su", "x")
	    SECTION("last", "id.example", "cron", "ssh");
	static const struct {
		const char	*service;
		const char	*iss;
		const char	*aud;
		const char	*section;	/* NULL: refused */
		enum pj_status	 status;
	} cases[] = {
		{ "sshd", "https://id.example", "\"ssh\"", "login", PJ_OK },
		{ "sudo", "https://id.example", "\"ssh\"", "sudo", PJ_OK },
		{ "sudo-i", "https://id.example", "\"ssh\"", "sudo", PJ_OK },
		{ "sshd", "https://id.example", "\"ssh-login\"", "late",
		    PJ_OK },
		{ "sudo", "https://id.example", "\"ssh-login\"", "both",
		    PJ_OK },
		/* The order of the file decides, not that of aud. */
		{ "sshd", "https://id.example", "[\"ssh-login\",\"ssh\"]",
		    "login", PJ_OK },
		{ "anything", "https://id.example/", "\"ssh\"", "slash",
		    PJ_OK },
		{ "any", "https://id.example", "\"ssh\"", NULL,
		    PJ_SERVICE_NOT_SERVED },
		{ "su", "https://id.example", "\"ssh\"", NULL,
		    PJ_SERVICE_NOT_SERVED },
		{ "SSHD", "https://id.example", "\"ssh\"", NULL,
		    PJ_SERVICE_NOT_SERVED },
		{ "", "https://id.example", "\"ssh\"", NULL,
		    PJ_SERVICE_NOT_SERVED },
		{ "sshd", "https://id.example", "\"other\"", NULL,
		    PJ_AUDIENCE_MISMATCH },
		{ "su", "https://one.example", "\"y\"", NULL,
		    PJ_AUDIENCE_MISMATCH },
		/* A section that does not serve does not say anything. */
		{ "sshd", "https://one.example", "\"y\"", NULL,
		    PJ_SERVICE_NOT_SERVED },
		{ "sshd", "https://ID.example", "\"ssh\"", NULL,
		    PJ_ISSUER_UNKNOWN },
		{ "sshd", "https://id.example//", "\"ssh\"", NULL,
		    PJ_ISSUER_UNKNOWN },
		{ "sshd", "https://id.exampl", "\"ssh\"", NULL,
		    PJ_ISSUER_UNKNOWN },
		{ "sshd", "", "\"ssh\"", NULL, PJ_ISSUER_UNKNOWN },
		{ "sshd", "https://id.example", "[\"ssh\",1]", NULL,
		    PJ_CLAIM_TYPE },
		{ "sshd", "https://id.example", "{}", NULL, PJ_CLAIM_TYPE },
	};
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;

	(void)state;
	config = fixture_config(text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
		const struct pj_issuer *issuer = NULL;
		struct pj_jwt_peek peek = { .iss = pj_span_str(cases[i].iss) };
		struct pj_error err = { "" };
		enum pj_status status;
		char json[100];

		(void)snprintf(json, sizeof(json), "{\"aud\":%s}",
		    cases[i].aud);
		doc = document(json);
		peek.aud = pj_json_member(doc, "aud");
		status = pj_policy_select(config, cases[i].service, &peek,
		    &issuer, &err);
		if (status != cases[i].status)
			fail_msg("case %zu: %s: %s", i,
			    pj_status_name(status), err.detail);
		if (cases[i].section != NULL)
			assert_string_equal(issuer->name, cases[i].section);
		else
			assert_null(issuer);
	}
}

static void
an_absent_audience_is_a_missing_claim(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	const struct pj_issuer *issuer = NULL;
	struct pj_jwt_peek peek = { .iss = pj_span_str("https://id.example") };
	struct pj_error err = { "" };

	(void)state;
	config = fixture_config(FIXTURE_SECTION SUB);
	assert_int_equal(pj_policy_select(config, "sshd", &peek, &issuer,
	    &err), PJ_CLAIM_MISSING);
	assert_string_equal(err.detail, "aud");
	assert_null(issuer);
}

static void
a_nul_in_the_issuer_does_not_end_it(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	const struct pj_issuer *issuer = NULL;
	struct pj_jwt_peek peek = {
		.iss = pj_span("https://id.example\0", 19),
	};

	(void)state;
	config = fixture_config(FIXTURE_SECTION SUB);
	assert_int_equal(pj_policy_select(config, "sshd", &peek, &issuer,
	    NULL), PJ_ISSUER_UNKNOWN);
	peek.iss.len--;
	assert_int_equal(pj_policy_select(config, "sshd", &peek, &issuer,
	    NULL), PJ_CLAIM_MISSING);
}

static void
a_configuration_without_sections_knows_no_issuer(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	const struct pj_issuer *issuer = NULL;
	struct pj_jwt_peek peek = { .iss = pj_span_str("") };

	(void)state;
	config = fixture_config("");
	assert_int_equal(pj_policy_select(config, "sshd", &peek, &issuer,
	    NULL), PJ_ISSUER_UNKNOWN);
}

/* A detail of an earlier section would be told as that of a later failure. */
static void
a_choice_leaves_no_detail_behind(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
	const struct pj_issuer *issuer = NULL;
	struct pj_jwt_peek peek = { .iss = pj_span_str("https://id.example") };
	struct pj_error err = { "" };

	(void)state;
	config = fixture_config(SECTION("a", "id.example", "su", "ssh")
	    SECTION("b", "id.example", "sshd", "no")
	    SECTION("c", "id.example", "sshd", "ssh"));
	doc = document("{\"aud\":\"ssh\"}");
	peek.aud = pj_json_member(doc, "aud");
	assert_int_equal(pj_policy_select(config, "sshd", &peek, &issuer,
	    &err), PJ_OK);
	assert_string_equal(issuer->name, "c");
	assert_string_equal(err.detail, "");
}

static void
refusals_say_what_the_token_has(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
	const struct pj_issuer *issuer = NULL;
	struct pj_jwt_peek peek = { .iss = pj_span_str("https://x\n\"") };
	struct pj_error err = { "" };

	(void)state;
	config = fixture_config(FIXTURE_SECTION SUB);
	doc = document("{\"aud\":[\"o\\nther\",\"second\"]}");
	peek.aud = pj_json_member(doc, "aud");
	assert_int_equal(pj_policy_select(config, "sshd", &peek, &issuer,
	    &err), PJ_ISSUER_UNKNOWN);
	assert_string_equal(err.detail, "iss is https://x\\x0a\\x22");
	peek.iss = pj_span_str("https://id.example");
	assert_int_equal(pj_policy_select(config, "su", &peek, &issuer, &err),
	    PJ_SERVICE_NOT_SERVED);
	assert_string_equal(err.detail, "[issuer corp] does not list su");
	assert_int_equal(pj_policy_select(config, "sshd", &peek, &issuer,
	    &err), PJ_AUDIENCE_MISMATCH);
	assert_string_equal(err.detail, "the first aud is o\\x0ather");
}

static void
a_foreign_audience_is_told_in_every_form(void **state)
{
	static const struct {
		const char	*aud;
		const char	*detail;
	} cases[] = {
		{ "\"other\"", "aud is other" },
		{ "[\"other\"]", "aud is other" },
		{ "[\"other\",\"second\"]", "the first aud is other" },
		{ "[\"a\",\"b\",\"c\"]", "the first aud is a" },
		{ "[]", "aud is empty" },
		{ "\"\"", "aud is " },
		/* What differs only behind a NUL must be seen to differ. */
		{ "\"ssh\\u0000x\"", "aud is ssh\\x00x" },
		{ "[\"ssh\\u0000\",\"x\"]", "the first aud is ssh\\x00" },
	};
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	const struct pj_issuer *issuer = NULL;
	struct pj_jwt_peek peek = {
		.iss = pj_span("https://id.example\0", 19),
	};
	struct pj_jws_header made = {
		.alg = pj_alg_at(0), .has_typ = true,
		.typ = pj_span("JWT\0", 4),
	};
	struct pj_error err;

	(void)state;
	config = fixture_config(FIXTURE_SECTION SUB);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
		char json[100];

		(void)snprintf(json, sizeof(json), "{\"aud\":%s}",
		    cases[i].aud);
		doc = document(json);
		assert_int_equal(pj_policy_audience(pj_config_issuer(config,
		    0), pj_json_member(doc, "aud"), &err),
		    PJ_AUDIENCE_MISMATCH);
		assert_string_equal(err.detail, cases[i].detail);
	}
	assert_int_equal(pj_policy_select(config, "sshd", &peek, &issuer,
	    &err), PJ_ISSUER_UNKNOWN);
	assert_string_equal(err.detail, "iss is https://id.example\\x00");
	assert_int_equal(pj_policy_header(pj_config_issuer(config, 0), &made,
	    &err), PJ_TYP_NOT_ALLOWED);
	assert_string_equal(err.detail, "typ is JWT\\x00");
}

static void
audiences_are_compared_byte_for_byte_in_every_form(void **state)
{
	static const struct {
		const char	*aud;
		enum pj_status	 status;
	} cases[] = {
		{ "\"ssh\"", PJ_OK },
		{ "\"openid ssh\"", PJ_OK },
		{ "[\"ssh\"]", PJ_OK },
		{ "[\"x\",\"y\",\"ssh\"]", PJ_OK },
		{ "[\"ssh\",\"ssh\"]", PJ_OK },
		{ "\"s\\u0073h\"", PJ_OK },
		{ "\"SSH\"", PJ_AUDIENCE_MISMATCH },
		{ "\"ssh \"", PJ_AUDIENCE_MISMATCH },
		{ "\" ssh\"", PJ_AUDIENCE_MISMATCH },
		{ "\"ssh/\"", PJ_AUDIENCE_MISMATCH },
		{ "\"ss\"", PJ_AUDIENCE_MISMATCH },
		{ "\"openid\"", PJ_AUDIENCE_MISMATCH },
		{ "\"ssh openid\"", PJ_AUDIENCE_MISMATCH },
		{ "\"openid  ssh\"", PJ_AUDIENCE_MISMATCH },
		{ "[\"openid\",\"x\"]", PJ_AUDIENCE_MISMATCH },
		{ "\"ssh\\u0000\"", PJ_AUDIENCE_MISMATCH },
		{ "\"ssh\\u0000x\"", PJ_AUDIENCE_MISMATCH },
		{ "[\"ssh\\u0000\"]", PJ_AUDIENCE_MISMATCH },
		{ "\"\"", PJ_AUDIENCE_MISMATCH },
		{ "[]", PJ_AUDIENCE_MISMATCH },
		{ "[\"\"]", PJ_AUDIENCE_MISMATCH },
		{ "[\"ssh\",1]", PJ_CLAIM_TYPE },
		{ "[1,\"ssh\"]", PJ_CLAIM_TYPE },
		{ "[\"ssh\",null]", PJ_CLAIM_TYPE },
		{ "[\"ssh\",[\"ssh\"]]", PJ_CLAIM_TYPE },
		{ "[[\"ssh\"]]", PJ_CLAIM_TYPE },
		{ "[{\"ssh\":1}]", PJ_CLAIM_TYPE },
		{ "{\"ssh\":\"ssh\"}", PJ_CLAIM_TYPE },
		{ "{}", PJ_CLAIM_TYPE },
		{ "null", PJ_CLAIM_TYPE },
		{ "true", PJ_CLAIM_TYPE },
		{ "0", PJ_CLAIM_TYPE },
	};
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;

	(void)state;
	config = fixture_config(FIXTURE_SECTION SUB "audience = openid ssh\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
		enum pj_status status;
		char json[100];

		(void)snprintf(json, sizeof(json), "{\"aud\":%s}",
		    cases[i].aud);
		doc = document(json);
		status = pj_policy_audience(pj_config_issuer(config, 0),
		    pj_json_member(doc, "aud"), NULL);
		if (status != cases[i].status)
			fail_msg("%s: %s", cases[i].aud,
			    pj_status_name(status));
	}
	assert_int_equal(pj_policy_audience(pj_config_issuer(config, 0), NULL,
	    NULL), PJ_CLAIM_MISSING);
}

/* The verdict on a header under a section with these lines more. */
static enum pj_status
header(const char *lines, const char *alg, const char *typ, bool has_kid)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_jws_header made = {
		.alg = pj_alg_find(pj_span_str(alg)),
		.has_typ = typ != NULL,
		.typ = pj_span_str(typ != NULL ? typ : ""),
		.has_kid = has_kid,
		.kid = pj_span_str("k1"),
	};
	char text[500];

	assert_non_null(made.alg);
	(void)snprintf(text, sizeof(text), FIXTURE_SECTION SUB "%s", lines);
	config = fixture_config(text);
	return pj_policy_header(pj_config_issuer(config, 0), &made, NULL);
}

static void
types_are_jwt_or_absent_by_default(void **state)
{
	static const struct {
		const char	*typ;
		enum pj_status	 status;
	} cases[] = {
		{ NULL, PJ_OK },
		{ "JWT", PJ_OK },
		{ "jwt", PJ_OK },
		{ "application/jwt", PJ_OK },
		{ "APPLICATION/JWT", PJ_OK },
		{ "at+jwt", PJ_TYP_NOT_ALLOWED },
		{ "application/at+jwt", PJ_TYP_NOT_ALLOWED },
		{ "logout+jwt", PJ_TYP_NOT_ALLOWED },
		{ "secevent+jwt", PJ_TYP_NOT_ALLOWED },
		{ "JOSE", PJ_TYP_NOT_ALLOWED },
		{ "absent", PJ_TYP_NOT_ALLOWED },
		{ "application/absent", PJ_TYP_NOT_ALLOWED },
		{ "", PJ_TYP_NOT_ALLOWED },
		{ "application/", PJ_TYP_NOT_ALLOWED },
		{ "application/application/jwt", PJ_TYP_NOT_ALLOWED },
		{ "text/jwt", PJ_TYP_NOT_ALLOWED },
		{ "JWT ", PJ_TYP_NOT_ALLOWED },
		{ "JWTx", PJ_TYP_NOT_ALLOWED },
		{ "JW", PJ_TYP_NOT_ALLOWED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (header("", "RS256", cases[i].typ, true) !=
		    cases[i].status)
			fail_msg("typ %s", cases[i].typ != NULL ?
			    cases[i].typ : "absent");
}

static void
listed_types_replace_the_default(void **state)
{
	(void)state;
	assert_int_equal(header("typ = at+jwt\n", "RS256", "at+jwt", true),
	    PJ_OK);
	assert_int_equal(header("typ = at+jwt\n", "RS256",
	    "application/AT+jwt", true), PJ_OK);
	assert_int_equal(header("typ = at+jwt\n", "RS256", "JWT", true),
	    PJ_TYP_NOT_ALLOWED);
	assert_int_equal(header("typ = at+jwt\n", "RS256", NULL, true),
	    PJ_TYP_NOT_ALLOWED);
	assert_int_equal(header("typ = JWT\n", "RS256", NULL, true),
	    PJ_TYP_NOT_ALLOWED);
	assert_int_equal(header("typ = absent\n", "RS256", NULL, true), PJ_OK);
	assert_int_equal(header("typ = absent\n", "RS256", "JWT", true),
	    PJ_TYP_NOT_ALLOWED);
	assert_int_equal(header("typ = absent\n", "RS256", "absent", true),
	    PJ_TYP_NOT_ALLOWED);
}

/* It may be left out (RFC 7515 section 4.1.9), on either side. */
static void
a_type_that_is_listed_with_its_prefix_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(header("typ = application/at+jwt\n", "RS256",
	    "application/at+jwt", true), PJ_OK);
	assert_int_equal(header("typ = application/at+jwt\n", "RS256",
	    "at+jwt", true), PJ_OK);
}

static void
a_type_with_a_nul_is_none_that_is_listed(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_jws_header made = {
		.alg = pj_alg_at(0), .has_typ = true,
		.typ = pj_span("JWT\0", 4),
	};

	(void)state;
	config = fixture_config(FIXTURE_SECTION SUB);
	assert_int_equal(pj_policy_header(pj_config_issuer(config, 0), &made,
	    NULL), PJ_TYP_NOT_ALLOWED);
}

static void
only_listed_algorithms_pass(void **state)
{
	(void)state;
	for (unsigned id = 0; pj_alg_at(id) != NULL; id++) {
		const char *name = pj_alg_at(id)->name;
		char lines[60];

		assert_int_equal(header("", name, "JWT", true), PJ_OK);
		(void)snprintf(lines, sizeof(lines), "algorithms = %s\n",
		    name);
		for (unsigned other = 0; pj_alg_at(other) != NULL; other++)
			assert_int_equal(header(lines, pj_alg_at(other)->name,
			    "JWT", true),
			    other == id ? PJ_OK : PJ_ALG_NOT_ALLOWED);
	}
}

static void
a_key_id_is_needed_only_where_required(void **state)
{
	(void)state;
	assert_int_equal(header("", "RS256", "JWT", false), PJ_OK);
	assert_int_equal(header("require_kid = no\n", "RS256", "JWT", false),
	    PJ_OK);
	assert_int_equal(header("require_kid = yes\n", "RS256", "JWT", false),
	    PJ_KID_MISSING);
	assert_int_equal(header("require_kid = yes\n", "RS256", "JWT", true),
	    PJ_OK);
}

static void
the_algorithm_is_refused_before_type_and_key_id(void **state)
{
	static const char lines[] = "algorithms = ES256\nrequire_kid = yes\n";

	(void)state;
	assert_int_equal(header(lines, "RS256", "x", false),
	    PJ_ALG_NOT_ALLOWED);
	assert_int_equal(header(lines, "ES256", "x", false),
	    PJ_TYP_NOT_ALLOWED);
	assert_int_equal(header(lines, "ES256", "JWT", false),
	    PJ_KID_MISSING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    sections_are_chosen_by_issuer_service_and_audience),
		cmocka_unit_test(an_absent_audience_is_a_missing_claim),
		cmocka_unit_test(a_nul_in_the_issuer_does_not_end_it),
		cmocka_unit_test(
		    a_configuration_without_sections_knows_no_issuer),
		cmocka_unit_test(a_choice_leaves_no_detail_behind),
		cmocka_unit_test(refusals_say_what_the_token_has),
		cmocka_unit_test(a_foreign_audience_is_told_in_every_form),
		cmocka_unit_test(
		    audiences_are_compared_byte_for_byte_in_every_form),
		cmocka_unit_test(types_are_jwt_or_absent_by_default),
		cmocka_unit_test(listed_types_replace_the_default),
		cmocka_unit_test(
		    a_type_that_is_listed_with_its_prefix_is_accepted),
		cmocka_unit_test(a_type_with_a_nul_is_none_that_is_listed),
		cmocka_unit_test(only_listed_algorithms_pass),
		cmocka_unit_test(a_key_id_is_needed_only_where_required),
		cmocka_unit_test(
		    the_algorithm_is_refused_before_type_and_key_id),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
