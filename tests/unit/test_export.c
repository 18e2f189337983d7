/*
 * policy/export.h: which variables a configuration may set, and with what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "policy/export.h"
#include "tests/unit/claims_fixture.h"

static void
only_names_that_mean_nothing_to_anybody_are_allowed(void **state)
{
	static const char *const bad[] = {
		"LD_PRELOAD=sub", "PATH=sub", "IFS=sub", "BASH_ENV=sub",
		"ENV=sub", "HOME=sub", "SHELL=sub", "LD_LIBRARY_PATH=sub",
		"PAM_JWKS_TOKEN=sub", "XJWT_A=sub", "jwt_a=sub", "JWT_a=sub",
		"JWT_=sub", "JWT=sub", "JWT_A-B=sub", "JWT_A B=sub",
		"JWT_A\xc3\xa9=sub", "=sub", "JWT_A=", "JWT_A", "sub",
		"JWT_A(){=sub", "\"JWT_A B=sub\"", "JWT_A=x JWT_A=y",
		"JWT_A=x PATH=y", "JWT_A=x JWT_A=x", "\"JWT_A=x", "\"\"",
		"BASH_FUNC_x%%=sub", "JWT_A%=sub", "JWT_A.B=sub",
	};
	char name[PJ_NAME_MAX + 10];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct pj_list list = { .count = 0 };
		struct pj_error err = { "" };

		if (pj_export_parse(&list, pj_span_str(bad[i]), &err) !=
		    PJ_CONFIG_INVALID)
			fail_msg("%s", bad[i]);
		assert_string_not_equal(err.detail, "");
		pj_list_free(&list);
	}
	for (int extra = 0; extra < 2; extra++) {
		struct pj_list list = { .count = 0 };

		memset(name, 'A', sizeof(name));
		memcpy(name, "JWT_", 4);
		memcpy(name + PJ_NAME_MAX + extra, "=x", 3);
		assert_int_equal(pj_export_parse(&list, pj_span_str(name),
		    NULL), extra == 0 ? PJ_OK : PJ_CONFIG_INVALID);
		pj_list_free(&list);
	}
}

/* What these lines make of a token. */
static struct pj_list
export(const char *lines, const char *token, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL;
	struct pj_list settings = { .count = 0 };
	char text[700];

	(void)snprintf(text, sizeof(text), FIXTURE_SECTION
	    "user_claim = sub\n%s", lines);
	config = fixture_config(text);
	claims = fixture_claims(token);
	assert_int_equal(pj_export_claims(pj_config_issuer(config, 0), claims,
	    &settings, err), PJ_OK);
	return settings;
}

static void
strings_numbers_and_booleans_are_exported(void **state)
{
	static const char *const wanted[] = {
		"JWT_SUB=alice", "JWT_TWO=two words", "JWT_ONE=1",
		"JWT_REAL=1.0", "JWT_YES=true", "JWT_NO=false", "JWT_NONE=",
		"JWT_DEEP=dev", "JWT_URL=kept", "JWT_X9_=red",
	};
	struct pj_error err = { "" };
	struct pj_list settings = export("export = JWT_SUB=sub JWT_TWO=spaced "
	    "JWT_ONE=one JWT_REAL=real JWT_YES=yes JWT_NO=no JWT_NONE=empty "
	    "JWT_DEEP=/realm_access/roles/1 \"JWT_URL=with space\" "
	    "JWT_X9_=text\n", "shapes", &err);

	(void)state;
	assert_int_equal(settings.count, sizeof(wanted) / sizeof(*wanted));
	for (size_t i = 0; i < settings.count; i++)
		assert_string_equal(settings.items[i], wanted[i]);
	assert_string_equal(err.detail, "");
	pj_list_free(&settings);
}

static void
what_does_not_fit_an_environment_is_left_out_and_told(void **state)
{
	static const char *const claims[] = { "null", "object", "list",
		"none", "nul", "newline" };

	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		struct pj_error err = { "" };
		struct pj_list settings;
		char lines[100];

		(void)snprintf(lines, sizeof(lines),
		    "export = JWT_A=%s JWT_B=text\n", claims[i]);
		settings = export(lines, "shapes", &err);
		assert_int_equal(settings.count, 1);
		assert_string_equal(settings.items[0], "JWT_B=red");
		assert_string_equal(err.detail, "JWT_A is not exported");
		pj_list_free(&settings);
	}
}

static void
an_absent_claim_is_left_out_silently(void **state)
{
	struct pj_error err = { "" };
	struct pj_list settings = export("export = JWT_A=absent "
	    "JWT_B=/text/x JWT_C=text\n", "shapes", &err);

	(void)state;
	assert_int_equal(settings.count, 1);
	assert_string_equal(err.detail, "");
	pj_list_free(&settings);
}

static void
values_have_1024_bytes_and_no_more(void **state)
{
	struct pj_error err = { "" };
	struct pj_list settings = export("export = JWT_A=kib JWT_B=kib_more\n",
	    "long", &err);

	(void)state;
	assert_int_equal(settings.count, 1);
	assert_int_equal(strlen(settings.items[0]), 6 + PJ_EXPORT_MAX);
	assert_string_equal(err.detail, "JWT_B is not exported");
	pj_list_free(&settings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    only_names_that_mean_nothing_to_anybody_are_allowed),
		cmocka_unit_test(strings_numbers_and_booleans_are_exported),
		cmocka_unit_test(
		    what_does_not_fit_an_environment_is_left_out_and_told),
		cmocka_unit_test(an_absent_claim_is_left_out_silently),
		cmocka_unit_test(values_have_1024_bytes_and_no_more),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
