/*
 * policy/map.h: the grammar of a map of users, and which line decides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "policy/lines.h"
#include "policy/map.h"

/* A map of every line of a text. */
static struct pj_map *
make(const char *text)
{
	struct pj_lines lines = { .number = 0 };
	struct pj_map *map = NULL;
	struct pj_span line;
	struct pj_error err;

	assert_int_equal(pj_map_new("/users.map", pj_span_str(text), &map),
	    PJ_OK);
	lines.rest = pj_map_text(map);
	while (pj_lines_next(&lines, &line, &err)) {
		err.detail[0] = '\0';
		if (line.len == 0 || pj_map_add(map, lines.number, line,
		    &err) != PJ_OK)
			fail_msg("line %u: %s", lines.number, err.detail);
	}
	return map;
}

static struct pj_map_match
find(const char *text, const char *section, const char *identity,
    const char *user)
{
	PJ_CLEANUP(pj_cleanup_map) struct pj_map *map = make(text);
	struct pj_map_match match;

	memset(&match, 0xff, sizeof(match));
	pj_map_find(map, section, pj_span_str(identity), user, false, &match);
	return match;
}

static const char text[] =
	"# people\n"
	"corp\talice@example.org   alice\n"
	"corp  bob@example.org     bob deploy \"with space\"\n"
	"\n"
	"corp  re:(.+)@ops\\.example\\.org  \\1\n"
	"corp  re:([a-z]+)\\.([a-z]+)@x     \\1\\2 \\2-\\1 adm\n"
	"corp  \"re:literal\"      alice\n"
	"corp  \"two, words\"      bob\n"
	"ci    repo:a/b:ref:main   deploy\n"
	"corp  8f2c6d1e            root deploy\n"
	"corp  re:root@.*          root\n"
	"corp  re:(x{1,1})?y       a\\1\n"
	"corp  re:(()z)            \\2 \\1\n";

static void
each_line_fits_what_it_says(void **state)
{
	static const struct {
		const char	*section;
		const char	*identity;
		const char	*user;
		unsigned	 line;
		bool		 literal;
	} cases[] = {
		{ "corp", "alice@example.org", "alice", 2, true },
		{ "corp", "alice@example.org", "bob", 0, false },
		{ "corp", "alice@example.org", "alicent", 0, false },
		{ "corp", "alice@example.org", "al", 0, false },
		{ "corp", "alice@example.or", "alice", 0, false },
		{ "corp", "alice@example.orgx", "alice", 0, false },
		{ "corp", "Alice@example.org", "alice", 0, false },
		{ "ci", "alice@example.org", "alice", 0, false },
		{ "Corp", "alice@example.org", "alice", 0, false },
		{ "cor", "alice@example.org", "alice", 0, false },
		{ "corp", "bob@example.org", "bob", 3, true },
		{ "corp", "bob@example.org", "deploy", 3, true },
		{ "corp", "bob@example.org", "with space", 3, true },
		{ "corp", "bob@example.org", "with", 0, false },
		{ "corp", "eve@ops.example.org", "eve", 5, false },
		{ "corp", "eve@ops.example.org", "ops", 0, false },
		{ "corp", "eve@ops.example.org", "evelyn", 0, false },
		{ "corp", "eve@ops.example.org", "ev", 0, false },
		{ "corp", "eve@opsxexample.org", "eve", 0, false },
		{ "corp", "eve@ops.example.org.evil", "eve", 0, false },
		{ "corp", "eve@ops.example.org@ops.example.org",
		    "eve@ops.example.org", 5, false },
		{ "corp", "a.b@x", "ab", 6, false },
		{ "corp", "a.b@x", "b-a", 6, false },
		{ "corp", "a.b@x", "a-b", 0, false },
		{ "corp", "a.b@x", "abx", 0, false },
		{ "corp", "a.b@x", "adm", 6, true },
		{ "corp", "a.b@x", "admin", 0, false },
		{ "corp", "re:literal", "alice", 7, true },
		{ "corp", "literal", "alice", 0, false },
		{ "corp", "two, words", "bob", 8, true },
		{ "corp", "two", "bob", 0, false },
		{ "ci", "repo:a/b:ref:main", "deploy", 9, true },
		{ "corp", "8f2c6d1e", "root", 10, true },
		{ "corp", "root@ops.example.org", "root", 11, true },
		{ "corp", "xy", "ax", 12, false },
		/* A group that took no part makes nobody. */
		{ "corp", "y", "a", 0, false },
		{ "corp", "y", "a\\1", 0, false },
		{ "corp", "z", "z", 13, false },
		{ "corp", "", "alice", 0, false },
		{ "", "", "", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pj_map_match match = find(text, cases[i].section,
		    cases[i].identity, cases[i].user);

		if (match.line != cases[i].line ||
		    match.literal_user != cases[i].literal)
			fail_msg("%s as %s: line %u, literal %d",
			    cases[i].identity, cases[i].user, match.line,
			    match.literal_user);
	}
}

/* It alone is free of the uid rules: a line above must not take that away. */
static void
a_line_that_writes_the_user_out_goes_before_others(void **state)
{
	static const char lines[] = "a re:(.*) \\1\na re:(r).* \\1 root\n"
	    "a root root\n";
	struct pj_map_match match = find(lines, "a", "root", "root");

	(void)state;
	assert_int_equal(match.line, 2);
	assert_true(match.literal_user);
	match = find(lines, "a", "daemon", "daemon");
	assert_int_equal(match.line, 1);
	assert_false(match.literal_user);
	match = find("a re:(.*) \\1 root\n", "a", "root", "root");
	assert_true(match.literal_user);
	/* Of equal ones the first is named, and nothing behind it counts. */
	match = find("a re:(.*) \\1\na re:(x*) \\1\n", "a", "x", "x");
	assert_int_equal(match.line, 1);
	match = find("a root root\na re:(.*) \\1\n", "a", "root", "root");
	assert_int_equal(match.line, 1);
	assert_true(match.literal_user);
}

static void
for_a_client_program_only_literal_identities_count(void **state)
{
	PJ_CLEANUP(pj_cleanup_map) struct pj_map *map = NULL;
	struct pj_map_match match;

	(void)state;
	map = make("a re:(.*) \\1 bob\na alice bob\n");
	pj_map_find(map, "a", pj_span_str("alice"), "alice", true, &match);
	assert_int_equal(match.line, 0);
	pj_map_find(map, "a", pj_span_str("alice"), "bob", true, &match);
	assert_int_equal(match.line, 2);
	pj_map_find(map, "a", pj_span_str("alice"), "bob", false, &match);
	assert_int_equal(match.line, 1);
}

static void
a_nul_in_the_identity_is_not_its_end(void **state)
{
	PJ_CLEANUP(pj_cleanup_map) struct pj_map *map = NULL;
	struct pj_map_match match;

	(void)state;
	map = make("a alice alice\na re:alice.* bob\n");
	pj_map_find(map, "a", pj_span("alice\0", 6), "alice", false, &match);
	assert_int_equal(match.line, 0);
	pj_map_find(map, "a", pj_span("alice\0", 6), "bob", false, &match);
	assert_int_equal(match.line, 0);
}

static void
mistakes_in_a_line_are_named(void **state)
{
	static const struct {
		const char	*line;
		const char	*says;
	} cases[] = {
		{ "corp", "a section, an identity and at least" },
		{ "corp alice", "a section, an identity and at least" },
		{ "corp \"\" alice", "quotes do not match" },
		{ "\"\" alice alice", "quotes do not match" },
		{ "corp \"alice alice", "quotes do not match" },
		{ "corp al\"ice alice", "quotes do not match" },
		{ "corp alice \"\"", "empty or its quotes" },
		{ "corp alice \"bob", "empty or its quotes" },
		{ "corp alice bo\"b\"", "empty or its quotes" },
		{ "corp alice bob # why", "no comments" },
		{ "corp # alice bob", "no comments" },
		{ "corp re:( alice", "re:(: a ( without its )" },
		{ "corp re: alice", "1 to 512 bytes" },
		{ "corp re:(.)\\1 alice", "backslash" },
		{ "corp re:.* \\1", "no group 1" },
		{ "corp re:(.)(.) \\1\\3", "no group 3" },
		{ "corp alice \\1", "no group 1; groups are the (...) of a "
		    "pattern behind re:" },
		{ "corp \"re:(.)\" \\1", "no group 1" },
		{ "corp re:(.) \\0", "a digit from 1 to 9" },
		{ "corp re:(.) \\x", "a digit from 1 to 9" },
		{ "corp re:(.) \\", "a digit from 1 to 9" },
		{ "corp alice CORP\\alice", "a digit from 1 to 9" },
		{ "corp alice bob, carol", "no commas between" },
		{ "corp alice, bob", "no commas between" },
		{ "corp re:(.)x \\1, bob", "no commas between" },
		{ "corp alice bob,carol", "no commas between" },
		{ "corp alice,bob bob", "no commas between" },
		{ "corp alice -bob", "no local user has such a name: -bob" },
		{ "corp alice /etc", "no local user" },
		{ "corp alice bob:x", "no local user" },
		{ "corp alice \"b\xc3\xb6" "b\"", "no local user" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		PJ_CLEANUP(pj_cleanup_map) struct pj_map *map = NULL;
		struct pj_error err = { "" };

		assert_int_equal(pj_map_new("/m", pj_span_str(""), &map), PJ_OK);
		if (pj_map_add(map, 1, pj_span_str(cases[i].line), &err) !=
		    PJ_CONFIG_INVALID)
			fail_msg("%s", cases[i].line);
		assert_int_equal(pj_map_count(map), 0);
		if (strstr(err.detail, cases[i].says) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"",
			    cases[i].line, err.detail, cases[i].says);
	}
}

static void
a_quoted_user_is_taken_as_it_is(void **state)
{
	struct pj_map_match match = find("a re:(.*) \"\\1\" \"CORP\\alice\"",
	    "a", "root", "root");

	(void)state;
	assert_int_equal(match.line, 0);
	match = find("a re:(.*) \"\\1\" \"CORP\\alice\"", "a", "x",
	    "CORP\\alice");
	assert_int_equal(match.line, 1);
	assert_true(match.literal_user);
}

static void
lines_and_patterns_have_their_bounds(void **state)
{
	PJ_CLEANUP(pj_cleanup_map) struct pj_map *map = NULL;
	struct pj_error err = { "" };
	char long_line[PJ_IDENTITY_MAX + 20];

	(void)state;
	assert_int_equal(pj_map_new("/m", pj_span_str(""), &map), PJ_OK);
	(void)snprintf(long_line, sizeof(long_line), "a %0*d alice",
	    PJ_IDENTITY_MAX, 0);
	assert_int_equal(pj_map_add(map, 1, pj_span_str(long_line), &err),
	    PJ_OK);
	(void)snprintf(long_line, sizeof(long_line), "a %0*d alice",
	    PJ_IDENTITY_MAX + 1, 0);
	assert_int_equal(pj_map_add(map, 1, pj_span_str(long_line), &err),
	    PJ_CONFIG_INVALID);
	for (unsigned i = 0; i < PJ_MAP_PATTERNS_MAX; i++)
		assert_int_equal(pj_map_add(map, i, pj_span_str("a re:x y"),
		    &err), PJ_OK);
	assert_int_equal(pj_map_add(map, 1, pj_span_str("a re:x y"), &err),
	    PJ_CONFIG_INVALID);
	assert_string_equal(err.detail, "more than 200 patterns");
	while (pj_map_count(map) < PJ_MAP_LINES_MAX)
		assert_int_equal(pj_map_add(map, 7, pj_span_str("a x y"),
		    &err), PJ_OK);
	assert_int_equal(pj_map_add(map, 1, pj_span_str("a x y"), &err),
	    PJ_CONFIG_INVALID);
	assert_string_equal(err.detail, "more than 20000 lines");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_fits_what_it_says),
		cmocka_unit_test(
		    a_line_that_writes_the_user_out_goes_before_others),
		cmocka_unit_test(
		    for_a_client_program_only_literal_identities_count),
		cmocka_unit_test(a_nul_in_the_identity_is_not_its_end),
		cmocka_unit_test(mistakes_in_a_line_are_named),
		cmocka_unit_test(a_quoted_user_is_taken_as_it_is),
		cmocka_unit_test(lines_and_patterns_have_their_bounds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
