/*
 * keys/keysource.h: what a login does in each state of the cache.  Clock and
 * refresher are the test's; the files are real.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>

#include "keys/cache.h"
#include "keys/keysource.h"
#include "scratch.h"

/* The public keys of RFC 7517 appendix A.1 and RFC 7515 appendix A.3. */
#define KEY_ONE								\
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"one\","		\
	"\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","	\
	"\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}"
#define KEY_TWO								\
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"two\","		\
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","	\
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define SET_ONE		"{\"keys\":[" KEY_ONE "]}"
#define SET_TWO		"{\"keys\":[" KEY_TWO "]}"
#define SET_UNUSABLE	"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}"

#define TTL		900
#define REFRESH_AFTER	700
#define MAX_STALE	86400
#define SOMEBODY	12345

static struct pj_key_request request;
static struct pj_cache cache;
static struct pj_clock now;

/* What the refresher does, and what it was asked. */
static struct {
	unsigned		calls;
	enum pj_refresh_cause	cause;
	enum pj_status		result;
	const char		*body;		/* stored before it returns */
	const char		*says;		/* of its success, or NULL */
	int64_t			takes;		/* seconds */
} refresher_is;

/* What another process stores while this one looks at the clock; or NULL. */
static const char *stored_meanwhile;

static void	store(const char *body);

static void
read_fake(void *ctx, struct pj_clock *clock)
{
	const char *body = stored_meanwhile;

	(void)ctx;
	*clock = now;
	stored_meanwhile = NULL;
	if (body != NULL)
		store(body);
}

static const struct pj_clock_source clock_source = { .read = read_fake };

/* Stores keys as if they had been fetched now. */
static void
store(const char *body)
{
	struct pj_envelope envelope = {
		.jwks_uri = pj_span_str("https://a/k"),
		.validity = {
			.fetched = now, .ttl = TTL,
			.refresh_after = REFRESH_AFTER,
		},
		.body = pj_span_str(body),
	};

	assert_int_equal(pj_cache_store(&cache, &envelope, NULL), PJ_OK);
}

static enum pj_status
refresh_fake(void *ctx, const struct pj_key_request *asked,
    enum pj_refresh_cause cause, struct pj_error *err)
{
	(void)ctx;
	assert_ptr_equal(asked, &request);
	refresher_is.calls++;
	refresher_is.cause = cause;
	if (refresher_is.body != NULL)
		store(refresher_is.body);
	now.wall += refresher_is.takes;
	now.boot += refresher_is.takes;
	if (refresher_is.result == PJ_OK && refresher_is.says == NULL)
		return PJ_OK;
	if (refresher_is.result == PJ_OK)
		return pj_fail(err, PJ_OK, "%s", refresher_is.says);
	return pj_fail(err, refresher_is.result, "GET: HTTP 503");
}

static const struct pj_refresher refresher = { .refresh = refresh_fake };

static int
begin(void **state)
{
	static char cache_dir[PATH_MAX], state_dir[PATH_MAX];

	if (scratch_make(state) != 0)
		return 1;
	strcpy(cache_dir, at("cache"));
	strcpy(state_dir, at("state"));
	request = (struct pj_key_request){
		.section = "s", .issuer = "https://a",
		.cache_dir = cache_dir, .state_dir = state_dir,
		.lifetimes = {
			.min_ttl = 300, .max_ttl = 3600, .default_ttl = TTL,
			.max_stale = MAX_STALE, .kid_cooldown = 30,
		},
	};
	now = (struct pj_clock){ 1700000000, 1000, "boot" };
	memset(&refresher_is, 0, sizeof(refresher_is));
	stored_meanwhile = NULL;
	return pj_cache_open(&request, &cache, NULL) != PJ_OK ||
	    pj_cache_make_dirs(&cache, NULL) != PJ_OK;
}

static void
pass(int64_t seconds)
{
	now.wall += seconds;
	now.boot += seconds;
}

static struct pj_keysource *
login(void)
{
	struct pj_keysource *source = NULL;

	assert_int_equal(pj_keysource_new(&request, &clock_source, &refresher,
	    &source), PJ_OK);
	return source;
}

/* The kid of the first key. */
static const char *
first_kid(const struct pj_jwks *jwks)
{
	static char kid[20];
	const struct pj_jwk *jwk = pj_jwks_at(jwks, 0);

	memcpy(kid, jwk->kid.ptr, jwk->kid.len);
	kid[jwk->kid.len] = '\0';
	return kid;
}

/* The login gets the set whose key has this kid. */
static void
gets(struct pj_keysource *source, const char *kid)
{
	const struct pj_jwks *jwks = NULL;
	struct pj_error err = { "" };

	if (pj_keysource_keys(source, &jwks, &err) != PJ_OK)
		fail_msg("no keys: %s", err.detail);
	assert_string_equal(first_kid(jwks), kid);
}

/* The login gets none, and these words. */
static void
gets_none(struct pj_keysource *source, const char *word, const char *word2)
{
	const struct pj_jwks *jwks = NULL;
	struct pj_error err = { "" };

	assert_int_equal(pj_keysource_keys(source, &jwks, &err),
	    PJ_KEYS_UNAVAILABLE);
	assert_null(jwks);
	if (strstr(err.detail, word) == NULL ||
	    strstr(err.detail, word2) == NULL)
		fail_msg("no '%s' or '%s' in: %s", word, word2, err.detail);
}

/* Asking for newer keys gives this; returns the kid on PJ_OK. */
static const char *
newer(struct pj_keysource *source, enum pj_refresh_cause cause,
    enum pj_status want)
{
	const struct pj_jwks *jwks = NULL;
	struct pj_error err = { "" };

	assert_string_equal(pj_status_name(pj_keysource_newer(source, cause,
	    &jwks, &err)), pj_status_name(want));
	if (want != PJ_OK)
		assert_true(err.detail[0] != '\0');
	return want == PJ_OK ? first_kid(jwks) : NULL;
}

static void
asked(unsigned calls, enum pj_refresh_cause cause)
{
	assert_int_equal(refresher_is.calls, calls);
	if (calls > 0)
		assert_string_equal(pj_refresh_cause_name(refresher_is.cause),
		    pj_refresh_cause_name(cause));
}

#define LOGIN(name)	\
	PJ_CLEANUP(pj_cleanup_keysource) struct pj_keysource *name = login()

static void
fresh_keys_serve_without_any_process(void **state)
{
	LOGIN(source);

	(void)state;
	store(SET_ONE);
	pass(REFRESH_AFTER - 1);
	gets(source, "one");
	gets(source, "one");
	pj_keysource_accepted(source);
	asked(0, 0);
	assert_null(pj_keysource_note(source));
}

static void
due_keys_serve_and_refresh_only_after_success(void **state)
{
	LOGIN(source);

	(void)state;
	store(SET_ONE);
	pass(REFRESH_AFTER);
	gets(source, "one");
	asked(0, 0);
	pj_keysource_accepted(source);
	asked(1, PJ_CAUSE_DUE);
	pj_keysource_accepted(source);
	asked(1, PJ_CAUSE_DUE);
}

static void
stale_keys_ask_first(void **state)
{
	LOGIN(source);

	(void)state;
	store(SET_ONE);
	pass(TTL);
	refresher_is.body = SET_TWO;
	refresher_is.says = "new keys";
	gets(source, "two");
	asked(1, PJ_CAUSE_STALE);
	assert_null(pj_keysource_note(source));
}

static void
stale_keys_serve_when_what_comes_is_worse(void **state)
{
	LOGIN(source);

	(void)state;
	store(SET_ONE);
	pass(TTL);
	refresher_is.body = SET_UNUSABLE;
	gets(source, "one");
	assert_non_null(strstr(pj_keysource_note(source), "cannot be used"));
	gets(source, "one");
	asked(1, PJ_CAUSE_STALE);
}

/* The helper met another one's pause; that is no failure of this login's. */
static void
a_pause_that_stale_keys_met_is_none_of_the_tokens(void **state)
{
	LOGIN(source);

	(void)state;
	store(SET_ONE);
	pass(TTL);
	refresher_is.result = PJ_FETCH_HELD_BACK;
	gets(source, "one");
	(void)newer(source, PJ_CAUSE_KID, PJ_FETCH_HELD_BACK);
	asked(1, PJ_CAUSE_STALE);
}

static void
stale_keys_serve_when_nobody_answers(void **state)
{
	LOGIN(source);

	(void)state;
	store(SET_ONE);
	pass(MAX_STALE - 10);
	refresher_is.result = PJ_FETCH_FAILED;
	refresher_is.takes = 5;
	gets(source, "one");
	asked(1, PJ_CAUSE_STALE);
	assert_non_null(strstr(pj_keysource_note(source), "HTTP 503"));
	/* Once in a login: the fetch that failed is not tried again. */
	(void)newer(source, PJ_CAUSE_KID, PJ_KEYS_UNAVAILABLE);
	asked(1, PJ_CAUSE_STALE);
}

static void
expired_keys_do_not_serve(void **state)
{
	LOGIN(source);

	(void)state;
	store(SET_ONE);
	pass(MAX_STALE);
	refresher_is.result = PJ_FETCH_TIMEOUT;
	gets_none(source, "too old", "fetch_timeout");
	asked(1, PJ_CAUSE_COLD);
	gets_none(source, "already", "");
	asked(1, PJ_CAUSE_COLD);
}

static void
a_cold_cache_is_filled(void **state)
{
	LOGIN(source);

	(void)state;
	refresher_is.body = SET_ONE;
	gets(source, "one");
	asked(1, PJ_CAUSE_COLD);
	(void)newer(source, PJ_CAUSE_KID, PJ_FETCH_HELD_BACK);
	pj_keysource_accepted(source);
	asked(1, PJ_CAUSE_COLD);
	/* That there was nothing before is nothing to tell. */
	assert_null(pj_keysource_note(source));
}

/* Its failure came later than another process's success. */
static void
a_failure_is_none_if_the_keys_are_there(void **state)
{
	LOGIN(source);

	(void)state;
	refresher_is.body = SET_ONE;
	refresher_is.result = PJ_FETCH_TIMEOUT;
	gets(source, "one");
	asked(1, PJ_CAUSE_COLD);
}

static void
a_cold_cache_that_stays_cold_says_both_troubles(void **state)
{
	LOGIN(nothing);
	LOGIN(damaged);
	LOGIN(lying);
	enum pj_key_state old = PJ_STATE_FRESH;
	struct pj_error err = { "" };
	const struct pj_jwks *jwks;
	struct pj_span from;
	char name[200];
	int64_t age;

	(void)state;
	refresher_is.result = PJ_FETCH_FAILED;
	gets_none(nothing, "no cached keys", "fetch_failed: GET: HTTP 503");
	pj_keysource_about(nothing, &old, &age, &from);
	assert_int_equal(old, PJ_STATE_COLD);
	assert_int_equal(age, -1);
	(void)snprintf(name, sizeof(name), "cache/%s.jwks", cache.id);
	put(name, "garbage", 0644);
	gets_none(damaged, "another version or kind", "HTTP 503");
	refresher_is.result = PJ_OK;
	assert_int_equal(pj_keysource_keys(lying, &jwks, &err),
	    PJ_KEYS_UNAVAILABLE);
	assert_non_null(strstr(err.detail, "another version or kind"));
	/* That there was no state is not what is wrong. */
	assert_null(strstr(err.detail, ".state"));
	asked(3, PJ_CAUSE_COLD);
}

static void
an_unsafe_cache_is_reported_and_not_used(void **state)
{
	LOGIN(source);
	LOGIN(second);
	char name[200];

	(void)state;
	store(SET_ONE);
	(void)snprintf(name, sizeof(name), "cache/%s.jwks", cache.id);
	assert_int_equal(chmod(at(name), 0666), 0);
	refresher_is.result = PJ_FETCH_OFFLINE;
	gets_none(source, "chmod go-w", "fetch_offline");
	/* The helper replaces it. */
	refresher_is.result = PJ_OK;
	refresher_is.body = SET_TWO;
	gets(second, "two");
	/* It is gone now, but not without a word. */
	assert_non_null(strstr(pj_keysource_note(second), "chmod go-w"));
}

static void
a_damaged_cache_is_not_replaced_in_silence(void **state)
{
	LOGIN(damaged);
	LOGIN(next);
	LOGIN(expired);
	char name[200];

	(void)state;
	(void)snprintf(name, sizeof(name), "cache/%s.jwks", cache.id);
	put(name, "garbage", 0644);
	refresher_is.body = SET_ONE;
	gets(damaged, "one");
	assert_non_null(strstr(pj_keysource_note(damaged),
	    "another version or kind"));
	gets(next, "one");
	assert_null(pj_keysource_note(next));
	/* That keys grow old is nothing to tell. */
	pass(MAX_STALE);
	gets(expired, "one");
	assert_null(pj_keysource_note(expired));
}

static void
a_set_without_a_usable_key_counts_as_none(void **state)
{
	LOGIN(source);

	(void)state;
	store(SET_UNUSABLE);
	refresher_is.result = PJ_FETCH_FAILED;
	gets_none(source, "its only key cannot be used", "HTTP 503");
}

static void
the_clock_is_read_again_after_a_refresh(void **state)
{
	LOGIN(source);

	(void)state;
	/* The helper took so long that what it stored is past all use. */
	refresher_is.body = SET_ONE;
	refresher_is.takes = MAX_STALE;
	gets_none(source, "too old", "");
}

static void
an_unknown_kid_refreshes_once_per_login(void **state)
{
	LOGIN(source);
	const struct pj_jwks *old = NULL;

	(void)state;
	store(SET_ONE);
	pass(1);
	assert_int_equal(pj_keysource_keys(source, &old, NULL), PJ_OK);
	refresher_is.body = SET_TWO;
	assert_string_equal(newer(source, PJ_CAUSE_KID, PJ_OK), "two");
	asked(1, PJ_CAUSE_KID);
	/* The earlier set is still there, and nothing is asked again. */
	assert_string_equal(first_kid(old), "one");
	store(SET_ONE);
	(void)newer(source, PJ_CAUSE_KID, PJ_FETCH_HELD_BACK);
	(void)newer(source, PJ_CAUSE_SIGNATURE, PJ_FETCH_HELD_BACK);
	asked(1, PJ_CAUSE_KID);
	assert_string_equal(first_kid(old), "one");
}

static void
the_same_keys_again_are_nothing_newer(void **state)
{
	LOGIN(source);

	(void)state;
	store(SET_ONE);
	gets(source, "one");
	refresher_is.body = SET_ONE;
	(void)newer(source, PJ_CAUSE_KID, PJ_FETCH_HELD_BACK);
	asked(1, PJ_CAUSE_KID);
	gets(source, "one");
}

static void
what_cannot_be_loaded_or_used_is_nothing_newer(void **state)
{
	LOGIN(none);
	LOGIN(damaged);
	LOGIN(slow);
	char name[200];

	(void)state;
	(void)newer(none, PJ_CAUSE_KID, PJ_FETCH_HELD_BACK);
	asked(0, 0);
	store(SET_ONE);
	gets(damaged, "one");
	gets(slow, "one");
	/* Before the helper is done they are too old. */
	refresher_is.body = SET_TWO;
	refresher_is.takes = MAX_STALE;
	(void)newer(slow, PJ_CAUSE_KID, PJ_FETCH_HELD_BACK);
	(void)snprintf(name, sizeof(name), "cache/%s.jwks", cache.id);
	put(name, "garbage", 0644);
	refresher_is.body = NULL;
	(void)newer(damaged, PJ_CAUSE_KID, PJ_FETCH_HELD_BACK);
	asked(2, PJ_CAUSE_KID);
}

static void
keys_that_another_process_fetched_need_no_asking(void **state)
{
	LOGIN(source);

	(void)state;
	store(SET_ONE);
	gets(source, "one");
	store(SET_TWO);
	assert_string_equal(newer(source, PJ_CAUSE_KID, PJ_OK), "two");
	/* Nor is there a second time. */
	(void)newer(source, PJ_CAUSE_KID, PJ_FETCH_HELD_BACK);
	asked(0, 0);
}

static void
a_failed_fetch_for_an_unknown_kid_is_no_refusal(void **state)
{
	LOGIN(source);
	LOGIN(held);

	(void)state;
	store(SET_ONE);
	gets(source, "one");
	refresher_is.result = PJ_FETCH_FAILED;
	(void)newer(source, PJ_CAUSE_KID, PJ_KEYS_UNAVAILABLE);
	gets(held, "one");
	refresher_is.result = PJ_FETCH_HELD_BACK;
	(void)newer(held, PJ_CAUSE_KID, PJ_FETCH_HELD_BACK);
	asked(2, PJ_CAUSE_KID);
}

/* Writes a state as a helper would have left it. */
static void
store_state(int64_t backoff, int64_t kid, const char *error)
{
	struct pj_state st = {
		.holds = {
			.attempt = now, .backoff_until = now.boot + backoff,
			.kid_until = now.boot + kid,
		},
		.result = PJ_FETCH_FAILED, .has_result = true,
	};

	(void)pj_fail(&st.error, PJ_OK, "%s", error);
	assert_int_equal(pj_cache_store_state(&cache, &st, NULL), PJ_OK);
}

static void
a_cooldown_is_seen_without_starting_the_helper(void **state)
{
	LOGIN(source);
	LOGIN(later);

	(void)state;
	store(SET_ONE);
	store_state(0, 30, "");
	gets(source, "one");
	(void)newer(source, PJ_CAUSE_KID, PJ_FETCH_HELD_BACK);
	asked(0, 0);
	pass(30);
	gets(later, "one");
	refresher_is.body = SET_TWO;
	assert_string_equal(newer(later, PJ_CAUSE_KID, PJ_OK), "two");
	asked(1, PJ_CAUSE_KID);
}

/* Others' attempt has written its pause down before it has brought the key. */
static void
an_attempt_that_runs_is_joined_in_its_own_pause(void **state)
{
	struct pj_state running = { .holds = { .attempt = now, .running = true,
	    .kid_until = now.boot + 30 } };
	LOGIN(source);
	LOGIN(dead);

	(void)state;
	store(SET_ONE);
	assert_int_equal(pj_cache_store_state(&cache, &running, NULL), PJ_OK);
	pass(9);
	gets(dead, "one");
	gets(source, "one");
	refresher_is.body = SET_TWO;
	refresher_is.result = PJ_FETCH_HELD_BACK;
	assert_string_equal(newer(source, PJ_CAUSE_KID, PJ_OK), "two");
	asked(1, PJ_CAUSE_KID);
	/* One that should have ended is not, and its pause stands. */
	store(SET_ONE);
	pass(1);
	(void)newer(dead, PJ_CAUSE_KID, PJ_FETCH_HELD_BACK);
	asked(1, PJ_CAUSE_KID);
}

/* Nobody waits for it, so there is nothing to be joined. */
static void
a_due_refresh_is_not_started_beside_another(void **state)
{
	LOGIN(source);

	(void)state;
	store(SET_ONE);
	pass(REFRESH_AFTER);
	gets(source, "one");
	struct pj_state running = { .holds = { .attempt = now,
	    .running = true } };
	assert_int_equal(pj_cache_store_state(&cache, &running, NULL), PJ_OK);
	pj_keysource_accepted(source);
	asked(0, 0);
}

/* The other one stores its keys, then the end of its attempt. */
static void
keys_that_come_while_this_one_looks_are_seen(void **state)
{
	LOGIN(source);

	(void)state;
	store(SET_ONE);
	store_state(0, 30, "");
	gets(source, "one");
	stored_meanwhile = SET_TWO;
	assert_string_equal(newer(source, PJ_CAUSE_KID, PJ_OK), "two");
	asked(0, 0);
}

static void
a_backoff_is_seen_without_starting_the_helper(void **state)
{
	LOGIN(cold);
	LOGIN(stale);
	LOGIN(due);

	(void)state;
	store_state(20, 0, "GET: HTTP \"503\"");
	gets_none(cold, "asking again in 20 s: GET: HTTP \\x22503\\x22",
	    "fetch_held_back");
	store(SET_ONE);
	pass(TTL);
	store_state(20, 0, "GET: HTTP 503");
	gets(stale, "one");
	assert_non_null(strstr(pj_keysource_note(stale), "HTTP 503"));
	store(SET_ONE);
	pass(REFRESH_AFTER);
	store_state(20, 0, "");
	gets(due, "one");
	pj_keysource_accepted(due);
	asked(0, 0);
}

static void
a_bad_signature_asks_only_if_the_keys_are_not_new(void **state)
{
	LOGIN(early);
	LOGIN(late);

	(void)state;
	store(SET_ONE);
	pass(299);
	gets(early, "one");
	(void)newer(early, PJ_CAUSE_SIGNATURE, PJ_FETCH_HELD_BACK);
	asked(0, 0);
	pass(1);
	gets(late, "one");
	refresher_is.body = SET_TWO;
	assert_string_equal(newer(late, PJ_CAUSE_SIGNATURE, PJ_OK), "two");
	asked(1, PJ_CAUSE_SIGNATURE);
}

static void
a_key_file_needs_no_cache_and_no_network(void **state)
{
	LOGIN(source);

	(void)state;
	put("keys.json", SET_ONE, 0644);
	request.jwks_file = at("keys.json");
	request.cache_dir = request.state_dir = "/nonexistent";
	gets(source, "one");
	gets(source, "one");
	(void)newer(source, PJ_CAUSE_KID, PJ_FETCH_HELD_BACK);
	pj_keysource_accepted(source);
	asked(0, 0);
}

static void
a_bad_key_file_is_named(void **state)
{
	static const char *const bodies[] = {
		"", "{}", "[]", SET_UNUSABLE, "{\"keys\":{}}",
	};

	(void)state;
	request.jwks_file = at("keys.json");
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		LOGIN(source);

		put("keys.json", bodies[i], 0644);
		gets_none(source, "keyset_invalid", "keys.json");
	}
	LOGIN(unsafe);
	LOGIN(missing);
	put("keys.json", SET_ONE, 0666);
	gets_none(unsafe, "file_unsafe", "keys.json is writable");
	assert_int_equal(unlink(at("keys.json")), 0);
	gets_none(missing, "file_missing", "keys.json does not exist");
	asked(0, 0);
}

static void
a_key_file_that_a_person_names_may_be_anybodys(void **state)
{
	LOGIN(source);

	(void)state;
	put("keys.json", SET_ONE, 0666);
	request.jwks_file = at("keys.json");
	request.any_owner = true;
	gets(source, "one");
}

static void
keys_from_the_spare_file_are_no_secret(void **state)
{
	LOGIN(source);
	char name[200];

	(void)state;
	(void)snprintf(name, sizeof(name), "cache/%s.jwks", cache.id);
	/* Not to be replaced by a file. */
	assert_int_equal(mkdir(at(name), 0755), 0);
	store(SET_ONE);
	gets(source, "one");
	asked(0, 0);
	assert_non_null(strstr(pj_keysource_note(source), "kept in state_dir"));
}

/* Whatever is wrong with the folders, root's helper mends it or tells. */
static void
root_asks_whatever_the_folders_are(void **state)
{
	LOGIN(due);
	LOGIN(kid);
	LOGIN(cold);
	char name[200];

	(void)state;
	if (geteuid() != 0)
		skip();
	store(SET_ONE);
	(void)snprintf(name, sizeof(name), "state/%s.state", cache.id);
	put(name, "garbage", 0600);
	gets(kid, "one");
	(void)newer(kid, PJ_CAUSE_KID, PJ_FETCH_HELD_BACK);
	asked(1, PJ_CAUSE_KID);
	assert_int_equal(unlink(at(name)), 0);
	assert_int_equal(rmdir(request.state_dir), 0);
	pass(REFRESH_AFTER);
	gets(due, "one");
	pj_keysource_accepted(due);
	asked(2, PJ_CAUSE_DUE);
	put("file", "", 0600);
	request.cache_dir = at("file/cache");
	refresher_is.result = PJ_FETCH_FAILED;
	gets_none(cold, "not a folder", "fetch_failed");
	asked(3, PJ_CAUSE_COLD);
}

/* A service without root, in a process of its own. */
static uid_t real_uid = SOMEBODY;

static void
as_service(void (*f)(void))
{
	int status;
	pid_t pid;

	assert_int_equal(chmod(scratch, 0755), 0);
	pid = fork();
	if (pid == 0) {
		if (setresuid(real_uid, SOMEBODY, SOMEBODY) != 0)
			_exit(9);
		f();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
service_reads_roots_cache(void)
{
	const struct pj_jwks *jwks = NULL;
	struct pj_keysource *source = login();
	struct pj_error err = { "" };

	if (pj_keysource_keys(source, &jwks, NULL) != PJ_OK)
		_exit(1);
	/* The state cannot be read: no fetch for an unknown kid. */
	if (pj_keysource_newer(source, PJ_CAUSE_KID, &jwks, NULL) !=
	    PJ_FETCH_HELD_BACK || refresher_is.calls != 0)
		_exit(2);
	pj_keysource_free(source);
	/* Stale: it could store nothing, so it asks nobody and says so. */
	pass(TTL);
	source = login();
	if (pj_keysource_keys(source, &jwks, NULL) != PJ_OK ||
	    refresher_is.calls != 0 || pj_keysource_note(source) == NULL)
		_exit(3);
	pj_keysource_free(source);
	/* Due. */
	pass(-(TTL - REFRESH_AFTER));
	source = login();
	if (pj_keysource_keys(source, &jwks, NULL) != PJ_OK)
		_exit(4);
	pj_keysource_accepted(source);
	if (refresher_is.calls != 0)
		_exit(5);
	pj_keysource_free(source);
	/* Cold: a helper could store nothing either; the log says who can. */
	request.issuer = "https://b";
	source = login();
	if (pj_keysource_keys(source, &jwks, &err) != PJ_KEYS_UNAVAILABLE ||
	    refresher_is.calls != 0)
		_exit(6);
	if (strstr(err.detail, "fetch_offline") == NULL ||
	    strstr(err.detail, "let root's timer run") == NULL)
		_exit(7);
	pj_keysource_free(source);
	/* Folders that are not there yet may be the helper's to make. */
	request.cache_dir = "/nonexistent/cache";
	request.state_dir = "/nonexistent/state";
	refresher_is.result = PJ_FETCH_FAILED;
	source = login();
	if (pj_keysource_keys(source, &jwks, NULL) != PJ_KEYS_UNAVAILABLE ||
	    refresher_is.calls != 1)
		_exit(8);
	pj_keysource_free(source);
}

static void
a_service_uses_what_root_fetched(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	store(SET_ONE);
	store_state(0, 0, "");
	as_service(service_reads_roots_cache);
}

/* How often this user asks, with a code of its own, for each cause. */
static void
asks(unsigned due, unsigned kid, unsigned stale, unsigned cold)
{
	struct pj_keysource *sources[4];
	const struct pj_jwks *jwks = NULL;
	struct pj_key_request mine = request;

	for (size_t i = 0; i < 4; i++)
		sources[i] = login();
	pass(REFRESH_AFTER);
	if (pj_keysource_keys(sources[0], &jwks, NULL) != PJ_OK)
		_exit(10);
	pj_keysource_accepted(sources[0]);
	if (refresher_is.calls != due)
		_exit(11);
	if (pj_keysource_keys(sources[1], &jwks, NULL) != PJ_OK ||
	    pj_keysource_newer(sources[1], PJ_CAUSE_KID, &jwks, NULL) !=
	    PJ_FETCH_HELD_BACK || refresher_is.calls != due + kid)
		_exit(12);
	pass(TTL - REFRESH_AFTER);
	if (pj_keysource_keys(sources[2], &jwks, NULL) != PJ_OK ||
	    refresher_is.calls != due + kid + stale)
		_exit(13);
	request.issuer = "https://b";
	if (pj_keysource_keys(sources[3], &jwks, NULL) !=
	    PJ_KEYS_UNAVAILABLE ||
	    refresher_is.calls != due + kid + stale + cold)
		_exit(14);
	request = mine;
	for (size_t i = 0; i < 4; i++)
		pj_keysource_free(sources[i]);
}

static void
asks_nobody(void)
{
	asks(0, 0, 0, 0);
}

static void
asks_each_time(void)
{
	asks(1, 1, 1, 1);
}

/* Where a folder is missing the helper may be able to make it. */
static void
asks_only_without_keys(void)
{
	asks(0, 0, 0, 1);
}

/* Without a state that can be read nothing would limit unknown kids. */
static void
asks_but_for_an_unknown_kid(void)
{
	asks(1, 0, 1, 1);
}

/* A helper that can store one of keys and state would ask again and again. */
static void
a_service_asks_only_if_it_can_write_both_folders(void **state)
{
	char name[200];

	(void)state;
	if (geteuid() != 0)
		skip();
	store(SET_ONE);
	assert_int_equal(chmod(request.state_dir, 0755), 0);
	as_service(asks_nobody);
	assert_int_equal(chown(request.cache_dir, SOMEBODY, 0), 0);
	as_service(asks_nobody);
	assert_int_equal(chown(request.state_dir, SOMEBODY, 0), 0);
	as_service(asks_each_time);
	/* Nor is a folder written that cannot be searched. */
	assert_int_equal(chmod(request.state_dir, 0200), 0);
	as_service(asks_nobody);
	assert_int_equal(chmod(request.state_dir, 0755), 0);
	assert_int_equal(chown(request.cache_dir, 0, 0), 0);
	as_service(asks_nobody);
	/* Who it was in former times does not help. */
	real_uid = 0;
	as_service(asks_nobody);
	real_uid = SOMEBODY;
	assert_int_equal(chown(request.cache_dir, SOMEBODY, 0), 0);
	(void)snprintf(name, sizeof(name), "state/%s.state", cache.id);
	put(name, "garbage", 0644);
	as_service(asks_but_for_an_unknown_kid);
	request.state_dir = at("none");
	as_service(asks_only_without_keys);
}

static void
offline_is_a_refusal_with_a_name(void **state)
{
	struct pj_error err = { "" };

	(void)state;
	assert_int_equal(pj_refresher_offline.refresh(NULL, &request,
	    PJ_CAUSE_COLD, &err), PJ_FETCH_OFFLINE);
	assert_true(err.detail[0] != '\0');
}

static void
causes_have_names(void **state)
{
	enum pj_refresh_cause cause;

	(void)state;
	for (unsigned i = 0; i < PJ_CAUSE_COUNT; i++) {
		assert_true(pj_refresh_cause_find(pj_span_str(
		    pj_refresh_cause_name((enum pj_refresh_cause)i)), &cause));
		assert_int_equal(cause, i);
	}
	assert_false(pj_refresh_cause_find(pj_span_str("COLD"), &cause));
	assert_false(pj_refresh_cause_find(pj_span_str("colder"), &cause));
	assert_false(pj_refresh_cause_find(pj_span_str(""), &cause));
}

int
main(void)
{
#define login_test(f)	\
	cmocka_unit_test_setup_teardown(f, begin, scratch_remove)
	const struct CMUnitTest tests[] = {
		login_test(fresh_keys_serve_without_any_process),
		login_test(due_keys_serve_and_refresh_only_after_success),
		login_test(stale_keys_ask_first),
		login_test(stale_keys_serve_when_nobody_answers),
		login_test(stale_keys_serve_when_what_comes_is_worse),
		login_test(a_pause_that_stale_keys_met_is_none_of_the_tokens),
		login_test(expired_keys_do_not_serve),
		login_test(a_cold_cache_is_filled),
		login_test(a_failure_is_none_if_the_keys_are_there),
		login_test(a_cold_cache_that_stays_cold_says_both_troubles),
		login_test(an_unsafe_cache_is_reported_and_not_used),
		login_test(a_damaged_cache_is_not_replaced_in_silence),
		login_test(a_set_without_a_usable_key_counts_as_none),
		login_test(the_clock_is_read_again_after_a_refresh),
		login_test(an_unknown_kid_refreshes_once_per_login),
		login_test(the_same_keys_again_are_nothing_newer),
		login_test(what_cannot_be_loaded_or_used_is_nothing_newer),
		login_test(keys_that_another_process_fetched_need_no_asking),
		login_test(a_failed_fetch_for_an_unknown_kid_is_no_refusal),
		login_test(a_cooldown_is_seen_without_starting_the_helper),
		login_test(an_attempt_that_runs_is_joined_in_its_own_pause),
		login_test(a_due_refresh_is_not_started_beside_another),
		login_test(keys_that_come_while_this_one_looks_are_seen),
		login_test(a_backoff_is_seen_without_starting_the_helper),
		login_test(a_bad_signature_asks_only_if_the_keys_are_not_new),
		login_test(a_key_file_needs_no_cache_and_no_network),
		login_test(a_bad_key_file_is_named),
		login_test(a_key_file_that_a_person_names_may_be_anybodys),
		login_test(keys_from_the_spare_file_are_no_secret),
		login_test(root_asks_whatever_the_folders_are),
		login_test(a_service_uses_what_root_fetched),
		login_test(a_service_asks_only_if_it_can_write_both_folders),
		login_test(offline_is_a_refusal_with_a_name),
		login_test(causes_have_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
