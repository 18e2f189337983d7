#include "module/conversation.h"

#include <string.h>

#include <security/pam_ext.h>

#include "module/pieces.h"

/* prompt=TEXT comes from a line of a PAM file. */
#define PROMPT_MAX	4096

/* The host's copy of the answer is ours to wipe and free. */
static void
wipe_answer(char **answer)
{
	if (*answer != NULL)
		explicit_bzero(*answer, strlen(*answer));
	free(*answer);
}

/* What is in PAM_AUTHTOK; ptr is NULL if there is nothing. */
static int
stored_answer(pam_handle_t *pamh, struct pj_span *token)
{
	const void *item = NULL;
	int rc = pam_get_item(pamh, PAM_AUTHTOK, &item);

	if (rc != PAM_SUCCESS)
		return rc;
	*token = item != NULL ? pj_span_str(item) : pj_span(NULL, 0);
	return PAM_SUCCESS;
}

/*
 * One prompt.  Not pam_get_authtok: it hides what the conversation returned,
 * and would hand out an earlier module's answer.
 */
static int
ask_once(pam_handle_t *pamh, const struct pj_arguments *arguments,
    struct pj_pieces *pieces)
{
	PJ_CLEANUP(wipe_answer) char *answer = NULL;
	PJ_BUF_SCOPED(prompt, PROMPT_MAX);
	enum pj_status status;
	int rc;

	status = pj_pieces_prompt(pieces, arguments->prompt, &prompt);
	if (status != PJ_OK)
		return PAM_BUF_ERR;
	rc = pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &answer, "%.*s",
	    PJ_SPAN_ARG(pj_buf_span(&prompt)));
	if (rc != PAM_SUCCESS)
		return rc;
	/* Also behind the first: a host that gives up is no consent. */
	if (answer == NULL)
		return PAM_CONV_ERR;
	status = pj_pieces_add(pieces, pj_span_str(answer));
	return status == PJ_OK ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int
ask(pam_handle_t *pamh, const struct pj_arguments *arguments,
    struct pj_answer *answer)
{
	PJ_CLEANUP(pj_pieces_free) struct pj_pieces pieces = PJ_PIECES_INIT;
	int rc = PAM_SUCCESS;

	while (rc == PAM_SUCCESS && pj_pieces_more(&pieces))
		rc = ask_once(pamh, arguments, &pieces);
	answer->asked = true;
	answer->blind = pj_pieces_blind(&pieces);
	answer->total = answer->blind ? pieces.first : pieces.total;
	answer->last = pieces.last;
	if (rc == PAM_SUCCESS)
		rc = pam_set_item(pamh, PAM_AUTHTOK, pj_pieces_text(&pieces));
	if (rc == PAM_SUCCESS)
		rc = stored_answer(pamh, &answer->text);
	return rc;
}

int
pj_conversation_token(pam_handle_t *pamh, const struct pj_arguments *arguments,
    struct pj_answer *answer)
{
	struct pj_span stored = { NULL, 0 };
	int rc;

	if (!arguments->use_first_pass && !arguments->try_first_pass)
		return ask(pamh, arguments, answer);
	rc = stored_answer(pamh, &stored);
	if (rc != PAM_SUCCESS)
		return rc;
	if (stored.ptr == NULL && !arguments->use_first_pass)
		return ask(pamh, arguments, answer);
	answer->text = stored;
	answer->total = answer->last = stored.len;
	return PAM_SUCCESS;
}

const char *
pj_conversation_error(int rc)
{
	switch (rc) {
	case PAM_ABORT:
		return "PAM_ABORT";
	case PAM_BUF_ERR:
		return "PAM_BUF_ERR";
	case PAM_CONV_AGAIN:
		return "PAM_CONV_AGAIN";
	case PAM_CONV_ERR:
		return "PAM_CONV_ERR";
	case PAM_INCOMPLETE:
		return "PAM_INCOMPLETE";
	case PAM_SYSTEM_ERR:
		return "PAM_SYSTEM_ERR";
	case PAM_USER_UNKNOWN:
		return "PAM_USER_UNKNOWN";
	default:
		return "an unusual code";
	}
}

void
pj_conversation_explain(const struct pj_answer *answer,
    struct pj_decision *decision)
{
	const char *limit = pj_pieces_limit(answer->last);
	const char *more = ", and no more came";

	if (decision->status == PJ_TOKEN_TOO_LONG) {
		(void)!pj_fail(&decision->error, PJ_TOKEN_TOO_LONG,
		    "%zu bytes", answer->total);
		return;
	}
	if (!decision->cut || limit == NULL ||
	    (decision->status != PJ_NOT_A_JWT &&
	    decision->status != PJ_BASE64_INVALID &&
	    decision->status != PJ_SIGNATURE_INVALID))
		return;
	if (answer->blind)
		more = "; every prompt got this same answer: nobody was asked "
		    "(for sshd: KbdInteractiveAuthentication yes)";
	else if (!answer->asked)
		more = "; no more was asked for, since an earlier module had "
		    "this answer";
	decision->status = pj_fail(&decision->error, PJ_TOKEN_TRUNCATED,
	    "%zu bytes; an answer of %zu is the longest that %s passes on%s",
	    answer->total, answer->last, limit, more);
}

void
pj_conversation_tell(pam_handle_t *pamh, int flags,
    const struct pj_arguments *arguments, const char *text)
{
	if (*text == '\0' || arguments->quiet ||
	    ((unsigned)flags & PAM_SILENT) != 0)
		return;
	(void)pam_error(pamh, "%s", text);
}

void
pj_conversation_forget(pam_handle_t *pamh)
{
	(void)pam_set_item(pamh, PAM_AUTHTOK, NULL);
}
