/*
 * keys/helper.h: a fixed command line, and a strict reading of one line.  The
 * helper is a shell script here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/spawn.h"
#include "keys/helper.h"
#include "scratch.h"

static const struct pj_key_request request = {
	.section = "corp", .issuer = "https://a",
};

/* What the last one was given. */
static int64_t given_ms;

__typeof__(pj_spawn_run) __real_pj_spawn_run, __wrap_pj_spawn_run;

enum pj_status
__wrap_pj_spawn_run(const struct pj_spawn *spec, struct pj_buf *reply,
    struct pj_error *err)
{
	given_ms = spec->timeout_ms;
	return __real_pj_spawn_run(spec, reply, err);
}

/* Runs a helper that is this script. */
static enum pj_status
run(const char *script, const char *config, const char *const *options,
    enum pj_refresh_cause cause, struct pj_error *err)
{
	struct pj_helper helper = {
		.config = config, .options = options,
		.timeout_cold = 20, .timeout_stale = 1,
	};
	char text[5000];

	(void)snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	put("helper", text, 0755);
	helper.path = at("helper");
	err->detail[0] = '\0';
	return pj_helper_refresh(&helper, &request, cause, err);
}

static void
the_command_line_names_the_section(void **state)
{
	struct pj_error err;
	char script[5000], line[5000] = "";
	FILE *file;

	(void)state;
	(void)snprintf(script, sizeof(script), "echo \"$*\" > %s\n"
	    "echo pam-jwks-fetch 1 ok >&3", at("args"));
	assert_int_equal(run(script, "/etc/c", NULL, PJ_CAUSE_KID, &err),
	    PJ_OK);
	file = fopen(at("args"), "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	(void)fclose(file);
	assert_string_equal(line,
	    "--cause kid --reply-fd 3 --config /etc/c --section corp\n");
	/* The installed configuration: its file would not be all of it. */
	assert_int_equal(run(script, NULL, NULL, PJ_CAUSE_KID, &err), PJ_OK);
	file = fopen(at("args"), "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	(void)fclose(file);
	assert_string_equal(line, "--cause kid --reply-fd 3 --section corp\n");
}

static void
the_command_line_holds_the_options(void **state)
{
	static const char *const options[] = {
		"issuer=https://a", "audience=b c", NULL,
	};
	struct pj_error err;
	char script[5000], line[5000] = "";
	FILE *file;

	(void)state;
	(void)snprintf(script, sizeof(script), "echo \"$#: $*\" > %s\n"
	    "echo pam-jwks-fetch 1 ok >&3", at("args"));
	assert_int_equal(run(script, NULL, options, PJ_CAUSE_COLD, &err),
	    PJ_OK);
	file = fopen(at("args"), "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	(void)fclose(file);
	assert_string_equal(line, "8: --cause cold --reply-fd 3 "
	    "--option issuer=https://a --option audience=b c\n");
}

/* A helper that answers this gives that status, and a detail with word. */
static void
reply_gives(const char *printf_words, enum pj_status want, const char *word)
{
	struct pj_error err;
	char script[5000];

	(void)snprintf(script, sizeof(script), "printf '%s' >&3",
	    printf_words);
	assert_string_equal(pj_status_name(run(script, "/etc/c", NULL,
	    PJ_CAUSE_COLD, &err)), pj_status_name(want));
	if (strstr(err.detail, word) == NULL)
		fail_msg("no '%s' in: %s", word, err.detail);
}

static void
answers_of_a_refresher_are_passed_on(void **state)
{
	(void)state;
	reply_gives("pam-jwks-fetch 1 ok new keys\\n", PJ_OK, "new keys");
	reply_gives("pam-jwks-fetch 1 fetch_failed GET x: HTTP 503\\n",
	    PJ_FETCH_FAILED, "GET x: HTTP 503");
	reply_gives("pam-jwks-fetch 1 fetch_held_back\\n", PJ_FETCH_HELD_BACK,
	    "");
	reply_gives("pam-jwks-fetch 1 keyset_invalid a \\\\x22\\n",
	    PJ_KEYSET_INVALID, "a \\x22");
}

static void
the_helpers_own_trouble_keeps_its_name(void **state)
{
	(void)state;
	reply_gives("pam-jwks-fetch 1 file_unsafe /var is odd\\n",
	    PJ_HELPER_FAILED, "file_unsafe: /var is odd");
	reply_gives("pam-jwks-fetch 1 user_unknown x\\n", PJ_HELPER_FAILED,
	    "user_unknown");
}

static void
other_answers_are_refused(void **state)
{
	(void)state;
	reply_gives("", PJ_HELPER_FAILED, "no answer");
	reply_gives("pam-jwks-fetch 1 ok", PJ_HELPER_FAILED, "cut off");
	reply_gives("pam-jwks-fetch 2 ok\\n", PJ_HELPER_FAILED, "foreign");
	reply_gives("pam-jwks-fetch 1 fine\\n", PJ_HELPER_FAILED, "foreign");
	reply_gives("pam-jwks-fetch 1 \\n", PJ_HELPER_FAILED, "foreign");
	reply_gives("pam-jwks-fetch 1 ok\\nok\\n", PJ_HELPER_FAILED, "foreign");
	reply_gives("pam-jwks-fetch 1 ok \\033[2J\\n", PJ_HELPER_FAILED,
	    "foreign");
	reply_gives("ok\\n", PJ_HELPER_FAILED, "foreign");
}

static void
a_helper_that_is_not_there_is_named(void **state)
{
	struct pj_helper helper = {
		.path = "/nonexistent/pam-jwks-fetch", .config = "/etc/c",
		.timeout_cold = 5,
	};
	struct pj_error err;

	(void)state;
	assert_int_equal(pj_helper_refresh(&helper, &request, PJ_CAUSE_COLD,
	    &err), PJ_HELPER_NOT_STARTED);
	assert_string_equal(err.detail,
	    "/nonexistent/pam-jwks-fetch: No such file or directory");
	err.detail[0] = '\0';
	assert_int_equal(pj_helper_try(&helper, &err), PJ_HELPER_NOT_STARTED);
	assert_string_equal(err.detail,
	    "/nonexistent/pam-jwks-fetch: No such file or directory");
}

static void
nobody_waits_beyond_the_timeout_or_for_a_due_refresh(void **state)
{
	struct pj_error err;

	(void)state;
	assert_int_equal(run("exec sleep 30", "/etc/c", NULL, PJ_CAUSE_STALE,
	    &err), PJ_FETCH_TIMEOUT);
	assert_int_equal(given_ms, 1000);
	assert_int_equal(run("", "/etc/c", NULL, PJ_CAUSE_KID, &err),
	    PJ_HELPER_FAILED);
	assert_int_equal(given_ms, 20000);
	assert_int_equal(run("exec sleep 3", "/etc/c", NULL, PJ_CAUSE_DUE,
	    &err), PJ_OK);
	/* For the start alone: the file is busy for a moment yet. */
	assert_int_equal(given_ms, 2000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(the_command_line_names_the_section),
		scratch_test(the_command_line_holds_the_options),
		scratch_test(answers_of_a_refresher_are_passed_on),
		scratch_test(the_helpers_own_trouble_keeps_its_name),
		scratch_test(other_answers_are_refused),
		scratch_test(a_helper_that_is_not_there_is_named),
		scratch_test(
		    nobody_waits_beyond_the_timeout_or_for_a_due_refresh),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
