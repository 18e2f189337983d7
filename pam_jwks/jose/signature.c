/*
 * The form of a signature, and verifying it with OpenSSL.
 */
#include <openssl/rsa.h>

#include "base/limits.h"
#include "jose/edwards.h"
#include "jose/material.h"
#include "jose/ossl.h"
#include "jose/signature.h"

/*
 * SEQUENCE of two INTEGERs of 67 bytes, each with two of header, and its own.
 */
#define ECDSA_DER_MAX	(2 * (PJ_COORDINATE_MAX + 1 + 2) + 3)

/* The orders n of the curves (FIPS 186-4 appendix D.1.2), big-endian. */
static const unsigned char order_p256[] = {
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
	0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};
static const unsigned char order_p384[] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
	0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a,
	0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
};
static const unsigned char order_p521[] = {
	0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xfa, 0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f,
	0x96, 0x6b, 0x7f, 0xcc, 0x01, 0x48, 0xf7, 0x09,
	0xa5, 0xd0, 0x3b, 0xb5, 0xc9, 0xb8, 0x89, 0x9c,
	0x47, 0xae, 0xbb, 0x6f, 0xb7, 0x1e, 0x91, 0x38,
	0x64, 0x09,
};

/* True if number, as long as the curve's order, is from 1 to n - 1. */
static bool
in_range(enum pj_crv crv, struct pj_span number)
{
	struct pj_span	order = { .len = 0 };
	unsigned char	any = 0;

	switch (crv) {
	case PJ_CRV_P256:
		order = pj_span(order_p256, sizeof(order_p256));
		break;
	case PJ_CRV_P384:
		order = pj_span(order_p384, sizeof(order_p384));
		break;
	case PJ_CRV_P521:
		order = pj_span(order_p521, sizeof(order_p521));
		break;
	case PJ_CRV_NONE:
	case PJ_CRV_ED25519:
	case PJ_CRV_ED448:
		return false;
	}
	for (size_t i = 0; i < number.len; i++)
		any |= number.ptr[i];
	return any != 0 && number.len == order.len &&
	    memcmp(number.ptr, order.ptr, order.len) < 0;
}

bool
pj_signature_form(const struct pj_alg *alg, enum pj_crv crv, unsigned bits,
    struct pj_span signature)
{
	size_t		size = pj_crv_size(crv);
	struct pj_span	first = pj_span(signature.ptr, size);
	struct pj_span	second = pj_span_from(signature, size);

	switch (alg->scheme) {
	case PJ_SCHEME_RSA_PKCS1:
	case PJ_SCHEME_RSA_PSS:
		/* Whether it is below n, OpenSSL says. */
		return signature.len == (bits + 7) / 8;
	case PJ_SCHEME_ECDSA:
		/* The second half is complete only if the whole is. */
		return in_range(crv, second) && in_range(crv, first);
	case PJ_SCHEME_EDDSA:
		return pj_edwards_scalar(crv, second);
	}
	return false;
}

/*
 * r and s, side by side in JOSE (RFC 7518 section 3.4), as OpenSSL wants them.
 */
static enum pj_status
ecdsa_to_der(enum pj_crv crv, struct pj_span signature,
    unsigned char der[ECDSA_DER_MAX], size_t *der_len)
{
	PJ_CLEANUP(pj_cleanup_ecdsa_sig) ECDSA_SIG *pair = NULL;
	PJ_CLEANUP(pj_cleanup_bn) BIGNUM *r = NULL;
	PJ_CLEANUP(pj_cleanup_bn) BIGNUM *s = NULL;
	size_t		size = pj_crv_size(crv);
	unsigned char	*end = der;
	int		len;

	if (size == 0 || signature.len != 2 * size)
		return PJ_INTERNAL_ERROR;
	pair = ECDSA_SIG_new();
	r = BN_bin2bn(signature.ptr, (int)size, NULL);
	s = BN_bin2bn(signature.ptr + size, (int)size, NULL);
	if (pair == NULL || r == NULL || s == NULL)
		return PJ_NO_MEMORY;
	if (ECDSA_SIG_set0(pair, r, s) != 1)
		return PJ_INTERNAL_ERROR;
	r = s = NULL;		/* they are the pair's now */
	len = i2d_ECDSA_SIG(pair, NULL);
	if (len <= 0 || len > ECDSA_DER_MAX)
		return PJ_INTERNAL_ERROR;
	if (i2d_ECDSA_SIG(pair, &end) != len)
		return PJ_INTERNAL_ERROR;
	*der_len = (size_t)len;
	return PJ_OK;
}

/* PSS: a salt as long as the digest, MGF1 with it (RFC 7518 section 3.5). */
static bool
set_pss(EVP_PKEY_CTX *ctx, const char *digest)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, digest, NULL) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

enum pj_status
pj_signature_verify(const struct pj_alg *alg, enum pj_crv crv, EVP_PKEY *pkey,
    struct pj_span input, struct pj_span signature)
{
	PJ_OSSL_ERRORS_SCOPED();
	PJ_CLEANUP(pj_cleanup_md_ctx) EVP_MD_CTX *ctx = NULL;
	unsigned char	der[ECDSA_DER_MAX];
	size_t		der_len;
	EVP_PKEY_CTX	*pctx = NULL;
	enum pj_status	status;

	if (alg->scheme == PJ_SCHEME_ECDSA) {
		status = ecdsa_to_der(crv, signature, der, &der_len);
		if (status != PJ_OK)
			return status;
		signature = pj_span(der, der_len);
	}
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL)
		return PJ_NO_MEMORY;
	if (EVP_DigestVerifyInit_ex(ctx, &pctx, alg->digest, NULL, NULL, pkey,
	    NULL) != 1 ||
	    (alg->scheme == PJ_SCHEME_RSA_PSS && !set_pss(pctx, alg->digest)))
		return PJ_INTERNAL_ERROR;
	/* 0 is a wrong signature, negative any trouble: 1 alone is good. */
	if (EVP_DigestVerify(ctx, signature.ptr, signature.len, input.ptr,
	    input.len) != 1)
		return PJ_SIGNATURE_INVALID;
	return PJ_OK;
}
