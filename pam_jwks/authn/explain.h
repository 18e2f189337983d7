/*
 * What a decision was made of, step by step, for people who want to know why.
 * Responsible for: calling what pj_authn calls, in its order, one by one, also
 * behind the step that failed.  Must not: decide.  The decision is pj_authn's.
 */
#ifndef PJ_AUTHN_EXPLAIN_H
#define PJ_AUTHN_EXPLAIN_H

#include "authn/authn.h"

enum pj_step_result {
	PJ_STEP_PASSED,
	PJ_STEP_FAILED,
	PJ_STEP_NOT_TAKEN,	/* nothing was there to look at */
};

/* Everything is borrowed for the call, and printable ASCII. */
struct pj_step {
	const char		*name;		/* interface: pam-jwks(8) */
	const char		*wanted;	/* "" if nothing is */
	enum pj_step_result	 result;
	enum pj_status		 status;	/* of one that failed */
	const char		*detail;	/* may be "" */
	bool			 verified;	/* what it saw was signed */
	bool			 decides;	/* the decision is its status */
};

/* Where an explanation goes. */
struct pj_explain_sink {
	/*
	 * A value that the next step sees: JSON in printable ASCII, and words
	 * about it, which may be "".
	 */
	void	(*fact)(void *ctx, const char *name, struct pj_span json,
		    const char *note);
	void	(*step)(void *ctx, const struct pj_step *step);
	void	*ctx;
};

/*
 * Explains a decision that pj_authn has just made for this login.  Nothing is
 * fetched: what pj_authn has fetched is in the cache.  all_claims: also those
 * that nothing here looks at.  The token and its signature are never given out.
 */
void		pj_explain(const struct pj_config *config,
		    const struct pj_login *login,
		    const struct pj_decision *decision, bool all_claims,
		    const struct pj_explain_sink *sink);

#endif
