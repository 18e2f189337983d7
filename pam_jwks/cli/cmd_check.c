/*
 * pam-jwks check: would a login work, and if not, what has to be done.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/check.h"
#include "policy/objections.h"

/* Both are small text files of the administrator's. */
#define SUDO_CONF	"/etc/sudo.conf"

static void
tell_mistake(void *ctx, const char *file, unsigned line, const char *text)
{
	pj_found_at(ctx, PJ_GRADE_ERROR, PJ_FOUND_CONFIG_INVALID,
	    (struct pj_place){ file, line }, "%s", text);
}

static void
tell_objection(void *ctx, enum pj_objection_kind kind, const char *text)
{
	static const enum pj_finding kinds[] = {
		[PJ_OBJECT_AUDIENCE_OPEN] = PJ_FOUND_AUDIENCE_OPEN,
		[PJ_OBJECT_AUDIENCE_PATTERN] = PJ_FOUND_AUDIENCE_PATTERN,
		[PJ_OBJECT_ACCOUNT] = PJ_FOUND_ACCOUNT_NONE,
		[PJ_OBJECT_PARTNER] = PJ_FOUND_PARTNER_NOT_SERVED,
		[PJ_OBJECT_MAP] = PJ_FOUND_MAP_NEVER_FITS,
		[PJ_OBJECT_NO_EFFECT] = PJ_FOUND_KEY_WITHOUT_EFFECT,
		[PJ_OBJECT_SHADOWED] = PJ_FOUND_SECTION_SHADOWED,
	};

	pj_found(ctx, PJ_GRADE_WARNING, kinds[kind], "%s", text);
}

/* True if the configuration can be used; else everything has been said. */
static bool
check_config(const struct pj_config_source *source,
    struct pj_findings *findings, struct pj_config **config)
{
	struct pj_config_source telling = *source;
	struct pj_error err = { "" };
	enum pj_status status;

	telling.on_mistake = tell_mistake;
	telling.ctx = findings;
	status = pj_configure(&telling, config, &err);
	if (status == PJ_OK)
		return true;
	if (findings->errors == 0)
		pj_found(findings, PJ_GRADE_ERROR, PJ_FOUND_CONFIG_REFUSED,
		    "%s: %s: %s", pj_status_name(status),
		    pj_status_sentence(status), err.detail);
	return false;
}

/* -c names a file that may be anybody's; module and helper are stricter. */
static void
check_file(struct pj_check *check)
{
	PJ_BUF_SCOPED(text, PJ_CONFIG_MAX);
	struct pj_error err = { "" };

	check->refused = pj_file_read(check->source->path, &text, &err) !=
	    PJ_OK;
	if (check->refused)
		pj_found(check->findings, check->used ? PJ_GRADE_ERROR :
		    PJ_GRADE_WARNING, PJ_FOUND_CONFIG_REFUSED, "the module "
		    "and its helper would not read this file: %s", err.detail);
}

static void
check_ca(const struct pj_issuer *issuer, struct pj_findings *findings)
{
	PJ_BUF_SCOPED(text, PJ_CA_FILE_MAX);
	struct pj_error err = { "" };

	if (issuer->ca_file != NULL &&
	    pj_file_read(issuer->ca_file, &text, &err) != PJ_OK)
		pj_found(findings, PJ_GRADE_ERROR, PJ_FOUND_CA_FILE,
		    "[issuer %s] ca_file cannot be used: %s", issuer->name,
		    err.detail);
}

/* True if sudo.conf has a "Path askpass FILE" that can be run. */
static bool
has_askpass(void)
{
	FILE *file = fopen(SUDO_CONF, "re");
	char line[PJ_CONFIG_LINE_MAX], path[PJ_PATH_MAX + 1];
	bool has = false;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, " Path askpass %4096s", path) == 1)
			has = access(path, X_OK) == 0;
	}
	if (file != NULL)
		(void)fclose(file);
	return has;
}

/* What the configuration needs on this machine. */
static void
check_needs(const struct pj_cli *cli, struct pj_check *check)
{
	bool askpass = has_askpass();

	if (cli->config != NULL)
		check_file(check);
	for (size_t i = 0; i < pj_config_issuers(check->config); i++)
		check_ca(pj_config_issuer(check->config, i),
		    check->findings);
	pj_check_fetching(check, cli->offline);
	pj_check_key_files(check);
	pj_check_cache(check);
	if (check->sudo_stack && check->rsa && !askpass)
		pj_found(check->findings, PJ_GRADE_WARNING,
		    PJ_FOUND_SUDO_ASKPASS, "sudo takes tokens, an issuer "
		    "signs with RSA, and %s names no askpass", SUDO_CONF);
}

/* What it says, and what it hardly means. */
static void
check_sections(struct pj_check *check)
{
	size_t count = pj_config_issuers(check->config);

	pj_found(check->findings, PJ_GRADE_OK, PJ_FOUND_CONFIG,
	    "%s: %zu issuer section%s", check->source->path != NULL ?
	    check->source->path : "options", count, count == 1 ? "" : "s");
	if (count == 0)
		pj_found(check->findings, PJ_GRADE_WARNING, PJ_FOUND_NO_ISSUER,
		    "there is no [issuer NAME] section: every token is "
		    "refused");
	pj_config_object(check->config, tell_objection, check->findings);
}

int
pj_cmd_check(const struct pj_cli *cli)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_findings findings;
	struct pj_config_source source;
	struct pj_check check = { .source = &source, .findings = &findings };

	pj_cli_source(cli, &source);
	source.without_maps = cli->syntax;
	pj_findings_begin(&findings, cli->json);
	if (check_config(&source, &findings, &config)) {
		check.config = config;
		check_sections(&check);
	}
	/* Mistakes in the stacks are there whatever the configuration says. */
	if (!cli->syntax && cli->options_count == 0)
		pj_check_stacks(&check);
	if (!cli->syntax && check.config != NULL)
		check_needs(cli, &check);
	return pj_findings_end(&findings);
}
