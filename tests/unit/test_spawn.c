/*
 * base/spawn.h: a program is started from inside a host that watches its signals,
 * children, descriptors, limits and threads, and notices nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/spawn.h"
#include "scratch.h"

static volatile sig_atomic_t children_seen;

static void
count_child(int sig)
{
	(void)sig;
	children_seen++;
}

static void
pause_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
		continue;
}

/* Runs a shell script; its reply is left in reply, terminated. */
static enum pj_status
shell(const char *script, int64_t timeout_ms, char reply[4096],
    struct pj_error *err)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	struct pj_spawn spec = {
		.path = "/bin/sh", .argv = argv, .timeout_ms = timeout_ms,
	};
	PJ_BUF_SCOPED(buf, 4000);
	enum pj_status status;

	err->detail[0] = '\0';
	status = pj_spawn_run(&spec, &buf, err);
	if (buf.len > 0)
		memcpy(reply, buf.ptr, buf.len);
	reply[buf.len] = '\0';
	return status;
}

/* The script answers exactly this. */
static void
answers(const char *script, const char *want)
{
	struct pj_error err;
	char reply[4096];

	if (shell(script, 20000, reply, &err) != PJ_OK)
		fail_msg("%s: %s", script, err.detail);
	assert_string_equal(reply, want);
}

/* A host that counts SIGCHLD and has a child of its own. */
static int
watch(void **state)
{
	struct sigaction action = { .sa_handler = count_child };

	children_seen = 0;
	return sigaction(SIGCHLD, &action, NULL) != 0 || scratch_make(state);
}

static int
unwatch(void **state)
{
	(void)signal(SIGCHLD, SIG_DFL);
	return scratch_remove(state);
}

static void
the_answer_is_read_to_its_end(void **state)
{
	(void)state;
	answers("echo one >&3; sleep 0.2; echo two >&3", "one\ntwo\n");
	/* As long as the record of a failed start, and none. */
	answers("echo 1234567 >&3", "1234567\n");
	answers("exit 3", "");
	answers("kill -9 $$", "");
}

static void
the_end_of_the_program_is_waited_for_not_that_of_its_answer(void **state)
{
	char script[9000];

	(void)state;
	(void)snprintf(script, sizeof(script), "echo hello >&3; exec 3>&-; "
	    "sleep 1; : > %s", at("done"));
	answers(script, "hello\n");
	assert_int_equal(access(at("done"), F_OK), 0);
}

static void
the_host_sees_no_signal_and_no_child(void **state)
{
	sigset_t before, after;

	(void)state;
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &before), 0);
	for (int i = 0; i < 20; i++)
		answers("echo hello >&3", "hello\n");
	assert_int_equal(children_seen, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &after), 0);
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		assert_int_equal(sigismember(&before, sig),
		    sigismember(&after, sig));
}

static atomic_int looking;

static void *
reap_all(void *ctx)
{
	int *stolen = ctx;

	while (looking)
		if (waitpid(-1, NULL, WNOHANG) > 0)
			(*stolen)++;
	return NULL;
}

static void
a_host_that_reaps_everything_does_not_reap_ours(void **state)
{
	pthread_t thread;
	int stolen = 0;

	(void)state;
	looking = 1;
	assert_int_equal(pthread_create(&thread, NULL, reap_all, &stolen), 0);
	for (int i = 0; i < 20; i++)
		answers("sleep 0.01; echo hello >&3", "hello\n");
	looking = 0;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(stolen, 0);
}

static void
the_hosts_own_children_stay_its_own(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(7);
	pause_ms(50);
	answers("echo hello >&3", "hello\n");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_int_equal(children_seen, 1);
}

static void
it_works_where_sigchld_is_ignored_or_blocked(void **state)
{
	const char *argv[] = { "dd", "if=/proc/self/status",
		"of=/proc/self/fd/3", NULL };
	const struct pj_spawn dd = {
		.path = "/bin/dd", .argv = argv, .timeout_ms = 20000,
	};
	PJ_BUF_SCOPED(buf, 4096);
	sigset_t all, before;
	struct pj_error err;

	(void)state;
	(void)signal(SIGCHLD, SIG_IGN);
	answers("sleep 0.05; true; echo hello >&3", "hello\n");
	assert_ptr_equal(signal(SIGCHLD, SIG_DFL), SIG_IGN);
	(void)sigfillset(&all);
	assert_int_equal(sigprocmask(SIG_SETMASK, &all, &before), 0);
	/* Not a shell, which unblocks them itself. */
	assert_int_equal(pj_spawn_run(&dd, &buf, &err), PJ_OK);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	assert_int_equal(pj_buf_append(&buf, pj_span("", 1)), PJ_OK);
	assert_non_null(strstr((const char *)buf.ptr,
	    "SigBlk:\t0000000000000000\n"));
}

static void
ignored_signals_are_not_passed_on(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	answers("grep SigIgn /proc/self/status >&3",
	    "SigIgn:\t0000000000000000\n");
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
}

static void
the_program_gets_four_descriptors_and_no_more(void **state)
{
	int fd = open("/dev/zero", O_RDONLY), high, input = dup(0);

	(void)state;
	high = dup2(fd, 200);
	assert_int_equal(high, 200);
	assert_int_equal(dup2(fd, 0), 0);
	/* Only built-in words: a pipe or a pattern would open something. */
	answers("i=0; while [ $i -lt 256 ]; do [ -e /proc/$$/fd/$i ] && "
	    "x=\"$x$i \"; i=$((i+1)); done; echo \"$x\" >&3", "0 1 2 3 \n");
	/* First into a variable: the shell itself moves what it redirects. */
	answers("x=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2); "
	    "echo $x >&3", "/dev/null /dev/null /dev/null\n");
	assert_int_equal(dup2(input, 0), 0);
	assert_int_equal(close(input), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(close(high), 0);
}

static void
no_descriptor_stays_open_in_the_host(void **state)
{
	unsigned before = open_descriptors();
	struct pj_error err;
	char reply[4096];

	(void)state;
	for (int i = 0; i < 10; i++) {
		answers("echo hello >&3", "hello\n");
		(void)shell("sleep 9", 50, reply, &err);
	}
	assert_int_equal(open_descriptors(), before);
}

static void
environment_is_empty_and_session_its_own(void **state)
{
	(void)state;
	assert_int_equal(setenv("PJ_SECRET", "x", 1), 0);
	answers("tr '\\0' '\\n' < /proc/$$/environ >&3", "");
	answers("set -- $(cat /proc/$$/stat); "
	    "test $1 = $5 && test $1 = $6 && echo leader >&3", "leader\n");
}

static void
limits_of_the_host_do_not_stop_it(void **state)
{
	struct rlimit nofile, fsize, low;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &nofile), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &fsize), 0);
	low = nofile;
	low.rlim_cur = open_descriptors();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	low = fsize;
	low.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	answers("test $(ulimit -n) -ge 64 && ulimit -f >&3", "unlimited\n");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &fsize), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &nofile), 0);
}

static void
no_limit_of_the_host_is_passed_on(void **state)
{
	static const struct {
		int		what;
		rlim_t		low;
	} limits[] = {
		{ RLIMIT_AS, (rlim_t)1 << 46 }, { RLIMIT_CPU, 3600 },
		{ RLIMIT_DATA, (rlim_t)1 << 46 }, { RLIMIT_STACK, 4 << 20 },
	};
	struct rlimit before[4], low;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(getrlimit(limits[i].what, &before[i]), 0);
		low = before[i];
		low.rlim_cur = limits[i].low;
		assert_int_equal(setrlimit(limits[i].what, &low), 0);
	}
	answers("echo $(ulimit -v; ulimit -t; ulimit -d; ulimit -s) >&3",
	    "unlimited unlimited unlimited 8192\n");
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(setrlimit(limits[i].what, &before[i]), 0);
}

/* What cannot be raised is used to its end. */
static void
hard_limits_of_a_user_are_no_trouble(void **state)
{
	struct rlimit low = { .rlim_cur = 60, .rlim_max = 80 };
	struct pj_error err;
	char reply[4096];
	int status = -1;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		if (setrlimit(RLIMIT_NOFILE, &low) != 0 ||
		    setresuid(65534, 65534, 65534) != 0)
			_exit(9);
		_exit(shell("ulimit -n >&3", 20000, reply, &err) == PJ_OK &&
		    strcmp(reply, "80\n") == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
a_host_without_descriptors_gets_a_reason(void **state)
{
	struct rlimit before, none;
	struct pj_error err;
	enum pj_status status;
	char reply[4096];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	status = shell("echo x >&3", 5000, reply, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(status, PJ_HELPER_NOT_STARTED);
	assert_non_null(strstr(err.detail, "Too many open files"));
}

/* Another thread that writes to what it takes for its standard descriptors. */
static bool chatters;

/* In a process of its own, which a failure would leave without a voice. */
static void
it_works_with_the_standard_descriptors_closed(void **state)
{
	struct pj_error err;
	char reply[4096];
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		for (int fd = 0; fd < 64; fd++)
			(void)close(fd);
		chatters = true;
		if (shell("echo hello >&3", 5000, reply, &err) != PJ_OK ||
		    strcmp(reply, "hello\n") != 0)
			_exit(1);
		/* And they still are. */
		_exit(open("/dev/null", O_RDONLY) == 0 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* With the first one closed the pipe's end is the reply's number. */
	pid = fork();
	if (pid == 0) {
		(void)close(0);
		for (int fd = 3; fd < 64; fd++)
			(void)close(fd);
		_exit(shell("echo hello >&3", 5000, reply, &err) != PJ_OK ||
		    strcmp(reply, "hello\n") != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void *
busy_thread(void *ctx)
{
	struct pj_error err;
	char reply[4096];
	int *failures = ctx;

	for (int i = 0; i < 25; i++) {
		/* Somebody always holds malloc's lock. */
		free(malloc(100000));
		if (shell("echo hello >&3", 20000, reply, &err) != PJ_OK ||
		    strcmp(reply, "hello\n") != 0)
			(*failures)++;
	}
	return NULL;
}

static void
it_works_in_many_threads_at_once(void **state)
{
	pthread_t threads[8];
	int failures[8] = { 0 };

	(void)state;
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, busy_thread,
		    &failures[i]), 0);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(failures[i], 0);
	}
	assert_int_equal(children_seen, 0);
}

static void
a_failed_exec_says_why(void **state)
{
	const char *argv[] = { "x", NULL };
	struct pj_spawn spec = { .argv = argv, .timeout_ms = 5000 };
	PJ_BUF_SCOPED(buf, 100);
	struct pj_error err;

	(void)state;
	spec.path = "/nonexistent/helper";
	assert_int_equal(pj_spawn_run(&spec, &buf, &err),
	    PJ_HELPER_NOT_STARTED);
	assert_string_equal(err.detail,
	    "/nonexistent/helper: No such file or directory");
	put("f", "#!/bin/sh\n", 0600);
	spec.path = at("f");
	pj_buf_clear(&buf);
	assert_int_equal(pj_spawn_run(&spec, &buf, &err),
	    PJ_HELPER_NOT_STARTED);
	assert_non_null(strstr(err.detail, "Permission denied"));
}

/* Reads a process id that a script has left in a file. */
static pid_t
pid_in(const char *name)
{
	FILE *file = fopen(at(name), "r");
	int pid = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	(void)fclose(file);
	return pid;
}

/* True when the process is gone, or waits for init to see that. */
static bool
is_gone(pid_t pid)
{
	char path[64], text[512] = "";
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (file == NULL)
		return true;
	(void)!fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	return strstr(text, ") Z ") != NULL;
}

/* The end of the intermediate process before there is a program. */
static enum { SECOND_WORKS, SECOND_FAILS, SECOND_KILLS } second_clone;
static pid_t host_pid;

/* What the program calls its number, or 0. */
static pid_t number_of_another;

long	__real_syscall(long number, ...);
__attribute__((no_sanitize("address")))
long	__wrap_syscall(long number, ...);

/* All six arguments are read, as libc does, though most calls have fewer. */
long
__wrap_syscall(long number, ...)
{
	long arg[6];
	va_list ap;

	va_start(ap, number);
	for (size_t i = 0; i < 6; i++)
		arg[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_clone && second_clone != SECOND_WORKS &&
	    getpid() != host_pid) {
		if (second_clone == SECOND_KILLS)
			(void)kill(getpid(), SIGKILL);
		errno = EAGAIN;
		return -1;
	}
	if (number == SYS_clone && chatters)
		for (int fd = 0; fd < 3; fd++)
			(void)!write(fd, "what the host says", 18);
	if (number == SYS_getpid && number_of_another != 0)
		return number_of_another;
	return __real_syscall(number, arg[0], arg[1], arg[2], arg[3], arg[4],
	    arg[5]);
}

static void
without_a_process_for_the_program_there_is_a_reason(void **state)
{
	struct pj_error err;
	char reply[4096];

	(void)state;
	host_pid = getpid();
	second_clone = SECOND_FAILS;
	assert_int_equal(shell("echo hello >&3", 20000, reply, &err),
	    PJ_HELPER_NOT_STARTED);
	assert_non_null(strstr(err.detail, "no process for it"));
	assert_non_null(strstr(err.detail, "temporarily unavailable"));
	second_clone = SECOND_KILLS;
	assert_int_equal(shell("echo hello >&3", 20000, reply, &err),
	    PJ_HELPER_NOT_STARTED);
	assert_non_null(strstr(err.detail, "killed before it ran"));
	second_clone = SECOND_WORKS;
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}

static void
at_the_deadline_the_whole_group_dies(void **state)
{
	struct pj_error err;
	char reply[4096], script[9000];
	int64_t begun = pj_now_ms();

	(void)state;
	(void)snprintf(script, sizeof(script), "trap '' TERM HUP; sleep 60 & "
	    "echo $! > %s; echo $$ > %s; echo half >&3; wait", at("child"),
	    at("pid"));
	assert_int_equal(shell(script, 700, reply, &err), PJ_FETCH_TIMEOUT);
	assert_in_range(pj_now_ms() - begun, 700, 1500);
	assert_non_null(strstr(err.detail, "700 ms"));
	for (int i = 0; i < 100 && !is_gone(pid_in("child")); i++)
		pause_ms(10);
	assert_true(is_gone(pid_in("pid")));
	assert_true(is_gone(pid_in("child")));
	assert_int_equal(children_seen, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}

/*
 * Numbers are given away again: whose process it is is seen from its parent.
 * The program itself is left to its own deadline then.
 */
static void
a_process_of_the_programs_number_is_not_killed(void **state)
{
	unsigned before = open_descriptors();
	struct pj_error err;
	char reply[4096];

	(void)state;
	number_of_another = fork();
	if (number_of_another == 0) {
		pause_ms(12000);
		_exit(0);
	}
	assert_int_equal(setpgid(number_of_another, number_of_another), 0);
	assert_int_equal(shell("sleep 2", 500, reply, &err),
	    PJ_FETCH_TIMEOUT);
	assert_int_equal(open_descriptors(), before);
	pause_ms(100);
	assert_int_equal(waitpid(number_of_another, NULL, WNOHANG), 0);
	assert_int_equal(kill(number_of_another, SIGKILL), 0);
	assert_int_equal(waitpid(number_of_another, NULL, 0),
	    number_of_another);
	number_of_another = 0;
}

/* In /proc it stands before the parent's number. */
static void
a_name_that_looks_like_a_parent_does_not_save_the_program(void **state)
{
	static const char name[] = "x) S 1 (y";
	char script[9000], before[16] = "";
	const char *argv[] = { name, NULL };
	struct pj_spawn spec = { .argv = argv, .timeout_ms = 500 };
	PJ_BUF_SCOPED(buf, 100);
	struct pj_error err;

	(void)state;
	(void)snprintf(script, sizeof(script), "#!/bin/sh\necho $$ > %s\n"
	    "sleep 60\n", at("pid"));
	put(name, script, 0700);
	spec.path = at(name);
	/* Until exec it has the host's name. */
	assert_int_equal(prctl(PR_GET_NAME, before, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_NAME, name, 0, 0, 0), 0);
	assert_int_equal(pj_spawn_run(&spec, &buf, &err), PJ_FETCH_TIMEOUT);
	assert_int_equal(prctl(PR_SET_NAME, before, 0, 0, 0), 0);
	for (int i = 0; i < 100 && !is_gone(pid_in("pid")); i++)
		pause_ms(10);
	assert_true(is_gone(pid_in("pid")));
}

static void
too_long_an_answer_ends_it(void **state)
{
	struct pj_error err;
	char reply[4096];
	int64_t begun = pj_now_ms();

	(void)state;
	assert_int_equal(shell("while :; do echo 0123456789 >&3; done", 20000,
	    reply, &err), PJ_HELPER_FAILED);
	assert_in_range(pj_now_ms() - begun, 0, 5000);
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}

static void
nothing(int sig)
{
	(void)sig;
}

static void
signals_of_the_host_do_not_shorten_the_wait(void **state)
{
	struct sigaction action = { .sa_handler = nothing };
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	struct itimerval never = { { 0, 0 }, { 0, 0 } };

	(void)state;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	answers("sleep 0.3; echo hello >&3", "hello\n");
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	(void)signal(SIGALRM, SIG_DFL);
}

/* Sends a signal to the intermediate process as soon as it is there. */
static void *
disturb(void *ctx)
{
	int sig = *(int *)ctx, pid = 0;
	char path[64];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children",
	    (int)getpid());
	for (int i = 0; i < 1000 && pid == 0; i++) {
		file = fopen(path, "r");
		if (file != NULL && fscanf(file, "%d", &pid) != 1)
			pid = 0;
		if (file != NULL)
			(void)fclose(file);
		pause_ms(1);
	}
	pause_ms(200);
	if (pid > 0)
		(void)kill(pid, sig);
	return NULL;
}

/* Memory that the host's children share with it. */
static volatile sig_atomic_t *handled;

static void
count_handled(int sig)
{
	(void)sig;
	(*handled)++;
}

/* What a handler does there it would do with a copy of the host's memory. */
static void
no_handler_of_the_host_runs_in_the_intermediate(void **state)
{
	const struct sigaction action = { .sa_handler = count_handled };
	pthread_t thread;
	int sig = SIGUSR1;

	(void)state;
	handled = mmap(NULL, sizeof(*handled), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true((const volatile void *)handled != MAP_FAILED);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, disturb, &sig), 0);
	answers("sleep 0.6; echo hello >&3", "hello\n");
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(*handled, 0);
	/* In the host it goes on as before. */
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(*handled, 1);
	(void)signal(SIGUSR1, SIG_DFL);
	(void)munmap((void *)(uintptr_t)handled, sizeof(*handled));
}

static void
whoever_kills_the_intermediate_does_not_stop_the_program(void **state)
{
	pthread_t thread;
	int sig = SIGKILL;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, disturb, &sig), 0);
	answers("sleep 0.6; echo hello >&3", "hello\n");
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void
whoever_kills_the_intermediate_does_not_save_the_program(void **state)
{
	char reply[4096], script[9000];
	struct pj_error err;
	pthread_t thread;
	int sig = SIGKILL;
	int64_t begun = pj_now_ms();

	(void)state;
	(void)snprintf(script, sizeof(script), "echo $$ > %s; sleep 60",
	    at("pid"));
	assert_int_equal(pthread_create(&thread, NULL, disturb, &sig), 0);
	assert_int_equal(shell(script, 1000, reply, &err), PJ_FETCH_TIMEOUT);
	assert_in_range(pj_now_ms() - begun, 1000, 2500);
	assert_int_equal(pthread_join(thread, NULL), 0);
	for (int i = 0; i < 100 && !is_gone(pid_in("pid")); i++)
		pause_ms(10);
	assert_true(is_gone(pid_in("pid")));
}

static void
whoever_stops_the_intermediate_does_not_move_the_deadline(void **state)
{
	struct pj_error err;
	char reply[4096];
	pthread_t thread;
	int sig = SIGSTOP;
	int64_t begun = pj_now_ms();

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, disturb, &sig), 0);
	assert_int_equal(shell("sleep 60", 1000, reply, &err),
	    PJ_FETCH_TIMEOUT);
	assert_in_range(pj_now_ms() - begun, 1000, 3000);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}

static void
whoever_stops_the_intermediate_does_not_delay_the_answer(void **state)
{
	int64_t begun = pj_now_ms();
	pthread_t thread;
	int sig = SIGSTOP;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, disturb, &sig), 0);
	answers("sleep 0.4; echo hello >&3", "hello\n");
	assert_in_range(pj_now_ms() - begun, 400, 5000);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}

/*
 * What another thread of the host may do at the worst moment: it forks, and the
 * child lives on with both ends of the pipe.
 */
static bool forks_at_pipe;
static pid_t bystander;

int	__real_pipe2(int fds[2], int flags);
int	__wrap_pipe2(int fds[2], int flags);

int
__wrap_pipe2(int fds[2], int flags)
{
	int result = __real_pipe2(fds, flags);

	if (forks_at_pipe) {
		bystander = fork();
		if (bystander == 0) {
			pause_ms(12000);
			_exit(0);
		}
	}
	return result;
}

static void
end_bystander(void)
{
	assert_true(bystander > 0);
	assert_int_equal(kill(bystander, SIGKILL), 0);
	assert_int_equal(waitpid(bystander, NULL, 0), bystander);
}

static void
a_child_of_the_host_that_holds_the_pipe_delays_nothing(void **state)
{
	const char *argv[] = { "/bin/true", NULL };
	struct pj_spawn spec = {
		.path = "/bin/true", .argv = argv, .timeout_ms = 20000,
		.detached = true,
	};
	int64_t begun = pj_now_ms();
	struct pj_error err;
	char reply[4096];

	(void)state;
	forks_at_pipe = true;
	answers("sleep 0.1; echo hello >&3", "hello\n");
	assert_in_range(pj_now_ms() - begun, 100, 9000);
	end_bystander();
	begun = pj_now_ms();
	assert_int_equal(pj_spawn_run(&spec, NULL, &err), PJ_OK);
	assert_in_range(pj_now_ms() - begun, 0, 9000);
	end_bystander();
	/* And where there is nothing to be had, the deadline is kept. */
	begun = pj_now_ms();
	assert_int_equal(shell("sleep 60", 500, reply, &err),
	    PJ_FETCH_TIMEOUT);
	assert_in_range(pj_now_ms() - begun, 500, 9000);
	end_bystander();
	forks_at_pipe = false;
}

/* A host that is not scheduled: it looks when all is over. */
static bool looks_late;

int	__real_poll(struct pollfd *fds, nfds_t count, int ms);
int	__wrap_poll(struct pollfd *fds, nfds_t count, int ms);

int
__wrap_poll(struct pollfd *fds, nfds_t count, int ms)
{
	if (looks_late) {
		looks_late = false;
		pause_ms(500);
	}
	return __real_poll(fds, count, ms);
}

static void
a_program_that_has_ended_before_the_host_looks_delays_nothing(void **state)
{
	int64_t begun = pj_now_ms();

	(void)state;
	forks_at_pipe = true;
	looks_late = true;
	answers("echo hello >&3", "hello\n");
	assert_in_range(pj_now_ms() - begun, 500, 9000);
	end_bystander();
	forks_at_pipe = false;
}

static void
a_detached_program_goes_on_alone(void **state)
{
	char script[9000];
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	struct pj_spawn spec = {
		.path = "/bin/sh", .argv = argv, .timeout_ms = 2000,
		.detached = true,
	};
	int64_t begun = pj_now_ms();
	struct pj_error err;
	char reply[64];
	FILE *file;

	(void)state;
	(void)snprintf(script, sizeof(script), "echo lost >&3; sleep 0.5; "
	    "readlink /proc/$$/fd/3 > %s; mv %s %s", at("tmp"), at("tmp"),
	    at("done"));
	assert_int_equal(pj_spawn_run(&spec, NULL, &err), PJ_OK);
	assert_in_range(pj_now_ms() - begun, 0, 400);
	assert_int_equal(children_seen, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	for (int i = 0; i < 300 && access(at("done"), F_OK) != 0; i++)
		pause_ms(10);
	file = fopen(at("done"), "r");
	assert_non_null(file);
	assert_non_null(fgets(reply, sizeof(reply), file));
	(void)fclose(file);
	assert_string_equal(reply, "/dev/null\n");
}

static int host_ends[2];

static void *
close_later(void *ctx)
{
	(void)ctx;
	pause_ms(300);
	(void)close(host_ends[1]);
	return NULL;
}

/* The peer of a connection that the host closes sees that at once. */
static void
what_the_host_closes_meanwhile_is_closed(void **state)
{
	struct pollfd pfd = { .events = POLLIN };
	pthread_t thread;
	pid_t peer;
	int status;

	(void)state;
	assert_int_equal(pipe(host_ends), 0);
	peer = fork();
	if (peer == 0) {
		(void)close(host_ends[1]);
		pfd.fd = host_ends[0];
		_exit(poll(&pfd, 1, 2500) == 1 ? 0 : 1);
	}
	assert_int_equal(pthread_create(&thread, NULL, close_later, NULL), 0);
	answers("sleep 3; echo hello >&3", "hello\n");
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(close(host_ends[0]), 0);
	assert_int_equal(waitpid(peer, &status, 0), peer);
	assert_int_equal(status, 0);
}

/* The first process of a container, whose children all orphans become. */
static void
the_first_process_starts_nothing_detached(void **state)
{
	const char *argv[] = { "/bin/true", NULL };
	struct pj_spawn spec = {
		.path = "/bin/true", .argv = argv, .timeout_ms = 2000,
		.detached = true,
	};
	struct pj_error err;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		if (unshare(CLONE_NEWPID) != 0)
			_exit(77);
		pid = fork();
		if (pid == 0)
			_exit(pj_spawn_run(&spec, NULL, &err) ==
			    PJ_HELPER_NOT_STARTED ? 0 : 1);
		_exit(waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

/* Orphans become this process's children, as they do in the first process. */
static void
a_host_that_would_inherit_the_program_starts_none(void **state)
{
	const char *argv[] = { "/bin/true", NULL };
	struct pj_spawn spec = {
		.path = "/bin/true", .argv = argv, .timeout_ms = 2000,
		.detached = true,
	};
	struct pj_error err;
	enum pj_status status;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	status = pj_spawn_run(&spec, NULL, &err);
	pause_ms(300);
	assert_int_equal(children_seen, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(status, PJ_HELPER_NOT_STARTED);
	/* Where somebody waits nothing is left to inherit. */
	answers("echo hello >&3", "hello\n");
	assert_int_equal(children_seen, 0);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
	assert_int_equal(pj_spawn_run(&spec, NULL, &err), PJ_OK);
}

int
main(void)
{
#define spawn_test(f)	cmocka_unit_test_setup_teardown(f, watch, unwatch)
	const struct CMUnitTest tests[] = {
		spawn_test(the_answer_is_read_to_its_end),
		spawn_test(
		    the_end_of_the_program_is_waited_for_not_that_of_its_answer),
		spawn_test(the_host_sees_no_signal_and_no_child),
		spawn_test(a_host_that_reaps_everything_does_not_reap_ours),
		spawn_test(the_hosts_own_children_stay_its_own),
		spawn_test(it_works_where_sigchld_is_ignored_or_blocked),
		spawn_test(ignored_signals_are_not_passed_on),
		spawn_test(the_program_gets_four_descriptors_and_no_more),
		spawn_test(no_descriptor_stays_open_in_the_host),
		spawn_test(environment_is_empty_and_session_its_own),
		spawn_test(limits_of_the_host_do_not_stop_it),
		spawn_test(no_limit_of_the_host_is_passed_on),
		spawn_test(hard_limits_of_a_user_are_no_trouble),
		spawn_test(a_host_without_descriptors_gets_a_reason),
		spawn_test(it_works_with_the_standard_descriptors_closed),
		spawn_test(it_works_in_many_threads_at_once),
		spawn_test(a_failed_exec_says_why),
		spawn_test(without_a_process_for_the_program_there_is_a_reason),
		spawn_test(at_the_deadline_the_whole_group_dies),
		spawn_test(a_process_of_the_programs_number_is_not_killed),
		spawn_test(
		    a_name_that_looks_like_a_parent_does_not_save_the_program),
		spawn_test(too_long_an_answer_ends_it),
		spawn_test(signals_of_the_host_do_not_shorten_the_wait),
		spawn_test(no_handler_of_the_host_runs_in_the_intermediate),
		spawn_test(
		    whoever_kills_the_intermediate_does_not_stop_the_program),
		spawn_test(
		    whoever_kills_the_intermediate_does_not_save_the_program),
		spawn_test(
		    whoever_stops_the_intermediate_does_not_move_the_deadline),
		spawn_test(
		    whoever_stops_the_intermediate_does_not_delay_the_answer),
		spawn_test(
		    a_child_of_the_host_that_holds_the_pipe_delays_nothing),
		spawn_test(
		    a_program_that_has_ended_before_the_host_looks_delays_nothing),
		spawn_test(a_detached_program_goes_on_alone),
		spawn_test(what_the_host_closes_meanwhile_is_closed),
		spawn_test(the_first_process_starts_nothing_detached),
		spawn_test(a_host_that_would_inherit_the_program_starts_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
