/*
 * base/buf.h: a growing buffer with a hard maximum.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

static void
bytes_come_back_in_order_and_with_nuls(void **state)
{
	PJ_BUF_SCOPED(buf, 100);

	(void)state;
	assert_int_equal(pj_buf_append(&buf, pj_span("a\0b", 3)), PJ_OK);
	assert_int_equal(pj_buf_append(&buf, pj_span(NULL, 0)), PJ_OK);
	assert_int_equal(pj_buf_printf(&buf, "%d%s", 12, "x"), PJ_OK);
	assert_int_equal(buf.len, 6);
	assert_memory_equal(buf.ptr, "a\0b12x", 6);
}

static void
the_maximum_can_be_reached_and_not_passed(void **state)
{
	static const size_t maxima[] = { 1, 2, 255, 256, 257, 511, 512, 513,
	    5000 };

	(void)state;
	for (size_t i = 0; i < sizeof(maxima) / sizeof(*maxima); i++) {
		PJ_BUF_SCOPED(buf, maxima[i]);

		for (size_t n = 0; n < maxima[i]; n++)
			assert_int_equal(pj_buf_append(&buf,
			    pj_span(n % 2 != 0 ? "x" : "y", 1)), PJ_OK);
		assert_int_equal(buf.len, maxima[i]);
		assert_int_equal(pj_buf_append(&buf, pj_span("z", 1)),
		    PJ_FILE_TOO_LARGE);
		assert_int_equal(pj_buf_printf(&buf, "%s", "z"),
		    PJ_FILE_TOO_LARGE);
		assert_int_equal(buf.len, maxima[i]);
		assert_int_equal(pj_buf_append(&buf, pj_span("", 0)), PJ_OK);
		for (size_t n = 0; n < maxima[i]; n++)
			assert_int_equal(buf.ptr[n], n % 2 != 0 ? 'x' : 'y');
	}
}

static void
a_refused_append_leaves_the_buffer_unchanged(void **state)
{
	PJ_BUF_SCOPED(buf, 4);

	(void)state;
	assert_int_equal(pj_buf_append(&buf, pj_span("abc", 3)), PJ_OK);
	assert_int_equal(pj_buf_append(&buf, pj_span("de", 2)),
	    PJ_FILE_TOO_LARGE);
	assert_int_equal(pj_buf_append(&buf, pj_span("de", SIZE_MAX)),
	    PJ_FILE_TOO_LARGE);
	assert_int_equal(buf.len, 3);
	assert_memory_equal(buf.ptr, "abc", 3);
}

static void
room_is_given_up_to_the_maximum_only(void **state)
{
	PJ_BUF_SCOPED(buf, 1000);
	unsigned char *room;

	(void)state;
	assert_null(pj_buf_room(&buf, 1001));
	assert_null(pj_buf_room(&buf, SIZE_MAX));
	room = pj_buf_room(&buf, 0);
	assert_non_null(room);
	room = pj_buf_room(&buf, 1000);
	assert_non_null(room);
	memset(room, 'x', 1000);
	buf.len = 600;
	assert_null(pj_buf_room(&buf, 401));
	assert_ptr_equal(pj_buf_room(&buf, 400), buf.ptr + 600);
}

static void
an_empty_buffer_can_be_freed_cleared_and_viewed(void **state)
{
	struct pj_buf buf = PJ_BUF_INIT(10), zero = { 0 };

	(void)state;
	pj_buf_clear(&buf);
	assert_int_equal(pj_buf_span(&buf).len, 0);
	pj_buf_free(&buf);
	pj_buf_free(&buf);
	pj_buf_free(&zero);
	assert_int_equal(pj_buf_append(&buf, pj_span("a", 1)), PJ_OK);
	pj_buf_free(&buf);
	assert_null(buf.ptr);
	assert_int_equal(buf.len, 0);
	assert_int_equal(buf.cap, 0);
}

static void
clearing_wipes_the_bytes_and_keeps_the_memory(void **state)
{
	PJ_BUF_SCOPED(buf, 100);
	unsigned char *place;

	(void)state;
	assert_int_equal(pj_buf_append(&buf, pj_span("secret", 6)), PJ_OK);
	place = buf.ptr;
	pj_buf_clear(&buf);
	assert_int_equal(buf.len, 0);
	assert_ptr_equal(buf.ptr, place);
	assert_memory_equal(place, "\0\0\0\0\0\0", 6);
}

static void
a_copy_of_a_span_has_its_end_behind_all_bytes(void **state)
{
	PJ_CLEANUP(pj_cleanup_str) char *copy = NULL, *empty = NULL;

	(void)state;
	copy = pj_span_dup(pj_span("ab\0cd", 4));
	assert_non_null(copy);
	assert_memory_equal(copy, "ab\0c", 5);
	empty = pj_span_dup(pj_span(NULL, 0));
	assert_non_null(empty);
	assert_string_equal(empty, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_back_in_order_and_with_nuls),
		cmocka_unit_test(the_maximum_can_be_reached_and_not_passed),
		cmocka_unit_test(a_refused_append_leaves_the_buffer_unchanged),
		cmocka_unit_test(room_is_given_up_to_the_maximum_only),
		cmocka_unit_test(
		    an_empty_buffer_can_be_freed_cleared_and_viewed),
		cmocka_unit_test(clearing_wipes_the_bytes_and_keeps_the_memory),
		cmocka_unit_test(a_copy_of_a_span_has_its_end_behind_all_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
