/*
 * The table of algorithms: what is in it, and above all what is not.  And the
 * digests, which have no program of their own.
 */
#include "jose/digest.h"
#include "jose_util.h"

static const char *const names[] = {
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
	"ES512", "EdDSA", "Ed25519", "Ed448",
};

static void
test_table(void **state)
{
	unsigned bits = 0;

	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++) {
		const struct pj_alg *alg = pj_alg_at(i);

		assert_non_null(alg);
		assert_string_equal(names[i], alg->name);
		assert_int_equal(i, alg->id);
		assert_ptr_equal(alg, pj_alg_find(pj_span_str(names[i])));
		assert_int_equal(0, bits & PJ_ALG_BIT(alg));
		bits |= PJ_ALG_BIT(alg);
		assert_true((alg->digest == NULL) ==
		    (alg->scheme == PJ_SCHEME_EDDSA));
	}
	assert_null(pj_alg_at(COUNT(names)));
	assert_null(pj_alg_at(~0u));
}

static void
test_others(void **state)
{
	static const char *const others[] = {
		"", "none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512",
		"rs256", "Rs256", "RS25", "RS2567", "RS256 ", " RS256",
		"ES256K", "RS1", "RSA-OAEP", "ECDH-ES", "dir", "ed25519",
		"eddsa", "Ed25519ph", "EDDSA", "ES521", "RS",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		if (pj_alg_find(pj_span_str(others[i])) != NULL)
			fail_msg("%s is known", others[i]);
	assert_null(pj_alg_find(pj_span("RS256", 6)));
	assert_null(pj_alg_find(pj_span("RS256\0x", 7)));
	assert_null(pj_alg_find(pj_span(NULL, 0)));
}

/* Each algorithm with each type and curve: 13 of 216 fit. */
static void
test_fits(void **state)
{
	unsigned fits = 0;

	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++)
		for (enum pj_kty t = PJ_KTY_RSA; t <= PJ_KTY_OKP; t++)
			for (enum pj_crv c = 0; c <= PJ_CRV_ED448; c++)
				fits += pj_alg_fits(pj_alg_at(i), t, c);
	assert_int_equal(13, fits);
	for (unsigned i = 0; i < 6; i++)
		assert_true(pj_alg_fits(pj_alg_at(i), PJ_KTY_RSA,
		    PJ_CRV_NONE));
	assert_true(pj_alg_fits(pj_alg_at(6), PJ_KTY_EC, PJ_CRV_P256));
	assert_true(pj_alg_fits(pj_alg_at(7), PJ_KTY_EC, PJ_CRV_P384));
	assert_true(pj_alg_fits(pj_alg_at(8), PJ_KTY_EC, PJ_CRV_P521));
	assert_true(pj_alg_fits(pj_alg_at(9), PJ_KTY_OKP, PJ_CRV_ED25519));
	assert_true(pj_alg_fits(pj_alg_at(9), PJ_KTY_OKP, PJ_CRV_ED448));
	assert_true(pj_alg_fits(pj_alg_at(10), PJ_KTY_OKP, PJ_CRV_ED25519));
	assert_true(pj_alg_fits(pj_alg_at(11), PJ_KTY_OKP, PJ_CRV_ED448));
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal("RSA", pj_kty_name(PJ_KTY_RSA));
	assert_string_equal("EC", pj_kty_name(PJ_KTY_EC));
	assert_string_equal("OKP", pj_kty_name(PJ_KTY_OKP));
	assert_string_equal("", pj_crv_name(PJ_CRV_NONE));
	assert_string_equal("P-256", pj_crv_name(PJ_CRV_P256));
	assert_string_equal("P-384", pj_crv_name(PJ_CRV_P384));
	assert_string_equal("P-521", pj_crv_name(PJ_CRV_P521));
	assert_string_equal("Ed25519", pj_crv_name(PJ_CRV_ED25519));
	assert_string_equal("Ed448", pj_crv_name(PJ_CRV_ED448));
}

/* FIPS 180-4's example, and nothing at all. */
static void
test_digest(void **state)
{
	char hex[PJ_SHA256_HEX_LEN + 1];

	(void)state;
	assert_status(PJ_OK, pj_sha256_hex(pj_span_str("abc"), hex));
	assert_string_equal("ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad", hex);
	assert_status(PJ_OK, pj_sha256_hex(pj_span(NULL, 0), hex));
	assert_string_equal("e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855", hex);
	assert_status(PJ_OK, pj_sha256_hex(pj_span("\0", 1), hex));
	assert_string_equal("6e340b9cffb37a989ca544e6bb780a2c"
	    "78901d3fb33738768511a30617afa01d", hex);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_digest),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
