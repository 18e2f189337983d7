/*
 * The helper's privileged half, with a worker that says anything, files that
 * were there before, and calls that fail.  Parts are divided by NUL bytes:
 * three letters (two seed the failures, and the second what another process does
 * while the worker runs; the third chooses cause and files; from 128 on the
 * worker does not get as far as the network), lines of the state file, and
 * behind the second NUL what the worker writes.
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/url.h"
#include "faults.h"
#include "fetch/refresh.h"
#include "fetch/worker.h"
#include "fuzz.h"
#include "jose/jwks.h"
#include "keys/cache.h"

#define NOW	INT64_C(1800000000)
#define BOOT	INT64_C(100000)
#define BOOT_ID	"11111111-2222-4333-8444-555555555555"
#define ISSUER	"https://a.test"
#define TTL		900
#define REFRESH_AFTER	700

/* RFC 8037 appendix A.2. */
static const char good[] = "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
    "\"kid\":\"old\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

/* Of another key: RFC 8032 section 7.1, test 2. */
static const char better[] = "{\"keys\":[{\"kty\":\"OKP\",\"crv\":"
    "\"Ed25519\",\"kid\":\"newer\","
    "\"x\":\"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw\"}]}";

static char cache_dir[64], state_dir[64];
static struct pj_cache cache;

/*
 * What the worker writes, whether it gets as far as the network, and how often
 * one was asked for.
 */
static struct pj_span answer;
static bool begins;
static unsigned workers;

/* What another process does while the first worker runs; it may fail as well. */
static enum { NOTHING, STORES_NEWER, TAKES_LOCK } meanwhile;
static bool newer_stored, lock_taken;

static void	act_meanwhile(void);

/* Put in the place of a process by the linker. */
__typeof__(pj_worker_run) __wrap_pj_worker_run;

enum pj_status
__wrap_pj_worker_run(const struct pj_plan *plan,
    const struct pj_fetch_user *user, int64_t limit_ms, struct pj_buf *out,
    bool *begun, struct pj_error *err)
{
	(void)user;
	if (workers++ == 0)
		act_meanwhile();
	if (begins)
		*begun = true;
	FUZZ_CHECK(limit_ms > 0 && strcmp(plan->issuer, ISSUER) == 0);
	FUZZ_CHECK(plan->discovery_url != NULL || plan->jwks_uri != NULL);
	if (plan->jwks_uri != NULL)
		FUZZ_CHECK(pj_url_check_https(pj_span_str(plan->jwks_uri),
		    NULL) == PJ_OK);
	if (pj_buf_append(out, answer) == PJ_OK)
		return PJ_OK;
	return pj_fail(err, PJ_FETCH_FAILED, "too much");
}

/* ---- folders ---- */

static void
make_folders(void)
{
	fuzz_empty_folder();
	(void)stpcpy(stpcpy(cache_dir, fuzz_folder()), "/cache");
	(void)stpcpy(stpcpy(state_dir, fuzz_folder()), "/state");
	FUZZ_CHECK(mkdir(cache_dir, 0755) == 0 && mkdir(state_dir, 0700) == 0);
}

static unsigned
count_names(const char *path)
{
	DIR *dir = opendir(path);
	unsigned count = 0;

	FUZZ_CHECK(dir != NULL);
	while (readdir(dir) != NULL)
		count++;
	(void)closedir(dir);
	return count - 2;
}

/* ---- what was there before, and what is there behind ---- */

static enum pj_status
put_set(int64_t age, const char *body)
{
	struct pj_stamp then = { NOW - age, BOOT - age, BOOT_ID };
	struct pj_envelope envelope = {
		.jwks_uri = pj_span_str(ISSUER "/old.json"),
		.validity = { .fetched = then, .ttl = TTL,
		    .refresh_after = REFRESH_AFTER },
		.discovered = then, .full = then,
		.etag = pj_span_str("\"v1\""), .body = pj_span_str(body),
	};

	return pj_cache_store(&cache, &envelope, NULL);
}

static void
act_meanwhile(void)
{
	char path[256];

	if (meanwhile == STORES_NEWER)
		newer_stored = put_set(-1, better) == PJ_OK;
	if (meanwhile != TAKES_LOCK)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s.lock", state_dir, cache.id);
	lock_taken = unlink(path) == 0;
}

/* The lines behind a right checksum: the reader judges them. */
static void
put_state(struct pj_span lines)
{
	PJ_BUF_SCOPED(rest, PJ_STATE_MAX);
	PJ_BUF_SCOPED(text, PJ_STATE_MAX);
	PJ_BUF_SCOPED(path, PJ_PATH_MAX);
	char hex[PJ_SHA256_HEX_LEN + 1];
	FILE *file;

	if (pj_buf_printf(&rest, "id %s\n", cache.id) != PJ_OK ||
	    pj_buf_append(&rest, lines) != PJ_OK ||
	    pj_buf_append(&rest, pj_span_str("body 0\n\n")) != PJ_OK ||
	    pj_sha256_hex(pj_buf_span(&rest), hex) != PJ_OK ||
	    pj_buf_printf(&text, "pam-jwks-state 1\nsha256 %s\n", hex) !=
	    PJ_OK || pj_buf_append(&text, pj_buf_span(&rest)) != PJ_OK)
		return;
	FUZZ_CHECK(pj_buf_printf(&path, "%s/%s.state%c", state_dir, cache.id,
	    '\0') == PJ_OK);
	file = fopen((const char *)path.ptr, "we");
	FUZZ_CHECK(file != NULL && fchmod(fileno(file), 0600) == 0);
	FUZZ_CHECK(fwrite(text.ptr, 1, text.len, file) == text.len);
	FUZZ_CHECK(fclose(file) == 0);
}

/* True if the cache holds usable keys; *old: they are those from before. */
static bool
has_keys(bool *old, bool *newer)
{
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *jwks = NULL;
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	struct pj_envelope envelope;

	*old = *newer = false;
	if (pj_cache_load(&cache, &text, &envelope, NULL) != PJ_OK)
		return false;
	*old = pj_span_is(envelope.body, good);
	*newer = pj_span_is(envelope.body, better);
	FUZZ_CHECK(envelope.validity.ttl >= 300 &&
	    envelope.validity.ttl <= 3600);
	FUZZ_CHECK(pj_url_check_https(envelope.jwks_uri, NULL) == PJ_OK);
	FUZZ_CHECK(pj_jwks_parse(envelope.body, &jwks, NULL) == PJ_OK);
	return pj_jwks_usable(jwks) > 0;
}

static void
read_clock(void *ctx, struct pj_clock *clock)
{
	(void)ctx;
	*clock = (struct pj_clock){ NOW, BOOT, BOOT_ID };
}

static enum pj_status
refresh(const struct pj_key_request *request, enum pj_refresh_cause cause)
{
	static const struct pj_clock_source clock = { .read = read_clock };
	const struct pj_refresh settings = {
		.fetch_user = "nobody", .clock = &clock, .limit_ms = 8000,
		.connect_ms = 3000, .request_ms = 5000,
	};
	struct pj_error err = { "" };
	enum pj_status status = pj_refresh(&settings, request, cause, &err);

	FUZZ_CHECK(pj_is_escaped(pj_span_str(err.detail)));
	return status;
}

/* Whether keys of this age are what this cause asks for: nobody is asked. */
static bool
is_enough(enum pj_refresh_cause cause, int64_t age)
{
	if (cause == PJ_CAUSE_DUE)
		return age >= 0 && age < REFRESH_AFTER;
	return (cause == PJ_CAUSE_COLD || cause == PJ_CAUSE_STALE) &&
	    age >= 0 && age < TTL;
}

/* Twice: with calls that fail, and as if nothing had been. */
static void
check(const struct pj_key_request *request, enum pj_refresh_cause cause,
    struct pj_span seed, int64_t age)
{
	bool limited = cause == PJ_CAUSE_KID || cause == PJ_CAUSE_SIGNATURE;
	unsigned descriptors = count_names("/proc/self/fd"), failed, asked;
	bool had = age >= 0, old, newer;
	enum pj_status status;

	workers = 0;
	newer_stored = lock_taken = false;
	fuzz_faults_begin(seed.ptr[0] * 256u + seed.ptr[1], seed.ptr[0] % 32);
	status = refresh(request, cause);
	failed = fuzz_faults_end();
	FUZZ_CHECK(count_names("/proc/self/fd") == descriptors);
	/* Keys are there on success, and wherever they were before. */
	FUZZ_CHECK(has_keys(&old, &newer) || (status != PJ_OK && !had));
	FUZZ_CHECK(status == PJ_OK || failed != 0 || newer_stored ||
	    old == had);
	/* Nobody's newer keys are replaced, nor any without the lock. */
	if (failed == 0 && newer_stored && status == PJ_OK)
		FUZZ_CHECK(newer);
	if (lock_taken)
		FUZZ_CHECK(old == had && status != PJ_OK);
	if (failed == 0 && is_enough(cause, age))
		FUZZ_CHECK(workers == 0 && status == PJ_OK);
	FUZZ_CHECK(count_names(cache_dir) <= 1);
	FUZZ_CHECK(count_names(state_dir) <= 3);
	asked = lock_taken ? 0 : workers;
	/* Strangers cannot have the provider asked again in the same second. */
	status = refresh(request, cause);
	if (limited && asked != 0 && failed == 0 && begins)
		FUZZ_CHECK(workers == asked);
	FUZZ_CHECK(has_keys(&old, &newer) || (status != PJ_OK && !had));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t ages[] = { -1, 10, 800, 2000, 90000 };
	const struct pj_key_request request = {
		.section = "corp", .issuer = ISSUER, .cache_dir = cache_dir,
		.state_dir = state_dir, .lifetimes = { .min_ttl = 300,
		    .max_ttl = 3600, .default_ttl = 900, .max_stale = 86400,
		    .discovery_ttl = 86400, .discovery_max_stale = 604800,
		    .kid_cooldown = 30 },
	};
	struct pj_span rest = pj_span(data, size), seed, lines;
	int64_t age;

	seed = fuzz_part(&rest);
	lines = fuzz_part(&rest);
	if (seed.len != 3)
		return 0;
	answer = rest;
	begins = seed.ptr[2] < 128;
	meanwhile = seed.ptr[1] % 8 == 7 ? STORES_NEWER :
	    seed.ptr[1] % 8 == 6 ? TAKES_LOCK : NOTHING;
	make_folders();
	FUZZ_CHECK(pj_cache_open(&request, &cache, NULL) == PJ_OK);
	age = ages[seed.ptr[2] / PJ_CAUSE_COUNT % 5];
	if (age >= 0)
		FUZZ_CHECK(put_set(age, good) == PJ_OK);
	if (lines.len != 0)
		put_state(lines);
	check(&request, (enum pj_refresh_cause)(seed.ptr[2] % PJ_CAUSE_COUNT),
	    seed, age);
	return 0;
}
