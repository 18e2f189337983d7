/*
 * fetch/harvest.h: what the worker's answers are worth, and that judging them
 * ends in time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "fetch/harvest.h"
#include "jose/b64url.h"
#include "keys/version.h"

#define URI		"https://a.test/keys"
#define GOOD								\
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"good\","		\
	"\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","	\
	"\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}"

static struct pj_buf body = PJ_BUF_INIT(PJ_BODY_MAX);
static struct pj_buf frames = PJ_BUF_INIT(PJ_ANSWER_MAX);
static struct pj_harvest harvest;
static struct pj_error err;

static int
clear(void **state)
{
	(void)state;
	pj_buf_free(&body);
	pj_buf_free(&frames);
	err.detail[0] = '\0';
	return 0;
}

static void
add(const char *text)
{
	assert_int_equal(pj_buf_append(&body, pj_span_str(text)), PJ_OK);
}

/* Judges the body as the answer to a question for keys. */
static enum pj_status
judge(int64_t until)
{
	const struct pj_plan plan = { .issuer = "https://a.test",
		.jwks_uri = URI };
	struct pj_answer answer = { .present = true, .http = 200 };

	answer.body = pj_buf_span(&body);
	assert_int_equal(pj_answer_encode(PJ_ANSWER_KEYS, &answer, &frames),
	    PJ_OK);
	return pj_harvest(&plan, false, pj_buf_span(&frames), until, &harvest,
	    &err);
}

/*
 * The product of two Mersenne primes: 7470 bits, and sound as far as OpenSSL can
 * tell.
 */
static void
huge_modulus(char text[2000])
{
	BIGNUM *p = BN_new(), *q = BN_new(), *n = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	unsigned char bytes[1024];
	int len;

	assert_int_equal(BN_set_bit(p, 4253), 1);
	assert_int_equal(BN_sub_word(p, 1), 1);
	assert_int_equal(BN_set_bit(q, 3217), 1);
	assert_int_equal(BN_sub_word(q, 1), 1);
	assert_int_equal(BN_mul(n, p, q, ctx), 1);
	len = BN_bn2bin(n, bytes);
	assert_true(pj_b64url_encode(pj_span(bytes, (size_t)len), text, 2000));
	BN_free(p);
	BN_free(q);
	BN_free(n);
	BN_CTX_free(ctx);
}

static void
a_set_of_256_huge_keys_ends_in_time(void **state)
{
	char n[2000], key[2200];
	int64_t begun;

	(void)state;
	huge_modulus(n);
	add("{\"keys\":[");
	for (unsigned i = 0; i < 256; i++) {
		(void)snprintf(key, sizeof(key), "%s{\"kty\":\"RSA\","
		    "\"kid\":\"%u\",\"n\":\"%s\",\"e\":\"AQAB\"}",
		    i > 0 ? "," : "", i, n);
		add(key);
	}
	add("]}");
	begun = pj_now_ms();
	assert_int_equal(judge(begun + 400), PJ_OK);
	/* To check all of them takes half a minute. */
	assert_in_range(pj_now_ms() - begun, 0, 4000);
	/* What there was no time for is judged by every login, as ever. */
	assert_int_equal(harvest.usable, 256);
	assert_string_equal(harvest.unsound, "");
	/* Also where there is all the time in the world. */
	pj_buf_free(&frames);
	begun = pj_now_ms();
	assert_int_equal(judge(INT64_MAX), PJ_OK);
	assert_in_range(pj_now_ms() - begun, 0, 9000);
}

/* 2^2048 - 1, which is a multiple of 3. */
static void
unsound_key(char text[700])
{
	char n[343];

	memset(n, '_', 341);
	n[341] = 'w';
	n[342] = '\0';
	(void)snprintf(text, 700, "{\"kty\":\"RSA\",\"kid\":\"bad\",\"n\":"
	    "\"%s\",\"e\":\"AQAB\"}", n);
}

static void
an_unsound_key_is_told_apart_for_every_login(void **state)
{
	struct pj_jwks *jwks = NULL;
	char key[700];

	(void)state;
	unsound_key(key);
	add("{\"keys\":[" GOOD ",");
	add(key);
	add("]}");
	assert_int_equal(judge(INT64_MAX), PJ_OK);
	assert_int_equal(harvest.usable, 1);
	assert_string_equal(harvest.unsound, "1 key_size_refused");
	/* A login cannot find that out by itself. */
	assert_int_equal(pj_jwks_parse(pj_buf_span(&body), &jwks, NULL),
	    PJ_OK);
	assert_int_equal(pj_jwks_usable(jwks), 2);
	pj_version_skip(jwks, pj_span_str(harvest.unsound));
	assert_int_equal(pj_jwks_usable(jwks), 1);
	assert_int_equal(pj_jwks_at(jwks, 1)->status, PJ_KEY_SIZE_REFUSED);
	pj_jwks_free(jwks);
}

static void
a_set_of_unsound_keys_is_none(void **state)
{
	char key[700];

	(void)state;
	unsound_key(key);
	add("{\"keys\":[");
	add(key);
	add("]}");
	assert_int_equal(judge(INT64_MAX), PJ_KEYSET_INVALID);
	assert_true(harvest.unusable);
	assert_non_null(strstr(err.detail, URI));
}

static void
foreign_words_about_keys_skip_nothing(void **state)
{
	static const char *const words[] = {
		"", " ", "0", "0 ok", "0 nonsense", "x key_malformed",
		"257 key_malformed", "1 key_malformed", "-1 key_malformed",
		"00000000000000000000 ", "  0  key_malformed",
	};
	struct pj_jwks *jwks = NULL;

	(void)state;
	add("{\"keys\":[" GOOD "]}");
	assert_int_equal(pj_jwks_parse(pj_buf_span(&body), &jwks, NULL),
	    PJ_OK);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		pj_version_skip(jwks, pj_span_str(words[i]));
	assert_int_equal(pj_jwks_usable(jwks), 1);
	pj_jwks_free(jwks);
}

/* ---- what was asked, what came, and what it is worth --------------------- */

#define ISSUER		"https://a.test"
#define DISCOVERY_URL	ISSUER "/.well-known/openid-configuration"
#define ELSEWHERE	"https://a.test/elsewhere"
#define DOCUMENT(iss)	"{\"issuer\":\"" iss "\",\"jwks_uri\":\"" ELSEWHERE "\"}"

enum {
	KNOWN = 1,	/* where the keys are was known */
	ASKED = 2,	/* discovery is asked */
	COPY = 4,	/* there are keys that a 304 could confirm */
	ETAG = 8, MODIFIED = 16,	/* the validators that were sent */
	FOR_OTHER = 32,	/* ... for keys from another place */
	WITHOUT = 64,	/* the copy came without validators */
};

/* http 0: there is no such frame; below 0: a failure instead of an answer. */
static enum pj_status
come(unsigned asked, int discovery_http, const char *document, int keys_http)
{
	struct pj_plan plan = { .issuer = ISSUER };
	struct pj_answer answer = { .cert_expires = 7 };

	pj_buf_free(&frames);
	err.detail[0] = '\0';
	if (asked & KNOWN)
		plan.jwks_uri = URI;
	if (asked & ASKED)
		plan.discovery_url = DISCOVERY_URL;
	if (asked & ETAG)
		plan.etag = pj_span_str("\"v1\"");
	if (asked & MODIFIED)
		plan.last_modified = pj_span_str("then");
	if (asked & (ETAG | MODIFIED | WITHOUT))
		plan.validators_for = pj_span_str(asked & FOR_OTHER ?
		    ISSUER "/other" : URI);
	(void)strcpy(answer.headers.age, "1");
	if (discovery_http != 0) {
		answer.http = discovery_http > 0 ? discovery_http : 0;
		answer.result = discovery_http > 0 ? PJ_OK : PJ_FETCH_TIMEOUT;
		(void)strcpy(answer.error.detail, discovery_http > 0 ? "" :
		    "discovery is late");
		answer.body = pj_span_str(discovery_http > 0 ? document : "");
		assert_int_equal(pj_answer_encode(PJ_ANSWER_DISCOVERY, &answer,
		    &frames), PJ_OK);
	}
	(void)strcpy(answer.headers.age, "2");
	answer.cert_expires = keys_http == 201 ? 0 : 9;
	if (keys_http != 0) {
		answer.http = keys_http > 0 ? keys_http : 0;
		answer.result = keys_http > 0 ? PJ_OK : PJ_FETCH_TIMEOUT;
		(void)strcpy(answer.error.detail, keys_http > 0 ? "" :
		    "the keys are late");
		answer.body = pj_span_str(keys_http == 200 ?
		    "{\"keys\":[" GOOD "]}" : "");
		assert_int_equal(pj_answer_encode(PJ_ANSWER_KEYS, &answer,
		    &frames), PJ_OK);
	}
	return pj_harvest(&plan, (asked & COPY) != 0, pj_buf_span(&frames),
	    INT64_MAX, &harvest, &err);
}

static void
a_304_counts_only_where_it_was_asked_for(void **state)
{
	static const struct {
		unsigned	asked;
		enum pj_status	status;
	} cases[] = {
		{ KNOWN | COPY | ETAG, PJ_OK },
		{ KNOWN | COPY | MODIFIED, PJ_OK },
		{ KNOWN | COPY | ETAG | MODIFIED, PJ_OK },
		{ KNOWN | COPY, PJ_FETCH_FAILED },
		{ KNOWN | COPY | WITHOUT, PJ_FETCH_FAILED },
		{ KNOWN | ETAG, PJ_FETCH_FAILED },
		{ KNOWN | COPY | ETAG | FOR_OTHER, PJ_FETCH_FAILED },
		{ ASKED | KNOWN | COPY | ETAG, PJ_FETCH_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(come(cases[i].asked,
		    cases[i].asked & ASKED ? 200 : 0, DOCUMENT(ISSUER), 304),
		    cases[i].status);
		assert_int_equal(harvest.not_modified,
		    cases[i].status == PJ_OK);
		assert_int_equal(harvest.body.len, 0);
	}
}

static void
only_200_brings_keys_and_only_404_and_410_say_that_they_moved(void **state)
{
	static const struct {
		int		 http;
		enum pj_status	 status;
		bool		 moved;
		const char	*words;
	} cases[] = {
		{ 200, PJ_OK, false, "" },
		{ 201, PJ_FETCH_FAILED, false, "GET " URI ": HTTP 201" },
		{ 301, PJ_FETCH_FAILED, false, "GET " URI ": HTTP 301; "
		    "redirects are not followed, configure the final URL" },
		{ 399, PJ_FETCH_FAILED, false, "GET " URI ": HTTP 399; "
		    "redirects are not followed, configure the final URL" },
		{ 400, PJ_FETCH_FAILED, false, "GET " URI ": HTTP 400" },
		{ 404, PJ_FETCH_FAILED, true, "GET " URI ": HTTP 404" },
		{ 410, PJ_FETCH_FAILED, true, "GET " URI ": HTTP 410" },
		{ 503, PJ_FETCH_FAILED, false, "GET " URI ": HTTP 503" },
		{ -1, PJ_FETCH_TIMEOUT, false, "the keys are late" },
		{ 0, PJ_FETCH_FAILED, false,
		    "the fetching process ended without an answer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(come(KNOWN, 0, NULL, cases[i].http),
		    cases[i].status);
		assert_int_equal(harvest.moved, cases[i].moved);
		assert_string_equal(err.detail, cases[i].words);
		assert_int_equal(harvest.usable, cases[i].http == 200);
		assert_int_equal(harvest.body.len > 0, cases[i].http == 200);
	}
}

static void
discovery_decides_where_the_keys_are(void **state)
{
	static const char differs[] = DOCUMENT("https://b.test");
	static const struct {
		unsigned	 asked;
		int		 discovery;
		const char	*document;
		int		 keys;
		enum pj_status	 status;
		const char	*uri;
	} cases[] = {
		{ ASKED, 200, DOCUMENT(ISSUER), 200, PJ_OK, ELSEWHERE },
		{ ASKED | KNOWN, 200, DOCUMENT(ISSUER), 200, PJ_OK, ELSEWHERE },
		/* A place known of old will do ... */
		{ ASKED | KNOWN, 503, "", 200, PJ_OK, URI },
		{ ASKED | KNOWN, 200, "{}", 200, PJ_OK, URI },
		{ ASKED | KNOWN, 404, DOCUMENT(ISSUER), 200, PJ_OK, URI },
		{ ASKED | KNOWN, -1, "", 200, PJ_OK, URI },
		{ ASKED | KNOWN, 0, "", 200, PJ_OK, URI },
		/* ... if it is the issuer's, and if there is one. */
		{ ASKED | KNOWN, 200, differs, 200,
		    PJ_DISCOVERY_ISSUER_DIFFERS, NULL },
		{ ASKED, 503, "", 200, PJ_FETCH_FAILED, NULL },
		{ ASKED, 404, DOCUMENT(ISSUER), 200, PJ_FETCH_FAILED, NULL },
		{ ASKED, 200, "{}", 200, PJ_DISCOVERY_INVALID, NULL },
		{ ASKED, -1, "", 200, PJ_FETCH_TIMEOUT, NULL },
		{ ASKED, 0, "", 200, PJ_FETCH_FAILED, NULL },
		/* The first failure is told, where the keys were left out. */
		{ ASKED | KNOWN, -1, "", 0, PJ_FETCH_TIMEOUT, NULL },
		{ ASKED, 200, DOCUMENT(ISSUER), 0, PJ_FETCH_FAILED, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum pj_status status = come(cases[i].asked,
		    cases[i].discovery, cases[i].document, cases[i].keys);

		if (status != cases[i].status)
			fail_msg("%zu: %s %s", i, pj_status_name(status),
			    err.detail);
		assert_int_equal(harvest.discovered,
		    cases[i].discovery == 200 && strstr(cases[i].document,
		    "\"" ISSUER "\"") != NULL);
		if (cases[i].uri != NULL)
			assert_string_equal(harvest.jwks_uri, cases[i].uri);
		else
			assert_int_equal(harvest.body.len, 0);
	}
}

/* Only a worker gone bad tells of a failure and of a status. */
static void
a_failure_has_no_status(void **state)
{
	static const int codes[] = { 200, 304, 404 };
	const struct pj_plan plan = { .issuer = ISSUER,
		.discovery_url = DISCOVERY_URL, .jwks_uri = URI,
		.validators_for = { (const unsigned char *)URI,
		    sizeof(URI) - 1 },
		.etag = { (const unsigned char *)"e", 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		struct pj_answer answer = { .result = PJ_FETCH_TIMEOUT,
			.error = { "late" }, .http = codes[i] };

		pj_buf_free(&frames);
		assert_int_equal(pj_answer_encode(PJ_ANSWER_DISCOVERY, &answer,
		    &frames), PJ_OK);
		assert_int_equal(pj_answer_encode(PJ_ANSWER_KEYS, &answer,
		    &frames), PJ_OK);
		assert_int_equal(pj_harvest(&plan, true, pj_buf_span(&frames),
		    INT64_MAX, &harvest, &err), PJ_FETCH_TIMEOUT);
		assert_string_equal(err.detail, "late");
		assert_false(harvest.moved || harvest.not_modified);
		/* Nor is a document expected of discovery. */
		pj_buf_free(&frames);
		assert_int_equal(pj_answer_encode(PJ_ANSWER_DISCOVERY, &answer,
		    &frames), PJ_OK);
		assert_int_equal(pj_harvest(&plan, true, pj_buf_span(&frames),
		    INT64_MAX, &harvest, &err), PJ_FETCH_TIMEOUT);
	}
}

static void
what_is_told_is_the_first_trouble(void **state)
{
	(void)state;
	/* The worker could not begin: that is no word about discovery. */
	assert_int_equal(come(ASKED, 0, NULL, -1), PJ_FETCH_TIMEOUT);
	assert_string_equal(err.detail, "the keys are late");
	assert_int_equal(come(ASKED, -1, NULL, -1), PJ_FETCH_TIMEOUT);
	assert_string_equal(err.detail, "discovery is late");
	assert_int_equal(come(ASKED, 0, NULL, 200), PJ_FETCH_FAILED);
	assert_string_equal(err.detail,
	    "the fetching process left discovery out");
	assert_int_equal(come(ASKED, 200, DOCUMENT(ISSUER), 0),
	    PJ_FETCH_FAILED);
	assert_string_equal(err.detail,
	    "the fetching process left the keys out");
}

static void
the_last_answer_that_there_was_tells_of_pauses_and_certificates(void **state)
{
	(void)state;
	assert_int_equal(come(ASKED, 200, DOCUMENT(ISSUER), 200), PJ_OK);
	assert_string_equal(harvest.headers.age, "2");
	assert_int_equal(harvest.cert_expires, 9);
	/* One that does not know a date leaves the one before. */
	assert_int_equal(come(ASKED, 200, DOCUMENT(ISSUER), 201),
	    PJ_FETCH_FAILED);
	assert_string_equal(harvest.headers.age, "2");
	assert_int_equal(harvest.cert_expires, 7);
	assert_int_equal(come(ASKED, 503, "", 0), PJ_FETCH_FAILED);
	assert_string_equal(harvest.headers.age, "1");
	assert_int_equal(harvest.cert_expires, 7);
}

int
main(void)
{
#define harvest_test(f)	cmocka_unit_test_setup_teardown(f, clear, clear)
	const struct CMUnitTest tests[] = {
		harvest_test(a_set_of_256_huge_keys_ends_in_time),
		harvest_test(an_unsound_key_is_told_apart_for_every_login),
		harvest_test(a_set_of_unsound_keys_is_none),
		harvest_test(foreign_words_about_keys_skip_nothing),
		harvest_test(a_304_counts_only_where_it_was_asked_for),
		harvest_test(
		    only_200_brings_keys_and_only_404_and_410_say_that_they_moved),
		harvest_test(discovery_decides_where_the_keys_are),
		harvest_test(a_failure_has_no_status),
		harvest_test(what_is_told_is_the_first_trouble),
		harvest_test(
		    the_last_answer_that_there_was_tells_of_pauses_and_certificates),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
