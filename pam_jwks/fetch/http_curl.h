/*
 * One GET over https.  Responsible for: libcurl, of which this is the only
 * user, with every option that decides trust set here and none taken from the
 * environment.  Must not: follow a redirect, send a credential, or interpret
 * what comes back.  Runs in the worker alone.
 */
#ifndef PJ_FETCH_HTTP_CURL_H
#define PJ_FETCH_HTTP_CURL_H

#include "base/buf.h"
#include "base/error.h"
#include "fetch/http.h"
#include "keys/request.h"

struct pj_http;

/* Borrowed for good. */
struct pj_http_settings {
	struct pj_span		 ca;		/* PEM; empty: the system's */
	const char		*proxy;		/* NULL: none */
	enum pj_ip_resolve	 ip_resolve;
	int64_t			 connect_ms;
	int64_t			 request_ms;
};

struct pj_http_request {
	const char		*url;
	struct pj_span		 etag;		/* empty: unconditional */
	struct pj_span		 last_modified;
	bool			 no_cache;	/* past caches on the way */
	int64_t			 limit_ms;	/* beside request_ms */
};

struct pj_http_response {
	long			 status;	/* 200 and so on */
	struct pj_http_headers	 headers;
	int64_t			 cert_expires;	/* of its chain; 0: unknown */
	struct pj_buf		 body;		/* owned; decoded */
};

/*
 * *http lives as long as its process, since an orderly end could wait for a
 * resolver that hangs.  PJ_NO_MEMORY, PJ_INTERNAL_ERROR.
 */
enum pj_status	pj_http_open(const struct pj_http_settings *settings,
		    struct pj_http **http, struct pj_error *err) PJ_MUST_CHECK;

/* Where libcurl looks for CA certificates by itself; NULL: nowhere. */
void		pj_http_ca_paths(const char **file, const char **folder);

/*
 * PJ_OK for any answer, whatever its status.  response must be zeroed but for
 * the maximum of its body; it is filled in part on failure.  PJ_FETCH_FAILED or
 * PJ_FETCH_TIMEOUT with URL and reason in the detail; PJ_NO_MEMORY.
 */
enum pj_status	pj_http_get(struct pj_http *http,
		    const struct pj_http_request *request,
		    struct pj_http_response *response, struct pj_error *err)
		    PJ_MUST_CHECK;

#endif
