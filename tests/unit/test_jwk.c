/*
 * Keys: which are usable, and what OpenSSL makes of them.
 */
#include <openssl/bn.h>

#include "jose/edwards.h"
#include "jose_util.h"
#include "tests/unit/tokens.h"

/* The base64url of a number of so many bits, all ones but for its last byte. */
static const char *
modulus(unsigned bits, unsigned char last)
{
	unsigned char	bytes[2048];
	char		out[2800];
	size_t		size = (bits + 7) / 8;

	memset(bytes, 0xff, size);
	if (bits % 8 != 0)
		bytes[0] = (unsigned char)(0xff >> (8 - bits % 8));
	bytes[size - 1] = last;
	assert_true(pj_b64url_encode(pj_span(bytes, size), out, sizeof(out)));
	return text_of("%s", out);
}

static const char *
rsa(const char *n, const char *e)
{
	return text_of("{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}", n, e);
}

static void
test_genuine(void **state)
{
	static const struct {
		const char	*text;
		enum pj_kty	 kty;
		enum pj_crv	 crv;
		unsigned	 bits;
	} rows[] = {
		{ JWK_RSA, PJ_KTY_RSA, PJ_CRV_NONE, 2048 },
		{ JWK_RSA_ODD, PJ_KTY_RSA, PJ_CRV_NONE, 2056 },
		{ JWK_P256, PJ_KTY_EC, PJ_CRV_P256, 256 },
		{ JWK_P384, PJ_KTY_EC, PJ_CRV_P384, 384 },
		{ JWK_P521, PJ_KTY_EC, PJ_CRV_P521, 521 },
		{ JWK_SHORT, PJ_KTY_EC, PJ_CRV_P256, 256 },
		{ JWK_ED25519, PJ_KTY_OKP, PJ_CRV_ED25519, 255 },
		{ JWK_ED448, PJ_KTY_OKP, PJ_CRV_ED448, 448 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		KEY_SCOPED(key, rows[i].text);
		assert_status(PJ_OK, key.jwk.status);
		assert_int_equal(rows[i].kty, key.jwk.kty);
		assert_int_equal(rows[i].crv, key.jwk.crv);
		assert_int_equal(rows[i].bits, key.jwk.bits);
		assert_null(key.jwk.alg);
		assert_false(key.jwk.has_kid &&
		    strstr(rows[i].text, "kid") == NULL);
		assert_false(key.jwk.from_x5c);
		assert_status(PJ_OK, key_status(rows[i].text));
		assert_status(PJ_OK, pj_jwk_check(&key.jwk, &key.err));
	}
}

static void
test_members(void **state)
{
	const struct row rows[] = {
		{ "no kty", PJ_KEY_MALFORMED, "{\"n\":\"AQ\",\"e\":\"AQAB\"}" },
		{ "kty type", PJ_KEY_MALFORMED, "{\"kty\":1}" },
		{ "kty null", PJ_KEY_MALFORMED, "{\"kty\":null}" },
		{ "empty", PJ_KEY_MALFORMED, "{}" },
		{ "oct", PJ_KEY_PRIVATE, "{\"kty\":\"oct\",\"k\":\"AQAB\"}" },
		{ "oct bare", PJ_KEY_PRIVATE, "{\"kty\":\"oct\"}" },
		{ "kty case", PJ_KEY_TYPE_UNSUPPORTED, "{\"kty\":\"rsa\"}" },
		{ "kty empty", PJ_KEY_TYPE_UNSUPPORTED, "{\"kty\":\"\"}" },
		{ "kty AKP", PJ_KEY_TYPE_UNSUPPORTED, "{\"kty\":\"AKP\"}" },
		{ "kty NUL", PJ_KEY_TYPE_UNSUPPORTED,
		    text_of("{\"kty\":\"RSA\\u0000\",\"n\":\"%s\","
		    "\"e\":\"AQAB\"}", RSA_N) },
		{ "kid type", PJ_KEY_MALFORMED,
		    text_of("{\"kid\":1,%s", REST(JWK_RSA)) },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void
test_kid(void **state)
{
	char kid[PJ_KID_MAX + 2];

	(void)state;
	memset(kid, 'k', sizeof(kid));
	kid[PJ_KID_MAX + 1] = '\0';
	assert_status(PJ_KEY_MALFORMED, key_status(text_of("{\"kid\":\"%s\",%s",
	    kid, REST(JWK_P256))));
	KEY_SCOPED(longest, text_of("{\"kid\":\"%s\",%s", kid + 1,
	    REST(JWK_P256)));
	assert_status(PJ_OK, longest.jwk.status);
	assert_true(longest.jwk.has_kid);
	assert_int_equal(PJ_KID_MAX, longest.jwk.kid.len);
	KEY_SCOPED(skipped, "{\"kid\":\"a\\u0000b\",\"kty\":\"oct\"}");
	assert_status(PJ_KEY_PRIVATE, skipped.jwk.status);
	assert_true(skipped.jwk.has_kid);
	assert_int_equal(3, skipped.jwk.kid.len);
}

static void
test_private(void **state)
{
	static const char *const members[] = {
		"d", "p", "q", "dp", "dq", "qi", "oth", "k",
	};
	static const char *const values[] = { "\"AQAB\"", "{}", "[]", "1" };

	(void)state;
	for (size_t i = 0; i < COUNT(members); i++)
		for (size_t j = 0; j < COUNT(values); j++)
			check_status(members[i], PJ_KEY_PRIVATE,
			    key_status(text_of("{\"%s\":%s,%s", members[i],
			    values[j], REST(i % 2 ? JWK_RSA : JWK_ED25519))));
}

static void
test_purpose(void **state)
{
	static const struct {
		enum pj_status	 status;
		const char	*members;
	} rows[] = {
		{ PJ_OK, "\"use\":\"sig\"" },
		{ PJ_OK, "\"key_ops\":[\"verify\"]" },
		{ PJ_OK, "\"key_ops\":[\"sign\",\"verify\"],\"use\":\"sig\"" },
		{ PJ_KEY_NOT_FOR_SIGNING, "\"use\":\"enc\"" },
		{ PJ_KEY_NOT_FOR_SIGNING, "\"use\":\"\"" },
		{ PJ_KEY_NOT_FOR_SIGNING, "\"use\":\"SIG\"" },
		{ PJ_KEY_NOT_FOR_SIGNING, "\"use\":\"sig\\u0000\"" },
		{ PJ_KEY_NOT_FOR_SIGNING, "\"use\":\"signature\"" },
		{ PJ_KEY_NOT_FOR_SIGNING, "\"key_ops\":[]" },
		{ PJ_KEY_NOT_FOR_SIGNING, "\"key_ops\":[\"sign\"]" },
		{ PJ_KEY_NOT_FOR_SIGNING, "\"key_ops\":[\"Verify\"]" },
		{ PJ_KEY_NOT_FOR_SIGNING,
		    "\"use\":\"enc\",\"key_ops\":[\"verify\"]" },
		{ PJ_KEY_NOT_FOR_SIGNING,
		    "\"use\":\"sig\",\"key_ops\":[\"encrypt\"]" },
		{ PJ_OK, "\"use\":null" }, { PJ_OK, "\"key_ops\":null" },
		{ PJ_KEY_MALFORMED, "\"use\":[\"sig\"]" },
		{ PJ_KEY_MALFORMED, "\"key_ops\":\"verify\"" },
		{ PJ_KEY_MALFORMED, "\"key_ops\":{\"verify\":1}" },
		{ PJ_KEY_MALFORMED, "\"key_ops\":[\"verify\",1]" },
		{ PJ_KEY_MALFORMED, "\"key_ops\":[null,\"verify\"]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_status(rows[i].members, rows[i].status,
		    key_status(text_of("{%s,%s", rows[i].members,
		    REST(JWK_RSA))));
}

static void
test_alg(void **state)
{
	static const struct {
		enum pj_status	 status;
		const char	*alg;
		const char	*key;
	} rows[] = {
		{ PJ_OK, "\"RS256\"", JWK_RSA },
		{ PJ_OK, "\"PS512\"", JWK_RSA },
		{ PJ_OK, "\"ES256\"", JWK_P256 },
		{ PJ_OK, "\"ES384\"", JWK_P384 },
		{ PJ_OK, "\"ES512\"", JWK_P521 },
		{ PJ_OK, "\"EdDSA\"", JWK_ED25519 },
		{ PJ_OK, "\"EdDSA\"", JWK_ED448 },
		{ PJ_KEY_ALG_UNFIT, "\"ES256\"", JWK_RSA },
		{ PJ_KEY_ALG_UNFIT, "\"ES384\"", JWK_P256 },
		{ PJ_KEY_ALG_UNFIT, "\"ES256\"", JWK_P521 },
		{ PJ_KEY_ALG_UNFIT, "\"RS256\"", JWK_P256 },
		{ PJ_KEY_ALG_UNFIT, "\"EdDSA\"", JWK_P256 },
		{ PJ_KEY_ALG_UNFIT, "\"ES256\"", JWK_ED25519 },
		{ PJ_KEY_ALG_UNFIT, "\"HS256\"", JWK_RSA },
		{ PJ_KEY_ALG_UNFIT, "\"none\"", JWK_RSA },
		{ PJ_KEY_ALG_UNFIT, "\"RSA-OAEP\"", JWK_RSA },
		{ PJ_KEY_ALG_UNFIT, "\"\"", JWK_RSA },
		{ PJ_KEY_ALG_UNFIT, "\"rs256\"", JWK_RSA },
		{ PJ_KEY_ALG_UNFIT, "\"RS256\\u0000\"", JWK_RSA },
		{ PJ_OK, "null", JWK_RSA },
		{ PJ_KEY_MALFORMED, "256", JWK_RSA },
		{ PJ_KEY_MALFORMED, "[\"RS256\"]", JWK_RSA },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_status(rows[i].alg, rows[i].status,
		    key_status(text_of("{\"alg\":%s,%s", rows[i].alg,
		    REST(rows[i].key))));
}

static void
test_rsa_sizes(void **state)
{
	const struct row rows[] = {
		{ "2047", PJ_KEY_SIZE_REFUSED, rsa(modulus(2047, 0xff),
		    "AQAB") },
		{ "2048", PJ_OK, rsa(modulus(2048, 0xff), "AQAB") },
		{ "8192", PJ_OK, rsa(modulus(8192, 0xff), "AQAB") },
		{ "8193", PJ_KEY_SIZE_REFUSED, rsa(modulus(8193, 0xff),
		    "AQAB") },
	};
	const struct row more[] = {
		{ "16384", PJ_KEY_SIZE_REFUSED, rsa(modulus(16384, 0xff),
		    "AQAB") },
		{ "8", PJ_KEY_SIZE_REFUSED, rsa("_w", "AQAB") },
		{ "zero", PJ_KEY_SIZE_REFUSED, rsa("AAAA", "AQAB") },
		{ "1024", PJ_KEY_SIZE_REFUSED, rsa(modulus(1024, 0xff),
		    "AQAB") },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
	check_rows(more, COUNT(more));
	/* Refused at once, not only when it is loaded. */
	KEY_SCOPED(large, rsa(modulus(8193, 0xff), "AQAB"));
	assert_status(PJ_KEY_SIZE_REFUSED, large.jwk.status);
	KEY_SCOPED(long_e, rsa(RSA_N, "AQAAAAAAAQAB"));
	assert_status(PJ_KEY_SIZE_REFUSED, long_e.jwk.status);
	assert_status(PJ_KEY_MALFORMED, key_status(rsa(modulus(2048, 0xfe),
	    "AQAB")));
	/* Zeros in front are borne, up to PJ_RSA_ZEROS_MAX. */
	assert_status(PJ_OK, key_status(rsa(text_of("AAAA%s",
	    modulus(2048, 0xff)), "AQAB")));
	assert_status(PJ_KEY_SIZE_REFUSED, key_status(rsa(text_of(
	    "AAAAAAAAAAAAAAAA%s", modulus(8192, 0xff)), "AQAB")));
}

static void
test_rsa_exponents(void **state)
{
	static const struct {
		enum pj_status	 status;
		const char	*e;
	} rows[] = {
		{ PJ_OK, "AQAB" },			/* 65537 */
		{ PJ_OK, "AQAD" },			/* 65539 */
		{ PJ_OK, "AAABAAE" },			/* zeros in front */
		{ PJ_OK, "__________8" },		/* 2^64 - 1 */
		{ PJ_KEY_SIZE_REFUSED, "AQAAAAAAAAAB" },	/* 2^64 + 1 */
		{ PJ_KEY_SIZE_REFUSED, "AQAA" },	/* 65536 */
		{ PJ_KEY_SIZE_REFUSED, "AQAC" },	/* 65538 */
		{ PJ_KEY_SIZE_REFUSED, "__8" },		/* 65535 */
		{ PJ_KEY_SIZE_REFUSED, "Aw" },		/* 3 */
		{ PJ_KEY_SIZE_REFUSED, "AQ" },		/* 1 */
		{ PJ_KEY_SIZE_REFUSED, "AA" },		/* 0 */
		{ PJ_KEY_SIZE_REFUSED, "AAAAAAAAAAAAAAAAAAABAAE" },
		{ PJ_KEY_MALFORMED, "" },
		{ PJ_KEY_MALFORMED, "AQAB=" },
		{ PJ_KEY_MALFORMED, "AQA=" },
		{ PJ_KEY_MALFORMED, "AQB" },
		{ PJ_KEY_MALFORMED, "A+AB" },
		{ PJ_KEY_MALFORMED, " AQA" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_status(rows[i].e, rows[i].status,
		    key_status(rsa(RSA_N, rows[i].e)));
	assert_status(PJ_KEY_MALFORMED, key_status(text_of(
	    "{\"kty\":\"RSA\",\"n\":\"%s\"}", RSA_N)));
	assert_status(PJ_KEY_MALFORMED, key_status(
	    "{\"kty\":\"RSA\",\"e\":\"AQAB\"}"));
	assert_status(PJ_KEY_MALFORMED, key_status(text_of(
	    "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":65537}", RSA_N)));
	assert_status(PJ_KEY_MALFORMED, key_status(text_of(
	    "{\"kty\":\"RSA\",\"n\":[\"%s\"],\"e\":\"AQAB\"}", RSA_N)));
	assert_status(PJ_KEY_MALFORMED, key_status(rsa(text_of("%s=", RSA_N),
	    "AQAB")));
}

/* n = 1 modulo every prime of the test has the shape of a ROCA modulus. */
static void
test_roca(void **state)
{
	static const BN_ULONG primes[] = {
		2, 11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109,
		127, 151, 157,
	};
	BIGNUM		*n = BN_new();
	BIGNUM		*product = BN_new();
	BIGNUM		*rest = BN_new();
	BN_CTX		*ctx = BN_CTX_new();
	unsigned char	 bytes[256];
	char		 text[400];
	unsigned	 good = 0;

	(void)state;
	assert_int_equal(1, BN_one(product));
	for (size_t i = 0; i < COUNT(primes); i++)
		assert_int_equal(1, BN_mul_word(product, primes[i]));
	assert_int_equal(1, BN_set_bit(n, 2047));
	assert_int_equal(1, BN_set_bit(n, 2046));
	assert_int_equal(1, BN_mod(rest, n, product, ctx));
	assert_int_equal(1, BN_sub(n, n, rest));
	assert_int_equal(1, BN_add_word(n, 1));
	assert_int_equal(256, BN_bn2binpad(n, bytes, 256));
	assert_true(pj_b64url_encode(pj_span(bytes, 256), text, sizeof(text)));
	assert_status(PJ_KEY_SIZE_REFUSED, key_status(rsa(text, "AQAB")));
	/* The last prime decides as well: half its residues are no power. */
	assert_true(BN_div_word(product, 157) != (BN_ULONG)-1);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(1, BN_add(n, n, product));
		assert_int_equal(256, BN_bn2binpad(n, bytes, 256));
		assert_true(pj_b64url_encode(pj_span(bytes, 256), text,
		    sizeof(text)));
		good += key_status(rsa(text, "AQAB")) == PJ_OK;
	}
	assert_in_range(good, 3, 17);
	BN_free(n);
	BN_free(product);
	BN_free(rest);
	BN_CTX_free(ctx);
}

static const char *
ec(const char *crv, const char *x, const char *y)
{
	return text_of("{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\","
	    "\"y\":\"%s\"}", crv, x, y);
}

static void
test_ec(void **state)
{
	const struct row rows[] = {
		{ "x for y", PJ_KEY_POINT_INVALID, ec("P-256", P256_X,
		    P256_X) },
		{ "y for x", PJ_KEY_POINT_INVALID, ec("P-256", P256_Y,
		    P256_X) },
		{ "0, 0", PJ_KEY_POINT_INVALID, ec("P-256", "AA", "AA") },
		{ "other curve", PJ_KEY_POINT_INVALID, ec("P-384", P256_X,
		    P256_Y) },
	};
	const struct row more[] = {
		{ "too long", PJ_KEY_MALFORMED, ec("P-256", P384_X, P384_Y) },
		{ "zero in front", PJ_KEY_MALFORMED, ec("P-256", P256_X,
		    "AAtzoyDSJQYHs4DTkbkM1b1cW1gLbBvxTDmGhVdRfkbP") },
		{ "empty", PJ_KEY_MALFORMED, ec("P-256", "", P256_Y) },
		{ "padding", PJ_KEY_MALFORMED, ec("P-256", P256_X, "AA==") },
	};
	const struct row curves[] = {
		{ "secp256k1", PJ_KEY_TYPE_UNSUPPORTED, ec("secp256k1", P256_X,
		    P256_Y) },
		{ "crv of OKP", PJ_KEY_TYPE_UNSUPPORTED, ec("Ed25519", P256_X,
		    P256_Y) },
		{ "crv case", PJ_KEY_TYPE_UNSUPPORTED, ec("p-256", P256_X,
		    P256_Y) },
		{ "crv alias", PJ_KEY_TYPE_UNSUPPORTED, ec("prime256v1",
		    P256_X, P256_Y) },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
	check_rows(more, COUNT(more));
	check_rows(curves, COUNT(curves));
	assert_status(PJ_KEY_TYPE_UNSUPPORTED, key_status(ec("", P256_X,
	    P256_Y)));
	assert_status(PJ_KEY_MALFORMED, key_status(text_of(
	    "{\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", P256_X, P256_Y)));
	assert_status(PJ_KEY_MALFORMED, key_status(text_of(
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\"}", P256_X)));
	assert_status(PJ_KEY_MALFORMED, key_status(text_of(
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"y\":\"%s\"}", P256_Y)));
	assert_status(PJ_KEY_MALFORMED, key_status(text_of(
	    "{\"kty\":\"EC\",\"crv\":null,\"x\":\"%s\",\"y\":\"%s\"}", P256_X,
	    P256_Y)));
	assert_status(PJ_KEY_MALFORMED, key_status(text_of(
	    "{\"kty\":\"EC\",\"crv\":256,\"x\":\"%s\",\"y\":\"%s\"}", P256_X,
	    P256_Y)));
	KEY_SCOPED(curveless, text_of("{\"kty\":\"EC\",\"x\":\"%s\","
	    "\"y\":\"%s\"}", P256_X, P256_Y));
	assert_string_equal("crv is missing", curveless.err.detail);
	/* x = p: on the curve modulo p, but no coordinate. */
	assert_status(PJ_KEY_POINT_INVALID, key_status(ec("P-256",
	    "_____wAAAAEAAAAAAAAAAAAAAAD_______________8",
	    "ZkhceA4vg9ckM71dhKBrtlQcKvMdrocXKL-FahdPk_Q")));
}

/* Every bit of a point flipped leaves the curve. */
static void
test_ec_bits(void **state)
{
	unsigned char	y[32];
	char		text[50];
	size_t		len;

	(void)state;
	for (unsigned bit = 0; bit < 256; bit += 5) {
		assert_status(PJ_OK, pj_b64url_decode(pj_span_str(P256_Y), y,
		    32, &len));
		y[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_true(pj_b64url_encode(pj_span(y, 32), text,
		    sizeof(text)));
		assert_status(PJ_KEY_POINT_INVALID, key_status(ec("P-256",
		    P256_X, text)));
	}
}

static const char *
okp(const char *crv, const unsigned char *x, size_t len)
{
	char text[100];

	assert_true(pj_b64url_encode(pj_span(x, len), text, sizeof(text)));
	return text_of("{\"kty\":\"OKP\",\"crv\":\"%s\",\"x\":\"%s\"}", crv,
	    text);
}

static void
test_okp(void **state)
{
	unsigned char zeros[58] = { 5 };

	(void)state;
	assert_status(PJ_KEY_MALFORMED, key_status(okp("Ed25519", zeros, 31)));
	assert_status(PJ_KEY_MALFORMED, key_status(okp("Ed25519", zeros, 33)));
	assert_status(PJ_KEY_MALFORMED, key_status(okp("Ed25519", zeros, 0)));
	assert_status(PJ_KEY_MALFORMED, key_status(okp("Ed448", zeros, 56)));
	assert_status(PJ_KEY_MALFORMED, key_status(okp("Ed448", zeros, 58)));
	assert_status(PJ_KEY_TYPE_UNSUPPORTED, key_status(okp("X25519", zeros,
	    32)));
	assert_status(PJ_KEY_TYPE_UNSUPPORTED, key_status(okp("X448", zeros,
	    56)));
	assert_status(PJ_KEY_TYPE_UNSUPPORTED, key_status(okp("P-256", zeros,
	    32)));
	assert_status(PJ_KEY_MALFORMED, key_status(
	    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}"));
	assert_status(PJ_KEY_MALFORMED, key_status(text_of(
	    "{\"kty\":\"OKP\",\"x\":\"%s\"}", ED25519_X)));
}

/* The known list of encodings of small order, with both signs of x. */
static void
test_small_order(void **state)
{
	static const char *const ed25519[] = {
		"00000000000000000000000000000000"
		    "00000000000000000000000000000000",
		"01000000000000000000000000000000"
		    "00000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0"
		    "d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f"
		    "2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffff"
		    "ffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffff"
		    "ffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffff"
		    "ffffffffffffffffffffffffffffff7f",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ed25519); i++) {
		unsigned char	x[32];
		long		size = 0;
		unsigned char	*bytes = OPENSSL_hexstr2buf(ed25519[i], &size);

		assert_int_equal(32, size);
		memcpy(x, bytes, 32);
		OPENSSL_free(bytes);
		assert_status(PJ_KEY_POINT_INVALID, key_status(okp("Ed25519",
		    x, 32)));
		x[31] |= 0x80;
		assert_status(PJ_KEY_POINT_INVALID, key_status(okp("Ed25519",
		    x, 32)));
	}
}

/* y from p up has a second, canonical spelling. */
static void
test_canonical(void **state)
{
	unsigned char x[57];

	(void)state;
	for (unsigned low = 0xed; low <= 0xff; low++) {
		memset(x, 0xff, 32);
		x[0] = (unsigned char)low;
		x[31] = 0x7f;
		assert_status(PJ_KEY_POINT_INVALID, key_status(okp("Ed25519",
		    x, 32)));
	}
	for (unsigned sign = 0; sign <= 0x80; sign += 0x80) {
		/* 0, 1 and p - 1, p, p + 1 of edwards448 */
		memset(x, 0, sizeof(x));
		x[56] = (unsigned char)sign;
		assert_status(PJ_KEY_POINT_INVALID, key_status(okp("Ed448", x,
		    57)));
		x[0] = 1;
		assert_status(PJ_KEY_POINT_INVALID, key_status(okp("Ed448", x,
		    57)));
		memset(x, 0xff, 56);
		x[28] = 0xfe;
		for (unsigned low = 0xfe; low <= 0xff; low++) {
			x[0] = (unsigned char)low;
			assert_status(PJ_KEY_POINT_INVALID,
			    key_status(okp("Ed448", x, 57)));
		}
		memset(x, 0, 28);
		x[28] = 0xff;
		assert_status(PJ_KEY_POINT_INVALID, key_status(okp("Ed448", x,
		    57)));
		/* Bits between y and the sign. */
		memset(x, 7, 56);
		x[56] = (unsigned char)(sign | 1);
		assert_status(PJ_KEY_POINT_INVALID, key_status(okp("Ed448", x,
		    57)));
	}
}

/* About half of all y have no x; what is left loads. */
static void
test_edwards_curve(void **state)
{
	static const struct {
		const char	*crv;
		size_t		 size;
	} curves[] = { { "Ed25519", 32 }, { "Ed448", 57 } };

	(void)state;
	for (size_t c = 0; c < 2; c++) {
		unsigned good = 0;

		for (unsigned i = 2; i < 202; i++) {
			unsigned char	x[57] = { (unsigned char)i, 3 };
			enum pj_status	status = key_status(okp(
			    curves[c].crv, x, curves[c].size));

			if (status != PJ_OK)
				assert_status(PJ_KEY_POINT_INVALID, status);
			good += status == PJ_OK;
		}
		assert_in_range(good, 60, 140);
	}
	/* RFC 8032 section 5.1: y = 4/5 is the base point; y = 2 has no x. */
	unsigned char two[32] = { 2 };
	assert_status(PJ_KEY_POINT_INVALID, key_status(okp("Ed25519", two,
	    32)));
}

/* (y^2 - 1) / (d y^2 + a) is a square, by OpenSSL's own symbol. */
static bool
has_x(const char *prime, const char *d, int a, const unsigned char *y,
    size_t size, BN_CTX *ctx)
{
	BIGNUM *p = NULL, *u = BN_lebin2bn(y, (int)size, NULL), *v = NULL;
	bool square;

	assert_true(BN_hex2bn(&p, prime) > 0 && BN_dec2bn(&v, d) > 0);
	assert_int_equal(1, BN_mod_sqr(u, u, p, ctx));
	assert_int_equal(1, BN_mod_mul(v, v, u, p, ctx));
	assert_int_equal(1, a > 0 ? BN_add_word(v, 1) : BN_sub_word(v, 1));
	assert_int_equal(1, BN_sub_word(u, 1));
	/* The symbol of a quotient is that of the product. */
	assert_int_equal(1, BN_mod_mul(u, u, v, p, ctx));
	square = BN_kronecker(u, p, ctx) == 1;
	BN_free(p);
	BN_free(u);
	BN_free(v);
	return square;
}

/* Our own arithmetic against OpenSSL's, for y of every size. */
static void
test_edwards_curve_as_openssl(void **state)
{
	static const struct {
		enum pj_crv	 crv;
		size_t		 size, bytes;
		const char	*prime, *d;
		int		 a;
	} curves[] = {
		{ PJ_CRV_ED25519, 32, 32, "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
		    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED",
		    "37095705934669439343138083508754565189542113879843219016"
		    "388785533085940283555", 1 },
		{ PJ_CRV_ED448, 57, 56, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
		    "FFFFFFFFFFFFFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
		    "FFFFFFFFFFFFFFFFFFFFFFF", "-39081", -1 },
	};
	BN_CTX *ctx = BN_CTX_new();
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < 4000; i++) {
		size_t c = i % 2, length = 1 + i / 2 % curves[c].bytes;
		unsigned char y[57] = { 0 };

		for (size_t b = 0; b < length; b++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			y[b] = (unsigned char)(seed >> 56);
		}
		if (c == 0)
			y[31] &= 0x3f;		/* below p */
		assert_int_equal(has_x(curves[c].prime, curves[c].d,
		    curves[c].a, y, curves[c].bytes, ctx),
		    pj_edwards_on_curve(curves[c].crv, pj_span(y,
		    curves[c].size), NULL) == PJ_OK);
	}
	BN_CTX_free(ctx);
}

/* A writer that puts every member it knows means nothing by a null. */
static void
test_null_is_absent(void **state)
{
	static const char *const members[] = {
		"kid", "use", "key_ops", "alg", "x5c", "x5t", "x5t#S256", "d",
		"p", "q", "dp", "dq", "qi", "oth", "k", "y",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(members); i++)
		check_status(members[i], PJ_OK, key_status(text_of(
		    "{\"%s\":null,%s", members[i], REST(JWK_RSA))));
	KEY_SCOPED(bare, text_of("{\"kid\":null,\"alg\":null,%s",
	    REST(JWK_RSA)));
	assert_false(bare.jwk.has_kid);
	assert_null(bare.jwk.alg);
	KEY_SCOPED(cert, "{\"kty\":\"RSA\",\"n\":null,\"e\":null,"
	    "\"x5c\":[\"" X5C_RSA "\"]}");
	assert_status(PJ_OK, cert.jwk.status);
	assert_true(cert.jwk.from_x5c);
	/* What a key cannot do without is missing. */
	assert_status(PJ_KEY_MALFORMED, key_status(
	    "{\"kty\":\"RSA\",\"n\":null,\"e\":\"AQAB\"}"));
}

static void
test_no_object(void **state)
{
	static const char *const values[] = { "1", "null", "[]", "\"\"" };

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
		struct pj_jwk jwk;

		assert_status(PJ_OK, pj_json_parse(pj_span_str(text_of(
		    "{\"a\":%s}", values[i])), &doc, NULL));
		pj_jwk_read(pj_json_member(doc, "a"), &jwk, NULL);
		assert_status(PJ_KEY_MALFORMED, jwk.status);
	}
}

static void
check_thumbprint(const char *name)
{
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = vector(name);
	char		out[PJ_THUMBPRINT_LEN + 1];
	struct pj_span	expected;
	struct pj_jwk	jwk;

	pj_jwk_read(pj_json_member(doc, "jwk"), &jwk, NULL);
	assert_status(PJ_OK, pj_jwk_thumbprint(&jwk, out, NULL));
	assert_true(pj_json_string(pj_json_member(doc, "thumbprint_sha256"),
	    &expected));
	assert_true(pj_span_is(expected, out));
}

static void
test_thumbprint_vectors(void **state)
{
	(void)state;
	SKIP_WITHOUT_VECTORS();
	check_thumbprint("rfc7638-3_1-thumbprint");
	check_thumbprint("rfc8037-a3-thumbprint");
}

/* RFC 7638 has RSA alone, RFC 8037 Ed25519: the others from jwcrypto. */
static void
test_thumbprint_of_another(void **state)
{
	static const struct {
		const char	*jwk;
		const char	*thumbprint;
	} rows[] = {
		{ JWK_RSA, THUMB_RSA }, { JWK_P256, THUMB_P256 },
		{ JWK_P384, THUMB_P384 }, { JWK_P521, THUMB_P521 },
		{ JWK_ED25519, THUMB_ED25519 }, { JWK_ED448, THUMB_ED448 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[PJ_THUMBPRINT_LEN + 1];

		KEY_SCOPED(key, rows[i].jwk);
		assert_status(PJ_OK, pj_jwk_thumbprint(&key.jwk, out, NULL));
		assert_string_equal(rows[i].thumbprint, out);
	}
}

/* A thumbprint is one of the key, whatever its spelling. */
static void
test_thumbprint(void **state)
{
	char	bare[PJ_THUMBPRINT_LEN + 1];
	char	other[PJ_THUMBPRINT_LEN + 1];

	(void)state;
	KEY_SCOPED(one, JWK_RSA);
	KEY_SCOPED(two, "{\"kty\":\"RSA\",\"x5c\":[\"" X5C_RSA "\"]}");
	KEY_SCOPED(three, rsa(text_of("AAAA%s", RSA_N), "AAABAAE"));
	KEY_SCOPED(four, JWK_RSA_OTHER);
	KEY_SCOPED(bad, "{\"kty\":\"oct\"}");
	assert_status(PJ_OK, pj_jwk_thumbprint(&one.jwk, bare, NULL));
	assert_int_equal(PJ_THUMBPRINT_LEN, strlen(bare));
	assert_status(PJ_OK, pj_jwk_thumbprint(&two.jwk, other, NULL));
	assert_string_equal(bare, other);
	assert_status(PJ_OK, pj_jwk_thumbprint(&three.jwk, other, NULL));
	assert_string_equal(bare, other);
	assert_status(PJ_OK, pj_jwk_thumbprint(&four.jwk, other, NULL));
	assert_string_not_equal(bare, other);
	assert_status(PJ_KEY_PRIVATE, pj_jwk_thumbprint(&bad.jwk, other,
	    NULL));
	assert_true(pj_jwk_same_key(&one.jwk, &three.jwk));
	assert_false(pj_jwk_same_key(&one.jwk, &four.jwk));
	assert_false(pj_jwk_same_key(&one.jwk, &bad.jwk));
	assert_false(pj_jwk_same_key(&bad.jwk, &bad.jwk));
}

static void
test_thumbprint_ec(void **state)
{
	char	out[PJ_THUMBPRINT_LEN + 1];
	char	padded[PJ_THUMBPRINT_LEN + 1];
	unsigned char x[32] = { 0 };
	char	text[50];
	size_t	len;

	(void)state;
	/* A stripped coordinate counts in full size: RFC 7518 6.2.1.2. */
	KEY_SCOPED(stripped, JWK_SHORT);
	assert_status(PJ_OK, pj_b64url_decode(pj_span_str(SHORT_X), x + 1, 31,
	    &len));
	assert_true(pj_b64url_encode(pj_span(x, 32), text, sizeof(text)));
	struct pj_span y;
	assert_true(pj_json_string(pj_json_member(stripped.doc, "y"), &y));
	KEY_SCOPED(full, ec("P-256", text, text_of("%.*s", PJ_SPAN_ARG(y))));
	assert_status(PJ_OK, pj_jwk_thumbprint(&stripped.jwk, out, NULL));
	assert_status(PJ_OK, pj_jwk_thumbprint(&full.jwk, padded, NULL));
	assert_string_equal(out, padded);
	assert_true(pj_jwk_same_key(&full.jwk, &stripped.jwk));
}

/* pj_jwk_check finds what the cheap checks cannot. */
static void
test_check(void **state)
{
	(void)state;
	/* 2^2048 - 1 is odd and divisible by 3. */
	KEY_SCOPED(composite, rsa(modulus(2048, 0xff), "AQAB"));
	assert_status(PJ_OK, composite.jwk.status);
	assert_status(PJ_KEY_SIZE_REFUSED, pj_jwk_check(&composite.jwk,
	    &composite.err));
	KEY_SCOPED(bad, "{\"kty\":\"oct\"}");
	assert_status(PJ_KEY_PRIVATE, pj_jwk_check(&bad.jwk, &bad.err));
	assert_int_equal(0, ERR_peek_error());
}

/* The host's errors stay, ours do not. */
static void
test_error_queue(void **state)
{
	unsigned long first;
	unsigned long last;

	(void)state;
	ERR_raise(ERR_LIB_USER, 101);
	ERR_raise(ERR_LIB_USER, 102);
	first = ERR_peek_error();
	last = ERR_peek_last_error();
	KEY_SCOPED(off, ec("P-256", P256_X, P256_X));
	KEY_SCOPED(composite, rsa(modulus(2048, 0xff), "AQAB"));
	KEY_SCOPED(good, text_of("{\"x5c\":[\"%s\"],%s", X5C_RSA,
	    REST(JWK_RSA)));
	EVP_PKEY *pkey = NULL;
	assert_status(PJ_KEY_POINT_INVALID, pj_jwk_load(&off.jwk, &pkey,
	    NULL));
	assert_null(pkey);
	assert_status(PJ_KEY_SIZE_REFUSED, pj_jwk_check(&composite.jwk,
	    NULL));
	assert_status(PJ_OK, pj_jwk_check(&good.jwk, NULL));
	assert_int_equal(first, ERR_peek_error());
	assert_int_equal(last, ERR_peek_last_error());
	assert_int_equal(first, ERR_get_error());
	assert_int_equal(last, ERR_get_error());
	assert_int_equal(0, ERR_get_error());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_genuine),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_kid),
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_purpose),
		cmocka_unit_test(test_alg),
		cmocka_unit_test(test_rsa_sizes),
		cmocka_unit_test(test_rsa_exponents),
		cmocka_unit_test(test_roca),
		cmocka_unit_test(test_ec),
		cmocka_unit_test(test_ec_bits),
		cmocka_unit_test(test_okp),
		cmocka_unit_test(test_small_order),
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_edwards_curve),
		cmocka_unit_test(test_edwards_curve_as_openssl),
		cmocka_unit_test(test_null_is_absent),
		cmocka_unit_test(test_no_object),
		cmocka_unit_test(test_thumbprint_vectors),
		cmocka_unit_test(test_thumbprint_of_another),
		cmocka_unit_test(test_thumbprint),
		cmocka_unit_test(test_thumbprint_ec),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_error_queue),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
