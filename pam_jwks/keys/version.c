/*
 * One version of an issuer's keys in memory: see version.h.
 */
#include "base/file.h"
#include "keys/version.h"

void
pj_version_free(struct pj_version *version)
{
	pj_jwks_free(version->jwks);
	pj_buf_free(&version->text);
	*version = (struct pj_version)PJ_VERSION_INIT;
}

/* Parses keys of which at least one can be used. */
static enum pj_status
parse_keys(struct pj_span text, struct pj_jwks **jwks, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *fresh = NULL;
	enum pj_status status;

	status = pj_jwks_parse(text, &fresh, err);
	if (status != PJ_OK)
		return status;
	if (pj_jwks_usable(fresh) == 0)
		return pj_jwks_refuse(fresh, err);
	*jwks = PJ_TAKE(fresh);
	return PJ_OK;
}

enum pj_status
pj_version_load(const struct pj_cache *cache, struct pj_version *version,
    struct pj_error *err)
{
	enum pj_status status;

	status = pj_cache_load(cache, &version->text, &version->envelope, err);
	if (status == PJ_OK)
		status = parse_keys(version->envelope.body, &version->jwks,
		    err);
	if (status != PJ_OK)
		pj_version_free(version);
	return status;
}

enum pj_status
pj_version_load_file(const char *path, bool any_owner,
    struct pj_version *version, struct pj_error *err)
{
	PJ_BUF_SCOPED(text, PJ_BODY_MAX);
	enum pj_status status;

	status = any_owner ? pj_file_read_any(path, &text, err) :
	    pj_file_read(path, &text, err);
	if (status != PJ_OK)
		return status;
	status = parse_keys(pj_buf_span(&text), &version->jwks, err);
	if (status != PJ_OK)
		return pj_fail_in(err, status, "%s", path);
	return PJ_OK;
}
