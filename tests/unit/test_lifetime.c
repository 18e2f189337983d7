/*
 * keys/lifetime.h: the tables of KEY-SUPPLY as numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keys/lifetime.h"

#define DAY	86400

static const struct pj_lifetimes defaults = {
	.min_ttl = 300, .max_ttl = 3600, .default_ttl = 900,
	.max_stale = DAY, .discovery_ttl = DAY,
	.discovery_max_stale = 7 * DAY, .kid_cooldown = 30,
};

/* Keys fetched at wall 10^6, boot 1000, of boot "a". */
static const struct pj_validity keys = {
	.fetched = { 1000000, 1000, "a" }, .ttl = 1000, .refresh_after = 800,
};

/* The state at these clocks. */
static const char *
at(int64_t wall, int64_t boot, const char *boot_id)
{
	struct pj_clock now = { .wall = wall, .boot = boot };

	strcpy(now.boot_id, boot_id);
	return pj_key_state_name(pj_key_state(&keys, &defaults, &now));
}

/* The state after both clocks have gone on by age. */
static const char *
after(int64_t age)
{
	return at(1000000 + age, 1000 + age, "a");
}

static void
keys_pass_from_fresh_to_expired(void **state)
{
	(void)state;
	assert_string_equal(after(0), "fresh");
	assert_string_equal(after(799), "fresh");
	assert_string_equal(after(800), "due");
	assert_string_equal(after(999), "due");
	assert_string_equal(after(1000), "stale");
	assert_string_equal(after(DAY - 1), "stale");
	assert_string_equal(after(DAY), "expired");
	assert_string_equal(after(10000LL * DAY), "expired");
}

static void
the_older_of_two_ages_counts(void **state)
{
	(void)state;
	/* A year forward; a snapshot restored after weeks. */
	assert_string_equal(at(1000000 + 365LL * DAY, 1001, "a"), "expired");
	assert_string_equal(at(1000000 + 20 * DAY, 1010, "a"), "expired");
	/* The wall clock stopped, the boot clock did not. */
	assert_string_equal(at(1000001, 1000 + 900, "a"), "due");
	assert_string_equal(at(1000001, 1000 + 2 * DAY, "a"), "expired");
}

static void
a_wall_clock_before_the_fetch_is_never_fresh(void **state)
{
	(void)state;
	assert_string_equal(at(999999, 1000, "a"), "stale");
	/* A year back: within a boot the other clock still knows. */
	assert_string_equal(at(1000000 - 365LL * DAY, 1001, "a"), "stale");
	assert_string_equal(at(1000000 - 365LL * DAY, 1000 + DAY, "a"),
	    "expired");
	/* In another boot nothing is known if it is by too much. */
	assert_string_equal(at(1000000 - 3600, 10, "b"), "stale");
	assert_string_equal(at(0, 10, "b"), "expired");
}

static void
another_boot_leaves_the_wall_clock(void **state)
{
	(void)state;
	assert_string_equal(at(1000010, 5, "b"), "fresh");
	assert_string_equal(at(1000010, 500000, "b"), "fresh");
	assert_string_equal(at(1000010, 500000, ""), "fresh");
	assert_string_equal(at(1000900, 5, ""), "due");
	/* The same id, but an earlier time: it is not to be believed. */
	assert_string_equal(at(1000010, 999, "a"), "fresh");
	assert_string_equal(at(1000000 - 2 * DAY, 999, "a"), "expired");
}

static void
two_unknown_boots_are_not_one(void **state)
{
	struct pj_validity nameless = keys;
	struct pj_clock now = { 1000010, 500000, "" };

	(void)state;
	nameless.fetched.boot_id[0] = '\0';
	assert_false(pj_same_boot(&nameless.fetched, &now));
	assert_int_equal(pj_key_state(&nameless, &defaults, &now),
	    PJ_STATE_FRESH);
}

static void
an_age_is_never_negative(void **state)
{
	struct pj_clock now = { 999990, 5, "b" };
	bool contradicted = false;

	(void)state;
	assert_int_equal(pj_age(&keys.fetched, &now, &contradicted), 0);
	assert_true(contradicted);
}

static void
stricter_lifetimes_act_at_once(void **state)
{
	struct pj_lifetimes strict = defaults;
	struct pj_clock now = { 1000500, 1500, "a" };

	(void)state;
	strict.max_ttl = 400;
	assert_int_equal(pj_key_state(&keys, &strict, &now), PJ_STATE_STALE);
	strict.max_stale = 450;
	assert_int_equal(pj_key_state(&keys, &strict, &now), PJ_STATE_EXPIRED);
}

static void
more_patient_lifetimes_act_at_once(void **state)
{
	struct pj_validity hasty = keys;
	struct pj_clock now = { 1000200, 1200, "a" };

	(void)state;
	hasty.ttl = 15;
	hasty.refresh_after = 12;
	assert_int_equal(pj_key_state(&hasty, &defaults, &now),
	    PJ_STATE_DUE);
}

static void
keys_beside_an_unusable_set_retire(void **state)
{
	struct pj_validity suspect = keys;
	struct pj_clock now = { 1001200, 2200, "a" };

	(void)state;
	suspect.retire_after = 1201;
	assert_int_equal(pj_key_state(&suspect, &defaults, &now),
	    PJ_STATE_STALE);
	suspect.retire_after = 1200;
	assert_int_equal(pj_key_state(&suspect, &defaults, &now),
	    PJ_STATE_EXPIRED);
	/* Never later than other keys. */
	suspect.retire_after = 2 * DAY;
	now = (struct pj_clock){ 1000000 + DAY, 1000 + DAY, "a" };
	assert_int_equal(pj_key_state(&suspect, &defaults, &now),
	    PJ_STATE_EXPIRED);
}

static void
the_ttl_is_clamped(void **state)
{
	(void)state;
	assert_int_equal(pj_ttl(&defaults, -1), 900);
	assert_int_equal(pj_ttl(&defaults, 0), 300);
	assert_int_equal(pj_ttl(&defaults, 15), 300);
	assert_int_equal(pj_ttl(&defaults, 301), 301);
	assert_int_equal(pj_ttl(&defaults, 3293198), 3600);
	assert_int_equal(pj_ttl(&defaults, INT64_MAX), 3600);
}

static void
spread_from(bool limited, intmax_t least)
{
	int64_t low = 1000, high = 0;

	for (uint32_t r = 0; r < 1000; r++) {
		int64_t at_age = pj_refresh_after(1000, limited,
		    r * 4294967U);

		low = at_age < low ? at_age : low;
		high = at_age > high ? at_age : high;
	}
	assert_in_range(low, least, least + 10);
	assert_in_range(high, 940, 949);
	assert_true(pj_refresh_after(1000, limited, UINT32_MAX) < 950);
}

static void
the_refresh_is_spread_over_a_fifth_of_the_ttl(void **state)
{
	(void)state;
	spread_from(false, 750);
}

static void
behind_an_unknown_kid_it_is_spread_over_nearly_half(void **state)
{
	(void)state;
	spread_from(true, 500);
}

static void
unknown_kids_wait_longer_and_longer(void **state)
{
	(void)state;
	assert_int_equal(pj_cooldown(30, 0), 30);
	assert_int_equal(pj_cooldown(30, 1), 60);
	assert_int_equal(pj_cooldown(30, 2), 120);
	assert_int_equal(pj_cooldown(30, 3), 240);
	assert_int_equal(pj_cooldown(30, 4), 300);
	assert_int_equal(pj_cooldown(30, 1000000), 300);
	assert_int_equal(pj_cooldown(600, 3), 600);
}

static void
failures_wait_longer_and_longer(void **state)
{
	(void)state;
	for (uint32_t r = 0; r < 2000; r += 7) {
		assert_in_range(pj_backoff(true, 0, -1, r), 22, 30);
		assert_in_range(pj_backoff(true, 2, -1, r), 90, 120);
		assert_in_range(pj_backoff(true, 50, -1, r), 450, 600);
		assert_in_range(pj_backoff(false, 50, -1, r), 22, 30);
	}
	/* A quarter is jitter; a pause of a second could be none. */
	assert_int_equal(pj_backoff(true, 2, -1, 0), 90);
	assert_int_equal(pj_backoff(true, 2, -1, 250), 120);
	assert_int_equal(pj_backoff(false, 0, -1, 0), 2);
	assert_int_equal(pj_backoff(false, 0, -1, 250), 2);
	/* Retry-After raises, within its own limits. */
	assert_int_equal(pj_backoff(true, 0, 1000, 1), 1000);
	assert_int_equal(pj_backoff(true, 0, 1000000000, 1), 3600);
	assert_int_equal(pj_backoff(false, 0, 1000000000, 1), 60);
	assert_in_range(pj_backoff(true, 3, 5, 1), 180, 240);
}

static struct pj_holds holds = {
	.attempt = { 1000000, 1000, "a" },
};

/* Seconds that cause waits at a boot time of boot "a". */
static int64_t
waits(enum pj_refresh_cause cause, int64_t boot)
{
	struct pj_clock now = { 1000000, boot, "a" };

	return pj_held_back(&holds, cause, &now);
}

static void
pauses_hold_back_all_but_a_forced_refresh(void **state)
{
	(void)state;
	holds.running = false;
	holds.backoff_until = 1000 + 500;
	holds.kid_until = 0;
	assert_int_equal(waits(PJ_CAUSE_FORCED, 1001), 0);
	assert_int_equal(waits(PJ_CAUSE_STALE, 1001), 499);
	assert_int_equal(waits(PJ_CAUSE_DUE, 1001), 499);
	assert_int_equal(waits(PJ_CAUSE_STALE, 1500), 0);
	/* Nobody can provoke a longer lock-out of a new key. */
	assert_int_equal(waits(PJ_CAUSE_KID, 1001), 299);
	assert_int_equal(waits(PJ_CAUSE_SIGNATURE, 1001), 299);
	assert_int_equal(waits(PJ_CAUSE_KID, 1300), 0);
	/* A pause from better times does not keep a cold host out. */
	assert_int_equal(waits(PJ_CAUSE_COLD, 1001), 59);
}

static void
only_unknown_kids_and_signatures_cool_down(void **state)
{
	(void)state;
	holds.running = false;
	holds.backoff_until = 0;
	holds.kid_until = 1000 + 30;
	assert_int_equal(waits(PJ_CAUSE_KID, 1000), 30);
	assert_int_equal(waits(PJ_CAUSE_SIGNATURE, 1029), 1);
	assert_int_equal(waits(PJ_CAUSE_KID, 1030), 0);
	assert_int_equal(waits(PJ_CAUSE_COLD, 1000), 0);
	assert_int_equal(waits(PJ_CAUSE_STALE, 1000), 0);
}

static void
a_crashed_attempt_counts_for_ten_seconds(void **state)
{
	(void)state;
	holds.running = true;
	holds.backoff_until = 0;
	holds.kid_until = 0;
	assert_int_equal(waits(PJ_CAUSE_COLD, 1000), 10);
	assert_int_equal(waits(PJ_CAUSE_COLD, 1009), 1);
	assert_int_equal(waits(PJ_CAUSE_COLD, 1010), 0);
	assert_int_equal(waits(PJ_CAUSE_FORCED, 1000), 0);
}

static void
an_attempt_runs_for_ten_seconds_of_its_boot(void **state)
{
	struct pj_clock now = { 1000000, 1009, "a" };

	(void)state;
	holds.running = true;
	assert_true(pj_is_running(&holds, &now));
	now.boot = 1010;
	assert_false(pj_is_running(&holds, &now));
	now.boot = 999;
	assert_false(pj_is_running(&holds, &now));
	now = (struct pj_clock){ 1000000, 1009, "b" };
	assert_false(pj_is_running(&holds, &now));
	holds.running = false;
	now = (struct pj_clock){ 1000000, 1009, "a" };
	assert_false(pj_is_running(&holds, &now));
}

static void
a_state_file_cannot_mean_more_than_the_rules(void **state)
{
	struct pj_clock now = { 1000000, 1000, "b" };

	(void)state;
	holds.running = false;
	holds.backoff_until = 1LL << 40;
	holds.kid_until = 1LL << 40;
	assert_int_equal(waits(PJ_CAUSE_STALE, 1000), 3600);
	assert_int_equal(waits(PJ_CAUSE_COLD, 1000), 60);
	assert_int_equal(waits(PJ_CAUSE_KID, 1000), 3600);
	/* Of another boot, or from the future: nothing. */
	assert_int_equal(pj_held_back(&holds, PJ_CAUSE_STALE, &now), 0);
	assert_int_equal(waits(PJ_CAUSE_STALE, 999), 0);
}

static void
cooldowns_do_not_look_at_the_wall_clock(void **state)
{
	struct pj_clock now = { 1000000 - 3600, 1010, "a" };

	(void)state;
	holds.running = false;
	holds.backoff_until = 0;
	holds.kid_until = 1030;
	assert_int_equal(pj_held_back(&holds, PJ_CAUSE_KID, &now), 20);
	now.wall = 1000000 + 365LL * DAY;
	assert_int_equal(pj_held_back(&holds, PJ_CAUSE_KID, &now), 20);
}

static void
without_boot_ids_cooldowns_still_hold(void **state)
{
	struct pj_holds nameless = {
		.attempt = { 1000000, 1000, "" }, .kid_until = 1030,
	};
	struct pj_clock now = { 1000000, 1010, "" };

	(void)state;
	assert_int_equal(pj_held_back(&nameless, PJ_CAUSE_KID, &now), 20);
}

/* Random kids without end, for an hour: what comes through. */
static void
an_hour_of_random_kids_brings_few_attempts(void **state)
{
	struct pj_holds flood = { .running = false };
	struct pj_clock now = { 1000000, 1000, "a" };
	unsigned attempts = 0, in_first_minute = 0;

	(void)state;
	for (int64_t t = 0; t < 3600; t++) {
		now.boot = 1000 + t;
		if (pj_held_back(&flood, PJ_CAUSE_KID, &now) > 0)
			continue;
		flood.attempt = now;
		flood.kid_until = now.boot + pj_cooldown(30, attempts);
		attempts++;
		in_first_minute += t < 60;
	}
	assert_in_range(attempts, 5, 20);
	assert_in_range(in_first_minute, 1, 3);
}

static void
a_helper_that_crashes_again_and_again_is_started_less_often(void **state)
{
	(void)state;
	assert_int_equal(pj_crash_hold(0), 10);
	assert_int_equal(pj_crash_hold(1), 20);
	assert_int_equal(pj_crash_hold(2), 40);
	/* Not for long: somebody may be killing it to keep keys away. */
	assert_int_equal(pj_crash_hold(3), 60);
	assert_int_equal(pj_crash_hold(1000), 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_pass_from_fresh_to_expired),
		cmocka_unit_test(the_older_of_two_ages_counts),
		cmocka_unit_test(a_wall_clock_before_the_fetch_is_never_fresh),
		cmocka_unit_test(another_boot_leaves_the_wall_clock),
		cmocka_unit_test(two_unknown_boots_are_not_one),
		cmocka_unit_test(an_age_is_never_negative),
		cmocka_unit_test(stricter_lifetimes_act_at_once),
		cmocka_unit_test(more_patient_lifetimes_act_at_once),
		cmocka_unit_test(keys_beside_an_unusable_set_retire),
		cmocka_unit_test(the_ttl_is_clamped),
		cmocka_unit_test(the_refresh_is_spread_over_a_fifth_of_the_ttl),
		cmocka_unit_test(
		    behind_an_unknown_kid_it_is_spread_over_nearly_half),
		cmocka_unit_test(unknown_kids_wait_longer_and_longer),
		cmocka_unit_test(failures_wait_longer_and_longer),
		cmocka_unit_test(pauses_hold_back_all_but_a_forced_refresh),
		cmocka_unit_test(only_unknown_kids_and_signatures_cool_down),
		cmocka_unit_test(a_crashed_attempt_counts_for_ten_seconds),
		cmocka_unit_test(an_attempt_runs_for_ten_seconds_of_its_boot),
		cmocka_unit_test(a_state_file_cannot_mean_more_than_the_rules),
		cmocka_unit_test(cooldowns_do_not_look_at_the_wall_clock),
		cmocka_unit_test(without_boot_ids_cooldowns_still_hold),
		cmocka_unit_test(an_hour_of_random_kids_brings_few_attempts),
		cmocka_unit_test(
		    a_helper_that_crashes_again_and_again_is_started_less_often),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
