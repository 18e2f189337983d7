/*
 * The JSON gate and the getters.
 */
#include "base/json.h"
#include "jose_util.h"

/*
 * The gate's word on a text; json-c must agree with what the gate accepts.  The
 * text is copied, so that a sanitizer notices a byte read behind it.
 */
static enum pj_status
gate(struct pj_span given)
{
	unsigned char	*copy = malloc(given.len > 0 ? given.len : 1);
	struct pj_span	text = pj_span(copy, given.len);
	struct pj_error	err = { "" };
	struct pj_json	*doc = NULL;
	enum pj_status	status;

	assert_non_null(copy);
	if (given.len > 0)
		memcpy(copy, given.ptr, given.len);
	status = pj_json_gate(text, &err);
	if (status != PJ_OK)
		assert_true(err.detail[0] != '\0');
	if (pj_json_parse(text, &doc, &err) == PJ_OK)
		assert_status(PJ_OK, status);
	else if (status == PJ_OK)
		assert_string_equal("no object", err.detail);
	pj_json_free(doc);
	free(copy);
	return status;
}

static void
accept_all(const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_status(texts[i], PJ_OK, gate(pj_span_str(texts[i])));
}

static void
refuse_all(const char *const *texts, size_t count, enum pj_status why)
{
	for (size_t i = 0; i < count; i++)
		check_status(texts[i], why, gate(pj_span_str(texts[i])));
}

static void
test_accepted(void **state)
{
	static const char *const texts[] = {
		"{}", "[]", "\"\"", "0", "true", "false", "null",
		" \t\r\n{ \t\r\n} \t\r\n", "[[],{},\"\",0,true,false,null]",
		"{\"a\":{\"a\":{\"a\":[{\"a\":1},{\"a\":1}]}}}",
		"{\"\":1}", "{\"a\" : 1 , \"b\" : [ 1 , 2 ] }",
		"[0,-0,1,-1,10,0.5,-0.5,1e1,1E1,1e+1,1e-1,1.5e10,0e0]",
		"[9223372036854775807,-9223372036854775808]",
		"[1e999,-1e999,1e-999,123456789012345678901234567890.0]",
		"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\uabcd\\uABCD\"}",
		"{\"a\":\"\\u0000\"}", "{\"a\":\"\\ud83d\\ude00\"}",
		"{\"a\":\"\\uD800\\uDC00\\uDBFF\\uDFFF\"}",
		"{\"a\":\"\\uD7FF\\uE000\\uFFFF\"}",
		"{\"\xc2\x80\":\"\xdf\xbf\"}",
		"{\"a\":\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"}",
		"{\"a\":\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\x7f\"}",
		"{\"a\":1,\"A\":2,\"a \":3,\"\":4,\"aa\":5,\"\\u0001\":6}",
		"{\"\\u0061b\":1,\"ac\":2,\"\\u00e4\":3,\"a\\u0308\":4}",
	};

	(void)state;
	accept_all(texts, COUNT(texts));
}

static void
test_grammar(void **state)
{
	static const char *const texts[] = {
		"", " ", "{", "}", "[", "]", "{]", "[}", "\"", "\"a", "{\"a\"",
		"{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}",
		"{,\"a\":1}", "{\"a\":1,,\"b\":2}", "{\"a\"}", "{\"a\",1}",
		"{\"a\"::1}", "{\"a\":1:2}", "{\"a\":}", "{:1}", "{1:1}",
		"{a:1}", "{'a':1}", "{\"a\":'b'}", "{\"a\":1 \"b\":2}",
		"[1,]", "[,1]", "[1,,2]", "[1 2]", "[1", "[[1]", "[1]]",
		"{}{}", "{} x", "{},", "{}}", "1 2", "[:]", "{\"a\":1]",
		"[1}", "nul", "nulll", "tru", "True", "TRUE", "NaN",
		"Infinity", "-Infinity", "[NaN]", "[-]", "[+1]", "[01]",
		"[-01]", "[00]", "[1.]", "[.5]", "[1.e1]", "[1e]", "[1e+]",
		"[1e-]", "[0x10]", "[1_000]", "[--1]", "[1e1.5]", "[1a]",
		"[-a]", "/**/{}", "{}//x", "{\"a\":1/**/}", "\xef\xbb\xbf{}",
		"\v{}", "\f{}", "\xc2\xa0{}", "{}\x1a", "undefined", "[a]",
	};

	(void)state;
	refuse_all(texts, COUNT(texts), PJ_JSON_INVALID);
	assert_status(PJ_JSON_INVALID, gate(pj_span("{}\0", 3)));
	assert_status(PJ_JSON_INVALID, gate(pj_span("\0{}", 3)));
	assert_status(PJ_JSON_INVALID, gate(pj_span("{\"a\":\"\0\"}", 9)));
	assert_status(PJ_JSON_INVALID, gate(pj_span(NULL, 0)));
	assert_status(PJ_JSON_INVALID, pj_json_gate(pj_span(NULL, 0), NULL));
}

static void
test_strings(void **state)
{
	static const char *const texts[] = {
		"[\"\n\"]", "[\"\t\"]", "[\"\x01\"]", "[\"\x1f\"]",
		"[\"\\a\"]", "[\"\\x41\"]", "[\"\\'\"]", "[\"\\\"]", "[\"\\",
		"[\"\\0\"]", "[\"\\u\"]", "[\"\\u1\"]", "[\"\\u123\"]",
		"[\"\\u123g\"]", "[\"\\U0041\"]", "[\"\\u 041\"]",
		"[\"\\u+041\"]", "[\"\\ud800\"]", "[\"\\udc00\"]",
		"[\"\\udbff\"]", "[\"\\udfff\"]", "[\"\\ud800\\ud800\"]",
		"[\"\\ud800\\u0041\"]", "[\"\\ud800x\"]", "[\"\\ud800\\n\"]",
		"[\"\\udc00\\ud800\"]", "[\"\\udc00\\udc00\"]", "[\"\\ud800\\udbff\"]",
		"[\"\\ud800\\ue000\"]", "[\"\\ud800\\udc0\"]", "[\"\\ud800\\u",
		"[\"\\ud800\\", "[\"\\u12",
		/* UTF-8 (RFC 3629 section 3) */
		"[\"\x80\"]", "[\"\xbf\"]", "[\"\xc0\x80\"]", "[\"\xc1\xbf\"]",
		"[\"\xc2\"]", "[\"\xc2\xc2\x80\"]", "[\"\xe0\x80\x80\"]",
		"[\"\xe0\x9f\xbf\"]", "[\"\xed\xa0\x80\"]",
		"[\"\xed\xbf\xbf\"]", "[\"\xe1\x80\"]", "[\"\xe1\x80\xc0\"]",
		"[\"\xf0\x80\x80\x80\"]", "[\"\xf0\x8f\xbf\xbf\"]",
		"[\"\xf4\x90\x80\x80\"]", "[\"\xf5\x80\x80\x80\"]",
		"[\"\xf0\x90\x80\"]", "[\"\xf0\x90\x80\xc0\"]",
		"[\"\xf0\x90\xc0\x80\"]",
		"[\"\xf8\x88\x80\x80\x80\"]", "[\"\xfe\"]", "[\"\xff\"]",
		"[\"\xe4\"]", "[\"\xc2", "[\"\xe1\x80", "[\"\xf0\x90\x80",
		"{\"\xff\":1}", "{\"\\ud800\":1}",
		/* NUL in a name; in a value it is a character like any other */
		"{\"\\u0000\":1}", "{\"a\\u0000\":1}", "{\"a\\u0000b\":1}",
	};

	(void)state;
	refuse_all(texts, COUNT(texts), PJ_JSON_INVALID);
}

/* Grammar has no largest number; a getter never gives out another one. */
static void
test_integers(void **state)
{
	static const char *const numbers[] = {
		"9223372036854775808", "-9223372036854775809",
		"18446744073709551615", "18446744073709551616",
		"99999999999999999999", "-99999999999999999999",
		"92233720368547758070", "10000000000000000000000000000",
		"9223372036854775807", "-9223372036854775808",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
		int64_t seconds = 4711;

		check_status(numbers[i], PJ_OK, gate(pj_span_str(text_of(
		    "[%s]", numbers[i]))));
		assert_status(PJ_OK, pj_json_parse(pj_span_str(text_of(
		    "{\"t\":%s}", numbers[i])), &doc, NULL));
		assert_int_equal(PJ_JSON_NUMBER, pj_json_type(pj_json_member(
		    doc, "t")));
		assert_false(pj_json_time(pj_json_member(doc, "t"), &seconds));
		assert_int_equal(4711, seconds);
	}
}

static void
test_duplicates(void **state)
{
	static const char *const texts[] = {
		"{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2,\"a\":3}",
		"{\"\":1,\"\":2}", "[{\"a\":1,\"a\":1}]",
		"{\"b\":{\"a\":1,\"a\":1}}", "{\"a\":{\"a\":1},\"a\":1}",
		"{\"a\":1,\"\\u0061\":2}", "{\"\\u0061\":1,\"\\u0061\":2}",
		"{\"alg\":1,\"\\u0061l\\u0067\":2}",
		"{\"\\/\":1,\"/\":2}", "{\"\\n\":1,\"\\u000A\":2}",
		"{\"\xc3\xa4\":1,\"\\u00e4\":2}",
		"{\"\xe2\x82\xac\":1,\"\\u20AC\":2}",
		"{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\uDE00\":2}",
		"{\"a\":{\"x\":{\"y\":1}},\"b\":[{\"z\":1}],\"a\":2}",
	};

	(void)state;
	refuse_all(texts, COUNT(texts), PJ_JSON_DUPLICATE);
}

/* An object of count members m0, m1, ..., the last one with another name. */
static void
build_object(struct pj_buf *buf, size_t count, const char *last)
{
	pj_buf_clear(buf);
	assert_status(PJ_OK, pj_buf_printf(buf, "{"));
	for (size_t i = 0; i + 1 < count; i++)
		assert_status(PJ_OK, pj_buf_printf(buf, "\"m%zu\":%zu,", i,
		    i));
	assert_status(PJ_OK, pj_buf_printf(buf, "\"%s\":0}", last));
}

/* The same, whatever way duplicates are sought: pairwise or sorted. */
static void
test_duplicates_many(void **state)
{
	static const size_t counts[] = {
		2, 15, 16, 17, 18, 63, 64, 65, 66, 128, 129, 1000,
		PJ_JSON_MEMBERS_MAX,
	};
	PJ_BUF_SCOPED(buf, PJ_JSON_MAX);

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++) {
		build_object(&buf, counts[i], "x");
		assert_status(PJ_OK, gate(pj_buf_span(&buf)));
		build_object(&buf, counts[i], "m0");
		assert_status(PJ_JSON_DUPLICATE, gate(pj_buf_span(&buf)));
		build_object(&buf, counts[i], "\\u006d0");
		assert_status(PJ_JSON_DUPLICATE, gate(pj_buf_span(&buf)));
	}
	build_object(&buf, PJ_JSON_MEMBERS_MAX + 1, "x");
	assert_status(PJ_JSON_TOO_LARGE, gate(pj_buf_span(&buf)));
}

static enum pj_status
nested(size_t depth, const char *open, const char *close)
{
	PJ_BUF_SCOPED(buf, PJ_JSON_MAX);

	for (size_t i = 0; i < depth; i++)
		assert_status(PJ_OK, pj_buf_append(&buf, pj_span_str(open)));
	assert_status(PJ_OK, pj_buf_append(&buf, pj_span_str("{}")));
	for (size_t i = 0; i < depth; i++)
		assert_status(PJ_OK, pj_buf_append(&buf, pj_span_str(close)));
	return gate(pj_buf_span(&buf));
}

static void
test_depth(void **state)
{
	(void)state;
	assert_status(PJ_OK, nested(PJ_JSON_DEPTH_MAX - 1, "[", "]"));
	assert_status(PJ_OK, nested(PJ_JSON_DEPTH_MAX - 1, "{\"a\":", "}"));
	assert_status(PJ_JSON_TOO_LARGE, nested(PJ_JSON_DEPTH_MAX, "[", "]"));
	assert_status(PJ_JSON_TOO_LARGE, nested(PJ_JSON_DEPTH_MAX, "{\"a\":",
	    "}"));
	assert_status(PJ_JSON_TOO_LARGE, nested(100000, "[", "]"));
}

static enum pj_status
many_values(size_t count)
{
	PJ_BUF_SCOPED(buf, PJ_JSON_MAX);

	assert_status(PJ_OK, pj_buf_printf(&buf, "{\"a\":[0"));
	for (size_t i = 3; i < count; i++)
		assert_status(PJ_OK, pj_buf_printf(&buf, ",0"));
	assert_status(PJ_OK, pj_buf_printf(&buf, "]}"));
	return gate(pj_buf_span(&buf));
}

static enum pj_status
long_text(size_t size)
{
	PJ_BUF_SCOPED(buf, 2 * PJ_JSON_MAX);
	unsigned char *room = pj_buf_room(&buf, size);

	assert_non_null(room);
	memset(room, 'a', size);
	memcpy(room, "{\"\":\"", 5);
	memcpy(room + size - 2, "\"}", 2);
	buf.len = size;
	return gate(pj_buf_span(&buf));
}

static void
test_size(void **state)
{
	(void)state;
	assert_status(PJ_OK, many_values(PJ_JSON_VALUES_MAX));
	assert_status(PJ_JSON_TOO_LARGE, many_values(PJ_JSON_VALUES_MAX + 1));
	assert_status(PJ_OK, long_text(PJ_JSON_MAX));
	assert_status(PJ_JSON_TOO_LARGE, long_text(PJ_JSON_MAX + 1));
}

static void
test_top_is_object(void **state)
{
	static const char *const texts[] = { "[]", "1", "\"{}\"", "null" };
	struct pj_json *doc = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		check_status(texts[i], PJ_JSON_INVALID,
		    pj_json_parse(pj_span_str(texts[i]), &doc, NULL));
	assert_null(doc);
	pj_json_free(NULL);
}

/* Every truncation and every changed byte: the two parsers never disagree. */
static void
test_mutations(void **state)
{
	static const char text[] = "{\"a\":[1,-2.5e3,true,null,\"\\u00e4\\n\"],"
	    "\"\\ud83d\\ude00\":{\"x\":\"\xc3\xa4\"}}";
	char		changed[sizeof(text)];

	(void)state;
	assert_status(PJ_OK, gate(pj_span_str(text)));
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_status(PJ_JSON_INVALID, gate(pj_span(text, len)));
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		for (unsigned c = 0; c < 256; c++) {
			memcpy(changed, text, sizeof(text));
			changed[i] = (char)c;
			(void)gate(pj_span(changed, sizeof(text) - 1));
		}
	}
}

static const char values[] =
    "{\"null\":null,\"true\":true,\"false\":false,\"int\":12,\"zero\":0,"
    "\"half\":12.5,\"minus\":-12.5,\"text\":\"12\",\"empty\":\"\","
    "\"nul\":\"alice\\u0000x\",\"array\":[1,null,\"b\"],\"none\":[],"
    "\"object\":{\"true\":1}}";

static void
test_types(void **state)
{
	static const struct {
		const char		*name;
		enum pj_json_type	 type;
	} rows[] = {
		{ "null", PJ_JSON_NULL }, { "true", PJ_JSON_BOOL },
		{ "int", PJ_JSON_NUMBER }, { "half", PJ_JSON_NUMBER },
		{ "text", PJ_JSON_STRING }, { "array", PJ_JSON_ARRAY },
		{ "object", PJ_JSON_OBJECT },
	};
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;

	(void)state;
	assert_status(PJ_OK, pj_json_parse(pj_span_str(values), &doc, NULL));
	assert_int_equal(PJ_JSON_OBJECT, pj_json_type(doc));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct pj_json *v = pj_json_member(doc, rows[i].name);

		assert_non_null(v);
		assert_int_equal(rows[i].type, pj_json_type(v));
	}
	assert_null(pj_json_member(doc, "absent"));
	assert_null(pj_json_member(doc, "nul1"));
	assert_null(pj_json_member(doc, "Null"));
	assert_null(pj_json_member(doc, ""));
	assert_null(pj_json_member(NULL, "a"));
	assert_null(pj_json_member(pj_json_member(doc, "array"), "0"));
	assert_null(pj_json_member(pj_json_member(doc, "null"), "a"));
	assert_int_equal(3, pj_json_length(pj_json_member(doc, "array")));
	assert_int_equal(0, pj_json_length(pj_json_member(doc, "none")));
	assert_int_equal(0, pj_json_length(pj_json_member(doc, "text")));
	assert_int_equal(0, pj_json_length(doc));
	assert_int_equal(0, pj_json_length(NULL));
	assert_int_equal(PJ_JSON_NULL, pj_json_type(pj_json_item(
	    pj_json_member(doc, "array"), 1)));
	assert_non_null(pj_json_item(pj_json_member(doc, "array"), 1));
	assert_null(pj_json_item(pj_json_member(doc, "array"), 3));
	assert_null(pj_json_item(NULL, 0));
}

/* A getter takes its own type and nothing else, and writes nothing then. */
static void
test_no_coercion(void **state)
{
	static const char *const all[] = {
		"null", "true", "false", "int", "zero", "half", "text",
		"empty", "array", "object", "absent",
	};
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;

	(void)state;
	assert_status(PJ_OK, pj_json_parse(pj_span_str(values), &doc, NULL));
	for (size_t i = 0; i < COUNT(all); i++) {
		const struct pj_json	*v = pj_json_member(doc, all[i]);
		struct pj_span		 text = pj_span("untouched", 9);
		bool			 flag = true;
		int64_t			 when = 4711;
		bool			 is_text = i == 6 || i == 7;
		bool			 is_flag = i == 1 || i == 2;
		bool			 is_time = i >= 3 && i <= 5;

		assert_true(pj_json_string(v, &text) == is_text);
		assert_true(pj_json_bool(v, &flag) == is_flag);
		assert_true(pj_json_time(v, &when) == is_time);
		assert_true(is_text || pj_span_is(text, "untouched"));
		assert_true(flag != (i == 2));
		assert_true(is_time || when == 4711);
	}
}

static void
test_string_length(void **state)
{
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
	struct pj_span text;

	(void)state;
	assert_status(PJ_OK, pj_json_parse(pj_span_str(values), &doc, NULL));
	assert_true(pj_json_string(pj_json_member(doc, "nul"), &text));
	assert_int_equal(7, text.len);
	assert_memory_equal("alice\0x", text.ptr, 7);
	assert_false(pj_span_is(text, "alice"));
}

static void
test_number_text(void **state)
{
	static const struct {
		const char	*json;
		const char	*text;		/* NULL: no number */
	} cases[] = {
		{ "0", "0" }, { "-0", "0" }, { "1", "1" }, { "-12", "-12" },
		{ "9223372036854775806", "9223372036854775806" },
		{ "-9223372036854775807", "-9223372036854775807" },
		/* json-c would call all of these by the first one's name. */
		{ "9223372036854775807", NULL }, { "9223372036854775808", NULL },
		{ "18446744073709551616", NULL },
		{ "99999999999999999999", NULL },
		{ "-9223372036854775808", NULL },
		{ "-99999999999999999999", NULL },
		{ "1.0", "1.0" }, { "1.50", "1.50" }, { "1e3", "1e3" },
		{ "1E+3", "1E+3" }, { "-0.0", "-0.0" }, { "1e999", "1e999" },
		{ "0.1000000000000000055511", "0.1000000000000000055511" },
		{ "\"1\"", NULL }, { "true", NULL }, { "null", NULL },
		{ "[1]", NULL }, { "{}", NULL },
	};
	char json[80];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
		struct pj_span text = { NULL, 0 };

		(void)snprintf(json, sizeof(json), "{\"n\":%s}",
		    cases[i].json);
		assert_int_equal(pj_json_parse(pj_span_str(json), &doc, NULL),
		    PJ_OK);
		assert_true(pj_json_number(pj_json_member(doc, "n"), &text) ==
		    (cases[i].text != NULL));
		if (cases[i].text != NULL && !pj_span_is(text, cases[i].text))
			fail_msg("%s: %.*s", cases[i].json, PJ_SPAN_ARG(text));
	}
	assert_false(pj_json_number(NULL, NULL));
}

static void
test_times(void **state)
{
	static const struct {
		const char	*text;
		bool		 good;
		int64_t		 seconds;
	} rows[] = {
		{ "0", true, 0 }, { "-0", true, 0 }, { "-0.0", true, 0 },
		{ "12.0", true, 12 }, { "12.999999", true, 12 },
		{ "-12.5", true, -13 }, { "-12.0", true, -12 },
		{ "1e3", true, 1000 }, { "1.5e3", true, 1500 },
		{ "-0.1", true, -1 }, { "1e-999", true, 0 },
		{ "2000000000", true, 2000000000 },
		{ "9007199254740992", true, INT64_C(1) << 53 },
		{ "-9007199254740992", true, -(INT64_C(1) << 53) },
		{ "9007199254740992.0", true, INT64_C(1) << 53 },
		{ "-9007199254740992.0", true, -(INT64_C(1) << 53) },
		{ "9007199254740993", false, 0 },
		{ "-9007199254740993", false, 0 },
		{ "9007199254740994.0", false, 0 },
		{ "-9007199254740994.0", false, 0 },
		{ "9223372036854775807", false, 0 },
		{ "-9223372036854775808", false, 0 },
		{ "1e19", false, 0 }, { "1e400", false, 0 },
		{ "-1e400", false, 0 }, { "1e16", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
		int64_t seconds = 4711;

		assert_status(PJ_OK, pj_json_parse(pj_span_str(text_of(
		    "{\"t\":%s}", rows[i].text)), &doc, NULL));
		if (pj_json_time(pj_json_member(doc, "t"), &seconds) !=
		    rows[i].good)
			fail_msg("%s", rows[i].text);
		assert_int_equal(rows[i].good ? rows[i].seconds : 4711,
		    seconds);
	}
}

/* The detail helps, and stays printable. */
static void
test_detail(void **state)
{
	struct pj_error err = { "" };

	(void)state;
	assert_status(PJ_JSON_INVALID, pj_json_gate(pj_span_str("{\"a\":x}"),
	    &err));
	assert_non_null(strstr(err.detail, "byte 5"));
	assert_status(PJ_JSON_INVALID, pj_json_gate(pj_span_str("[\"\n\"]"),
	    &err));
	assert_string_equal("control character at byte 2", err.detail);
	assert_status(PJ_JSON_DUPLICATE, pj_json_gate(pj_span_str(
	    "{\"e\\u0001\":1,\"e\\u0001\":1}"), &err));
	assert_non_null(strstr(err.detail, "e\\x01"));
	assert_status(PJ_JSON_INVALID, pj_json_gate(pj_span_str("{"), NULL));
}

/* What comes in the place of JSON is an error page, or a sentence. */
static void
test_detail_names_what_is_no_json(void **state)
{
	struct pj_error err = { "" };

	(void)state;
	assert_status(PJ_JSON_INVALID, pj_json_gate(pj_span_str(
	    "\r\n<!DOCTYPE html>"), &err));
	assert_string_equal("HTML or XML at byte 2", err.detail);
	assert_status(PJ_JSON_INVALID, pj_json_gate(pj_span_str("Not found"),
	    &err));
	assert_string_equal("no JSON value at byte 0", err.detail);
	assert_status(PJ_JSON_INVALID, pj_json_gate(pj_span_str("[-]"),
	    &err));
	assert_string_equal("bad number at byte 2", err.detail);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_duplicates_many),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_top_is_object),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_no_coercion),
		cmocka_unit_test(test_string_length),
		cmocka_unit_test(test_number_text),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_detail),
		cmocka_unit_test(test_detail_names_what_is_no_json),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
