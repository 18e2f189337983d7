/*
 * The numbers of a public key, wherever they came from.  Responsible for:
 * reading them from a JWK's bare members or its first certificate into one
 * form, and every check of them that needs no OpenSSL.  Internal to jose/.
 */
#ifndef PJ_JOSE_MATERIAL_H
#define PJ_JOSE_MATERIAL_H

#include "base/json.h"
#include "jose/alg.h"

/* Providers may write n and e with zero bytes in front; so many are borne. */
#define PJ_RSA_ZEROS_MAX	8

#define PJ_COORDINATE_MAX	66	/* P-521 */

/* The spans point into the struct itself: do not copy it. */
struct pj_material {
	enum pj_kty	kty;
	enum pj_crv	crv;
	struct pj_span	n;	/* RSA, big-endian, no leading zero */
	struct pj_span	e;
	struct pj_span	point;	/* EC: 04, x, y, full size; OKP: x */
	unsigned char	bytes[PJ_RSA_BITS_MAX / 8 + PJ_RSA_EXPONENT_BYTES +
			    2 * PJ_RSA_ZEROS_MAX];
};

/* Bytes of a coordinate; 0 for PJ_CRV_NONE. */
size_t		pj_crv_size(enum pj_crv crv);

/* Bits of the modulus, or of the field. */
unsigned	pj_material_bits(const struct pj_material *m);

/*
 * Reads n and e, or x and y, or x.  RSA: 2048 to 8192 bits, odd, not of the
 * weak kind of CVE-2017-15361; e odd, from 65537, below 2^64.  EC: a short
 * coordinate is padded; whether the point is on the curve is OpenSSL's to say.
 * OKP: exact length, canonical, not of small order.  KEY_MALFORMED,
 * KEY_SIZE_REFUSED or KEY_POINT_INVALID.  *m is valid only on PJ_OK.
 */
enum pj_status	pj_material_bare(const struct pj_json *jwk, enum pj_kty kty,
		    enum pj_crv crv, struct pj_material *m,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * The same from x5c's first certificate; KEY_X5C_INVALID and
 * KEY_TYPE_UNSUPPORTED besides.
 */
enum pj_status	pj_material_x5c(const struct pj_json *x5c,
		    struct pj_material *m, struct pj_error *err) PJ_MUST_CHECK;

bool		pj_material_equal(const struct pj_material *a,
		    const struct pj_material *b);

#endif
