/*
 * pam-jwks purge and import: the cache changed by hand.
 */
#include <dirent.h>
#include <string.h>

#include "base/file.h"
#include "cli/cli.h"
#include "cli/pam_stack.h"
#include "keys/change.h"

/* Sections by their name, or by the issuer's own. */
static bool
is_meant(const struct pj_issuer *issuer, const char *operand)
{
	return strcmp(issuer->name, operand) == 0 ||
	    (issuer->issuer != NULL && strcmp(issuer->issuer, operand) == 0);
}

/* Milliseconds after which a fetch that runs has ended, or counts as stuck. */
static int64_t
patience(const struct pj_config *config)
{
	int64_t hold = pj_config_module(config)->timeout_cold + PJ_LOCK_SLACK;

	if (hold < PJ_LOCK_HOLD_LEAST)
		hold = PJ_LOCK_HOLD_LEAST;
	return (hold + 2) * 1000;
}

static int
say(const char *name, enum pj_status status, const struct pj_error *err)
{
	int code = pj_cli_exit(status);

	pj_cli_say(stdout, name, status, err);
	return code == PJ_EXIT_OK ? PJ_EXIT_USAGE : code;
}

static bool
is_file(const char *command, const struct pj_issuer *issuer)
{
	if (issuer->jwks_file != NULL)
		(void)fprintf(stderr, "%s: %s has its keys from %s: change "
		    "that file\n", command, issuer->name, issuer->jwks_file);
	return issuer->jwks_file != NULL;
}

static int
purge(const struct pj_config *config, const struct pj_issuer *issuer)
{
	struct pj_key_request request;
	struct pj_cache cache;
	struct pj_error err = { "" };
	bool had = false;
	enum pj_status status;

	pj_configure_request(config, issuer, &request);
	status = pj_cache_open(&request, &cache, &err);
	if (status == PJ_OK)
		status = pj_cache_purge(&cache, patience(config), &had, &err);
	if (status != PJ_OK)
		return say(issuer->name, status, &err);
	pj_cli_line("%s: %s; the next login asks the provider", issuer->name,
	    had ? "its keys are gone" : "there were no keys");
	return PJ_EXIT_OK;
}

/* ---- caches that this process cannot reach ------------------------------- */

struct search {
	const struct pj_config	*config;	/* that was purged */
	const char		*path;		/* its file */
	const char		*operand;
	bool			 found;
};

/* Names what a service's own configuration has of the issuer. */
static void
look_into(struct search *search, const char *service, const char *path)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	const struct pj_config_source source = { .path = path,
	    .without_maps = true };
	const char *ours = pj_config_module(search->config)->cache_dir;
	const char *theirs;

	if (pj_configure(&source, &config, NULL) != PJ_OK)
		return;
	theirs = pj_config_module(config)->cache_dir;
	if (strcmp(ours, theirs) == 0)
		return;
	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		const struct pj_issuer *issuer = pj_config_issuer(config, i);

		if (!is_meant(issuer, search->operand) ||
		    issuer->jwks_file != NULL)
			continue;
		pj_cli_line("%s: not reached: %s, of the service %s; as its "
		    "user: pam-jwks purge -c %s %s", issuer->name, theirs,
		    service, path, issuer->name);
		search->found = true;
	}
}

static void
look_at_stack(struct search *search, const char *service)
{
	static const char word[] = "config=";
	struct pj_stack stack = { .count = 0 };

	/* What cannot be read serves nobody. */
	(void)!pj_stack_read(service, "auth", &stack, NULL);
	for (size_t i = 0; i < stack.count; i++) {
		const char *at = strcmp(pj_stack_module(&stack.lines[i]),
		    "pam_jwks.so") == 0 ? strstr(stack.lines[i].arguments,
		    word) : NULL;
		PJ_CLEANUP(pj_cleanup_str) char *path = at == NULL ? NULL :
		    strndup(at + strlen(word), strcspn(at + strlen(word),
		    " ]"));

		if (path != NULL && strcmp(path, search->path) != 0)
			look_into(search, service, path);
	}
	pj_stack_free(&stack);
}

/* Services with a configuration, and so perhaps a cache, of their own. */
static bool
name_others(const struct pj_config *config,
    const struct pj_config_source *source, const char *operand)
{
	struct search search = { .config = config, .operand = operand,
	    .path = source->path != NULL ? source->path : "" };
	struct dirent **names;
	int count = scandir(PJ_PAM_FOLDER, &names, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.')
			look_at_stack(&search, names[i]->d_name);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return search.found;
}

static int
configure(const struct pj_cli *cli, struct pj_config_source *source,
    struct pj_config **config)
{
	if (cli->options_count != 0) {
		(void)fprintf(stderr, "%s: needs a configuration file, not "
		    "-o\n", cli->command);
		return PJ_EXIT_USAGE;
	}
	pj_cli_source(cli, source);
	source->without_maps = true;
	return pj_cli_configure(cli, source, config);
}

static int
not_found(const struct pj_cli *cli)
{
	(void)fprintf(stderr, "%s: no section or issuer %s\n", cli->command,
	    cli->operand);
	return PJ_EXIT_USAGE;
}

int
pj_cmd_purge(const struct pj_cli *cli)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_config_source source;
	int code = configure(cli, &source, &config), worst = PJ_EXIT_OK;
	const struct pj_issuer *last = NULL;

	if (code != PJ_EXIT_OK)
		return code;
	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		const struct pj_issuer *issuer = pj_config_issuer(config, i);

		if (!is_meant(issuer, cli->operand))
			continue;
		last = issuer;
		code = is_file(cli->command, issuer) ? PJ_EXIT_USAGE :
		    purge(config, issuer);
		if (code > worst)
			worst = code;
	}
	if (last == NULL)
		return not_found(cli);
	if (worst != PJ_EXIT_OK)
		pj_cli_say_rights(cli);
	/* Other configurations may have another name for it. */
	if (name_others(config, &source, last->issuer) && worst == PJ_EXIT_OK)
		worst = PJ_EXIT_REFUSED;
	return worst;
}

int
pj_cmd_import(const struct pj_cli *cli)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_BUF_SCOPED(text, PJ_BODY_MAX);
	const struct pj_issuer *issuer = NULL;
	struct pj_config_source source;
	struct pj_judgement judgement;
	struct pj_key_request request;
	struct pj_cache cache;
	struct pj_error err = { "" };
	enum pj_status status;
	int code = configure(cli, &source, &config);

	if (code != PJ_EXIT_OK)
		return code;
	for (size_t i = 0; issuer == NULL && i < pj_config_issuers(config);
	    i++) {
		if (is_meant(pj_config_issuer(config, i), cli->operand))
			issuer = pj_config_issuer(config, i);
	}
	if (issuer == NULL)
		return not_found(cli);
	if (is_file(cli->command, issuer))
		return PJ_EXIT_USAGE;
	pj_configure_request(config, issuer, &request);
	status = pj_file_read_any(cli->file, &text, &err);
	if (status == PJ_OK)
		status = pj_cache_open(&request, &cache, &err);
	if (status == PJ_OK)
		status = pj_cache_import(&cache, pj_buf_span(&text),
		    patience(config), &judgement, &err);
	if (status != PJ_OK) {
		code = say(issuer->name, status, &err);
		pj_cli_say_rights(cli);
		return code;
	}
	pj_cli_line("%s: %zu usable key%s of %zu, good for %lld s without a "
	    "fetch%s%s", issuer->name, judgement.usable,
	    judgement.usable == 1 ? "" : "s", judgement.count,
	    (long long)request.lifetimes.max_stale,
	    err.detail[0] != '\0' ? "; " : "", err.detail);
	return PJ_EXIT_OK;
}
