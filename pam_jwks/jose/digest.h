/*
 * SHA-256, for names and checksums: the token's id in the log, the cache's file
 * names, the data file's checksum, thumbprints.
 */
#ifndef PJ_JOSE_DIGEST_H
#define PJ_JOSE_DIGEST_H

#include "base/error.h"

#define PJ_SHA256_LEN		32
#define PJ_SHA256_HEX_LEN	64

/* PJ_INTERNAL_ERROR if OpenSSL refuses. */
enum pj_status	pj_sha256(struct pj_span bytes,
		    unsigned char digest[PJ_SHA256_LEN]) PJ_MUST_CHECK;

/* In lower-case hexadecimal, terminated. */
enum pj_status	pj_sha256_hex(struct pj_span bytes,
		    char hex[PJ_SHA256_HEX_LEN + 1]) PJ_MUST_CHECK;

#endif
