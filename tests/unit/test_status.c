/*
 * base/status.h: every result has a name, a sentence and an outcome.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/status.h"

static void
every_reason_is_a_stable_lower_case_word(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PJ_STATUS_COUNT; i++) {
		const char *name = pj_status_name((enum pj_status)i);

		assert_non_null(name);
		assert_true(*name >= 'a' && *name <= 'z');
		for (const char *at = name; *at != '\0'; at++)
			if (!((*at >= 'a' && *at <= 'z') || *at == '_' ||
			    (*at >= '0' && *at <= '9')))
				fail_msg("%s", name);
	}
}

static void
every_name_finds_its_own_status(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PJ_STATUS_COUNT; i++) {
		enum pj_status status = PJ_STATUS_COUNT;
		const char *name = pj_status_name((enum pj_status)i);

		if (!pj_status_find(pj_span_str(name), &status) ||
		    (unsigned)status != i)
			fail_msg("%s is there twice", name);
	}
}

static void
what_is_no_name_finds_nothing(void **state)
{
	static const char *const names[] = { "", "OK", "expired ", " expired",
	    "expire", "expiredx", "nonsense" };
	enum pj_status status = PJ_CLAIM_TYPE;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_false(pj_status_find(pj_span_str(names[i]), &status));
	assert_false(pj_status_find(pj_span("ok\0", 3), &status));
	assert_int_equal(status, PJ_CLAIM_TYPE);
}

static void
every_status_has_a_sentence_without_a_full_stop(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PJ_STATUS_COUNT; i++) {
		const char *words = pj_status_sentence((enum pj_status)i);

		assert_non_null(words);
		assert_true(strlen(words) >= 10);
		assert_true(words[strlen(words) - 1] != '.');
		assert_true(pj_span_printable(pj_span_str(words)));
	}
}

static void
nothing_but_ok_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(pj_status_outcome(PJ_OK), PJ_OUTCOME_ACCEPTED);
	assert_int_equal(PJ_OK, 0);
	for (unsigned i = 1; i < PJ_STATUS_COUNT; i++)
		if (pj_status_outcome((enum pj_status)i) ==
		    PJ_OUTCOME_ACCEPTED)
			fail_msg("%s", pj_status_name((enum pj_status)i));
}

static void
an_unknown_number_is_an_internal_error(void **state)
{
	static const int numbers[] = { -1, PJ_STATUS_COUNT, INT_MAX, INT_MIN };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		enum pj_status status = (enum pj_status)numbers[i];

		assert_string_equal(pj_status_name(status), "internal_error");
		assert_int_equal(pj_status_outcome(status),
		    PJ_OUTCOME_SYSTEM);
		assert_non_null(pj_status_sentence(status));
	}
}

static void
outcomes_are_those_of_the_design(void **state)
{
	static const struct {
		enum pj_status	status;
		enum pj_outcome	outcome;
	} cases[] = {
		{ PJ_EXPIRED, PJ_OUTCOME_REFUSED },
		{ PJ_SIGNATURE_INVALID, PJ_OUTCOME_REFUSED },
		{ PJ_KEY_UNKNOWN, PJ_OUTCOME_REFUSED },
		{ PJ_USER_MISMATCH, PJ_OUTCOME_REFUSED },
		{ PJ_UID_REFUSED, PJ_OUTCOME_REFUSED },
		{ PJ_NOT_A_JWT, PJ_OUTCOME_REFUSED },
		{ PJ_USER_UNKNOWN, PJ_OUTCOME_USER_UNKNOWN },
		{ PJ_KEYS_UNAVAILABLE, PJ_OUTCOME_NO_KEYS },
		{ PJ_KEYSET_INVALID, PJ_OUTCOME_NO_KEYS },
		{ PJ_FETCH_TIMEOUT, PJ_OUTCOME_NO_KEYS },
		{ PJ_CONFIG_MISSING, PJ_OUTCOME_CONFIG },
		{ PJ_CONFIG_UNSAFE, PJ_OUTCOME_CONFIG },
		{ PJ_CONFIG_INVALID, PJ_OUTCOME_CONFIG },
		{ PJ_ARGUMENT_INVALID, PJ_OUTCOME_CONFIG },
		{ PJ_CONVERSATION_FAILED, PJ_OUTCOME_CONVERSATION },
		{ PJ_NO_MEMORY, PJ_OUTCOME_MEMORY },
		{ PJ_SYSTEM_ERROR, PJ_OUTCOME_SYSTEM },
		{ PJ_INTERNAL_ERROR, PJ_OUTCOME_SYSTEM },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (pj_status_outcome(cases[i].status) != cases[i].outcome)
			fail_msg("%s", pj_status_name(cases[i].status));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_is_a_stable_lower_case_word),
		cmocka_unit_test(every_name_finds_its_own_status),
		cmocka_unit_test(what_is_no_name_finds_nothing),
		cmocka_unit_test(
		    every_status_has_a_sentence_without_a_full_stop),
		cmocka_unit_test(nothing_but_ok_is_accepted),
		cmocka_unit_test(an_unknown_number_is_an_internal_error),
		cmocka_unit_test(outcomes_are_those_of_the_design),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
