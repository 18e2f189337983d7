/*
 * base/error.h: one line of detail that is safe for a log.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"

static void
whatever_is_not_plain_ascii_becomes_hex(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		unsigned char byte = (unsigned char)c;
		char out[16], expected[16];

		if (c >= 0x20 && c <= 0x7e && c != '"' && c != '\\')
			(void)snprintf(expected, sizeof(expected), "%c",
			    (int)c);
		else
			(void)snprintf(expected, sizeof(expected), "\\x%02x",
			    c);
		pj_escape(out, sizeof(out), pj_span(&byte, 1));
		assert_string_equal(out, expected);
	}
}

static void
escaping_goes_on_behind_a_nul(void **state)
{
	char out[32];

	(void)state;
	pj_escape(out, sizeof(out), pj_span("a\0b\n", 4));
	assert_string_equal(out, "a\\x00b\\x0a");
}

/* Every size and length: never a byte behind the buffer, always an end. */
static void
escaping_never_writes_past_the_buffer(void **state)
{
	static const char kinds[] = { 'a', '\n' };
	char text[40], out[48];

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		memset(text, kinds[k], sizeof(text));
		for (size_t size = 4; size < 40; size++) {
			for (size_t len = 0; len <= sizeof(text); len++) {
				memset(out, 0x55, sizeof(out));
				pj_escape(out, size, pj_span(text, len));
				assert_true(strnlen(out, size) < size);
				for (size_t i = size; i < sizeof(out); i++)
					assert_int_equal(out[i], 0x55);
			}
		}
	}
}

static void
an_escape_is_never_cut_in_two(void **state)
{
	char out[64];

	(void)state;
	for (size_t size = 4; size < 40; size++) {
		size_t len;

		pj_escape(out, size, pj_span("\n\n\n\n\n\n\n\n\n\n\n\n", 12));
		len = strlen(out);
		assert_true(len >= 3);
		assert_string_equal(out + len - 3, "...");
		assert_int_equal((len - 3) % 4, 0);
	}
}

static void
what_is_clipped_ends_in_three_dots(void **state)
{
	char out[8];

	(void)state;
	pj_escape(out, sizeof(out), pj_span_str("abcdefgh"));
	assert_string_equal(out, "abcd...");
	pj_escape(out, 4, pj_span_str("abcdefgh"));
	assert_string_equal(out, "...");
}

/* "what is too long ends in ...": this is not too long. */
static void
text_that_just_fits_is_not_clipped(void **state)
{
	char out[8];

	(void)state;
	pj_escape(out, sizeof(out), pj_span_str("abcde"));
	assert_string_equal(out, "abcde");
	pj_escape(out, sizeof(out), pj_span_str("abcdef"));
	assert_string_equal(out, "abcdef");
	pj_escape(out, sizeof(out), pj_span_str("abcdefg"));
	assert_string_equal(out, "abcdefg");
}

static void
failing_returns_the_status_with_and_without_a_place(void **state)
{
	struct pj_error err = { "old" };

	(void)state;
	assert_int_equal(pj_fail(NULL, PJ_EXPIRED, "x"), PJ_EXPIRED);
	assert_int_equal(pj_fail_in(NULL, PJ_EXPIRED, "x"), PJ_EXPIRED);
	assert_int_equal(pj_fail_errno(NULL, PJ_EXPIRED, EIO, "x"),
	    PJ_EXPIRED);
	assert_int_equal(pj_fail(&err, PJ_CLAIM_TYPE, "n %d", 7),
	    PJ_CLAIM_TYPE);
	assert_string_equal(err.detail, "n 7");
}

static void
untrusted_text_in_a_detail_cannot_break_the_line(void **state)
{
	struct pj_error err;

	(void)state;
	(void)pj_fail(&err, PJ_EXPIRED, "kid is %s",
	    "x\" reason=ok\n\\ \x1b[31m\xc3\xa4");
	assert_string_equal(err.detail, "kid is x\\x22 reason=ok\\x0a\\x5c "
	    "\\x1b[31m\\xc3\\xa4");
}

static void
a_long_detail_is_clipped(void **state)
{
	struct pj_error err;
	char text[1000];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)pj_fail(&err, PJ_EXPIRED, "%s", text);
	assert_true(strlen(err.detail) <= PJ_DETAIL_MAX);
	assert_string_equal(err.detail + strlen(err.detail) - 3, "...");
	memset(text, '\n', sizeof(text) - 1);
	(void)pj_fail(&err, PJ_EXPIRED, "%s", text);
	assert_true(strlen(err.detail) <= PJ_DETAIL_MAX);
	assert_string_equal(err.detail + strlen(err.detail) - 3, "...");
}

static void
words_go_before_the_detail_that_is_there(void **state)
{
	struct pj_error err = { "exp 3 s ago" };

	(void)state;
	assert_int_equal(pj_fail_in(&err, PJ_EXPIRED, "in %s", "x"),
	    PJ_EXPIRED);
	assert_string_equal(err.detail, "in x: exp 3 s ago");
	err.detail[0] = '\0';
	(void)pj_fail_in(&err, PJ_EXPIRED, "alone");
	assert_string_equal(err.detail, "alone");
	(void)pj_fail_in(&err, PJ_EXPIRED, "%s", "");
	assert_string_equal(err.detail, "alone");
}

static void
a_detail_that_is_already_safe_is_not_escaped_again(void **state)
{
	struct pj_error err;

	(void)state;
	(void)pj_fail(&err, PJ_EXPIRED, "a\nb");
	(void)pj_fail_in(&err, PJ_EXPIRED, "c\nd");
	assert_string_equal(err.detail, "c\\x0ad: a\\x0ab");
}

static void
another_detail_goes_before_it_as_it_is(void **state)
{
	struct pj_error err, words;

	(void)state;
	(void)pj_fail(&words, PJ_EXPIRED, "a\nb");
	(void)pj_fail(&err, PJ_EXPIRED, "c\nd");
	assert_int_equal(pj_fail_behind(&err, PJ_CLAIM_TYPE, &words),
	    PJ_CLAIM_TYPE);
	assert_string_equal(err.detail, "a\\x0ab: c\\x0ad");
	assert_int_equal(pj_fail_behind(NULL, PJ_EXPIRED, &words),
	    PJ_EXPIRED);
}

static void
joined_details_that_are_too_long_are_clipped(void **state)
{
	struct pj_error err;
	char text[PJ_DETAIL_MAX - 10];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)pj_fail(&err, PJ_EXPIRED, "%s", text);
	memset(text, 'b', sizeof(text) - 1);
	(void)pj_fail_in(&err, PJ_EXPIRED, "%s", text);
	assert_int_equal(strlen(err.detail), PJ_DETAIL_MAX);
	assert_string_equal(err.detail + PJ_DETAIL_MAX - 3, "...");
	assert_int_equal(err.detail[0], 'b');
}

static void
errno_becomes_words(void **state)
{
	struct pj_error err = { "old" };

	(void)state;
	assert_int_equal(pj_fail_errno(&err, PJ_SYSTEM_ERROR, ENOENT, "/a\nb"),
	    PJ_SYSTEM_ERROR);
	assert_string_equal(err.detail, "/a\\x0ab: No such file or directory");
	(void)pj_fail_errno(&err, PJ_SYSTEM_ERROR, 99999, "x");
	assert_string_equal(err.detail, "x: unknown error");
	(void)pj_fail_errno(&err, PJ_SYSTEM_ERROR, -1, "x");
	assert_string_equal(err.detail, "x: unknown error");
}

/* Those of strerrordesc_np, which are never translated. */
static void
errno_is_told_in_english_whatever_the_locale(void **state)
{
	(void)state;
	for (int i = 1; i < 134; i++) {
		struct pj_error err;
		char expected[200];

		if (strerrordesc_np(i) == NULL)
			continue;
		(void)pj_fail_errno(&err, PJ_SYSTEM_ERROR, i, "x");
		(void)snprintf(expected, sizeof(expected), "x: %s",
		    strerrordesc_np(i));
		assert_string_equal(err.detail, expected);
	}
}

static void
a_value_is_named_and_escaped_behind_a_nul_too(void **state)
{
	struct pj_error err = { "old" };

	(void)state;
	assert_int_equal(pj_fail_value(&err, PJ_USER_MISMATCH, "sub",
	    pj_span("a\0b\n\"", 5)), PJ_USER_MISMATCH);
	assert_string_equal(err.detail, "sub is a\\x00b\\x0a\\x22");
	assert_int_equal(pj_fail_value(&err, PJ_CLAIM_TYPE, "the first aud",
	    pj_span_str("")), PJ_CLAIM_TYPE);
	assert_string_equal(err.detail, "the first aud is ");
	(void)pj_fail_value(&err, PJ_EXPIRED, "x", pj_span_str("%s%n"));
	assert_string_equal(err.detail, "x is %s%n");
	assert_int_equal(pj_fail_value(NULL, PJ_EXPIRED, "x",
	    pj_span_str("y")), PJ_EXPIRED);
}

/* "what is too long ends in ...", and no escape is cut in two. */
static void
a_long_value_is_clipped_between_two_escapes(void **state)
{
	char value[600];

	(void)state;
	for (size_t plain = 0; plain < 4; plain++) {
		struct pj_error err;

		memset(value, '\n', sizeof(value));
		memset(value, 'a', plain);
		(void)pj_fail_value(&err, PJ_EXPIRED, "sub",
		    pj_span(value, sizeof(value)));
		assert_true(strlen(err.detail) <= PJ_DETAIL_MAX);
		if (!pj_is_escaped(pj_span_str(err.detail)))
			fail_msg("%s", err.detail);
		assert_string_equal(err.detail + strlen(err.detail) - 3,
		    "...");
	}
}

/* A claim's name is the administrator's: not always ASCII. */
static void
a_values_name_is_escaped_as_well(void **state)
{
	struct pj_error err;

	(void)state;
	(void)pj_fail_value(&err, PJ_USER_MISMATCH, "gr\xc3\xb6\\",
	    pj_span_str("x"));
	assert_string_equal(err.detail, "gr\\xc3\\xb6\\x5c is x");
}

static void
only_what_escaping_makes_is_taken_for_escaped(void **state)
{
	static const char *const good[] = { "", "a b", "\\x0a", "a\\xc3b",
	    "\\x5cx41" };
	static const char *const bad[] = { "\n", "\"", "\\", "\\x", "\\x0",
	    "\\x0A", "\\y00", "\\x0g", "a\x7f", "\xc3", "\\x0a\\" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!pj_is_escaped(pj_span_str(good[i])))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (pj_is_escaped(pj_span_str(bad[i])))
			fail_msg("%s", bad[i]);
	assert_false(pj_is_escaped(pj_span("a\0", 2)));
}

/* Found by fuzz_config: "[issuer \xff..." left half an escape. */
static void
bug_joined_details_were_cut_through_an_escape(void **state)
{
	(void)state;
	for (size_t before = 1; before < 24; before++) {
		struct pj_error err = { "" };
		unsigned char bytes[PJ_DETAIL_MAX];

		memset(bytes, 0xff, sizeof(bytes));
		(void)pj_fail(&err, PJ_CONFIG_INVALID, "%.*s",
		    (int)sizeof(bytes), (const char *)bytes);
		(void)pj_fail_in(&err, PJ_CONFIG_INVALID, "%.*s",
		    (int)before, "abcdefghijklmnopqrstuvwxyz");
		assert_true(pj_is_escaped(pj_span_str(err.detail)));
		assert_string_equal("...",
		    err.detail + strlen(err.detail) - 3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_not_plain_ascii_becomes_hex),
		cmocka_unit_test(escaping_goes_on_behind_a_nul),
		cmocka_unit_test(escaping_never_writes_past_the_buffer),
		cmocka_unit_test(an_escape_is_never_cut_in_two),
		cmocka_unit_test(what_is_clipped_ends_in_three_dots),
		cmocka_unit_test(text_that_just_fits_is_not_clipped),
		cmocka_unit_test(
		    failing_returns_the_status_with_and_without_a_place),
		cmocka_unit_test(
		    untrusted_text_in_a_detail_cannot_break_the_line),
		cmocka_unit_test(a_long_detail_is_clipped),
		cmocka_unit_test(words_go_before_the_detail_that_is_there),
		cmocka_unit_test(
		    a_detail_that_is_already_safe_is_not_escaped_again),
		cmocka_unit_test(another_detail_goes_before_it_as_it_is),
		cmocka_unit_test(joined_details_that_are_too_long_are_clipped),
		cmocka_unit_test(
		    bug_joined_details_were_cut_through_an_escape),
		cmocka_unit_test(errno_becomes_words),
		cmocka_unit_test(errno_is_told_in_english_whatever_the_locale),
		cmocka_unit_test(a_value_is_named_and_escaped_behind_a_nul_too),
		cmocka_unit_test(a_long_value_is_clipped_between_two_escapes),
		cmocka_unit_test(a_values_name_is_escaped_as_well),
		cmocka_unit_test(only_what_escaping_makes_is_taken_for_escaped),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
