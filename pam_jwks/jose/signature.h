/*
 * Verifying one signature with one key (RFC 7518 section 3, RFC 8037 section
 * 3.1).  Internal to jose/.
 */
#ifndef PJ_JOSE_SIGNATURE_H
#define PJ_JOSE_SIGNATURE_H

#include "jose/alg.h"

struct evp_pkey_st;

/*
 * PJ_OK if signature is alg's over input under pkey, whose type fits alg and
 * whose curve is crv.  PJ_SIGNATURE_INVALID for anything else, a wrong length
 * included; PJ_NO_MEMORY or PJ_INTERNAL_ERROR if it could not be tried.
 */
enum pj_status	pj_signature_verify(const struct pj_alg *alg, enum pj_crv crv,
		    struct evp_pkey_st *pkey, struct pj_span input,
		    struct pj_span signature) PJ_MUST_CHECK;

#endif
