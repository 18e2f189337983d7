/*
 * What `pam-jwks check` can find.  Responsible for: one name, one reason why it
 * matters and one thing to do for every kind of finding; for printing them as
 * they come, for people or for programs; and for the exit code.  The names are
 * interface: they are added, never changed.
 */
#ifndef PJ_CLI_FINDING_H
#define PJ_CLI_FINDING_H

#include "base/limits.h"
#include "cli/json_out.h"

enum pj_grade {
	PJ_GRADE_OK,
	PJ_GRADE_NOTE,
	PJ_GRADE_WARNING,
	PJ_GRADE_ERROR,
};

/* Their names, reasons and remedies are in finding.c, in the same order. */
enum pj_finding {
	/* Good news. */
	PJ_FOUND_CONFIG,
	PJ_FOUND_CONFINED,
	PJ_FOUND_MODULE,
	PJ_FOUND_SSHD,
	PJ_FOUND_TIMER,
	PJ_FOUND_FETCHED,
	PJ_FOUND_CLOCK,
	PJ_FOUND_CERTIFICATE,
	PJ_FOUND_KEYS,
	/* The configuration. */
	PJ_FOUND_CONFIG_INVALID,
	PJ_FOUND_CONFIG_REFUSED,
	PJ_FOUND_NO_ISSUER,
	PJ_FOUND_AUDIENCE_OPEN,
	PJ_FOUND_AUDIENCE_PATTERN,
	PJ_FOUND_PARTNER_NOT_SERVED,
	PJ_FOUND_MAP_NEVER_FITS,
	PJ_FOUND_KEY_WITHOUT_EFFECT,
	PJ_FOUND_SECTION_SHADOWED,
	PJ_FOUND_ACCOUNT_NONE,
	PJ_FOUND_CA_FILE,
	/* Fetching. */
	PJ_FOUND_HELPER_MISSING,
	PJ_FOUND_HELPER_UNSAFE,
	PJ_FOUND_FETCH_USER_MISSING,
	PJ_FOUND_FETCH_USER_ROOT,
	PJ_FOUND_NOT_CONFINED,
	PJ_FOUND_FOLDER_MISSING,
	PJ_FOUND_FOLDER_UNSAFE,
	PJ_FOUND_FOLDER_UNKNOWN,
	PJ_FOUND_TIMER_OFF,
	PJ_FOUND_NOT_ROOT,
	PJ_FOUND_FETCH_FAILED,
	PJ_FOUND_CLOCK_DIFFERS,
	PJ_FOUND_CERTIFICATE_ENDS,
	/* Keys. */
	PJ_FOUND_KEY_FILE,
	PJ_FOUND_CACHE_COLD,
	PJ_FOUND_CACHE_UNUSABLE,
	PJ_FOUND_CACHE_OLD,
	PJ_FOUND_CACHE_NOT_WRITTEN,
	PJ_FOUND_KEY_SKIPPED,
	/* Stacks and programs that use them. */
	PJ_FOUND_STACKS_UNKNOWN,
	PJ_FOUND_STACK_MISSING,
	PJ_FOUND_MODULE_MISSING,
	PJ_FOUND_MODULE_FOREIGN,
	PJ_FOUND_MODULE_UNSAFE,
	PJ_FOUND_STACK_LINE,
	PJ_FOUND_STACK_PHASE,
	PJ_FOUND_STACK_ORDER,
	PJ_FOUND_STACK_ASKS_AGAIN,
	PJ_FOUND_STACK_NOT_SERVED,
	PJ_FOUND_STACK_PARTNER,
	PJ_FOUND_STACK_CONFIG,
	PJ_FOUND_SSHD_UNKNOWN,
	PJ_FOUND_SSHD_USE_PAM,
	PJ_FOUND_SSHD_KBD_INTERACTIVE,
	PJ_FOUND_SUDO_ASKPASS,
};

/* One run of check. */
struct pj_findings {
	struct pj_json_out	top, list;	/* with json */
	bool			json;
	bool			explain;	/* last's reason is due */
	enum pj_finding		last;
	unsigned		warnings;
	unsigned		errors;
};

/* Where a finding is; file NULL: nowhere, line 0: the whole file. */
struct pj_place {
	const char	*file;
	unsigned	 line;
};

void	pj_findings_begin(struct pj_findings *findings, bool json);

/*
 * Prints a finding.  The words must be printable: text of other people is
 * escaped before.  Why and what to do stand once behind findings of a kind.
 */
void	pj_found(struct pj_findings *findings, enum pj_grade grade,
	    enum pj_finding finding, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));
void	pj_found_at(struct pj_findings *findings, enum pj_grade grade,
	    enum pj_finding finding, struct pj_place place, const char *fmt,
	    ...) __attribute__((format(printf, 5, 6)));

/* Ends the output.  The exit code: 0 all well, 1 warnings, 2 errors. */
int	pj_findings_end(struct pj_findings *findings);

#endif
