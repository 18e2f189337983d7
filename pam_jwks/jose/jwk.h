/*
 * One key of a key set (RFC 7517 section 4).  Responsible for: deciding whether
 * it can be used for verifying, and making an OpenSSL key of it.  Private and
 * symmetric members make a key unusable.
 */
#ifndef PJ_JOSE_JWK_H
#define PJ_JOSE_JWK_H

#include "base/json.h"
#include "jose/alg.h"
#include "jose/digest.h"

/*
 * What is known of a key without arithmetic.  The spans live as long as the
 * JSON document that the key came from.
 */
struct pj_jwk {
	enum pj_status		 status;	/* PJ_OK, or why skipped */
	const struct pj_json	*json;
	bool			 has_kid;
	struct pj_span		 kid;
	enum pj_kty		 kty;		/* valid if status is PJ_OK */
	enum pj_crv		 crv;		/* valid if status is PJ_OK */
	const struct pj_alg	*alg;		/* NULL: the member is absent */
	unsigned		 bits;		/* modulus or field size */
	bool			 from_x5c;	/* no bare members */
	struct pj_error		*detail;	/* the set's; may be NULL */
};

/*
 * Classifies one element of a key set: type, sizes, exponent, use, key_ops,
 * alg, private members, length of coordinates, x5c's form.  Always fills *jwk;
 * jwk->status says whether it is usable, err (optional) why not.  Where the
 * bare members are missing, the type is read from the first certificate.
 */
void		pj_jwk_read(const struct pj_json *json, struct pj_jwk *jwk,
		    struct pj_error *err);

struct evp_pkey_st;	/* OpenSSL's EVP_PKEY */

/*
 * Makes the OpenSSL key: from the bare members, on the curve, not of small
 * order; from x5c if those are missing; if both exist they must agree.  On
 * success *pkey is owned by the caller (EVP_PKEY_free).  A status of the
 * "why a key is not used" group on failure.
 */
enum pj_status	pj_jwk_load(const struct pj_jwk *jwk,
		    struct evp_pkey_st **pkey, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * Checks a key completely (EVP_PKEY_public_check): milliseconds for RSA.  For
 * the helper at refresh, not for a login.
 */
enum pj_status	pj_jwk_check(const struct pj_jwk *jwk, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * The SHA-256 thumbprint (RFC 7638) in base64url, terminated, of a key with
 * bare members or of the one in x5c.
 */
#define PJ_THUMBPRINT_LEN	43
enum pj_status	pj_jwk_thumbprint(const struct pj_jwk *jwk,
		    char out[PJ_THUMBPRINT_LEN + 1], struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * When the first certificate in x5c ends, in seconds since 1970.  For people,
 * never enforced: the certificate is a container for a key, and the set says
 * which keys are in force.  False if there is none that can be read.
 */
bool		pj_jwk_certificate_end(const struct pj_jwk *jwk, int64_t *end);

/*
 * True if both hold the same public key material (not: the same metadata).
 * Used to tell whether a refresh brought another key under the same kid.
 */
bool		pj_jwk_same_key(const struct pj_jwk *a, const struct pj_jwk *b);

#endif
