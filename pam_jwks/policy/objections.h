/*
 * What is allowed in a configuration and still hardly meant: for
 * `pam-jwks check`, never for a login.
 */
#ifndef PJ_POLICY_OBJECTIONS_H
#define PJ_POLICY_OBJECTIONS_H

#include "policy/config.h"

enum pj_objection_kind {
	PJ_OBJECT_AUDIENCE_OPEN,	/* anybody can choose it */
	PJ_OBJECT_AUDIENCE_PATTERN,	/* a * in it */
	PJ_OBJECT_ACCOUNT,		/* none, where logins are */
	PJ_OBJECT_PARTNER,		/* sudo without sudo-i */
	PJ_OBJECT_MAP,			/* lines that never fit, or none */
	PJ_OBJECT_NO_EFFECT,		/* a key that changes nothing */
	PJ_OBJECT_SHADOWED,		/* a section behind another */
};

/* Called for each objection with one line of printable text. */
typedef void pj_objection(void *ctx, enum pj_objection_kind kind,
    const char *text);

/*
 * Goes through a finished configuration with its maps:
 *
 * - an audience that anybody can choose for himself, and nothing else required
 * - an audience with a *, which is no pattern here
 * - sudo without sudo-i, su without su-l, which are services of their own
 * - lines of a map and identities of a grant that can never fit, and sections
 *   without any line
 * - keys that change nothing where they stand
 * - sections that do not decide since one before them takes their tokens
 */
void	pj_config_object(const struct pj_config *config,
	    pj_objection *objection, void *ctx);

/* True if a section serves it by name; any counts for all. */
bool	pj_config_serves(const struct pj_config *config, const char *service);

#endif
