/*
 * Characters inside JSON strings.  Internal to json_gate.c.  Responsible for:
 * saying where a character ends, and refusing what has no one meaning.
 */
#ifndef PJ_BASE_JSON_TEXT_H
#define PJ_BASE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most bytes that a code point takes in UTF-8. */
#define PJ_JSON_UTF8_MAX	4

/*
 * Reads the escape that begins at p with a backslash (RFC 8259 section 7), a
 * surrogate pair as one.  Returns its length and its code point, or 0 and no
 * code point: a lone surrogate has no UTF-8 form, so parsers differ on it.
 */
size_t	pj_json_escape_read(const unsigned char *p, size_t n,
	    uint32_t *point);

/*
 * Length of the well-formed multi-byte sequence at p (RFC 3629 section 4), or
 * 0.  n is at least 1.
 */
size_t	pj_json_utf8_size(const unsigned char *p, size_t n);

/* Writes a code point to out and returns its length. */
size_t	pj_json_utf8_write(unsigned char out[PJ_JSON_UTF8_MAX],
	    uint32_t point);

#endif
