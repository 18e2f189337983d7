#include "module/conversation.h"

#include <security/pam_ext.h>

#include "base/buf.h"

/* The fixed end of the prompt: programs that answer it look for this. */
#define PROMPT		"Token: "
#define PROMPT_MAX	512

static int
first_pass(pam_handle_t *pamh, struct pj_span *token)
{
	const void *item = NULL;
	int rc = pam_get_item(pamh, PAM_AUTHTOK, &item);

	if (rc != PAM_SUCCESS)
		return rc;
	*token = item != NULL ? pj_span_str(item) : pj_span(NULL, 0);
	return PAM_SUCCESS;
}

static int
ask(pam_handle_t *pamh, const struct pj_arguments *arguments,
    struct pj_span *token)
{
	PJ_BUF_SCOPED(prompt, PROMPT_MAX);
	const char *before = arguments->prompt, *answer = NULL;
	size_t len = before != NULL ? strlen(before) : 0;
	bool space = len != 0 && before[len - 1] != ' ' &&
	    before[len - 1] != '\n';
	int rc;

	if (pj_buf_printf(&prompt, "%s%s" PROMPT, len != 0 ? before : "",
	    space ? " " : "") != PJ_OK ||
	    pj_buf_append(&prompt, pj_span("", 1)) != PJ_OK)
		return PAM_BUF_ERR;
	/* Else pam_get_authtok would hand out an earlier module's answer. */
	rc = pam_set_item(pamh, PAM_AUTHTOK, NULL);
	if (rc != PAM_SUCCESS)
		return rc;
	rc = pam_get_authtok(pamh, PAM_AUTHTOK, &answer,
	    (const char *)prompt.ptr);
	if (rc != PAM_SUCCESS)
		return rc;
	if (answer == NULL)
		return PAM_CONV_ERR;
	*token = pj_span_str(answer);
	return PAM_SUCCESS;
}

int
pj_conversation_token(pam_handle_t *pamh, const struct pj_arguments *arguments,
    struct pj_span *token)
{
	struct pj_span first = { NULL, 0 };
	int rc;

	if (arguments->use_first_pass || arguments->try_first_pass) {
		rc = first_pass(pamh, &first);
		if (rc != PAM_SUCCESS)
			return rc;
		if (first.ptr != NULL || arguments->use_first_pass) {
			*token = first;
			return PAM_SUCCESS;
		}
	}
	return ask(pamh, arguments, token);
}

void
pj_conversation_tell(pam_handle_t *pamh, int flags,
    const struct pj_arguments *arguments, const char *text)
{
	if (*text == '\0' || arguments->quiet || ((unsigned)flags & PAM_SILENT) != 0)
		return;
	(void)pam_error(pamh, "%s", text);
}

void
pj_conversation_forget(pam_handle_t *pamh)
{
	(void)pam_set_item(pamh, PAM_AUTHTOK, NULL);
}
