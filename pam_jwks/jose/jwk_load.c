/*
 * Making an OpenSSL key of a JWK.
 */
#include "jose/edwards.h"
#include "jose/jwk_private.h"
#include "jose/ossl.h"
#include "jose/x5c.h"

/* EVP_PKEY_fromdata: 4 us for RSA where d2i_PUBKEY takes 87 us. */
static enum pj_status
from_params(const char *type, const OSSL_PARAM *params, EVP_PKEY **pkey)
{
	PJ_CLEANUP(pj_cleanup_pkey_ctx) EVP_PKEY_CTX *ctx = NULL;
	PJ_CLEANUP(pj_cleanup_pkey) EVP_PKEY *made = NULL;
	OSSL_PARAM *plain = (OSSL_PARAM *)(uintptr_t)params;

	ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
		return PJ_INTERNAL_ERROR;
	if (EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_PUBLIC_KEY, plain) != 1)
		return PJ_KEY_MALFORMED;
	*pkey = PJ_TAKE(made);
	return PJ_OK;
}

/* OSSL_PARAM numbers are in the machine's byte order. */
static void
to_native(struct pj_span number, unsigned char *out)
{
	for (size_t i = 0; i < number.len; i++)
		out[i] = number.ptr[__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ?
		    i : number.len - 1 - i];
}

static enum pj_status
load_rsa(const struct pj_material *m, EVP_PKEY **pkey)
{
	unsigned char	n[PJ_RSA_BITS_MAX / 8];
	unsigned char	e[PJ_RSA_EXPONENT_BYTES];
	OSSL_PARAM	params[3];

	if (m->n.len > sizeof(n) || m->e.len > sizeof(e))
		return PJ_KEY_SIZE_REFUSED;
	to_native(m->n, n);
	to_native(m->e, e);
	params[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n,
	    m->n.len);
	params[1] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e,
	    m->e.len);
	params[2] = OSSL_PARAM_construct_end();
	return from_params("RSA", params, pkey);
}

/* OpenSSL refuses a point that is not on the curve (test_jwk.c holds it to). */
static enum pj_status
load_ec(const struct pj_material *m, EVP_PKEY **pkey, struct pj_error *err)
{
	unsigned char	point[1 + 2 * PJ_COORDINATE_MAX];
	char		name[sizeof("P-256")];
	OSSL_PARAM	params[3];
	enum pj_status	status;

	memcpy(point, m->point.ptr, m->point.len);
	memcpy(name, pj_crv_name(m->crv), sizeof(name));
	params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
	    point, m->point.len);
	params[2] = OSSL_PARAM_construct_end();
	status = from_params("EC", params, pkey);
	if (status == PJ_KEY_MALFORMED)
		return pj_fail(err, PJ_KEY_POINT_INVALID, "not on the curve");
	return status;
}

static enum pj_status
load_okp(const struct pj_material *m, EVP_PKEY **pkey, struct pj_error *err)
{
	enum pj_status status;

	/* OpenSSL 3.0 takes any bytes for an Edwards key. */
	status = pj_edwards_on_curve(m->crv, m->point, err);
	if (status != PJ_OK)
		return status;
	*pkey = EVP_PKEY_new_raw_public_key_ex(NULL,
	    m->crv == PJ_CRV_ED25519 ? "ED25519" : "ED448", NULL,
	    m->point.ptr, m->point.len);
	return *pkey != NULL ? PJ_OK : PJ_INTERNAL_ERROR;
}

static enum pj_status
load_material(const struct pj_material *m, EVP_PKEY **pkey,
    struct pj_error *err)
{
	switch (m->kty) {
	case PJ_KTY_RSA:
		return load_rsa(m, pkey);
	case PJ_KTY_EC:
		return load_ec(m, pkey, err);
	case PJ_KTY_OKP:
		return load_okp(m, pkey, err);
	}
	return PJ_KEY_TYPE_UNSUPPORTED;
}

/* The certificate beside bare members must hold the same key. */
static enum pj_status
compare_x5c(const struct pj_json *x5c, const struct pj_material *bare,
    struct pj_error *err)
{
	struct pj_material	m;
	enum pj_status		status;

	status = pj_material_x5c(x5c, &m, err);
	if (status == PJ_KEY_X5C_INVALID || status == PJ_NO_MEMORY)
		return status;
	if (status != PJ_OK || !pj_material_equal(&m, bare))
		return pj_fail(err, PJ_KEY_X5C_DIFFERS,
		    "the first certificate's key is another one");
	return PJ_OK;
}

/* Has OpenSSL read the first count certificates. */
static enum pj_status
check_x5c(const struct pj_json *x5c, size_t count, struct pj_error *err)
{
	for (size_t i = 0; i < count; i++) {
		PJ_BUF_SCOPED(der, PJ_X5C_ENTRY_MAX);
		struct pj_spki	spki;
		enum pj_status	status;

		status = pj_x5c_decode(x5c, i, &der, err);
		if (status == PJ_OK)
			status = pj_x5c_spki(pj_buf_span(&der), &spki, err);
		/* The others' keys may be of any kind; the first fits. */
		if (status == PJ_KEY_TYPE_UNSUPPORTED)
			status = PJ_OK;
		if (status == PJ_OK)
			status = pj_x5c_full(pj_buf_span(&der), err);
		if (status != PJ_OK)
			return pj_fail_in(err, status, "x5c entry %zu", i);
	}
	return PJ_OK;
}

enum pj_status
pj_jwk_load(const struct pj_jwk *jwk, EVP_PKEY **pkey, struct pj_error *err)
{
	PJ_OSSL_ERRORS_SCOPED();
	PJ_CLEANUP(pj_cleanup_pkey) EVP_PKEY *loaded = NULL;
	const struct pj_json	*x5c;
	struct pj_material	 m;
	enum pj_status		 status;

	status = pj_jwk_material(jwk, &m, err);
	if (status != PJ_OK)
		return status;
	x5c = pj_jwk_member(jwk->json, "x5c");
	if (jwk->from_x5c)
		status = check_x5c(x5c, 1, err);
	else if (x5c != NULL)
		status = compare_x5c(x5c, &m, err);
	if (status == PJ_OK)
		status = load_material(&m, &loaded, err);
	if (status != PJ_OK)
		return status;
	*pkey = PJ_TAKE(loaded);
	return PJ_OK;
}

enum pj_status
pj_jwk_check(const struct pj_jwk *jwk, struct pj_error *err)
{
	PJ_OSSL_ERRORS_SCOPED();
	PJ_CLEANUP(pj_cleanup_pkey) EVP_PKEY *pkey = NULL;
	PJ_CLEANUP(pj_cleanup_pkey_ctx) EVP_PKEY_CTX *ctx = NULL;
	const struct pj_json	*x5c;
	enum pj_status		 status;

	status = pj_jwk_load(jwk, &pkey, err);
	if (status != PJ_OK)
		return status;
	x5c = pj_jwk_member(jwk->json, "x5c");
	status = check_x5c(x5c, pj_json_length(x5c), err);
	if (status != PJ_OK)
		return status;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	if (ctx == NULL)
		return PJ_NO_MEMORY;
	if (EVP_PKEY_public_check(ctx) != 1)
		return pj_fail(err, jwk->kty == PJ_KTY_RSA ?
		    PJ_KEY_SIZE_REFUSED : PJ_KEY_POINT_INVALID,
		    "OpenSSL finds the key unsound");
	return PJ_OK;
}

bool
pj_jwk_certificate_end(const struct pj_jwk *jwk, int64_t *end)
{
	PJ_BUF_SCOPED(der, PJ_X5C_ENTRY_MAX);
	const struct pj_json *x5c = pj_jwk_member(jwk->json, "x5c");

	return pj_x5c_shape(x5c, NULL) == PJ_OK &&
	    pj_x5c_decode(x5c, 0, &der, NULL) == PJ_OK &&
	    pj_x5c_end(pj_buf_span(&der), end);
}
