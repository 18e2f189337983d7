#include "fuzz.h"

struct pj_span
fuzz_part(struct pj_span *rest)
{
	const unsigned char *nul = rest->len == 0 ? NULL :
	    memchr(rest->ptr, '\0', rest->len);
	struct pj_span part = *rest;

	if (nul == NULL) {
		*rest = pj_span("", 0);
		return part;
	}
	part.len = (size_t)(nul - rest->ptr);
	*rest = pj_span_from(*rest, part.len + 1);
	return part;
}

bool
fuzz_inside(struct pj_span part, struct pj_span whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr &&
	    part.ptr + part.len <= whole.ptr + whole.len);
}
