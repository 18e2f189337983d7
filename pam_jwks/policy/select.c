#include "policy/select.h"

#include "jose/alg.h"

bool
pj_policy_serves(const struct pj_issuer *issuer, const char *service)
{
	return pj_list_has(&issuer->services, pj_span_str("any")) ||
	    pj_list_has(&issuer->services, pj_span_str(service));
}

/* Every element must be a string, also behind one that fits. */
static enum pj_status
audience_in_array(const struct pj_issuer *issuer, const struct pj_json *aud,
    bool *found, struct pj_error *err)
{
	bool any = false;

	for (size_t i = 0; i < pj_json_length(aud); i++) {
		struct pj_span text;

		if (!pj_json_string(pj_json_item(aud, i), &text))
			return pj_fail(err, PJ_CLAIM_TYPE,
			    "aud holds something that is no string");
		any = any || pj_list_has(&issuer->audience, text);
	}
	*found = any;
	return PJ_OK;
}

enum pj_status
pj_policy_audience(const struct pj_issuer *issuer, const struct pj_json *aud,
    struct pj_error *err)
{
	struct pj_span text;
	enum pj_status status;
	bool found = false;

	if (aud == NULL)
		return pj_fail(err, PJ_CLAIM_MISSING, "aud");
	if (pj_json_type(aud) == PJ_JSON_ARRAY) {
		status = audience_in_array(issuer, aud, &found, err);
		if (status != PJ_OK)
			return status;
		if (!found && pj_json_string(pj_json_item(aud, 0), &text))
			return pj_fail_value(err, PJ_AUDIENCE_MISMATCH,
			    pj_json_length(aud) > 1 ? "the first aud" : "aud",
			    text);
	} else if (pj_json_string(aud, &text)) {
		found = pj_list_has(&issuer->audience, text);
		if (!found)
			return pj_fail_value(err, PJ_AUDIENCE_MISMATCH, "aud",
			    text);
	} else {
		return pj_fail(err, PJ_CLAIM_TYPE,
		    "aud is neither a string nor an array");
	}
	return found ? PJ_OK : pj_fail(err, PJ_AUDIENCE_MISMATCH,
	    "aud is empty");
}

enum pj_status
pj_policy_select(const struct pj_config *config, const char *service,
    const struct pj_jwt_peek *peek, const struct pj_issuer **issuer,
    struct pj_error *err)
{
	struct pj_error why;
	enum pj_status status = pj_fail_value(&why, PJ_ISSUER_UNKNOWN, "iss",
	    peek->iss);

	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		const struct pj_issuer *section = pj_config_issuer(config, i);

		if (!pj_span_is(peek->iss, section->issuer))
			continue;
		if (!pj_policy_serves(section, service)) {
			if (status == PJ_ISSUER_UNKNOWN)
				status = pj_fail(&why, PJ_SERVICE_NOT_SERVED,
				    "[issuer %s] does not list %s",
				    section->name, service);
			continue;
		}
		status = pj_policy_audience(section, peek->aud, &why);
		if (status == PJ_OK) {
			*issuer = section;
			return PJ_OK;
		}
		if (status != PJ_AUDIENCE_MISMATCH)
			break;
	}
	if (err != NULL)
		*err = why;
	return status;
}

/* RFC 7515 section 4.1.9: a prefix "application/" may be left out. */
static struct pj_span
without_application(struct pj_span typ)
{
	static const char prefix[] = "application/";
	size_t len = sizeof(prefix) - 1;

	if (typ.len > len && pj_span_is_nocase(pj_span(typ.ptr, len), prefix))
		return pj_span_from(typ, len);
	return typ;
}

static bool
typ_allowed(const struct pj_issuer *issuer, const struct pj_jws_header *header)
{
	if (!header->has_typ)
		return pj_list_has(&issuer->typ, pj_span_str("absent"));
	for (size_t i = 0; i < issuer->typ.count; i++) {
		struct pj_span typ = pj_span_str(issuer->typ.items[i]);

		if (!pj_span_is(typ, "absent") && pj_span_equal_nocase(
		    without_application(header->typ),
		    without_application(typ)))
			return true;
	}
	return false;
}

enum pj_status
pj_policy_header(const struct pj_issuer *issuer,
    const struct pj_jws_header *header, struct pj_error *err)
{
	if ((issuer->algorithms & PJ_ALG_BIT(header->alg)) == 0)
		return pj_fail(err, PJ_ALG_NOT_ALLOWED, "alg is %s",
		    header->alg->name);
	if (!typ_allowed(issuer, header))
		return header->has_typ ? pj_fail_value(err,
		    PJ_TYP_NOT_ALLOWED, "typ", header->typ) :
		    pj_fail(err, PJ_TYP_NOT_ALLOWED, "typ is absent");
	if (issuer->require_kid && !header->has_kid)
		return pj_fail(err, PJ_KID_MISSING, "require_kid = yes");
	return PJ_OK;
}
