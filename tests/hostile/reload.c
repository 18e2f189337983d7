/*
 * A host that lives long: asks libpam for the module, lets a token in, and lets
 * go of it, COUNT times; then THREADS at once, each with handles of its
 * own.  Memory, mappings and descriptors must stay.
 *
 *	reload CONFDIR TOKEN COUNT THREADS
 *
 * CONFDIR holds the stack "reload".  Prints what it counted; ends with 1 if
 * something grew.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_appl.h>

/* Round after round the same: what is above this grew with each. */
#define KIB_MAX		512
#define WARM_UP		200

#define THREADS_MAX	200
#define THREAD_ROUNDS	10

static const char *confdir, *token;

static void __attribute__((noreturn))
die(const char *what)
{
	(void)fprintf(stderr, "reload: %s\n", what);
	exit(2);
}

static int
answer(int count, const struct pam_message **messages,
    struct pam_response **responses, void *ctx)
{
	struct pam_response *fresh = calloc((size_t)count, sizeof(*fresh));

	(void)messages;
	(void)ctx;
	if (fresh == NULL)
		die("memory");
	for (int i = 0; i < count; i++)
		fresh[i].resp = strdup(token);
	*responses = fresh;
	return PAM_SUCCESS;
}

static void
round_trip(void)
{
	const struct pam_conv conv = { answer, NULL };
	pam_handle_t *pamh = NULL;
	int rc;

	if (pam_start_confdir("reload", "alice", &conv, confdir, &pamh) !=
	    PAM_SUCCESS)
		die("pam_start_confdir");
	rc = pam_authenticate(pamh, 0);
	if (rc != PAM_SUCCESS)
		die(pam_strerror(pamh, rc));
	(void)pam_end(pamh, rc);
}

static void *
run_thread(void *ctx)
{
	for (int i = 0; i < THREAD_ROUNDS; i++)
		round_trip();
	return ctx;
}

static void
run_threads(long count)
{
	pthread_t threads[THREADS_MAX];

	if (count > THREADS_MAX)
		die("too many threads");
	for (long i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, run_thread, NULL) != 0)
			die("pthread_create");
	for (long i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
}

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
	return count;
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

static size_t
resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long size, resident;

	if (file == NULL || fscanf(file, "%lu %lu", &size, &resident) != 2)
		die("statm");
	(void)fclose(file);
	return resident * 4;
}

struct counts {
	size_t	kib;
	size_t	maps;
	size_t	fds;
};

static struct counts
count_all(void)
{
	struct counts now;

	now.kib = resident_kib();
	now.maps = count_lines("/proc/self/maps");
	now.fds = count_entries("/proc/self/fd");
	return now;
}

int
main(int argc, char **argv)
{
	struct counts before, after;
	long rounds;

	if (argc != 5)
		die("usage: reload CONFDIR TOKEN COUNT THREADS");
	confdir = argv[1];
	token = argv[2];
	rounds = strtol(argv[3], NULL, 10);
	for (int i = 0; i < WARM_UP; i++)
		round_trip();
	before = count_all();
	for (long i = 0; i < rounds; i++)
		round_trip();
	after = count_all();
	(void)printf("%ld rounds: %zu -> %zu KiB, %zu -> %zu mappings, "
	    "%zu -> %zu descriptors, module %s\n", rounds, before.kib,
	    after.kib, before.maps, after.maps, before.fds, after.fds,
	    dlopen("pam_jwks.so", RTLD_NOLOAD | RTLD_NOW) == NULL ?
	    "unloaded" : "still loaded");
	run_threads(strtol(argv[4], NULL, 10));
	(void)printf("%s threads: all logged in\n", argv[4]);
	return after.kib > before.kib + KIB_MAX ||
	    after.maps > before.maps + 2 || after.fds != before.fds;
}
