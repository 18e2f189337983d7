/*
 * Strict JSON.  Responsible for: refusing every text that two parsers could
 * read differently, and reading values without coercion.  It is the only user
 * of json-c: a text first passes a small scanner of our own (json_gate.c), then
 * json-c with both of its validation flags.  Must not: repair, guess, or log.
 *
 * Refused (RFC 8259, RFC 7493): anything outside the grammar, malformed UTF-8,
 * unpaired surrogate escapes, a duplicate member in any object (also when one
 * is written with escapes), NUL in a member name, anything but white space
 * behind the value, more than PJ_JSON_DEPTH_MAX, PJ_JSON_VALUES_MAX or
 * PJ_JSON_MEMBERS_MAX.
 *
 * A number may be of any size, as RFC 8259 section 6 has it: a key set must
 * not fail for a member that nobody reads.  json-c then holds the nearest
 * number that it knows: a getter for numbers must refuse what may have been
 * changed.
 */
#ifndef PJ_BASE_JSON_H
#define PJ_BASE_JSON_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

struct pj_json;		/* one value; lives as long as its document */

enum pj_json_type {
	PJ_JSON_NULL,
	PJ_JSON_BOOL,
	PJ_JSON_NUMBER,
	PJ_JSON_STRING,
	PJ_JSON_ARRAY,
	PJ_JSON_OBJECT,
};

/*
 * The scanner alone.  Returns PJ_OK, PJ_JSON_INVALID, PJ_JSON_DUPLICATE or
 * PJ_JSON_TOO_LARGE (or PJ_NO_MEMORY), with the byte offset in the detail.
 */
enum pj_status	pj_json_gate(struct pj_span text, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * Parses a text whose top is an object.  On success *doc is owned by the caller
 * (pj_json_free).  The text is not referenced afterwards.  Errors as in
 * pj_json_gate.
 */
enum pj_status	pj_json_parse(struct pj_span text, struct pj_json **doc,
		    struct pj_error *err) PJ_MUST_CHECK;
void		pj_json_free(struct pj_json *doc);
PJ_DEFINE_CLEANUP(struct pj_json *, pj_cleanup_json, pj_json_free)

enum pj_json_type	 pj_json_type(const struct pj_json *value);

/* The member's value, or NULL if it is absent or object is no object. */
const struct pj_json	*pj_json_member(const struct pj_json *object,
			    const char *name);

/* Elements of an array; 0 for any other value. */
size_t			 pj_json_length(const struct pj_json *array);
const struct pj_json	*pj_json_item(const struct pj_json *array, size_t i);

/*
 * Calls visit for each member of an object, in their order; for no other value.
 */
typedef void	pj_json_visit(void *ctx, const char *name,
		    const struct pj_json *value);
void		pj_json_members(const struct pj_json *object,
		    pj_json_visit *visit, void *ctx);

/*
 * The value as JSON text, for showing it; false if memory is exhausted.  A
 * number that json-c has not kept shows as the nearest one.  It lives until
 * value is asked for again, or is freed.
 */
bool	pj_json_text(const struct pj_json *value, struct pj_span *text);

/*
 * Typed getters: false, and *out untouched, if value is NULL or not of exactly
 * that type.  A string's bytes may hold NUL and live as long as the document.
 */
bool	pj_json_string(const struct pj_json *value, struct pj_span *out);
bool	pj_json_bool(const struct pj_json *value, bool *out);

/*
 * The text of a number, as it stands in the document but for a whole number's
 * "-0", which is "0".  False as well for a whole number beyond 63 bits, which
 * json-c has not kept.  It lives as long as the document.
 */
bool	pj_json_number(const struct pj_json *value, struct pj_span *text);

/*
 * A NumericDate (RFC 7519 section 2) in whole seconds, rounded down.  False if
 * value is no number, not finite, or its magnitude is over 2^53, where a
 * double stops being exact.
 */
bool	pj_json_time(const struct pj_json *value, int64_t *out);

#endif
