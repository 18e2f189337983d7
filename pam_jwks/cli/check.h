/*
 * The parts of `pam-jwks check`.  Each prints what it finds and changes
 * nothing; only pj_check_fetch asks the network, through the helper.
 */
#ifndef PJ_CLI_CHECK_H
#define PJ_CLI_CHECK_H

#include "cli/cli.h"
#include "cli/finding.h"
#include "cli/pam_stack.h"

struct pj_check {
	const struct pj_config		*config;	/* NULL: unusable */
	const struct pj_config_source	*source;
	struct pj_findings		*findings;
	bool				 sudo_stack;	/* tokens in sudo */
	bool				 rsa;		/* sudo's are long */
	bool				 used;		/* by a stack */
	bool				 refused;	/* by the helper, too */
	/* Sections of which something has told why there are no keys. */
	bool				 told[PJ_ISSUERS_MAX];
};

/*
 * Stacks below /etc/pam.d, the module that they name, sshd_config.  Without a
 * configuration what does not depend on it; the others here need one.
 */
void	pj_check_stacks(struct pj_check *check);

/*
 * The lines of an auth stack that names the module, or was meant to: whether
 * libpam and the module can use them; and the module itself.
 */
void	pj_check_lines(struct pj_check *check, const struct pj_stack *stack);

/* True if a line names the module. */
#define PJ_MODULE	"pam_jwks.so"
bool	pj_is_ours(const struct pj_stack_line *line);

/* sshd, whose stack names the module. */
void	pj_check_sshd(struct pj_findings *findings);

/* Helper, user and folders, timer; then, unless offline, a fetch. */
void	pj_check_fetching(struct pj_check *check, bool offline);

/* Keys in files that the configuration names. */
void	pj_check_key_files(struct pj_check *check);

/*
 * Gives up root's rights for good and then reads the keys that came from the
 * network.  As the last: nothing after it can do what root can.
 */
void	pj_check_cache(struct pj_check *check);

#endif
