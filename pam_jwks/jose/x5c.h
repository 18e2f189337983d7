/*
 * The certificates of a JWK (RFC 7517 section 4.7).  Responsible for: finding
 * the public key in one, in strict DER.  Must not: believe anything else in it;
 * x5c is a container for a key and no statement of trust.  Internal to jose/.
 */
#ifndef PJ_JOSE_X5C_H
#define PJ_JOSE_X5C_H

#include "base/buf.h"
#include "base/json.h"
#include "jose/alg.h"

/* A public key inside a certificate; the spans are parts of its bytes. */
struct pj_spki {
	enum pj_kty	kty;
	enum pj_crv	crv;
	struct pj_span	n;	/* RSA: big-endian, without leading zeros */
	struct pj_span	e;
	struct pj_span	point;	/* EC: 04, x, y; OKP: x */
};

/*
 * The form of the member alone: an array of 1 to PJ_X5C_ENTRIES_MAX strings of
 * a bearable length.  KEY_X5C_INVALID otherwise.
 */
enum pj_status	pj_x5c_shape(const struct pj_json *x5c, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * Appends entry i, decoded, to der (maximum PJ_X5C_ENTRY_MAX).
 * KEY_X5C_INVALID or PJ_NO_MEMORY.
 */
enum pj_status	pj_x5c_decode(const struct pj_json *x5c, size_t i,
		    struct pj_buf *der, struct pj_error *err) PJ_MUST_CHECK;

/*
 * Finds the key in a certificate that is strict DER as a whole (X.690 section
 * 10).  KEY_X5C_INVALID, or KEY_TYPE_UNSUPPORTED for a key of another kind.
 */
enum pj_status	pj_x5c_spki(struct pj_span cert, struct pj_spki *spki,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * Has OpenSSL read the certificate too, all of it, to the last byte.  About 0.1
 * ms, therefore not for every login.
 */
enum pj_status	pj_x5c_full(struct pj_span cert, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * When the certificate ends (RFC 5280 section 4.1.2.5), in seconds since 1970:
 * for people, nothing depends on it.  False if OpenSSL cannot tell.
 */
bool		pj_x5c_end(struct pj_span cert, int64_t *end);

#endif
