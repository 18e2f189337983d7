/*
 * The bare signature check that everything is compared with: OpenSSL's own call
 * over the same bytes, the key decoded and the signature in OpenSSL's form.
 */
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "bench.h"
#include "jose/b64url.h"
#include "jose/jwks.h"

static EVP_PKEY *key;
static OSSL_PARAM *numbers;
static struct pj_span input;
static unsigned char signature[PJ_SIGNATURE_MAX];
static size_t signature_len;

/* ECDSA's r and s as OpenSSL wants them. */
static void
to_der(void)
{
	size_t half = signature_len / 2;
	BIGNUM *r = BN_bin2bn(signature, (int)half, NULL);
	BIGNUM *s = BN_bin2bn(signature + half, (int)half, NULL);
	ECDSA_SIG *pair = ECDSA_SIG_new();
	unsigned char *at = signature;

	must(ECDSA_SIG_set0(pair, r, s) == 1, "ECDSA_SIG");
	signature_len = (size_t)i2d_ECDSA_SIG(pair, &at);
	ECDSA_SIG_free(pair);
}

void
raw_prepare(const char *name)
{
	const struct pj_jwk *chosen[PJ_CANDIDATES_MAX];
	const unsigned char *dot;
	struct pj_jwks *jwks;
	struct pj_jws *jws;
	size_t count;

	alg = pj_alg_find(pj_span_str(name));
	must(alg != NULL, "no such algorithm");
	must(pj_jwks_parse(pj_buf_span(&keys), &jwks, NULL) == PJ_OK, "keys");
	must(pj_jws_parse(pj_buf_span(&token), &jws, NULL) == PJ_OK, "token");
	must(pj_jwks_choose(jwks, pj_jws_header(jws), chosen, &count, NULL) ==
	    PJ_OK, "no key for the token");
	must(pj_jwk_load(chosen[0], &key, NULL) == PJ_OK, "key");
	must(EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &numbers) == 1,
	    "EVP_PKEY_todata");
	pj_jws_free(jws);
	pj_jwks_free(jwks);
	dot = memrchr(token.ptr, '.', token.len);
	input = pj_span(token.ptr, (size_t)(dot - token.ptr));
	must(pj_b64url_decode(pj_span_from(pj_buf_span(&token),
	    input.len + 1), signature, sizeof(signature), &signature_len) ==
	    PJ_OK, "signature");
	if (alg->scheme == PJ_SCHEME_ECDSA)
		to_der();
}

static void
verify(EVP_PKEY *with)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	must(EVP_DigestVerifyInit_ex(ctx, NULL, alg->digest, NULL, NULL, with,
	    NULL) == 1, "EVP_DigestVerifyInit_ex");
	must(EVP_DigestVerify(ctx, signature, signature_len, input.ptr,
	    input.len) == 1, "EVP_DigestVerify");
	EVP_MD_CTX_free(ctx);
}

void
raw_verify(void)
{
	verify(key);
}

/* What no caller of OpenSSL who begins with a key's numbers can do without. */
void
raw_verify_anew(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL,
	    EVP_PKEY_get0_type_name(key), NULL);
	EVP_PKEY *anew = NULL;

	must(EVP_PKEY_fromdata_init(ctx) == 1 && EVP_PKEY_fromdata(ctx, &anew,
	    EVP_PKEY_PUBLIC_KEY, numbers) == 1, "EVP_PKEY_fromdata");
	EVP_PKEY_CTX_free(ctx);
	verify(anew);
	EVP_PKEY_free(anew);
}

void
raw_release(void)
{
	OSSL_PARAM_free(numbers);
	EVP_PKEY_free(key);
	key = NULL;
}
