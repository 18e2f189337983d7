/*
 * Checks of URLs.  Responsible for: saying whether a string is an https URL
 * that may be fetched.  Must not: normalise; issuers are compared byte for
 * byte.
 */
#ifndef PJ_BASE_URL_H
#define PJ_BASE_URL_H

#include <stdint.h>

#include "base/error.h"

/*
 * PJ_OK if url is https://host[:port][/path][?query] of printable ASCII without
 * white space, quotes, backslash, user info or fragment, at most PJ_URL_MAX
 * bytes; the host is a name, an IPv4 address or an IPv6 address in brackets.
 * Otherwise PJ_CONFIG_INVALID with the reason in the detail.
 */
enum pj_status	pj_url_check_https(struct pj_span url, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * The same for a proxy: http:// or https://, host and port, no path, no user
 * info.
 */
enum pj_status	pj_url_check_proxy(struct pj_span url, struct pj_error *err)
		    PJ_MUST_CHECK;

/* The port of a URL that has passed one of these; otherwise: it has none. */
uint16_t	pj_url_port(struct pj_span url, uint16_t otherwise);

#endif
