/*
 * keys/version.h: what a key set is worth, and whether two are two versions or
 * one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/clock.h"
#include "keys/version.h"

/* The public keys of RFC 7517 appendix A.1 and RFC 7515 appendix A.3. */
#define XY_ONE								\
	"\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","	\
	"\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\""
#define XY_TWO								\
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","	\
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define EC		"\"kty\":\"EC\",\"crv\":\"P-256\","
#define ONE		"{" EC "\"kid\":\"one\"," XY_ONE "}"
#define TWO		"{" EC "\"kid\":\"two\"," XY_TWO "}"
#define OCT		"{\"kty\":\"oct\",\"k\":\"AA\"}"
/* A point beside the curve, which only a complete check finds. */
#define UNSOUND		"{" EC "\"x\":\"AQ\",\"y\":\"AQ\"}"
#define SET(keys)	"{\"keys\":[" keys "]}"

static bool
same(const char *a, const char *b)
{
	bool result = pj_keys_same(pj_span_str(a), pj_span_str(b));

	assert_int_equal(result, pj_keys_same(pj_span_str(b), pj_span_str(a)));
	return result;
}

static void
the_same_keys_may_be_written_in_any_way(void **state)
{
	(void)state;
	assert_true(same(SET(ONE "," TWO), SET(ONE "," TWO)));
	assert_true(same(SET(ONE "," TWO), SET(TWO "," ONE)));
	assert_true(same(SET(ONE), "{\"date\":7, \"keys\": [" ONE " ]}\n"));
	assert_true(same(SET(ONE),
	    SET("{" XY_ONE ",\"kid\":\"one\"," EC "\"use\":\"sig\"}")));
	/* What no login uses is no key, and twice the same is one. */
	assert_true(same(SET(ONE "," OCT), SET(ONE)));
	assert_true(same(SET(ONE "," ONE), SET(ONE)));
}

static void
other_keys_are_others(void **state)
{
	(void)state;
	assert_false(same(SET(ONE), SET(TWO)));
	assert_false(same(SET(ONE), SET(ONE "," TWO)));
	assert_false(same(SET(ONE "," ONE), SET(ONE "," TWO)));
	assert_false(same(SET(ONE), SET(OCT)));
	/* Another name, none, an empty one; another key; another algorithm. */
	assert_false(same(SET(ONE), SET("{" EC "\"kid\":\"two\"," XY_ONE "}")));
	assert_false(same(SET(ONE), SET("{" EC XY_ONE "}")));
	assert_false(same(SET("{" EC "\"kid\":\"\"," XY_ONE "}"),
	    SET("{" EC XY_ONE "}")));
	assert_false(same(SET(ONE), SET("{" EC "\"kid\":\"one\"," XY_TWO "}")));
	assert_false(same(SET(ONE),
	    SET("{" EC "\"alg\":\"ES256\",\"kid\":\"one\"," XY_ONE "}")));
	/* What is no key set is not the same as one. */
	assert_false(same(SET(ONE), "{}"));
	assert_false(same(SET(ONE), ""));
}

/* The judgement, with all the time that it may take. */
static enum pj_status
judge(const char *set, struct pj_judgement *judgement)
{
	struct pj_error err;

	return pj_keys_judge(pj_span_str(set), INT64_MAX, judgement, &err);
}

static void
a_set_is_worth_its_sound_keys(void **state)
{
	struct pj_judgement got;

	(void)state;
	assert_int_equal(judge(SET(OCT "," UNSOUND "," ONE), &got), PJ_OK);
	assert_int_equal(got.count, 3);
	assert_int_equal(got.usable, 1);
	assert_false(got.unusable);
	/* What every login sees itself is not written down. */
	assert_string_equal(got.unsound, "1 key_point_invalid");
	assert_int_equal(judge(SET(UNSOUND), &got), PJ_KEYSET_INVALID);
	assert_true(got.unusable);
	assert_int_equal(judge("{}", &got), PJ_KEYSET_INVALID);
	assert_false(got.unusable);
}

static void
keys_that_there_is_no_time_for_are_left_to_the_logins(void **state)
{
	struct pj_judgement got;

	(void)state;
	assert_int_equal(pj_keys_judge(pj_span_str(SET(UNSOUND)), 0, &got,
	    NULL), PJ_OK);
	assert_int_equal(got.usable, 1);
	assert_string_equal(got.unsound, "");
}

/* What each look at the clock takes, in milliseconds; nothing else does. */
static int64_t takes, taken = 1000000;

__typeof__(pj_now_ms) __wrap_pj_now_ms;

int64_t
__wrap_pj_now_ms(void)
{
	taken += takes;
	return taken;
}

static void
a_second_must_do_for_all_keys(void **state)
{
	struct pj_judgement got;

	(void)state;
	takes = 400;
	assert_int_equal(judge(SET(ONE "," UNSOUND "," UNSOUND "," UNSOUND),
	    &got), PJ_OK);
	takes = 0;
	assert_string_equal(got.unsound, "1 key_point_invalid");
}

/* Words are never cut; what does not fit is found at the next fetch. */
static void
more_unsound_keys_than_a_line_holds_are_named_as_far_as_it_goes(void **state)
{
	static char set[64 * 1024];
	char *end = stpcpy(set, "{\"keys\":[" ONE);
	struct pj_jwks *jwks = NULL;
	struct pj_judgement got;
	size_t words = 1;

	(void)state;
	for (size_t i = 1; i < PJ_KEYS_MAX; i++)
		end = stpcpy(end, "," UNSOUND);
	(void)stpcpy(end, "]}");
	assert_int_equal(judge(set, &got), PJ_OK);
	assert_in_range(strlen(got.unsound), PJ_FIELD_MAX - 22, PJ_FIELD_MAX);
	assert_string_equal(strrchr(got.unsound, ' '), " key_point_invalid");
	for (const char *c = got.unsound; *c != '\0'; c++)
		words += *c == ' ';
	assert_int_equal(pj_jwks_parse(pj_span_str(set), &jwks, NULL), PJ_OK);
	pj_version_skip(jwks, pj_span_str(got.unsound));
	assert_int_equal(pj_jwks_usable(jwks), PJ_KEYS_MAX - words / 2);
	pj_jwks_free(jwks);
}

static void
only_places_with_a_reason_are_skipped(void **state)
{
	static const char *const nothing[] = {
		"", " ", "0", "x key_unfit", "-1 key_unfit", "2 key_unfit",
		"0 nonsense", "0 ok", "0  key_unfit", "99999999999 key_unfit",
	};
	struct pj_jwks *jwks = NULL;

	(void)state;
	assert_int_equal(pj_jwks_parse(pj_span_str(SET(ONE "," TWO)), &jwks,
	    NULL), PJ_OK);
	for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++) {
		pj_version_skip(jwks, pj_span_str(nothing[i]));
		if (pj_jwks_usable(jwks) != 2)
			fail_msg("skipped by '%s'", nothing[i]);
	}
	pj_version_skip(jwks, pj_span_str("x y 1 key_unfit"));
	assert_int_equal(pj_jwks_usable(jwks), 1);
	assert_int_equal(pj_jwks_at(jwks, 1)->status, PJ_KEY_UNFIT);
	pj_jwks_free(jwks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_keys_may_be_written_in_any_way),
		cmocka_unit_test(other_keys_are_others),
		cmocka_unit_test(a_set_is_worth_its_sound_keys),
		cmocka_unit_test(
		    keys_that_there_is_no_time_for_are_left_to_the_logins),
		cmocka_unit_test(a_second_must_do_for_all_keys),
		cmocka_unit_test(
		    more_unsound_keys_than_a_line_holds_are_named_as_far_as_it_goes),
		cmocka_unit_test(only_places_with_a_reason_are_skipped),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
