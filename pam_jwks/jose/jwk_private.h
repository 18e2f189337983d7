/*
 * What jwk.c and jwk_load.c share.  Internal to jose/.
 */
#ifndef PJ_JOSE_JWK_PRIVATE_H
#define PJ_JOSE_JWK_PRIVATE_H

#include "jose/jwk.h"
#include "jose/material.h"

/*
 * A member of a JWK, NULL if it is absent or null.  Providers whose writer
 * puts every member it knows mean the same by both; a null restricts nothing
 * and gives nothing away.
 */
const struct pj_json	*pj_jwk_member(const struct pj_json *json,
			    const char *name);

/* The numbers of a key that pj_jwk_read found usable. */
enum pj_status	pj_jwk_material(const struct pj_jwk *jwk,
		    struct pj_material *m, struct pj_error *err) PJ_MUST_CHECK;

#endif
