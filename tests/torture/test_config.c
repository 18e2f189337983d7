/*
 * A configuration is read while each call that can fail does so once: it is had
 * as it was written or not at all, for a section, a map or a rule that went
 * missing would let in or keep out whom nobody meant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../fuzz/faults.h"
#include "../unit/scratch.h"
#include "nth.h"
#include "authn/configure.h"
#include "base/buf.h"

static enum pj_status
configure(struct pj_config **config)
{
	const struct pj_config_source source = { .path = at("config"),
		.folder = at("config.d") };
	struct pj_error err = { "" };
	enum pj_status status = pj_configure(&source, config, &err);

	/* Why it fails where nothing was made to fail. */
	if (status == PJ_CONFIG_INVALID)
		print_message("# %s\n", err.detail);
	return status;
}

static void
put_all(void)
{
	PJ_BUF_SCOPED(text, PJ_CONFIG_MAX);

	assert_int_equal(0, mkdir(at("config.d"), 0755));
	put("people", "corp re:(.+)@a\\.test \\1\ncorp boss root\n", 0644);
	assert_int_equal(PJ_OK, pj_buf_printf(&text,
	    "[module]\ntimeout_cold = 7s\n"
	    "[issuer corp]\nissuer = https://a.test\nservices = sshd sudo\n"
	    "audience = ssh\nuser_claim = sub\nuser_map = %s\n"
	    "require = groups any admins\nrequire = amr any otp\n"
	    "export = JWT_WHO=sub\n"
	    "[grant robots]\nissuer = corp other\nusers = deploy\n"
	    "require = repository_id is 456789\n%c", at("people"), '\0'));
	put("config", (const char *)text.ptr, 0644);
	put("config.d/50-other.conf", "[issuer other]\n"
	    "issuer = https://b.test\nservices = login\naudience = web\n"
	    "user_claim = name\n", 0644);
	put("config.d/60-last.conf", "[issuer last]\n"
	    "issuer = https://c.test\nservices = login\naudience = web\n"
	    "user_claim = name\n", 0644);
}

static void
check_whole(const struct pj_config *config)
{
	assert_int_equal(3, pj_config_issuers(config));
	assert_string_equal("corp", pj_config_issuer(config, 0)->name);
	assert_string_equal("other", pj_config_issuer(config, 1)->name);
	assert_string_equal("last", pj_config_issuer(config, 2)->name);
	assert_int_equal(7, pj_config_module(config)->timeout_cold);
	assert_int_equal(1, pj_config_grants(config));
	assert_int_equal(2, pj_config_issuer(config, 0)->require.count);
	assert_non_null(pj_config_map(config, at("people")));
	assert_int_equal(2, pj_map_count(pj_config_map(config,
	    at("people"))));
}

static void
a_configuration_is_read_wholly_or_not_at_all(void **state)
{
	unsigned n = 0, failed;

	(void)state;
	put_all();
	do {
		PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
		size_t descriptors = count_descriptors();
		enum pj_status status;

		assert_true(++n < CALLS_MAX);
		fuzz_faults_nth(n);
		status = configure(&config);
		failed = fuzz_faults_end();
		check_nothing_left(descriptors);
		if (failed == 0)
			assert_int_equal(PJ_OK, status);
		if (status == PJ_OK)
			check_whole(config);
		else
			assert_null(config);
	} while (failed != 0);
	print_message("# %u calls\n", n - 1);
	assert_true(n > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(a_configuration_is_read_wholly_or_not_at_all),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
