/*
 * The lines of a configuration file or of a map of users.
 */
#ifndef PJ_POLICY_LINES_H
#define PJ_POLICY_LINES_H

#include "base/error.h"

/* A walk through a text; zero but for rest at the beginning. */
struct pj_lines {
	struct pj_span	rest;
	unsigned	number;		/* of the line that was taken last */
};

/*
 * Takes the next line that is neither empty nor a comment, without the blanks
 * at its ends: false at the end of the text.  For a line that is too long or
 * has control characters *line is empty and what says so.
 */
bool		pj_lines_next(struct pj_lines *lines, struct pj_span *line,
		    struct pj_error *what);

/* The same for one line that stands alone; false if there is nothing in it. */
bool		pj_line_take(struct pj_span text, struct pj_span *line,
		    struct pj_error *what);

/* Without spaces and tabs at both ends. */
struct pj_span	pj_line_trim(struct pj_span text);

/*
 * True if a number sign stands, outside of quotes, where somebody would begin a
 * comment: there are none behind a value, and read as a word it would allow
 * what it seems to hide.
 */
bool		pj_line_has_comment(struct pj_span text);

#endif
