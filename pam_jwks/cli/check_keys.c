/*
 * pam-jwks check: the keys at hand.  What came from the network is parsed
 * without root's rights.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/check.h"
#include "keys/version.h"

/* Where there is no user to become: the kernel's own nobody. */
#define OVERFLOW_ID	65534

/* Becomes the fetch user for good; nothing is left of root. */
static bool
drop_rights(const char *name)
{
	const struct passwd *user = getpwnam(name);
	uid_t uid = user != NULL && user->pw_uid != 0 ? user->pw_uid :
	    OVERFLOW_ID;
	gid_t gid = user != NULL && user->pw_gid != 0 ? user->pw_gid :
	    OVERFLOW_ID;

	if (geteuid() != 0)
		return true;
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return false;
	return setresuid((uid_t)-1, 0, (uid_t)-1) != 0 && geteuid() == uid &&
	    getegid() == gid;
}

static bool
serves_sudo(const struct pj_issuer *issuer)
{
	return pj_list_has(&issuer->services, pj_span_str("sudo")) ||
	    pj_list_has(&issuer->services, pj_span_str("any"));
}

/* One key that no token can have been signed with. */
static void
tell_skipped(struct pj_check *check, const struct pj_issuer *issuer,
    const struct pj_jwk *jwk)
{
	char kid[PJ_KID_MAX + 1] = "-";

	if (jwk->has_kid)
		pj_escape(kid, sizeof(kid), jwk->kid);
	pj_found(check->findings, PJ_GRADE_NOTE, PJ_FOUND_KEY_SKIPPED,
	    "[issuer %s] key %s is not used: %s: %s", issuer->name, kid,
	    pj_status_name(jwk->status), pj_status_sentence(jwk->status));
}

/* where: words about the age of the keys, or "". */
static void
tell_keys(struct pj_check *check, const struct pj_issuer *issuer,
    const struct pj_jwks *jwks, const char *where)
{
	pj_found(check->findings, PJ_GRADE_OK, PJ_FOUND_KEYS,
	    "[issuer %s] %zu usable key%s of %zu%s", issuer->name,
	    pj_jwks_usable(jwks), pj_jwks_usable(jwks) == 1 ? "" : "s",
	    pj_jwks_count(jwks), where);
	for (size_t i = 0; i < pj_jwks_count(jwks); i++) {
		const struct pj_jwk *jwk = pj_jwks_at(jwks, i);

		if (jwk->status != PJ_OK)
			tell_skipped(check, issuer, jwk);
		else if (jwk->kty == PJ_KTY_RSA && serves_sudo(issuer))
			check->rsa = true;
	}
}

void
pj_check_key_files(struct pj_check *check)
{
	for (size_t i = 0; i < pj_config_issuers(check->config); i++) {
		const struct pj_issuer *issuer = pj_config_issuer(
		    check->config, i);
		struct pj_version version = PJ_VERSION_INIT;
		struct pj_error err = { "" };

		if (issuer->jwks_file == NULL)
			continue;
		if (pj_version_load_file(issuer->jwks_file, issuer->line == 0,
		    &version, &err) == PJ_OK)
			tell_keys(check, issuer, version.jwks, "");
		else
			pj_found(check->findings, PJ_GRADE_ERROR,
			    PJ_FOUND_KEY_FILE, "[issuer %s] no usable keys: "
			    "%s", issuer->name, err.detail);
		pj_version_free(&version);
	}
}

static void
tell_age(struct pj_check *check, const struct pj_issuer *issuer,
    const struct pj_key_request *request, const struct pj_version *version)
{
	const struct pj_validity *validity = &version->envelope.validity;
	enum pj_key_state state;
	struct pj_clock now;
	char words[64];

	pj_clock_read_system(NULL, &now);
	state = pj_key_state(validity, &request->lifetimes, &now);
	if (state == PJ_STATE_EXPIRED) {
		pj_found(check->findings, PJ_GRADE_WARNING,
		    PJ_FOUND_CACHE_UNUSABLE, "[issuer %s] the keys at hand "
		    "are too old", issuer->name);
		return;
	}
	(void)snprintf(words, sizeof(words), ", %s, fetched %lld s ago",
	    pj_key_state_name(state),
	    (long long)pj_age(&validity->fetched, &now, NULL));
	tell_keys(check, issuer, version->jwks, words);
	if (state == PJ_STATE_STALE)
		pj_found(check->findings, PJ_GRADE_NOTE, PJ_FOUND_CACHE_OLD,
		    "[issuer %s] the keys are past their time and still used",
		    issuer->name);
}

/* What has been told already: there are none, or not in a safe folder. */
static bool
is_told(const struct pj_check *check, size_t at, enum pj_status status)
{
	return check->told[at] && (status == PJ_FILE_MISSING ||
	    status == PJ_FILE_UNSAFE);
}

static void
check_cached(struct pj_check *check, size_t at)
{
	const struct pj_issuer *issuer = pj_config_issuer(check->config, at);
	struct pj_version version = PJ_VERSION_INIT;
	struct pj_key_request request;
	struct pj_cache cache;
	struct pj_error err = { "" };
	enum pj_status status;

	pj_configure_request(check->config, issuer, &request);
	status = pj_cache_open(&request, &cache, &err);
	if (status == PJ_OK)
		status = pj_version_load(&cache, &version, &err);
	if (status == PJ_OK)
		tell_age(check, issuer, &request, &version);
	else if (!is_told(check, at, status) && status == PJ_FILE_MISSING)
		pj_found(check->findings, PJ_GRADE_NOTE, PJ_FOUND_CACHE_COLD,
		    "[issuer %s] no keys were fetched yet", issuer->name);
	else if (!is_told(check, at, status))
		pj_found(check->findings, PJ_GRADE_WARNING,
		    PJ_FOUND_CACHE_UNUSABLE, "[issuer %s] the keys at hand "
		    "cannot be used: %s", issuer->name, err.detail);
	pj_version_free(&version);
}

void
pj_check_cache(struct pj_check *check)
{
	bool dropped = false;

	for (size_t i = 0; i < pj_config_issuers(check->config); i++) {
		const struct pj_issuer *issuer = pj_config_issuer(
		    check->config, i);

		if (issuer->jwks_file != NULL)
			continue;
		if (!dropped && !drop_rights(pj_config_module(
		    check->config)->fetch_user)) {
			pj_found(check->findings, PJ_GRADE_ERROR,
			    PJ_FOUND_NOT_CONFINED, "root's rights cannot be "
			    "given up: the cache is not read");
			return;
		}
		dropped = true;
		if (pj_configure_first(check->config, i) == i)
			check_cached(check, i);
	}
}
