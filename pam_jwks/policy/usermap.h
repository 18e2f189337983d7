/*
 * Which local user a verified token may be.  Pure: the account's uid is a
 * parameter, and nobody is looked up here.
 */
#ifndef PJ_POLICY_USERMAP_H
#define PJ_POLICY_USERMAP_H

#include <sys/types.h>

#include "jose/jwt.h"
#include "policy/config.h"
#include "policy/decision.h"

/*
 * Reads the identity from the section's user_claim and compares it with user,
 * the one that PAM asks for.  Writes identity and rule to decision as soon as
 * they are known.
 */
enum pj_status	pj_usermap_match(const struct pj_issuer *issuer,
		    const struct pj_claims *claims, const char *user,
		    struct pj_decision *decision, struct pj_error *err)
		    PJ_MUST_CHECK;

/* PJ_USER_INVALID if a name could mislead whoever uses it next. */
enum pj_status	pj_usermap_check_name(struct pj_span user,
		    struct pj_error *err) PJ_MUST_CHECK;

/* PJ_USER_IS_ROOT or PJ_UID_REFUSED. */
enum pj_status	pj_usermap_check_uid(const struct pj_issuer *issuer, uid_t uid,
		    struct pj_error *err) PJ_MUST_CHECK;

#endif
