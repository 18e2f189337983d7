/*
 * Signed tokens: form, header, signature.
 */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

#include "jose/edwards.h"
#include "jose/jws_unverified.h"
#include "jose/signature.h"
#include "jose_util.h"
#include "tests/unit/tokens.h"

#define OBJECT		"eyJhIjoxfQ"	/* {"a":1} */

static const struct {
	const char	*name;
	const char	*token;
	const char	*jwk;
} genuine[] = {
	{ "RS256", TOKEN_RS256, JWK_RSA }, { "RS384", TOKEN_RS384, JWK_RSA },
	{ "RS512", TOKEN_RS512, JWK_RSA }, { "PS256", TOKEN_PS256, JWK_RSA },
	{ "PS384", TOKEN_PS384, JWK_RSA }, { "PS512", TOKEN_PS512, JWK_RSA },
	{ "ES256", TOKEN_ES256, JWK_P256 }, { "ES384", TOKEN_ES384, JWK_P384 },
	{ "ES512", TOKEN_ES512, JWK_P521 },
	{ "EdDSA", TOKEN_ED25519, JWK_ED25519 },
	{ "EdDSA", TOKEN_ED448, JWK_ED448 },
};

static enum pj_status
form(const char *token)
{
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;
	struct pj_error	err = { "" };
	enum pj_status	status;

	status = pj_jws_parse(pj_span_str(token), &jws, &err);
	assert_true((status == PJ_OK) == (jws != NULL));
	return status;
}

/* A token against a key; whatever happens, OpenSSL's queue stays empty. */
static enum pj_status
verify(struct pj_span token, const char *jwk)
{
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;
	struct pj_error	err = { "" };
	struct pj_span	payload = pj_span(NULL, 0);
	enum pj_status	status;

	status = pj_jws_parse(token, &jws, &err);
	if (status != PJ_OK)
		return status;
	KEY_SCOPED(key, jwk);
	status = pj_jws_verify(jws, &key.jwk, &payload, &err);
	assert_true((status == PJ_OK) == (payload.ptr != NULL));
	assert_int_equal(0, ERR_peek_error());
	return status;
}

/* Refused for its form, before the key is even loaded. */
static void
check_form(const char *token, const char *jwk)
{
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;
	struct pj_error	err = { "" };
	struct pj_span	payload;

	KEY_SCOPED(key, jwk);
	assert_status(PJ_OK, pj_jws_parse(pj_span_str(token), &jws, &err));
	assert_status(PJ_SIGNATURE_INVALID, pj_jws_verify(jws, &key.jwk,
	    &payload, &err));
	if (strstr(err.detail, "form") == NULL)
		fail_msg("not refused for its form: %s", token);
}

static enum pj_status
verify_text(const char *token, const char *jwk)
{
	return verify(pj_span_str(token), jwk);
}

/* A token's parts, the signature decoded, for building others. */
struct parts {
	char		signed_part[8192];
	unsigned char	signature[PJ_SIGNATURE_MAX];
	size_t		signature_len;
};

static void
take_apart(const char *token, struct parts *parts)
{
	const char *dot = strrchr(token, '.');

	assert_in_range(dot - token, 1, sizeof(parts->signed_part) - 1);
	memcpy(parts->signed_part, token, (size_t)(dot - token));
	parts->signed_part[dot - token] = '\0';
	assert_status(PJ_OK, pj_b64url_decode(pj_span_str(dot + 1),
	    parts->signature, sizeof(parts->signature),
	    &parts->signature_len));
}

static const char *
put_together(const char *signed_part, const unsigned char *signature,
    size_t len)
{
	char text[2000];

	assert_true(pj_b64url_encode(pj_span(signature, len), text,
	    sizeof(text)));
	return text_of("%s.%s", signed_part, text);
}

static void
test_genuine(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(genuine); i++) {
		check_status(genuine[i].name, PJ_OK,
		    verify_text(genuine[i].token, genuine[i].jwk));
		check_status(genuine[i].name, PJ_OK, verify_text(
		    text_of("%s\n", genuine[i].token), genuine[i].jwk));
		check_status(genuine[i].name, PJ_OK, verify_text(
		    genuine[i].token, text_of("{\"alg\":\"%s\",%s",
		    genuine[i].name, REST(genuine[i].jwk))));
	}
	assert_status(PJ_OK, verify_text(TOKEN_RSA_ODD, JWK_RSA_ODD));
	assert_status(PJ_OK, verify_text(TOKEN_SHORT, JWK_SHORT));
	assert_status(PJ_OK, verify_text(TOKEN_RS256, "{\"kty\":\"RSA\","
	    "\"x5c\":[\"" X5C_RSA "\"]}"));
	/* RFC 7515: any bytes may be signed, claims are jwt.c's business. */
	assert_status(PJ_OK, verify_text(TOKEN_TEXT, JWK_RSA));
}

static void
test_form(void **state)
{
	static const struct {
		enum pj_status	 status;
		const char	*token;
	} rows[] = {
		{ PJ_TOKEN_EMPTY, "" }, { PJ_TOKEN_EMPTY, "\n" },
		{ PJ_NOT_A_JWT, "\n\n" }, { PJ_NOT_A_JWT, " " },
		{ PJ_MASKED_ANSWER, "\b\n\r\177INCORRECT" },
		{ PJ_MASKED_ANSWER, "\b" },
		{ PJ_NOT_A_JWT, "{" }, { PJ_NOT_A_JWT, "{hunter2" },
		{ PJ_NOT_A_JWT, "eyes.wide.shut" }, { PJ_TOKEN_JSON_FORM, "{}" },
		{ PJ_TOKEN_JSON_FORM, "{\"payload\":\"\"}" },
		{ PJ_TOKEN_JSON_FORM, "{\"payload\":\"\"}\n" },
		{ PJ_NOT_A_JWT, "{\"payload\":\"\"" },
		{ PJ_NOT_A_JWT, "{\"payload\":\"\"}x" },
		{ PJ_NOT_A_JWT, "{payload}" }, { PJ_NOT_A_JWT, "{}{}" },
		{ PJ_NOT_A_JWT, "{.b.c" }, { PJ_NOT_A_JWT, "[]" },
		{ PJ_NOT_A_JWT, "secret" }, { PJ_NOT_A_JWT, "." },
		{ PJ_NOT_A_JWT, ".." }, { PJ_NOT_A_JWT, "..." },
		{ PJ_NOT_A_JWT, "...." }, { PJ_NOT_A_JWT, "....." },
		{ PJ_NOT_A_JWT, "correct.horse.battery" },
		{ PJ_NOT_A_JWT, "correct.horse" },
		{ PJ_NOT_A_JWT, "a.b.c.d.e" }, { PJ_NOT_A_JWT, "e.b.c" },
		{ PJ_NOT_A_JWT, "eX.b.c" }, { PJ_NOT_A_JWT, "." OBJECT ".A" },
		{ PJ_NOT_A_JWT, OBJECT }, { PJ_NOT_A_JWT, OBJECT "." OBJECT },
		{ PJ_NOT_A_JWT, OBJECT ".a.b.c" },
		{ PJ_NOT_A_JWT, OBJECT ".a.b.c.d.e" },
		{ PJ_NOT_A_JWT, OBJECT "......" },
		{ PJ_NOT_A_JWT, OBJECT "=." OBJECT ".AA" },
		{ PJ_NOT_A_JWT, " " OBJECT "." OBJECT ".AA" },
		{ PJ_NOT_A_JWT, "Bearer " OBJECT "." OBJECT ".AA" },
		{ PJ_NOT_A_JWT, "eyJ\xff." OBJECT ".AA" },
		{ PJ_TOKEN_ENCRYPTED, OBJECT ".a.b.c.d" },
		{ PJ_TOKEN_ENCRYPTED, OBJECT "...." },
		{ PJ_PAYLOAD_DETACHED, OBJECT "..AA" },
		{ PJ_BASE64_INVALID, "eyJhIjoxf." OBJECT ".AA" },
		{ PJ_BASE64_INVALID, "eyJhIjoxfR." OBJECT ".AA" },
		{ PJ_HEADER_INVALID, OBJECT "." OBJECT ".AA" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_status(rows[i].token, rows[i].status,
		    form(rows[i].token));
	assert_status(PJ_NOT_A_JWT, form(text_of("%s\n\n", "a.b.c")));
	/* A NUL ends nothing. */
	assert_status(PJ_NOT_A_JWT, verify(pj_span("\0", 1), JWK_RSA));
	assert_status(PJ_SIGNATURE_INVALID, form(text_of("%s.%s.",
	    b64("{\"alg\":\"RS256\"}"), OBJECT)));
	/* One newline at the end, nothing else and nowhere else. */
	assert_status(PJ_BASE64_INVALID, form(TOKEN_ES256 "\n\n"));
	assert_status(PJ_BASE64_INVALID, form(TOKEN_ES256 "\r\n"));
	assert_status(PJ_BASE64_INVALID, form(TOKEN_ES256 " "));
	assert_status(PJ_BASE64_INVALID, form(TOKEN_ES256 "="));
	assert_status(PJ_NOT_A_JWT, form("\n" TOKEN_ES256));
	assert_status(PJ_NOT_A_JWT, form(TOKEN_ES256 "."));
}

static void
test_length(void **state)
{
	char		text[PJ_TOKEN_MAX + 3];
	const char	*head = b64("{\"alg\":\"RS256\"}");
	size_t		size = strlen(head);

	(void)state;
	memset(text, 'A', sizeof(text));
	memcpy(text, head, size);
	text[size] = '.';
	memcpy(text + PJ_TOKEN_MAX - 3, ".AA\n", 5);
	/* The payload's length must be one that base64url has. */
	if ((PJ_TOKEN_MAX - 3 - size - 1) % 4 == 1)
		fail_msg("choose another header");
	assert_status(PJ_OK, form(text));
	memcpy(text + PJ_TOKEN_MAX - 3, ".AAA", 5);
	assert_status(PJ_TOKEN_TOO_LONG, form(text));
	memset(text, '.', sizeof(text));
	text[PJ_TOKEN_MAX + 2] = '\0';
	assert_status(PJ_TOKEN_TOO_LONG, form(text));
	text[0] = '{';
	assert_status(PJ_TOKEN_TOO_LONG, form(text));
	text[0] = '\b';
	assert_status(PJ_MASKED_ANSWER, form(text));
}

/* The detail of what may be a password holds nothing of it. */
static void
test_detail(void **state)
{
	static const char *const answers[] = {
		"correct.horse.battery", "correct.horse", "secret",
		"eyJsecret.secret.secret", "\bsecret", "{secret",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct pj_error	 err = { "" };
		struct pj_jws	*jws = NULL;

		if (pj_jws_parse(pj_span_str(answers[i]), &jws, &err) == PJ_OK)
			fail();
		assert_null(strstr(err.detail, "secret"));
		assert_null(strstr(err.detail, "horse"));
		if (pj_jws_parse(pj_span_str(answers[i]), &jws, NULL) == PJ_OK)
			fail();
	}
}

static void
test_header(void **state)
{
	static const struct {
		enum pj_status	 status;
		const char	*header;
	} rows[] = {
		{ PJ_OK, "{\"alg\":\"RS256\"}" },
		{ PJ_OK, "{\"alg\":\"EdDSA\",\"kid\":\"k\",\"typ\":\"JWT\","
		    "\"x5t\":\"a\",\"x5t#S256\":\"b\",\"cty\":1,\"jku\":1,"
		    "\"jwk\":1,\"x5u\":1,\"x5c\":1,\"whatever\":{}} " },
		{ PJ_OK, "{ \"alg\":\"RS256\"}" },
		{ PJ_OK, "{\t\"alg\":\"RS256\"}" },
		{ PJ_OK, "{\r\n\"alg\":\"RS256\"}" },
		{ PJ_OK, "{\n\"alg\":\"RS256\"}" },
		/* Whatever does not begin as an object does was no token. */
		{ PJ_NOT_A_JWT, "{" }, { PJ_NOT_A_JWT, "" },
		{ PJ_NOT_A_JWT, "[]" }, { PJ_NOT_A_JWT, "[{\"alg\":1}]" },
		{ PJ_NOT_A_JWT, "null" }, { PJ_NOT_A_JWT, "\"RS256\"" },
		{ PJ_NOT_A_JWT, " {\"alg\":\"RS256\"}" },
		{ PJ_NOT_A_JWT, "\xef\xbb\xbf{\"alg\":\"RS256\"}" },
		{ PJ_NOT_A_JWT, "{alg:1}" }, { PJ_NOT_A_JWT, "{'alg':1}" },
		{ PJ_NOT_A_JWT, "{{}}" }, { PJ_NOT_A_JWT, "{\v\"alg\":1}" },
		/* Three characters, "e30". */
		{ PJ_HEADER_INVALID, "{}" },
		{ PJ_HEADER_INVALID, "{} " }, { PJ_HEADER_INVALID, "{}x" },
		{ PJ_HEADER_INVALID, "{\"\"" }, { PJ_HEADER_INVALID, "{  " },
		{ PJ_HEADER_INVALID, "{\"alg\":\"RS256\"}x" },
		{ PJ_HEADER_INVALID, "{\"alg\":\"RS256\",\"alg\":\"RS256\"}" },
		{ PJ_HEADER_INVALID,
		    "{\"alg\":\"RS256\",\"\\u0061lg\":\"none\"}" },
		{ PJ_HEADER_INVALID, "{\"alg\":\"RS256\",}" },
		{ PJ_HEADER_INVALID, "{\"alg\":\"RS256\xff\"}" },
		{ PJ_HEADER_INVALID, "{\"Alg\":\"RS256\"}" },
		{ PJ_HEADER_INVALID, "{\"alg\":null}" },
		{ PJ_HEADER_INVALID, "{\"alg\":256}" },
		{ PJ_HEADER_INVALID, "{\"alg\":[\"RS256\"]}" },
		{ PJ_ALG_UNSUPPORTED, "{\"alg\":\"\"}" },
		{ PJ_ALG_UNSUPPORTED, "{\"alg\":\"none\"}" },
		{ PJ_ALG_UNSUPPORTED, "{\"alg\":\"nOnE\"}" },
		{ PJ_ALG_UNSUPPORTED, "{\"alg\":\"HS256\"}" },
		{ PJ_ALG_UNSUPPORTED, "{\"alg\":\"rs256\"}" },
		{ PJ_ALG_UNSUPPORTED, "{\"alg\":\"RS256\\u0000\"}" },
		{ PJ_ALG_UNSUPPORTED, "{\"alg\":\"ES256K\"}" },
		{ PJ_CRIT_PRESENT, "{\"alg\":\"RS256\",\"crit\":[\"exp\"]}" },
		{ PJ_CRIT_PRESENT, "{\"alg\":\"RS256\",\"crit\":[]}" },
		{ PJ_CRIT_PRESENT, "{\"alg\":\"RS256\",\"crit\":null}" },
		{ PJ_CRIT_PRESENT, "{\"alg\":\"RS256\",\"cr\\u0069t\":1}" },
		{ PJ_PAYLOAD_UNENCODED,
		    "{\"alg\":\"RS256\",\"b64\":false,\"crit\":[\"b64\"]}" },
		{ PJ_PAYLOAD_UNENCODED, "{\"alg\":\"RS256\",\"b64\":true}" },
		{ PJ_PAYLOAD_UNENCODED, "{\"alg\":\"RS256\",\"b64\":null}" },
		{ PJ_TOKEN_ENCRYPTED,
		    "{\"alg\":\"RSA-OAEP\",\"enc\":\"A128GCM\"}" },
		{ PJ_HEADER_INVALID, "{\"alg\":\"RS256\",\"zip\":\"DEF\"}" },
		{ PJ_KID_INVALID, "{\"alg\":\"RS256\",\"kid\":\"\"}" },
		{ PJ_KID_INVALID, "{\"alg\":\"RS256\",\"kid\":1}" },
		{ PJ_KID_INVALID, "{\"alg\":\"RS256\",\"kid\":null}" },
		{ PJ_KID_INVALID, "{\"alg\":\"RS256\",\"kid\":[\"k\"]}" },
		{ PJ_HEADER_INVALID, "{\"alg\":\"RS256\",\"typ\":null}" },
		{ PJ_HEADER_INVALID, "{\"alg\":\"RS256\",\"typ\":[\"JWT\"]}" },
		{ PJ_HEADER_INVALID, "{\"alg\":\"RS256\",\"x5t\":1}" },
		{ PJ_HEADER_INVALID, "{\"alg\":\"RS256\",\"x5t#S256\":1}" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_status(rows[i].header, rows[i].status, form(text_of(
		    "%s.%s.AA", b64(rows[i].header), OBJECT)));
	/* Two characters are one byte. */
	assert_status(PJ_NOT_A_JWT, form("ew." OBJECT ".AA"));
	assert_status(PJ_NOT_A_JWT, form("e3s." OBJECT ".AA"));
	/* {, NUL, quote: a NUL is no white space. */
	assert_status(PJ_NOT_A_JWT, form("ewAi." OBJECT ".AA"));
	/* The signature is looked at only after the algorithm. */
	assert_status(PJ_ALG_UNSUPPORTED, form(text_of("%s.%s.",
	    b64("{\"alg\":\"none\"}"), OBJECT)));
	assert_status(PJ_PAYLOAD_UNENCODED, form(text_of("%s.plain text.AA",
	    b64("{\"alg\":\"RS256\",\"b64\":false}"))));
}

static void
test_header_values(void **state)
{
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *bare = NULL;
	const struct pj_jws_header	*header;
	char				 kid[PJ_KID_MAX + 2];

	(void)state;
	assert_status(PJ_OK, pj_jws_parse(pj_span_str(text_of("%s.%s.AA", b64(
	    "{\"alg\":\"ES256\",\"kid\":\"a\\u0000b\",\"typ\":\"at+jwt\","
	    "\"x5t\":\"one\",\"x5t#S256\":\"two\"}"), OBJECT)), &jws, NULL));
	header = pj_jws_header(jws);
	assert_string_equal("ES256", header->alg->name);
	assert_true(header->has_kid);
	assert_true(pj_span_equal(header->kid, pj_span("a\0b", 3)));
	assert_true(header->has_typ && pj_span_is(header->typ, "at+jwt"));
	assert_true(header->has_x5t && pj_span_is(header->x5t, "one"));
	assert_true(header->has_x5t_s256 &&
	    pj_span_is(header->x5t_s256, "two"));
	assert_true(pj_span_is(pj_jws_unverified_payload(jws), "{\"a\":1}"));
	assert_status(PJ_OK, pj_jws_parse(pj_span_str(text_of("%s.%s.AA",
	    b64("{\"alg\":\"ES256\"}"), OBJECT)), &bare, NULL));
	header = pj_jws_header(bare);
	assert_false(header->has_kid || header->has_typ || header->has_x5t ||
	    header->has_x5t_s256);
	memset(kid, 'k', sizeof(kid));
	kid[PJ_KID_MAX + 1] = '\0';
	assert_status(PJ_KID_INVALID, form(text_of("%s.%s.AA", b64(text_of(
	    "{\"alg\":\"RS256\",\"kid\":\"%s\"}", kid)), OBJECT)));
	assert_status(PJ_OK, form(text_of("%s.%s.AA", b64(text_of(
	    "{\"alg\":\"RS256\",\"kid\":\"%s\"}", kid + 1)), OBJECT)));
	pj_jws_free(NULL);
}

static void
test_key_decides(void **state)
{
	static const struct {
		const char	*token;
		const char	*jwk;
	} rows[] = {
		{ TOKEN_RS256, JWK_P256 }, { TOKEN_RS256, JWK_ED25519 },
		{ TOKEN_ES256, JWK_RSA }, { TOKEN_ES256, JWK_P384 },
		{ TOKEN_ES512, JWK_P256 }, { TOKEN_ED25519, JWK_P256 },
		{ TOKEN_ED25519, JWK_RSA }, { TOKEN_PS256, JWK_P256 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_status(rows[i].jwk, PJ_KEY_UNFIT,
		    verify_text(rows[i].token, rows[i].jwk));
	assert_status(PJ_KEY_UNFIT, verify_text(TOKEN_RS256, text_of(
	    "{\"alg\":\"PS256\",%s", REST(JWK_RSA))));
	assert_status(PJ_KEY_UNFIT, verify_text(TOKEN_RS256, text_of(
	    "{\"alg\":\"RS512\",%s", REST(JWK_RSA))));
	assert_status(PJ_KEY_NOT_FOR_SIGNING, verify_text(TOKEN_RS256,
	    text_of("{\"use\":\"enc\",%s", REST(JWK_RSA))));
	assert_status(PJ_KEY_X5C_DIFFERS, verify_text(TOKEN_RS256, text_of(
	    "{\"x5c\":[\"%s\"],%s", X5C_RSA_OTHER, REST(JWK_RSA))));
	assert_status(PJ_SIGNATURE_INVALID, verify_text(TOKEN_ED448,
	    JWK_ED25519));
	assert_status(PJ_SIGNATURE_INVALID, verify_text(TOKEN_ED25519,
	    JWK_ED448));
	assert_status(PJ_SIGNATURE_INVALID, verify_text(TOKEN_OTHER,
	    JWK_RSA));
	/* kty and crv of a skipped key mean nothing. */
	assert_status(PJ_KEY_PRIVATE, verify_text(TOKEN_ES256,
	    "{\"kty\":\"oct\"}"));
	/* The key that a token brings along is not looked at. */
	assert_status(PJ_SIGNATURE_INVALID, verify_text(TOKEN_JWK_HEADER,
	    JWK_RSA));
	assert_status(PJ_OK, verify_text(TOKEN_JWK_HEADER, JWK_RSA_OTHER));
}

/* Genuine RSA signatures, but not those that the header announces. */
static void
test_rsa_schemes(void **state)
{
	static const char *const tokens[] = {
		TOKEN_PSS_SALT_0, TOKEN_PSS_SALT_20, TOKEN_PSS_SALT_33,
		TOKEN_PSS_MGF1, TOKEN_PS_AS_RS, TOKEN_RS_AS_PS,
		TOKEN_RS384_AS_RS256,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(tokens); i++)
		check_status(text_of("%zu", i), PJ_SIGNATURE_INVALID,
		    verify_text(tokens[i], JWK_RSA));
}

static void
test_rsa_length(void **state)
{
	unsigned char	longer[PJ_SIGNATURE_MAX + 3] = { 0 };
	struct parts	parts;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		const char *jwk = genuine[i].jwk;

		take_apart(genuine[i].token, &parts);
		assert_int_equal(256, parts.signature_len);
		memcpy(longer + 1, parts.signature, 256);
		check_form(put_together(
		    parts.signed_part, longer, 257), jwk);
		check_form(put_together(
		    parts.signed_part, longer + 1, 257), jwk);
		check_form(put_together(
		    parts.signed_part, longer + 1, 255), jwk);
		check_form(put_together(
		    parts.signed_part, longer + 2, 255), jwk);
	}
	/* The longest signature that is decoded, and one over. */
	check_form(put_together(parts.signed_part, longer, PJ_SIGNATURE_MAX),
	    JWK_RSA);
	assert_status(PJ_SIGNATURE_INVALID, verify_text(put_together(
	    parts.signed_part, longer, PJ_SIGNATURE_MAX + 1), JWK_RSA));
}

/* 0, 1, n - 1, n, and the genuine one plus n where that fits 256 bytes. */
static void
test_rsa_range(void **state)
{
	unsigned char	n[256];
	unsigned char	value[256] = { 0 };
	struct parts	parts;
	size_t		len;
	BIGNUM		*sum = BN_new();
	BIGNUM		*other = BN_new();

	(void)state;
	take_apart(TOKEN_RS256, &parts);
	assert_status(PJ_OK, pj_b64url_decode(pj_span_str(RSA_N), n, 256,
	    &len));
	for (size_t i = 0; i < 4; i++) {
		if (i == 1)
			value[255] = 1;
		if (i >= 2)
			memcpy(value, n, 256);
		if (i == 2)
			value[255]--;
		assert_status(PJ_SIGNATURE_INVALID, verify_text(put_together(
		    parts.signed_part, value, 256), JWK_RSA));
	}
	assert_non_null(BN_bin2bn(n, 256, other));
	assert_non_null(BN_bin2bn(parts.signature, 256, sum));
	assert_int_equal(1, BN_add(sum, sum, other));
	if (BN_bn2binpad(sum, value, 256) == 256)
		assert_status(PJ_SIGNATURE_INVALID, verify_text(put_together(
		    parts.signed_part, value, 256), JWK_RSA));
	BN_free(sum);
	BN_free(other);
}

/* r and s of 0, n and more: the "psychic signature" and its kin. */
static void
check_ecdsa_range(const char *token, const char *jwk, int nid, size_t size)
{
	unsigned char	values[4][66] = { { 0 } };
	unsigned char	changed[132];
	struct parts	parts;
	EC_GROUP	*group = EC_GROUP_new_by_curve_name(nid);
	BIGNUM		*n = BN_dup(EC_GROUP_get0_order(group));
	BIGNUM		*sum = BN_new();

	take_apart(token, &parts);
	assert_int_equal(2 * size, parts.signature_len);
	assert_int_equal(size, BN_bn2binpad(n, values[1], (int)size));
	memset(values[2], 0xff, size);
	values[3][size - 1] = 1;
	/* 1 and 1 have a good form. */
	memcpy(changed, values[3], size);
	memcpy(changed + size, values[3], size);
	assert_status(PJ_SIGNATURE_INVALID, verify_text(put_together(
	    parts.signed_part, changed, 2 * size), jwk));
	for (size_t i = 0; i < 3; i++) {
		for (size_t j = 0; j < 4; j++) {
			memcpy(changed, values[i], size);
			memcpy(changed + size, values[j], size);
			check_form(put_together(parts.signed_part, changed,
			    2 * size), jwk);
		}
		memcpy(changed, parts.signature, 2 * size);
		memcpy(changed, values[i], size);
		check_form(put_together(parts.signed_part, changed, 2 * size),
		    jwk);
		memcpy(changed, parts.signature, 2 * size);
		memcpy(changed + size, values[i], size);
		check_form(put_together(parts.signed_part, changed, 2 * size),
		    jwk);
	}
	/* s + n is the same number modulo n. */
	memcpy(changed, parts.signature, 2 * size);
	assert_non_null(BN_bin2bn(parts.signature + size, (int)size, sum));
	assert_int_equal(1, BN_add(sum, sum, n));
	if (BN_bn2binpad(sum, changed + size, (int)size) == (int)size)
		check_form(put_together(parts.signed_part, changed, 2 * size),
		    jwk);
	/* The bound itself: n - 1 is in. */
	assert_int_equal(1, BN_sub_word(n, 1));
	assert_int_equal(size, BN_bn2binpad(n, changed, (int)size));
	memcpy(changed + size, changed, size);
	KEY_SCOPED(key, jwk);
	assert_true(pj_signature_form(pj_alg_find(pj_span_str(
	    size == 32 ? "ES256" : size == 48 ? "ES384" : "ES512")),
	    key.jwk.crv, 0, pj_span(changed, 2 * size)));
	EC_GROUP_free(group);
	BN_free(n);
	BN_free(sum);
}

static void
test_ecdsa_range(void **state)
{
	(void)state;
	check_ecdsa_range(TOKEN_ES256, JWK_P256, NID_X9_62_prime256v1, 32);
	check_ecdsa_range(TOKEN_ES384, JWK_P384, NID_secp384r1, 48);
	check_ecdsa_range(TOKEN_ES512, JWK_P521, NID_secp521r1, 66);
}

/* The same signature as DER, with other lengths, with halves exchanged. */
static void
test_ecdsa_form(void **state)
{
	unsigned char	other[140] = { 0 };
	unsigned char	*end = other;
	struct parts	parts;
	ECDSA_SIG	*pair = ECDSA_SIG_new();
	int		len;

	(void)state;
	take_apart(TOKEN_ES256, &parts);
	assert_int_equal(1, ECDSA_SIG_set0(pair,
	    BN_bin2bn(parts.signature, 32, NULL),
	    BN_bin2bn(parts.signature + 32, 32, NULL)));
	len = i2d_ECDSA_SIG(pair, &end);
	check_form(put_together(
	    parts.signed_part, other, (size_t)len), JWK_P256);
	ECDSA_SIG_free(pair);
	for (size_t size = 1; size < 132; size++) {
		memset(other, 0, sizeof(other));
		memcpy(other, parts.signature, 64);
		if (size != 64)
			check_form(put_together(parts.signed_part, other, size),
			    JWK_P256);
	}
	/* Both halves longer by a zero in front: 66 bytes. */
	memset(other, 0, sizeof(other));
	memcpy(other + 1, parts.signature, 32);
	memcpy(other + 34, parts.signature + 32, 32);
	check_form(put_together(
	    parts.signed_part, other, 66), JWK_P256);
	memcpy(other, parts.signature + 32, 32);
	memcpy(other + 32, parts.signature, 32);
	assert_status(PJ_SIGNATURE_INVALID, verify_text(put_together(
	    parts.signed_part, other, 64), JWK_P256));
}

/* S + L verifies in libraries that do not look: RFC 8032 section 8.4. */
static void
check_eddsa(const char *token, const char *jwk, enum pj_crv crv,
    const char *order, size_t size)
{
	unsigned char	changed[116] = { 0 };
	unsigned char	scalar[57];
	struct parts	parts;
	BIGNUM		*l = NULL;
	BIGNUM		*sum = BN_new();

	take_apart(token, &parts);
	assert_int_equal(2 * size, parts.signature_len);
	assert_true(BN_hex2bn(&l, order) > 0);
	assert_non_null(BN_lebin2bn(parts.signature + size, (int)size, sum));
	memcpy(changed, parts.signature, 2 * size);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(1, BN_add(sum, sum, l));
		assert_int_equal(size, BN_bn2lebinpad(sum, changed + size,
		    (int)size));
		check_form(put_together(
		    parts.signed_part, changed, 2 * size), jwk);
		assert_false(pj_edwards_scalar(crv, pj_span(changed + size,
		    size)));
	}
	/* The bound itself: L - 1 is in, L is out. */
	assert_int_equal(size, BN_bn2lebinpad(l, scalar, (int)size));
	assert_false(pj_edwards_scalar(crv, pj_span(scalar, size)));
	assert_int_equal(1, BN_sub_word(l, 1));
	assert_int_equal(size, BN_bn2lebinpad(l, scalar, (int)size));
	assert_true(pj_edwards_scalar(crv, pj_span(scalar, size)));
	memcpy(changed, parts.signature, 2 * size);
	for (size_t len = 1; len <= 2 * size + 2; len++)
		if (len != 2 * size)
			check_form(put_together(parts.signed_part, changed, len),
			    jwk);
	BN_free(l);
	BN_free(sum);
}

static void
test_eddsa(void **state)
{
	static const unsigned char other[57] = { 2 };

	(void)state;
	check_eddsa(TOKEN_ED25519, JWK_ED25519, PJ_CRV_ED25519, "1000000000000"
	    "000000000000000000014def9dea2f79cd65812631a5cf5d3ed", 32);
	check_eddsa(TOKEN_ED448, JWK_ED448, PJ_CRV_ED448, "3fffffffffffffffffff"
	    "ffffffffffffffffffffffffffffffffffff7cca23e9c44edb49aed63690216c"
	    "c2728dc58f552378c292ab5844f3", 57);
	/* Another curve has no such key and no such scalar. */
	assert_false(pj_edwards_scalar(PJ_CRV_P256, pj_span("", 0)));
	assert_false(pj_edwards_scalar(PJ_CRV_P256, pj_span(other, 57)));
	assert_false(pj_edwards_scalar(PJ_CRV_P256, pj_span(other, 32)));
	assert_status(PJ_KEY_MALFORMED, pj_edwards_check(PJ_CRV_P256,
	    pj_span(other, 57), NULL));
	assert_status(PJ_KEY_MALFORMED, pj_edwards_on_curve(PJ_CRV_P256,
	    pj_span(other, 57), NULL));
}

/* Every bit and every truncation of tokens of the quick algorithms. */
static void
check_mutations(const char *token, const char *jwk)
{
	size_t	len = strlen(token);
	char	text[4096];

	assert_in_range(len, 1, sizeof(text) - 2);
	for (size_t bit = 0; bit < len * 8; bit++) {
		memcpy(text, token, len);
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		if (verify(pj_span(text, len), jwk) == PJ_OK)
			fail_msg("bit %zu", bit);
	}
	for (size_t cut = 0; cut < len; cut++)
		if (verify(pj_span(token, cut), jwk) == PJ_OK)
			fail_msg("cut at %zu", cut);
	for (size_t i = 0; i < len; i++) {
		memcpy(text, token, i + 1);
		memcpy(text + i + 1, token + i, len - i);
		if (verify(pj_span(text, len + 1), jwk) == PJ_OK)
			fail_msg("byte %zu doubled", i);
	}
}

static void
test_mutations(void **state)
{
	(void)state;
	check_mutations(TOKEN_RS256, JWK_RSA);
	check_mutations(TOKEN_ES256, JWK_P256);
	check_mutations(TOKEN_ED25519, JWK_ED25519);
}

/* A genuine token cut off anywhere behind its first characters. */
static void
check_cut(const char *token, const char *jwk)
{
	size_t	len = strlen(token);

	KEY_SCOPED(key, jwk);
	for (size_t cut = 0; cut < len; cut++) {
		PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;
		struct pj_span text = pj_span(token, cut);
		const struct pj_jwk *tried = NULL;

		if (pj_jws_parse(text, &jws, NULL) == PJ_OK)
			tried = &key.jwk;
		if (pj_jws_is_cut(text, tried) != (cut >= 4))
			fail_msg("cut at %zu", cut);
	}
	assert_false(pj_jws_is_cut(pj_span(token, len), &key.jwk));
	assert_false(pj_jws_is_cut(pj_span(token, len), NULL));
}

static void
test_cut(void **state)
{
	static const char *const others[] = {
		"", "eyJ", "password", "eyes.wide.shut", "eyJ hbGci", "{\"a",
		"eyJhbGci.eyJh/", "eyJhbGci.eyJh.x.y", "\beyJhbGci", "eyJ+hbGc.",
		"eyJhbGci\n", "eyJhbGci.a b.cd", "eyJhbGci.abcd.ab c",
	};
	char longer[PJ_SIGNATURE_MAX * 2] = "eyJhbGci.abcd.";

	(void)state;
	check_cut(TOKEN_RS256, JWK_RSA);
	check_cut(TOKEN_ES256, JWK_P256);
	check_cut(TOKEN_ED25519, JWK_ED25519);
	check_cut(TOKEN_ED448, JWK_ED448);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (pj_jws_is_cut(pj_span_str(others[i]), NULL))
			fail_msg("%s", others[i]);
	/* No key signs so much: nothing is missing at its end. */
	memset(longer + strlen(longer), 'A', sizeof(longer) - strlen(longer));
	assert_false(pj_jws_is_cut(pj_span(longer, sizeof(longer)), NULL));
}

static void
check_vector(const char *name)
{
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = vector(name);
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;
	struct pj_span	token;
	struct pj_span	expect;
	struct pj_span	payload;
	struct pj_jwk	jwk;
	enum pj_status	status;

	assert_true(pj_json_string(pj_json_member(doc, "token"), &token));
	assert_true(pj_json_string(pj_json_member(doc, "expect"), &expect));
	status = pj_jws_parse(token, &jws, NULL);
	if (status == PJ_OK) {
		pj_jwk_read(pj_json_member(doc, "jwk"), &jwk, NULL);
		status = pj_jws_verify(jws, &jwk, &payload, NULL);
	}
	if ((status == PJ_OK) != pj_span_is(expect, "accept"))
		fail_msg("%s: %s", name, pj_status_name(status));
}

static void
test_vectors(void **state)
{
	static const char *const names[] = {
		"rfc7515-a1-hs256", "rfc7515-a1-hs256-vs-rsa-key",
		"rfc7515-a2-rs256", "rfc7515-a3-es256", "rfc7515-a4-es512",
		"rfc7515-a5-none", "rfc7515-a6-json-general",
		"rfc7515-a7-json-flattened", "rfc7520-4_1-rs256",
		"rfc7520-4_1-rs256-json", "rfc7520-4_1-rs256-json-flat",
		"rfc7520-4_2-ps384", "rfc7520-4_2-ps384-json",
		"rfc7520-4_3-es512", "rfc7520-4_3-es512-json",
		"rfc7520-4_4-hs256", "rfc7520-4_5-detached",
		"rfc7797-4_1-b64-false", "rfc8037-a4-ed25519",
	};

	(void)state;
	SKIP_WITHOUT_VECTORS();
	for (size_t i = 0; i < COUNT(names); i++)
		check_vector(names[i]);
}

/* The host's errors stay, ours do not, whatever the verdict. */
static void
test_error_queue(void **state)
{
	unsigned long first;
	unsigned long last;

	(void)state;
	for (size_t i = 0; i < COUNT(genuine); i++) {
		PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;
		PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *bad = NULL;
		struct pj_span	payload;
		struct parts	parts;

		KEY_SCOPED(key, genuine[i].jwk);
		take_apart(genuine[i].token, &parts);
		parts.signature[20] ^= 1;
		assert_status(PJ_OK, pj_jws_parse(pj_span_str(put_together(
		    parts.signed_part, parts.signature, parts.signature_len)),
		    &bad, NULL));
		assert_status(PJ_OK, pj_jws_parse(pj_span_str(
		    genuine[i].token), &jws, NULL));
		ERR_raise(ERR_LIB_USER, 101);
		ERR_raise(ERR_LIB_USER, 102);
		first = ERR_peek_error();
		last = ERR_peek_last_error();
		assert_status(PJ_OK, pj_jws_verify(jws, &key.jwk, &payload,
		    NULL));
		assert_status(PJ_SIGNATURE_INVALID, pj_jws_verify(bad,
		    &key.jwk, &payload, NULL));
		assert_int_equal(first, ERR_get_error());
		assert_int_equal(last, ERR_get_error());
		assert_int_equal(0, ERR_get_error());
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_genuine),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_detail),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_header_values),
		cmocka_unit_test(test_key_decides),
		cmocka_unit_test(test_rsa_schemes),
		cmocka_unit_test(test_rsa_length),
		cmocka_unit_test(test_rsa_range),
		cmocka_unit_test(test_ecdsa_range),
		cmocka_unit_test(test_ecdsa_form),
		cmocka_unit_test(test_eddsa),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_error_queue),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
