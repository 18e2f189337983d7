/*
 * What the worker's answers are worth: see harvest.h.
 */
#include "fetch/harvest.h"

#include "keys/discovery.h"
#include "keys/version.h"

#define HTTP_OK			200
#define HTTP_NOT_MODIFIED	304
#define HTTP_NOT_FOUND		404
#define HTTP_GONE		410

/* An answer that is none, or not the one that was wanted. */
static enum pj_status
refuse(const struct pj_answer *answer, const char *url, struct pj_error *err)
{
	if (answer->result != PJ_OK) {
		if (err != NULL)
			*err = answer->error;
		return answer->result;
	}
	if (answer->http >= 300 && answer->http < 400 &&
	    answer->http != HTTP_NOT_MODIFIED)
		return pj_fail(err, PJ_FETCH_FAILED, "GET %s: HTTP %ld; "
		    "redirects are not followed, configure the final URL", url,
		    answer->http);
	return pj_fail(err, PJ_FETCH_FAILED, "GET %s: HTTP %ld", url,
	    answer->http);
}

static enum pj_status
judge_discovery(const struct pj_plan *plan, const struct pj_answer *answer,
    struct pj_harvest *harvest, struct pj_error *err)
{
	enum pj_status status;

	if (!answer->present)
		return pj_fail(err, PJ_FETCH_FAILED,
		    "the fetching process left discovery out");
	harvest->headers = answer->headers;
	harvest->cert_expires = answer->cert_expires;
	if (answer->result != PJ_OK || answer->http != HTTP_OK)
		return refuse(answer, plan->discovery_url, err);
	status = pj_discovery_parse(answer->body, plan->issuer,
	    harvest->jwks_uri, err);
	if (status != PJ_OK)
		return pj_fail_in(err, status, "GET %s", plan->discovery_url);
	harvest->discovered = true;
	return PJ_OK;
}

/* A 304 counts only as the answer to a question that was asked. */
static enum pj_status
judge_not_modified(const struct pj_plan *plan, bool have_copy,
    struct pj_harvest *harvest, struct pj_error *err)
{
	if (!have_copy || (plan->etag.len == 0 &&
	    plan->last_modified.len == 0) ||
	    !pj_span_is(plan->validators_for, harvest->jwks_uri))
		return pj_fail(err, PJ_FETCH_FAILED,
		    "GET %s: HTTP 304, though it was not asked for",
		    harvest->jwks_uri);
	harvest->not_modified = true;
	return PJ_OK;
}

static enum pj_status
judge_keys(struct pj_span body, int64_t until, struct pj_harvest *harvest,
    struct pj_error *err)
{
	struct pj_judgement judgement;
	enum pj_status status = pj_keys_judge(body, until, &judgement, err);

	harvest->usable = judgement.usable;
	harvest->unusable = judgement.unusable;
	memcpy(harvest->unsound, judgement.unsound, sizeof(harvest->unsound));
	if (status != PJ_OK)
		return pj_fail_in(err, status, "GET %s", harvest->jwks_uri);
	harvest->body = body;
	return PJ_OK;
}

static enum pj_status
judge_set(const struct pj_plan *plan, bool have_copy,
    const struct pj_answer *answer, int64_t until, struct pj_harvest *harvest,
    struct pj_error *err)
{
	harvest->headers = answer->headers;
	if (answer->cert_expires > 0)
		harvest->cert_expires = answer->cert_expires;
	if (answer->result == PJ_OK && answer->http == HTTP_NOT_MODIFIED)
		return judge_not_modified(plan, have_copy, harvest, err);
	if (answer->result == PJ_OK && answer->http == HTTP_OK)
		return judge_keys(answer->body, until, harvest, err);
	harvest->moved = answer->result == PJ_OK &&
	    (answer->http == HTTP_NOT_FOUND || answer->http == HTTP_GONE);
	return refuse(answer, harvest->jwks_uri, err);
}

enum pj_status
pj_harvest(const struct pj_plan *plan, bool have_copy, struct pj_span text,
    int64_t until, struct pj_harvest *harvest, struct pj_error *err)
{
	struct pj_answer answers[PJ_ANSWER_KINDS];
	const struct pj_answer *keys = &answers[PJ_ANSWER_KEYS];
	enum pj_status status;

	*harvest = (struct pj_harvest){ .discovered = false };
	status = pj_answers_decode(text, answers, err);
	if (status != PJ_OK)
		return status;
	if (plan->jwks_uri != NULL)
		(void)stpncpy(harvest->jwks_uri, plan->jwks_uri, PJ_URL_MAX);
	/* The worker could not even begin. */
	if (keys->present && keys->result != PJ_OK && keys->http == 0 &&
	    !answers[PJ_ANSWER_DISCOVERY].present)
		return refuse(keys, harvest->jwks_uri, err);
	if (plan->discovery_url != NULL) {
		status = judge_discovery(plan, &answers[PJ_ANSWER_DISCOVERY],
		    harvest, err);
		/* A place known of old will do, if it is the issuer's. */
		if (status != PJ_OK && (harvest->jwks_uri[0] == '\0' ||
		    status == PJ_DISCOVERY_ISSUER_DIFFERS || !keys->present))
			return status;
	}
	if (!keys->present)
		return pj_fail(err, PJ_FETCH_FAILED,
		    "the fetching process left the keys out");
	return judge_set(plan, have_copy, keys, until, harvest, err);
}
