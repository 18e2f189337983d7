/*
 * What an HTTP answer's header fields mean for keys (RFC 9110, RFC 9111).
 * Pure: no network, no clock.  Header fields are hostile: what cannot be
 * understood counts as absent, or as the shortest lifetime.
 */
#ifndef PJ_FETCH_HTTP_H
#define PJ_FETCH_HTTP_H

#include <stdint.h>

#include "base/limits.h"
#include "base/span.h"

/* The fields that are kept: terminated, printable ASCII, "" if absent. */
struct pj_http_headers {
	char	cache_control[PJ_HEADER_MAX + 1];	/* all, joined */
	char	age[PJ_HEADER_MAX + 1];
	char	expires[PJ_HEADER_MAX + 1];
	char	date[PJ_HEADER_MAX + 1];
	char	retry_after[PJ_HEADER_MAX + 1];
	char	etag[PJ_VALIDATOR_MAX + 1];
	char	last_modified[PJ_VALIDATOR_MAX + 1];
};

/* The fields by name, for whoever writes and reads them. */
#define PJ_HTTP_FIELDS		7
struct pj_http_field {
	const char	*header;	/* "Cache-Control" */
	const char	*name;		/* "cache_control" */
	size_t		 offset;	/* in struct pj_http_headers */
	size_t		 size;
	bool		 joined;	/* a list: repetitions are joined */
};
extern const struct pj_http_field pj_http_fields[PJ_HTTP_FIELDS];

/* The place of a field; size bytes, terminated. */
char		*pj_http_field(struct pj_http_headers *headers,
		    const struct pj_http_field *field);

/*
 * Takes one line "Name: value" with or without its line end.  A status line,
 * which begins an answer, forgets what came before it.
 */
void		pj_http_header_line(struct pj_http_headers *headers,
		    struct pj_span line);

/* Seconds since 1970 of an HTTP-date in any of its three forms; -1: none. */
int64_t		pj_http_date(const char *text);

/* The same for a date as OpenSSL prints it: "Nov 23 20:31:00 2027 GMT". */
int64_t		pj_http_cert_date(const char *text);

/*
 * Seconds that the answer is fresh for, from now on: max-age minus Age, else
 * Expires minus Date (or now).  0 for no-store, no-cache and whatever is
 * malformed; the smallest of several.  -1: the answer says nothing.
 */
int64_t		pj_http_freshness(const struct pj_http_headers *headers,
		    int64_t now);

/* Seconds to wait according to Retry-After; -1: it says nothing usable. */
int64_t		pj_http_retry_after(const struct pj_http_headers *headers,
		    int64_t now);

#endif
