/*
 * fetch/answer.h: what a worker writes is read strictly, as if it were hostile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/answer.h"

static void
add(enum pj_answer_kind kind, const char *body, struct pj_buf *buf)
{
	struct pj_answer answer = {
		.http = 200, .cert_expires = 1800000000,
		.body = pj_span_str(body),
	};

	strcpy(answer.headers.etag, "\"v1\"");
	assert_int_equal(pj_answer_encode(kind, &answer, buf), PJ_OK);
}

static void
two_frames_come_back(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_ANSWER_MAX);
	struct pj_answer got[PJ_ANSWER_KINDS];

	(void)state;
	add(PJ_ANSWER_DISCOVERY, "{\n\n}", &buf);
	add(PJ_ANSWER_KEYS, "", &buf);
	assert_int_equal(pj_answers_decode(pj_buf_span(&buf), got, NULL),
	    PJ_OK);
	assert_true(got[PJ_ANSWER_DISCOVERY].present);
	assert_true(pj_span_is(got[PJ_ANSWER_DISCOVERY].body, "{\n\n}"));
	assert_true(got[PJ_ANSWER_KEYS].present);
	assert_int_equal(got[PJ_ANSWER_KEYS].http, 200);
	assert_int_equal(got[PJ_ANSWER_KEYS].cert_expires, 1800000000);
	assert_string_equal(got[PJ_ANSWER_KEYS].headers.etag, "\"v1\"");
	assert_int_equal(got[PJ_ANSWER_KEYS].body.len, 0);
}

static void
an_answer_cut_anywhere_is_refused_or_lacks_a_frame(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_ANSWER_MAX);
	struct pj_answer got[PJ_ANSWER_KINDS];
	size_t first;

	(void)state;
	add(PJ_ANSWER_DISCOVERY, "{}", &buf);
	first = buf.len;
	add(PJ_ANSWER_KEYS, "{}", &buf);
	for (size_t len = 0; len < buf.len; len++) {
		enum pj_status status = pj_answers_decode(
		    pj_span(buf.ptr, len), got, NULL);

		assert_int_equal(status,
		    len == first ? PJ_OK : PJ_FETCH_FAILED);
		assert_false(got[PJ_ANSWER_KEYS].present);
	}
}

static void
other_bytes_are_refused(void **state)
{
#define FRAME	"kind keys\nresult ok\nhttp 200\ncert_expires 0\n"
	static const char *const texts[] = {
		"", "\n", "garbage", FRAME "\n", FRAME "body 1\n\n",
		FRAME "body 0\n\nx", FRAME "body 99999999\n\n",
		FRAME "body -1\n\n", FRAME "http 200\nbody 0\n\n",
		FRAME "body 0\n\n" FRAME "body 0\n\n",
		"kind other\nresult ok\nhttp 200\ncert_expires 0\nbody 0\n\n",
		"kind keys\nresult great\nhttp 200\ncert_expires 0\nbody 0\n\n",
		"kind keys\nresult ok\nhttp 2000\ncert_expires 0\nbody 0\n\n",
		"result ok\nhttp 200\ncert_expires 0\nbody 0\n\n",
		"kind keys\nhttp 200\ncert_expires 0\nbody 0\n\n",
		"kind keys\nresult ok\nhttp 200\n"
		    "cert_expires 253402300800\nbody 0\n\n",
		/* Lines that the encoder never writes. */
		FRAME "x 1\nbody 0\n\n", FRAME "error a\nbody 0\n\n",
		FRAME "etag \nbody 0\n\n",
		"kind keys\nresult ok\nhttp 0\ncert_expires 0\nbody 0\n\n",
		"kind keys\nresult ok\nhttp 99\ncert_expires 0\nbody 0\n\n",
		"kind keys\nresult fetch_failed\nhttp 200\ncert_expires 0\n"
		    "body 1\n\nx",
		"kind keys\nresult fetch_failed\nhttp 0\ncert_expires 0\n"
		    "error a \"b\nbody 0\n\n",
	};
	struct pj_answer got[PJ_ANSWER_KINDS];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct pj_error err = { "" };

		if (pj_answers_decode(pj_span_str(texts[i]), got, &err) !=
		    PJ_FETCH_FAILED || err.detail[0] == '\0')
			fail_msg("passed: %s", texts[i]);
		assert_false(got[PJ_ANSWER_KEYS].present);
	}
}

static void
a_worker_has_no_say_beyond_how_a_get_went(void **state)
{
	struct pj_answer got[PJ_ANSWER_KINDS];

	(void)state;
	assert_int_equal(pj_answers_decode(pj_span_str("kind keys\n"
	    "result user_unknown\nhttp 0\ncert_expires 0\nbody 0\n\n"), got,
	    NULL), PJ_OK);
	assert_int_equal(got[PJ_ANSWER_KEYS].result, PJ_FETCH_FAILED);
}

/* A header field that cannot be kept whole was not written by the encoder. */
static void
a_header_field_has_its_room(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_ANSWER_MAX);
	struct pj_answer got[PJ_ANSWER_KINDS];
	char value[PJ_VALIDATOR_MAX + 2];

	(void)state;
	for (size_t len = PJ_VALIDATOR_MAX; len < sizeof(value); len++) {
		memset(value, 'x', len);
		value[len] = '\0';
		pj_buf_clear(&buf);
		assert_int_equal(pj_buf_printf(&buf,
		    FRAME "etag %s\nbody 0\n\n", value), PJ_OK);
		assert_int_equal(pj_answers_decode(pj_buf_span(&buf), got,
		    NULL), len == PJ_VALIDATOR_MAX ? PJ_OK : PJ_FETCH_FAILED);
	}
}

/* What a log line cannot hold would be written behind its end. */
static void
an_error_has_its_room(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_ANSWER_MAX);
	struct pj_answer got[PJ_ANSWER_KINDS];
	char words[PJ_DETAIL_MAX + 2];

	(void)state;
	for (size_t len = PJ_DETAIL_MAX; len < sizeof(words); len++) {
		memset(words, 'x', len);
		words[len] = '\0';
		pj_buf_clear(&buf);
		assert_int_equal(pj_buf_printf(&buf, "kind keys\n"
		    "result fetch_failed\nhttp 0\ncert_expires 0\n"
		    "error %s\nbody 0\n\n", words), PJ_OK);
		assert_int_equal(pj_answers_decode(pj_buf_span(&buf), got,
		    NULL), len == PJ_DETAIL_MAX ? PJ_OK : PJ_FETCH_FAILED);
		if (len == PJ_DETAIL_MAX)
			assert_string_equal(got[PJ_ANSWER_KEYS].error.detail,
			    words);
	}
}

static void
a_body_has_a_maximum(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_ANSWER_MAX);
	struct pj_answer got[PJ_ANSWER_KINDS];

	(void)state;
	for (size_t len = PJ_BODY_MAX; len < PJ_BODY_MAX + 2; len++) {
		pj_buf_clear(&buf);
		assert_int_equal(pj_buf_printf(&buf, FRAME "body %zu\n\n",
		    len), PJ_OK);
		memset(pj_buf_room(&buf, len), 'x', len);
		buf.len += len;
		assert_int_equal(pj_answers_decode(pj_buf_span(&buf), got,
		    NULL), len == PJ_BODY_MAX ? PJ_OK : PJ_FETCH_FAILED);
	}
}

static void
a_timeout_is_told_from_other_failures(void **state)
{
	struct pj_answer answer = { .result = PJ_FETCH_TIMEOUT,
		.error = { "late" } };
	PJ_BUF_SCOPED(buf, PJ_ANSWER_MAX);
	struct pj_answer got[PJ_ANSWER_KINDS];

	(void)state;
	assert_int_equal(pj_answer_encode(PJ_ANSWER_KEYS, &answer, &buf),
	    PJ_OK);
	assert_int_equal(pj_answers_decode(pj_buf_span(&buf), got, NULL),
	    PJ_OK);
	assert_int_equal(got[PJ_ANSWER_KEYS].result, PJ_FETCH_TIMEOUT);
	assert_string_equal(got[PJ_ANSWER_KEYS].error.detail, "late");
}

/* The frames before it are still worth something. */
static void
a_frame_that_does_not_fit_leaves_nothing_behind(void **state)
{
	PJ_BUF_SCOPED(buf, 150);
	struct pj_answer answer = { .http = 200 };
	struct pj_answer got[PJ_ANSWER_KINDS];
	char body[150];
	size_t before;

	(void)state;
	add(PJ_ANSWER_DISCOVERY, "{}", &buf);
	before = buf.len;
	memset(body, 'x', sizeof(body));
	answer.body = pj_span(body, sizeof(body));
	assert_int_equal(pj_answer_encode(PJ_ANSWER_KEYS, &answer, &buf),
	    PJ_FILE_TOO_LARGE);
	assert_int_equal(buf.len, before);
	assert_int_equal(pj_answers_decode(pj_buf_span(&buf), got, NULL),
	    PJ_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_frames_come_back),
		cmocka_unit_test(
		    an_answer_cut_anywhere_is_refused_or_lacks_a_frame),
		cmocka_unit_test(other_bytes_are_refused),
		cmocka_unit_test(a_header_field_has_its_room),
		cmocka_unit_test(a_worker_has_no_say_beyond_how_a_get_went),
		cmocka_unit_test(an_error_has_its_room),
		cmocka_unit_test(a_body_has_a_maximum),
		cmocka_unit_test(a_timeout_is_told_from_other_failures),
		cmocka_unit_test(
		    a_frame_that_does_not_fit_leaves_nothing_behind),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
