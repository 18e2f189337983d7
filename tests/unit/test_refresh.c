/*
 * fetch/refresh.h: when the provider is asked, for what, and what is noted of
 * it.  The worker's place is taken by its answer, the clock's by a number; the
 * lock and the files are real.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "fetch/answer.h"
#include "fetch/refresh.h"
#include "fetch/worker.h"
#include "keys/cache.h"
#include "scratch.h"

#define NOW	INT64_C(1800000000)
#define BOOT	INT64_C(700000)
#define ISSUER	"https://a.test"
#define URI	ISSUER "/old"
#define COUNT(list)	(sizeof(list) / sizeof(*(list)))

/* RFC 8037 appendix A.2. */
#define KEY(kid)	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"" kid \
	"\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
#define SET(keys)	"{\"keys\":[" keys "]}"

static const char old_set[] = SET(KEY("a") "," KEY("b"));
static const char same_set[] = SET(KEY("b") "," KEY("a"));
static const char new_set[] = SET(KEY("c"));
static const char no_set[] = SET("");

/* What a worker was started for, and the state file at that moment. */
struct asked {
	bool		discovery;
	char		uri[64];
	bool		no_cache;
	char		validators_for[64];
	char		etag[16];
	char		modified[16];
	struct pj_state	state;
};

static struct {
	struct pj_clock		 now;
	int64_t			 limit_ms;
	unsigned		 workers;
	struct asked		 asked[4];
	/* The answers; the second is that of the second worker. */
	int			 http[2];
	int			 takes_ms;
	const char		*set;
	struct pj_http_headers	 headers;
	bool			 idle;	/* it does not get to the network */
	bool			 mute;	/* it writes nothing */
	enum pj_status		 ends;
	void			(*meanwhile)(void);
	/* What fails. */
	bool			 no_state, no_mark, no_room;
	const char		*user;
	unsigned		 stored, looks;
	unsigned		 lost_at;	/* the look that finds no lock */
	int			 limited;	/* -1: nothing is */
	rlim_t			 limit;
} fake;

static struct pj_key_request request;
static struct pj_cache cache;
static struct pj_envelope old;		/* for put_keys */
static struct pj_state state;		/* for put_state */
static struct pj_error err;

/* ---- the worker, and calls that fail ------------------------------------- */

__typeof__(pj_worker_run) __wrap_pj_worker_run;
__typeof__(pj_cache_store_state) __wrap_pj_cache_store_state;
__typeof__(pj_cache_store_state) __real_pj_cache_store_state;
__typeof__(pj_cache_store) __wrap_pj_cache_store;
__typeof__(pj_cache_store) __real_pj_cache_store;
__typeof__(pj_cache_mark) __wrap_pj_cache_mark;
__typeof__(pj_cache_mark) __real_pj_cache_mark;
__typeof__(pj_cache_still_locked) __wrap_pj_cache_still_locked;
int	__wrap_getrlimit(int what, struct rlimit *limit);

static void
copy(char *to, size_t size, struct pj_span from)
{
	(void)snprintf(to, size, "%.*s", PJ_SPAN_ARG(from));
}

static void
note(const struct pj_plan *plan, struct asked *asked)
{
	asked->discovery = plan->discovery_url != NULL;
	copy(asked->uri, sizeof(asked->uri), pj_span_str(
	    plan->jwks_uri != NULL ? plan->jwks_uri : ""));
	asked->no_cache = plan->no_cache;
	copy(asked->validators_for, sizeof(asked->validators_for),
	    plan->validators_for);
	copy(asked->etag, sizeof(asked->etag), plan->etag);
	copy(asked->modified, sizeof(asked->modified), plan->last_modified);
	if (pj_cache_load_state(&cache, &asked->state, NULL) != PJ_OK)
		memset(&asked->state, 0, sizeof(asked->state));
}

enum pj_status
__wrap_pj_worker_run(const struct pj_plan *plan,
    const struct pj_fetch_user *user, int64_t limit_ms, struct pj_buf *out,
    bool *begun, struct pj_error *error)
{
	struct pj_answer answer = { .http = 200, .body = pj_span_str(
	    "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"" ISSUER "/new\"}") };
	int http = fake.http[fake.workers > 0];

	(void)user;
	assert_true(limit_ms > 0 && fake.workers < COUNT(fake.asked));
	note(plan, &fake.asked[fake.workers++]);
	(void)usleep((useconds_t)fake.takes_ms * 1000);
	if (fake.meanwhile != NULL)
		fake.meanwhile();
	if (!fake.idle)
		*begun = true;
	if (!fake.mute && plan->discovery_url != NULL)
		assert_int_equal(pj_answer_encode(PJ_ANSWER_DISCOVERY, &answer,
		    out), PJ_OK);
	answer.http = http;
	answer.headers = fake.headers;
	answer.body = pj_span_str(http == 200 ? fake.set : "");
	if (!fake.mute)
		assert_int_equal(pj_answer_encode(PJ_ANSWER_KEYS, &answer, out),
		    PJ_OK);
	return fake.ends == PJ_OK ? PJ_OK :
	    pj_fail(error, fake.ends, "it ended badly");
}

enum pj_status
__wrap_pj_cache_store_state(const struct pj_cache *where,
    const struct pj_state *what, struct pj_error *error)
{
	fake.stored++;
	if (fake.no_state)
		return pj_fail(error, PJ_SYSTEM_ERROR, "the disk is full");
	return __real_pj_cache_store_state(where, what, error);
}

enum pj_status
__wrap_pj_cache_store(const struct pj_cache *where,
    const struct pj_envelope *what, struct pj_error *error)
{
	if (fake.no_room)
		return pj_fail(error, PJ_SYSTEM_ERROR, "no room for keys");
	return __real_pj_cache_store(where, what, error);
}

bool
__wrap_pj_cache_mark(int fd, int64_t boot)
{
	return !fake.no_mark && __real_pj_cache_mark(fd, boot);
}

bool
__wrap_pj_cache_still_locked(const struct pj_cache *where, int fd)
{
	(void)where;
	(void)fd;
	return ++fake.looks < fake.lost_at || fake.lost_at == 0;
}

int
__wrap_getrlimit(int what, struct rlimit *limit)
{
	limit->rlim_cur = limit->rlim_max =
	    what == fake.limited ? fake.limit : RLIM_INFINITY;
	return 0;
}

static void
read_clock(void *ctx, struct pj_clock *clock)
{
	(void)ctx;
	*clock = fake.now;
}

/* ---- a machine ----------------------------------------------------------- */

static struct pj_stamp
ago(int64_t seconds)
{
	struct pj_stamp stamp = { NOW - seconds, BOOT - seconds, "boot" };

	return stamp;
}

/* Folders without anything, and a provider that has new keys. */
static void
begin(void)
{
	static char cache_dir[PATH_MAX], state_dir[PATH_MAX];

	(void)scratch_remove(NULL);
	assert_int_equal(mkdir(scratch, 0755), 0);
	(void)snprintf(cache_dir, sizeof(cache_dir), "%s", at("cache"));
	(void)snprintf(state_dir, sizeof(state_dir), "%s", at("state"));
	request = (struct pj_key_request){ .section = "corp",
		.issuer = ISSUER, .cache_dir = cache_dir,
		.state_dir = state_dir,
		.lifetimes = { .min_ttl = 300, .max_ttl = 3600,
		    .default_ttl = 900, .max_stale = 86400,
		    .discovery_ttl = 86400, .discovery_max_stale = 604800,
		    .kid_cooldown = 30 } };
	memset(&fake, 0, sizeof(fake));
	fake.now = ago(0);
	fake.limit_ms = 8000;
	fake.http[0] = fake.http[1] = 200;
	fake.set = new_set;
	fake.user = "nobody";
	fake.limited = -1;
	memset(&state, 0, sizeof(state));
	state.holds.attempt = ago(5);
	assert_int_equal(pj_cache_open(&request, &cache, NULL), PJ_OK);
	assert_int_equal(pj_cache_make_dirs(&cache, NULL), PJ_OK);
}

/* What put_keys stores unless it is changed before. */
static void
keys_of_age(int64_t age)
{
	old = (struct pj_envelope){
		.jwks_uri = pj_span_str(URI),
		.validity = { .fetched = ago(age), .ttl = 900,
		    .refresh_after = 700 },
		.discovered = ago(100), .full = ago(100),
		.etag = pj_span_str("\"v1\""),
		.last_modified = pj_span_str("then"),
		.unsound = pj_span_str("1 key_malformed"),
		.body = pj_span_str(old_set),
	};
}

static void
put_keys(void)
{
	assert_int_equal(pj_cache_store(&cache, &old, NULL), PJ_OK);
}

static void
put_state(void)
{
	assert_int_equal(__real_pj_cache_store_state(&cache, &state, NULL),
	    PJ_OK);
}

static enum pj_status
refresh(enum pj_refresh_cause cause)
{
	const struct pj_clock_source clock = { .read = read_clock };
	const struct pj_refresh settings = { .fetch_user = fake.user,
		.clock = &clock, .limit_ms = fake.limit_ms,
		.connect_ms = 3000, .request_ms = 5000 };

	fake.workers = fake.stored = fake.looks = 0;
	err.detail[0] = '\0';
	return pj_refresh(&settings, &request, cause, &err);
}

static const struct pj_state *
after(void)
{
	memset(&state, 0, sizeof(state));
	assert_int_equal(pj_cache_load_state(&cache, &state, NULL), PJ_OK);
	return &state;
}

/* The data file, until the next call; its body is empty if there is none. */
static const struct pj_envelope *
data(void)
{
	static struct pj_buf text = PJ_BUF_INIT(PJ_CACHE_MAX);
	static struct pj_envelope envelope;

	pj_buf_clear(&text);
	if (pj_cache_load(&cache, &text, &envelope, NULL) != PJ_OK)
		memset(&envelope, 0, sizeof(envelope));
	return &envelope;
}

static bool
said(const char *words)
{
	return strstr(err.detail, words) != NULL;
}

/* ---- whether the provider is asked --------------------------------------- */

static void
what_somebody_else_has_done_is_not_done_again(void **unused)
{
	static const struct {
		enum pj_refresh_cause	cause;
		int64_t			age;
		unsigned		workers;
	} cases[] = {
		{ PJ_CAUSE_COLD, 10, 0 }, { PJ_CAUSE_COLD, 800, 0 },
		{ PJ_CAUSE_COLD, 1000, 1 }, { PJ_CAUSE_STALE, 800, 0 },
		{ PJ_CAUSE_STALE, 1000, 1 }, { PJ_CAUSE_DUE, 10, 0 },
		{ PJ_CAUSE_DUE, 800, 1 }, { PJ_CAUSE_FORCED, 10, 1 },
		/* In the same second it may have been before. */
		{ PJ_CAUSE_KID, 10, 1 }, { PJ_CAUSE_KID, 0, 1 },
		{ PJ_CAUSE_KID, -1, 0 }, { PJ_CAUSE_SIGNATURE, -1, 0 },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		begin();
		keys_of_age(cases[i].age);
		put_keys();
		assert_int_equal(refresh(cases[i].cause), PJ_OK);
		if (fake.workers != cases[i].workers)
			fail_msg("%zu: %u workers", i, fake.workers);
	}
	/* A later moment of another boot is none. */
	begin();
	keys_of_age(-1);
	(void)strcpy(old.validity.fetched.boot_id, "other");
	put_keys();
	assert_int_equal(refresh(PJ_CAUSE_KID), PJ_OK);
	assert_int_equal(fake.workers, 1);
}

static void
keys_that_nobody_can_use_are_none(void **unused)
{
	(void)unused;
	begin();
	keys_of_age(10);
	old.body = pj_span_str(no_set);
	put_keys();
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_OK);
	assert_int_equal(fake.workers, 1);
	assert_string_equal(fake.asked[0].etag, "");
	assert_true(said("new keys"));
}

static void
a_pause_holds_back_and_says_why(void **unused)
{
	(void)unused;
	begin();
	state.holds.backoff_until = BOOT + 10;
	put_state();
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_FETCH_HELD_BACK);
	assert_string_equal(err.detail, "asking again in 10 s");
	(void)strcpy(state.error.detail, "no luck");
	put_state();
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_FETCH_HELD_BACK);
	assert_true(said("no luck") && said("asking again in 10 s"));
	assert_int_equal(fake.workers, 0);
	/* It was no crash: nothing is to be written. */
	assert_int_equal(fake.stored, 0);
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_OK);
}

static void
an_attempt_is_written_down_before_anybody_is_asked(void **unused)
{
	static const enum pj_refresh_cause causes[] = { PJ_CAUSE_COLD,
	    PJ_CAUSE_KID, PJ_CAUSE_SIGNATURE };

	(void)unused;
	for (size_t i = 0; i < COUNT(causes); i++) {
		const struct pj_state *then = &fake.asked[0].state;

		begin();
		assert_int_equal(refresh(causes[i]), PJ_OK);
		assert_true(then->holds.running);
		assert_int_equal(then->holds.attempt.boot, BOOT);
		assert_int_equal(then->cause, causes[i]);
		assert_int_equal(then->holds.kid_until,
		    i == 0 ? 0 : BOOT + 30);
		assert_false(after()->holds.running);
		assert_true(state.has_result);
		assert_int_equal(state.result, PJ_OK);
	}
}

/* A full disk: strangers must not bring about fetches that nothing limits. */
static void
without_a_state_the_lock_limits_what_is_urgent(void **unused)
{
	static const enum pj_refresh_cause never[] = { PJ_CAUSE_KID,
	    PJ_CAUSE_SIGNATURE, PJ_CAUSE_DUE };

	(void)unused;
	for (size_t i = 0; i < COUNT(never); i++) {
		begin();
		fake.no_state = true;
		assert_int_equal(refresh(never[i]), PJ_SYSTEM_ERROR);
		assert_int_equal(fake.workers, 0);
	}
	begin();
	fake.no_state = true;
	fake.http[0] = 503;
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_FETCH_FAILED);
	fake.now.boot += 9;
	assert_int_equal(refresh(PJ_CAUSE_STALE), PJ_FETCH_HELD_BACK);
	assert_true(said("the disk is full") && said("asking again in 1 s"));
	assert_int_equal(fake.workers, 0);
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_FETCH_FAILED);
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_FETCH_HELD_BACK);
	fake.now.boot += 10;
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_FETCH_FAILED);
	/* What is marked for later was marked in another boot. */
	fake.now.boot -= 1000;
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_FETCH_FAILED);
	fake.now.boot += 100;
	fake.no_mark = true;
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_SYSTEM_ERROR);
	assert_int_equal(fake.workers, 0);
	/* A machine that has just been started: no mark is none. */
	begin();
	fake.no_state = true;
	fake.now.boot = 5;
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_OK);
}

static void
pauses_of_another_boot_mean_nothing(void **unused)
{
	(void)unused;
	for (int later = 0; later < 2; later++) {
		begin();
		if (later)
			state.holds.attempt.boot = BOOT + 5;
		else
			(void)strcpy(state.holds.attempt.boot_id, "other");
		state.holds.backoff_until = BOOT + 50;
		state.holds.kid_until = BOOT + 50;
		put_state();
		fake.http[0] = 503;
		assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_FETCH_FAILED);
		assert_int_equal(fake.asked[0].state.holds.kid_until, 0);
		assert_int_equal(fake.asked[0].state.holds.backoff_until, 0);
	}
}

static void
folders_are_made(void **unused)
{
	(void)unused;
	begin();
	assert_int_equal(rmdir(request.cache_dir), 0);
	assert_int_equal(rmdir(request.state_dir), 0);
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_OK);
	assert_true(pj_span_is(data()->body, new_set));
}

static void
keys_that_cannot_be_stored_are_a_failure(void **unused)
{
	(void)unused;
	begin();
	fake.no_room = true;
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_SYSTEM_ERROR);
	assert_string_equal(err.detail, "no room for keys");
	assert_int_equal(after()->failures, 1);
	assert_int_equal(state.result, PJ_SYSTEM_ERROR);
	assert_int_equal(state.success.wall, 0);
}

static void
who_has_no_time_left_does_not_begin(void **unused)
{
	struct pj_state none;

	(void)unused;
	begin();
	fake.limit_ms = 500;
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_FETCH_TIMEOUT);
	assert_int_equal(fake.workers, 0);
	assert_int_equal(pj_cache_load_state(&cache, &none, NULL),
	    PJ_FILE_MISSING);
	/* Nor a second time. */
	keys_of_age(1000);
	put_keys();
	fake.limit_ms = 1200;
	fake.takes_ms = 700;
	fake.http[0] = 404;
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_FETCH_TIMEOUT);
	assert_int_equal(fake.workers, 1);
}

static void
limits_that_are_too_low_are_no_failed_attempt(void **unused)
{
	static const struct {
		int		 what;
		rlim_t		 least;
		const char	*name;
	} cases[] = {
		{ RLIMIT_FSIZE, PJ_CACHE_MAX, "RLIMIT_FSIZE is " },
		{ RLIMIT_AS, 128UL << 20, "RLIMIT_AS is " },
		{ RLIMIT_DATA, 64UL << 20, "RLIMIT_DATA is " },
		{ RLIMIT_STACK, 256UL << 10, "RLIMIT_STACK is " },
		{ RLIMIT_NOFILE, 16, "RLIMIT_NOFILE is " },
		{ RLIMIT_CPU, 5, "RLIMIT_CPU is " },
		{ RLIMIT_NPROC, 16, "RLIMIT_NPROC is " },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		begin();
		fake.limited = cases[i].what;
		fake.limit = cases[i].least - 1;
		/* Other users' processes are nobody's business here. */
		if (cases[i].what == RLIMIT_NPROC && geteuid() != 0)
			continue;
		assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_SYSTEM_ERROR);
		assert_true(said(cases[i].name));
		assert_int_equal(fake.workers + fake.stored, 0);
		fake.limit = cases[i].least;
		assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_OK);
	}
}

static void
what_is_missing_here_is_told_and_nobody_is_asked(void **unused)
{
	(void)unused;
	begin();
	request.jwks_file = "/keys.json";
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_FETCH_OFFLINE);
	request.jwks_file = NULL;
	put("ca.pem", "", 0644);
	request.ca_file = at("ca.pem");
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_FETCH_FAILED);
	assert_true(said("ca.pem is empty"));
	request.ca_file = at("none.pem");
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_FILE_MISSING);
	request.ca_file = NULL;
	/* Whoever is no root has nobody to become. */
	fake.user = "pam-jwks-none";
	if (geteuid() == 0)
		assert_int_equal(refresh(PJ_CAUSE_FORCED),
		    PJ_FETCH_USER_MISSING);
	assert_int_equal(fake.workers + fake.stored, 0);
}

static void
a_lock_that_another_has_is_waited_for_unless_it_is_not_urgent(void **unused)
{
	const struct pj_clock_source clock = { .read = read_clock };
	int64_t begun;
	int fd;

	(void)unused;
	begin();
	assert_int_equal(pj_cache_lock(&cache, &clock, 0, 15, &fd, NULL),
	    PJ_OK);
	begun = pj_now_ms();
	assert_int_equal(refresh(PJ_CAUSE_DUE), PJ_FETCH_HELD_BACK);
	assert_true(pj_now_ms() - begun < 3000);
	fake.limit_ms = 1000;
	begun = pj_now_ms();
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_FETCH_HELD_BACK);
	assert_true(pj_now_ms() - begun >= 500);
	assert_int_equal(fake.workers, 0);
	pj_cache_unlock(fd);
	/* And nobody keeps it. */
	fake.limit_ms = 8000;
	assert_int_equal(refresh(PJ_CAUSE_DUE), PJ_OK);
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_OK);
	assert_int_equal(pj_cache_lock(&cache, &clock, 0, 15, &fd, NULL),
	    PJ_OK);
	pj_cache_unlock(fd);
}

/* ---- for what ------------------------------------------------------------ */

/* One that no file of ours holds: there would be no room for it. */
static const char *
long_uri(void)
{
	static char uri[PJ_URL_MAX + 2];

	memset(uri, 'x', PJ_URL_MAX + 1);
	memcpy(uri, ISSUER "/", strlen(ISSUER "/"));
	return uri;
}

static void
discovery_is_asked_when_the_place_is_not_known_or_old(void **unused)
{
	static const struct {
		const char		*what;
		enum pj_refresh_cause	 cause;
		bool			 discovery;
		const char		*uri;
	} cases[] = {
		{ "configured", PJ_CAUSE_FORCED, false, ISSUER "/set" },
		{ "none", PJ_CAUSE_FORCED, true, "" },
		{ "known", PJ_CAUSE_FORCED, false, URI },
		{ "configured before", PJ_CAUSE_FORCED, true, "" },
		{ "unusable", PJ_CAUSE_FORCED, true, "" },
		{ "rediscover", PJ_CAUSE_FORCED, true, URI },
		{ "fruitless", PJ_CAUSE_KID, true, URI },
		{ "fruitless", PJ_CAUSE_FORCED, false, URI },
		{ "fruitless once", PJ_CAUSE_KID, false, URI },
		{ "old", PJ_CAUSE_FORCED, true, URI },
		{ "too old", PJ_CAUSE_FORCED, true, "" },
		{ "in future", PJ_CAUSE_FORCED, true, URI },
		{ "short-lived", PJ_CAUSE_FORCED, true, "" },
		{ "long", PJ_CAUSE_FORCED, true, "" },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *what = cases[i].what;

		begin();
		keys_of_age(1000);
		if (strcmp(what, "configured") == 0) {
			request.jwks_uri = ISSUER "/set";
			assert_int_equal(pj_cache_open(&request, &cache, NULL),
			    PJ_OK);
		} else if (strcmp(what, "configured before") == 0)
			memset(&old.discovered, 0, sizeof(old.discovered));
		else if (strcmp(what, "unusable") == 0)
			old.body = pj_span_str(no_set);
		else if (strcmp(what, "old") == 0)
			old.discovered = ago(86400);
		else if (strcmp(what, "long") == 0)
			old.jwks_uri = pj_span_str(long_uri());
		else if (strcmp(what, "too old") == 0)
			old.discovered = ago(604800);
		else if (strcmp(what, "short-lived") == 0)
			request.lifetimes.discovery_max_stale = 50;
		else if (strcmp(what, "in future") == 0) {
			old.discovered = ago(-50);
			(void)strcpy(old.discovered.boot_id, "other");
		}
		/* What is configured needs nothing that was there before. */
		if (strcmp(what, "none") != 0 &&
		    strcmp(what, "configured") != 0)
			put_keys();
		state.rediscover = strcmp(what, "rediscover") == 0;
		state.fruitless = strcmp(what, "fruitless") == 0 ? 2 : 1;
		put_state();
		(void)!refresh(cases[i].cause);
		if (fake.workers != 1 ||
		    fake.asked[0].discovery != cases[i].discovery ||
		    strcmp(fake.asked[0].uri, cases[i].uri) != 0)
			fail_msg("%zu %s: %d %s", i, what,
			    fake.asked[0].discovery, fake.asked[0].uri);
	}
}

static void
validators_are_sent_where_the_old_copy_would_do(void **unused)
{
	(void)unused;
	begin();
	keys_of_age(1000);
	put_keys();
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_OK);
	assert_string_equal(fake.asked[0].validators_for, URI);
	assert_string_equal(fake.asked[0].etag, "\"v1\"");
	assert_string_equal(fake.asked[0].modified, "then");
	assert_false(fake.asked[0].no_cache);
	/* Who misses a key must not be told that nothing has changed. */
	put_keys();
	assert_int_equal(refresh(PJ_CAUSE_KID), PJ_OK);
	assert_string_equal(fake.asked[0].etag, "");
	assert_true(fake.asked[0].no_cache);
	/* One whole answer a day. */
	old.full = ago(86400);
	put_keys();
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_OK);
	assert_string_equal(fake.asked[0].etag, "");
}

static void
keys_that_went_away_are_looked_for_once(void **unused)
{
	(void)unused;
	begin();
	keys_of_age(1000);
	put_keys();
	fake.http[0] = 404;
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_OK);
	assert_int_equal(fake.workers, 2);
	assert_true(fake.asked[1].discovery);
	assert_true(said("new keys from " ISSUER "/new"));
	assert_false(after()->rediscover);
	put_keys();
	fake.http[1] = 404;
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_FETCH_FAILED);
	assert_int_equal(fake.workers, 2);
	/* The next one asks for the place at once, and once. */
	assert_true(after()->rediscover);
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_FETCH_FAILED);
	assert_int_equal(fake.workers, 1);
	begin();
	put_keys();
	fake.http[0] = 503;
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_FETCH_FAILED);
	assert_int_equal(fake.workers, 1);
	begin();
	fake.http[0] = 404;
	request.jwks_uri = ISSUER "/set";
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_FETCH_FAILED);
	assert_int_equal(fake.workers, 1);
}

/* ---- what is kept -------------------------------------------------------- */

static void
a_304_keeps_what_the_old_copy_was(void **unused)
{
	const struct pj_envelope *now;

	(void)unused;
	begin();
	keys_of_age(1000);
	put_keys();
	fake.http[0] = 304;
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_OK);
	now = data();
	assert_true(said("the same keys"));
	assert_int_equal(now->validity.fetched.wall, NOW);
	assert_int_equal(now->full.wall, NOW - 100);
	assert_int_equal(now->discovered.wall, NOW - 100);
	assert_true(pj_span_is(now->body, old_set));
	assert_true(pj_span_is(now->unsound, "1 key_malformed"));
	assert_true(pj_span_is(now->etag, "\"v1\""));
	assert_true(pj_span_is(now->last_modified, "then"));
	(void)strcpy(fake.headers.etag, "\"v2\"");
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_OK);
	assert_true(pj_span_is(data()->etag, "\"v2\""));
}

static void
a_new_set_brings_all_of_its_own(void **unused)
{
	/* 2^2048 - 1, which no login finds to be unsound. */
	char n[343], set[1000];

	(void)unused;
	begin();
	keys_of_age(1000);
	put_keys();
	memset(n, '_', 341);
	(void)strcpy(n + 341, "w");
	(void)snprintf(set, sizeof(set), SET(KEY("a") ",{\"kty\":\"RSA\","
	    "\"kid\":\"r\",\"n\":\"%s\",\"e\":\"AQAB\"}"), n);
	fake.set = set;
	(void)strcpy(fake.headers.etag, "\"v3\"");
	(void)strcpy(fake.headers.last_modified, "now");
	(void)strcpy(fake.headers.cache_control, "max-age=1200");
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_OK);
	assert_true(pj_span_is(data()->body, set));
	assert_true(pj_span_is(data()->unsound, "1 key_size_refused"));
	assert_true(pj_span_is(data()->etag, "\"v3\""));
	assert_true(pj_span_is(data()->last_modified, "now"));
	assert_int_equal(data()->full.wall, NOW);
	assert_int_equal(data()->discovered.wall, NOW - 100);
	assert_int_equal(data()->validity.ttl, 1200);
	state.rediscover = true;
	put_state();
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_OK);
	assert_int_equal(data()->discovered.wall, NOW);
	assert_true(pj_span_is(data()->jwks_uri, ISSUER "/new"));
}

/* Another process, in the same second unless told otherwise. */
static const char *other_boot;
static int64_t other_age;

static void
write_meanwhile(void)
{
	struct pj_envelope mine = old;

	keys_of_age(other_age);
	(void)strcpy(old.validity.fetched.boot_id, other_boot);
	put_keys();
	old = mine;
}

static void
a_newer_result_stays(void **unused)
{
	static const struct {
		const char	*boot;
		int64_t		 age;
		bool		 stays;
	} cases[] = {
		{ "boot", -1, true }, { "boot", 0, false },
		{ "other", -1, false },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		begin();
		other_boot = cases[i].boot;
		other_age = cases[i].age;
		fake.meanwhile = write_meanwhile;
		assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_OK);
		assert_int_equal(said("a newer result"), cases[i].stays);
		assert_true(pj_span_is(data()->body,
		    cases[i].stays ? old_set : new_set));
	}
}

static void
who_has_lost_the_lock_writes_nothing(void **unused)
{
	struct pj_state none;

	(void)unused;
	/* Before the attempt. */
	begin();
	fake.lost_at = 1;
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_FETCH_HELD_BACK);
	assert_int_equal(fake.workers, 0);
	assert_int_equal(pj_cache_load_state(&cache, &none, NULL),
	    PJ_FILE_MISSING);
	/* Before the keys are stored. */
	begin();
	fake.lost_at = 2;
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_FETCH_HELD_BACK);
	assert_true(said("overtaken"));
	assert_int_equal(data()->body.len, 0);
	assert_true(after()->holds.running);
	/* The same, and the other one is ready. */
	begin();
	fake.lost_at = 2;
	other_boot = "boot";
	other_age = -1;
	fake.meanwhile = write_meanwhile;
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_OK);
	assert_true(said("a newer result"));
	assert_true(pj_span_is(data()->body, old_set));
	/* Before the end is noted. */
	begin();
	fake.lost_at = 3;
	assert_int_equal(refresh(PJ_CAUSE_FORCED), PJ_OK);
	assert_true(pj_span_is(data()->body, new_set));
	assert_true(after()->holds.running);
	/* Before old keys are given a limit. */
	begin();
	keys_of_age(1000);
	put_keys();
	fake.set = no_set;
	fake.lost_at = 2;
	assert_int_equal(refresh(PJ_CAUSE_STALE), PJ_FETCH_HELD_BACK);
	assert_int_equal(data()->validity.retire_after, 0);
}

static void
old_keys_beside_an_unusable_set_end_soon(void **unused)
{
	static const struct {
		int64_t		 age;
		int64_t		 before;
		int		 http;
		const char	*set;
		int64_t		 after;
	} cases[] = {
		{ 1000, 0, 200, no_set, 1900 },
		{ 1000, 5000, 200, no_set, 5000 },
		{ 1000, 0, 503, no_set, 0 },
		{ 1000, 0, 200, "nonsense", 0 },
		/* They have ended. */
		{ 90000, 0, 200, no_set, 0 },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		begin();
		keys_of_age(cases[i].age);
		old.validity.retire_after = cases[i].before;
		put_keys();
		fake.http[0] = cases[i].http;
		fake.set = cases[i].set;
		assert_true(refresh(PJ_CAUSE_FORCED) != PJ_OK);
		assert_true(pj_span_is(data()->body, old_set));
		assert_int_equal(data()->validity.retire_after,
		    cases[i].after);
	}
}

/* ---- what is noted ------------------------------------------------------- */

static void
a_success_ends_pauses(void **unused)
{
	static const struct {
		enum pj_refresh_cause	 cause;
		const char		*set;
		unsigned		 fruitless;
		int64_t			 kid_until;
	} cases[] = {
		{ PJ_CAUSE_FORCED, new_set, 0, BOOT - 1 },
		{ PJ_CAUSE_FORCED, same_set, 4, BOOT - 1 },
		{ PJ_CAUSE_KID, same_set, 5, BOOT + 300 },
		{ PJ_CAUSE_KID, new_set, 0, BOOT + 30 },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		begin();
		keys_of_age(1000);
		put_keys();
		state.failures = 5;
		state.fruitless = 4;
		state.rediscover = true;
		state.holds.backoff_until = i < 2 ? BOOT + 9 : BOOT - 2;
		state.holds.kid_until = BOOT - 1;
		(void)strcpy(state.error.detail, "no luck");
		put_state();
		fake.set = cases[i].set;
		assert_int_equal(refresh(cases[i].cause), PJ_OK);
		assert_int_equal(said("the same keys"),
		    cases[i].set == same_set);
		assert_int_equal(after()->failures, 0);
		assert_int_equal(state.holds.backoff_until, 0);
		assert_false(state.rediscover);
		assert_string_equal(state.error.detail, "");
		assert_int_equal(state.success.wall, NOW);
		assert_int_equal(state.fruitless, cases[i].fruitless);
		assert_int_equal(state.holds.kid_until, cases[i].kid_until);
	}
}

/* Keys of no use beside new ones: they were none that could be the same. */
static void
the_first_keys_are_new(void **unused)
{
	(void)unused;
	begin();
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_OK);
	assert_true(said("new keys"));
	begin();
	keys_of_age(10);
	(void)strcpy(old.validity.fetched.boot_id, "other");
	old.validity.fetched.wall = NOW - 90000;
	put_keys();
	fake.set = same_set;
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_OK);
	assert_true(said("the same keys"));
}

static void
a_failure_is_a_pause_if_somebody_was_asked(void **unused)
{
	static const struct {
		const char		*what;
		enum pj_refresh_cause	 cause;
		unsigned		 failures;	/* before */
		int64_t			 least, most;	/* of the pause */
		unsigned		 fruitless;	/* behind; before: 1 */
	} cases[] = {
		{ "cold", PJ_CAUSE_COLD, 0, 1, 4, 1 },
		{ "keys", PJ_CAUSE_STALE, 0, 15, 60, 1 },
		{ "keys", PJ_CAUSE_FORCED, 10, 300, 900, 1 },
		{ "keys", PJ_CAUSE_KID, 10, 300, 900, 2 },
		{ "retry", PJ_CAUSE_STALE, 0, 3000, 3600, 1 },
		/* Whoever ended the worker gains no more than by the helper. */
		{ "mute", PJ_CAUSE_KID, 10, 60, 60, 1 },
		{ "bad", PJ_CAUSE_KID, 10, 60, 60, 1 },
		{ "bad and mute", PJ_CAUSE_FORCED, 10, 60, 60, 1 },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *what = cases[i].what;

		begin();
		keys_of_age(1000);
		if (strcmp(what, "cold") != 0)
			put_keys();
		if (strcmp(what, "retry") == 0)
			(void)strcpy(fake.headers.retry_after, "3000");
		fake.mute = strstr(what, "mute") != NULL;
		fake.ends = strstr(what, "bad") != NULL ? PJ_FETCH_FAILED :
		    PJ_OK;
		fake.http[0] = 503;
		state.failures = cases[i].failures;
		state.fruitless = 1;
		put_state();
		assert_int_equal(refresh(cases[i].cause), PJ_FETCH_FAILED);
		if (strstr(what, "bad") != NULL)
			assert_true(said("it ended badly"));
		assert_int_equal(after()->failures, cases[i].failures + 1);
		assert_int_equal(state.result, PJ_FETCH_FAILED);
		assert_string_equal(state.error.detail, err.detail);
		assert_int_equal(state.fruitless, cases[i].fruitless);
		if (state.holds.backoff_until < BOOT + cases[i].least ||
		    state.holds.backoff_until > BOOT + cases[i].most)
			fail_msg("%zu: %lld", i, (long long)
			    (state.holds.backoff_until - BOOT));
	}
}

static void
who_asked_nobody_holds_nobody_back(void **unused)
{
	(void)unused;
	begin();
	state.holds.kid_until = BOOT - 1;
	put_state();
	fake.idle = true;
	fake.http[0] = 503;
	assert_int_equal(refresh(PJ_CAUSE_KID), PJ_FETCH_FAILED);
	assert_int_equal(after()->failures, 0);
	assert_int_equal(state.holds.backoff_until, 0);
	assert_int_equal(state.holds.kid_until, BOOT - 1);
	assert_true(state.has_result);
}

static void
an_attempt_that_did_not_end_is_a_failure(void **unused)
{
	(void)unused;
	begin();
	state.holds.running = true;
	state.holds.attempt = ago(1);
	state.failures = 1;
	put_state();
	/* Not where somebody else has the lock by now. */
	fake.lost_at = 1;
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_FETCH_HELD_BACK);
	assert_int_equal(fake.stored, 0);
	fake.lost_at = 0;
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_FETCH_HELD_BACK);
	assert_int_equal(fake.workers, 0);
	assert_false(after()->holds.running);
	assert_int_equal(state.failures, 2);
	assert_true(state.has_result);
	assert_int_equal(state.result, PJ_HELPER_FAILED);
	assert_string_equal(state.error.detail,
	    "the helper did not end its work");
	assert_in_range(state.holds.backoff_until, BOOT + 5, BOOT + 60);
	/* A pause that was longer stays. */
	state.holds.running = true;
	state.holds.backoff_until = BOOT + 50;
	put_state();
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_FETCH_HELD_BACK);
	assert_int_equal(after()->holds.backoff_until, BOOT + 50);
	/* A reboot is nobody's failure. */
	state.holds.running = true;
	(void)strcpy(state.holds.attempt.boot_id, "other");
	state.failures = 1;
	put_state();
	fake.http[0] = 503;
	assert_int_equal(refresh(PJ_CAUSE_COLD), PJ_FETCH_FAILED);
	assert_int_equal(after()->failures, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(what_somebody_else_has_done_is_not_done_again),
		scratch_test(keys_that_nobody_can_use_are_none),
		scratch_test(a_pause_holds_back_and_says_why),
		scratch_test(
		    an_attempt_is_written_down_before_anybody_is_asked),
		scratch_test(without_a_state_the_lock_limits_what_is_urgent),
		scratch_test(pauses_of_another_boot_mean_nothing),
		scratch_test(folders_are_made),
		scratch_test(keys_that_cannot_be_stored_are_a_failure),
		scratch_test(who_has_no_time_left_does_not_begin),
		scratch_test(limits_that_are_too_low_are_no_failed_attempt),
		scratch_test(what_is_missing_here_is_told_and_nobody_is_asked),
		scratch_test(
		    a_lock_that_another_has_is_waited_for_unless_it_is_not_urgent),
		scratch_test(
		    discovery_is_asked_when_the_place_is_not_known_or_old),
		scratch_test(validators_are_sent_where_the_old_copy_would_do),
		scratch_test(keys_that_went_away_are_looked_for_once),
		scratch_test(a_304_keeps_what_the_old_copy_was),
		scratch_test(a_new_set_brings_all_of_its_own),
		scratch_test(a_newer_result_stays),
		scratch_test(who_has_lost_the_lock_writes_nothing),
		scratch_test(old_keys_beside_an_unusable_set_end_soon),
		scratch_test(a_success_ends_pauses),
		scratch_test(the_first_keys_are_new),
		scratch_test(a_failure_is_a_pause_if_somebody_was_asked),
		scratch_test(who_asked_nobody_holds_nobody_back),
		scratch_test(an_attempt_that_did_not_end_is_a_failure),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
