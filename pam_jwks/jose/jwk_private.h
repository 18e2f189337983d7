/*
 * What jwk.c and jwk_load.c share.  Internal to jose/.
 */
#ifndef PJ_JOSE_JWK_PRIVATE_H
#define PJ_JOSE_JWK_PRIVATE_H

#include "jose/jwk.h"
#include "jose/material.h"

/* The numbers of a key that pj_jwk_read found usable. */
enum pj_status	pj_jwk_material(const struct pj_jwk *jwk,
		    struct pj_material *m, struct pj_error *err) PJ_MUST_CHECK;

#endif
