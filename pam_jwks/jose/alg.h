/*
 * The one table of signature algorithms (RFC 7518 section 3.1, RFC 8037 section
 * 3.1, RFC 9864 section 2.2).  What is not in it does not exist: "none" and
 * HMAC have no line.
 *
 * To add an algorithm: a line in alg.c, the way to verify it in signature.c,
 * the kind of key in jwk.c, material.c and jwk_load.c, and tokens for it in the
 * tests.
 */
#ifndef PJ_JOSE_ALG_H
#define PJ_JOSE_ALG_H

#include "base/status.h"

enum pj_kty {
	PJ_KTY_RSA,
	PJ_KTY_EC,
	PJ_KTY_OKP,
};

enum pj_crv {
	PJ_CRV_NONE,		/* RSA */
	PJ_CRV_P256,
	PJ_CRV_P384,
	PJ_CRV_P521,
	PJ_CRV_ED25519,
	PJ_CRV_ED448,
};

enum pj_scheme {
	PJ_SCHEME_RSA_PKCS1,
	PJ_SCHEME_RSA_PSS,
	PJ_SCHEME_ECDSA,
	PJ_SCHEME_EDDSA,
};

struct pj_alg {
	const char	*name;		/* as in the header, exact case */
	enum pj_scheme	 scheme;
	enum pj_kty	 kty;
	enum pj_crv	 crv;		/* PJ_CRV_NONE: RSA; any, EdDSA */
	const char	*digest;	/* OpenSSL's name; NULL for EdDSA */
	unsigned	 id;		/* its line in the table, from 0 */
};

/* A set of algorithms, one bit each. */
#define PJ_ALG_BIT(alg)		(1u << (alg)->id)

/* The algorithm with exactly this name, or NULL. */
const struct pj_alg	*pj_alg_find(struct pj_span name);

/* The lines of the table in order; NULL behind the last. */
const struct pj_alg	*pj_alg_at(unsigned id);

/* True if a key of this type and curve can verify signatures of alg. */
bool			 pj_alg_fits(const struct pj_alg *alg, enum pj_kty kty,
			    enum pj_crv crv);

/* "RSA", "EC", "OKP"; "P-256" and so on, "" for PJ_CRV_NONE. */
const char		*pj_kty_name(enum pj_kty kty);
const char		*pj_crv_name(enum pj_crv crv);

#endif
