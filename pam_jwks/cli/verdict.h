/*
 * What `pam-jwks verify` prints: the decision, and the steps to it if they are
 * asked for, for people or as JSON.
 */
#ifndef PJ_CLI_VERDICT_H
#define PJ_CLI_VERDICT_H

#include "authn/authn.h"
#include "cli/cli.h"

/* Prints what pj_authn decided about this login.  An exit code. */
int	pj_verdict_print(const struct pj_cli *cli,
	    const struct pj_config *config, const struct pj_login *login,
	    const struct pj_decision *decision);

#endif
