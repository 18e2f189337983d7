/*
 * base/span.h: bytes with their length.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/span.h"

static void
spans_are_equal_only_byte_for_byte(void **state)
{
	(void)state;
	assert_true(pj_span_equal(pj_span("ab", 2), pj_span("abc", 2)));
	assert_false(pj_span_equal(pj_span("ab", 2), pj_span("abc", 3)));
	assert_false(pj_span_equal(pj_span("ab", 2), pj_span("aB", 2)));
	assert_false(pj_span_equal(pj_span("a\0b", 3), pj_span("a\0c", 3)));
	assert_true(pj_span_equal(pj_span(NULL, 0), pj_span("", 0)));
	assert_true(pj_span_equal(pj_span(NULL, 0), pj_span(NULL, 0)));
}

static void
a_nul_never_ends_a_comparison_early(void **state)
{
	(void)state;
	assert_false(pj_span_is(pj_span("ssh\0x", 5), "ssh"));
	assert_false(pj_span_is(pj_span("ssh\0", 4), "ssh"));
	assert_false(pj_span_is_nocase(pj_span("ssh\0", 4), "ssh"));
	assert_false(pj_span_is(pj_span("", 1), ""));
	assert_true(pj_span_is(pj_span(NULL, 0), ""));
}

static void
case_is_ignored_for_ascii_letters_only(void **state)
{
	(void)state;
	assert_true(pj_span_is_nocase(pj_span_str("ExAmPlE"), "eXaMpLe"));
	/* The neighbours of the letters, 0x20 apart from each other. */
	assert_false(pj_span_is_nocase(pj_span_str("@"), "`"));
	assert_false(pj_span_is_nocase(pj_span_str("["), "{"));
	assert_false(pj_span_is_nocase(pj_span_str("Z"), "{"));
	assert_false(pj_span_is_nocase(pj_span_str("\xc3\x84"), "\xc3\xa4"));
	assert_false(pj_span_is_nocase(pj_span_str("\xe2\x84\xaa"), "k"));
	assert_false(pj_span_is_nocase(pj_span_str("ab"), "abc"));
	assert_false(pj_span_is_nocase(pj_span_str("abc"), "ab"));
	assert_true(pj_span_is_nocase(pj_span(NULL, 0), ""));
	assert_true(pj_span_equal_nocase(pj_span("aB\0C", 4),
	    pj_span("Ab\0c", 4)));
	assert_false(pj_span_equal_nocase(pj_span("a\0b", 3),
	    pj_span("a\0c", 3)));
	assert_false(pj_span_equal_nocase(pj_span("ab", 2), pj_span("a", 1)));
}

static void
a_prefix_longer_than_the_text_does_not_begin_it(void **state)
{
	(void)state;
	assert_true(pj_span_starts(pj_span_str("issuer x"), "issuer "));
	assert_true(pj_span_starts(pj_span_str("x"), ""));
	assert_false(pj_span_starts(pj_span_str("iss"), "issuer"));
	assert_false(pj_span_starts(pj_span("issuer", 3), "issuer"));
	assert_false(pj_span_starts(pj_span_str("Issuer"), "issuer"));
}

static void
a_part_past_the_end_is_empty_and_no_null(void **state)
{
	struct pj_span text = pj_span_str("abc"), part;

	(void)state;
	assert_true(pj_span_is(pj_span_from(text, 1), "bc"));
	assert_true(pj_span_is(pj_span_from(text, 0), "abc"));
	for (size_t offset = 3; offset < 6; offset++) {
		part = pj_span_from(text, offset);
		assert_int_equal(part.len, 0);
		assert_non_null(part.ptr);
	}
	assert_int_equal(pj_span_from(text, SIZE_MAX).len, 0);
}

static void
only_ascii_from_space_to_tilde_is_printable(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		unsigned char byte = (unsigned char)c;

		if (pj_span_printable(pj_span(&byte, 1)) !=
		    (c >= 0x20 && c <= 0x7e))
			fail_msg("byte 0x%02x", c);
	}
	assert_true(pj_span_printable(pj_span(NULL, 0)));
	assert_false(pj_span_printable(pj_span("ab\nc", 4)));
	assert_false(pj_span_printable(pj_span("abc\x7f", 4)));
}

static void
numbers_are_digits_only_and_at_most_the_maximum(void **state)
{
	static const struct {
		const char		*text;
		unsigned long long	 max;
		bool			 good;
		unsigned long long	 value;
	} cases[] = {
		{ "0", 0, true, 0 },
		{ "1", 0, false, 0 },
		{ "9", 9, true, 9 },
		{ "10", 9, false, 0 },
		{ "007", 7, true, 7 },
		{ "100", 99, false, 0 },
		{ "4294967295", 4294967294ULL, false, 0 },
		{ "4294967294", 4294967294ULL, true, 4294967294ULL },
		{ "18446744073709551615", ULLONG_MAX, true, ULLONG_MAX },
		{ "18446744073709551616", ULLONG_MAX, false, 0 },
		{ "18446744073709551620", ULLONG_MAX, false, 0 },
		{ "99999999999999999999999999", ULLONG_MAX, false, 0 },
		{ "", 9, false, 0 },
		{ "-1", 9, false, 0 },
		{ "+1", 9, false, 0 },
		{ " 1", 9, false, 0 },
		{ "1 ", 9, false, 0 },
		{ "1.0", 99, false, 0 },
		{ "1e1", 99, false, 0 },
		{ "0x1", 99, false, 0 },
		{ "/", 99, false, 0 },
		{ ":", 99, false, 0 },
		{ "\xd9\xa1", 99, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned long long value = 4711;

		if (pj_span_number(pj_span_str(cases[i].text), cases[i].max,
		    &value) != cases[i].good)
			fail_msg("\"%s\", max %llu", cases[i].text,
			    cases[i].max);
		if (value != (cases[i].good ? cases[i].value : 4711))
			fail_msg("\"%s\": value %llu", cases[i].text, value);
	}
}

static void
a_number_ends_where_the_span_ends(void **state)
{
	unsigned long long value = 0;

	(void)state;
	assert_true(pj_span_number(pj_span("123", 2), 99, &value));
	assert_int_equal(value, 12);
	assert_false(pj_span_number(pj_span("1\0", 2), 99, &value));
	assert_int_equal(value, 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_equal_only_byte_for_byte),
		cmocka_unit_test(a_nul_never_ends_a_comparison_early),
		cmocka_unit_test(case_is_ignored_for_ascii_letters_only),
		cmocka_unit_test(
		    a_prefix_longer_than_the_text_does_not_begin_it),
		cmocka_unit_test(a_part_past_the_end_is_empty_and_no_null),
		cmocka_unit_test(only_ascii_from_space_to_tilde_is_printable),
		cmocka_unit_test(
		    numbers_are_digits_only_and_at_most_the_maximum),
		cmocka_unit_test(a_number_ends_where_the_span_ends),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
