/*
 * The table of algorithms and the names of key types.  Must not: hold an
 * algorithm that is symmetric or unsecured; there is no code behind such a
 * line.
 */
#include "jose/alg.h"

#define RSA(id, name, scheme, digest)					\
	{ name, PJ_SCHEME_RSA_##scheme, PJ_KTY_RSA, PJ_CRV_NONE, digest, id }
#define ECDSA(id, name, crv, digest)					\
	{ name, PJ_SCHEME_ECDSA, PJ_KTY_EC, crv, digest, id }
#define EDDSA(id, name, crv)						\
	{ name, PJ_SCHEME_EDDSA, PJ_KTY_OKP, crv, NULL, id }

static const struct pj_alg algs[] = {
	RSA(0, "RS256", PKCS1, "SHA256"),
	RSA(1, "RS384", PKCS1, "SHA384"),
	RSA(2, "RS512", PKCS1, "SHA512"),
	RSA(3, "PS256", PSS, "SHA256"),
	RSA(4, "PS384", PSS, "SHA384"),
	RSA(5, "PS512", PSS, "SHA512"),
	ECDSA(6, "ES256", PJ_CRV_P256, "SHA256"),
	ECDSA(7, "ES384", PJ_CRV_P384, "SHA384"),
	ECDSA(8, "ES512", PJ_CRV_P521, "SHA512"),
	/* The curve is the key's, or the name's (RFC 9864 section 2.2). */
	EDDSA(9, "EdDSA", PJ_CRV_NONE),
	EDDSA(10, "Ed25519", PJ_CRV_ED25519),
	EDDSA(11, "Ed448", PJ_CRV_ED448),
};

#define ALGS	(sizeof(algs) / sizeof(algs[0]))

const struct pj_alg *
pj_alg_find(struct pj_span name)
{
	for (size_t i = 0; i < ALGS; i++)
		if (pj_span_is(name, algs[i].name))
			return &algs[i];
	return NULL;
}

const struct pj_alg *
pj_alg_at(unsigned id)
{
	return id < ALGS ? &algs[id] : NULL;
}

bool
pj_alg_fits(const struct pj_alg *alg, enum pj_kty kty, enum pj_crv crv)
{
	if (alg->kty != kty)
		return false;
	switch (kty) {
	case PJ_KTY_RSA:
		return crv == PJ_CRV_NONE;
	case PJ_KTY_EC:
		return alg->crv == crv;
	case PJ_KTY_OKP:
		return alg->crv == PJ_CRV_NONE ?
		    crv == PJ_CRV_ED25519 || crv == PJ_CRV_ED448 :
		    alg->crv == crv;
	}
	return false;
}

const char *
pj_kty_name(enum pj_kty kty)
{
	switch (kty) {
	case PJ_KTY_RSA:
		return "RSA";
	case PJ_KTY_EC:
		return "EC";
	case PJ_KTY_OKP:
		return "OKP";
	}
	return "";
}

const char *
pj_crv_name(enum pj_crv crv)
{
	switch (crv) {
	case PJ_CRV_NONE:
		return "";
	case PJ_CRV_P256:
		return "P-256";
	case PJ_CRV_P384:
		return "P-384";
	case PJ_CRV_P521:
		return "P-521";
	case PJ_CRV_ED25519:
		return "Ed25519";
	case PJ_CRV_ED448:
		return "Ed448";
	}
	return "";
}
