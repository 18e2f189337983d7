/*
 * fetch/answer.h and fetch/harvest.h against a worker that writes anything:
 * genuine answers that were changed, and random bytes.  What is believed must be
 * what a worker could say, whatever it did say.  With PJ_LONG=1 it tries longer.
 * The first number of a failure's message makes the answer again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/url.h"
#include "fetch/harvest.h"

#define ROUNDS		20000
#define ROUNDS_LONG	2000000

#define ISSUER		"https://a.test"
#define OLD_URI		ISSUER "/old.json"

/* RFC 8037 appendix A.2. */
#define KEY	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k1\"," \
		"\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

static const char set[] = "{\"keys\":[" KEY "]}";
static const char discovery[] =
    "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"" ISSUER "/k.json\"}";

/* xorshift64; the same on every machine. */
static uint64_t
draw(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static size_t
below(uint64_t *seed, size_t limit)
{
	return limit == 0 ? 0 : (size_t)(draw(seed) % limit);
}

static void
add(enum pj_answer_kind kind, enum pj_status result, long http,
    const char *body, struct pj_buf *out)
{
	struct pj_answer answer = {
		.result = result, .http = http, .cert_expires = 1800000000,
		.body = pj_span_str(body),
	};

	(void)stpcpy(answer.headers.cache_control, "max-age=600");
	(void)stpcpy(answer.headers.etag, "\"v1\"");
	(void)stpcpy(answer.headers.date, "Sun, 06 Nov 1994 08:49:37 GMT");
	if (result != PJ_OK)
		(void)stpcpy(answer.error.detail, "GET x: no");
	assert_int_equal(pj_answer_encode(kind, &answer, out), PJ_OK);
}

/* One of the answers that honest workers give. */
static void
honest(size_t which, struct pj_buf *out)
{
	pj_buf_clear(out);
	switch (which) {
	case 0:
		add(PJ_ANSWER_DISCOVERY, PJ_OK, 200, discovery, out);
		add(PJ_ANSWER_KEYS, PJ_OK, 200, set, out);
		return;
	case 1:
		add(PJ_ANSWER_KEYS, PJ_OK, 304, "", out);
		return;
	case 2:
		add(PJ_ANSWER_DISCOVERY, PJ_FETCH_TIMEOUT, 0, "", out);
		add(PJ_ANSWER_KEYS, PJ_OK, 200, set, out);
		return;
	default:
		add(PJ_ANSWER_KEYS, PJ_FETCH_FAILED, 0, "", out);
		return;
	}
}

/* Pieces that a mutation puts in. */
static const char *const pieces[] = {
	"\n", "\n\n", " ", "kind keys\n", "kind discovery\n", "result ok\n",
	"http 200\n", "body 0\n\n", "body 524288\n", "error x\n", "etag x\n",
	"\"", "\\", "{", "}", "[", "]", "null", "0", "-1", "304",
	"18446744073709551616", "https://b.test", "\xff", (KEY),
};

static void
replace(struct pj_buf *buf, size_t at, size_t len, struct pj_span by)
{
	PJ_BUF_SCOPED(fresh, PJ_ANSWER_MAX);

	assert_int_equal(pj_buf_append(&fresh, pj_span(buf->ptr, at)), PJ_OK);
	assert_int_equal(pj_buf_append(&fresh, by), PJ_OK);
	assert_int_equal(pj_buf_append(&fresh,
	    pj_span_from(pj_buf_span(buf), at + len)), PJ_OK);
	pj_buf_clear(buf);
	assert_int_equal(pj_buf_append(buf, pj_buf_span(&fresh)), PJ_OK);
}

static void
mutate(uint64_t *seed, struct pj_buf *buf)
{
	size_t at = below(seed, buf->len), len = below(seed, 20);
	const char *piece;
	unsigned char byte;

	if (buf->len == 0)
		return;
	if (len > buf->len - at)
		len = buf->len - at;
	switch (below(seed, 5)) {
	case 0:
		byte = (unsigned char)draw(seed);
		replace(buf, at, 1, pj_span(&byte, 1));
		return;
	case 1:
		buf->ptr[at] ^= (unsigned char)(1U << below(seed, 8));
		return;
	case 2:
		replace(buf, at, len, pj_span("", 0));
		return;
	case 3:
		piece = pieces[below(seed, sizeof(pieces) / sizeof(*pieces))];
		replace(buf, at, below(seed, 2) * len, pj_span_str(piece));
		return;
	default:
		/* A part of it once more, somewhere. */
		{
			PJ_BUF_SCOPED(copy, PJ_ANSWER_MAX);

			assert_int_equal(pj_buf_append(&copy,
			    pj_span(buf->ptr + at, len)), PJ_OK);
			replace(buf, below(seed, buf->len), 0,
			    pj_buf_span(&copy));
		}
		return;
	}
}

static bool
is_inside(struct pj_span part, struct pj_span whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr &&
	    part.ptr + part.len <= whole.ptr + whole.len);
}

static bool
is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL &&
	    pj_span_printable(pj_span_str(text));
}

/* What must hold of a decoded answer, said or not. */
static bool
answer_is_sane(const struct pj_answer *answer, struct pj_span text)
{
	struct pj_http_headers headers = answer->headers;

	if (!answer->present)
		return answer->body.len == 0 && answer->http == 0;
	for (size_t i = 0; i < PJ_HTTP_FIELDS; i++)
		if (!is_text(pj_http_field(&headers, &pj_http_fields[i]),
		    pj_http_fields[i].size))
			return false;
	if (answer->result == PJ_OK ? answer->http < 100 :
	    answer->body.len != 0 || (answer->result != PJ_FETCH_FAILED &&
	    answer->result != PJ_FETCH_TIMEOUT))
		return false;
	return answer->http <= 999 && is_inside(answer->body, text) &&
	    is_text(answer->error.detail, sizeof(answer->error.detail)) &&
	    pj_is_escaped(pj_span_str(answer->error.detail));
}

/* What must hold of a harvest. */
static bool
harvest_is_sane(const struct pj_harvest *harvest, enum pj_status status,
    struct pj_span text)
{
	static const enum pj_status failures[] = {
		PJ_FETCH_FAILED, PJ_FETCH_TIMEOUT, PJ_KEYSET_INVALID,
		PJ_DISCOVERY_INVALID, PJ_DISCOVERY_ISSUER_DIFFERS,
	};
	struct pj_span uri = pj_span_str(harvest->jwks_uri);

	if (!is_text(harvest->unsound, sizeof(harvest->unsound)))
		return false;
	if (uri.len > 0 && pj_url_check_https(uri, NULL) != PJ_OK)
		return false;
	if (status == PJ_OK)
		return uri.len > 0 && is_inside(harvest->body, text) &&
		    (harvest->not_modified ? harvest->body.len == 0 :
		    harvest->usable > 0 && harvest->body.len > 0);
	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++)
		if (status == failures[i])
			return true;
	return false;
}

/* Both readers, with each kind of question; false: something is odd. */
static bool
read_both(struct pj_span text)
{
	const struct pj_plan plans[] = {
		{
			.discovery_url = ISSUER "/d", .issuer = ISSUER,
			.jwks_uri = OLD_URI,
		}, {
			.discovery_url = ISSUER "/d", .issuer = ISSUER,
		}, {
			.issuer = ISSUER, .jwks_uri = OLD_URI,
			.validators_for = pj_span_str(OLD_URI),
			.etag = pj_span_str("\"v1\""),
		},
	};
	struct pj_answer answers[PJ_ANSWER_KINDS];
	struct pj_harvest harvest;
	enum pj_status status;

	status = pj_answers_decode(text, answers, NULL);
	for (size_t i = 0; i < PJ_ANSWER_KINDS; i++)
		if (!answer_is_sane(&answers[i], text) ||
		    (status != PJ_OK && answers[i].present))
			return false;
	for (size_t i = 0; i < sizeof(plans) / sizeof(*plans); i++) {
		struct pj_error err = { "" };

		status = pj_harvest(&plans[i], i == 2, text, INT64_MAX,
		    &harvest, &err);
		if (!harvest_is_sane(&harvest, status, text) ||
		    !is_text(err.detail, sizeof(err.detail)) ||
		    !pj_is_escaped(pj_span_str(err.detail)) ||
		    (status != PJ_OK && err.detail[0] == '\0'))
			return false;
		/* Only who was asked conditionally can say 304. */
		if (status == PJ_OK && harvest.not_modified && i != 2)
			return false;
	}
	return true;
}

static unsigned long
rounds(void)
{
	const char *word = getenv("PJ_LONG");

	return word != NULL && strcmp(word, "1") == 0 ? ROUNDS_LONG : ROUNDS;
}

static void
honest_answers_are_read(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_ANSWER_MAX);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		honest(i, &buf);
		assert_true(read_both(pj_buf_span(&buf)));
	}
}

static void
changed_answers_do_no_harm(void **state)
{
	PJ_BUF_SCOPED(buf, PJ_ANSWER_MAX);
	unsigned long count = rounds();

	(void)state;
	for (unsigned long round = 1; round <= count; round++) {
		uint64_t seed = round * 0x9e3779b97f4a7c15ULL;
		size_t changes;

		honest(below(&seed, 4), &buf);
		changes = 1 + below(&seed, 6);
		while (changes-- > 0)
			mutate(&seed, &buf);
		if (!read_both(pj_buf_span(&buf)))
			fail_msg("%lu: %.*s", round,
			    PJ_SPAN_ARG(pj_buf_span(&buf)));
	}
}

static void
random_bytes_are_refused(void **state)
{
	unsigned char bytes[300];
	struct pj_answer answers[PJ_ANSWER_KINDS];
	unsigned long count = rounds();

	(void)state;
	for (unsigned long round = 1; round <= count; round++) {
		uint64_t seed = round * 0x9e3779b97f4a7c15ULL;
		size_t len = below(&seed, sizeof(bytes) + 1);

		for (size_t i = 0; i < len; i++)
			bytes[i] = (unsigned char)draw(&seed);
		if (!read_both(pj_span(bytes, len)) ||
		    pj_answers_decode(pj_span(bytes, len), answers, NULL) !=
		    PJ_FETCH_FAILED)
			fail_msg("%lu", round);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_answers_are_read),
		cmocka_unit_test(changed_answers_do_no_harm),
		cmocka_unit_test(random_bytes_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
