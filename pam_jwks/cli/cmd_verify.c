/*
 * pam-jwks verify: the module's own decision, without PAM.
 */
#include <string.h>
#include <unistd.h>

#include "authn/authn.h"
#include "base/json_show.h"
#include "cli/cli.h"
#include "cli/token_input.h"
#include "cli/verdict.h"

/* The service that is meant most often where -s is left out. */
#define DEFAULT_SERVICE	"sshd"

/* --now: a clock that stands still, of a boot without name. */
static void
read_fixed(void *ctx, struct pj_clock *clock)
{
	const int64_t *now = ctx;

	*clock = (struct pj_clock){ .wall = *now };
}

/* On a terminal, what could move its cursor or turn its text is escaped. */
static void
print_payload(struct pj_span payload)
{
	PJ_BUF_SCOPED(shown, 6 * PJ_TOKEN_MAX);

	if (isatty(STDOUT_FILENO) == 1 &&
	    pj_json_printable(payload, &shown) == PJ_OK) {
		(void)fwrite(shown.ptr, 1, shown.len, stdout);
		(void)putchar('\n');
		return;
	}
	(void)fwrite(payload.ptr, 1, payload.len, stdout);
}

static int
verify_signature(const struct pj_config *config, const struct pj_login *login)
{
	PJ_BUF_SCOPED(payload, PJ_TOKEN_MAX);
	struct pj_decision decision;

	pj_authn_signature(config, login, &decision, &payload);
	if (decision.status != PJ_OK) {
		pj_cli_say(stderr, "refused", decision.status,
		    &decision.error);
		return pj_cli_exit(decision.status);
	}
	print_payload(pj_buf_span(&payload));
	return PJ_EXIT_OK;
}

static int
usage_error(const char *words)
{
	(void)fprintf(stderr, "verify: %s\n", words);
	return PJ_EXIT_USAGE;
}

int
pj_cmd_verify(const struct pj_cli *cli)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_decision_free) struct pj_decision decision = {
		.status = PJ_INTERNAL_ERROR,
	};
	PJ_BUF_SCOPED(token, PJ_TOKEN_MAX + 2);
	struct pj_clock_source clock = pj_clock_system;
	struct pj_config_source source;
	struct pj_helper helper;
	struct pj_refresher refresher = { pj_helper_refresh, &helper };
	struct pj_login login = {
		.service = cli->service != NULL ? cli->service :
		    DEFAULT_SERVICE,
		.user = cli->user,
		.no_account = cli->no_account,
	};
	unsigned long long number;
	const char *why;
	int64_t now;
	int code;

	if (cli->user == NULL && !cli->signature_only)
		return usage_error("-u USER is missing");
	if (cli->signature_only && (cli->user != NULL ||
	    cli->service != NULL || cli->now != NULL || cli->no_account ||
	    cli->explain || cli->json))
		return usage_error("--signature-only looks at nothing else");
	if (cli->all_claims && !cli->explain)
		return usage_error("--all-claims belongs to --explain");
	if (cli->now != NULL) {
		if (!pj_span_number(pj_span_str(cli->now), 1ULL << 53,
		    &number))
			return usage_error("--now needs seconds since 1970");
		now = (int64_t)number;
		clock.read = read_fixed;
		clock.wall = NULL;
		clock.ctx = &now;
	}
	pj_cli_source(cli, &source);
	source.keys_only = cli->signature_only;
	code = pj_cli_configure(cli, &source, &config);
	if (code != PJ_EXIT_OK)
		return code;
	if (cli->signature_only && pj_config_issuers(config) > 1)
		return usage_error("--signature-only needs one section");
	if (!pj_token_read(&token, &why))
		return usage_error(why);
	pj_configure_helper(config, &source, &helper);
	login.token = pj_buf_span(&token);
	login.clock = &clock;
	login.refresher = cli->offline ? &pj_refresher_offline : &refresher;
	if (cli->signature_only)
		return verify_signature(config, &login);
	pj_authn(config, &login, &decision);
	return pj_verdict_print(cli, config, &login, &decision);
}
