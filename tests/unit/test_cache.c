/*
 * keys/cache.h: names, files and the lock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "keys/cache.h"
#include "scratch.h"

static struct pj_key_request request;
static struct pj_cache cache;
static struct pj_clock fake = { 1700000000, 1000, "boot" };

/* Seconds that pass from one look at the clock to the next. */
static int64_t step;

static void
read_fake(void *ctx, struct pj_clock *clock)
{
	(void)ctx;
	*clock = fake;
	fake.boot += step;
}

static const struct pj_clock_source clock_source = { .read = read_fake };

/*
 * What happens when this process looks who has the guard of the lock, how often
 * it did, and milliseconds: where the test is asked nothing else takes time.
 */
static void (*on_look)(struct flock *guard);
static unsigned looks;
static int64_t passed;

__typeof__(pj_now_ms) __real_pj_now_ms, __wrap_pj_now_ms;

int64_t
__wrap_pj_now_ms(void)
{
	return on_look != NULL ? passed : __real_pj_now_ms();
}

static int
make_cache(void **state)
{
	static char cache_dir[PATH_MAX], state_dir[PATH_MAX];

	if (scratch_make(state) != 0)
		return 1;
	strcpy(cache_dir, at("cache"));
	strcpy(state_dir, at("state"));
	request = (struct pj_key_request){
		.section = "s", .issuer = "https://a",
		.cache_dir = cache_dir, .state_dir = state_dir,
	};
	fake = (struct pj_clock){ 1700000000, 1000, "boot" };
	step = 0;
	return pj_cache_open(&request, &cache, NULL) != PJ_OK ||
	    pj_cache_make_dirs(&cache, NULL) != PJ_OK;
}

static struct pj_envelope
sample(const char *body)
{
	struct pj_envelope envelope = {
		.jwks_uri = pj_span_str("https://a/k"),
		.validity = { .fetched = fake, .ttl = 900 },
		.body = pj_span_str(body),
	};

	return envelope;
}

static void
store(const char *body)
{
	struct pj_envelope envelope = sample(body);

	assert_int_equal(pj_cache_store(&cache, &envelope, NULL), PJ_OK);
}

/* Loads; err's detail holds word. */
static void
load_gives(enum pj_status want, const char *word)
{
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	struct pj_envelope got;
	struct pj_error err = { "" };

	assert_string_equal(pj_status_name(pj_cache_load(&cache, &text, &got,
	    &err)), pj_status_name(want));
	if (strstr(err.detail, word) == NULL)
		fail_msg("no '%s' in: %s", word, err.detail);
}

/* The data file's path. */
static const char *
data_file(const char *suffix)
{
	char name[200];

	(void)snprintf(name, sizeof(name), "%s/%s%s", strcmp(suffix, ".jwks")
	    == 0 ? "cache" : "state", cache.id, suffix);
	return at(name);
}

static void
everything_that_decides_trust_is_in_the_name(void **state)
{
	static const char *const words[] = { NULL, "", "x", "y", "-" };
	struct pj_key_request other;
	struct pj_cache ids[64];
	size_t n = 0;

	(void)state;
	for (size_t w = 0; w < 5; w++)
		for (size_t f = 0; f < 5; f++) {
			if (w == 0 && f > 0)
				continue;
			other = (struct pj_key_request){ .issuer = "i" };
			if (f == 0)
				other.discovery_url = words[w];
			if (f == 1)
				other.jwks_uri = words[w];
			if (f == 2)
				other.ca_file = words[w];
			if (f == 3)
				other.proxy = words[w];
			if (f == 4)
				other.issuer = w == 1 ? "j" : words[w];
			assert_int_equal(pj_cache_open(&other, &ids[n++],
			    NULL), PJ_OK);
		}
	other = (struct pj_key_request){ .issuer = "i" };
	other.ip_resolve = PJ_IP_V4;
	assert_int_equal(pj_cache_open(&other, &ids[n++], NULL), PJ_OK);
	other.ip_resolve = PJ_IP_V6;
	assert_int_equal(pj_cache_open(&other, &ids[n++], NULL), PJ_OK);
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			assert_string_not_equal(ids[i].id, ids[j].id);
}

static void
sections_that_trust_the_same_share_a_file(void **state)
{
	struct pj_key_request other = request;
	struct pj_cache same;

	(void)state;
	other.section = "other";
	other.lifetimes.max_stale = 7;
	assert_int_equal(pj_cache_open(&other, &same, NULL), PJ_OK);
	assert_string_equal(same.id, cache.id);
	assert_int_equal(strlen(same.id), 64);
}

static void
folders_and_files_have_their_modes(void **state)
{
	struct pj_state st = { .result = PJ_OK };
	struct stat sb;

	(void)state;
	(void)umask(0777);
	store("{}");
	assert_int_equal(pj_cache_store_state(&cache, &st, NULL), PJ_OK);
	(void)umask(022);
	assert_int_equal(stat(request.cache_dir, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0755);
	assert_int_equal(stat(request.state_dir, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0700);
	assert_int_equal(stat(data_file(".jwks"), &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0644);
	assert_int_equal(stat(data_file(".state"), &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0600);
}

static void
only_the_last_folder_is_made(void **state)
{
	struct pj_error err;

	(void)state;
	request.cache_dir = at("no/cache");
	assert_int_equal(pj_cache_make_dirs(&cache, &err), PJ_FILE_MISSING);
	request.cache_dir = "relative";
	assert_int_equal(pj_cache_make_dirs(&cache, &err), PJ_FILE_UNSAFE);
	request.cache_dir = at("link");
	assert_int_equal(symlink("cache", request.cache_dir), 0);
	assert_int_equal(pj_cache_make_dirs(&cache, &err), PJ_FILE_UNSAFE);
	request.cache_dir = at("cache");
	assert_int_equal(chmod(request.state_dir, 0770), 0);
	assert_int_equal(pj_cache_make_dirs(&cache, &err), PJ_FILE_UNSAFE);
	assert_non_null(strstr(err.detail, "chmod go-w"));
}

/* Nobody but root makes a folder in /; the reason must be the right one. */
static void
a_folder_that_cannot_be_made_is_named(void **state)
{
	struct pj_error err = { "" };
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		if (setresuid(12345, 12345, 12345) != 0)
			_exit(9);
		request.cache_dir = "/pj-unit-none";
		if (pj_cache_make_dirs(&cache, &err) != PJ_SYSTEM_ERROR)
			_exit(1);
		_exit(strcmp(err.detail, "/pj-unit-none cannot be made: "
		    "Permission denied") == 0 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
what_is_stored_is_loaded(void **state)
{
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	struct pj_envelope got;

	(void)state;
	load_gives(PJ_FILE_MISSING, "does not exist");
	store("one");
	store("two");
	assert_int_equal(pj_cache_load(&cache, &text, &got, NULL), PJ_OK);
	assert_true(pj_span_is(got.body, "two"));
	assert_true(pj_span_is(got.issuer, "https://a"));
}

static void
unsafe_or_damaged_files_are_refused_and_left_alone(void **state)
{
	struct stat before, after;

	(void)state;
	store("one");
	assert_int_equal(chmod(request.cache_dir, 0777), 0);
	load_gives(PJ_FILE_UNSAFE, "writable by everyone");
	assert_int_equal(chmod(request.cache_dir, 0755), 0);
	assert_int_equal(chmod(data_file(".jwks"), 0666), 0);
	load_gives(PJ_FILE_UNSAFE, "writable by everyone");
	assert_int_equal(chmod(data_file(".jwks"), 0644), 0);
	load_gives(PJ_OK, "");
	assert_int_equal(truncate(data_file(".jwks"), 100), 0);
	assert_int_equal(stat(data_file(".jwks"), &before), 0);
	load_gives(PJ_CACHE_INVALID, cache.id);
	assert_int_equal(stat(data_file(".jwks"), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(unlink(data_file(".jwks")), 0);
	assert_int_equal(mkfifo(data_file(".jwks"), 0600), 0);
	load_gives(PJ_FILE_UNSAFE, "not a regular file");
	/* The helper puts a good one in its place. */
	store("two");
	load_gives(PJ_OK, "");
}

static void
a_damaged_state_is_refused_with_its_path(void **state)
{
	struct pj_state given = { .failures = 3 }, got;
	struct pj_error err = { "" };

	(void)state;
	assert_int_equal(pj_cache_load_state(&cache, &got, &err),
	    PJ_FILE_MISSING);
	assert_int_equal(pj_cache_store_state(&cache, &given, NULL), PJ_OK);
	/* What could not be read again is not written. */
	given.failures = 4;
	(void)strcpy(given.error.detail, "a\nb");
	assert_int_equal(pj_cache_store_state(&cache, &given, &err),
	    PJ_CACHE_INVALID);
	assert_int_equal(pj_cache_load_state(&cache, &got, NULL), PJ_OK);
	assert_int_equal(got.failures, 3);
	assert_int_equal(truncate(data_file(".state"), 90), 0);
	assert_int_equal(pj_cache_load_state(&cache, &got, &err),
	    PJ_CACHE_INVALID);
	assert_non_null(strstr(err.detail, data_file(".state")));
}

static void
another_issuers_file_is_refused(void **state)
{
	struct pj_cache other;
	struct pj_key_request second = request;
	char from[PATH_MAX];

	(void)state;
	store("one");
	strcpy(from, data_file(".jwks"));
	second.issuer = "https://b";
	assert_int_equal(pj_cache_open(&second, &other, NULL), PJ_OK);
	cache = other;
	assert_int_equal(rename(from, data_file(".jwks")), 0);
	load_gives(PJ_CACHE_INVALID, "another issuer");
}

/* Under this name, but made by hand. */
static void
put_envelope(const char *id, const char *issuer)
{
	struct pj_envelope envelope = sample("one");
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	char name[200];

	envelope.id = pj_span_str(id);
	envelope.issuer = pj_span_str(issuer);
	assert_int_equal(pj_envelope_encode(&envelope, &text, NULL), PJ_OK);
	assert_int_equal(pj_buf_append(&text, pj_span("", 1)), PJ_OK);
	(void)snprintf(name, sizeof(name), "cache/%s.jwks", cache.id);
	put(name, (const char *)text.ptr, 0644);
}

static void
neither_another_id_nor_another_issuer_passes(void **state)
{
	(void)state;
	put_envelope(cache.id, "https://a");
	load_gives(PJ_OK, "");
	/* The same issuer, with other addresses for example. */
	put_envelope("0123", "https://a");
	load_gives(PJ_CACHE_INVALID, "another issuer");
	put_envelope(cache.id, "https://b");
	load_gives(PJ_CACHE_INVALID, "another issuer");
}

static void
what_cannot_be_read_again_is_not_stored(void **state)
{
	struct pj_envelope envelope = sample("two");

	(void)state;
	store("one");
	envelope.jwks_uri = pj_span_str("https://a\n");
	assert_int_equal(pj_cache_store(&cache, &envelope, NULL),
	    PJ_CACHE_INVALID);
	load_gives(PJ_OK, "");
}

/* Beside the state there is room for what a disk refuses, not for that. */
static void
in_a_folder_that_others_may_write_nothing_is_stored(void **state)
{
	struct pj_envelope envelope = sample("two");
	struct pj_error err = { "" };
	char spare[PATH_MAX];

	(void)state;
	store("one");
	(void)snprintf(spare, sizeof(spare), "%s/%s.jwks", request.state_dir,
	    cache.id);
	assert_int_equal(chmod(request.cache_dir, 0777), 0);
	assert_int_equal(pj_cache_store(&cache, &envelope, &err),
	    PJ_FILE_UNSAFE);
	assert_int_equal(access(spare, F_OK), -1);
	assert_int_equal(chmod(request.cache_dir, 0755), 0);
	load_gives(PJ_OK, "");
}

static void
a_failed_store_keeps_the_old_keys_and_leaves_nothing(void **state)
{
	struct pj_envelope envelope = sample("new");
	struct rlimit before, none;
	struct pj_error err;
	struct dirent *entry;
	unsigned files = 0;
	DIR *dir;

	(void)state;
	store("old");
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = before;
	/* For both folders. */
	none.rlim_cur = 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(pj_cache_store(&cache, &envelope, &err),
	    PJ_SYSTEM_ERROR);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(err.detail, "File too large"));
	load_gives(PJ_OK, "");
	dir = opendir(request.cache_dir);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		files += entry->d_type == DT_REG;
	(void)closedir(dir);
	assert_int_equal(files, 1);
}

/* Loads; the keys are these, and from the spare file or not. */
static void
load_brings(const char *body, bool spare)
{
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	struct pj_envelope got;

	assert_int_equal(pj_cache_load(&cache, &text, &got, NULL), PJ_OK);
	assert_true(pj_span_is(got.body, body));
	assert_true(got.spare == spare);
}

/* Clocks of two boots say nothing of each other: the wall's is left. */
static void
of_two_boots_the_later_keys_count(void **state)
{
	struct pj_envelope envelope = sample("spare");
	char spare[PATH_MAX], aside[PATH_MAX];

	(void)state;
	(void)snprintf(spare, sizeof(spare), "%s/%s.jwks", request.state_dir,
	    cache.id);
	(void)snprintf(aside, sizeof(aside), "%s/aside", request.state_dir);
	assert_int_equal(mkdir(data_file(".jwks"), 0755), 0);
	assert_int_equal(pj_cache_store(&cache, &envelope, NULL), PJ_OK);
	assert_int_equal(rmdir(data_file(".jwks")), 0);
	for (int later = -1; later <= 1; later++) {
		assert_int_equal(rename(spare, aside), 0);
		fake = (struct pj_clock){ 1700000000 + later, 1000 - later,
			"another" };
		store("other");
		assert_int_equal(rename(aside, spare), 0);
		load_brings(later <= 0 ? "spare" : "other", later <= 0);
	}
	/* Within one boot its own clock counts; of one moment, the spare. */
	for (int later = -1; later <= 1; later++) {
		assert_int_equal(rename(spare, aside), 0);
		fake = (struct pj_clock){ 1700000000 - later, 1000 + later,
			"boot" };
		store("other");
		assert_int_equal(rename(aside, spare), 0);
		load_brings(later <= 0 ? "spare" : "other", later <= 0);
	}
}

static void
one_folder_for_both_keeps_its_keys(void **state)
{
	(void)state;
	request.cache_dir = request.state_dir;
	store("one");
	load_gives(PJ_OK, "");
}

/* A disk that is full or read-only; /run mostly is another one. */
static void
what_the_cache_cannot_take_is_kept_with_the_state(void **state)
{
	struct pj_envelope envelope = sample("new");
	struct pj_error err = { "" };
	struct rlimit before, none;
	char spare[PATH_MAX], aside[PATH_MAX];

	(void)state;
	(void)snprintf(spare, sizeof(spare), "%s/%s.jwks", request.state_dir,
	    cache.id);
	(void)snprintf(aside, sizeof(aside), "%s/aside", request.state_dir);
	/* Not to be replaced by a file, also not by root. */
	assert_int_equal(mkdir(data_file(".jwks"), 0755), 0);
	assert_int_equal(pj_cache_store(&cache, &envelope, &err), PJ_OK);
	assert_non_null(strstr(err.detail, "kept in"));
	assert_non_null(strstr(err.detail, "cannot be written"));
	load_brings("new", true);
	/* Where the other disk is full as well, it stays. */
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = before;
	none.rlim_cur = 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(pj_cache_store(&cache, &envelope, &err),
	    PJ_SYSTEM_ERROR);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	load_brings("new", true);
	assert_int_equal(rmdir(data_file(".jwks")), 0);
	load_brings("new", true);
	/* The next good file ends it; and an old one never counts. */
	assert_int_equal(link(spare, aside), 0);
	fake.boot++;
	store("newer");
	load_brings("newer", false);
	assert_int_not_equal(access(spare, F_OK), 0);
	assert_int_equal(rename(aside, spare), 0);
	load_brings("newer", false);
}

static void
what_a_killed_writer_left_is_swept_up(void **state)
{
	char name[200], other[200];

	(void)state;
	(void)snprintf(name, sizeof(name), "cache/.%s.jwks.0123.tmp", cache.id);
	put(name, "half", 0600);
	(void)snprintf(other, sizeof(other), "cache/x%s.jwks", cache.id);
	put(other, "not ours", 0600);
	put("cache/.other.tmp", "not ours", 0600);
	store("one");
	assert_int_equal(access(at(name), F_OK), -1);
	assert_int_equal(access(at("cache/.other.tmp"), F_OK), 0);
	assert_int_equal(access(at(other), F_OK), 0);
}

static void
readers_never_see_anything_but_a_whole_file(void **state)
{
	static char big[200000];
	int status, running = 2;
	unsigned bad = 0, good = 0;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	store("first");
	for (int writer = 0; writer < 2; writer++)
		if (fork() == 0) {
			for (int i = 0; i < 60; i++) {
				big[1000 + (i * 997) % 100000] = '\0';
				struct pj_envelope env = sample(big);

				/* Writers hold the lock in real life. */
				env.etag = pj_span_str(writer ? "a" : "b");
				(void)!pj_cache_store(&cache, &env, NULL);
			}
			_exit(0);
		}
	while (running > 0) {
		PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
		struct pj_envelope got;

		if (pj_cache_load(&cache, &text, &got, NULL) == PJ_OK)
			good++;
		else
			bad++;
		while (running > 0 && waitpid(-1, &status, WNOHANG) > 0)
			running--;
	}
	assert_int_equal(bad, 0);
	assert_true(good > 0);
}

static enum pj_status
lock(int64_t wait_ms, int *fd)
{
	return pj_cache_lock(&cache, &clock_source, wait_ms, 15, fd, NULL);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
the_lock_is_held_by_one_and_ends_with_its_descriptor(void **state)
{
	struct stat sb;
	int one = -1, two = -1;
	int64_t begun;

	(void)state;
	assert_int_equal(lock(0, &one), PJ_OK);
	assert_int_equal(fcntl(one, F_GETFD), FD_CLOEXEC);
	assert_int_equal(stat(data_file(".lock"), &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0600);
	assert_int_equal(lock(0, &two), PJ_FETCH_HELD_BACK);
	begun = now_ms();
	assert_int_equal(lock(200, &two), PJ_FETCH_HELD_BACK);
	assert_in_range(now_ms() - begun, 200, 1000);
	assert_int_equal(two, -1);
	assert_int_equal(close(one), 0);
	assert_int_equal(lock(0, &two), PJ_OK);
	assert_int_equal(close(two), 0);
}

static void
whoever_waits_gets_the_lock_of_a_killed_holder(void **state)
{
	int fd = -1, status, ready[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (lock(0, &fd) == PJ_OK)
			(void)!write(ready[1], "x", 1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(lock(0, &fd), PJ_FETCH_HELD_BACK);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(lock(2000, &fd), PJ_OK);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(close(fd), 0);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

static void
a_holder_of_old_does_not_count(void **state)
{
	int stuck = -1, taker = -1, third = -1;

	(void)state;
	assert_int_equal(lock(0, &stuck), PJ_OK);
	fake.boot += 15;
	assert_int_equal(lock(0, &taker), PJ_FETCH_HELD_BACK);
	fake.boot += 1;
	assert_int_equal(lock(0, &taker), PJ_OK);
	/* From now on the new holder counts. */
	assert_int_equal(lock(0, &third), PJ_FETCH_HELD_BACK);
	assert_int_equal(close(stuck), 0);
	assert_int_equal(lock(0, &third), PJ_FETCH_HELD_BACK);
	assert_int_equal(close(taker), 0);
	assert_int_equal(lock(0, &third), PJ_OK);
	assert_int_equal(close(third), 0);
}

static void
a_moment_passes(struct flock *guard)
{
	(void)guard;
	passed += 100;
}

/* A process that has both bytes and has signed for nothing. */
static int
frozen_taker(void)
{
	struct flock both = { .l_type = F_WRLCK, .l_len = 2 };
	int fd = -1;

	looks = 0;
	assert_int_equal(lock(0, &fd), PJ_OK);
	pj_cache_unlock(pj_take_fd(&fd));
	fd = open(data_file(".lock"), O_RDWR);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &both), 0);
	return fd;
}

/*
 * A process that is frozen in the moment of taking the lock holds the guard as
 * well, and has not signed for anything.
 */
static void
whoever_is_stuck_in_taking_the_lock_does_not_count(void **state)
{
	int stuck = frozen_taker(), taker = -1;

	(void)state;
	/* Nobody else takes more than moments for that. */
	on_look = a_moment_passes;
	assert_int_equal(lock(1900, &taker), PJ_FETCH_HELD_BACK);
	assert_int_equal(lock(4000, &taker), PJ_OK);
	on_look = NULL;
	assert_false(pj_cache_still_locked(&cache, stuck));
	assert_true(pj_cache_still_locked(&cache, taker));
	assert_int_equal(close(stuck), 0);
	assert_int_equal(lock(0, &stuck), PJ_FETCH_HELD_BACK);
	assert_int_equal(close(taker), 0);
}

static void
a_moment_passes_and_the_guard_is_another_one(struct flock *guard)
{
	passed += 100;
	guard->l_type = looks % 2 == 0 ? F_UNLCK : F_WRLCK;
}

static int frozen = -1;

/* This process did not run, nor did the one that takes the lock. */
static void
the_machine_sleeps(struct flock *guard)
{
	struct flock free = { .l_type = F_UNLCK, .l_start = 1, .l_len = 1 };

	(void)guard;
	passed += looks == 3 ? 2100 : 20;
	if (looks == 4)
		assert_int_equal(fcntl(frozen, F_OFD_SETLK, &free), 0);
}

/* Another file, and another process that is about to take that. */
static void
the_file_is_replaced(struct flock *guard)
{
	(void)guard;
	passed += 60;
	if (looks != 25)
		return;
	assert_int_equal(unlink(data_file(".lock")), 0);
	assert_int_equal(close(frozen), 0);
	frozen = frozen_taker();
	looks = 26;
}

static void
whoever_is_not_stuck_in_taking_the_lock_counts(void **state)
{
	int holder = -1, taker = -1;

	(void)state;
	/* A holder, with the guard free, or taken again and again. */
	assert_int_equal(lock(0, &holder), PJ_OK);
	on_look = a_moment_passes;
	assert_int_equal(lock(3000, &taker), PJ_FETCH_HELD_BACK);
	looks = 0;
	on_look = a_moment_passes_and_the_guard_is_another_one;
	assert_int_equal(lock(6000, &taker), PJ_FETCH_HELD_BACK);
	assert_true(pj_cache_still_locked(&cache, holder));
	assert_int_equal(close(holder), 0);
	/* Takers that had no more than moments. */
	frozen = frozen_taker();
	on_look = the_machine_sleeps;
	assert_int_equal(lock(2300, &taker), PJ_FETCH_HELD_BACK);
	assert_true(looks > 4);
	assert_true(pj_cache_still_locked(&cache, frozen));
	assert_int_equal(close(frozen), 0);
	frozen = frozen_taker();
	on_look = the_file_is_replaced;
	assert_int_equal(lock(2600, &taker), PJ_FETCH_HELD_BACK);
	assert_true(looks > 26);
	assert_true(pj_cache_still_locked(&cache, frozen));
	assert_int_equal(close(frozen), 0);
	on_look = NULL;
}

static void
a_holder_counts_for_as_long_as_it_signed(void **state)
{
	int longer = -1, taker = -1, third = -1;

	(void)state;
	assert_int_equal(pj_cache_lock(&cache, &clock_source, 0, 40, &longer,
	    NULL), PJ_OK);
	fake.boot += 40;
	assert_int_equal(lock(100, &taker), PJ_FETCH_HELD_BACK);
	fake.boot += 1;
	assert_int_equal(lock(100, &taker), PJ_OK);
	assert_int_equal(close(longer), 0);
	assert_int_equal(close(taker), 0);
	/* Nor for less than a slow machine may need. */
	assert_int_equal(pj_cache_lock(&cache, &clock_source, 0, 1, &longer,
	    NULL), PJ_OK);
	fake.boot += PJ_LOCK_HOLD_LEAST;
	assert_int_equal(lock(100, &taker), PJ_FETCH_HELD_BACK);
	assert_int_equal(close(longer), 0);
	/* No holder signs for more than a configuration can ask for. */
	assert_int_equal(pj_cache_lock(&cache, &clock_source, 0, 100000,
	    &longer, NULL), PJ_OK);
	assert_int_equal(lock(100, &taker), PJ_FETCH_HELD_BACK);
	fake.boot += PJ_LOCK_HOLD_MOST + 1;
	assert_int_equal(lock(100, &taker), PJ_OK);
	assert_int_equal(close(longer), 0);
	/* Nor can it have signed for the far future. */
	assert_int_equal(pwrite(taker, "9000000000\n", 11, 0), 11);
	assert_int_equal(lock(0, &longer), PJ_OK);
	/* Of a number that is not complete nothing is known. */
	assert_int_equal(ftruncate(longer, 0), 0);
	assert_int_equal(pwrite(longer, "55", 2, 0), 2);
	assert_int_equal(lock(100, &third), PJ_FETCH_HELD_BACK);
	/* An empty file is one that was just taken. */
	assert_int_equal(ftruncate(longer, 0), 0);
	assert_int_equal(close(taker), 0);
	assert_int_equal(lock(100, &taker), PJ_FETCH_HELD_BACK);
	assert_int_equal(close(longer), 0);
	/* Of what stood there before nothing is left behind a signature. */
	longer = open(data_file(".lock"), O_RDWR);
	assert_int_equal(pwrite(longer, "90000000000000000\n", 18, 0), 18);
	assert_int_equal(close(longer), 0);
	assert_int_equal(lock(0, &longer), PJ_OK);
	fake.boot += 16;
	assert_int_equal(lock(100, &taker), PJ_OK);
	assert_int_equal(close(longer), 0);
	assert_int_equal(close(taker), 0);
}

static void
whoever_waits_sees_the_time_pass(void **state)
{
	int stuck = -1, taker = -1;

	(void)state;
	assert_int_equal(lock(0, &stuck), PJ_OK);
	step = 1;
	assert_int_equal(lock(5000, &taker), PJ_OK);
	assert_false(pj_cache_still_locked(&cache, stuck));
	assert_int_equal(close(stuck), 0);
	assert_int_equal(close(taker), 0);
}

/* Another process of this number may have been killed in that moment. */
static void
taking_over_leaves_nothing_and_minds_nothing(void **state)
{
	int stuck = -1, taker = -1;
	unsigned before;
	char name[200];

	(void)state;
	assert_int_equal(lock(0, &stuck), PJ_OK);
	(void)snprintf(name, sizeof(name), "state/.%s.lock.%ld.tmp", cache.id,
	    (long)getpid());
	put(name, "", 0600);
	fake.boot += 16;
	before = open_descriptors();
	assert_int_equal(lock(0, &taker), PJ_OK);
	assert_int_equal(open_descriptors(), before + 1);
	assert_int_equal(access(at(name), F_OK), -1);
	assert_int_equal(close(stuck), 0);
	assert_int_equal(close(taker), 0);
}

/*
 * What another process does between two steps of this one: once, before the
 * first try (byte 0) or before the guard is taken from a stuck holder (1).
 */
static void (*meanwhile)(void);
static off_t meanwhile_at;

int	__real_fcntl(int fd, int cmd, ...);
int	__wrap_fcntl(int fd, int cmd, ...);

int
__wrap_fcntl(int fd, int cmd, ...)
{
	void (*f)(void) = meanwhile;
	struct flock *arg;
	va_list ap;
	int result;

	va_start(ap, cmd);
	arg = va_arg(ap, struct flock *);
	va_end(ap);
	if (cmd == F_OFD_SETLK && f != NULL && arg->l_type == F_WRLCK &&
	    arg->l_start == meanwhile_at) {
		meanwhile = NULL;
		f();
	}
	result = __real_fcntl(fd, cmd, arg);
	if (cmd == F_OFD_GETLK && on_look != NULL) {
		looks++;
		on_look(arg);
	}
	return result;
}

static int held = -1, other_holder = -1;

static void
remove_lock_file(void)
{
	assert_int_equal(unlink(data_file(".lock")), 0);
}

static void
a_lock_on_a_file_that_is_gone_is_none(void **state)
{
	int fd = -1;

	(void)state;
	meanwhile = remove_lock_file;
	meanwhile_at = 0;
	assert_int_equal(lock(1000, &fd), PJ_OK);
	assert_null(meanwhile);
	assert_true(pj_cache_still_locked(&cache, fd));
	pj_cache_unlock(fd);
}

static void
another_takes_over(void)
{
	assert_int_equal(lock(0, &other_holder), PJ_OK);
}

/* A killed one leaves its signature. */
static void
the_holder_is_killed(void)
{
	assert_int_equal(close(pj_take_fd(&held)), 0);
}

static void
the_holder_is_killed_and_another_follows(void)
{
	the_holder_is_killed();
	another_takes_over();
}

/* Finds a holder stuck, and has this done before it can take over. */
static enum pj_status
take_over_while(void (*f)(void), int *fd)
{
	assert_int_equal(lock(0, &held), PJ_OK);
	fake.boot += 100;
	meanwhile = f;
	meanwhile_at = 1;
	return lock(200, fd);
}

static void
who_comes_second_does_not_take_over_from_the_first(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(take_over_while(another_takes_over, &fd),
	    PJ_FETCH_HELD_BACK);
	assert_null(meanwhile);
	assert_true(pj_cache_still_locked(&cache, other_holder));
	assert_int_equal(close(held), 0);
	pj_cache_unlock(pj_take_fd(&other_holder));
	assert_int_equal(take_over_while(
	    the_holder_is_killed_and_another_follows, &fd), PJ_FETCH_HELD_BACK);
	assert_null(meanwhile);
	assert_true(pj_cache_still_locked(&cache, other_holder));
	pj_cache_unlock(pj_take_fd(&other_holder));
}

static void
a_lock_that_becomes_free_is_not_replaced(void **state)
{
	struct stat before, after;
	int fd = -1;

	(void)state;
	assert_int_equal(lock(0, &fd), PJ_OK);
	pj_cache_unlock(fd);
	assert_int_equal(stat(data_file(".lock"), &before), 0);
	assert_int_equal(take_over_while(the_holder_is_killed, &fd), PJ_OK);
	assert_null(meanwhile);
	assert_int_equal(stat(data_file(".lock"), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	pj_cache_unlock(fd);
}

static void
an_overtaken_holder_knows_it(void **state)
{
	int stuck = -1, taker = -1;
	struct stat sb;

	(void)state;
	assert_int_equal(lock(0, &stuck), PJ_OK);
	assert_true(pj_cache_still_locked(&cache, stuck));
	fake.boot += 16;
	assert_true(pj_cache_still_locked(&cache, stuck));
	assert_int_equal(lock(0, &taker), PJ_OK);
	assert_false(pj_cache_still_locked(&cache, stuck));
	assert_true(pj_cache_still_locked(&cache, taker));
	/* Its end leaves the new holder's lock and signature alone. */
	pj_cache_unlock(stuck);
	assert_true(pj_cache_still_locked(&cache, taker));
	assert_int_equal(stat(data_file(".lock"), &sb), 0);
	assert_true(sb.st_size > 0);
	pj_cache_unlock(taker);
	assert_int_equal(stat(data_file(".lock"), &sb), 0);
	assert_int_equal(sb.st_size, 0);
	assert_int_equal(lock(0, &taker), PJ_OK);
	assert_int_equal(unlink(data_file(".lock")), 0);
	assert_false(pj_cache_still_locked(&cache, taker));
	pj_cache_unlock(taker);
	/* Where others may replace the file nothing is certain. */
	assert_int_equal(lock(0, &taker), PJ_OK);
	assert_true(pj_cache_still_locked(&cache, taker));
	assert_int_equal(chmod(request.state_dir, 0777), 0);
	assert_false(pj_cache_still_locked(&cache, taker));
	assert_int_equal(lock(0, &stuck), PJ_FILE_UNSAFE);
	pj_cache_unlock(taker);
}

/* What the processes below share. */
struct arena {
	atomic_int	ready, go, inside, overlaps, turns;
};

/* A holder that is far from being stuck. */
static void
take_a_turn(struct arena *arena)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	int fd = -1;

	arena->ready++;
	while (!arena->go)
		;
	if (lock(5000, &fd) != PJ_OK)
		_exit(1);
	if (atomic_fetch_add(&arena->inside, 1) > 0)
		arena->overlaps++;
	(void)nanosleep(&moment, NULL);
	arena->turns++;
	arena->inside--;
	/* Like a killed one, it leaves its signature behind. */
	(void)close(fd);
	_exit(0);
}

static void
race(struct arena *arena, int processes)
{
	int status;

	arena->ready = arena->go = 0;
	for (int i = 0; i < processes; i++)
		if (fork() == 0)
			take_a_turn(arena);
	while (arena->ready < processes)
		(void)usleep(100);
	arena->go = 1;
	while (wait(&status) > 0)
		assert_int_equal(status, 0);
}

static void
two_holders_never_overlap_after_a_long_pause(void **state)
{
	enum { PROCESSES = 6, ROUNDS = 30 };
	struct arena *arena = mmap(NULL, sizeof(*arena), PROT_READ |
	    PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int stuck = -1, turns;

	(void)state;
	assert_true(arena != MAP_FAILED);
	for (int round = 0; round < ROUNDS; round++) {
		race(arena, PROCESSES);
		fake.boot += 100;
	}
	/* The same if all of them find a stuck holder at once. */
	for (int round = 0; round < 5; round++) {
		assert_int_equal(lock(0, &stuck), PJ_OK);
		fake.boot += 100;
		race(arena, PROCESSES);
		assert_false(pj_cache_still_locked(&cache, stuck));
		assert_int_equal(close(stuck), 0);
	}
	turns = arena->turns;
	assert_int_equal(turns, (ROUNDS + 5) * PROCESSES);
	assert_int_equal(arena->overlaps, 0);
	assert_int_equal(munmap(arena, sizeof(*arena)), 0);
}

static void
a_lock_file_that_others_can_open_is_refused(void **state)
{
	char name[200];
	int fd = -1;

	(void)state;
	assert_int_equal(lock(0, &fd), PJ_OK);
	assert_int_equal(close(fd), 0);
	assert_int_equal(chmod(data_file(".lock"), 0644), 0);
	assert_int_equal(lock(0, &fd), PJ_FILE_UNSAFE);
	assert_int_equal(unlink(data_file(".lock")), 0);
	assert_int_equal(symlink("/etc/passwd", data_file(".lock")), 0);
	assert_int_equal(lock(0, &fd), PJ_SYSTEM_ERROR);
	assert_int_equal(unlink(data_file(".lock")), 0);
	assert_int_equal(mkfifo(data_file(".lock"), 0600), 0);
	assert_int_equal(lock(0, &fd), PJ_FILE_UNSAFE);
	if (geteuid() != 0)
		skip();
	assert_int_equal(unlink(data_file(".lock")), 0);
	(void)snprintf(name, sizeof(name), "state/%s.lock", cache.id);
	put(name, "", 0600);
	assert_int_equal(chown(at(name), 12345, 0), 0);
	assert_int_equal(lock(0, &fd), PJ_FILE_UNSAFE);
}

static void
an_attempt_is_marked_where_nothing_can_be_written(void **state)
{
	struct rlimit before, none;
	int fd = -1;

	(void)state;
	assert_int_equal(lock(0, &fd), PJ_OK);
	assert_int_equal(pj_cache_marked(fd), 0);
	pj_cache_unlock(fd);
	assert_int_equal(lock(0, &fd), PJ_OK);
	assert_int_equal(pj_cache_marked(fd), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_true(pj_cache_mark(fd, 1234));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	/* It survives the holder's end, orderly or not, and the next one. */
	assert_int_equal(close(fd), 0);
	assert_int_equal(lock(0, &fd), PJ_OK);
	assert_int_equal(pj_cache_marked(fd), 1234);
	pj_cache_unlock(fd);
	assert_int_equal(lock(0, &fd), PJ_OK);
	assert_int_equal(pj_cache_marked(fd), 1234);
	pj_cache_unlock(fd);
}

/* Gives a file of the cache folder an age in days. */
static void
make_old(const char *name, int days)
{
	const struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = fake.wall - (time_t)days * 86400 },
	};

	assert_int_equal(utimensat(AT_FDCWD, at(name), times,
	    AT_SYMLINK_NOFOLLOW), 0);
}

#define HEX	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
files_of_removed_sections_do_not_stay_for_ever(void **state)
{
	static const struct {
		const char	*name;
		int		 days;
		bool		 stays;
	} files[] = {
		{ "cache/" HEX ".jwks", 40, false },
		{ "cache/." HEX ".jwks.0011.tmp", 40, false },
		{ "cache/1" HEX ".jwks", 40, true },
		{ "cache/README", 400, true },
		{ "cache/" HEX ".state", 400, true },
		{ "cache/f" HEX, 400, true },
	};
	char mine[200], link[200];

	(void)state;
	store("mine");
	(void)snprintf(mine, sizeof(mine), "cache/%s.jwks", cache.id);
	make_old(mine, 30);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		put(files[i].name, "", 0644);
		make_old(files[i].name, files[i].days);
	}
	/* Of that name, but not what a helper writes. */
	(void)snprintf(link, sizeof(link), "cache/f%.63s.jwks", HEX);
	assert_int_equal(symlink("README", at(link)), 0);
	make_old(link, 400);
	/* Nothing is removed on behalf of whoever may write here. */
	assert_int_equal(chmod(request.cache_dir, 0777), 0);
	pj_cache_remove_unused(request.cache_dir, fake.wall, NULL, 0);
	assert_int_equal(access(at(files[0].name), F_OK), 0);
	assert_int_equal(chmod(request.cache_dir, 0755), 0);
	pj_cache_remove_unused(request.cache_dir, fake.wall, NULL, 0);
	assert_int_equal(access(at(link), F_OK), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		assert_int_equal(access(at(files[i].name), F_OK) == 0,
		    files[i].stays);
	assert_int_equal(access(at(mine), F_OK), 0);
	make_old(mine, 32);
	/* In use: a clock that is wrong must not take its keys away. */
	pj_cache_remove_unused(request.cache_dir, fake.wall, &cache, 1);
	assert_int_equal(access(at(mine), F_OK), 0);
	pj_cache_remove_unused(request.cache_dir, fake.wall, NULL, 0);
	assert_int_equal(access(at(mine), F_OK), -1);
}

int
main(void)
{
#define cache_test(f)	\
	cmocka_unit_test_setup_teardown(f, make_cache, scratch_remove)
	const struct CMUnitTest tests[] = {
		cache_test(everything_that_decides_trust_is_in_the_name),
		cache_test(sections_that_trust_the_same_share_a_file),
		cache_test(folders_and_files_have_their_modes),
		cache_test(only_the_last_folder_is_made),
		cache_test(a_folder_that_cannot_be_made_is_named),
		cache_test(what_is_stored_is_loaded),
		cache_test(unsafe_or_damaged_files_are_refused_and_left_alone),
		cache_test(a_damaged_state_is_refused_with_its_path),
		cache_test(another_issuers_file_is_refused),
		cache_test(neither_another_id_nor_another_issuer_passes),
		cache_test(what_cannot_be_read_again_is_not_stored),
		cache_test(in_a_folder_that_others_may_write_nothing_is_stored),
		cache_test(
		    a_failed_store_keeps_the_old_keys_and_leaves_nothing),
		cache_test(what_the_cache_cannot_take_is_kept_with_the_state),
		cache_test(of_two_boots_the_later_keys_count),
		cache_test(one_folder_for_both_keeps_its_keys),
		cache_test(what_a_killed_writer_left_is_swept_up),
		cache_test(readers_never_see_anything_but_a_whole_file),
		cache_test(the_lock_is_held_by_one_and_ends_with_its_descriptor),
		cache_test(whoever_waits_gets_the_lock_of_a_killed_holder),
		cache_test(a_holder_of_old_does_not_count),
		cache_test(whoever_is_stuck_in_taking_the_lock_does_not_count),
		cache_test(whoever_is_not_stuck_in_taking_the_lock_counts),
		cache_test(a_holder_counts_for_as_long_as_it_signed),
		cache_test(whoever_waits_sees_the_time_pass),
		cache_test(taking_over_leaves_nothing_and_minds_nothing),
		cache_test(a_lock_on_a_file_that_is_gone_is_none),
		cache_test(who_comes_second_does_not_take_over_from_the_first),
		cache_test(a_lock_that_becomes_free_is_not_replaced),
		cache_test(an_overtaken_holder_knows_it),
		cache_test(two_holders_never_overlap_after_a_long_pause),
		cache_test(a_lock_file_that_others_can_open_is_refused),
		cache_test(an_attempt_is_marked_where_nothing_can_be_written),
		cache_test(files_of_removed_sections_do_not_stay_for_ever),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
