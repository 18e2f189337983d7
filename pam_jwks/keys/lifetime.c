/*
 * How old keys are and when to ask again: see lifetime.h.
 */
#include <string.h>

#include "keys/lifetime.h"

static int64_t
min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
clamp64(int64_t value, int64_t low, int64_t high)
{
	return max64(low, min64(value, high));
}

const char *
pj_key_state_name(enum pj_key_state state)
{
	switch (state) {
	case PJ_STATE_FRESH:
		return "fresh";
	case PJ_STATE_DUE:
		return "due";
	case PJ_STATE_STALE:
		return "stale";
	case PJ_STATE_EXPIRED:
		return "expired";
	case PJ_STATE_COLD:
		return "cold";
	}
	return "unknown";
}

bool
pj_same_boot(const struct pj_stamp *then, const struct pj_clock *now)
{
	return then->boot_id[0] != '\0' &&
	    strcmp(then->boot_id, now->boot_id) == 0 && then->boot <= now->boot;
}

int64_t
pj_age(const struct pj_stamp *then, const struct pj_clock *now,
    bool *contradicted)
{
	int64_t by_boot = 0, by_wall = now->wall - then->wall;

	if (contradicted != NULL)
		*contradicted = by_wall < 0;
	/* A snapshot that is restored has slept in wall time only. */
	if (pj_same_boot(then, now))
		by_boot = now->boot - then->boot;
	return max64(max64(by_boot, by_wall), 0);
}

enum pj_key_state
pj_key_state(const struct pj_validity *validity,
    const struct pj_lifetimes *lifetimes, const struct pj_clock *now)
{
	int64_t age, limit = lifetimes->max_stale, ttl;
	bool contradicted;

	age = pj_age(&validity->fetched, now, &contradicted);
	if (validity->retire_after > 0)
		limit = min64(limit, validity->retire_after);
	if (age >= limit)
		return PJ_STATE_EXPIRED;
	/* With no clock to rely on the age may be anything. */
	if (contradicted && !pj_same_boot(&validity->fetched, now) &&
	    validity->fetched.wall - now->wall > limit)
		return PJ_STATE_EXPIRED;
	ttl = clamp64(validity->ttl, lifetimes->min_ttl, lifetimes->max_ttl);
	if (age >= ttl || contradicted)
		return PJ_STATE_STALE;
	if (age >= validity->refresh_after)
		return PJ_STATE_DUE;
	return PJ_STATE_FRESH;
}

int64_t
pj_ttl(const struct pj_lifetimes *lifetimes, int64_t freshness)
{
	if (freshness < 0)
		freshness = lifetimes->default_ttl;
	return clamp64(freshness, lifetimes->min_ttl, lifetimes->max_ttl);
}

int64_t
pj_refresh_after(int64_t ttl, bool limited, uint32_t random)
{
	/* Tenths of a per cent: 750 to 949, or 500 to 949. */
	uint32_t spread = limited ? 450 : 200;

	return ttl * (950 - spread + (int64_t)(random % spread)) / 1000;
}

/* first, doubled level times, at most limit. */
static int64_t
doubled(int64_t first, unsigned level, int64_t limit)
{
	int64_t value = first;

	while (level-- > 0 && value < limit)
		value *= 2;
	return min64(value, limit);
}

int64_t
pj_cooldown(int64_t first, unsigned level)
{
	return doubled(first, level, max64(first, PJ_COOLDOWN_MAX));
}

int64_t
pj_backoff(bool usable, unsigned level, int64_t retry_after, uint32_t random)
{
	int64_t pause;

	if (usable)
		pause = doubled(PJ_BACKOFF_KEYS, level, PJ_BACKOFF_KEYS_MAX);
	else
		pause = doubled(PJ_BACKOFF_NONE, level, PJ_BACKOFF_NONE_MAX);
	/*
	 * Jitter takes up to a quarter away, so that a limit stays one.
	 * Rounded up: clocks cut seconds off, and 1 could mean none at all.
	 */
	pause = (pause * (750 + (int64_t)(random % 251)) + 999) / 1000;
	retry_after = min64(retry_after,
	    usable ? PJ_RETRY_AFTER_MAX : PJ_RETRY_AFTER_NONE_MAX);
	return max64(pause, retry_after);
}

int64_t
pj_crash_hold(unsigned level)
{
	return doubled(PJ_CRASHED_HOLD, level, PJ_CRASHED_HOLD_MAX);
}

/* The longest that an old failure may hold cause back, from the attempt on. */
static int64_t
hold_limit(enum pj_refresh_cause cause)
{
	switch (cause) {
	case PJ_CAUSE_COLD:
		return PJ_RETRY_AFTER_NONE_MAX;
	case PJ_CAUSE_KID:
	case PJ_CAUSE_SIGNATURE:
		return PJ_KID_HELD_MAX;
	case PJ_CAUSE_STALE:
	case PJ_CAUSE_DUE:
		return PJ_RETRY_AFTER_MAX;
	case PJ_CAUSE_FORCED:
	case PJ_CAUSE_COUNT:
		return 0;
	}
	return 0;
}

/*
 * The state lies in memory that a boot empties: two unknown boot ids are one
 * boot here, or no /proc would mean no cooldown.
 */
static bool
is_of_this_boot(const struct pj_holds *holds, const struct pj_clock *now)
{
	return holds->attempt.boot <= now->boot &&
	    strcmp(holds->attempt.boot_id, now->boot_id) == 0;
}

bool
pj_is_running(const struct pj_holds *holds, const struct pj_clock *now)
{
	return holds->running && is_of_this_boot(holds, now) &&
	    now->boot - holds->attempt.boot < PJ_CRASHED_HOLD;
}

int64_t
pj_held_back(const struct pj_holds *holds, enum pj_refresh_cause cause,
    const struct pj_clock *now)
{
	int64_t since, until = 0;

	if (cause == PJ_CAUSE_FORCED || !is_of_this_boot(holds, now))
		return 0;
	since = holds->attempt.boot;
	if (holds->running)
		until = since + PJ_CRASHED_HOLD;
	until = max64(until, min64(holds->backoff_until,
	    since + hold_limit(cause)));
	if (cause == PJ_CAUSE_KID || cause == PJ_CAUSE_SIGNATURE)
		until = max64(until, min64(holds->kid_until,
		    since + PJ_RETRY_AFTER_MAX));
	return max64(until - now->boot, 0);
}
