/*
 * Tokens with claims: what may be peeked at, and that claims come from
 * verification alone.
 */
#include "jose_util.h"
#include "tests/unit/tokens.h"

static struct pj_jwt *
parse(const char *token)
{
	struct pj_jwt	*jwt = NULL;
	struct pj_error	 err = { "" };

	assert_status(PJ_OK, pj_jwt_parse(pj_span_str(token), &jwt, &err));
	assert_non_null(jwt);
	return jwt;
}

static enum pj_status
form(const char *token)
{
	PJ_CLEANUP(pj_cleanup_jwt) struct pj_jwt *jwt = NULL;
	struct pj_error err = { "" };

	return pj_jwt_parse(pj_span_str(token), &jwt, &err);
}

static const char *
claims(const char *text)
{
	return text_of("%s.%s.AA", b64("{\"alg\":\"RS256\"}"), b64(text));
}

static void
test_payload(void **state)
{
	static const char *const bad[] = {
		"null", "[]", "\"x\"", "1", "{", "{} x", "{\"a\":1,\"a\":2}",
		"{\"iss\":\"a\",\"is\\u0073\":\"b\"}", "{\"exp\":NaN}",
		"{\"exp\":099}", "{\"a\\u0000\":1}", "'{}'",
		"{\"a\":\"\xff\"}", "{\"a\":\"\\ud800\"}", "Payload",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		check_status(bad[i], PJ_PAYLOAD_INVALID, form(claims(bad[i])));
	assert_status(PJ_OK, form(claims("{}")));
	assert_status(PJ_PAYLOAD_INVALID, form(TOKEN_TEXT));
	assert_status(PJ_PAYLOAD_INVALID, form(TOKEN_ARRAY));
	assert_status(PJ_PAYLOAD_INVALID, form(TOKEN_TWICE));
	assert_status(PJ_TOKEN_EMPTY, form(""));
	assert_status(PJ_NOT_A_JWT, form("correct.horse.battery"));
	pj_jwt_free(NULL);
	pj_claims_free(NULL);
}

static enum pj_status
peek(const char *token, struct pj_jwt_peek *peek)
{
	PJ_CLEANUP(pj_cleanup_jwt) struct pj_jwt *jwt = parse(token);
	struct pj_error err = { "" };

	return pj_jwt_peek(jwt, peek, &err);
}

static void
test_peek(void **state)
{
	PJ_CLEANUP(pj_cleanup_jwt) struct pj_jwt *jwt = parse(TOKEN_RS256);
	struct pj_jwt_peek seen;

	(void)state;
	assert_string_equal("RS256", pj_jwt_header(jwt)->alg->name);
	assert_true(pj_span_is(pj_jwt_header(jwt)->kid, "k1"));
	assert_status(PJ_OK, pj_jwt_peek(jwt, &seen, NULL));
	assert_true(pj_span_is(seen.iss, "https://id.example"));
	assert_int_equal(1, pj_json_length(seen.aud));
	assert_true(seen.has_exp);
	assert_int_equal(2000000000, seen.exp);
}

static void
test_peek_types(void **state)
{
	static const struct {
		enum pj_status	 status;
		const char	*claims;
	} rows[] = {
		{ PJ_OK, "{\"iss\":\"a\"}" },
		{ PJ_OK, "{\"iss\":\"\",\"aud\":\"b\",\"exp\":0}" },
		{ PJ_OK, "{\"iss\":\"a\",\"aud\":[],\"exp\":1.5}" },
		{ PJ_OK, "{\"iss\":\"a\",\"aud\":[\"b\",\"c\"],\"exp\":-1}" },
		{ PJ_CLAIM_MISSING, "{}" },
		{ PJ_CLAIM_MISSING, "{\"ISS\":\"a\"}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":null}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":1}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":[\"a\"]}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":\"a\",\"aud\":null}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":\"a\",\"aud\":1}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":\"a\",\"aud\":{}}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":\"a\",\"aud\":[1]}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":\"a\",\"aud\":[\"b\",null]}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":\"a\",\"aud\":[[\"b\"]]}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":\"a\",\"exp\":null}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":\"a\",\"exp\":\"12\"}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":\"a\",\"exp\":true}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":\"a\",\"exp\":[12]}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":\"a\",\"exp\":1e400}" },
		{ PJ_CLAIM_TYPE, "{\"iss\":\"a\",\"exp\":1e17}" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pj_jwt_peek seen = { .exp = 4711 };

		check_status(rows[i].claims, rows[i].status,
		    peek(claims(rows[i].claims), &seen));
		if (rows[i].status != PJ_OK)
			assert_int_equal(4711, seen.exp);
	}
}

static void
test_peek_values(void **state)
{
	PJ_CLEANUP(pj_cleanup_jwt) struct pj_jwt *bare = parse(TOKEN_ISS_ONLY);
	PJ_CLEANUP(pj_cleanup_jwt) struct pj_jwt *half = parse(TOKEN_EXP_HALF);
	struct pj_jwt_peek seen;

	(void)state;
	assert_status(PJ_OK, pj_jwt_peek(bare, &seen, NULL));
	assert_null(seen.aud);
	assert_false(seen.has_exp);
	assert_status(PJ_OK, pj_jwt_peek(half, &seen, NULL));
	assert_int_equal(PJ_JSON_STRING, pj_json_type(seen.aud));
	assert_true(seen.has_exp);
	assert_int_equal(12, seen.exp);
}

static void
test_verify(void **state)
{
	struct pj_jwt		*jwt = parse(TOKEN_RS256);
	struct pj_claims	*made = NULL;
	struct pj_jwt_peek	 seen;
	struct pj_span		 text;

	(void)state;
	KEY_SCOPED(key, JWK_RSA);
	KEY_SCOPED(other, JWK_RSA_OTHER);
	/* A key that fails leaves the token as it was. */
	assert_status(PJ_SIGNATURE_INVALID, pj_jwt_verify(jwt, &other.jwk,
	    &made, NULL));
	assert_null(made);
	assert_status(PJ_OK, pj_jwt_verify(jwt, &key.jwk, &made, NULL));
	assert_non_null(made);
	/* Verified once: there is no second set of claims. */
	struct pj_claims *again = NULL;
	assert_status(PJ_INTERNAL_ERROR, pj_jwt_verify(jwt, &key.jwk, &again,
	    NULL));
	assert_null(again);
	assert_status(PJ_INTERNAL_ERROR, pj_jwt_peek(jwt, &seen, NULL));
	/* The claims outlive the token. */
	pj_jwt_free(jwt);
	assert_true(pj_json_string(pj_claims_get(made, "sub"), &text));
	assert_true(pj_span_is(text, "alice"));
	assert_null(pj_claims_get(made, "absent"));
	assert_null(pj_claims_get(made, "aud.0"));
	pj_claims_free(made);
}

/* From a token to claims by way of a key set, for each way to name a key. */
static void
test_whole_way(void **state)
{
	static const char *const tokens[] = {
		TOKEN_RS256, TOKEN_NO_KID, TOKEN_X5T, TOKEN_X5T256,
	};
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *jwks = NULL;

	(void)state;
	assert_status(PJ_OK, pj_jwks_parse(pj_span_str(text_of("{\"keys\":["
	    "{\"kid\":\"k0\",\"use\":\"enc\",%s,{\"kid\":\"k1\",\"x5c\":"
	    "[\"%s\"],%s]}", &JWK_RSA_OTHER[1], X5C_RSA, &JWK_RSA[1])), &jwks,
	    NULL));
	for (size_t i = 0; i < COUNT(tokens); i++) {
		PJ_CLEANUP(pj_cleanup_jwt) struct pj_jwt *jwt =
		    parse(tokens[i]);
		PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *made = NULL;
		const struct pj_jwk	*chosen[PJ_CANDIDATES_MAX];
		size_t			 count;

		assert_status(PJ_OK, pj_jwks_choose(jwks, pj_jwt_header(jwt),
		    chosen, &count, NULL));
		assert_int_equal(1, count);
		assert_status(PJ_OK, pj_jwt_verify(jwt, chosen[0], &made,
		    NULL));
		assert_non_null(pj_claims_get(made, "iss"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_peek),
		cmocka_unit_test(test_peek_types),
		cmocka_unit_test(test_peek_values),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_whole_way),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
