/*
 * OpenID Connect Discovery: see discovery.h.
 */
#include <stdio.h>

#include "base/json.h"
#include "base/url.h"
#include "keys/discovery.h"

static const char well_known[] = "/.well-known/openid-configuration";

static enum pj_status
copy_url(struct pj_span url, char out[PJ_URL_MAX + 1], struct pj_error *err)
{
	enum pj_status status = pj_url_check_https(url, err);

	if (status != PJ_OK)
		return status;
	memcpy(out, url.ptr, url.len);
	out[url.len] = '\0';
	return PJ_OK;
}

enum pj_status
pj_discovery_url(const struct pj_key_request *request,
    char out[PJ_URL_MAX + 1], struct pj_error *err)
{
	PJ_BUF_SCOPED(url, PJ_URL_MAX);
	struct pj_span issuer;
	enum pj_status status;

	if (request->discovery_url != NULL)
		return copy_url(pj_span_str(request->discovery_url), out, err);
	issuer = pj_span_str(request->issuer);
	if (issuer.len > 0 && issuer.ptr[issuer.len - 1] == '/')
		issuer.len--;
	status = pj_buf_append(&url, issuer);
	if (status == PJ_OK)
		status = pj_buf_append(&url, pj_span_str(well_known));
	if (status == PJ_NO_MEMORY)
		return pj_fail(err, status, "discovery URL");
	if (status != PJ_OK)
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "the issuer is too long for a URL");
	return copy_url(pj_buf_span(&url), out, err);
}

enum pj_status
pj_discovery_parse(struct pj_span text, const char *issuer,
    char jwks_uri[PJ_URL_MAX + 1], struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
	struct pj_span said, uri;
	enum pj_status status;

	status = pj_json_parse(text, &doc, err);
	if (status == PJ_NO_MEMORY)
		return status;
	if (status != PJ_OK)
		return pj_fail_in(err, PJ_DISCOVERY_INVALID,
		    "the discovery document is no JSON object");
	if (!pj_json_string(pj_json_member(doc, "issuer"), &said))
		return pj_fail(err, PJ_DISCOVERY_INVALID,
		    "the discovery document has no string issuer");
	if (!pj_span_is(said, issuer))
		return pj_fail(err, PJ_DISCOVERY_ISSUER_DIFFERS,
		    "the discovery document says issuer '%.*s', the "
		    "configuration '%s'", PJ_SPAN_ARG(said), issuer);
	if (!pj_json_string(pj_json_member(doc, "jwks_uri"), &uri))
		return pj_fail(err, PJ_DISCOVERY_INVALID,
		    "the discovery document has no string jwks_uri");
	status = copy_url(uri, jwks_uri, err);
	if (status != PJ_OK)
		return pj_fail_in(err, PJ_DISCOVERY_INVALID,
		    "the discovery document's jwks_uri");
	return PJ_OK;
}
