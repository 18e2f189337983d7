/*
 * Grants: which tokens may be which local users, by what several claims say.
 */
#ifndef PJ_POLICY_GRANT_H
#define PJ_POLICY_GRANT_H

#include "policy/config.h"

/* The token that wants in.  Everything is borrowed. */
struct pj_applicant {
	const struct pj_issuer	*issuer;
	const struct pj_claims	*claims;
	struct pj_span		 identity;	/* lower-cased, stripped */
	const char		*user;		/* whom PAM asks for */
	bool			 is_client;	/* a program, no person */
};

/* What made an identity a user. */
struct pj_grant_match {
	const struct pj_grant	*grant;		/* NULL: nothing */
	bool			 literal_user;	/* is written out there */
};

/*
 * The grant that lets the applicant in: the first that writes the user out,
 * else the first.  A client program needs one that writes its identity out.
 *
 * If there is none match->grant is NULL, and err says what the first one wants
 * that is meant for this user.  The status is PJ_CLAIM_OVERAGE if that is a
 * claim that the provider left out, else PJ_USER_NOT_GRANTED.
 */
enum pj_status	pj_grant_find(const struct pj_config *config,
		    const struct pj_applicant *applicant,
		    struct pj_grant_match *match, struct pj_error *err)
		    PJ_MUST_CHECK;

#endif
