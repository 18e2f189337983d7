/*
 * policy/arguments.h: they choose, they do not configure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/arguments.h"

static enum pj_status
parse(const char *const *words, struct pj_arguments *arguments,
    struct pj_error *err)
{
	const char *argv[8];
	int argc = 0;

	while (words[argc] != NULL) {
		argv[argc] = words[argc];
		argc++;
	}
	return pj_arguments_parse(argc, argv, arguments, err);
}

static void
without_arguments_the_built_in_file_is_read(void **state)
{
	struct pj_arguments arguments;

	(void)state;
	memset(&arguments, 0xff, sizeof(arguments));
	assert_int_equal(pj_arguments_parse(0, NULL, &arguments, NULL),
	    PJ_OK);
	/* The installed one. */
	assert_null(arguments.config);
	assert_null(arguments.prompt);
	assert_false(arguments.debug);
	assert_false(arguments.quiet);
	assert_false(arguments.use_first_pass);
	assert_false(arguments.try_first_pass);
}

static void
every_argument_arrives_alone(void **state)
{
	static const char *const words[] = { "debug", "quiet",
	    "use_first_pass", "try_first_pass" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const char *one[] = { words[i], NULL };
		struct pj_arguments arguments;

		assert_int_equal(parse(one, &arguments, NULL), PJ_OK);
		assert_int_equal(arguments.debug, i == 0);
		assert_int_equal(arguments.quiet, i == 1);
		assert_int_equal(arguments.use_first_pass, i == 2);
		assert_int_equal(arguments.try_first_pass, i == 3);
	}
}

static void
values_keep_everything_behind_the_first_equals_sign(void **state)
{
	static const char *const words[] = { "config=/etc/x=y.conf",
	    "prompt=Corp = token? ", "debug", NULL };
	static const char *const empty[] = { "prompt=", NULL };
	struct pj_arguments arguments;

	(void)state;
	assert_int_equal(parse(words, &arguments, NULL), PJ_OK);
	assert_string_equal(arguments.config, "/etc/x=y.conf");
	assert_string_equal(arguments.prompt, "Corp = token? ");
	assert_true(arguments.debug);
	assert_int_equal(parse(empty, &arguments, NULL), PJ_OK);
	assert_string_equal(arguments.prompt, "");
}

static void
a_wrong_argument_is_refused_and_named(void **state)
{
	static const char *const bad[] = { "nonsense", "", "debug=yes",
	    "Debug", "debugx", "debu", "quiet ", " quiet", "config",
	    "config=", "config=pam_jwks.conf", "config=./x", "prompt",
	    "conf=/x", "CONFIG=/x", "config:/x", "prompt:x", "issuer=https://x.example", "leeway=1h",
	    "no_warn", "nullok", "\n", "x\" reason=ok" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *words[] = { "debug", bad[i], "quiet", NULL };
		struct pj_arguments arguments = { .prompt = "untouched" };
		struct pj_error err = { "" };
		enum pj_status status = parse(words, &arguments, &err);

		if (status != PJ_ARGUMENT_INVALID)
			fail_msg("\"%s\": %s", bad[i],
			    pj_status_name(status));
		assert_string_equal(arguments.prompt, "untouched");
		assert_false(arguments.debug);
		assert_true(pj_span_printable(pj_span_str(err.detail)));
	}
}

static void
the_offending_word_is_in_the_detail_escaped(void **state)
{
	static const char *const words[] = { "use_frist_pass", NULL };
	static const char *const value[] = { "confg=/etc/x.conf", NULL };
	static const char *const hostile[] = { "x\"\n", NULL };
	static const char *const relative[] = { "config=x.conf", NULL };
	struct pj_arguments arguments;
	struct pj_error err = { "" };

	(void)state;
	assert_int_equal(parse(words, &arguments, &err),
	    PJ_ARGUMENT_INVALID);
	assert_string_equal(err.detail, "unknown argument use_frist_pass: "
	    "did you mean use_first_pass?");
	/* Behind the sign is no part of the name. */
	assert_int_equal(parse(value, &arguments, &err),
	    PJ_ARGUMENT_INVALID);
	assert_string_equal(err.detail, "unknown argument confg=/etc/x.conf: "
	    "did you mean config=?");
	assert_int_equal(parse(hostile, &arguments, &err),
	    PJ_ARGUMENT_INVALID);
	assert_string_equal(err.detail, "unknown argument x\\x22\\x0a");
	assert_int_equal(parse(relative, &arguments, &err),
	    PJ_ARGUMENT_INVALID);
	assert_string_equal(err.detail,
	    "config= needs an absolute path: x.conf");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_arguments_the_built_in_file_is_read),
		cmocka_unit_test(every_argument_arrives_alone),
		cmocka_unit_test(
		    values_keep_everything_behind_the_first_equals_sign),
		cmocka_unit_test(a_wrong_argument_is_refused_and_named),
		cmocka_unit_test(the_offending_word_is_in_the_detail_escaped),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
