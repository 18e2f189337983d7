/*
 * OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3.  Responsible for:
 * the document's URL and its two members that are used.  Must not: believe
 * anything else that the document says (its lists of algorithms are often
 * wrong).
 */
#ifndef PJ_KEYS_DISCOVERY_H
#define PJ_KEYS_DISCOVERY_H

#include "base/buf.h"
#include "base/error.h"
#include "keys/request.h"

/*
 * Writes the URL, terminated, to out (its maximum is the limit): discovery_url
 * if it is set, else the issuer minus one trailing slash plus the well-known
 * suffix. PJ_CONFIG_INVALID if that is no https URL.
 */
enum pj_status	pj_discovery_url(const struct pj_key_request *request,
		    char out[PJ_URL_MAX + 1], struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * Reads jwks_uri, terminated, from a document.  PJ_DISCOVERY_INVALID;
 * PJ_DISCOVERY_ISSUER_DIFFERS unless its issuer is byte for byte the given one.
 */
enum pj_status	pj_discovery_parse(struct pj_span text, const char *issuer,
		    char jwks_uri[PJ_URL_MAX + 1], struct pj_error *err)
		    PJ_MUST_CHECK;

#endif
