/*
 * How a refresh ends: see task.h.
 */
#include <sys/random.h>

#include "fetch/task.h"
#include "keys/version.h"

static uint32_t
draw(void)
{
	uint32_t random = 0;

	/* Only spreads load; a failure leaves the earliest moment. */
	(void)!getrandom(&random, sizeof(random), 0);
	return random;
}

/* The new data file, made of the harvest and of what stays. */
static void
make_envelope(const struct pj_task *task, struct pj_envelope *fresh)
{
	const struct pj_harvest *harvest = &task->harvest;
	const struct pj_http_headers *headers = &harvest->headers;
	struct pj_envelope env = {
		.jwks_uri = pj_span_str(harvest->jwks_uri),
		.validity.fetched = task->asked,
		.full = task->asked,
		.etag = pj_span_str(headers->etag),
		.last_modified = pj_span_str(headers->last_modified),
		.unsound = pj_span_str(harvest->unsound),
		.body = harvest->body,
	};

	env.validity.ttl = pj_ttl(&task->request->lifetimes,
	    pj_http_freshness(headers, task->asked.wall));
	env.validity.refresh_after = pj_refresh_after(env.validity.ttl,
	    pj_task_is_limited(task), draw());
	if (harvest->discovered)
		env.discovered = task->asked;
	else if (task->have_old)
		env.discovered = task->old.discovered;
	if (harvest->not_modified) {
		env.body = task->old.body;
		env.unsound = task->old.unsound;
		env.full = task->old.full;
		if (env.etag.len == 0)
			env.etag = task->old.etag;
		if (env.last_modified.len == 0)
			env.last_modified = task->old.last_modified;
	}
	*fresh = env;
}

/* True if the file on disk is newer than what this task asked for. */
static bool
is_older(const struct pj_task *task)
{
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	struct pj_envelope now;

	if (pj_cache_load(&task->cache, &text, &now, NULL) != PJ_OK)
		return false;
	return strcmp(now.validity.fetched.boot_id, task->asked.boot_id) ==
	    0 && now.validity.fetched.boot > task->asked.boot;
}

enum pj_status
pj_task_overtaken(const struct pj_task *task, struct pj_error *err)
{
	if (is_older(task))
		return pj_fail(err, PJ_OK, "a newer result is there already");
	return pj_fail(err, PJ_FETCH_HELD_BACK,
	    "a newer fetch has overtaken this one");
}

static void
note_success(struct pj_task *task, bool changed)
{
	struct pj_state *state = &task->state;
	const char *date = task->harvest.headers.date;
	int64_t first = task->asked.boot +
	    pj_cooldown(task->request->lifetimes.kid_cooldown, 0);

	state->result = PJ_OK;
	state->failures = 0;
	state->holds.backoff_until = 0;
	state->success = task->asked;
	state->error.detail[0] = '\0';
	state->rediscover = false;
	if (pj_http_date(date) > 0) {
		state->provider_date = pj_http_date(date);
		state->date_seen = task->asked.wall;
	}
	if (task->harvest.cert_expires > 0)
		state->cert_expires = task->harvest.cert_expires;
	if (changed) {
		state->fruitless = 0;
		if (state->holds.kid_until > first)
			state->holds.kid_until = first;
	}
}

static void
note_failure(struct pj_task *task, enum pj_status status,
    const struct pj_error *error)
{
	struct pj_state *state = &task->state;
	int64_t retry_after = pj_http_retry_after(&task->harvest.headers,
	    task->asked.wall);
	struct pj_clock now;
	int64_t pause;

	state->result = status;
	state->error = *error;
	if (!task->anybody) {
		/* Nor does it keep a key away that somebody else may need. */
		state->holds.kid_until = task->kid_until;
		return;
	}
	pj_task_clock(task, &now);
	pause = pj_backoff(pj_task_has_usable(task), state->failures,
	    retry_after, draw());
	/* Whoever ended the worker must not gain more than by the helper. */
	if (!task->answered && pause > PJ_CRASHED_HOLD_MAX)
		pause = PJ_CRASHED_HOLD_MAX;
	state->holds.backoff_until = now.boot + pause;
	state->failures++;
	if (pj_task_is_limited(task) && task->answered)
		state->fruitless++;
}

/*
 * A provider that publishes nothing usable may have meant it: the keys that it
 * published before end soon.
 */
static void
limit_old(const struct pj_task *task)
{
	struct pj_envelope env = task->old;
	struct pj_clock now;

	if (!task->harvest.unusable || !pj_task_has_usable(task) ||
	    env.validity.retire_after > 0)
		return;
	pj_task_clock(task, &now);
	env.validity.retire_after = PJ_SUSPECT_MAX +
	    pj_age(&env.validity.fetched, &now, NULL);
	if (pj_task_owns(task))
		(void)!pj_cache_store(&task->cache, &env, NULL);
}

enum pj_status
pj_task_store(struct pj_task *task, struct pj_error *err)
{
	struct pj_envelope env;
	struct pj_error kept = { "" };
	bool changed;
	enum pj_status status;

	if (!pj_task_owns(task) || is_older(task))
		return pj_task_overtaken(task, err);
	make_envelope(task, &env);
	/* A provider may write the same keys in another order each time. */
	changed = !task->have_old || !pj_keys_same(env.body, task->old.body);
	status = pj_cache_store(&task->cache, &env, &kept);
	if (status != PJ_OK) {
		*err = kept;
		return status;
	}
	note_success(task, changed);
	if (!changed && pj_task_is_limited(task))
		task->state.fruitless++;
	(void)pj_fail(err, PJ_OK, "%s from %s, asking again after %lld s",
	    changed ? "new keys" : "the same keys", task->harvest.jwks_uri,
	    (long long)env.validity.refresh_after);
	return pj_fail_behind(err, PJ_OK, &kept);
}

void
pj_task_failed(struct pj_task *task, enum pj_status status,
    const struct pj_error *error)
{
	limit_old(task);
	note_failure(task, status, error);
}

void
pj_task_crashed(struct pj_task *task)
{
	struct pj_state *state = &task->state;
	int64_t until = state->holds.attempt.boot +
	    pj_crash_hold(state->failures);

	state->holds.running = false;
	/* A reboot is nobody's failure. */
	if (strcmp(state->holds.attempt.boot_id, task->begun.boot_id) != 0)
		return;
	task->crashed = true;
	if (state->holds.backoff_until < until)
		state->holds.backoff_until = until;
	state->failures++;
	state->result = PJ_HELPER_FAILED;
	state->has_result = true;
	(void)pj_fail(&state->error, PJ_HELPER_FAILED,
	    "the helper did not end its work");
}
