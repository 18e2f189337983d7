/*
 * keys/version.h: whether two key sets are two versions or one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_keys_may_be_written_in_any_way),
		cmocka_unit_test(other_keys_are_others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
