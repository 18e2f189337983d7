/*
 * The helper refreshes a cache while each call that can fail does so once.  The
 * worker's place is taken by its answer: it runs in a process of its own, where
 * nothing of this could fail or be seen.  Whatever fails, keys that were there
 * are there, old or new but whole; no lock is kept and nothing is left behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../fuzz/faults.h"
#include "../unit/scratch.h"
#include "nth.h"
#include "fetch/answer.h"
#include "fetch/refresh.h"
#include "fetch/worker.h"
#include "keys/cache.h"

#define NOW	INT64_C(1800000000)
#define BOOT	5000
#define ISSUER	"https://a.test"

/* Two keys of RFC 8037's and a name each. */
#define SET(kid)	"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\","	\
	"\"kid\":\"" kid "\",\"x\":"					\
	"\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"
#define DISCOVERY	"{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\""	\
	ISSUER "/keys\"}"

static const char old[] = SET("old"), fresh[] = SET("fresh");

static bool provider_fails;

__typeof__(pj_worker_run) __wrap_pj_worker_run;

enum pj_status
__wrap_pj_worker_run(const struct pj_plan *plan,
    const struct pj_fetch_user *user, int64_t limit_ms, struct pj_buf *out,
    bool *begun, struct pj_error *err)
{
	struct pj_answer answer = { .present = true, .result = PJ_OK,
		.http = 200, .body = pj_span_str(DISCOVERY) };
	enum pj_status status = PJ_OK;

	(void)user;
	(void)limit_ms;
	*begun = true;
	if (plan->discovery_url != NULL)
		status = pj_answer_encode(PJ_ANSWER_DISCOVERY, &answer, out);
	answer.body = pj_span_str(fresh);
	if (provider_fails) {
		answer.http = 503;
		answer.body = pj_span("", 0);
	}
	if (status == PJ_OK)
		status = pj_answer_encode(PJ_ANSWER_KEYS, &answer, out);
	if (status == PJ_OK || status == PJ_NO_MEMORY)
		return status;
	return pj_fail(err, PJ_FETCH_FAILED, "it did not fit");
}

static void
read_clock(void *ctx, struct pj_clock *clock)
{
	(void)ctx;
	*clock = (struct pj_clock){ .wall = NOW, .boot = BOOT,
		.boot_id = "boot" };
}

static const struct pj_clock_source still = { .read = read_clock };

static void
make_request(struct pj_key_request *request)
{
	static char cache[PATH_MAX], state[PATH_MAX];

	(void)snprintf(cache, sizeof(cache), "%s", at("cache"));
	(void)snprintf(state, sizeof(state), "%s", at("state"));
	*request = (struct pj_key_request){ .section = "corp",
		.issuer = ISSUER, .cache_dir = cache, .state_dir = state,
		.lifetimes = { .min_ttl = 300, .max_ttl = 3600,
		    .default_ttl = 900, .max_stale = 86400,
		    .discovery_ttl = 86400, .discovery_max_stale = 604800,
		    .kid_cooldown = 30 } };
}

/* The folders as they were, with old keys or with none at all. */
static void
prepare(const struct pj_key_request *request, bool had)
{
	struct pj_envelope envelope = {
		.jwks_uri = pj_span_str(ISSUER "/keys"),
		.validity = { .fetched = { NOW - 1000, BOOT - 1000, "boot" },
		    .ttl = 900, .refresh_after = 700 },
		.body = pj_span_str(old),
	};
	struct pj_cache cache;

	(void)scratch_remove(NULL);
	assert_int_equal(0, mkdir(scratch, 0755));
	if (!had)
		return;
	assert_int_equal(0, mkdir(request->cache_dir, 0755));
	assert_int_equal(0, mkdir(request->state_dir, 0700));
	assert_int_equal(PJ_OK, pj_cache_open(request, &cache, NULL));
	assert_int_equal(PJ_OK, pj_cache_store(&cache, &envelope, NULL));
}

static enum pj_status
refresh(const struct pj_key_request *request, enum pj_refresh_cause cause)
{
	const struct pj_refresh settings = { .fetch_user = "nobody",
		.clock = &still, .limit_ms = 8000, .connect_ms = 3000,
		.request_ms = 5000 };
	struct pj_error err = { "" };

	return pj_refresh(&settings, request, cause, &err);
}

static bool
holds(const struct pj_cache *cache, const char *body)
{
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	struct pj_envelope envelope;

	return pj_cache_load(cache, &text, &envelope, NULL) == PJ_OK &&
	    pj_span_is(envelope.body, body);
}

/* Of a folder that may not have been made. */
static size_t
count_files(const char *path)
{
	return access(path, F_OK) == 0 ? count_names(path) - 2 : 0;
}

static void
check_folders(const struct pj_key_request *request, enum pj_status status,
    bool had, size_t most)
{
	struct pj_cache cache;
	int fd = -1;

	assert_int_equal(PJ_OK, pj_cache_open(request, &cache, NULL));
	if (status == PJ_OK && !provider_fails)
		assert_true(holds(&cache, fresh));
	else if (had)
		assert_true(holds(&cache, old) || holds(&cache, fresh));
	assert_true(count_files(request->cache_dir) <= 1);
	assert_true(count_files(request->state_dir) <= most);
	/* Whoever comes next has the lock at once. */
	assert_int_equal(PJ_OK, pj_cache_make_dirs(&cache, NULL));
	assert_int_equal(PJ_OK, pj_cache_lock(&cache, &still, 0, 60, &fd,
	    NULL));
	pj_cache_unlock(fd);
}

static void
fail_each(enum pj_refresh_cause cause, bool had, enum pj_status usual)
{
	struct pj_key_request request;
	unsigned n = 0, failed;

	make_request(&request);
	do {
		size_t descriptors;
		enum pj_status status;

		assert_true(++n < CALLS_MAX);
		prepare(&request, had);
		descriptors = count_descriptors();
		fuzz_faults_nth(n);
		status = refresh(&request, cause);
		failed = fuzz_faults_end();
		check_nothing_left(descriptors);
		if (failed == 0)
			assert_int_equal(usual, status);
		else
			assert_true(status != PJ_OK || usual == PJ_OK);
		/* A state, a lock, and keys that could not be put elsewhere. */
		check_folders(&request, status, had, 3);
		/* An administrator's question finds nothing in its way. */
		assert_int_equal(usual, refresh(&request, PJ_CAUSE_FORCED));
		check_folders(&request, usual, had, usual == PJ_OK ? 2 : 3);
	} while (failed != 0);
	print_message("# %u calls\n", n - 1);
	assert_true(n > 50);
}

static void
keys_are_fetched(void **state)
{
	(void)state;
	provider_fails = false;
	fail_each(PJ_CAUSE_COLD, false, PJ_OK);
	fail_each(PJ_CAUSE_STALE, true, PJ_OK);
	fail_each(PJ_CAUSE_DUE, true, PJ_OK);
	fail_each(PJ_CAUSE_KID, true, PJ_OK);
}

static void
the_provider_is_in_trouble(void **state)
{
	(void)state;
	provider_fails = true;
	fail_each(PJ_CAUSE_COLD, false, PJ_FETCH_FAILED);
	fail_each(PJ_CAUSE_STALE, true, PJ_FETCH_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(keys_are_fetched),
		scratch_test(the_provider_is_in_trouble),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
