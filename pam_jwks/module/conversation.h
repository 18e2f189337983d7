/*
 * Talking to the person through the host.  Responsible for: getting the answer
 * and for what becomes of it afterwards.  Must not: look into what it says.
 */
#ifndef PJ_MODULE_CONVERSATION_H
#define PJ_MODULE_CONVERSATION_H

#include <security/pam_modules.h>

#include "policy/arguments.h"
#include "policy/decision.h"

/* What was entered, and how it came. */
struct pj_answer {
	struct pj_span	text;	/* PAM's, valid until PAM_AUTHTOK changes */
	size_t		total;	/* bytes of all answers */
	size_t		last;	/* bytes of the last that was not empty */
	bool		asked;	/* here, not by an earlier module */
	bool		blind;	/* every prompt got the same answer */
};

/*
 * Gets what was entered: an earlier module's answer (use_first_pass,
 * try_first_pass), or a fresh one, in as many pieces as it takes.  The fresh
 * one is in PAM_AUTHTOK when all of it is there, and not before.  Returns
 * PAM_SUCCESS, or what the conversation returned; then answer->total tells how
 * much had come.
 */
int	pj_conversation_token(pam_handle_t *pamh,
	    const struct pj_arguments *arguments, struct pj_answer *answer);

/* Says what stood in the way, if a host cut off what was entered. */
void	pj_conversation_explain(const struct pj_answer *answer,
	    struct pj_decision *decision);

/* The name of what a conversation returned, the same in every language. */
const char	*pj_conversation_error(int rc);

/* Shows one sentence, unless the host or the administrator wants silence. */
void	pj_conversation_tell(pam_handle_t *pamh, int flags,
	    const struct pj_arguments *arguments, const char *text);

/* Takes the answer out of PAM_AUTHTOK, so that no later module gets it. */
void	pj_conversation_forget(pam_handle_t *pamh);

#endif
