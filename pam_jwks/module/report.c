#include "module/report.h"

#include <syslog.h>

#include <security/pam_ext.h>

#include "base/buf.h"

/*
 * Syslog daemons cut lines at 1 KiB.  With these limits for what a stranger may
 * choose, the detail at the end is not lost.
 */
#define LINE_MAX_BYTES	4096
#define FIELD_MAX	129
#define KID_SHOWN_MAX	81

static const struct {
	int	code;
	int	level;
} outcomes[] = {
	[PJ_OUTCOME_ACCEPTED] = { PAM_SUCCESS, LOG_INFO },
	[PJ_OUTCOME_REFUSED] = { PAM_AUTH_ERR, LOG_NOTICE },
	[PJ_OUTCOME_USER_UNKNOWN] = { PAM_USER_UNKNOWN, LOG_NOTICE },
	[PJ_OUTCOME_NO_KEYS] = { PAM_AUTHINFO_UNAVAIL, LOG_WARNING },
	[PJ_OUTCOME_CONFIG] = { PAM_SERVICE_ERR, LOG_ERR },
	[PJ_OUTCOME_CONVERSATION] = { PAM_CONV_ERR, LOG_NOTICE },
	[PJ_OUTCOME_MEMORY] = { PAM_BUF_ERR, LOG_CRIT },
	[PJ_OUTCOME_SYSTEM] = { PAM_SYSTEM_ERR, LOG_CRIT },
};

/* Bare words need no quotes; anything else might pretend to be a field. */
static bool
is_bare(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c <= 0x20 || c > 0x7e || strchr("\"\\=", c) != NULL)
			return false;
	}
	return true;
}

/*
 * Adds " name=value".  quoted: in any case.  What does not fit any more is left
 * out: a shorter line is better than none.
 */
static void
add(struct pj_buf *line, const char *name, const char *value, bool quoted)
{
	if (*value == '\0' && !quoted)
		return;
	if (quoted || !is_bare(value))
		(void)!pj_buf_printf(line, " %s=\"%s\"", name, value);
	else
		(void)!pj_buf_printf(line, " %s=%s", name, value);
}

/* Text that comes from the host or the network and was not escaped yet. */
static void
add_raw(struct pj_buf *line, const char *name, const char *value)
{
	char safe[FIELD_MAX];

	pj_escape(safe, sizeof(safe), pj_span_str(value));
	add(line, name, safe, false);
}

/* Shortens what is safe already. */
static void
clip(char *dst, size_t size, const char *text)
{
	size_t at = 0;

	if (strlen(text) < size) {
		memcpy(dst, text, strlen(text) + 1);
		return;
	}
	/* Never in the midst of an escape, which is xHH behind a backslash. */
	for (;;) {
		size_t step = text[at] == '\\' ? 4 : 1;

		if (at + step + sizeof("...") > size)
			break;
		memcpy(dst + at, text + at, step);
		at += step;
	}
	memcpy(dst + at, "...", sizeof("..."));
}

static const char *
remote_host(pam_handle_t *pamh)
{
	const void *item = NULL;

	if (pam_get_item(pamh, PAM_RHOST, &item) != PAM_SUCCESS ||
	    item == NULL)
		return "";
	return item;
}

static void
add_fields(struct pj_buf *line, pam_handle_t *pamh, const char *user,
    const struct pj_decision *decision)
{
	bool accepted = decision->status == PJ_OK;
	char kid[KID_SHOWN_MAX];

	add_raw(line, "user", user != NULL ? user : "");
	if (!accepted)
		add(line, "reason", pj_status_name(decision->status), false);
	if (decision->verified)
		add(line, "identity", decision->identity, true);
	if (accepted)
		add(line, "rule", decision->rule, false);
	add(line, "issuer", decision->section, false);
	clip(kid, sizeof(kid), decision->kid);
	add(line, "kid", kid, false);
	add(line, "token", decision->token, false);
	add_raw(line, "rhost", remote_host(pamh));
	if (decision->error.detail[0] != '\0')
		add(line, "detail", decision->error.detail, true);
}

/*
 * What a host returns is the host's, but not every code means a refusal in
 * every stack: PAM_IGNORE and PAM_NEW_AUTHTOK_REQD do not, under `required`.
 */
static int
conversation_code(int conversation)
{
	switch (conversation) {
	case PAM_CONV_AGAIN:	/* the host asks to be called again */
	case PAM_INCOMPLETE:
		return PAM_INCOMPLETE;
	case PAM_ABORT:
	case PAM_BUF_ERR:
	case PAM_SYSTEM_ERR:
	case PAM_USER_UNKNOWN:
		return conversation;
	default:
		return PAM_CONV_ERR;
	}
}

int
pj_report(pam_handle_t *pamh, const char *user,
    const struct pj_decision *decision, int conversation)
{
	PJ_BUF_SCOPED(line, LINE_MAX_BYTES);
	enum pj_outcome outcome = pj_status_outcome(decision->status);
	int code = outcomes[outcome].code;

	if (outcome == PJ_OUTCOME_CONVERSATION)
		code = conversation_code(conversation);
	add_fields(&line, pamh, user, decision);
	pam_syslog(pamh, outcomes[outcome].level, "%s%.*s",
	    decision->status == PJ_OK ? "accepted" : "refused",
	    PJ_SPAN_ARG(pj_buf_span(&line)));
	return code;
}
