/*
 * Strict base64url (RFC 7515 section 2, RFC 4648 section 5) and, for x5c alone,
 * strict base64 (RFC 4648 section 4).
 */
#ifndef PJ_JOSE_B64URL_H
#define PJ_JOSE_B64URL_H

#include "base/buf.h"

/* Bytes that a text of len characters can hold at most. */
#define PJ_B64_DECODED_MAX(len)	((len) / 4 * 3 + 2)

/*
 * Decodes text into out (cap bytes) and sets *len.  PJ_BASE64_INVALID for
 * padding, white space, '+', '/', any other foreign byte, a length of 1 modulo
 * 4, tail bits that are not zero, or a result longer than cap.  An empty text
 * gives an empty result.
 */
enum pj_status	pj_b64url_decode(struct pj_span text, unsigned char *out,
		    size_t cap, size_t *len) PJ_MUST_CHECK;

/* The same for ordinary base64, whose padding is then mandatory. */
enum pj_status	pj_b64_decode(struct pj_span text, unsigned char *out,
		    size_t cap, size_t *len) PJ_MUST_CHECK;

/*
 * Encodes without padding into out, which has room for size bytes, NUL
 * included. Returns false if that is too little.
 */
bool		pj_b64url_encode(struct pj_span bytes, char *out, size_t size);

#endif
