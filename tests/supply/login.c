/*
 * Logins without PAM, in as many processes as a test wants, with the tests'
 * clock and the real helper.
 *
 *	login CONFIG TOKEN at-once N		N processes, one login each
 *	login CONFIG TOKEN once
 *	login CONFIG TOKEN offline		one login that may not ask
 *	login CONFIG TOKEN for MS N		N processes, logins for MS
 *	login CONFIG TOKEN kids N MS GOOD	N logins with random key ids,
 *						the clocks moving by MS; and
 *						every GOOD'th with the token
 *	login CONFIG TOKEN forking		a thread forks meanwhile
 *	login CONFIG TOKEN stay			stays behind the login
 *
 * TOKEN is a file.  Each login prints "REASON MILLISECONDS DETAIL"; for and kids
 * print a line "REASON COUNT LONGEST" for each reason instead.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "authn/authn.h"
#include "authn/configure.h"
#include "base/file.h"
#include "jose/b64url.h"
#include "hooks.h"

static const char *config_path;
static struct pj_buf token = PJ_BUF_INIT(PJ_TOKEN_MAX);
static bool offline;

static void __attribute__((noreturn))
die(const char *what)
{
	(void)fprintf(stderr, "login: %s\n", what);
	exit(1);
}

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* One login, as the module does it. */
static double
log_in(struct pj_span text, struct pj_decision *decision)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	const struct pj_config_source source = { .path = config_path };
	struct pj_helper helper;
	struct pj_refresher refresher = { pj_helper_refresh, &helper };
	struct pj_login login = {
		.service = "supply", .user = "alice", .token = text,
		.clock = &supply_clock, .refresher = &refresher,
		.no_account = true,
	};
	double begun = now();

	pj_decision_init(decision);
	decision->status = pj_configure(&source, &config, &decision->error);
	if (decision->status != PJ_OK)
		return now() - begun;
	pj_configure_helper(config, &source, &helper);
	if (offline)
		login.refresher = &pj_refresher_offline;
	pj_authn(config, &login, decision);
	return now() - begun;
}

/* One write, so that lines of many processes stay whole. */
static void
tell(const struct pj_decision *decision, double ms)
{
	char line[1024];
	int n = snprintf(line, sizeof(line), "%s %.1f %s\n",
	    pj_status_name(decision->status), ms, decision->error.detail);

	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(1);
}

static void
one(void)
{
	struct pj_decision decision;
	double ms = log_in(pj_buf_span(&token), &decision);

	tell(&decision, ms);
}

/* ---- counting ---- */

struct tally {
	enum pj_status	status;
	unsigned	count;
	double		longest;
	double		total;
};

#define TALLIES	32

static void
count(struct tally tallies[TALLIES], enum pj_status status, double ms)
{
	struct tally *t = tallies;

	while (t->count > 0 && t->status != status)
		t++;
	t->status = status;
	t->count++;
	t->total += ms;
	if (ms > t->longest)
		t->longest = ms;
}

static void
tell_tallies(const struct tally tallies[TALLIES])
{
	char line[256];
	int n;

	for (const struct tally *t = tallies; t->count > 0; t++) {
		n = snprintf(line, sizeof(line), "%s %u %.1f %.3f\n",
		    pj_status_name(t->status), t->count, t->longest,
		    t->total / t->count);
		if (write(STDOUT_FILENO, line, (size_t)n) != n)
			_exit(1);
	}
}

/* ---- many processes ---- */

static void
repeat(double ms)
{
	struct tally tallies[TALLIES] = { { 0 } };
	double until = now() + ms;

	while (now() < until) {
		struct pj_decision decision;
		double took = log_in(pj_buf_span(&token), &decision);

		count(tallies, decision.status, took);
	}
	tell_tallies(tallies);
}

/* All begin when the last one is there; ms: 0 for a single login. */
static void
crowd(unsigned long n, double ms)
{
	int gate[2], status, failed = 0;
	char c;

	if (pipe(gate) != 0)
		die("pipe");
	for (unsigned long i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid > 0)
			continue;
		(void)close(gate[1]);
		(void)!read(gate[0], &c, 1);
		(void)close(gate[0]);
		if (ms > 0)
			repeat(ms);
		else
			one();
		_exit(0);
	}
	(void)close(gate[0]);
	(void)close(gate[1]);
	while (wait(&status) > 0)
		failed |= status;
	if (failed != 0)
		die("a login crashed");
}

/* ---- random key ids ---- */

/* The token with another key id, which spoils its signature as well. */
static void
with_kid(unsigned long number, struct pj_buf *out)
{
	struct pj_span text = pj_buf_span(&token);
	const unsigned char *dot = memchr(text.ptr, '.', text.len);
	char header[1024], fresh[1200], encoded[2000];
	char *kid, *end;
	size_t len;

	if (dot == NULL || pj_b64url_decode(pj_span(text.ptr,
	    (size_t)(dot - text.ptr)), (unsigned char *)header,
	    sizeof(header) - 1, &len) != PJ_OK)
		die("the token's header");
	header[len] = '\0';
	kid = strstr(header, "\"kid\":\"");
	end = kid != NULL ? strchr(kid + 7, '"') : NULL;
	if (end == NULL)
		die("the token's kid");
	kid[7] = '\0';
	(void)snprintf(fresh, sizeof(fresh), "%srandom-%lu-%ld%s", header,
	    number, (long)getpid(), end);
	if (!pj_b64url_encode(pj_span_str(fresh), encoded, sizeof(encoded)))
		die("encoding");
	pj_buf_clear(out);
	if (pj_buf_append(out, pj_span_str(encoded)) != PJ_OK ||
	    pj_buf_append(out, pj_span_from(text, (size_t)(dot -
	    text.ptr))) != PJ_OK)
		die("memory");
}

/* Moves the clocks on from what they were by a number of seconds. */
static void
move_clocks(long long wall, long long boot, const char *id, long long seconds)
{
	char path[4096], temp[4096];
	FILE *file;

	supply_path("clock", path);
	supply_path("clock.new", temp);
	file = fopen(temp, "we");
	if (file == NULL || fprintf(file, "%lld %lld %s\n", wall + seconds,
	    boot + seconds, id) < 0 || fclose(file) != 0 ||
	    rename(temp, path) != 0)
		die("clock");
}

static void
flood(unsigned long n, unsigned long ms, unsigned long good)
{
	struct tally bad[TALLIES] = { { 0 } }, well[TALLIES] = { { 0 } };
	PJ_BUF_SCOPED(text, PJ_TOKEN_MAX);
	long long wall = 0, boot = 0, moved = 0, at;
	char path[4096], id[40] = "-";
	FILE *file;

	supply_path("clock", path);
	file = fopen(path, "re");
	if (file != NULL) {
		if (fscanf(file, "%lld %lld %36s", &wall, &boot, id) != 3)
			die("clock");
		(void)fclose(file);
	}
	for (unsigned long i = 0; i < n; i++) {
		struct pj_decision decision;
		double took;

		at = (long long)(i * ms / n / 1000);
		if (at != moved)
			move_clocks(wall, boot, id, at);
		moved = at;
		with_kid(i, &text);
		took = log_in(pj_buf_span(&text), &decision);
		count(bad, decision.status, took);
		if (good == 0 || i % good != 0)
			continue;
		took = log_in(pj_buf_span(&token), &decision);
		count(well, decision.status, took);
	}
	move_clocks(wall, boot, id, (long long)(ms / 1000));
	tell_tallies(bad);
	(void)!write(STDOUT_FILENO, "good\n", 5);
	tell_tallies(well);
}

/* ---- a host that forks meanwhile ---- */

static volatile bool forking;

static void *
fork_often(void *ctx)
{
	unsigned *made = ctx;

	while (forking && *made < 400) {
		pid_t pid = fork();

		if (pid == 0) {
			(void)usleep(20000000);
			_exit(0);
		}
		if (pid > 0)
			(*made)++;
		(void)usleep(500);
	}
	return NULL;
}

static void
with_forks(void)
{
	pthread_t thread;
	unsigned made = 0;

	if (getpgrp() != getpid())
		die("not in a session of its own");
	forking = true;
	if (pthread_create(&thread, NULL, fork_often, &made) != 0)
		die("thread");
	while (made < 20)
		(void)usleep(1000);
	one();
	forking = false;
	(void)pthread_join(thread, NULL);
	/* They lived on; now they go, and so does this process. */
	(void)kill(0, SIGKILL);
}

static unsigned long
number(int argc, char **argv, int i)
{
	if (i >= argc)
		die("too few words");
	return strtoul(argv[i], NULL, 10);
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 3 ? argv[3] : "";

	if (argc < 4)
		die("see the head of login.c");
	config_path = argv[1];
	if (pj_file_read_any(argv[2], &token, NULL) != PJ_OK)
		die("the token");
	offline = strcmp(mode, "offline") == 0;
	if (strcmp(mode, "at-once") == 0)
		crowd(number(argc, argv, 4), 0);
	else if (strcmp(mode, "for") == 0)
		crowd(number(argc, argv, 5), (double)number(argc, argv, 4));
	else if (strcmp(mode, "kids") == 0)
		flood(number(argc, argv, 4), number(argc, argv, 5),
		    number(argc, argv, 6));
	else if (strcmp(mode, "forking") == 0)
		with_forks();
	else if (offline || strcmp(mode, "once") == 0 ||
	    strcmp(mode, "stay") == 0)
		one();
	else
		die("no such mode");
	pj_buf_free(&token);
	while (strcmp(mode, "stay") == 0)
		(void)pause();
	return 0;
}
