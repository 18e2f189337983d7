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
 * Reads the identity from the section's user_claim and decides whether it may
 * be user, the one that PAM asks for: by the section's map and the grants that
 * name it if there are any, else by comparing them.  Writes identity, rule and
 * literal_user to decision as soon as they are known.
 */
enum pj_status	pj_usermap_match(const struct pj_config *config,
		    const struct pj_issuer *issuer,
		    const struct pj_claims *claims, const char *user,
		    struct pj_decision *decision, struct pj_error *err)
		    PJ_MUST_CHECK;

/* PJ_USER_INVALID if a name could mislead whoever uses it next. */
enum pj_status	pj_usermap_check_name(struct pj_span user,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * The rules on the uid of an account.  literal_user: the user's name stands in
 * a line of the map or in a grant as it is, which frees it of them; what \1 or
 * `same` made is never free.  PJ_USER_IS_ROOT or PJ_UID_REFUSED.
 */
enum pj_status	pj_usermap_check_uid(const struct pj_issuer *issuer,
		    bool literal_user, uid_t uid, struct pj_error *err)
		    PJ_MUST_CHECK;

#endif
