/*
 * Genuine tokens for targets behind the signature.  The key is made of fixed
 * bytes, which are known to everybody: it protects nothing.
 */
#ifndef PJ_TESTS_FUZZ_SIGNER_H
#define PJ_TESTS_FUZZ_SIGNER_H

#include "base/buf.h"

/* Appends the signer's key set. */
void	fuzz_signer_keys(struct pj_buf *out);

/* Appends a token with these bytes as header and payload. */
void	fuzz_sign(struct pj_span header, struct pj_span payload,
	    struct pj_buf *token);

#endif
