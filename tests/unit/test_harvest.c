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

int
main(void)
{
#define harvest_test(f)	cmocka_unit_test_setup_teardown(f, clear, clear)
	const struct CMUnitTest tests[] = {
		harvest_test(a_set_of_256_huge_keys_ends_in_time),
		harvest_test(an_unsound_key_is_told_apart_for_every_login),
		harvest_test(a_set_of_unsound_keys_is_none),
		harvest_test(foreign_words_about_keys_skip_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
