/*
 * Claims for the session's environment, the value of `export`: words of the
 * form NAME=CLAIM.
 */
#ifndef PJ_POLICY_EXPORT_H
#define PJ_POLICY_EXPORT_H

#include "jose/jwt.h"
#include "policy/config.h"

/*
 * What every name begins with, so that no variable can be set that means
 * something to a loader, a shell or another program.
 */
#define PJ_EXPORT_PREFIX	"JWT_"

/*
 * Adds every word of text.  PJ_CONFIG_INVALID if one is no NAME=CLAIM, if a
 * name is not formed as it should be or stands twice; PJ_NO_MEMORY.
 */
enum pj_status	pj_export_parse(struct pj_list *exports, struct pj_span text,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * Adds "NAME=VALUE" to settings for each claim that is a string, a number or a
 * boolean, of at most PJ_EXPORT_MAX bytes and without control characters.  A
 * claim that is absent is left out; one that is otherwise unfit as well, and
 * err says which.  PJ_NO_MEMORY.
 */
enum pj_status	pj_export_claims(const struct pj_issuer *issuer,
		    const struct pj_claims *claims, struct pj_list *settings,
		    struct pj_error *err) PJ_MUST_CHECK;

#endif
