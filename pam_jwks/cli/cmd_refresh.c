/*
 * pam-jwks refresh: fetches the keys of every section now, or of one.
 */
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

/* At a terminal: who is being asked, until the answer stands there. */
static void
begin_progress(const char *name)
{
	if (isatty(STDOUT_FILENO) != 1)
		return;
	(void)printf("%s: asking the provider ...", name);
	(void)fflush(stdout);
}

static void
end_progress(void)
{
	if (isatty(STDOUT_FILENO) == 1)
		(void)fputs("\r\033[K", stdout);
}

static int
refresh(const struct pj_config *config, const struct pj_issuer *issuer,
    struct pj_helper *helper)
{
	struct pj_key_request request;
	struct pj_error err = { "" };
	enum pj_status status;

	if (issuer->jwks_file != NULL) {
		pj_cli_line("%s: keys come from %s, nothing to fetch",
		    issuer->name, issuer->jwks_file);
		return PJ_EXIT_OK;
	}
	pj_configure_request(config, issuer, &request);
	begin_progress(issuer->name);
	status = pj_helper_refresh(helper, &request, PJ_CAUSE_FORCED, &err);
	end_progress();
	if (status == PJ_OK)
		pj_cli_line("%s: %s", issuer->name,
		    err.detail[0] != '\0' ? err.detail : "keys are up to date");
	else
		pj_cli_say(stdout, issuer->name, status, &err);
	return pj_cli_exit(status);
}

int
pj_cmd_refresh(const struct pj_cli *cli)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_config_source source;
	struct pj_helper helper;
	bool found = cli->operand == NULL;
	int code, worst = PJ_EXIT_OK;

	pj_cli_source(cli, &source);
	source.keys_only = source.options != NULL;
	source.without_maps = true;
	code = pj_cli_configure(cli, &source, &config);
	if (code != PJ_EXIT_OK)
		return code;
	pj_configure_helper(config, &source, &helper);
	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		const struct pj_issuer *issuer = pj_config_issuer(config, i);
		size_t first = cli->operand == NULL ?
		    pj_configure_first(config, i) : i;

		if (cli->operand != NULL &&
		    strcmp(cli->operand, issuer->name) != 0)
			continue;
		found = true;
		if (first != i) {
			pj_cli_line("%s: see [issuer %s], it has the same "
			    "keys", issuer->name,
			    pj_config_issuer(config, first)->name);
			continue;
		}
		code = refresh(config, issuer, &helper);
		if (code > worst)
			worst = code;
	}
	if (!found) {
		(void)fprintf(stderr, "refresh: no section [issuer %s]\n",
		    cli->operand);
		return PJ_EXIT_USAGE;
	}
	if (worst != PJ_EXIT_OK)
		pj_cli_say_rights(cli);
	return worst;
}
