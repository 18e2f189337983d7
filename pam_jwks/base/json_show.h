/*
 * JSON for showing: to people, whose terminals obey control characters, and to
 * programs.  Responsible for: printable ASCII whatever a value holds, which is
 * JSON all the same.  Must not: be asked for what is then compared or believed.
 */
#ifndef PJ_BASE_JSON_SHOW_H
#define PJ_BASE_JSON_SHOW_H

#include "base/buf.h"
#include "base/json.h"

/*
 * All append to out; what is not printable ASCII becomes \uXXXX (RFC 8259
 * section 7).  PJ_NO_MEMORY or PJ_FILE_TOO_LARGE; out then holds a part.
 */

/* A value as JSON text. */
enum pj_status	pj_json_show(const struct pj_json *value, struct pj_buf *out)
		    PJ_MUST_CHECK;

/* Any bytes as a JSON string; one that is not UTF-8 becomes U+FFFD. */
enum pj_status	pj_json_quote(struct pj_span bytes, struct pj_buf *out)
		    PJ_MUST_CHECK;

/* Bytes as they are, quotes and backslashes, too: not JSON by itself. */
enum pj_status	pj_json_printable(struct pj_span bytes, struct pj_buf *out)
		    PJ_MUST_CHECK;

#endif
