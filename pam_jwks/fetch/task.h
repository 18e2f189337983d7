/*
 * One refresh under way: what refresh.c and store.c share.
 */
#ifndef PJ_FETCH_TASK_H
#define PJ_FETCH_TASK_H

#include "fetch/harvest.h"
#include "fetch/refresh.h"
#include "keys/cache.h"

struct pj_task {
	const struct pj_refresh		*settings;
	const struct pj_key_request	*request;
	enum pj_refresh_cause		 cause;
	int64_t				 until;		/* pj_now_ms */
	struct pj_clock			 begun;		/* start of the task */
	struct pj_cache			 cache;
	struct pj_fetch_user		 user;
	int				 lock;
	struct pj_buf			 ca;
	/* What the cache held when the lock was had. */
	struct pj_buf			 text;
	struct pj_envelope		 old;
	bool				 have_old;	/* with usable keys */
	enum pj_key_state		 old_state;
	struct pj_state			 state;
	bool				 crashed;	/* the one before */
	/* The fetch. */
	struct pj_clock			 asked;
	bool				 anybody;	/* was asked */
	bool				 answered;	/* by the last worker */
	int64_t				 kid_until;	/* before the stamp */
	struct pj_buf			 answer;
	struct pj_harvest		 harvest;
	char				 discovery_url[PJ_URL_MAX + 1];
	char				 old_uri[PJ_URL_MAX + 1];
};

static inline void
pj_task_clock(const struct pj_task *task, struct pj_clock *now)
{
	task->settings->clock->read(task->settings->clock->ctx, now);
}

/* True if keys exist that a login could use now. */
static inline bool
pj_task_has_usable(const struct pj_task *task)
{
	return task->have_old && task->old_state != PJ_STATE_EXPIRED;
}

/* True if the attempt is one that strangers can bring about. */
static inline bool
pj_task_is_limited(const struct pj_task *task)
{
	return task->cause == PJ_CAUSE_KID || task->cause == PJ_CAUSE_SIGNATURE;
}

/* True if no other helper has taken the lock over. */
static inline bool
pj_task_owns(const struct pj_task *task)
{
	return pj_cache_still_locked(&task->cache, task->lock);
}

/*
 * How a task ends that must not write any more: PJ_OK if newer keys are there,
 * else PJ_FETCH_HELD_BACK.
 */
enum pj_status	pj_task_overtaken(const struct pj_task *task,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * Stores what was fetched and notes it in task->state, with a summary in the
 * detail; the old file stays if anything fails, or if
 * the task was overtaken.
 */
enum pj_status	pj_task_store(struct pj_task *task, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * Notes a failure in task->state and limits suspect old keys.  There is a pause
 * only if the provider was asked: trouble on this machine is not its fault, and
 * may be over in a moment.
 */
void		pj_task_failed(struct pj_task *task, enum pj_status status,
		    const struct pj_error *error);

/* Notes in task->state that the attempt before did not end. */
void		pj_task_crashed(struct pj_task *task);

#endif
