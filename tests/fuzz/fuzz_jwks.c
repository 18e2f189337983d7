/*
 * Key sets: each key is usable or has a reason; usable ones can be named, and
 * are made into OpenSSL's or refused; choosing stays within bounds.
 */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "fuzz.h"
#include "jose/jwks.h"

/* Loading takes milliseconds for the largest keys. */
#define LOADED_MAX	4

static void
check_key(const struct pj_jwk *jwk)
{
	char thumbprint[PJ_THUMBPRINT_LEN + 1];
	struct pj_error err = { "" };
	EVP_PKEY *pkey = NULL;
	enum pj_status status = pj_jwk_load(jwk, &pkey, &err);

	FUZZ_CHECK((status == PJ_OK) == (pkey != NULL));
	FUZZ_CHECK(jwk->kty != PJ_KTY_RSA || (jwk->bits >= PJ_RSA_BITS_MIN &&
	    jwk->bits <= PJ_RSA_BITS_MAX));
	FUZZ_CHECK(pj_jwk_same_key(jwk, jwk) || status != PJ_OK);
	if (status == PJ_OK)
		FUZZ_CHECK(pj_jwk_thumbprint(jwk, thumbprint, &err) == PJ_OK &&
		    strlen(thumbprint) == PJ_THUMBPRINT_LEN);
	EVP_PKEY_free(pkey);
	FUZZ_CHECK(ERR_peek_error() == 0);
}

static void
check_choice(const struct pj_jwks *jwks, const struct pj_jwk *named)
{
	const struct pj_jwk *chosen[PJ_CANDIDATES_MAX];
	struct pj_error err = { "" };
	const struct pj_alg *alg;

	for (unsigned i = 0; (alg = pj_alg_at(i)) != NULL; i++) {
		struct pj_jws_header header = { .alg = alg,
			.has_kid = named->has_kid, .kid = named->kid };
		size_t count = 0;

		if (pj_jwks_choose(jwks, &header, chosen, &count, &err) !=
		    PJ_OK)
			continue;
		FUZZ_CHECK(count >= 1 && count <= PJ_CANDIDATES_MAX);
		for (size_t k = 0; k < count; k++)
			FUZZ_CHECK(chosen[k]->status == PJ_OK &&
			    pj_alg_fits(alg, chosen[k]->kty, chosen[k]->crv));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *jwks = NULL;
	struct pj_error err = { "" };
	size_t usable = 0;

	if (pj_jwks_parse(pj_span(data, size), &jwks, &err) != PJ_OK) {
		FUZZ_CHECK(jwks == NULL);
		return 0;
	}
	FUZZ_CHECK(pj_jwks_count(jwks) <= PJ_KEYS_MAX);
	for (size_t i = 0; i < pj_jwks_count(jwks); i++) {
		const struct pj_jwk *jwk = pj_jwks_at(jwks, i);

		if (jwk->status != PJ_OK)
			continue;
		if (usable++ < LOADED_MAX) {
			check_key(jwk);
			check_choice(jwks, jwk);
		}
	}
	FUZZ_CHECK(usable == pj_jwks_usable(jwks));
	FUZZ_CHECK(usable != 0 || pj_jwks_refuse(jwks, &err) ==
	    PJ_KEYSET_INVALID);
	return 0;
}
