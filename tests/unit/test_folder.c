/*
 * base/folder.h: the names in a folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/folder.h"
#include "tests/unit/scratch.h"

static enum pj_status
list(struct pj_names *names, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int dir = -1;

	assert_int_equal(pj_file_open_dir(scratch, &dir, err), PJ_OK);
	return pj_folder_list(dir, ".conf", names, err);
}

static void
names_are_sorted_by_bytes_and_filtered(void **state)
{
	static const char *const all[] = { "b.conf", "B.conf", "10.conf",
		"9.conf", "a-b.conf", "a.conf", "\xc3\xa4.conf", ".conf",
		".hidden.conf", "a.conf~", "a.conf.dpkg-old", "README",
		"aconf", "x.CONF", ".#a.conf" };
	static const char *const wanted[] = { "10.conf", "9.conf", "B.conf",
		"a-b.conf", "a.conf", "b.conf", "\xc3\xa4.conf" };
	struct pj_names names;
	struct pj_error err = { "" };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		put(all[i], "", 0644);
	assert_int_equal(list(&names, &err), PJ_OK);
	assert_int_equal(names.count, sizeof(wanted) / sizeof(*wanted));
	for (size_t i = 0; i < names.count; i++)
		assert_string_equal(names.items[i], wanted[i]);
	pj_names_free(&names);
	assert_int_equal(names.count, 0);
}

static void
an_empty_folder_has_no_names(void **state)
{
	struct pj_names names = { .count = 7 };
	struct pj_error err = { "" };

	(void)state;
	assert_int_equal(list(&names, &err), PJ_OK);
	assert_int_equal(names.count, 0);
}

static void
there_are_63_names_and_no_more(void **state)
{
	struct pj_names names;
	struct pj_error err = { "" };
	char name[20];

	(void)state;
	for (unsigned i = 0; i < PJ_FOLDER_NAMES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "%u.conf", i);
		put(name, "", 0644);
	}
	assert_int_equal(list(&names, &err), PJ_OK);
	assert_int_equal(names.count, 63);
	pj_names_free(&names);
	put("more.conf", "", 0644);
	assert_int_equal(list(&names, &err), PJ_FILE_TOO_LARGE);
	assert_string_equal(err.detail, "more than 63 files *.conf");
	assert_int_equal(names.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(names_are_sorted_by_bytes_and_filtered),
		scratch_test(an_empty_folder_has_no_names),
		scratch_test(there_are_63_names_and_no_more),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
