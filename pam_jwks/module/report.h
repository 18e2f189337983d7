/*
 * The outside of a decision: one log line and one PAM code, both from one
 * table.
 */
#ifndef PJ_MODULE_REPORT_H
#define PJ_MODULE_REPORT_H

#include <security/pam_modules.h>

#include "policy/decision.h"

/*
 * Logs the attempt and returns its PAM code.  conversation is what a failed
 * conversation returned; it is looked at only for that outcome.
 */
int	pj_report(pam_handle_t *pamh, const char *user,
	    const struct pj_decision *decision, int conversation);

#endif
