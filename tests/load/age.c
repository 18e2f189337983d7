/*
 * A host that grows old: one process that logs in through libpam, as often as
 * it is told, and tells what it holds.  tests/support/ageing.py speaks with it.
 *
 *	age SERVICE
 *
 * reads orders, one a line, and answers each with one line:
 *
 *	run FILE COUNT THREADS
 *
 * FILE holds lines "good TOKEN" or "bad TOKEN"; COUNT logins as "alice" take
 * them in turn.  THREADS is 1 (this thread itself) or the number of threads
 * that share them; every login has a handle of its own.  Answer: how many good
 * ones got in, how many bad ones were kept out, how many good ones were
 * refused, how many bad ones got in.
 *
 *	hold
 *
 * Answer: resident KiB, descriptors, threads, children, mappings.
 */
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_appl.h>

#define THREADS_MAX	200
#define TOKENS_MAX	64
#define ORDER_MAX	(20 * 1024)

struct order {
	bool	good;
	char	token[ORDER_MAX];
};

struct tally {
	unsigned long	in, out, refused, accepted;
};

struct share {
	pthread_t	thread;
	unsigned long	first, count;
	struct tally	tally;
};

static const char *service;
static struct order orders[TOKENS_MAX];
static size_t order_count;

static void __attribute__((noreturn))
die(const char *what)
{
	(void)fprintf(stderr, "age: %s\n", what);
	exit(2);
}

/* ---- logins ---- */

static int
answer(int count, const struct pam_message **messages,
    struct pam_response **responses, void *token)
{
	struct pam_response *fresh = calloc((size_t)count, sizeof(*fresh));

	(void)messages;
	if (fresh == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		fresh[i].resp = strdup(token);
	*responses = fresh;
	return PAM_SUCCESS;
}

static bool
log_in(char *token)
{
	const struct pam_conv conv = { answer, token };
	pam_handle_t *pamh = NULL;
	int rc;

	if (pam_start(service, "alice", &conv, &pamh) != PAM_SUCCESS)
		die("pam_start");
	rc = pam_authenticate(pamh, 0);
	if (rc == PAM_SUCCESS)
		rc = pam_setcred(pamh, PAM_ESTABLISH_CRED);
	(void)pam_end(pamh, rc);
	return rc == PAM_SUCCESS;
}

static void *
run_share(void *ctx)
{
	struct share *share = ctx;

	for (unsigned long i = 0; i < share->count; i++) {
		struct order *o = &orders[(share->first + i) % order_count];
		bool in = log_in(o->token);

		if (o->good && in)
			share->tally.in++;
		else if (o->good)
			share->tally.refused++;
		else if (in)
			share->tally.accepted++;
		else
			share->tally.out++;
	}
	return NULL;
}

static void
run_threads(struct share *shares, unsigned long threads)
{
	for (unsigned long i = 0; i < threads; i++)
		if (pthread_create(&shares[i].thread, NULL, run_share,
		    &shares[i]) != 0)
			die("pthread_create");
	for (unsigned long i = 0; i < threads; i++)
		(void)pthread_join(shares[i].thread, NULL);
}

static void
run(unsigned long count, unsigned long threads)
{
	static struct share shares[THREADS_MAX];
	struct tally all = { 0, 0, 0, 0 };

	if (threads < 1 || threads > THREADS_MAX)
		die("a strange number of threads");
	memset(shares, 0, sizeof(shares));
	for (unsigned long i = 0; i < threads; i++) {
		shares[i].first = i * count / threads;
		shares[i].count = (i + 1) * count / threads - shares[i].first;
	}
	if (threads == 1)
		(void)run_share(&shares[0]);
	else
		run_threads(shares, threads);
	for (unsigned long i = 0; i < threads; i++) {
		all.in += shares[i].tally.in;
		all.out += shares[i].tally.out;
		all.refused += shares[i].tally.refused;
		all.accepted += shares[i].tally.accepted;
	}
	(void)printf("%lu %lu %lu %lu\n", all.in, all.out, all.refused,
	    all.accepted);
}

static void
read_orders(const char *path)
{
	static char line[ORDER_MAX];
	FILE *file = fopen(path, "re");

	if (file == NULL)
		die(path);
	order_count = 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		struct order *o = &orders[order_count];
		char *token = strchr(line, ' ');

		if (token == NULL || order_count == TOKENS_MAX)
			die("a strange file of tokens");
		*token++ = '\0';
		token[strcspn(token, "\n")] = '\0';
		o->good = strcmp(line, "good") == 0;
		(void)snprintf(o->token, sizeof(o->token), "%s", token);
		order_count++;
	}
	(void)fclose(file);
	if (order_count == 0)
		die("no tokens");
}

/* ---- what the process holds ---- */

static size_t
count_entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t count = 0;

	if (dir == NULL)
		die(path);
	while (readdir(dir) != NULL)
		count++;
	(void)closedir(dir);
	return count - 2;	/* . and .. */
}

static size_t
count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t count = 0;
	int c;

	if (file == NULL)
		die(path);
	while ((c = fgetc(file)) != EOF)
		count += c == '\n';
	(void)fclose(file);
	return count;
}

/* Exact, where statm may be off by what each processor has not told yet. */
static unsigned long
resident_kib(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	unsigned long kib = 0;
	char line[256];

	if (file == NULL)
		die("/proc/self/smaps_rollup");
	while (kib == 0 && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "Rss: %lu kB", &kib) != 1)
			kib = 0;
	(void)fclose(file);
	return kib;
}

/* Any child, of any kind, running or not waited for. */
static size_t
count_children(void)
{
	siginfo_t info;

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0)
		return 1;
	return errno == ECHILD ? 0 : 1;
}

static void
hold(void)
{
	(void)printf("%lu %zu %zu %zu %zu\n", resident_kib(),
	    count_entries("/proc/self/fd"), count_entries("/proc/self/task"),
	    count_children(), count_lines("/proc/self/maps"));
}

int
main(int argc, char **argv)
{
	static char line[4096], path[4096];
	unsigned long count, threads;

	if (argc != 2)
		die("usage: age SERVICE");
	service = argv[1];
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (strcmp(line, "hold\n") == 0) {
			hold();
		} else if (sscanf(line, "run %4095s %lu %lu", path, &count,
		    &threads) == 3) {
			read_orders(path);
			run(count, threads);
		} else {
			die("a strange order");
		}
		(void)fflush(stdout);
	}
	return 0;
}
