/*
 * pam-jwks check: whether keys can be fetched, and what a fetch tells.
 */
#include <errno.h>
#include <libgen.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/check.h"
#include "keys/cache.h"

#define DAY		86400

/* Shorter than this nobody leaves a certificate on purpose. */
#define CERTIFICATE_DAYS	7

#define TIMER		"pam-jwks-refresh.timer"
#define UNITS		"/systemd/system/"

static bool
needs_network(const struct pj_config *config)
{
	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		if (pj_config_issuer(config, i)->jwks_file == NULL)
			return true;
	}
	return false;
}

/* True if a fetch can make the folder: what is above it is there. */
static bool
has_parent(const char *path)
{
	PJ_CLEANUP(pj_cleanup_str) char *above = strdup(path);

	return above != NULL && access(dirname(above), F_OK) == 0;
}

static void
check_folder(const char *path, struct pj_findings *findings)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = -1;
	struct pj_error err = { "" };
	enum pj_status status = pj_file_open_dir(path, &fd, &err);

	if (status == PJ_FILE_MISSING && has_parent(path))
		pj_found(findings, PJ_GRADE_NOTE, PJ_FOUND_FOLDER_MISSING,
		    "%s is missing; the first fetch makes it", path);
	else if (status == PJ_FILE_MISSING)
		pj_found(findings, PJ_GRADE_ERROR, PJ_FOUND_FOLDER_MISSING,
		    "%s is missing, and so is the folder above", path);
	else if (status == PJ_FILE_UNSAFE)
		pj_found(findings, PJ_GRADE_ERROR, PJ_FOUND_FOLDER_UNSAFE,
		    "%s cannot be used: %s", path, err.detail);
	else if (status != PJ_OK)
		pj_found(findings, PJ_GRADE_NOTE, PJ_FOUND_FOLDER_UNKNOWN,
		    "%s cannot be looked at: %s", path, err.detail);
}

/* Whether a process that fetches could be confined on this machine. */
static void
check_worker(struct pj_check *check, const struct pj_module_settings *module)
{
	const struct pj_helper helper = {
		.path = module->helper,
		.config = check->source->path,
		.timeout_cold = module->timeout_cold,
	};
	struct pj_error err = { "" };
	enum pj_status status = pj_helper_try(&helper, &err);

	if (status == PJ_OK)
		pj_found(check->findings, PJ_GRADE_OK, PJ_FOUND_CONFINED,
		    "fetching is confined: %s", err.detail);
	else
		pj_found(check->findings, PJ_GRADE_ERROR,
		    PJ_FOUND_NOT_CONFINED, "fetching cannot be confined, so "
		    "no keys are fetched: %s", err.detail);
}

static void
check_helper(struct pj_findings *findings, const char *helper)
{
	struct stat st;

	if (access(helper, X_OK) != 0)
		pj_found(findings, PJ_GRADE_ERROR, PJ_FOUND_HELPER_MISSING,
		    "the helper %s cannot be run: %s", helper,
		    strerror(errno));
	else if (stat(helper, &st) != 0 || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		pj_found(findings, PJ_GRADE_ERROR, PJ_FOUND_HELPER_UNSAFE,
		    "the helper %s is run by root: it must be root's, and "
		    "nobody else may write to it", helper);
}

static void
check_user(struct pj_findings *findings, const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (user == NULL)
		pj_found(findings, PJ_GRADE_ERROR, PJ_FOUND_FETCH_USER_MISSING,
		    "the user %s that fetches keys does not exist; make it: "
		    "systemd-sysusers, or useradd --system --no-create-home "
		    "--shell /usr/sbin/nologin %s", name, name);
	else if (user->pw_uid == 0 || user->pw_gid == 0)
		pj_found(findings, PJ_GRADE_ERROR, PJ_FOUND_FETCH_USER_ROOT,
		    "the user %s that fetches keys has root's uid or group",
		    name);
}

/* A service that runs as a user of its own and cannot fetch. */
static const char *
needs_timer(const struct pj_config *config)
{
	static const char *const names[] = { "postgresql", "nginx" };

	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		const struct pj_issuer *issuer = pj_config_issuer(config, i);

		for (size_t k = 0; issuer->jwks_file == NULL &&
		    k < sizeof(names) / sizeof(names[0]); k++) {
			if (pj_list_has(&issuer->services,
			    pj_span_str(names[k])))
				return names[k];
		}
	}
	return NULL;
}

/* As systemctl enable leaves it, without asking systemd. */
static bool
is_timer_on(void)
{
	static const char *const wants[] = {
		"/etc" UNITS "timers.target.wants/" TIMER,
		"/run" UNITS "timers.target.wants/" TIMER,
		"/usr/lib" UNITS "timers.target.wants/" TIMER,
		"/lib" UNITS "timers.target.wants/" TIMER,
	};
	char target[sizeof("/dev/null")] = "";
	struct stat st;

	/* Masked. */
	if (readlink("/etc" UNITS TIMER, target, sizeof(target)) > 0 &&
	    strncmp(target, "/dev/null", sizeof(target)) == 0)
		return false;
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		if (lstat(wants[i], &st) == 0)
			return true;
	}
	return false;
}

static void
check_timer(struct pj_check *check)
{
	const char *service = needs_timer(check->config);

	if (is_timer_on())
		pj_found(check->findings, PJ_GRADE_OK, PJ_FOUND_TIMER,
		    TIMER " is enabled");
	else if (service != NULL)
		pj_found(check->findings, PJ_GRADE_WARNING, PJ_FOUND_TIMER_OFF,
		    TIMER " is not enabled, and %s runs without root",
		    service);
}

/* What the state tells of the provider's clock and certificate. */
static void
check_state(struct pj_check *check, const struct pj_issuer *issuer,
    const struct pj_state *state)
{
	int64_t ahead = state->date_seen - state->provider_date;
	int64_t off = ahead < 0 ? -ahead : ahead, days;
	struct pj_clock now;

	pj_clock_read_system(NULL, &now);
	if (state->provider_date > 0 && off > issuer->leeway)
		pj_found(check->findings, PJ_GRADE_WARNING,
		    PJ_FOUND_CLOCK_DIFFERS, "[issuer %s] this clock is %lld s "
		    "%s the provider's; leeway is %lld s", issuer->name,
		    (long long)off, ahead < 0 ? "behind" : "ahead of",
		    (long long)issuer->leeway);
	else if (state->provider_date > 0)
		pj_found(check->findings, PJ_GRADE_OK, PJ_FOUND_CLOCK,
		    "[issuer %s] this clock and the provider's differ by "
		    "%lld s", issuer->name, (long long)off);
	if (state->cert_expires <= 0)
		return;
	days = (state->cert_expires - now.wall) / DAY;
	if (state->cert_expires <= now.wall)
		pj_found(check->findings, PJ_GRADE_WARNING,
		    PJ_FOUND_CERTIFICATE_ENDS, "[issuer %s] a certificate of "
		    "the provider's has ended since the last fetch",
		    issuer->name);
	else if (days < CERTIFICATE_DAYS)
		pj_found(check->findings, PJ_GRADE_WARNING,
		    PJ_FOUND_CERTIFICATE_ENDS, "[issuer %s] a certificate of "
		    "the provider's ends in %lld days", issuer->name,
		    (long long)days);
	else
		pj_found(check->findings, PJ_GRADE_OK, PJ_FOUND_CERTIFICATE,
		    "[issuer %s] the provider's certificates are good for "
		    "%lld days", issuer->name, (long long)days);
}

/* What keys/cache.c does with a disk that is full or read-only. */
static bool
check_spare(struct pj_check *check, const struct pj_issuer *issuer,
    const struct pj_cache *cache)
{
	PJ_CLEANUP(pj_cleanup_str) char *path = NULL;
	const struct pj_key_request *request = cache->request;

	if (strcmp(request->cache_dir, request->state_dir) == 0 ||
	    asprintf(&path, "%s/%s.jwks", request->state_dir, cache->id) < 0 ||
	    access(path, F_OK) != 0)
		return false;
	pj_found(check->findings, PJ_GRADE_WARNING, PJ_FOUND_CACHE_NOT_WRITTEN,
	    "[issuer %s] the last keys could not be written to %s",
	    issuer->name, request->cache_dir);
	return true;
}

/* A failure hurts at once only where no fetch ever succeeded. */
static void
tell_fetch(struct pj_check *check, const struct pj_issuer *issuer,
    enum pj_status status, const struct pj_error *err, bool has_keys)
{
	if (status == PJ_OK)
		pj_found(check->findings, PJ_GRADE_OK, PJ_FOUND_FETCHED,
		    "[issuer %s] %s", issuer->name, err->detail);
	else
		pj_found(check->findings, has_keys ? PJ_GRADE_WARNING :
		    PJ_GRADE_ERROR, PJ_FOUND_FETCH_FAILED,
		    "[issuer %s] %s: %s%s%s", issuer->name,
		    pj_status_name(status), pj_status_sentence(status),
		    err->detail[0] != '\0' ? ": " : "", err->detail);
}

/* The provider of a section. */
static void
check_provider(struct pj_check *check, size_t at, struct pj_helper *helper)
{
	const struct pj_issuer *issuer = pj_config_issuer(check->config, at);
	struct pj_key_request request;
	struct pj_cache cache;
	struct pj_state state;
	struct pj_error err = { "" };
	enum pj_status status = PJ_OK;
	bool known;

	pj_configure_request(check->config, issuer, &request);
	if (helper != NULL)
		status = pj_helper_refresh(helper, &request, PJ_CAUSE_FORCED,
		    &err);
	known = pj_cache_open(&request, &cache, NULL) == PJ_OK &&
	    pj_cache_load_state(&cache, &state, NULL) == PJ_OK;
	if (helper != NULL)
		tell_fetch(check, issuer, status, &err,
		    known && state.success.wall > 0);
	check->told[at] = status != PJ_OK;
	if (!known)
		return;
	if (check_spare(check, issuer, &cache))
		check->told[at] = true;
	check_state(check, issuer, &state);
}

static void
check_providers(struct pj_check *check, bool offline)
{
	struct pj_helper helper;

	if (geteuid() != 0) {
		pj_found(check->findings, PJ_GRADE_NOTE, PJ_FOUND_NOT_ROOT,
		    "not root: the provider is not asked");
		return;
	}
	pj_configure_helper(check->config, check->source, &helper);
	for (size_t i = 0; i < pj_config_issuers(check->config); i++) {
		const struct pj_issuer *issuer = pj_config_issuer(
		    check->config, i);

		if (issuer->jwks_file == NULL &&
		    pj_configure_first(check->config, i) == i)
			check_provider(check, i, offline ? NULL : &helper);
	}
}

void
pj_check_fetching(struct pj_check *check, bool offline)
{
	const struct pj_module_settings *module = pj_config_module(
	    check->config);
	unsigned before = check->findings->errors;
	bool failed;

	if (!needs_network(check->config))
		return;
	check_helper(check->findings, module->helper);
	check_user(check->findings, module->fetch_user);
	if (check->source->path != NULL && !check->refused &&
	    check->findings->errors == before)
		check_worker(check, module);
	check_folder(module->cache_dir, check->findings);
	check_folder(module->state_dir, check->findings);
	check_timer(check);
	/* What has been found would only fail once more. */
	failed = check->refused || check->findings->errors != before;
	check_providers(check, offline || failed);
	for (size_t i = 0; failed && i < PJ_ISSUERS_MAX; i++)
		check->told[i] = true;
}
