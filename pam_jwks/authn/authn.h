/*
 * From a token to a decision.  Responsible for: the order of the steps, so that
 * nothing of a token is believed before its signature is good, nothing is
 * fetched for a token that is refused anyway, and no account is looked up for a
 * stranger. Must not: know PAM, log, or talk to people.
 */
#ifndef PJ_AUTHN_AUTHN_H
#define PJ_AUTHN_AUTHN_H

#include "base/buf.h"
#include "base/clock.h"
#include "jose/jwks.h"
#include "keys/refresher.h"
#include "policy/config.h"
#include "policy/decision.h"

/* One attempt.  Everything is borrowed. */
struct pj_login {
	const char			*service;
	const char			*user;
	struct pj_span			 token;
	const struct pj_clock_source	*clock;
	const struct pj_refresher	*refresher;
	bool				 no_account;	/* tools only */
};

/*
 * Decides.  *decision is filled whatever happens, and freed by the caller with
 * pj_decision_free; only decision->status == PJ_OK accepts.
 */
void		pj_authn(const struct pj_config *config,
		    const struct pj_login *login,
		    struct pj_decision *decision);

/*
 * Verifies a token's form, header and signature with the first section's keys,
 * and gives the payload out as a copy (owned by the caller, freed with
 * pj_buf_free).  For `pam-jwks verify --signature-only`: it says nothing about
 * who may log in.
 */
void		pj_authn_signature(const struct pj_config *config,
		    const struct pj_login *login,
		    struct pj_decision *decision, struct pj_buf *payload);

#endif
