/*
 * Texts made of "name value" lines and, behind an empty line, bytes: the form
 * of the data file, the state file and the worker's answer.  Responsible for: a
 * strict reading with bounds and without duplicates, and for writing values
 * that cannot break a line.  Must not: know what the names mean.
 */
#ifndef PJ_KEYS_FIELDS_H
#define PJ_KEYS_FIELDS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"

struct pj_field {
	struct pj_span	name;
	struct pj_span	value;
};

/* The lines of one text; all spans are borrowed from it. */
struct pj_fields {
	struct pj_field	items[PJ_FIELDS_MAX];
	size_t		count;
};

/*
 * Reads lines up to and including the empty one, and moves *rest behind it.
 * PJ_CACHE_INVALID if a line is malformed (a name of [a-z_0-9], one space, a
 * value of printable ASCII), a name occurs twice, a bound is exceeded, or the
 * empty line is missing.
 */
enum pj_status	pj_fields_read(struct pj_span *rest, struct pj_fields *fields,
		    struct pj_error *err) PJ_MUST_CHECK;

/* The value of name; false, and *value untouched, if there is none. */
bool		pj_fields_get(const struct pj_fields *fields, const char *name,
		    struct pj_span *value);

/* The same for a number from 0 to max. */
bool		pj_fields_number(const struct pj_fields *fields,
		    const char *name, int64_t max, int64_t *value);

/*
 * Appends a line.  PJ_CACHE_INVALID if value is no printable ASCII or too long;
 * PJ_NO_MEMORY, PJ_FILE_TOO_LARGE.
 */
enum pj_status	pj_fields_put(struct pj_buf *buf, const char *name,
		    struct pj_span value) PJ_MUST_CHECK;
enum pj_status	pj_fields_put_number(struct pj_buf *buf, const char *name,
		    int64_t value) PJ_MUST_CHECK;

#endif
