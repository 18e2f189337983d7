/*
 * pam-jwks check: what sshd makes of its configuration.
 */
#include "base/spawn.h"
#include "cli/check.h"

/* It reads some files; key generation and the network are not in it. */
#define SSHD_MS		5000

/* True if "NAME yes" is a line of what sshd -T prints. */
static bool
says_yes(struct pj_span text, const char *name)
{
	size_t len = strlen(name);

	while (text.len > 0) {
		const unsigned char *end = memchr(text.ptr, '\n', text.len);
		size_t line = end == NULL ? text.len :
		    (size_t)(end - text.ptr);

		if (line > len && text.ptr[len] == ' ' &&
		    memcmp(text.ptr, name, len) == 0)
			return pj_span_is(pj_span(text.ptr + len + 1,
			    line - len - 1), "yes");
		text = pj_span_from(text, line + 1);
	}
	return false;
}

void
pj_check_sshd(struct pj_findings *findings)
{
	static const char *const argv[] = {
		"/bin/sh", "-c",
		"PATH=/usr/sbin:/usr/local/sbin:/sbin; exec \"$(command -v "
		"sshd)\" -T >&3 2>/dev/null", NULL,
	};
	const struct pj_spawn spec = {
		.path = argv[0], .argv = argv, .timeout_ms = SSHD_MS,
	};
	PJ_BUF_SCOPED(text, PJ_SSHD_OPTIONS_MAX);
	struct pj_error err = { "" };
	bool asks;

	if (pj_spawn_run(&spec, &text, &err) != PJ_OK || text.len == 0) {
		pj_found(findings, PJ_GRADE_NOTE, PJ_FOUND_SSHD_UNKNOWN,
		    "sshd -T printed nothing");
		return;
	}
	if (!says_yes(pj_buf_span(&text), "usepam")) {
		pj_found(findings, PJ_GRADE_ERROR, PJ_FOUND_SSHD_USE_PAM,
		    "sshd has UsePAM no");
		return;
	}
	asks = says_yes(pj_buf_span(&text), "passwordauthentication");
	if (says_yes(pj_buf_span(&text), "kbdinteractiveauthentication"))
		pj_found(findings, PJ_GRADE_OK, PJ_FOUND_SSHD,
		    "sshd asks PAM, and may ask several times");
	else
		pj_found(findings, asks ? PJ_GRADE_WARNING : PJ_GRADE_ERROR,
		    PJ_FOUND_SSHD_KBD_INTERACTIVE, "sshd has "
		    "KbdInteractiveAuthentication no%s", asks ? "" :
		    " and PasswordAuthentication no: it never asks PAM");
}
