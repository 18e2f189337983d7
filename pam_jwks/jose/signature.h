/*
 * Verifying one signature with one key (RFC 7518 section 3, RFC 8037 section
 * 3.1).  Internal to jose/.
 */
#ifndef PJ_JOSE_SIGNATURE_H
#define PJ_JOSE_SIGNATURE_H

#include "jose/alg.h"

struct evp_pkey_st;

/*
 * True if the signature has the form that alg demands under a key of that curve
 * and modulus.  RSA: as long as the modulus of so many bits.  ECDSA: twice the
 * field's size, r and s from 1 to n - 1.  EdDSA: the exact length, S below the
 * order.  OpenSSL 3.0 refuses the same; this does not depend on it, and costs
 * nothing.
 */
bool		pj_signature_form(const struct pj_alg *alg, enum pj_crv crv,
		    unsigned bits, struct pj_span signature);

/*
 * PJ_OK if signature, whose form is good, is alg's over input under pkey, whose
 * type fits alg and whose curve is crv.  PJ_SIGNATURE_INVALID for anything
 * else; PJ_NO_MEMORY or PJ_INTERNAL_ERROR if it could not be tried.
 */
enum pj_status	pj_signature_verify(const struct pj_alg *alg, enum pj_crv crv,
		    struct evp_pkey_st *pkey, struct pj_span input,
		    struct pj_span signature) PJ_MUST_CHECK;

#endif
