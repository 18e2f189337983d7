/*
 * The privileged half: see refresh.h.
 */
#include "fetch/refresh.h"

#include <sys/resource.h>

#include "base/file.h"
#include "fetch/task.h"
#include "jose/jwks.h"
#include "keys/discovery.h"

/* Less than this is not enough for a handshake: better not to begin. */
#define WORKER_MIN_MS	300

#define MIB		(1024UL * 1024UL)

/* Time for checking and writing at the end. */
#define STORE_MS	300

static void
task_end(struct pj_task *task)
{
	pj_buf_free(&task->ca);
	pj_buf_free(&task->text);
	pj_buf_free(&task->answer);
	if (task->lock >= 0)
		pj_cache_unlock(task->lock);
}

/* Reads the cache into the task; what is damaged counts as absent. */
static enum pj_status
load(struct pj_task *task)
{
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *jwks = NULL;
	struct pj_clock now;
	enum pj_status status;

	pj_buf_clear(&task->text);
	task->have_old = false;
	task->old_state = PJ_STATE_COLD;
	status = pj_cache_load(&task->cache, &task->text, &task->old, NULL);
	if (status == PJ_OK)
		status = pj_jwks_parse(task->old.body, &jwks, NULL);
	if (status == PJ_OK && pj_jwks_usable(jwks) > 0) {
		pj_task_clock(task, &now);
		task->have_old = true;
		task->old_state = pj_key_state(&task->old.validity,
		    &task->request->lifetimes, &now);
	}
	if (pj_cache_load_state(&task->cache, &task->state, NULL) != PJ_OK)
		task->state = (struct pj_state){ .result = PJ_OK };
	/* Nobody runs: the lock is here. */
	if (task->state.holds.running)
		pj_task_crashed(task);
	return status == PJ_NO_MEMORY ? status : PJ_OK;
}

/*
 * True if then is after since, as far as one boot's clock can tell.  In the
 * same second it may have been before: then it is worth another question.
 */
static bool
is_after(const struct pj_stamp *then, const struct pj_stamp *since)
{
	if (strcmp(then->boot_id, since->boot_id) == 0)
		return then->boot > since->boot;
	return false;
}

/* True if somebody else did the work while this process waited for the lock. */
static bool
is_done(const struct pj_task *task)
{
	switch (task->cause) {
	case PJ_CAUSE_COLD:
	case PJ_CAUSE_STALE:
		return task->have_old && (task->old_state == PJ_STATE_FRESH ||
		    task->old_state == PJ_STATE_DUE);
	case PJ_CAUSE_DUE:
		return task->have_old && task->old_state == PJ_STATE_FRESH;
	case PJ_CAUSE_KID:
	case PJ_CAUSE_SIGNATURE:
		return task->have_old &&
		    is_after(&task->old.validity.fetched, &task->begun);
	case PJ_CAUSE_FORCED:
	case PJ_CAUSE_COUNT:
		return false;
	}
	return false;
}

/* Refuses while a pause is on; words tell what the last failure was. */
static enum pj_status
check_pause(const struct pj_task *task, struct pj_error *err)
{
	struct pj_clock now;
	struct pj_error hold = { "" };
	int64_t left;

	pj_task_clock(task, &now);
	left = pj_held_back(&task->state.holds, task->cause, &now);
	if (left <= 0)
		return PJ_OK;
	(void)pj_fail(&hold, PJ_FETCH_HELD_BACK, "asking again in %lld s",
	    (long long)left);
	if (task->state.error.detail[0] == '\0') {
		*err = hold;
		return PJ_FETCH_HELD_BACK;
	}
	*err = task->state.error;
	return pj_fail_behind(err, PJ_FETCH_HELD_BACK, &hold);
}

/*
 * Where the state cannot be written (a full disk) the lock file's time limits
 * attempts: to change it takes no room.
 */
static enum pj_status
stamp_lock(const struct pj_task *task, struct pj_error *err)
{
	int64_t last = pj_cache_marked(task->lock), now = task->asked.boot;

	if (task->cause != PJ_CAUSE_FORCED && last > 0 && last <= now &&
	    now - last < PJ_UNNOTED_HOLD)
		return pj_fail_in(err, PJ_FETCH_HELD_BACK,
		    "asking again in %lld s",
		    (long long)(last + PJ_UNNOTED_HOLD - now));
	if (!pj_cache_mark(task->lock, now))
		return PJ_SYSTEM_ERROR;
	return PJ_OK;
}

/*
 * Writes the attempt down before the network is touched: a crash counts as one,
 * and whoever floods us with unknown key ids meets the pause at once.
 */
static enum pj_status
stamp(struct pj_task *task, struct pj_error *err)
{
	struct pj_state *state = &task->state;
	bool limited = pj_task_is_limited(task);
	enum pj_status status;

	pj_task_clock(task, &task->asked);
	/* Pauses of another boot mean nothing against this boot's clock. */
	if (strcmp(state->holds.attempt.boot_id, task->asked.boot_id) != 0 ||
	    state->holds.attempt.boot > task->asked.boot)
		state->holds = (struct pj_holds){ .running = false };
	state->holds.attempt = task->asked;
	state->holds.running = true;
	state->cause = task->cause;
	task->kid_until = state->holds.kid_until;
	if (limited)
		state->holds.kid_until = task->asked.boot + pj_cooldown(
		    task->request->lifetimes.kid_cooldown, state->fruitless);
	status = pj_cache_store_state(&task->cache, state, err);
	/*
	 * Without a state nothing limits unknown key ids.  For the rest, keys
	 * are worth more than order.
	 */
	if (status != PJ_OK && !limited && task->cause != PJ_CAUSE_DUE)
		return stamp_lock(task, err);
	return status;
}

/* True if where the keys are should be asked again. */
static bool
needs_discovery(const struct pj_task *task)
{
	struct pj_clock now;
	bool contradicted;
	int64_t age;

	if (task->request->jwks_uri != NULL)
		return false;
	if (!task->have_old || task->old.discovered.wall == 0 ||
	    task->state.rediscover)
		return true;
	/* Fruitless for an unknown key: a login without one needs no more. */
	if (pj_task_is_limited(task) &&
	    task->state.fruitless >= PJ_COOLDOWN_FRUITLESS)
		return true;
	pj_task_clock(task, &now);
	age = pj_age(&task->old.discovered, &now, &contradicted);
	return contradicted || age >= task->request->lifetimes.discovery_ttl;
}

/* The place of the keys that is known without asking, or NULL. */
static const char *
known_uri(struct pj_task *task)
{
	struct pj_clock now;

	if (task->request->jwks_uri != NULL)
		return task->request->jwks_uri;
	if (!task->have_old || task->old.discovered.wall == 0 ||
	    task->old.jwks_uri.len > PJ_URL_MAX)
		return NULL;
	pj_task_clock(task, &now);
	if (pj_age(&task->old.discovered, &now, NULL) >=
	    task->request->lifetimes.discovery_max_stale)
		return NULL;
	memcpy(task->old_uri, task->old.jwks_uri.ptr, task->old.jwks_uri.len);
	task->old_uri[task->old.jwks_uri.len] = '\0';
	return task->old_uri;
}

static enum pj_status
make_plan(struct pj_task *task, bool discovery, struct pj_plan *plan,
    struct pj_error *err)
{
	const struct pj_key_request *request = task->request;
	struct pj_clock now;

	*plan = (struct pj_plan){
		.issuer = request->issuer,
		.jwks_uri = known_uri(task),
		.no_cache = pj_task_is_limited(task),
		.http = {
			.ca = pj_buf_span(&task->ca),
			.proxy = request->proxy,
			.ip_resolve = request->ip_resolve,
			.connect_ms = task->settings->connect_ms,
			.request_ms = task->settings->request_ms,
		},
	};
	pj_task_clock(task, &now);
	/* Who misses a key must not be told that nothing has changed. */
	if (!plan->no_cache && task->have_old &&
	    pj_age(&task->old.full, &now, NULL) < PJ_FULL_GET_EVERY) {
		plan->validators_for = task->old.jwks_uri;
		plan->etag = task->old.etag;
		plan->last_modified = task->old.last_modified;
	}
	if (!discovery && plan->jwks_uri != NULL)
		return PJ_OK;
	plan->discovery_url = task->discovery_url;
	return pj_discovery_url(request, task->discovery_url, err);
}

/* Milliseconds that a worker may take. */
static int64_t
time_left(const struct pj_task *task)
{
	return task->until - pj_now_ms() - STORE_MS;
}

static enum pj_status
no_time(struct pj_error *err)
{
	return pj_fail(err, PJ_FETCH_TIMEOUT,
	    "no time is left for asking the provider");
}

/* Runs a worker once and judges what it brought. */
static enum pj_status
fetch_once(struct pj_task *task, bool discovery, struct pj_error *err)
{
	int64_t left = time_left(task);
	struct pj_plan plan;
	enum pj_status status;

	if (left < WORKER_MIN_MS)
		return no_time(err);
	status = make_plan(task, discovery, &plan, err);
	if (status != PJ_OK)
		return status;
	pj_buf_clear(&task->answer);
	status = pj_worker_run(&plan, &task->user, left, &task->answer,
	    &task->anybody, err);
	task->answered = status == PJ_OK && task->answer.len > 0;
	if (status != PJ_OK)
		return status;
	return pj_harvest(&plan, task->have_old, pj_buf_span(&task->answer),
	    task->until - STORE_MS / 2, &task->harvest, err);
}

static enum pj_status
fetch(struct pj_task *task, struct pj_error *err)
{
	bool discovery = needs_discovery(task);
	enum pj_status status;

	status = fetch_once(task, discovery, err);
	/* The keys are gone from where they were: ask where they are. */
	if (status != PJ_OK && task->harvest.moved && !discovery &&
	    task->request->jwks_uri == NULL) {
		task->state.rediscover = true;
		status = fetch_once(task, true, err);
	}
	return status;
}

/* From the stamp to the last write, with the lock in hand. */
static enum pj_status
work(struct pj_task *task, struct pj_error *err)
{
	enum pj_status status;

	/* Before the stamp: who asks nobody is no attempt. */
	if (time_left(task) < WORKER_MIN_MS)
		return no_time(err);
	if (!pj_task_owns(task))
		return pj_task_overtaken(task, err);
	status = stamp(task, err);
	if (status != PJ_OK)
		return status;
	err->detail[0] = '\0';
	status = fetch(task, err);
	if (status == PJ_OK)
		status = pj_task_store(task, err);
	if (status != PJ_OK)
		pj_task_failed(task, status, err);
	task->state.has_result = true;
	task->state.holds.running = false;
	/* The state is the overtaker's now, and tells of newer things. */
	if (!pj_task_owns(task))
		return status == PJ_OK ? status : pj_task_overtaken(task, err);
	/* The attempt was stamped; what is lost at worst is how it ended. */
	(void)!pj_cache_store_state(&task->cache, &task->state, NULL);
	return status;
}

/*
 * Limits that root could not raise, because it lacks the capability (in a
 * container, for example).  Whoever sets them and calls su must not bring about
 * a failed attempt, which would hold everybody else back.  24 MiB and 8
 * descriptors do for a small key set; dovecot allows its processes 256 MiB.  A
 * worker has up to three tasks, and there may be workers for other issuers;
 * what else runs as a service's own user is not known here.
 */
static enum pj_status
need_limits(struct pj_error *err)
{
	const struct {
		const char	*name;
		int		 what;
		rlim_t		 least;
	} needs[] = {
		{ "RLIMIT_FSIZE", RLIMIT_FSIZE, PJ_CACHE_MAX },
		{ "RLIMIT_AS", RLIMIT_AS, 128 * MIB },
		{ "RLIMIT_DATA", RLIMIT_DATA, 64 * MIB },
		{ "RLIMIT_STACK", RLIMIT_STACK, MIB / 4 },
		{ "RLIMIT_NOFILE", RLIMIT_NOFILE, 16 },
		{ "RLIMIT_CPU", RLIMIT_CPU, 5 },
		{ "RLIMIT_NPROC", RLIMIT_NPROC, geteuid() == 0 ? 16 : 0 },
	};
	struct rlimit limit;

	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++)
		if (getrlimit((__rlimit_resource_t)needs[i].what, &limit) ==
		    0 && limit.rlim_cur < needs[i].least)
			return pj_fail(err, PJ_SYSTEM_ERROR, "%s is %llu "
			    "here and cannot be raised to %llu", needs[i].name,
			    (unsigned long long)limit.rlim_cur,
			    (unsigned long long)needs[i].least);
	return PJ_OK;
}

/* Whatever can fail without the provider being asked. */
static enum pj_status
prepare(struct pj_task *task, struct pj_error *err)
{
	int64_t wait = time_left(task);
	enum pj_status status;

	status = need_limits(err);
	if (status == PJ_OK)
		status = pj_cache_open(task->request, &task->cache, err);
	if (status == PJ_OK)
		status = pj_privilege_find(task->settings->fetch_user,
		    &task->user, err);
	if (status == PJ_OK && task->request->ca_file != NULL)
		status = pj_file_read(task->request->ca_file, &task->ca, err);
	/* No certificates at all would mean the system's. */
	if (status == PJ_OK && task->request->ca_file != NULL &&
	    task->ca.len == 0)
		status = pj_fail(err, PJ_FETCH_FAILED,
		    "ca_file %s is empty", task->request->ca_file);
	if (status == PJ_OK)
		status = pj_cache_make_dirs(&task->cache, err);
	if (status != PJ_OK)
		return status;
	return pj_cache_lock(&task->cache, task->settings->clock,
	    task->cause == PJ_CAUSE_DUE ? 0 : wait,
	    task->settings->limit_ms / 1000 + PJ_LOCK_SLACK, &task->lock, err);
}

enum pj_status
pj_refresh(const struct pj_refresh *settings,
    const struct pj_key_request *request, enum pj_refresh_cause cause,
    struct pj_error *err)
{
	PJ_CLEANUP(task_end) struct pj_task task = {
		.settings = settings,
		.request = request,
		.cause = cause,
		.until = pj_now_ms() + settings->limit_ms,
		.lock = -1,
		.ca = PJ_BUF_INIT(PJ_CA_FILE_MAX),
		.text = PJ_BUF_INIT(PJ_CACHE_MAX),
		.answer = PJ_BUF_INIT(PJ_ANSWER_MAX),
	};
	enum pj_status status;

	pj_task_clock(&task, &task.begun);
	if (request->jwks_file != NULL)
		return pj_fail(err, PJ_FETCH_OFFLINE,
		    "the keys are from the file %s", request->jwks_file);
	status = prepare(&task, err);
	if (status != PJ_OK)
		return status;
	status = load(&task);
	if (status != PJ_OK)
		return pj_fail(err, status, "the cache");
	if (is_done(&task))
		return pj_fail(err, PJ_OK,
		    "another process has fetched the keys");
	status = check_pause(&task, err);
	/* Logins then see the pause themselves, and start no helper. */
	if (status != PJ_OK && task.crashed && pj_task_owns(&task))
		(void)!pj_cache_store_state(&task.cache, &task.state, NULL);
	if (status != PJ_OK)
		return status;
	return work(&task, err);
}
