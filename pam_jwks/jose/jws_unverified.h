/*
 * The payload before it is verified.  For jwt.c alone, which peeks at it to
 * choose an issuer section; a lint keeps everybody else out.
 */
#ifndef PJ_JOSE_JWS_UNVERIFIED_H
#define PJ_JOSE_JWS_UNVERIFIED_H

#include "jose/jws.h"

struct pj_span	pj_jws_unverified_payload(const struct pj_jws *jws);

#endif
