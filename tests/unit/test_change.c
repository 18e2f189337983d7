/*
 * keys/change.h: the cache changed by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keys/change.h"
#include "scratch.h"

/* The public key of RFC 7517 appendix A.1, and a point beside the curve. */
#define GOOD								\
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"good\","		\
	"\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","	\
	"\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}"
#define UNSOUND								\
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\"}"
#define SET(keys)	"{\"keys\":[" keys "]}"

static struct pj_key_request request;
static struct pj_cache cache;
static char data[PATH_MAX], spare[PATH_MAX], state_file[PATH_MAX];
static char lock_file[PATH_MAX];

static int
make_cache(void **state)
{
	static char cache_dir[PATH_MAX], state_dir[PATH_MAX];

	if (scratch_make(state) != 0)
		return 1;
	(void)snprintf(cache_dir, sizeof(cache_dir), "%.100s/cache", scratch);
	(void)snprintf(state_dir, sizeof(state_dir), "%.100s/state", scratch);
	request = (struct pj_key_request){
		.section = "s", .issuer = "https://a",
		.cache_dir = cache_dir, .state_dir = state_dir,
		.lifetimes = { .min_ttl = 300, .max_ttl = 3600,
		    .max_stale = 86400 },
	};
	if (pj_cache_open(&request, &cache, NULL) != PJ_OK)
		return 1;
	(void)snprintf(data, sizeof(data), "%.150s/%s.jwks", cache_dir,
	    cache.id);
	(void)snprintf(spare, sizeof(spare), "%.150s/%s.jwks", state_dir,
	    cache.id);
	(void)snprintf(state_file, sizeof(state_file), "%.150s/%s.state",
	    state_dir, cache.id);
	(void)snprintf(lock_file, sizeof(lock_file), "%.150s/%s.lock",
	    state_dir, cache.id);
	return 0;
}

/* Who else has the lock, and takes it away in the moment before a write. */
static bool overtakes;

void	__real_pj_clock_read_system(void *ctx, struct pj_clock *clock);
void	__wrap_pj_clock_read_system(void *ctx, struct pj_clock *clock);

void
__wrap_pj_clock_read_system(void *ctx, struct pj_clock *clock)
{
	if (overtakes && access(lock_file, F_OK) == 0)
		assert_int_equal(unlink(lock_file), 0);
	__real_pj_clock_read_system(ctx, clock);
}

static enum pj_status
import(const char *body, struct pj_error *err)
{
	struct pj_judgement judgement;

	return pj_cache_import(&cache, pj_span_str(body), 0, &judgement, err);
}

static enum pj_status
purge(bool *had, struct pj_error *err)
{
	return pj_cache_purge(&cache, 0, had, err);
}

/* What a login would load. */
static void
holds(const char *body)
{
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	struct pj_envelope got;

	assert_int_equal(pj_cache_load(&cache, &text, &got, NULL), PJ_OK);
	assert_true(pj_span_is(got.body, body));
}

static void
lock_is_free(void)
{
	struct stat st;
	int fd = -1;

	assert_int_equal(stat(lock_file, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(pj_cache_lock(&cache, &pj_clock_system, 0, 15, &fd,
	    NULL), PJ_OK);
	pj_cache_unlock(fd);
}

static void
purging_leaves_neither_keys_nor_pauses(void **state)
{
	struct pj_state st = { .failures = 3 };
	bool had = false;

	(void)state;
	assert_int_equal(import(SET(GOOD), NULL), PJ_OK);
	assert_int_equal(pj_cache_store_state(&cache, &st, NULL), PJ_OK);
	assert_int_equal(link(data, spare), 0);
	assert_int_equal(purge(&had, NULL), PJ_OK);
	assert_true(had);
	assert_int_equal(access(data, F_OK), -1);
	assert_int_equal(access(spare, F_OK), -1);
	assert_int_equal(access(state_file, F_OK), -1);
	lock_is_free();
	/* A state alone is no keys. */
	assert_int_equal(pj_cache_store_state(&cache, &st, NULL), PJ_OK);
	assert_int_equal(purge(&had, NULL), PJ_OK);
	assert_false(had);
	assert_int_equal(access(state_file, F_OK), -1);
}

static void
what_cannot_be_removed_is_a_failure(void **state)
{
	struct pj_state st = { .failures = 3 };
	struct pj_error err = { "" };
	bool had = true;

	(void)state;
	assert_int_equal(purge(&had, NULL), PJ_OK);
	assert_false(had);
	assert_int_equal(pj_cache_store_state(&cache, &st, NULL), PJ_OK);
	assert_int_equal(mkdir(data, 0755), 0);
	assert_int_equal(purge(&had, &err), PJ_SYSTEM_ERROR);
	assert_non_null(strstr(err.detail, data));
	assert_false(had);
	/* Keys go first: with them there, the rest stays. */
	assert_int_equal(access(state_file, F_OK), 0);
	lock_is_free();
}

static void
nothing_changes_while_another_process_has_the_lock(void **state)
{
	struct pj_error err = { "" };
	bool had = false;
	int fd = -1;

	(void)state;
	assert_int_equal(import(SET(GOOD), NULL), PJ_OK);
	assert_int_equal(pj_cache_lock(&cache, &pj_clock_system, 0, 15, &fd,
	    NULL), PJ_OK);
	assert_int_equal(purge(&had, &err), PJ_FETCH_HELD_BACK);
	assert_int_equal(import(SET(GOOD "," UNSOUND), &err),
	    PJ_FETCH_HELD_BACK);
	holds(SET(GOOD));
	pj_cache_unlock(fd);
	assert_int_equal(import(SET(GOOD "," UNSOUND), &err), PJ_OK);
	holds(SET(GOOD "," UNSOUND));
}

static void
who_has_lost_the_lock_stores_nothing(void **state)
{
	struct pj_error err = { "" };

	(void)state;
	assert_int_equal(import(SET(GOOD), NULL), PJ_OK);
	overtakes = true;
	assert_int_equal(import(SET(GOOD "," UNSOUND), &err),
	    PJ_FETCH_HELD_BACK);
	overtakes = false;
	assert_non_null(strstr(err.detail, "taken the lock over"));
	holds(SET(GOOD));
}

static void
folders_that_others_may_write_are_left_alone(void **state)
{
	struct pj_error err = { "" };
	bool had = false;

	(void)state;
	assert_int_equal(import(SET(GOOD), NULL), PJ_OK);
	assert_int_equal(chmod(request.cache_dir, 0777), 0);
	assert_int_equal(purge(&had, &err), PJ_FILE_UNSAFE);
	assert_non_null(strstr(err.detail, "chmod go-w"));
	assert_int_equal(import(SET(GOOD), &err), PJ_FILE_UNSAFE);
	assert_int_equal(access(data, F_OK), 0);
}

static void
only_a_set_with_a_usable_key_is_imported(void **state)
{
	static const char *const bodies[] = {
		"", "{}", SET(""), SET("{}"), SET(UNSOUND),
	};
	struct pj_error err = { "" };

	(void)state;
	assert_int_equal(import(SET(GOOD), NULL), PJ_OK);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		assert_int_equal(import(bodies[i], &err), PJ_KEYSET_INVALID);
	holds(SET(GOOD));
}

/* No login has the time for it. */
static void
what_is_unsound_is_written_down_for_every_login(void **state)
{
	PJ_CLEANUP(pj_version_free) struct pj_version got = PJ_VERSION_INIT;

	(void)state;
	assert_int_equal(import(SET(UNSOUND "," GOOD), NULL), PJ_OK);
	assert_int_equal(pj_version_load(&cache, &got, NULL), PJ_OK);
	assert_int_equal(pj_jwks_at(got.jwks, 0)->status, PJ_KEY_POINT_INVALID);
	assert_int_equal(pj_jwks_usable(got.jwks), 1);
	assert_int_equal(got.envelope.validity.ttl, 3600);
}

int
main(void)
{
#define change_test(f)	\
	cmocka_unit_test_setup_teardown(f, make_cache, scratch_remove)
	const struct CMUnitTest tests[] = {
		change_test(purging_leaves_neither_keys_nor_pauses),
		change_test(what_cannot_be_removed_is_a_failure),
		change_test(nothing_changes_while_another_process_has_the_lock),
		change_test(who_has_lost_the_lock_stores_nothing),
		change_test(folders_that_others_may_write_are_left_alone),
		change_test(only_a_set_with_a_usable_key_is_imported),
		change_test(what_is_unsound_is_written_down_for_every_login),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
