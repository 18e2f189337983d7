/*
 * Who fetches keys: see refresher.h.
 */
#include "keys/refresher.h"

static const char *const cause_names[PJ_CAUSE_COUNT] = {
	[PJ_CAUSE_COLD] = "cold",
	[PJ_CAUSE_STALE] = "stale",
	[PJ_CAUSE_DUE] = "due",
	[PJ_CAUSE_KID] = "kid",
	[PJ_CAUSE_SIGNATURE] = "signature",
	[PJ_CAUSE_FORCED] = "forced",
};

static enum pj_status
refuse(void *ctx, const struct pj_key_request *request,
    enum pj_refresh_cause cause, struct pj_error *err)
{
	(void)ctx;
	(void)request;
	(void)cause;
	return pj_fail(err, PJ_FETCH_OFFLINE, "asking the provider was ruled "
	    "out");
}

const struct pj_refresher pj_refresher_offline = { .refresh = refuse };

const char *
pj_refresh_cause_name(enum pj_refresh_cause cause)
{
	if (cause >= PJ_CAUSE_COUNT)
		return "unknown";
	return cause_names[cause];
}

bool
pj_refresh_cause_find(struct pj_span name, enum pj_refresh_cause *cause)
{
	for (unsigned i = 0; i < PJ_CAUSE_COUNT; i++) {
		if (!pj_span_is(name, cause_names[i]))
			continue;
		*cause = (enum pj_refresh_cause)i;
		return true;
	}
	return false;
}
