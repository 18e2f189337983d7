/*
 * Bytes with their length.  Responsible for: viewing and comparing bytes that
 * somebody else owns.  Must not: allocate, or trust a terminating NUL.
 */
#ifndef PJ_BASE_SPAN_H
#define PJ_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A borrowed view.  ptr may be NULL only if len is 0. */
struct pj_span {
	const unsigned char	*ptr;
	size_t			 len;
};

/* For the format "%.*s".  Bytes behind a NUL are not printed. */
#define PJ_SPAN_ARG(s)	(int)(s).len, (const char *)(s).ptr

static inline struct pj_span
pj_span(const void *ptr, size_t len)
{
	return (struct pj_span){ .ptr = ptr, .len = len };
}

/* The bytes of a C string without its NUL. */
static inline struct pj_span
pj_span_str(const char *str)
{
	return pj_span(str, strlen(str));
}

/* True if both hold the same bytes.  Not for secrets: takes varying time. */
static inline bool
pj_span_equal(struct pj_span a, struct pj_span b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* True if the span holds exactly the bytes of the C string. */
static inline bool
pj_span_is(struct pj_span a, const char *str)
{
	return pj_span_equal(a, pj_span_str(str));
}

/* As pj_span_is, ASCII letters compared without case, in any locale. */
bool	pj_span_is_nocase(struct pj_span a, const char *str);
bool	pj_span_equal_nocase(struct pj_span a, struct pj_span b);

/* True if the span begins with the bytes of the C string. */
static inline bool
pj_span_starts(struct pj_span a, const char *str)
{
	size_t len = strlen(str);

	return a.len >= len && memcmp(a.ptr, str, len) == 0;
}

/* The part from offset on; empty if offset is past the end. */
static inline struct pj_span
pj_span_from(struct pj_span a, size_t offset)
{
	if (offset >= a.len)
		return pj_span("", 0);
	return pj_span(a.ptr + offset, a.len - offset);
}

/* True if every byte is printable ASCII; true for an empty span. */
bool	pj_span_printable(struct pj_span a);

/* True if a byte is an ASCII control character. */
bool	pj_span_has_control(struct pj_span a);

/*
 * Reads a whole non-negative decimal number: digits only, no sign, no white
 * space, at most max.  Returns false, and leaves *value alone, otherwise.
 */
bool	pj_span_number(struct pj_span a, unsigned long long max,
	    unsigned long long *value);

#endif
