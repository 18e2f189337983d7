/*
 * JSON for showing: printable ASCII whatever comes, and JSON all the same.
 */
#include "base/json_show.h"
#include "jose_util.h"

static void
check_quote(const char *want, struct pj_span bytes)
{
	PJ_BUF_SCOPED(out, 1024);

	assert_status(PJ_OK, pj_json_quote(bytes, &out));
	assert_int_equal(strlen(want), out.len);
	assert_memory_equal(want, out.ptr, out.len);
	assert_true(pj_span_printable(pj_buf_span(&out)));
}

static void
test_quote(void **state)
{
	(void)state;
	check_quote("\"\"", pj_span("", 0));
	check_quote("\"a b\"", pj_span_str("a b"));
	check_quote("\"\\\"\\\\/\"", pj_span_str("\"\\/"));
	check_quote("\"\\u0000\\u001b[2J\\u007f\"", pj_span("\0\033[2J\177",
	    6));
	/* A mark that turns the direction of text, an accent, a face. */
	check_quote("\"\\u202e\"", pj_span_str("\xe2\x80\xae"));
	check_quote("\"\\u00e9\"", pj_span_str("\xc3\xa9"));
	check_quote("\"\\ud83d\\ude00\"", pj_span_str("\xf0\x9f\x98\x80"));
	/* The last of one escape, the first of two. */
	check_quote("\"\\uffff\"", pj_span_str("\xef\xbf\xbf"));
	check_quote("\"\\ud800\\udc00\"", pj_span_str("\xf0\x90\x80\x80"));
	/* No UTF-8: a lone continuation, a cut sequence, a surrogate. */
	check_quote("\"\\ufffd\"", pj_span_str("\x80"));
	check_quote("\"a\\ufffd\"", pj_span_str("a\xe2"));
	check_quote("\"\\ufffd\\ufffd\\ufffd\"", pj_span_str("\xed\xa0\x80"));
}

static void
check_show(const char *want, const char *member)
{
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
	PJ_BUF_SCOPED(text, 1024);
	PJ_BUF_SCOPED(out, 1024);

	assert_status(PJ_OK, pj_buf_printf(&text, "{\"m\":%s}", member));
	assert_status(PJ_OK, pj_json_parse(pj_buf_span(&text), &doc, NULL));
	assert_status(PJ_OK, pj_json_show(pj_json_member(doc, "m"), &out));
	assert_int_equal(strlen(want), out.len);
	assert_memory_equal(want, out.ptr, out.len);
	/* It is JSON, and means the same. */
	assert_status(PJ_OK, pj_json_gate(pj_buf_span(&out), NULL));
}

static void
test_show(void **state)
{
	(void)state;
	check_show("null", "null");
	check_show("true", "true");
	check_show("-12", "-12");
	check_show("1.50", "1.50");
	check_show("[1,\"a/b\",{\"c\":null}]", "[1, \"a\\/b\", {\"c\": null}]");
	check_show("\"\\u007f\\u009b\"", "\"\x7f\xc2\x9b\"");
	check_show("\"\\u202e\\ud83d\\ude00\"",
	    "\"\xe2\x80\xae\xf0\x9f\x98\x80\"");
	check_show("{\"\\u00e9\":1}", "{\"\xc3\xa9\":1}");
}

static void
test_a_maximum_holds(void **state)
{
	PJ_BUF_SCOPED(out, 8);

	(void)state;
	assert_status(PJ_FILE_TOO_LARGE, pj_json_quote(pj_span_str(
	    "123456789"), &out));
	assert_true(out.len <= 8);
}

static void
count_member(void *ctx, const char *name, const struct pj_json *value)
{
	char *names = ctx;

	assert_non_null(value);
	(void)strcat(names, name);
}

static void
test_members_in_their_order(void **state)
{
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
	char names[16] = "";

	(void)state;
	assert_status(PJ_OK, pj_json_parse(pj_span_str(
	    "{\"z\":1,\"a\":null,\"m\":{\"x\":1}}"), &doc, NULL));
	pj_json_members(doc, count_member, names);
	assert_string_equal("zam", names);
	pj_json_members(pj_json_member(doc, "z"), count_member, names);
	pj_json_members(NULL, count_member, names);
	assert_string_equal("zam", names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_a_maximum_holds),
		cmocka_unit_test(test_members_in_their_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
