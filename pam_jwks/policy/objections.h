/*
 * What is allowed in a configuration and still hardly meant: for
 * `pam-jwks check`, never for a login.
 */
#ifndef PJ_POLICY_OBJECTIONS_H
#define PJ_POLICY_OBJECTIONS_H

#include "policy/config.h"

/* Called for each objection with one line of printable text. */
typedef void pj_objection(void *ctx, const char *text);

/*
 * Goes through a finished configuration with its maps:
 *
 * - an audience that anybody can choose for himself, and nothing else required
 * - an audience with a *, which is no pattern here
 * - sudo without sudo-i, su without su-l, which are services of their own
 * - lines of a map that can never fit, and sections without any line
 * - keys that change nothing where they stand
 */
void	pj_config_object(const struct pj_config *config,
	    pj_objection *objection, void *ctx);

#endif
