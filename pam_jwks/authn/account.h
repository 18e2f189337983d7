/*
 * The local account behind a user's name.  For users whose token is verified
 * and theirs: whoever asks earlier tells strangers which accounts there are.
 */
#ifndef PJ_AUTHN_ACCOUNT_H
#define PJ_AUTHN_ACCOUNT_H

#include "policy/config.h"

/*
 * Looks the account up and applies the section's rules to its uid;
 * literal_user as in pj_usermap_check_uid.  PJ_USER_UNKNOWN, PJ_USER_IS_ROOT,
 * PJ_UID_REFUSED, PJ_NO_MEMORY or PJ_SYSTEM_ERROR.
 */
enum pj_status	pj_account_check(const struct pj_issuer *issuer,
		    const char *user, bool literal_user,
		    struct pj_error *err) PJ_MUST_CHECK;

#endif
