/*
 * JSON for programs: objects of strings, numbers and the like, one member after
 * the other.  Errors of the stream are noticed at the end, by main.
 */
#ifndef PJ_CLI_JSON_OUT_H
#define PJ_CLI_JSON_OUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/span.h"

/* An object or array that is being written. */
struct pj_json_out {
	FILE	*file;
	bool	 begun;		/* a comma is needed */
};

/*
 * Members of an object.  name is a literal.  Text may hold any bytes; the
 * output is printable ASCII.  In an array name is NULL.
 */
void	pj_out_string(struct pj_json_out *out, const char *name,
	    struct pj_span text);
void	pj_out_number(struct pj_json_out *out, const char *name,
	    long long number);
void	pj_out_bool(struct pj_json_out *out, const char *name, bool value);

/* JSON that was made elsewhere; printable ASCII. */
void	pj_out_raw(struct pj_json_out *out, const char *name,
	    struct pj_span json);

/* The same as pj_out_string for text that is not "". */
void	pj_out_known(struct pj_json_out *out, const char *name,
	    const char *text);

/* Begins an object or an array ("{" or "["); end writes its other half. */
struct pj_json_out	pj_out_begin(struct pj_json_out *out,
			    const char *name, char bracket);
void			pj_out_end(struct pj_json_out *out, char bracket);

#endif
