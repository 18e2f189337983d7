#include "module/conversation.h"

#include <string.h>

#include <security/pam_ext.h>

#include "base/cleanup.h"

/* The fixed end of the prompt: programs that answer it look for this. */
#define PROMPT		"Token: "

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
 * Asks and leaves the answer in PAM_AUTHTOK.  Not pam_get_authtok: it hides
 * what the conversation returned, and would hand out an earlier module's
 * answer.
 */
static int
ask(pam_handle_t *pamh, const struct pj_arguments *arguments,
    struct pj_span *token)
{
	PJ_CLEANUP(wipe_answer) char *answer = NULL;
	const char *before = arguments->prompt != NULL ?
	    arguments->prompt : "";
	size_t len = strlen(before);
	bool space = len != 0 && before[len - 1] != ' ' &&
	    before[len - 1] != '\n';
	int rc;

	rc = pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &answer, "%s%s" PROMPT,
	    before, space ? " " : "");
	if (rc != PAM_SUCCESS)
		return rc;
	if (answer == NULL)
		return PAM_CONV_ERR;
	rc = pam_set_item(pamh, PAM_AUTHTOK, answer);
	if (rc != PAM_SUCCESS)
		return rc;
	return stored_answer(pamh, token);
}

int
pj_conversation_token(pam_handle_t *pamh, const struct pj_arguments *arguments,
    struct pj_span *token)
{
	struct pj_span first = { NULL, 0 };
	int rc;

	if (arguments->use_first_pass || arguments->try_first_pass) {
		rc = stored_answer(pamh, &first);
		if (rc != PAM_SUCCESS)
			return rc;
		if (first.ptr != NULL || arguments->use_first_pass) {
			*token = first;
			return PAM_SUCCESS;
		}
	}
	return ask(pamh, arguments, token);
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
