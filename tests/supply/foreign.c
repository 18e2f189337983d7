/*
 * A host that watches itself while the module works: signals, children,
 * descriptors, limits, dispositions, masks, environment, folder.
 *
 *	foreign CONFDIR SERVICE USER CONDITION < TOKEN
 *
 * CONDITION is what the host is like: plain, ignored (SIGCHLD), blocked (every
 * signal), threads, closed (descriptors 0 to 2), few (RLIMIT_NOFILE), nofiles
 * (RLIMIT_FSIZE 0), reaping (a thread that waits for every child).  Prints the
 * PAM code, and a line for each thing that the host has noticed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <security/pam_appl.h>

static char token[20000];
static volatile sig_atomic_t signals_seen[65];
static int report = 100;	/* where 0 to 2 may be closed */
static volatile int stop, reaped;

static void
notice(const char *what, long a, long b)
{
	(void)dprintf(report, "noticed %s %ld %ld\n", what, a, b);
}

static void
count_signal(int sig)
{
	signals_seen[sig]++;
}

static int
answer(int count, const struct pam_message **messages,
    struct pam_response **responses, void *ctx)
{
	struct pam_response *fresh = calloc((size_t)count, sizeof(*fresh));

	(void)messages;
	(void)ctx;
	if (fresh == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		fresh[i].resp = strdup(token);
	*responses = fresh;
	return PAM_SUCCESS;
}

static int
transaction(const char *confdir, const char *service, const char *user)
{
	const struct pam_conv conv = { answer, NULL };
	pam_handle_t *pamh = NULL;
	int rc = pam_start_confdir(service, user, &conv, confdir, &pamh);

	if (rc == PAM_SUCCESS)
		rc = pam_authenticate(pamh, 0);
	(void)pam_end(pamh, rc);
	return rc;
}

/* What must be the same afterwards. */
struct picture {
	struct sigaction	actions[65];
	sigset_t		mask;
	struct rlimit		limits[RLIM_NLIMITS];
	struct stat		fds[256];
	int			flags[256];	/* -1: closed */
	mode_t			umask;
	char			cwd[4096];
	char			*environ0;
	size_t			environ_len;
};

static void
take(struct picture *p)
{
	memset(p, 0, sizeof(*p));
	for (int sig = 1; sig <= 64; sig++)
		(void)sigaction(sig, NULL, &p->actions[sig]);
	(void)pthread_sigmask(SIG_BLOCK, NULL, &p->mask);
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		(void)getrlimit((__rlimit_resource_t)i, &p->limits[i]);
	for (int fd = 0; fd < 256; fd++) {
		p->flags[fd] = fcntl(fd, F_GETFD);
		if (p->flags[fd] >= 0)
			(void)fstat(fd, &p->fds[fd]);
	}
	p->umask = umask(0);
	(void)umask(p->umask);
	(void)!getcwd(p->cwd, sizeof(p->cwd));
	for (char **e = environ; *e != NULL; e++)
		p->environ_len += strlen(*e) + 1;
	p->environ0 = environ[0];
}

static void
compare(const struct picture *a, const struct picture *b)
{
	for (int sig = 1; sig <= 64; sig++) {
		if (a->actions[sig].sa_handler != b->actions[sig].sa_handler ||
		    a->actions[sig].sa_flags != b->actions[sig].sa_flags)
			notice("disposition", sig, 0);
		if (sigismember(&a->mask, sig) != sigismember(&b->mask, sig))
			notice("mask", sig, 0);
		if (signals_seen[sig] > 0)
			notice("signal", sig, signals_seen[sig]);
	}
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		if (a->limits[i].rlim_cur != b->limits[i].rlim_cur ||
		    a->limits[i].rlim_max != b->limits[i].rlim_max)
			notice("limit", i, (long)b->limits[i].rlim_cur);
	for (int fd = 0; fd < 256; fd++)
		if (a->flags[fd] != b->flags[fd] ||
		    a->fds[fd].st_ino != b->fds[fd].st_ino ||
		    a->fds[fd].st_dev != b->fds[fd].st_dev)
			notice("descriptor", fd, b->flags[fd]);
	if (a->umask != b->umask)
		notice("umask", a->umask, b->umask);
	if (strcmp(a->cwd, b->cwd) != 0)
		notice("folder", 0, 0);
	if (a->environ_len != b->environ_len || a->environ0 != b->environ0)
		notice("environment", 0, 0);
}

static void *
reap_all(void *ctx)
{
	(void)ctx;
	while (!stop) {
		if (waitpid(-1, NULL, WNOHANG) > 0)
			reaped++;
		(void)usleep(200);
	}
	return NULL;
}

/* Threads that hold malloc's lock most of the time. */
static void *
allocate(void *ctx)
{
	(void)ctx;
	while (!stop)
		for (int i = 0; i < 100; i++)
			free(malloc((size_t)i * 100 + 1));
	return NULL;
}

static void
lower(__rlimit_resource_t what, rlim_t value)
{
	struct rlimit limit;

	(void)getrlimit(what, &limit);
	limit.rlim_cur = value;
	if (setrlimit(what, &limit) != 0)
		notice("setrlimit failed", (long)what, errno);
}

static void
become(const char *condition, pthread_t threads[4], int *count)
{
	sigset_t all;

	if (strcmp(condition, "ignored") == 0)
		(void)signal(SIGCHLD, SIG_IGN);
	if (strcmp(condition, "blocked") == 0) {
		(void)sigfillset(&all);
		(void)sigprocmask(SIG_SETMASK, &all, NULL);
	}
	if (strcmp(condition, "closed") == 0)
		for (int fd = 0; fd <= 2; fd++)
			(void)close(fd);
	if (strcmp(condition, "few") == 0)
		lower(RLIMIT_NOFILE, 16);
	if (strcmp(condition, "nofiles") == 0)
		lower(RLIMIT_FSIZE, 0);
	if (strcmp(condition, "reaping") == 0)
		(void)pthread_create(&threads[(*count)++], NULL, reap_all,
		    NULL);
	if (strcmp(condition, "threads") == 0)
		while (*count < 3)
			(void)pthread_create(&threads[(*count)++], NULL,
			    allocate, NULL);
}

int
main(int argc, char **argv)
{
	static struct picture before, after;
	struct sigaction action = { .sa_handler = count_signal };
	pthread_t threads[4];
	int count = 0, rc;
	pid_t pid;

	if (argc != 5 || fgets(token, sizeof(token), stdin) == NULL)
		return 2;
	token[strcspn(token, "\n")] = '\0';
	if (dup2(STDOUT_FILENO, report) != report)
		return 2;
	for (int sig = 1; sig <= 64; sig++)
		(void)sigaction(sig, &action, NULL);
	become(argv[4], threads, &count);
	/* Once in vain: what libraries open once is not the module's. */
	(void)transaction(argv[1], "nothing", argv[3]);
	take(&before);
	rc = transaction(argv[1], argv[2], argv[3]);
	take(&after);
	stop = 1;
	for (int i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
	compare(&before, &after);
	pid = waitpid(-1, NULL, WNOHANG | __WALL);
	if (pid >= 0 || errno != ECHILD)
		notice("child", pid, errno);
	if (reaped > 0)
		notice("reaped", reaped, 0);
	(void)dprintf(report, "%d\n", rc);
	return 0;
}
