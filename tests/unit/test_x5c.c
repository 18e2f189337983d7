/*
 * Keys in certificates: beside bare members, instead of them, and malformed.
 */
#include "jose/x5c.h"
#include "jose_util.h"
#include "tests/unit/tokens.h"

static const char *
with_x5c(const char *members, const char *cert)
{
	return text_of("{%s,\"x5c\":[\"%s\"]}", members, cert);
}

static const char *
both(const char *jwk, const char *cert)
{
	return text_of("{\"x5c\":[\"%s\"],%s", cert, REST(jwk));
}

static void
test_x5c_agrees(void **state)
{
	static const struct {
		const char	*jwk;
		const char	*cert;
		const char	*kty;
		unsigned	 bits;
	} rows[] = {
		{ JWK_RSA, X5C_RSA, "\"kty\":\"RSA\"", 2048 },
		{ JWK_P256, X5C_P256, "\"kty\":\"EC\"", 256 },
		{ JWK_P384, X5C_P384, "\"kty\":\"EC\"", 384 },
		{ JWK_P521, X5C_P521, "\"kty\":\"EC\",\"crv\":\"P-521\"",
		    521 },
		{ JWK_ED25519, X5C_ED25519, "\"kty\":\"OKP\"", 255 },
		{ JWK_ED448, X5C_ED448, "\"kty\":\"OKP\"", 448 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		KEY_SCOPED(bare, both(rows[i].jwk, rows[i].cert));
		KEY_SCOPED(alone, with_x5c(rows[i].kty, rows[i].cert));
		assert_status(PJ_OK, bare.jwk.status);
		assert_status(PJ_OK, alone.jwk.status);
		assert_false(bare.jwk.from_x5c);
		assert_true(alone.jwk.from_x5c);
		assert_int_equal(rows[i].bits, alone.jwk.bits);
		assert_int_equal(bare.jwk.kty, alone.jwk.kty);
		assert_int_equal(bare.jwk.crv, alone.jwk.crv);
		assert_true(pj_jwk_same_key(&bare.jwk, &alone.jwk));
		assert_status(PJ_OK, key_status(both(rows[i].jwk,
		    rows[i].cert)));
		assert_status(PJ_OK, key_status(with_x5c(rows[i].kty,
		    rows[i].cert)));
		assert_status(PJ_OK, pj_jwk_check(&bare.jwk, &bare.err));
		assert_status(PJ_OK, pj_jwk_check(&alone.jwk, &alone.err));
	}
}

static void
test_x5c_differs(void **state)
{
	const struct row rows[] = {
		{ "RSA", PJ_KEY_X5C_DIFFERS, both(JWK_RSA, X5C_RSA_OTHER) },
		{ "EC", PJ_KEY_X5C_DIFFERS, both(JWK_SHORT, X5C_P256) },
		{ "curve", PJ_KEY_X5C_DIFFERS, both(JWK_P384, X5C_P256) },
		{ "type", PJ_KEY_X5C_DIFFERS, both(JWK_RSA, X5C_P256) },
	};
	const struct row more[] = {
		{ "kind", PJ_KEY_X5C_DIFFERS, both(JWK_P256, X5C_SECP256K1) },
		{ "kty alone", PJ_KEY_X5C_DIFFERS, with_x5c("\"kty\":\"EC\"",
		    X5C_RSA) },
		{ "crv alone", PJ_KEY_X5C_DIFFERS, with_x5c(
		    "\"kty\":\"EC\",\"crv\":\"P-256\"", X5C_P384) },
		{ "OKP", PJ_KEY_X5C_DIFFERS, both(JWK_ED25519, X5C_ED448) },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
	check_rows(more, COUNT(more));
}

static void
test_x5c_sizes(void **state)
{
	const struct row rows[] = {
		{ "2040", PJ_KEY_SIZE_REFUSED, with_x5c("\"kty\":\"RSA\"",
		    X5C_RSA_2040) },
		{ "8200", PJ_KEY_SIZE_REFUSED, with_x5c("\"kty\":\"RSA\"",
		    X5C_RSA_8200) },
		{ "16384", PJ_KEY_SIZE_REFUSED, with_x5c("\"kty\":\"RSA\"",
		    X5C_RSA_16384) },
		{ "long e", PJ_KEY_SIZE_REFUSED, with_x5c("\"kty\":\"RSA\"",
		    X5C_RSA_LONG_E) },
		{ "e = 3", PJ_KEY_SIZE_REFUSED, with_x5c("\"kty\":\"RSA\"",
		    X5C_RSA_E3) },
		{ "secp256k1", PJ_KEY_TYPE_UNSUPPORTED, with_x5c(
		    "\"kty\":\"EC\"", X5C_SECP256K1) },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
	assert_status(PJ_KEY_MALFORMED, key_status(text_of(
	    "{\"x5c\":[\"%s\"]}", X5C_RSA)));
	/* One bare member of two is a mistake, not a key from x5c. */
	assert_status(PJ_KEY_MALFORMED, key_status(with_x5c(
	    "\"kty\":\"RSA\",\"e\":\"AQAB\"", X5C_RSA)));
	assert_status(PJ_KEY_MALFORMED, key_status(with_x5c(text_of(
	    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\"", P256_X),
	    X5C_P256)));
}

#define EIGHT(entry)							\
	entry "," entry "," entry "," entry "," entry "," entry "," entry ","	\
	entry

/* What pj_jwk_read sees without decoding. */
static void
test_x5c_shape(void **state)
{
	static const char *const values[] = {
		"true", "[]", "\"" X5C_RSA "\"", "{}", "[1]", "[null]",
		"[\"\"]", "[\"" X5C_RSA "\",1]", "[[\"" X5C_RSA "\"]]",
		"[\"" X5C_RSA "\"," EIGHT("\"" X5C_P256 "\"") "]",
	};
	char big[(PJ_X5C_ENTRY_MAX + 2) / 3 * 4 + 5];

	(void)state;
	memset(big, 'A', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	for (size_t i = 0; i < COUNT(values) + 2; i++) {
		const char *value = i < COUNT(values) ? values[i] :
		    i == COUNT(values) ? text_of("[\"%s\"]", big) :
		    text_of("[\"%s\",\"%s\"]", X5C_RSA, big);

		KEY_SCOPED(key, text_of("{\"x5c\":%s,%s", value,
		    REST(JWK_RSA)));
		check_status(value, PJ_KEY_X5C_INVALID, key.jwk.status);
		check_status(value, PJ_KEY_X5C_INVALID, key_status(text_of(
		    "{\"x5c\":%s,\"kty\":\"RSA\"}", value)));
	}
}

static void
test_x5c_base64(void **state)
{
	static const char *const entries[] = {
		"-", "MII=", "MIIC", " " X5C_RSA, X5C_RSA "\\n", "AAAA" X5C_RSA,
		X5C_RSA "AAAA", "MIIC\\n" X5C_RSA,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(entries); i++) {
		check_status(entries[i], PJ_KEY_X5C_INVALID,
		    key_status(both(JWK_RSA, entries[i])));
		check_status(entries[i], PJ_KEY_X5C_INVALID,
		    key_status(with_x5c("\"kty\":\"RSA\"", entries[i])));
	}
}

/* Eight are fine, whatever keys the others hold; they must be certificates. */
static void
test_x5c_chain(void **state)
{
	(void)state;
	KEY_SCOPED(longest, "{\"kty\":\"EC\",\"x5c\":["
	    EIGHT("\"" X5C_P256 "\"") "]}");
	assert_status(PJ_OK, pj_jwk_check(&longest.jwk, &longest.err));
	KEY_SCOPED(chain, text_of("{\"x5c\":[\"%s\",\"%s\"],%s", X5C_RSA,
	    X5C_SECP256K1, REST(JWK_RSA)));
	assert_status(PJ_OK, pj_jwk_check(&chain.jwk, &chain.err));
	KEY_SCOPED(broken, text_of("{\"x5c\":[\"%s\",\"AAAA\"],%s", X5C_RSA,
	    REST(JWK_RSA)));
	assert_status(PJ_OK, broken.jwk.status);
	assert_status(PJ_KEY_X5C_INVALID, pj_jwk_check(&broken.jwk,
	    &broken.err));
}

struct edit {
	const char	*what;
	const char	*from;		/* hexadecimal, found once or first */
	const char	*to;
};

/* Replaces bytes of a certificate; returns it in base64. */
static const char *
edited(const char *cert, const struct edit *edits, size_t count)
{
	unsigned char	der[1024];
	char		text[1400];
	size_t		len;

	assert_status(PJ_OK, pj_b64_decode(pj_span_str(cert), der,
	    sizeof(der) - 16, &len));
	for (size_t i = 0; i < count; i++) {
		long		 from_len;
		long		 to_len;
		unsigned char	*from = OPENSSL_hexstr2buf(edits[i].from,
				    &from_len);
		unsigned char	*to = OPENSSL_hexstr2buf(edits[i].to, &to_len);
		unsigned char	*at = memmem(der, len, from, (size_t)from_len);

		if (at == NULL)
			fail_msg("%s: nothing to replace", edits[i].what);
		memmove(at + to_len, at + from_len,
		    len - (size_t)(at + from_len - der));
		memcpy(at, to, (size_t)to_len);
		len = len + (size_t)to_len - (size_t)from_len;
		OPENSSL_free(from);
		OPENSSL_free(to);
	}
	EVP_EncodeBlock((unsigned char *)text, der, (int)len);
	return text_of("%s", text);
}

/* Each defect alone, all lengths around it right. */
static void
test_x5c_der(void **state)
{
	static const struct edit inner_length[] = {
		{ "a length inside a name", "310f300d0603550403",
		    "310e300d0603550403" },
	};
	static const struct edit unused_bits[] = {
		{ "unused bits", "03420004", "03420104" },
	};
	static const struct edit hybrid[] = {
		{ "a hybrid point", "03420004", "03420006" },
	};
	static const struct edit explicit[] = {
		{ "curve of another type", "06082a8648ce3d030107",
		    "04082a8648ce3d030107" },
	};
	static const struct {
		const struct edit	*edits;
		size_t			 count;
	} rows[] = {
		{ inner_length, 1 }, { unused_bits, 1 }, { hybrid, 1 },
		{ explicit, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *cert = edited(X5C_P256, rows[i].edits,
		    rows[i].count);

		check_status(rows[i].edits->what, PJ_KEY_X5C_INVALID,
		    key_status(both(JWK_P256, cert)));
		check_status(rows[i].edits->what, PJ_KEY_X5C_INVALID,
		    key_status(with_x5c("\"kty\":\"EC\"", cert)));
	}
}

/* Cut off anywhere, in a buffer of exactly that size. */
static void
test_x5c_cut(void **state)
{
	unsigned char	der[1024];
	struct pj_spki	spki;
	size_t		len;

	(void)state;
	assert_status(PJ_OK, pj_b64_decode(pj_span_str(X5C_P256), der,
	    sizeof(der), &len));
	assert_status(PJ_OK, pj_x5c_spki(pj_span(der, len), &spki, NULL));
	for (size_t cut = 1; cut < len; cut++) {
		unsigned char *copy = malloc(cut);

		assert_non_null(copy);
		memcpy(copy, der, cut);
		assert_status(PJ_KEY_X5C_INVALID, pj_x5c_spki(pj_span(copy,
		    cut), &spki, NULL));
		free(copy);
	}
}

/* The certificate of Ed25519 is small: outer 30 81 de, inner 30 81 91. */
static void
test_x5c_lengths(void **state)
{
	static const struct edit same[] = {
		{ "outer", "3081de3081", "3081de3081" },
	};
	static const struct edit longer_short[] = {
		{ "outer", "3081de308191a003", "3081df308192a08103" },
	};
	static const struct edit longer_long[] = {
		{ "outer", "3081de", "308200de" },
	};
	static const struct edit parameters[] = {
		{ "outer", "3081de308191", "3081e0308193" },
		{ "key", "302a300506032b6570", "302c300706032b65700500" },
	};
	static const struct edit behind[] = {
		{ "outer", "3081de", "3081e0" },
		{ "signature", "300506032b6570034100",
		    "300506032b6570034100" },
	};
	const char *bare = text_of("%s", JWK_ED25519);
	char with_null[600];

	(void)state;
	assert_status(PJ_OK, key_status(both(bare, edited(X5C_ED25519, same,
	    1))));
	assert_status(PJ_KEY_X5C_INVALID, key_status(both(bare, edited(
	    X5C_ED25519, longer_short, 1))));
	assert_status(PJ_KEY_X5C_INVALID, key_status(both(bare, edited(
	    X5C_ED25519, longer_long, 1))));
	assert_status(PJ_KEY_X5C_INVALID, key_status(both(bare, edited(
	    X5C_ED25519, parameters, 2))));
	/* A NULL behind the certificate, and behind its signature in it. */
	for (size_t inside = 0; inside < 2; inside++) {
		unsigned char	der[600];
		size_t		len;

		assert_status(PJ_OK, pj_b64_decode(pj_span_str(edited(
		    X5C_ED25519, behind, inside == 1 ? 2 : 0)), der,
		    sizeof(der) - 2, &len));
		der[len++] = 5;
		der[len++] = 0;
		EVP_EncodeBlock((unsigned char *)with_null, der, (int)len);
		assert_status(PJ_KEY_X5C_INVALID, key_status(both(bare,
		    with_null)));
	}
}

/*
 * What is DER, but no certificate for OpenSSL: a date of another type.  Beside
 * bare members the helper finds it; alone it is refused at once.
 */
static void
test_x5c_full(void **state)
{
	static const struct edit date[] = {
		{ "date", "170d3230", "0c0d3230" },
	};
	const char	*cert = edited(X5C_P256, date, 1);
	unsigned char	 der[1024] = { 0 };
	size_t		 len;

	(void)state;
	KEY_SCOPED(key, both(JWK_P256, cert));
	assert_status(PJ_OK, key_status(both(JWK_P256, cert)));
	assert_status(PJ_KEY_X5C_INVALID, pj_jwk_check(&key.jwk, &key.err));
	assert_status(PJ_KEY_X5C_INVALID, key_status(with_x5c(
	    "\"kty\":\"EC\"", cert)));
	assert_status(PJ_OK, pj_b64_decode(pj_span_str(X5C_P256), der,
	    sizeof(der), &len));
	assert_status(PJ_OK, pj_x5c_full(pj_span(der, len), NULL));
	assert_status(PJ_KEY_X5C_INVALID, pj_x5c_full(pj_span(der, len + 1),
	    NULL));
	assert_status(PJ_KEY_X5C_INVALID, pj_x5c_full(pj_span(der, len - 1),
	    NULL));
	assert_int_equal(0, ERR_peek_error());
}

/* Each bit of a certificate: the key loads only if it is still the same. */
static void
test_x5c_bits(void **state)
{
	unsigned char	der[1024];
	char		text[1400];
	size_t		len;
	unsigned	good = 0;

	(void)state;
	assert_status(PJ_OK, pj_b64_decode(pj_span_str(X5C_P256), der,
	    sizeof(der), &len));
	for (size_t bit = 0; bit < len * 8; bit++) {
		enum pj_status status;

		der[bit / 8] ^= (unsigned char)(1 << bit % 8);
		EVP_EncodeBlock((unsigned char *)text, der, (int)len);
		status = key_status(both(JWK_P256, text));
		if (status == PJ_OK)
			good++;
		else if (status != PJ_KEY_X5C_INVALID)
			assert_status(PJ_KEY_X5C_DIFFERS, status);
		der[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	/* Names, dates and the certificate's signature are not looked at. */
	assert_in_range(good, 100, len * 8 - 600);
	for (size_t cut = 0; cut < len; cut++) {
		EVP_EncodeBlock((unsigned char *)text, der, (int)cut);
		assert_status(PJ_KEY_X5C_INVALID, key_status(both(JWK_P256,
		    text)));
	}
	der[len] = 0;
	EVP_EncodeBlock((unsigned char *)text, der, (int)len + 1);
	assert_status(PJ_KEY_X5C_INVALID, key_status(both(JWK_P256, text)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x5c_agrees),
		cmocka_unit_test(test_x5c_differs),
		cmocka_unit_test(test_x5c_sizes),
		cmocka_unit_test(test_x5c_shape),
		cmocka_unit_test(test_x5c_base64),
		cmocka_unit_test(test_x5c_chain),
		cmocka_unit_test(test_x5c_der),
		cmocka_unit_test(test_x5c_cut),
		cmocka_unit_test(test_x5c_lengths),
		cmocka_unit_test(test_x5c_full),
		cmocka_unit_test(test_x5c_bits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
