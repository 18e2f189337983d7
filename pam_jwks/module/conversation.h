/*
 * Talking to the person through the host.  Responsible for: getting the answer
 * and for what becomes of it afterwards.  Must not: look into what it says.
 */
#ifndef PJ_MODULE_CONVERSATION_H
#define PJ_MODULE_CONVERSATION_H

#include <security/pam_modules.h>

#include "module/arguments.h"

/*
 * The token: an earlier module's answer (use_first_pass, try_first_pass) or a
 * fresh one.  It is PAM's copy, valid until PAM_AUTHTOK changes.  Returns
 * PAM_SUCCESS, or what the conversation returned.
 */
int	pj_conversation_token(pam_handle_t *pamh,
	    const struct pj_arguments *arguments, struct pj_span *token);

/* The name of what a conversation returned, the same in every language. */
const char	*pj_conversation_error(int rc);

/* Shows one sentence, unless the host or the administrator wants silence. */
void	pj_conversation_tell(pam_handle_t *pamh, int flags,
	    const struct pj_arguments *arguments, const char *text);

/* Takes the answer out of PAM_AUTHTOK, so that no later module gets it. */
void	pj_conversation_forget(pam_handle_t *pamh);

#endif
