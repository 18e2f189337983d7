/*
 * policy/pattern.h: what a pattern may be, what it matches, what it may cost.
 */
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "policy/pattern.h"

static struct pj_pattern *
make(const char *text)
{
	struct pj_pattern *pattern = NULL;
	struct pj_error err = { "" };

	if (pj_pattern_new(pj_span_str(text), &pattern, &err) != PJ_OK)
		fail_msg("%s: %s", text, err.detail);
	return pattern;
}

static bool
matches(const char *text, struct pj_span value)
{
	PJ_CLEANUP(pj_cleanup_pattern) struct pj_pattern *pattern = make(text);

	return pj_pattern_match(pattern, value, NULL);
}

static void
a_value_matches_as_a_whole_or_not_at_all(void **state)
{
	static const struct {
		const char	*pattern;
		const char	*value;
		bool		 matches;
	} cases[] = {
		{ "abc", "abc", true },
		{ "abc", "abcd", false },
		{ "abc", "xabc", false },
		{ "abc", "ab", false },
		{ "^abc$", "abc", true },
		{ "a|ab", "ab", true },
		{ "a|b", "ab", false },
		{ "a|b", "b", true },
		{ "(a|ab)(c|bcd)(d*)", "abcd", true },
		{ ".*", "", true },
		{ ".+", "", false },
		{ "a{2,3}", "a", false },
		{ "a{2,3}", "aaa", true },
		{ "a{2,3}", "aaaa", false },
		{ "a{2,}", "aaaaa", true },
		{ "a{0}", "", true },
		{ "[]a]+", "]a]", true },
		{ "[^]a]", "a", false },
		{ "[^]a]", "b", true },
		{ "[a-c-]+", "a-c", true },
		{ "[[:alpha:]_]+", "ab_c", true },
		{ "[[:alpha:]]", "1", false },
		{ "[.]", ".", true },
		{ "[.]", "x", false },
		{ "[(]*", "((", true },
		{ "[\\]", "\\", true },
		{ "a\\.b", "a.b", true },
		{ "a\\.b", "axb", false },
		{ "\\(x\\)", "(x)", true },
		{ "a\\|b", "a|b", true },
		{ "(a)(b)?", "a", true },
		{ "()", "", true },
		{ "x#y", "x#y", true },
		/* Letters have a case, and é is two bytes. */
		{ "A", "a", false },
		{ "caf..", "caf\xc3\xa9", true },
		{ "caf.", "caf\xc3\xa9", false },
		{ "[[:alpha:]]+", "caf\xc3\xa9", false },
		{ "[a-z]+", "caf\xc3\xa9", false },
		{ "\xc3\xa9", "\xc3\xa9", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (matches(cases[i].pattern, pj_span_str(cases[i].value)) !=
		    cases[i].matches)
			fail_msg("%s on %s", cases[i].pattern, cases[i].value);
}

static void
values_with_control_characters_or_too_long_never_match(void **state)
{
	char value[PJ_PATTERN_VALUE_MAX + 1];

	(void)state;
	assert_false(matches(".*", pj_span("a\0b", 3)));
	assert_false(matches("a", pj_span("a\0", 2)));
	assert_false(matches("a", pj_span("a\n", 2)));
	assert_false(matches(".*", pj_span("a\nb", 3)));
	assert_false(matches(".*", pj_span("\x7f", 1)));
	memset(value, 'a', sizeof(value));
	assert_true(matches("a*", pj_span(value, sizeof(value) - 1)));
	assert_false(matches("a*", pj_span(value, sizeof(value))));
	assert_true(matches("a*", pj_span(NULL, 0)));
}

static void
groups_tell_what_they_took(void **state)
{
	PJ_CLEANUP(pj_cleanup_pattern) struct pj_pattern *pattern = NULL;
	struct pj_span groups[PJ_PATTERN_REFERENCES];
	struct pj_span value = pj_span_str("bob@ops.example.org");

	(void)state;
	pattern = make("([a-z]+)@((ops)|dev)(x)?\\.(example)\\.org");
	assert_int_equal(pj_pattern_groups(pattern), 5);
	assert_true(pj_pattern_match(pattern, value, groups));
	assert_true(pj_span_is(groups[0], "bob"));
	assert_ptr_equal(groups[0].ptr, value.ptr);
	assert_true(pj_span_is(groups[1], "ops"));
	assert_true(pj_span_is(groups[2], "ops"));
	assert_null(groups[3].ptr);
	assert_true(pj_span_is(groups[4], "example"));
	for (size_t i = 5; i < PJ_PATTERN_REFERENCES; i++)
		assert_null(groups[i].ptr);
}

/* POSIX: the first group takes as much as it can. */
static void
a_greedy_group_leaves_the_last_domain(void **state)
{
	PJ_CLEANUP(pj_cleanup_pattern) struct pj_pattern *pattern = NULL;
	struct pj_span groups[PJ_PATTERN_REFERENCES];

	(void)state;
	pattern = make("(.+)@(.+)");
	assert_true(pj_pattern_match(pattern, pj_span_str("a@b@c"), groups));
	assert_true(pj_span_is(groups[0], "a@b"));
	assert_true(pj_span_is(groups[1], "c"));
}

static void
what_is_not_plainly_posix_is_refused(void **state)
{
	static const struct {
		const char	*pattern;
		const char	*says;
	} cases[] = {
		{ "", "1 to 512 bytes" },
		{ "(", "a ( without its )" },
		{ "(a", "a ( without its )" },
		{ ")", "a ) without its (" },
		/* Once within "^(" and ")$" these would let anything in. */
		{ "a)|(b", "a ) without its (" },
		{ "a)(b", "a ) without its (" },
		{ "[", "a [ without its ]" },
		{ "[]", "a [ without its ]" },
		{ "[^]", "a [ without its ]" },
		{ "[[:alpha:]", "a [ without its ]" },
		{ "[[:alpha", "a [ without its ]" },
		{ "[[:nonsense:]]", "class" },
		{ "[[.a.]]", "C locale" },
		{ "[[=a=]]", "C locale" },
		{ "[z-a]", "range" },
		{ "*", "nothing before *" },
		{ "a|*b", "nothing before *" },
		{ "(*a)", "nothing before *" },
		{ "^*", "nothing before *" },
		{ "+", "nothing before +" },
		{ "?", "nothing before ?" },
		{ "{2}", "nothing before {" },
		{ "a{", "a { without its }" },
		{ "a{}", "numbers" },
		{ "a{x}", "numbers" },
		{ "a{,2}", "numbers" },
		{ "a{2,1}", "numbers" },
		{ "a{1,2,3}", "numbers" },
		{ "a{-1}", "numbers" },
		{ "a{257}", "numbers" },
		{ "a{99999999999999999999}", "numbers" },
		{ "(a)\\1", "ordinary" },
		{ "\\w", "ordinary" },
		{ "\\d+", "ordinary" },
		{ "\\bx", "ordinary" },
		{ "\\<x", "ordinary" },
		{ "\\`x", "ordinary" },
		{ "\\'", "ordinary" },
		{ "a\\", "ordinary" },
		{ "\\\xc3\xa9", "ordinary" },
		{ "(?:a)", "nothing before ?" },
		{ "a**", "nothing before *" },
		{ "a{2}{2}", "nothing before {" },
		{ "a+?", "nothing before ?" },
		/* libc needs seconds, or for ever, for nests of these. */
		{ "(a*)*", "before * can be empty" },
		{ "(a?){5}", "before { can be empty" },
		{ "(a{0,3})+", "before + can be empty" },
		{ "(a?b*)?", "before ? can be empty" },
		{ "(a|)*", "before * can be empty" },
		{ "(|a)*", "before * can be empty" },
		{ "(a|b?)+", "before + can be empty" },
		{ "(a?|b)+", "before + can be empty" },
		{ "()*", "before * can be empty" },
		{ "(^)*", "before * can be empty" },
		{ "(a?(b|c*))*", "before * can be empty" },
		{ "((((([ab]?){5})*){5})*){3}x", "before { can be empty" },
		{ "((((a*)*){7})*){7}x", "before * can be empty" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pj_pattern *pattern = NULL;
		struct pj_error err = { "" };

		if (pj_pattern_new(pj_span_str(cases[i].pattern), &pattern,
		    &err) != PJ_CONFIG_INVALID)
			fail_msg("%s", cases[i].pattern);
		assert_null(pattern);
		if (strcasestr(err.detail, cases[i].says) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"",
			    cases[i].pattern, err.detail, cases[i].says);
	}
}

static void
length_groups_and_steps_have_their_bounds(void **state)
{
	char text[PJ_PATTERN_MAX + 2];
	struct pj_pattern *pattern = NULL;
	struct pj_error err = { "" };
	size_t at = 0;

	(void)state;
	/* 256 steps of two bytes each; a set is one step. */
	for (at = 0; at < PJ_PATTERN_MAX; at += 2)
		memcpy(text + at, "\\.", 2);
	text[at] = '\0';
	pj_pattern_free(make(text));
	memcpy(text, ".", 1);
	assert_int_equal(pj_pattern_new(pj_span_str(text), &pattern, &err),
	    PJ_CONFIG_INVALID);
	memset(text, '.', sizeof(text));
	assert_int_equal(pj_pattern_new(pj_span(text, PJ_PATTERN_MAX + 1),
	    &pattern, &err), PJ_CONFIG_INVALID);
	assert_string_equal(err.detail, "a pattern has 1 to 512 bytes");
	for (at = 0; at < PJ_PATTERN_GROUPS_MAX; at++) {
		text[at] = '(';
		text[2 * PJ_PATTERN_GROUPS_MAX - at - 1] = ')';
	}
	text[2 * at] = '\0';
	pj_pattern_free(make(text));
	memcpy(text + 2 * at, "()", 3);
	assert_int_equal(pj_pattern_new(pj_span_str(text), &pattern, &err),
	    PJ_CONFIG_INVALID);
	assert_string_equal(err.detail, "more than 16 groups");
	assert_null(pattern);
}

/* Each of them would take libc seconds or gigabytes if it were let through. */
static void
patterns_that_explode_are_refused(void **state)
{
	static const char *const texts[] = {
		"a{256}a", "(a{16}){17}", "((a{255}){255}){255}",
		"(a{200}){200}", ("(((((a+)+)+)+)+)+"
		    "((((((((a+)+)+)+)+)+)+)+)+"), "(.{100}|.{100}|.{100})",
		"((((a{4}){4}){4}){4}){4}", "[ab]{250}(c{4})+",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct pj_pattern *pattern = NULL;
		struct pj_error err = { "" };

		if (pj_pattern_new(pj_span_str(texts[i]), &pattern, &err) !=
		    PJ_CONFIG_INVALID)
			fail_msg("%s", texts[i]);
		if (strstr(err.detail, "256 steps") == NULL)
			fail_msg("%s: %s", texts[i], err.detail);
	}
}

/*
 * The worst of what is let through, on the worst of values.  64 MiB is what a
 * mistake in the bounds overruns by far.
 */
static void
the_worst_patterns_stay_within_bounds(void **state)
{
	static const char *const texts[] = {
		"(a|b)*a([ab]){120}", "a{0,120}a{60}", "([ab]+.{0,9}){9}b",
		"(.*.*.*.*.*.*.*.*.*.*)x", "((a|aa)+)+b",
		"(.*a.{60}.*b.{60}.*a.{60}.*)", "([ab]{0,14}b+)+",
		"(((.{0,13}[ab]{2}.{0,21})?[ab]{1,7})*a|b+a)+",
		"(a|ab|aba|abab|b|ba)*x", "((((a+)+)+)+)+x",
		"(([ab]{9}a{0,10}){3}(.{1,15}.([ab]*.+|.*))*.)+b",
	};
	struct rusage before, after;
	char value[PJ_PATTERN_VALUE_MAX];

	(void)state;
	assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (i * 7 + i / 5) % 3 == 0 ? 'b' : 'a';
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		(void)matches(texts[i], pj_span(value, sizeof(value)));
	assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
	if (after.ru_maxrss - before.ru_maxrss > 64 * 1024)
		fail_msg("%ld KiB", after.ru_maxrss - before.ru_maxrss);
	if (after.ru_utime.tv_sec - before.ru_utime.tv_sec > 20)
		fail_msg("%ld s", after.ru_utime.tv_sec);
}

static void
check_in_locale(void)
{
	assert_true(matches("[a-z]+", pj_span_str("abc")));
	assert_false(matches("[a-z]+", pj_span_str("caf\xc3\xa9")));
	assert_false(matches("[[:alpha:]]", pj_span_str("\xe9")));
	assert_false(matches("[[:alpha:]]", pj_span_str("\xc3\xa9")));
	assert_true(matches("..", pj_span_str("\xc3\xa9")));
	assert_true(matches(".", pj_span_str("\xff")));
	assert_false(matches("[a-z]+", pj_span_str("B")));
}

/* The host's locale, global or the thread's own, neither helps nor suffers. */
static void
the_locale_of_the_host_does_not_matter(void **state)
{
	static const char *const names[] = { "C.UTF-8", "C.utf8",
		"en_US.UTF-8", "de_DE.ISO-8859-1", "" };
	bool any = false;

	(void)state;
	check_in_locale();
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		locale_t own = newlocale(LC_ALL_MASK, names[i], (locale_t)0);

		if (own == (locale_t)0)
			continue;
		any = true;
		assert_non_null(setlocale(LC_ALL, names[i]));
		check_in_locale();
		assert_true(uselocale((locale_t)0) == LC_GLOBAL_LOCALE);
		(void)uselocale(own);
		check_in_locale();
		assert_true(uselocale((locale_t)0) == own);
		(void)uselocale(LC_GLOBAL_LOCALE);
		freelocale(own);
		assert_non_null(setlocale(LC_ALL, "C"));
	}
	assert_true(any);
}

static void *
switch_locales(void *stop)
{
	while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED)) {
		(void)setlocale(LC_ALL, "C.UTF-8");
		(void)setlocale(LC_ALL, "C");
	}
	return NULL;
}

static void
another_thread_may_switch_the_locale_meanwhile(void **state)
{
	pthread_t thread;
	bool stop = false;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, switch_locales, &stop),
	    0);
	for (unsigned i = 0; i < 300; i++)
		check_in_locale();
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_non_null(setlocale(LC_ALL, "C"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_matches_as_a_whole_or_not_at_all),
		cmocka_unit_test(
		    values_with_control_characters_or_too_long_never_match),
		cmocka_unit_test(groups_tell_what_they_took),
		cmocka_unit_test(a_greedy_group_leaves_the_last_domain),
		cmocka_unit_test(what_is_not_plainly_posix_is_refused),
		cmocka_unit_test(length_groups_and_steps_have_their_bounds),
		cmocka_unit_test(patterns_that_explode_are_refused),
		cmocka_unit_test(the_worst_patterns_stay_within_bounds),
		cmocka_unit_test(the_locale_of_the_host_does_not_matter),
		cmocka_unit_test(
		    another_thread_may_switch_the_locale_meanwhile),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
