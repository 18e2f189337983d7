/*
 * The arguments of a PAM line.  They choose, they do not configure.
 */
#ifndef PJ_POLICY_ARGUMENTS_H
#define PJ_POLICY_ARGUMENTS_H

#include "base/error.h"

struct pj_arguments {
	const char	*config;	/* absolute; NULL: the installed */
	const char	*prompt;	/* before the fixed one, or NULL */
	bool		 debug;
	bool		 quiet;
	bool		 use_first_pass;
	bool		 try_first_pass;
};

/* PJ_ARGUMENT_INVALID names the offending word in the detail. */
enum pj_status	pj_arguments_parse(int argc, const char **argv,
		    struct pj_arguments *arguments, struct pj_error *err)
		    PJ_MUST_CHECK;

#endif
