/*
 * Key sets: the envelope, and the choice of keys.
 */
#include "jose_util.h"
#include "tests/unit/tokens.h"

static struct pj_jwks *
parse(const char *text)
{
	struct pj_jwks	*jwks = NULL;
	struct pj_error	 err = { "" };
	enum pj_status	 status;

	status = pj_jwks_parse(pj_span_str(text), &jwks, &err);
	if (status != PJ_OK)
		fail_msg("%s: %s", pj_status_name(status), err.detail);
	return jwks;
}

static void
test_envelope(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{}", "null", "{\"keys\":null}", "{\"keys\":{}}",
		"{\"keys\":\"\"}", "{\"Keys\":[]}", "{\"keys\":[]} x",
		"{\"keys\":[],\"keys\":[]}", "{\"keys\":[],\"k\\u0065ys\":[]}",
		"{\"keys\":[{\"kid\":\"a\",\"kid\":\"b\"}]}", "{\"keys\":[,]}",
		"<html>", "{\"keys\":[]", JWK_RSA,
	};
	struct pj_jwks	*jwks = NULL;
	struct pj_error	 err = { "" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		check_status(bad[i], PJ_KEYSET_INVALID,
		    pj_jwks_parse(pj_span_str(bad[i]), &jwks, &err));
	assert_null(jwks);
	jwks = parse("{\"keys\":[],\"other\":1}");
	assert_int_equal(0, pj_jwks_count(jwks));
	assert_int_equal(0, pj_jwks_usable(jwks));
	assert_null(pj_jwks_at(jwks, 0));
	pj_jwks_free(jwks);
	pj_jwks_free(NULL);
}

static enum pj_status
many_keys(size_t count)
{
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *jwks = NULL;
	PJ_BUF_SCOPED(buf, PJ_JSON_MAX);
	enum pj_status status;

	assert_status(PJ_OK, pj_buf_printf(&buf, "{\"keys\":[{}"));
	for (size_t i = 1; i < count; i++)
		assert_status(PJ_OK, pj_buf_printf(&buf, ",{}"));
	assert_status(PJ_OK, pj_buf_printf(&buf, "]}"));
	status = pj_jwks_parse(pj_buf_span(&buf), &jwks, NULL);
	if (status == PJ_OK)
		assert_int_equal(count, pj_jwks_count(jwks));
	return status;
}

static void
test_many(void **state)
{
	(void)state;
	assert_status(PJ_OK, many_keys(PJ_KEYS_MAX));
	assert_status(PJ_KEYSET_INVALID, many_keys(PJ_KEYS_MAX + 1));
}

/* One bad key costs itself, never the set; each says why. */
static void
test_skipped(void **state)
{
	static const enum pj_status expected[] = {
		PJ_KEY_MALFORMED, PJ_OK, PJ_KEY_PRIVATE, PJ_KEY_MALFORMED,
		PJ_KEY_NOT_FOR_SIGNING, PJ_OK, PJ_KEY_TYPE_UNSUPPORTED,
		PJ_KEY_X5C_INVALID,
	};
	struct pj_jwks *jwks;

	(void)state;
	jwks = parse(text_of("{\"keys\":[null,%s,{\"kty\":\"oct\",\"k\":\"\"},"
	    "\"x\",{\"use\":\"enc\",%s,%s,{\"kty\":\"AKP\"},"
	    "{\"x5c\":[\"\"],%s]}", JWK_RSA, REST(JWK_RSA_OTHER), JWK_P256,
	    REST(JWK_RSA)));
	assert_int_equal(COUNT(expected), pj_jwks_count(jwks));
	assert_int_equal(2, pj_jwks_usable(jwks));
	for (size_t i = 0; i < COUNT(expected); i++) {
		const struct pj_jwk *jwk = pj_jwks_at(jwks, i);

		assert_status(expected[i], jwk->status);
		assert_true((jwk->detail == NULL) == (jwk->status == PJ_OK));
		assert_true(jwk->detail == NULL ||
		    jwk->detail->detail[0] != '\0');
	}
	assert_null(pj_jwks_at(jwks, COUNT(expected)));
	pj_jwks_free(jwks);
}

/* What loads, but is unsound: pj_jwks_check takes it out. */
static void
test_check_each(void **state)
{
	struct pj_jwks *jwks;

	(void)state;
	jwks = parse(text_of("{\"keys\":[%s,{\"kty\":\"EC\",\"crv\":\"P-256\","
	    "\"x\":\"AQ\",\"y\":\"AQ\"},{\"x5c\":[\"%s\"],%s,{}]}", JWK_RSA,
	    X5C_RSA_OTHER, REST(JWK_RSA)));
	assert_int_equal(3, pj_jwks_usable(jwks));
	for (size_t i = 0; i < 6; i++)
		pj_jwks_check(jwks, i);
	assert_int_equal(1, pj_jwks_usable(jwks));
	assert_status(PJ_OK, pj_jwks_at(jwks, 0)->status);
	assert_status(PJ_KEY_POINT_INVALID, pj_jwks_at(jwks, 1)->status);
	assert_non_null(pj_jwks_at(jwks, 1)->detail);
	assert_status(PJ_KEY_X5C_DIFFERS, pj_jwks_at(jwks, 2)->status);
	pj_jwks_check(jwks, 1);
	assert_int_equal(1, pj_jwks_usable(jwks));
	/* What an earlier check found is marked; what has a reason keeps it. */
	pj_jwks_skip(jwks, 0, PJ_KEY_SIZE_REFUSED);
	pj_jwks_skip(jwks, 1, PJ_KEY_SIZE_REFUSED);
	pj_jwks_skip(jwks, 99, PJ_KEY_SIZE_REFUSED);
	assert_int_equal(0, pj_jwks_usable(jwks));
	assert_status(PJ_KEY_SIZE_REFUSED, pj_jwks_at(jwks, 0)->status);
	assert_status(PJ_KEY_POINT_INVALID, pj_jwks_at(jwks, 1)->status);
	pj_jwks_free(jwks);
}

/* What a set gives for a header; the chosen are told by their place. */
struct choice {
	enum pj_status	status;
	size_t		count;
	size_t		places[PJ_CANDIDATES_MAX];
};

static struct choice
choose(const char *set, const struct pj_jws_header *header)
{
	const struct pj_jwk	*chosen[PJ_CANDIDATES_MAX] = { NULL };
	struct choice		 choice = { .count = 77 };
	struct pj_error		 err = { "" };
	struct pj_jwks		*jwks = parse(set);

	choice.status = pj_jwks_choose(jwks, header, chosen, &choice.count,
	    &err);
	if (choice.status != PJ_OK) {
		/* Untouched. */
		assert_int_equal(77, choice.count);
		assert_null(chosen[0]);
		choice.count = 0;
	}
	for (size_t i = 0; i < choice.count; i++)
		choice.places[i] = (size_t)(chosen[i] - pj_jwks_at(jwks, 0));
	pj_jwks_free(jwks);
	assert_int_equal(0, ERR_peek_error());
	return choice;
}

static struct pj_jws_header
header(const char *alg, const char *kid)
{
	return (struct pj_jws_header){
		.alg = pj_alg_find(pj_span_str(alg)),
		.has_kid = kid != NULL,
		.kid = kid != NULL ? pj_span_str(kid) : pj_span("", 0),
	};
}

static void
test_by_kid(void **state)
{
	struct pj_jws_header	head = header("RS256", "b");
	struct choice		found;
	const char		*set;

	(void)state;
	set = text_of("{\"keys\":[{\"kid\":\"a\",%s,{\"kid\":\"b\",%s,"
	    "{\"kid\":\"B\",%s,{\"kid\":\"b \",%s,%s]}", REST(JWK_RSA),
	    REST(JWK_RSA_OTHER), REST(JWK_RSA), REST(JWK_RSA), JWK_RSA);
	found = choose(set, &head);
	assert_status(PJ_OK, found.status);
	assert_int_equal(1, found.count);
	assert_int_equal(1, found.places[0]);
	/* Byte for byte: no case, no prefix, no NUL's end. */
	head.kid = pj_span("b\0", 2);
	assert_status(PJ_KEY_UNKNOWN, choose(set, &head).status);
	head = header("RS256", "c");
	assert_status(PJ_KEY_UNKNOWN, choose(set, &head).status);
	/* A key without a kid is not meant by one. */
	head = header("RS256", "k1");
	assert_status(PJ_KEY_UNKNOWN, choose(text_of("{\"keys\":[%s]}",
	    JWK_RSA), &head).status);
	/* An empty kid in the set is one, and not "none". */
	head.has_kid = false;
	assert_status(PJ_OK, choose(text_of("{\"keys\":[{\"kid\":\"\",%s]}",
	    REST(JWK_RSA)), &head).status);
}

static void
test_unfit(void **state)
{
	static const struct {
		const char	*alg;
		const char	*key;
	} rows[] = {
		{ "ES256", "{\"kid\":\"b\",%s" },
		{ "EdDSA", "{\"kid\":\"b\",%s" },
		{ "RS256", "{\"kid\":\"b\",\"alg\":\"RS384\",%s" },
		{ "RS256", "{\"kid\":\"b\",\"alg\":\"PS256\",%s" },
		{ "RS256", "{\"kid\":\"b\",\"use\":\"enc\",%s" },
		{ "RS256", "{\"kid\":\"b\",\"d\":\"AQ\",%s" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pj_jws_header head = header(rows[i].alg, "b");
		PJ_BUF_SCOPED(key, 4096);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		assert_status(PJ_OK, pj_buf_printf(&key, rows[i].key,
		    REST(JWK_RSA)));
#pragma GCC diagnostic pop
		check_status(rows[i].key, PJ_KEY_UNFIT, choose(text_of(
		    "{\"keys\":[%s,%.*s,%s]}", JWK_RSA,
		    PJ_SPAN_ARG(pj_buf_span(&key)), JWK_P256), &head).status);
	}
	struct pj_jws_header es384 = header("ES384", "b");
	assert_status(PJ_KEY_UNFIT, choose(text_of(
	    "{\"keys\":[{\"kid\":\"b\",%s]}", REST(JWK_P256)),
	    &es384).status);
}

/* The same kid twice: the fitting ones in order, at most four. */
static void
test_same_kid(void **state)
{
	struct pj_jws_header	head = header("RS256", "b");
	struct choice		found;
	PJ_BUF_SCOPED(set, PJ_JSON_MAX);

	(void)state;
	found = choose(text_of("{\"keys\":[{\"kid\":\"b\",\"use\":\"enc\",%s,"
	    "{\"kid\":\"b\",\"alg\":\"RS256\",%s,{\"kid\":\"b\",%s,"
	    "{\"kid\":\"b\",\"alg\":\"RS512\",%s,{\"kid\":\"b\",%s]}",
	    REST(JWK_RSA), REST(JWK_RSA), REST(JWK_P256), REST(JWK_RSA),
	    REST(JWK_RSA_OTHER)), &head);
	assert_int_equal(2, found.count);
	assert_int_equal(1, found.places[0]);
	assert_int_equal(4, found.places[1]);
	assert_status(PJ_OK, pj_buf_printf(&set, "{\"keys\":[%s", JWK_P256));
	for (size_t i = 0; i < PJ_CANDIDATES_KID_MAX + 2; i++)
		assert_status(PJ_OK, pj_buf_printf(&set, ",{\"kid\":\"b\",%s",
		    REST(JWK_RSA)));
	assert_status(PJ_OK, pj_buf_printf(&set, "]}"));
	found = choose(text_of("%.*s", PJ_SPAN_ARG(pj_buf_span(&set))), &head);
	assert_status(PJ_OK, found.status);
	assert_int_equal(PJ_CANDIDATES_KID_MAX, found.count);
	assert_int_equal(PJ_CANDIDATES_KID_MAX,
	    found.places[PJ_CANDIDATES_KID_MAX - 1]);
}

static struct choice
choose_nameless(size_t count)
{
	struct pj_jws_header head = header("RS256", NULL);
	PJ_BUF_SCOPED(set, PJ_JSON_MAX);

	assert_status(PJ_OK, pj_buf_printf(&set, "{\"keys\":[%s", JWK_P256));
	for (size_t i = 0; i < count; i++)
		assert_status(PJ_OK, pj_buf_printf(&set, ",{\"kid\":\"%zu\",%s",
		    i, REST(JWK_RSA)));
	assert_status(PJ_OK, pj_buf_printf(&set, ",{}]}"));
	return choose(text_of("%.*s", PJ_SPAN_ARG(pj_buf_span(&set))), &head);
}

static void
test_without_kid(void **state)
{
	struct choice found;

	(void)state;
	assert_status(PJ_KEY_UNKNOWN, choose_nameless(0).status);
	found = choose_nameless(1);
	assert_status(PJ_OK, found.status);
	assert_int_equal(1, found.count);
	assert_int_equal(1, found.places[0]);
	assert_int_equal(PJ_CANDIDATES_MAX,
	    choose_nameless(PJ_CANDIDATES_MAX).count);
	assert_status(PJ_KEY_UNKNOWN,
	    choose_nameless(PJ_CANDIDATES_MAX + 1).status);
}

static void
test_by_thumbprint(void **state)
{
	struct pj_jws_header	head = header("RS256", NULL);
	const char		*set;
	const char		*named;

	(void)state;
	set = text_of("{\"keys\":[%s,{\"x5c\":[\"%s\"],%s,{\"x5c\":[\"%s\"],"
	    "%s]}", JWK_RSA, X5C_RSA_OTHER, REST(JWK_RSA_OTHER), X5C_RSA,
	    REST(JWK_RSA));
	named = text_of("{\"keys\":[{\"x5t\":\"%s\",%s,{\"x5t#S256\":\"%s\","
	    "%s,{\"x5t\":1,%s]}", X5T_RSA, REST(JWK_RSA), X5T256_RSA,
	    REST(JWK_RSA_OTHER), REST(JWK_RSA));
	head.has_x5t = true;
	head.x5t = pj_span_str(X5T_RSA);
	assert_int_equal(1, choose(set, &head).count);
	assert_int_equal(2, choose(set, &head).places[0]);
	assert_int_equal(1, choose(named, &head).count);
	assert_int_equal(0, choose(named, &head).places[0]);
	/* S256 goes before SHA-1. */
	head.has_x5t_s256 = true;
	head.x5t_s256 = pj_span_str(X5T256_RSA);
	assert_int_equal(2, choose(set, &head).places[0]);
	assert_int_equal(1, choose(named, &head).places[0]);
	head.x5t_s256 = pj_span_str(X5T_RSA);
	assert_status(PJ_KEY_UNKNOWN, choose(set, &head).status);
	/* A kid goes before both. */
	head.has_kid = true;
	head.kid = pj_span_str("k1");
	assert_status(PJ_KEY_UNKNOWN, choose(set, &head).status);
	head = header("ES256", NULL);
	head.has_x5t = true;
	head.x5t = pj_span_str(X5T_RSA);
	assert_status(PJ_KEY_UNFIT, choose(set, &head).status);
	/* A key's own member counts, even against its certificate. */
	head = header("RS256", NULL);
	head.has_x5t = true;
	head.x5t = pj_span_str(X5T_RSA);
	assert_status(PJ_KEY_UNKNOWN, choose(text_of(
	    "{\"keys\":[{\"x5t\":\"AA\",\"x5c\":[\"%s\"],%s,{\"x5c\":[1]},"
	    "{\"x5c\":[\"=\"]},{\"x5c\":[]},null]}", X5C_RSA, REST(JWK_RSA)),
	    &head).status);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_envelope),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_check_each),
		cmocka_unit_test(test_by_kid),
		cmocka_unit_test(test_unfit),
		cmocka_unit_test(test_same_kid),
		cmocka_unit_test(test_without_kid),
		cmocka_unit_test(test_by_thumbprint),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
