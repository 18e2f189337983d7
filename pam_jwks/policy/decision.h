/*
 * The verdict on one attempt to log in.  It begins as a refusal.
 */
#ifndef PJ_POLICY_DECISION_H
#define PJ_POLICY_DECISION_H

#include "base/error.h"
#include "policy/list.h"

/* Hexadecimal digits of the token's SHA-256 in the log. */
#define PJ_TOKEN_ID_LEN		12

/* A rule's name: "claim:" and a claim's name, clipped. */
#define PJ_RULE_MAX		(PJ_NAME_MAX + 32)

/*
 * Every string is printable ASCII, and "" while it is not known; only exports
 * hold what the token says as it is.
 */
struct pj_decision {
	enum pj_status	 status;
	struct pj_error	 error;				/* its detail */
	bool		 verified;			/* signature is good */
	bool		 literal_user;	/* a rule has the user's very name */
	bool		 cut;				/* ends too early */
	char		 section[PJ_NAME_MAX + 1];
	char		 kid[PJ_KID_MAX + 1];		/* as in the header */
	char		 token[PJ_TOKEN_ID_LEN + 1];
	char		 identity[PJ_IDENTITY_MAX + 1];	/* once verified */
	char		 rule[PJ_RULE_MAX + 1];		/* once verified */
	char		 tell[PJ_DETAIL_MAX + 1];	/* for the person */
	struct pj_list	 exports;	/* NAME=VALUE, owned; of acceptances */
};

/* Makes it the refusal that every attempt begins as, whatever it held. */
void	pj_decision_init(struct pj_decision *decision);

/* Frees what it owns. */
void	pj_decision_free(struct pj_decision *decision);

#endif
