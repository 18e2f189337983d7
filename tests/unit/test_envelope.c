/*
 * keys/envelope.h: what was written comes back, and nothing else is taken for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "keys/envelope.h"
#include "keys/fields.h"

#define TEXT(s)	{ (const unsigned char *)(s), sizeof(s) - 1 }

static const struct pj_envelope sample = {
	.id = TEXT("0123"), .issuer = TEXT("https://a/"),
	.jwks_uri = TEXT("https://b/keys?x"),
	.validity = {
		.fetched = { 1700000000, 12345,
		    "00ed7c1f-cb3a-4f79-b8cc-af4704c333ac" },
		.ttl = 900, .refresh_after = 800, .retire_after = 77,
	},
	.discovered = { 1600000000, 1, "" },
	.full = { 1650000000, 2, "x" },
	.etag = TEXT("W/\"a b\""), .last_modified = TEXT("yesterday"),
	.unsound = TEXT("3 key_unfit"),
	.body = TEXT("{\"keys\":[]}\n\nbody 3\n\0x"),
};

static void
encode(const struct pj_envelope *envelope, struct pj_buf *buf)
{
	assert_int_equal(pj_envelope_encode(envelope, buf, NULL), PJ_OK);
}

static void
span_is(struct pj_span got, struct pj_span want)
{
	assert_int_equal(got.len, want.len);
	assert_true(pj_span_equal(got, want));
}

static void
stamp_is(const struct pj_stamp *got, const struct pj_stamp *want)
{
	assert_int_equal(got->wall, want->wall);
	assert_int_equal(got->boot, want->boot);
	assert_string_equal(got->boot_id, want->boot_id);
}

static void
a_data_file_comes_back(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_CACHE_MAX);
	struct pj_envelope got;

	(void)state;
	encode(&sample, &buf);
	assert_int_equal(pj_envelope_decode(pj_buf_span(&buf), &got, NULL),
	    PJ_OK);
	span_is(got.id, sample.id);
	span_is(got.issuer, sample.issuer);
	span_is(got.jwks_uri, sample.jwks_uri);
	span_is(got.etag, sample.etag);
	span_is(got.last_modified, sample.last_modified);
	span_is(got.unsound, sample.unsound);
	span_is(got.body, sample.body);
	stamp_is(&got.validity.fetched, &sample.validity.fetched);
	stamp_is(&got.discovered, &sample.discovered);
	stamp_is(&got.full, &sample.full);
	assert_int_equal(got.validity.ttl, 900);
	assert_int_equal(got.validity.refresh_after, 800);
	assert_int_equal(got.validity.retire_after, 77);
}

static void
a_data_file_cut_anywhere_is_refused(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_CACHE_MAX);
	struct pj_envelope got;

	(void)state;
	encode(&sample, &buf);
	for (size_t len = 0; len < buf.len; len++)
		assert_int_equal(pj_envelope_decode(pj_span(buf.ptr, len),
		    &got, NULL), PJ_CACHE_INVALID);
}

static void
a_data_file_with_any_byte_changed_is_refused(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_CACHE_MAX);
	struct pj_envelope got;

	(void)state;
	encode(&sample, &buf);
	for (size_t i = 0; i < buf.len; i++) {
		buf.ptr[i] ^= 1;
		assert_int_equal(pj_envelope_decode(pj_buf_span(&buf), &got,
		    NULL), PJ_CACHE_INVALID);
		buf.ptr[i] ^= 1;
	}
	assert_int_equal(pj_buf_append(&buf, pj_span("x", 1)), PJ_OK);
	assert_int_equal(pj_envelope_decode(pj_buf_span(&buf), &got, NULL),
	    PJ_CACHE_INVALID);
}

/* A file of this kind with this content under a right checksum. */
static struct pj_span
file_of(const char *kind, const char *content)
{
	static unsigned char text[8192];
	char hex[PJ_SHA256_HEX_LEN + 1];
	int len;

	assert_int_equal(pj_sha256_hex(pj_span_str(content), hex), PJ_OK);
	len = snprintf((char *)text, sizeof(text),
	    "pam-jwks-%s 1\nsha256 %s\n%s", kind, hex, content);
	return pj_span(text, (size_t)len);
}

static enum pj_status
decode(const char *content, struct pj_envelope *got, struct pj_error *err)
{
	return pj_envelope_decode(file_of("keys", content), got, err);
}

/* The state of the id "1". */
static enum pj_status
decode_state(const char *content, struct pj_state *got, struct pj_error *err)
{
	return pj_state_decode(file_of("state", content), "1", got, err);
}

#define LINES	"id 1\nissuer https://a\njwks_uri https://b\n"		\
		"fetched 1 2 x\nttl 3\nrefresh_after 2\n"

static void
unknown_names_are_ignored_and_optional_ones_may_lack(void **state)
{
	struct pj_envelope got;

	(void)state;
	assert_int_equal(decode(LINES "colour blue\nbody 2\n\n{}", &got, NULL),
	    PJ_OK);
	assert_int_equal(got.etag.len, 0);
	assert_int_equal(got.validity.retire_after, 0);
	assert_int_equal(got.discovered.wall, 0);
	span_is(got.body, pj_span_str("{}"));
}

static void
malformed_headers_are_refused(void **state)
{
	static const char *const contents[] = {
		"", "\n", "body 2\n\n{}", LINES "\n{}", LINES "body 3\n\n{}",
		LINES "body 1\n\n{}", LINES "body -1\n\n{}",
		LINES "body 0x2\n\n{}", LINES "body 999999999999999999999\n\n",
		LINES "body 2\n{}", LINES "ttl 3\nbody 2\n\n{}",
		LINES "nospace\nbody 2\n\n{}", LINES "Upper x\nbody 2\n\n{}",
		LINES " x\nbody 2\n\n{}", LINES "x\ty\nbody 2\n\n{}",
		LINES "x y\rz\nbody 2\n\n{}", LINES "x \xc3\xa4\nbody 2\n\n{}",
		LINES "body 2\r\n\r\n{}",
	};
	struct pj_envelope got;
	struct pj_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(contents) / sizeof(*contents); i++) {
		err.detail[0] = '\0';
		if (decode(contents[i], &got, &err) != PJ_CACHE_INVALID ||
		    err.detail[0] == '\0')
			fail_msg("passed: %s", contents[i]);
	}
}

static void
a_header_lacks_none_of_its_lines(void **state)
{
	static const char *const lines[] = {
		"id 1\n", "issuer https://a\n", "jwks_uri https://b\n",
		"fetched 1 2 x\n", "ttl 3\n", "refresh_after 2\n", "body 2\n",
	};
	const size_t count = sizeof(lines) / sizeof(*lines);
	struct pj_envelope got;
	char content[400], *end;

	(void)state;
	for (size_t lacks = 0; lacks <= count; lacks++) {
		end = content;
		for (size_t i = 0; i < count; i++)
			if (i != lacks)
				end = stpcpy(end, lines[i]);
		(void)stpcpy(end, "\n{}");
		assert_int_equal(decode(content, &got, NULL),
		    lacks == count ? PJ_OK : PJ_CACHE_INVALID);
	}
}

static void
a_header_has_so_many_lines_and_no_more(void **state)
{
	PJ_BUF_SCOPED(text, 8192);
	struct pj_envelope got;
	struct pj_error err = { "" };

	(void)state;
	for (unsigned more = 0; more <= 1; more++) {
		pj_buf_clear(&text);
		assert_int_equal(pj_buf_printf(&text, LINES), PJ_OK);
		/* Six of LINES, and the last one. */
		for (unsigned i = 7; i < PJ_FIELDS_MAX + more; i++)
			assert_int_equal(pj_buf_printf(&text, "x%u y\n", i),
			    PJ_OK);
		assert_int_equal(pj_buf_printf(&text, "body 2\n\n{}%c", '\0'),
		    PJ_OK);
		assert_int_equal(decode((const char *)text.ptr, &got, &err),
		    more == 0 ? PJ_OK : PJ_CACHE_INVALID);
	}
	assert_non_null(strstr(err.detail, "too many lines"));
}

static void
malformed_stamps_and_numbers_are_refused(void **state)
{
	static const char *const stamps[] = {
		"", "1", "1 2", "1 2 x y", "-1 2 x", "1 -2 x", "a 2 x",
		"1  2 x", "1 2 x ", "253402300800 2 x", "1 9999999999999 x",
		"1 2 0123456789012345678901234567890123456",
	};
	struct pj_envelope got;
	char content[400];

	(void)state;
	for (size_t i = 0; i < sizeof(stamps) / sizeof(*stamps); i++) {
		(void)snprintf(content, sizeof(content), "id 1\nissuer a\n"
		    "jwks_uri b\nfetched %s\nttl 3\nrefresh_after 2\n"
		    "body 0\n\n", stamps[i]);
		if (decode(content, &got, NULL) != PJ_CACHE_INVALID)
			fail_msg("passed: %s", stamps[i]);
	}
}

static void
another_version_or_kind_is_refused(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_CACHE_MAX);
	struct pj_state st = { .result = PJ_OK };
	struct pj_envelope got;
	struct pj_error err;

	(void)state;
	encode(&sample, &buf);
	buf.ptr[strlen("pam-jwks-keys ")] = '2';
	assert_int_equal(pj_envelope_decode(pj_buf_span(&buf), &got, &err),
	    PJ_CACHE_INVALID);
	assert_non_null(strstr(err.detail, "version"));
	pj_buf_clear(&buf);
	assert_int_equal(pj_state_encode(&st, "1", &buf, NULL), PJ_OK);
	assert_int_equal(pj_envelope_decode(pj_buf_span(&buf), &got, &err),
	    PJ_CACHE_INVALID);
}

static void
what_a_provider_says_cannot_break_a_line(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_CACHE_MAX);
	struct pj_envelope evil = sample, got;

	(void)state;
	evil.etag = pj_span_str("x\nttl 99999");
	evil.last_modified = pj_span("a\0b", 3);
	encode(&evil, &buf);
	assert_int_equal(pj_envelope_decode(pj_buf_span(&buf), &got, NULL),
	    PJ_OK);
	assert_int_equal(got.etag.len, 0);
	assert_int_equal(got.last_modified.len, 0);
	assert_int_equal(got.validity.ttl, 900);
	pj_buf_clear(&buf);
	evil = sample;
	evil.jwks_uri = pj_span_str("https://b\nttl 99999");
	assert_int_equal(pj_envelope_encode(&evil, &buf, NULL),
	    PJ_CACHE_INVALID);
	assert_int_equal(buf.len, 0);
}

static void
validators_have_a_bound(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_CACHE_MAX);
	struct pj_envelope given = sample, got;
	char long_one[PJ_VALIDATOR_MAX + 1];

	(void)state;
	memset(long_one, 'x', sizeof(long_one));
	given.etag = pj_span(long_one, PJ_VALIDATOR_MAX);
	given.last_modified = pj_span(long_one, PJ_VALIDATOR_MAX + 1);
	encode(&given, &buf);
	assert_int_equal(pj_envelope_decode(pj_buf_span(&buf), &got, NULL),
	    PJ_OK);
	assert_int_equal(got.etag.len, PJ_VALIDATOR_MAX);
	assert_int_equal(got.last_modified.len, 0);
}

/* Of clocks that were never set; a minus could not be read again. */
static void
times_before_1970_are_written_as_none(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_CACHE_MAX);
	struct pj_envelope odd = sample, got;

	(void)state;
	odd.validity.fetched.wall = -5;
	odd.full.boot = -7;
	odd.validity.ttl = -9;
	encode(&odd, &buf);
	assert_int_equal(pj_envelope_decode(pj_buf_span(&buf), &got, NULL),
	    PJ_OK);
	assert_int_equal(got.validity.fetched.wall, 0);
	assert_int_equal(got.full.boot, 0);
	assert_int_equal(got.validity.ttl, 0);
	assert_int_equal(got.full.wall, sample.full.wall);
}

static void
what_does_not_fit_leaves_nothing(void **state)
{
	PJ_BUF_SCOPED(buf, 12);
	PJ_BUF_SCOPED(file, 200);

	(void)state;
	assert_int_not_equal(pj_envelope_encode(&sample, &file, NULL), PJ_OK);
	assert_int_equal(file.len, 0);
	assert_int_equal(pj_fields_put(&buf, "a", pj_span_str("b")), PJ_OK);
	assert_int_not_equal(pj_fields_put(&buf, "name", pj_span_str("value")),
	    PJ_OK);
	assert_true(pj_span_is(pj_buf_span(&buf), "a b\n"));
}

static void
names_and_values_have_bounds(void **state)
{
	static unsigned char body[PJ_BODY_MAX + 1];
	PJ_BUF_SCOPED(buf, PJ_CACHE_MAX);
	struct pj_envelope given = sample, got;
	char text[PJ_FIELD_MAX + 300], word[PJ_FIELD_MAX + 2];

	(void)state;
	for (size_t more = 0; more <= 1; more++) {
		given.body = pj_span(body, PJ_BODY_MAX + more);
		pj_buf_clear(&buf);
		encode(&given, &buf);
		assert_int_equal(pj_envelope_decode(pj_buf_span(&buf), &got,
		    NULL), more == 0 ? PJ_OK : PJ_CACHE_INVALID);
	}
	given.body = sample.body;
	given.validity.ttl = 3155760001;
	pj_buf_clear(&buf);
	encode(&given, &buf);
	assert_int_equal(pj_envelope_decode(pj_buf_span(&buf), &got, NULL),
	    PJ_CACHE_INVALID);
	memset(word, 'x', sizeof(word));
	for (int more = 0; more <= 1; more++) {
		(void)snprintf(text, sizeof(text), LINES "%.*s y\nbody 2\n\n{}",
		    PJ_NAME_MAX + more, word);
		assert_int_equal(decode(text, &got, NULL),
		    more == 0 ? PJ_OK : PJ_CACHE_INVALID);
		(void)snprintf(text, sizeof(text), LINES "x %.*s\nbody 2\n\n{}",
		    PJ_FIELD_MAX + more, word);
		assert_int_equal(decode(text, &got, NULL),
		    more == 0 ? PJ_OK : PJ_CACHE_INVALID);
	}
}

static const struct pj_state busy = {
	.holds = {
		.attempt = { 1700000000, 500, "boot" }, .running = true,
		.backoff_until = 600, .kid_until = 700,
	},
	.cause = PJ_CAUSE_KID, .result = PJ_FETCH_TIMEOUT, .has_result = true,
	.failures = 3, .fruitless = 2, .rediscover = true,
	.success = { 1600000000, 100, "boot" },
	.provider_date = 1700000001, .date_seen = 1700000002,
	.cert_expires = 1800000000,
	.error = { "GET https://a: \\x22oh\\x22" },
};

static void
a_state_file_comes_back(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_STATE_MAX);
	struct pj_state got;

	(void)state;
	assert_int_equal(pj_state_encode(&busy, "abc", &buf, NULL), PJ_OK);
	assert_int_equal(pj_state_decode(pj_buf_span(&buf), "abc", &got, NULL),
	    PJ_OK);
	stamp_is(&got.holds.attempt, &busy.holds.attempt);
	stamp_is(&got.success, &busy.success);
	assert_true(got.holds.running);
	assert_int_equal(got.holds.backoff_until, 600);
	assert_int_equal(got.holds.kid_until, 700);
	assert_int_equal(got.cause, PJ_CAUSE_KID);
	assert_true(got.has_result);
	assert_int_equal(got.result, PJ_FETCH_TIMEOUT);
	assert_int_equal(got.failures, 3);
	assert_int_equal(got.fruitless, 2);
	assert_true(got.rediscover);
	assert_int_equal(got.provider_date, 1700000001);
	assert_int_equal(got.date_seen, 1700000002);
	assert_int_equal(got.cert_expires, 1800000000);
	assert_string_equal(got.error.detail, busy.error.detail);
}

static void
a_damaged_or_foreign_state_file_is_refused(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_STATE_MAX);
	struct pj_state got;

	(void)state;
	assert_int_equal(pj_state_encode(&busy, "abc", &buf, NULL), PJ_OK);
	for (size_t len = 0; len < buf.len; len++)
		assert_int_equal(pj_state_decode(pj_span(buf.ptr, len), "abc",
		    &got, NULL), PJ_CACHE_INVALID);
	for (size_t i = 0; i < buf.len; i++) {
		buf.ptr[i] ^= 1;
		assert_int_equal(pj_state_decode(pj_buf_span(&buf), "abc",
		    &got, NULL), PJ_CACHE_INVALID);
		buf.ptr[i] ^= 1;
	}
	assert_int_equal(pj_state_decode(pj_buf_span(&buf), "abd", &got, NULL),
	    PJ_CACHE_INVALID);
}

static void
a_malformed_state_is_refused_with_a_reason(void **state)
{
	static const struct {
		const char	*content;
		const char	*word;
	} cases[] = {
		{ "attempt 1 2 x\n\n", "another issuer" },
		{ "id 2\nattempt 1 2 x\n\n", "another issuer" },
		{ "id 1\n\n", "lacks a line" },
		{ "id 1\nattempt 1 x\n\n", "lacks a line" },
		{ "id 1\nattempt 1 2 x\n\nmore", "length" },
		{ "id 1\nattempt 1 2 x\nno-name x\n\n", "malformed line" },
		{ "id 1\nattempt 1 2 x\n", "cut off" },
	};
	struct pj_state got = { .failures = 7 };
	struct pj_span file;
	struct pj_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(decode_state(cases[i].content, &got, &err),
		    PJ_CACHE_INVALID);
		if (strstr(err.detail, cases[i].word) == NULL)
			fail_msg("no '%s' in: %s", cases[i].word, err.detail);
	}
	file = file_of("state", "id 1\nattempt 1 2 x\n\n");
	file.len--;
	assert_int_equal(pj_state_decode(file, "1", &got, &err),
	    PJ_CACHE_INVALID);
	assert_non_null(strstr(err.detail, "checksum"));
	assert_int_equal(got.failures, 7);
}

/* It counts as if the line were not there. */
static void
a_state_says_no_more_than_can_be(void **state)
{
	static const char content[] = "id 1\nattempt 1 2 x\n"
	    "backoff_until 3155760001\nkid_until 3155760001\n"
	    "failures 1001\nfruitless 1001\nrediscover 2\nrunning 2\n"
	    "provider_date 253402300800\ndate_seen 253402300800\n"
	    "cert_expires 253402300800\nresult fine\nerror %.*s\n\n";
	char text[1000], word[PJ_DETAIL_MAX + 1];
	struct pj_state got;

	(void)state;
	memset(word, 'x', sizeof(word));
	for (int more = 0; more <= 1; more++) {
		(void)snprintf(text, sizeof(text), content,
		    PJ_DETAIL_MAX + more, word);
		assert_int_equal(decode_state(text, &got, NULL), PJ_OK);
		assert_int_equal(strlen(got.error.detail),
		    more == 0 ? PJ_DETAIL_MAX : 0);
	}
	assert_int_equal(got.holds.backoff_until, 0);
	assert_int_equal(got.holds.kid_until, 0);
	assert_false(got.holds.running);
	assert_int_equal(got.failures, 0);
	assert_int_equal(got.fruitless, 0);
	assert_false(got.rediscover);
	assert_int_equal(got.provider_date, 0);
	assert_int_equal(got.date_seen, 0);
	assert_int_equal(got.cert_expires, 0);
	assert_false(got.has_result);
}

/* Found by fuzz_envelope: it would have stood in a log line as it was. */
static void
bug_a_state_file_could_bring_quotes_into_a_detail(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_STATE_MAX);
	struct pj_state odd = busy, got;

	(void)state;
	(void)strcpy(odd.error.detail, "GET: \" user=root");
	assert_int_equal(pj_state_encode(&odd, "abc", &buf, NULL), PJ_OK);
	assert_int_equal(pj_state_decode(pj_buf_span(&buf), "abc", &got, NULL),
	    PJ_OK);
	assert_string_equal(got.error.detail, "");
	assert_int_equal(got.failures, 3);
}

static void
a_blank_state_can_be_written(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_STATE_MAX);
	struct pj_state blank = { .result = PJ_OK }, got;

	(void)state;
	assert_int_equal(pj_state_encode(&blank, "abc", &buf, NULL), PJ_OK);
	assert_int_equal(pj_state_decode(pj_buf_span(&buf), "abc", &got, NULL),
	    PJ_OK);
	assert_false(got.has_result);
	assert_string_equal(got.error.detail, "");
	pj_buf_clear(&buf);
	assert_int_equal(pj_state_encode(&blank, "a\nb", &buf, NULL),
	    PJ_CACHE_INVALID);
	assert_int_equal(buf.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_data_file_comes_back),
		cmocka_unit_test(a_data_file_cut_anywhere_is_refused),
		cmocka_unit_test(a_data_file_with_any_byte_changed_is_refused),
		cmocka_unit_test(
		    unknown_names_are_ignored_and_optional_ones_may_lack),
		cmocka_unit_test(malformed_headers_are_refused),
		cmocka_unit_test(a_header_lacks_none_of_its_lines),
		cmocka_unit_test(a_header_has_so_many_lines_and_no_more),
		cmocka_unit_test(malformed_stamps_and_numbers_are_refused),
		cmocka_unit_test(another_version_or_kind_is_refused),
		cmocka_unit_test(what_a_provider_says_cannot_break_a_line),
		cmocka_unit_test(validators_have_a_bound),
		cmocka_unit_test(times_before_1970_are_written_as_none),
		cmocka_unit_test(what_does_not_fit_leaves_nothing),
		cmocka_unit_test(names_and_values_have_bounds),
		cmocka_unit_test(a_state_file_comes_back),
		cmocka_unit_test(a_damaged_or_foreign_state_file_is_refused),
		cmocka_unit_test(a_malformed_state_is_refused_with_a_reason),
		cmocka_unit_test(a_state_says_no_more_than_can_be),
		cmocka_unit_test(
		    bug_a_state_file_could_bring_quotes_into_a_detail),
		cmocka_unit_test(a_blank_state_can_be_written),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
