/*
 * Each call that can fail does so once: the first, the second and so on, until
 * the whole way was gone without a failure.  Whatever fails, nobody is let in who
 * would not be otherwise, no good token is called a bad one, nothing is left
 * behind, what was there before is still there, and the next attempt is as if
 * nothing had been.  Under a sanitizer (make check-torture) also: nothing leaks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../fuzz/faults.h"
#include "../fuzz/signer.h"
#include "../unit/scratch.h"
#include "nth.h"
#include "authn/authn.h"
#include "authn/configure.h"
#include "keys/cache.h"

#define NOW	INT64_C(1800000000)
#define ISSUER	"https://a.test"

/* ---- the stage ---------------------------------------------------------- */

static struct pj_buf good = PJ_BUF_INIT(PJ_TOKEN_MAX);
static struct pj_buf bad = PJ_BUF_INIT(PJ_TOKEN_MAX);

static void
make_token(const char *key, const char *user, struct pj_buf *token)
{
	PJ_BUF_SCOPED(header, 256);
	PJ_BUF_SCOPED(payload, 1024);

	pj_buf_clear(token);
	assert_int_equal(PJ_OK, pj_buf_printf(&header,
	    "{\"alg\":\"EdDSA\",\"kid\":\"%s\",\"typ\":\"JWT\"}", key));
	assert_int_equal(PJ_OK, pj_buf_printf(&payload,
	    "{\"iss\":\"" ISSUER "\",\"aud\":\"ssh\",\"sub\":\"%s\","
	    "\"groups\":[\"admins\"],\"exp\":%lld,\"iat\":%lld}", user,
	    (long long)NOW + 300, (long long)NOW));
	fuzz_sign(pj_buf_span(&header), pj_buf_span(&payload), token);
}

static void
read_clock(void *ctx, struct pj_clock *clock)
{
	(void)ctx;
	*clock = (struct pj_clock){ .wall = NOW, .boot = 5000,
		.boot_id = "boot" };
}

static const struct pj_clock_source still = { .read = read_clock };

static void
put_keys(const char *name)
{
	PJ_BUF_SCOPED(keys, PJ_BODY_MAX);

	fuzz_signer_keys(&keys);
	assert_int_equal(PJ_OK, pj_buf_append(&keys, pj_span("", 1)));
	put(name, (const char *)keys.ptr, 0644);
}

/* A configuration with its keys in a file, or fetched by a helper. */
static void
put_config(bool file)
{
	PJ_BUF_SCOPED(text, PJ_CONFIG_MAX);

	assert_int_equal(PJ_OK, pj_buf_printf(&text,
	    "[module]\ncache_dir = %s\nstate_dir = %s\nhelper = %s\n"
	    "[issuer corp]\nissuer = " ISSUER "\nservices = sshd\n"
	    "audience = ssh\nuser_claim = sub\naccount = none\n"
	    "require = groups any admins\nexport = JWT_WHO=sub\n%s%s\n",
	    at("cache"), at("state"), at("helper"), file ? "jwks_file = " : "",
	    file ? at("keys.json") : ""));
	assert_int_equal(PJ_OK, pj_buf_append(&text, pj_span("", 1)));
	put("config", (const char *)text.ptr, 0644);
}

/* ---- a login ------------------------------------------------------------ */

static enum pj_status
log_in(const struct pj_buf *token, const char *user)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_decision_free) struct pj_decision decision = {
		.status = PJ_INTERNAL_ERROR,
	};
	struct pj_config_source source = { .path = at("config") };
	struct pj_error err = { "" };
	struct pj_helper helper;
	struct pj_refresher refresher = { pj_helper_refresh, &helper };
	struct pj_login login = {
		.service = "sshd", .user = user, .token = pj_buf_span(token),
		.clock = &still, .refresher = &refresher, .no_account = true,
	};
	enum pj_status status = pj_configure(&source, &config, &err);

	if (status != PJ_OK)
		return status;
	pj_configure_helper(config, &source, &helper);
	pj_authn(config, &login, &decision);
	assert_true(decision.status != PJ_OK || decision.verified);
	return decision.status;
}

typedef void set_up(void);

/* How many calls the way has. */
static unsigned
fail_each(const struct pj_buf *token, const char *user, enum pj_status usual,
    set_up *prepare)
{
	unsigned n = 0, failed;

	do {
		size_t descriptors;
		enum pj_status status;

		assert_true(++n < CALLS_MAX);
		prepare();
		descriptors = count_descriptors();
		fuzz_faults_nth(n);
		status = log_in(token, user);
		failed = fuzz_faults_end();
		check_nothing_left(descriptors);
		if (failed == 0)
			assert_int_equal(usual, status);
		else
			assert_true(status != PJ_OK || usual == PJ_OK);
		/* EVP_DigestVerify says no more than that it was not good. */
		if (usual == PJ_OK && status != PJ_SIGNATURE_INVALID)
			assert_int_not_equal(PJ_OUTCOME_REFUSED,
			    pj_status_outcome(status));
		/* The next one is as if nothing had been. */
		assert_int_equal(usual, log_in(token, user));
	} while (failed != 0);
	print_message("# %u calls\n", n - 1);
	return n - 1;
}

static void
nothing(void)
{
}

static void
with_a_key_file(void **state)
{
	(void)state;
	put_keys("keys.json");
	put_config(true);
	assert_int_equal(PJ_OK, log_in(&good, "alice"));
	assert_true(fail_each(&good, "alice", PJ_OK, nothing) > 40);
	assert_true(fail_each(&good, "bob", PJ_USER_MISMATCH, nothing) > 40);
	make_token("other", "alice", &bad);
	assert_true(fail_each(&bad, "alice", PJ_KEY_UNKNOWN, nothing) > 40);
	make_token("k1", "alice", &bad);
	bad.ptr[bad.len - 20] ^= 1;
	assert_true(fail_each(&bad, "alice", PJ_SIGNATURE_INVALID, nothing) >
	    40);
}

/* ---- with a cache and a helper ------------------------------------------ */

static void
open_cache(struct pj_cache *cache, struct pj_key_request *request)
{
	*request = (struct pj_key_request){ .section = "corp",
		.issuer = ISSUER, .cache_dir = at("cache"),
		.state_dir = at("state"), .lifetimes = { .min_ttl = 300,
		    .max_ttl = 3600, .default_ttl = 900, .max_stale = 86400 } };
	assert_int_equal(PJ_OK, pj_cache_open(request, cache, NULL));
}

static enum pj_status
store(const struct pj_cache *cache, int64_t fetched, struct pj_span body)
{
	struct pj_envelope envelope = {
		.jwks_uri = pj_span_str(ISSUER "/keys"),
		.validity = { .fetched = { fetched, 5000 - (NOW - fetched),
		    "boot" }, .ttl = 900, .refresh_after = 700 },
		.body = body,
	};

	return pj_cache_store(cache, &envelope, NULL);
}

/* What the helper is going to bring stands ready in the folder "made". */
static void
put_helper(void)
{
	PJ_BUF_SCOPED(text, PJ_CONFIG_MAX);

	assert_int_equal(PJ_OK, pj_buf_printf(&text,
	    "#!/bin/sh\n/bin/cp %s/* %s/\n"
	    "echo 'pam-jwks-fetch 1 ok ' >&3\n", at("made"), at("cache")));
	assert_int_equal(PJ_OK, pj_buf_append(&text, pj_span("", 1)));
	put("helper", (const char *)text.ptr, 0755);
}

static void
make_folders(void)
{
	assert_int_equal(0, mkdir(at("cache"), 0755));
	assert_int_equal(0, mkdir(at("made"), 0755));
	assert_int_equal(0, mkdir(at("state"), 0700));
}

static void
empty(const char *path)
{
	PJ_BUF_SCOPED(command, PATH_MAX);

	assert_int_equal(PJ_OK, pj_buf_printf(&command, "rm -f %s/*%c", path,
	    '\0'));
	assert_int_equal(0, system((const char *)command.ptr));
}

static void
make_cold(void)
{
	empty(at("cache"));
	empty(at("state"));
}

static void
make_stale(void)
{
	PJ_BUF_SCOPED(keys, PJ_BODY_MAX);
	struct pj_key_request request;
	struct pj_cache cache;

	make_cold();
	open_cache(&cache, &request);
	fuzz_signer_keys(&keys);
	assert_int_equal(PJ_OK, store(&cache, NOW - 1000, pj_buf_span(&keys)));
}

static void
make_warm(void)
{
	PJ_BUF_SCOPED(keys, PJ_BODY_MAX);
	struct pj_key_request request;
	struct pj_cache cache;

	make_cold();
	open_cache(&cache, &request);
	fuzz_signer_keys(&keys);
	assert_int_equal(PJ_OK, store(&cache, NOW - 100, pj_buf_span(&keys)));
}

static void
with_a_cache(void **state)
{
	(void)state;
	make_folders();
	put_helper();
	put_config(false);
	make_warm();
	PJ_BUF_SCOPED(copy, PATH_MAX);
	assert_int_equal(PJ_OK, pj_buf_printf(&copy, "cp %s/* %s/%c",
	    at("cache"), at("made"), '\0'));
	assert_int_equal(0, system((const char *)copy.ptr));
	assert_true(fail_each(&good, "alice", PJ_OK, make_warm) > 50);
	assert_true(fail_each(&good, "alice", PJ_OK, make_cold) > 50);
	assert_true(fail_each(&good, "alice", PJ_OK, make_stale) > 50);
}

/* ---- what the helper stores --------------------------------------------- */

static bool
holds(const struct pj_cache *cache, const char *body)
{
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	struct pj_envelope envelope;

	return pj_cache_load(cache, &text, &envelope, NULL) == PJ_OK &&
	    pj_span_is(envelope.body, body);
}

static void
a_set_is_stored_wholly_or_not_at_all(void **state)
{
	static const char old[] = "{\"keys\":[]}", fresh[] = "{\"keys\":[1]}";
	struct pj_key_request request;
	struct pj_cache cache;
	unsigned n = 0, failed;

	(void)state;
	make_folders();
	open_cache(&cache, &request);
	do {
		size_t descriptors;
		enum pj_status status;

		assert_true(++n < CALLS_MAX);
		assert_int_equal(PJ_OK, store(&cache, NOW, pj_span_str(old)));
		descriptors = count_descriptors();
		fuzz_faults_nth(n);
		status = store(&cache, NOW, pj_span_str(fresh));
		failed = fuzz_faults_end();
		check_nothing_left(descriptors);
		assert_true(holds(&cache, status == PJ_OK ? fresh : old) ||
		    holds(&cache, fresh));
		assert_int_equal(3, count_names(at("cache")));
	} while (failed != 0);
	print_message("# %u calls\n", n - 1);
	assert_true(n > 8);
}

static void
a_state_is_stored_wholly_or_not_at_all(void **state)
{
	struct pj_key_request request;
	struct pj_cache cache;
	unsigned n = 0, failed;

	(void)state;
	make_folders();
	open_cache(&cache, &request);
	do {
		struct pj_state old = { .failures = 1 }, got;
		struct pj_state fresh = { .failures = 2 };
		size_t descriptors;

		assert_true(++n < CALLS_MAX);
		assert_int_equal(PJ_OK, pj_cache_store_state(&cache, &old,
		    NULL));
		descriptors = count_descriptors();
		fuzz_faults_nth(n);
		(void)!pj_cache_store_state(&cache, &fresh, NULL);
		failed = fuzz_faults_end();
		check_nothing_left(descriptors);
		assert_int_equal(PJ_OK, pj_cache_load_state(&cache, &got,
		    NULL));
		assert_true(got.failures == 1 || got.failures == 2);
		assert_int_equal(3, count_names(at("state")));
	} while (failed != 0);
	print_message("# %u calls\n", n - 1);
	assert_true(n > 8);
}

static void
a_lock_is_had_or_not_and_never_kept(void **state)
{
	struct pj_key_request request;
	struct pj_cache cache;
	unsigned n = 0, failed;

	(void)state;
	make_folders();
	open_cache(&cache, &request);
	do {
		size_t descriptors = count_descriptors();
		int fd = -1;

		assert_true(++n < CALLS_MAX);
		fuzz_faults_nth(n);
		if (pj_cache_lock(&cache, &still, 0, 60, &fd, NULL) == PJ_OK)
			pj_cache_unlock(fd);
		failed = fuzz_faults_end();
		check_nothing_left(descriptors);
		/* Whoever comes next has it at once. */
		assert_int_equal(PJ_OK, pj_cache_lock(&cache, &still, 0, 60,
		    &fd, NULL));
		pj_cache_unlock(fd);
	} while (failed != 0);
	print_message("# %u calls\n", n - 1);
	assert_true(n > 3);
}

static int
make_good(void **state)
{
	(void)state;
	make_token("k1", "alice", &good);
	return 0;
}

static int
free_tokens(void **state)
{
	(void)state;
	pj_buf_free(&good);
	pj_buf_free(&bad);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(with_a_key_file),
		scratch_test(with_a_cache),
		scratch_test(a_set_is_stored_wholly_or_not_at_all),
		scratch_test(a_state_is_stored_wholly_or_not_at_all),
		scratch_test(a_lock_is_had_or_not_and_never_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_good, free_tokens);
}
