/*
 * What RFC 8032 demands of points and signatures on the Edwards curves and
 * OpenSSL 3.0 does not check, or not everywhere.  Internal to jose/.
 */
#ifndef PJ_JOSE_EDWARDS_H
#define PJ_JOSE_EDWARDS_H

#include "base/error.h"
#include "jose/alg.h"

#define PJ_ED25519_KEY		32
#define PJ_ED448_KEY		57

/*
 * PJ_OK if key is the canonical encoding of a y that does not belong to a point
 * of small order.  KEY_MALFORMED for another length, KEY_POINT_INVALID
 * otherwise.  A signature under a key of small order fits any message.  No
 * arithmetic: whether the point exists says pj_edwards_on_curve.
 */
enum pj_status	pj_edwards_check(enum pj_crv crv, struct pj_span key,
		    struct pj_error *err) PJ_MUST_CHECK;

/* PJ_OK if there is an x for the key's y (RFC 8032 sections 5.1.3, 5.2.3). */
enum pj_status	pj_edwards_on_curve(enum pj_crv crv, struct pj_span key,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * True if the second half of a signature is below the group's order; otherwise
 * a second signature could be made of each (RFC 8032 sections 5.1.7, 5.2.7).
 */
bool		pj_edwards_scalar(enum pj_crv crv, struct pj_span s);

#endif
