/*
 * base/near.h: words that were mistyped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/near.h"

static size_t
near(const char *word, const char *meant)
{
	return pj_near(pj_span_str(word), pj_span_str(meant));
}

static void
each_slip_counts_once(void **state)
{
	(void)state;
	assert_int_equal(near("expired", "expired"), 0);
	assert_int_equal(near("expirud", "expired"), 1);
	assert_int_equal(near("expird", "expired"), 1);
	assert_int_equal(near("expiredd", "expired"), 1);
	assert_int_equal(near("expried", "expired"), 1);
	assert_int_equal(near("epxried", "expired"), 2);
}

static void
another_word_is_far(void **state)
{
	(void)state;
	assert_true(near("exxxxed", "expired") == PJ_FAR);
	assert_true(near("ty", "typ") == 1);
	assert_true(near("tt", "typ") == PJ_FAR);	/* two of three */
	assert_true(near("", "typ") == PJ_FAR);
	assert_true(near("typ", "") == PJ_FAR);
}

static void
words_have_an_end(void **state)
{
	char word[PJ_WORD_MAX + 2];

	(void)state;
	memset(word, 'a', sizeof(word));
	word[PJ_WORD_MAX] = '\0';
	assert_int_equal(near(word, word), 0);
	word[PJ_WORD_MAX] = 'a';
	word[PJ_WORD_MAX + 1] = '\0';
	assert_true(near(word, word) == PJ_FAR);
	assert_true(near(word, "expired") == PJ_FAR);
	assert_true(near("expired", word) == PJ_FAR);
}

static void
the_nearest_word_is_taken(void **state)
{
	static const char *const words[] = { "keys", "kept", "kept" };

	(void)state;
	assert_ptr_equal(pj_nearest(pj_span_str("kep"), words, 3), words[1]);
	assert_ptr_equal(pj_nearest(pj_span_str("key"), words, 3), words[0]);
	assert_null(pj_nearest(pj_span_str("xyzzy"), words, 3));
	assert_null(pj_nearest(pj_span_str("keys"), words, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_slip_counts_once),
		cmocka_unit_test(another_word_is_far),
		cmocka_unit_test(words_have_an_end),
		cmocka_unit_test(the_nearest_word_is_taken),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
