/*
 * pam-jwks check: would a login work, and if not, what has to be done.  It
 * changes nothing and asks nobody on the network.
 */
#include <pwd.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/cli.h"
#include "keys/cache.h"
#include "keys/helper.h"
#include "keys/keysource.h"
#include "policy/objections.h"

/* The findings so far; the worst of them is the exit code. */
struct findings {
	unsigned	warnings;
	unsigned	errors;
};

enum grade {
	GRADE_OK,
	GRADE_NOTE,
	GRADE_WARNING,
	GRADE_ERROR,
};

static void __attribute__((format(printf, 3, 4)))
found(struct findings *findings, enum grade grade, const char *fmt, ...)
{
	static const char *const words[] = {
		[GRADE_OK] = "ok", [GRADE_NOTE] = "note",
		[GRADE_WARNING] = "warning", [GRADE_ERROR] = "error",
	};
	va_list ap;

	(void)printf("%-8s ", words[grade]);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)putchar('\n');
	if (grade == GRADE_WARNING)
		findings->warnings++;
	if (grade == GRADE_ERROR)
		findings->errors++;
}

static bool
needs_network(const struct pj_config *config)
{
	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		if (pj_config_issuer(config, i)->jwks_file == NULL)
			return true;
	}
	return false;
}

/* -c names a file that may be anybody's; the module is stricter. */
static void
check_file(const char *path, struct findings *findings)
{
	PJ_BUF_SCOPED(text, PJ_CONFIG_MAX);
	struct pj_error err = { "" };

	if (pj_file_read(path, &text, &err) != PJ_OK)
		found(findings, GRADE_WARNING,
		    "the module would not read this file: %s", err.detail);
}

static void
check_folder(const char *path, struct findings *findings)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = -1;
	struct pj_error err = { "" };
	enum pj_status status = pj_file_open_dir(path, &fd, &err);

	if (status == PJ_FILE_MISSING)
		found(findings, GRADE_NOTE,
		    "%s is missing; the first fetch makes it", path);
	else if (status == PJ_FILE_UNSAFE)
		found(findings, GRADE_ERROR, "%s cannot be used: %s", path,
		    err.detail);
	else if (status != PJ_OK)
		found(findings, GRADE_NOTE, "%s cannot be looked at: %s",
		    path, err.detail);
}

/* Whether a process that fetches could be confined on this machine. */
static void
check_worker(const struct pj_module_settings *module, const char *path,
    struct findings *findings)
{
	const struct pj_helper helper = {
		.path = module->helper,
		.config = path,
		.timeout_cold = module->timeout_cold,
	};
	struct pj_error err = { "" };
	enum pj_status status = pj_helper_try(&helper, &err);

	if (status == PJ_OK)
		found(findings, GRADE_OK, "fetching is confined: %s",
		    err.detail);
	else
		found(findings, GRADE_ERROR, "fetching cannot be confined, so "
		    "no keys are fetched: %s", err.detail);
}

static void
check_fetching(const struct pj_config *config, const char *path,
    struct findings *findings)
{
	const struct pj_module_settings *module = pj_config_module(config);
	const struct passwd *user = getpwnam(module->fetch_user);
	unsigned before = findings->errors;
	struct stat st;

	if (!needs_network(config))
		return;
	if (access(module->helper, X_OK) != 0)
		found(findings, GRADE_ERROR, "the helper %s cannot be run: no "
		    "keys will ever be fetched", module->helper);
	else if (stat(module->helper, &st) != 0 || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		found(findings, GRADE_ERROR, "the helper %s is run by root: it "
		    "must be root's, and nobody else may write to it",
		    module->helper);
	if (user != NULL && (user->pw_uid == 0 || user->pw_gid == 0))
		found(findings, GRADE_ERROR, "the user %s that fetches keys "
		    "has root's uid or group; it needs an account of its own",
		    module->fetch_user);
	if (user == NULL)
		found(findings, GRADE_ERROR, "the user %s that fetches keys "
		    "does not exist; make it: systemd-sysusers, or useradd "
		    "--system --no-create-home --shell /usr/sbin/nologin %s",
		    module->fetch_user, module->fetch_user);
	if (path != NULL && findings->errors == before)
		check_worker(module, path, findings);
	check_folder(module->cache_dir, findings);
	check_folder(module->state_dir, findings);
}

/* True if no keys were ever fetched: the first login will do that. */
static bool
is_cold(const struct pj_key_request *request)
{
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	struct pj_envelope envelope;
	struct pj_cache cache;

	return pj_cache_open(request, &cache, NULL) == PJ_OK &&
	    pj_cache_load(&cache, &text, &envelope, NULL) == PJ_FILE_MISSING;
}

/* Services whose users are accounts. */
static bool
is_login_service(const char *service)
{
	static const char *const names[] = {
		"login", "sshd", "su", "su-l", "sudo", "sudo-i",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(service, names[i]) == 0)
			return true;
	}
	return false;
}

static void
check_section(const struct pj_issuer *issuer, struct findings *findings)
{
	PJ_BUF_SCOPED(text, PJ_BODY_MAX);
	struct pj_error err = { "" };

	for (size_t i = 0; i < issuer->services.count; i++) {
		if (issuer->account == PJ_ACCOUNT_NONE &&
		    is_login_service(issuer->services.items[i]))
			found(findings, GRADE_WARNING, "[issuer %s] account = "
			    "none turns the uid rules off for %s",
			    issuer->name, issuer->services.items[i]);
	}
	if (issuer->ca_file != NULL &&
	    pj_file_read(issuer->ca_file, &text, &err) != PJ_OK)
		found(findings, GRADE_ERROR, "[issuer %s] ca_file cannot be "
		    "used: %s", issuer->name, err.detail);
}

static void
check_keys(const struct pj_config *config, const struct pj_issuer *issuer,
    struct findings *findings)
{
	PJ_CLEANUP(pj_cleanup_keysource) struct pj_keysource *source = NULL;
	const struct pj_jwks *jwks;
	struct pj_key_request request;
	struct pj_error err = { "" };
	enum pj_status status;

	check_section(issuer, findings);
	pj_configure_request(config, issuer, &request);
	status = pj_keysource_new(&request, &pj_clock_system,
	    &pj_refresher_offline, &source);
	if (status == PJ_OK)
		status = pj_keysource_keys(source, &jwks, &err);
	if (status == PJ_OK)
		found(findings, GRADE_OK, "[issuer %s] %zu usable keys of %zu",
		    issuer->name, pj_jwks_usable(jwks), pj_jwks_count(jwks));
	else if (issuer->jwks_file != NULL)
		found(findings, GRADE_ERROR, "[issuer %s] no usable keys: %s",
		    issuer->name, err.detail);
	else if (is_cold(&request))
		found(findings, GRADE_NOTE, "[issuer %s] no keys were fetched "
		    "yet; the first login does it, or pam-jwks refresh %s",
		    issuer->name, issuer->name);
	else
		found(findings, GRADE_WARNING, "[issuer %s] the keys at hand "
		    "cannot be used (%s); try pam-jwks refresh %s",
		    issuer->name, err.detail, issuer->name);
}

static void
warn(void *ctx, const char *text)
{
	found(ctx, GRADE_WARNING, "%s", text);
}

int
pj_cmd_check(const struct pj_cli *cli)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct findings findings = { 0, 0 };
	struct pj_config_source source;
	int code;

	pj_cli_source(cli, &source);
	source.without_maps = cli->syntax;
	code = pj_cli_configure(cli, &source, &config);
	if (code != PJ_EXIT_OK)
		return code;
	found(&findings, GRADE_OK, "%s: %zu issuer section%s",
	    source.path != NULL ? source.path : "options",
	    pj_config_issuers(config),
	    pj_config_issuers(config) == 1 ? "" : "s");
	if (pj_config_issuers(config) == 0)
		found(&findings, GRADE_WARNING, "there is no [issuer NAME] "
		    "section: every token is refused");
	pj_config_object(config, warn, &findings);
	if (!cli->syntax) {
		if (cli->config != NULL)
			check_file(source.path, &findings);
		check_fetching(config, source.path, &findings);
		for (size_t i = 0; i < pj_config_issuers(config); i++)
			check_keys(config, pj_config_issuer(config, i),
			    &findings);
	}
	if (findings.errors != 0)
		return PJ_EXIT_USAGE;
	return findings.warnings != 0 ? PJ_EXIT_REFUSED : PJ_EXIT_OK;
}
