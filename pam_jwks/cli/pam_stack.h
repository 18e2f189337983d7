/*
 * One PAM stack as libpam reads it: the lines of one phase with what they
 * include.  Responsible for: the syntax of pam.d(5).  Must not: judge a stack.
 */
#ifndef PJ_CLI_PAM_STACK_H
#define PJ_CLI_PAM_STACK_H

#include "base/buf.h"
#include "base/error.h"
#include "cli/finding.h"

#define PJ_PAM_FOLDER	"/etc/pam.d"

/* Strings are owned by the stack. */
struct pj_stack_line {
	struct pj_place	 place;
	char		*phase;		/* as written, without a dash */
	char		*control;	/* "sufficient", "[success=1 ...]" */
	char		*module;	/* as written; "" with include */
	char		*arguments;	/* separated by single spaces */
};

struct pj_stack {
	struct pj_stack_line	 lines[PJ_STACK_LINES_MAX];
	size_t			 count;
	char			*files[PJ_STACK_DEPTH_MAX * 4];
	size_t			 file_count;	/* the first is the service's */
};

/* The phases that there are, auth first. */
#define PJ_STACK_PHASES	4
extern const char *const pj_stack_phases[PJ_STACK_PHASES];

/*
 * Appends the lines of a phase ("auth") of a file below PJ_PAM_FOLDER to an
 * empty stack.  What is included and missing is left out, as libpam would fail
 * there.  A line of a phase that does not exist is one of "auth", where libpam
 * fails.  PJ_FILE_MISSING and the like for the file itself, PJ_NO_MEMORY.
 */
enum pj_status	pj_stack_read(const char *service, const char *phase,
		    struct pj_stack *stack, struct pj_error *err)
		    PJ_MUST_CHECK;
void		pj_stack_free(struct pj_stack *stack);

/* The module's file name without its folder. */
const char	*pj_stack_module(const struct pj_stack_line *line);

/*
 * Takes the arguments apart, as a module gets them: without the brackets around
 * one with spaces.  argv has max places; it points into *text, which is the
 * caller's to free.  PJ_NO_MEMORY.
 */
enum pj_status	pj_stack_argv(const struct pj_stack_line *line, char **text,
		    const char **argv, size_t max, int *argc) PJ_MUST_CHECK;

/* True if word is one of the arguments; "config=" finds what begins so. */
bool		pj_stack_has(const struct pj_stack_line *line,
		    const char *word);

#endif
