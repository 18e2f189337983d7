/*
 * How old keys are and when to ask again: pure functions of numbers.  Must not:
 * read a clock, a file or a random source; they get what they need.
 */
#ifndef PJ_KEYS_LIFETIME_H
#define PJ_KEYS_LIFETIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "keys/refresher.h"
#include "keys/request.h"

/* Fixed numbers of KEY-SUPPLY, in seconds. */
#define PJ_COOLDOWN_MAX		300	/* pause between unknown kids */
#define PJ_COOLDOWN_FRUITLESS	2	/* then discovery is read again */
#define PJ_BACKOFF_KEYS		30	/* usable keys exist: 30 .. 600 */
#define PJ_BACKOFF_KEYS_MAX	600
#define PJ_BACKOFF_NONE		2	/* none exist: 2 .. 30 */
#define PJ_BACKOFF_NONE_MAX	30
#define PJ_RETRY_AFTER_MAX	3600	/* usable keys exist */
#define PJ_RETRY_AFTER_NONE_MAX	60	/* none exist */
#define PJ_KID_HELD_MAX		300	/* backoff that an unknown kid meets */
#define PJ_CRASHED_HOLD		10	/* an attempt that did not end */
#define PJ_CRASHED_HOLD_MAX	60	/* the same, again and again */
#define PJ_UNNOTED_HOLD		10	/* where no state can be written */
#define PJ_SIGNATURE_MIN_AGE	300	/* younger keys are believed */
#define PJ_SUSPECT_MAX		900	/* old keys beside an unusable set */
#define PJ_FULL_GET_EVERY	86400	/* one unconditional GET a day */

/* A moment, in both clocks; it has the fields of a reading. */
#define pj_stamp	pj_clock

enum pj_key_state {
	PJ_STATE_FRESH,
	PJ_STATE_DUE,
	PJ_STATE_STALE,
	PJ_STATE_EXPIRED,
	PJ_STATE_COLD,		/* there are none */
};

/* "fresh", "due" and so on. */
const char	*pj_key_state_name(enum pj_key_state state);

/* True if both readings are known to be of one boot, in this order. */
bool		 pj_same_boot(const struct pj_stamp *then,
		    const struct pj_clock *now);

/*
 * Seconds since then, the larger of what the two clocks say; never negative.
 * *contradicted (optional) tells that the wall clock stands before then.
 */
int64_t		 pj_age(const struct pj_stamp *then, const struct pj_clock *now,
		    bool *contradicted);

/* What a stored key set promises about itself. */
struct pj_validity {
	struct pj_stamp	fetched;
	int64_t		ttl;
	int64_t		refresh_after;	/* age at which it is due */
	int64_t		retire_after;	/* not used beyond this age; 0: unset */
};

/*
 * Fresh, due, stale or expired.  The ttl is clamped again to the request's,
 * which may have become stricter since.  With a wall clock that stands before
 * the fetch keys are stale at best; expired if by more than max_stale in
 * another boot.
 */
enum pj_key_state pj_key_state(const struct pj_validity *validity,
		    const struct pj_lifetimes *lifetimes,
		    const struct pj_clock *now);

/* The ttl for what the provider said; freshness below 0: it said nothing. */
int64_t		 pj_ttl(const struct pj_lifetimes *lifetimes,
		    int64_t freshness);

/*
 * An age in ttl x [0.75, 0.95), chosen by random; in ttl x [0.5, 0.95) if an
 * unknown key caused the fetch: many hosts may have met it in the same moment,
 * and part again.
 */
int64_t		 pj_refresh_after(int64_t ttl, bool limited, uint32_t random);

/* The pause after an unknown kid when level refreshes were fruitless. */
int64_t		 pj_cooldown(int64_t first, unsigned level);

/*
 * The pause after the level'th failure in a row (from 0), with jitter; raised
 * by retry_after (below 0: none).
 */
int64_t		 pj_backoff(bool usable, unsigned level, int64_t retry_after,
		    uint32_t random);

/*
 * The pause after an attempt that did not end, when level failures came before
 * it.  It ends early: whoever can kill a helper must not be able to keep new
 * keys away for long.
 */
int64_t		 pj_crash_hold(unsigned level);

/* What holds attempts back.  Everything counts in boot time. */
struct pj_holds {
	struct pj_stamp	attempt;	/* the last one */
	bool		running;	/* its end is not known */
	int64_t		backoff_until;	/* boot seconds; 0: none */
	int64_t		kid_until;	/* the same for unknown kids */
};

/*
 * True if an attempt is under way, as far as its stamp tells; one that has
 * taken longer than any may is not.
 */
bool		 pj_is_running(const struct pj_holds *holds,
		    const struct pj_clock *now);

/*
 * Seconds that cause has to wait; 0: it may ask.  Never longer than the rules
 * can have meant, whatever a state file says; 0 if the attempt was in another
 * boot. A running attempt holds too: whoever has the lock knows that it
 * crashed, and who has not must pass false for it.
 */
int64_t		 pj_held_back(const struct pj_holds *holds,
		    enum pj_refresh_cause cause,
		    const struct pj_clock *now);

#endif
