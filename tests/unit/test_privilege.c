/*
 * fetch/privilege.h: what the helper leaves behind and what its worker gives up.
 * The kernel is replaced by a few lines that remember, refuse, or say yes and do
 * nothing: so it is seen that nothing is taken on trust, and without root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fetch/privilege.h"

#define MIB	(1024UL * 1024UL)
#define PARENT	4711

/* The address sanitizer reserves terabytes. */
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN
#endif
#endif

#define MANY	1000		/* descriptors from here on are no real ones */
#define UNSET	((rlim_t)12345)

static struct {
	const char	*refuses;	/* the call that fails */
	const char	*ignores;	/* the call that says yes, without effect */
	char		 calls[2000];	/* names, in order */
	uid_t		 uid[3];	/* real, effective, saved */
	gid_t		 gid[3];
	size_t		 groups;
	bool		 capable;
	struct rlimit	 limits[RLIM_NLIMITS];
	bool		 may_raise;
	void		(*handlers[NSIG])(int);
	bool		 masked;
	bool		 closed[40];
	bool		 closed_above;
	int		 next_fd;
	unsigned	 nulls;		/* /dev/null was opened so often */
	bool		 to_null[3];
	int		 oom[2];
	unsigned long	 slack;
	bool		 no_new_privileges, undumpable, mortal;
	bool		 scheduled, niced, spread, memory, io;
	mode_t		 mask;
	const char	*passwd;
} fake;

/* Notes a call.  False: it fails. */
static bool
may(const char *name)
{
	if (fake.refuses != NULL && strcmp(fake.refuses, name) == 0) {
		errno = EPERM;
		return false;
	}
	(void)strncat(fake.calls, name,
	    sizeof(fake.calls) - strlen(fake.calls) - 2);
	(void)strcat(fake.calls, " ");
	return true;
}

static bool
works(const char *name)
{
	return fake.ignores == NULL || strcmp(fake.ignores, name) != 0;
}

static bool
called(const char *name)
{
	char word[40];

	(void)snprintf(word, sizeof(word), " %s ", name);
	return strstr(fake.calls, word) != NULL;
}

/* ---- the kernel ---------------------------------------------------------- */

int	__wrap_chdir(const char *path);
int	__wrap_clearenv(void);
int	__wrap_close(int fd);
int	__wrap_dup2(int from, int to);
FILE	*__wrap_fopen(const char *path, const char *mode);
uid_t	__wrap_geteuid(void);
int	__wrap_getgroups(int size, gid_t *list);
pid_t	__wrap_getppid(void);
struct passwd *__wrap_getpwnam(const char *name);
int	__wrap_getresgid(gid_t *r, gid_t *e, gid_t *s);
int	__wrap_getresuid(uid_t *r, uid_t *e, uid_t *s);
int	__wrap_getrlimit(int what, struct rlimit *limit);
int	__wrap_open(const char *path, int flags, ...);
int	__wrap_prctl(int option, ...);
int	__wrap_sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set);
int	__wrap_sched_setscheduler(pid_t pid, int policy,
	    const struct sched_param *param);
int	__wrap_setegid(gid_t id);
int	__wrap_seteuid(uid_t id);
int	__wrap_setgid(gid_t id);
int	__wrap_setgroups(size_t size, const gid_t *list);
int	__wrap_setpriority(int which, id_t who, int value);
int	__wrap_setresgid(gid_t r, gid_t e, gid_t s);
int	__wrap_setresuid(uid_t r, uid_t e, uid_t s);
int	__wrap_setrlimit(int what, const struct rlimit *limit);
pid_t	__wrap_setsid(void);
int	__wrap_setuid(uid_t id);
void	(*__wrap_signal(int sig, void (*handler)(int)))(int);
int	__wrap_sigprocmask(int how, const sigset_t *set, sigset_t *old);
long	__wrap_syscall(long number, ...);
mode_t	__wrap_umask(mode_t mask);
int	__real_close(int fd);

int
__wrap_chdir(const char *path)
{
	assert_string_equal(path, "/");
	return may("chdir") ? 0 : -1;
}

int
__wrap_clearenv(void)
{
	return may("clearenv") ? 0 : -1;
}

int
__wrap_close(int fd)
{
	return fd < MANY ? __real_close(fd) : 0;
}

int
__wrap_dup2(int from, int to)
{
	assert_in_range(to, 0, 2);
	assert_int_equal(from, MANY);
	if (!may("dup2"))
		return -1;
	fake.to_null[to] = true;
	return to;
}

FILE *
__wrap_fopen(const char *path, const char *mode)
{
	(void)mode;
	assert_string_equal(path, "/etc/passwd");
	return fake.passwd == NULL ? NULL : fmemopen(
	    (void *)(uintptr_t)fake.passwd, strlen(fake.passwd), "r");
}

uid_t
__wrap_geteuid(void)
{
	return fake.uid[1];
}

int
__wrap_getgroups(int size, gid_t *list)
{
	assert_int_equal(size, 0);
	(void)list;
	return (int)fake.groups;
}

pid_t
__wrap_getppid(void)
{
	return works("getppid") ? PARENT : 1;
}

struct passwd *
__wrap_getpwnam(const char *name)
{
	static struct passwd elsewhere = { .pw_uid = 70, .pw_gid = 71 };

	return strcmp(name, "elsewhere") == 0 ? &elsewhere : NULL;
}

int
__wrap_getresgid(gid_t *r, gid_t *e, gid_t *s)
{
	*r = fake.gid[0];
	*e = fake.gid[1];
	*s = fake.gid[2];
	return may("getresgid") ? 0 : -1;
}

int
__wrap_getresuid(uid_t *r, uid_t *e, uid_t *s)
{
	*r = fake.uid[0];
	*e = fake.uid[1];
	*s = fake.uid[2];
	return may("getresuid") ? 0 : -1;
}

int
__wrap_getrlimit(int what, struct rlimit *limit)
{
	*limit = fake.limits[what];
	return may("getrlimit") ? 0 : -1;
}

int
__wrap_open(const char *path, int flags, ...)
{
	(void)flags;
	if (!may(path))
		return -1;
	if (strcmp(path, "/dev/null") != 0)
		return dup(fake.oom[1]);
	fake.nulls++;
	return fake.next_fd <= STDERR_FILENO ? fake.next_fd++ : MANY;
}

int
__wrap_prctl(int option, ...)
{
	unsigned long value;
	va_list ap;

	va_start(ap, option);
	value = option == PR_SET_TIMERSLACK ? va_arg(ap, unsigned long) :
	    (unsigned long)va_arg(ap, int);
	va_end(ap);
	switch (option) {
	case PR_SET_TIMERSLACK:
		fake.slack = value;
		return 0;
	case PR_SET_NO_NEW_PRIVS:
		fake.no_new_privileges = value == 1;
		return may("no_new_privs") ? 0 : -1;
	case PR_SET_DUMPABLE:
		fake.undumpable = value == 0;
		return may("dumpable") ? 0 : -1;
	case PR_SET_PDEATHSIG:
		fake.mortal = value == SIGKILL;
		return may("pdeathsig") ? 0 : -1;
	default:
		fail_msg("prctl %d", option);
		return -1;
	}
}

int
__wrap_sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
	assert_int_equal(pid, 0);
	fake.spread = CPU_COUNT_S(size, set) == (int)(8 * size);
	return 0;
}

int
__wrap_sched_setscheduler(pid_t pid, int policy,
    const struct sched_param *param)
{
	fake.scheduled = pid == 0 && policy == SCHED_OTHER &&
	    param->sched_priority == 0;
	return 0;
}

/* Root can have back what root has. */
static int
back(const char *name)
{
	if (!works(name) || fake.capable)
		return 0;
	errno = EPERM;
	return -1;
}

int
__wrap_setegid(gid_t id)
{
	(void)id;
	return back("setegid");
}

int
__wrap_seteuid(uid_t id)
{
	(void)id;
	return back("seteuid");
}

int
__wrap_setgid(gid_t id)
{
	(void)id;
	return back("setgid");
}

int
__wrap_setuid(uid_t id)
{
	(void)id;
	return back("setuid");
}

int
__wrap_setgroups(size_t size, const gid_t *list)
{
	(void)list;
	assert_int_equal(size, 0);
	if (called("setresuid"))
		return back("setgroups-after");
	if (!may("setgroups"))
		return -1;
	if (works("setgroups"))
		fake.groups = 0;
	return 0;
}

int
__wrap_setpriority(int which, id_t who, int value)
{
	fake.niced = which == PRIO_PROCESS && who == 0 && value == 0;
	return 0;
}

int
__wrap_setresgid(gid_t r, gid_t e, gid_t s)
{
	const gid_t ids[3] = { r, e, s };

	if (!may("setresgid"))
		return -1;
	for (size_t i = 0; i < 3 && works("setresgid"); i++)
		fake.gid[i] = ids[i];
	return 0;
}

int
__wrap_setresuid(uid_t r, uid_t e, uid_t s)
{
	const uid_t ids[3] = { r, e, s };

	if (!may("setresuid"))
		return -1;
	/* As the kernel does it. */
	fake.mortal = false;
	for (size_t i = 0; i < 3 && works("setresuid"); i++)
		fake.uid[i] = ids[i];
	return 0;
}

int
__wrap_setrlimit(int what, const struct rlimit *limit)
{
	if (!may("setrlimit"))
		return -1;
	if (!fake.may_raise && limit->rlim_max > fake.limits[what].rlim_max) {
		errno = EPERM;
		return -1;
	}
	fake.limits[what] = *limit;
	return 0;
}

pid_t
__wrap_setsid(void)
{
	return may("setsid") ? 1 : -1;
}

void
(*__wrap_signal(int sig, void (*handler)(int)))(int)
{
	fake.handlers[sig] = handler;
	return SIG_DFL;
}

int
__wrap_sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	(void)old;
	fake.masked = how != SIG_SETMASK || sigismember(set, SIGALRM) != 0 ||
	    sigismember(set, SIGTERM) != 0;
	return 0;
}

static long
close_range_of(unsigned first, unsigned last)
{
	for (unsigned fd = first; fd < 40 && fd <= last; fd++)
		fake.closed[fd] = true;
	if (last == ~0U)
		fake.closed_above = true;
	return 0;
}

long
__wrap_syscall(long number, ...)
{
	const struct __user_cap_data_struct *data;
	unsigned first, last;
	va_list ap;

	va_start(ap, number);
	if (number == SYS_close_range) {
		first = va_arg(ap, unsigned);
		last = va_arg(ap, unsigned);
		va_end(ap);
		return close_range_of(first, last);
	}
	if (number == SYS_capset) {
		(void)va_arg(ap, void *);
		data = va_arg(ap, const struct __user_cap_data_struct *);
		if (works("capset"))
			fake.capable = (data[0].effective | data[0].permitted |
			    data[0].inheritable | data[1].effective |
			    data[1].permitted | data[1].inheritable) != 0;
		va_end(ap);
		return may("capset") ? 0 : -1;
	}
	first = va_arg(ap, unsigned);
	va_end(ap);
	if (number == SYS_set_mempolicy)
		fake.memory = first == 0;
	else if (number == SYS_ioprio_set)
		fake.io = first == 1;
	else
		fail_msg("system call %ld", number);
	return 0;
}

mode_t
__wrap_umask(mode_t mask)
{
	fake.mask = mask;
	return 0;
}

/* ---- the tests ----------------------------------------------------------- */

static const struct pj_fetch_user nobody = { .drop = true, .uid = 65534,
    .gid = 65533 };

/* A host that su's caller has prepared. */
static int
clear(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	(void)strcpy(fake.calls, " ");
	fake.uid[0] = fake.gid[0] = fake.gid[1] = fake.gid[2] = 1000;
	fake.groups = 3;
	fake.capable = fake.may_raise = fake.masked = true;
	fake.mask = 0777;
	fake.next_fd = STDERR_FILENO + 1;
	for (size_t i = 0; i < RLIM_NLIMITS; i++)
		fake.limits[i] = (struct rlimit){ UNSET, UNSET };
	for (size_t i = 0; i < NSIG; i++)
		fake.handlers[i] = SIG_IGN;
	fake.handlers[SIGPIPE] = fake.handlers[SIGXFSZ] = SIG_DFL;
	return pipe2(fake.oom, O_CLOEXEC | O_NONBLOCK);
}

static int
end(void **state)
{
	(void)state;
	(void)__real_close(fake.oom[0]);
	(void)__real_close(fake.oom[1]);
	return 0;
}

static enum pj_status
begin(int keep_fd)
{
	return pj_privilege_begin(keep_fd, NULL);
}

static enum pj_status
drop(const struct pj_fetch_user *user)
{
	return pj_privilege_drop(user, 5, PARENT, NULL);
}

static void
limit_is(int what, rlim_t value)
{
	assert_int_equal(fake.limits[what].rlim_cur, value);
	assert_int_equal(fake.limits[what].rlim_max, value);
}

static void
the_helper_is_root_in_every_id_before_anything_else(void **state)
{
	static const char first[] = " setgroups setresgid setresuid ";

	(void)state;
	assert_int_equal(begin(3), PJ_OK);
	assert_memory_equal(fake.calls, first, sizeof(first) - 1);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(fake.uid[i], 0);
		assert_int_equal(fake.gid[i], 0);
	}
	assert_int_equal(fake.groups, 0);
}

static void
the_helper_leaves_its_callers_surroundings(void **state)
{
	char oom[2] = "";

	(void)state;
	assert_int_equal(begin(3), PJ_OK);
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		assert_ptr_equal(fake.handlers[sig],
		    sig == SIGPIPE || sig == SIGXFSZ ? SIG_IGN : SIG_DFL);
	assert_false(fake.masked);
	assert_true(called("setsid"));
	assert_true(called("chdir"));
	assert_true(called("clearenv"));
	assert_int_equal(fake.mask, 022);
	assert_true(fake.scheduled && fake.niced && fake.spread);
	assert_true(fake.memory && fake.io);
	assert_int_equal(fake.slack, 50000);
	assert_int_equal(read(fake.oom[0], oom, sizeof(oom)), 1);
	assert_int_equal(oom[0], '0');
}

static void
the_helper_has_limits_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(begin(3), PJ_OK);
	limit_is(RLIMIT_AS, RLIM_INFINITY);
	limit_is(RLIMIT_DATA, RLIM_INFINITY);
	limit_is(RLIMIT_FSIZE, RLIM_INFINITY);
	limit_is(RLIMIT_NPROC, RLIM_INFINITY);
	limit_is(RLIMIT_CPU, 30);
	limit_is(RLIMIT_STACK, 8 * MIB);
	limit_is(RLIMIT_NOFILE, 256);
	limit_is(RLIMIT_CORE, 0);
}

/* Root without CAP_SYS_RESOURCE: the nearest that the hard limit allows. */
static void
a_limit_that_cannot_be_raised_is_as_high_as_it_may_be(void **state)
{
	(void)state;
	fake.may_raise = false;
	fake.limits[RLIMIT_NOFILE] = (struct rlimit){ 20, 100 };
	fake.limits[RLIMIT_CPU] = (struct rlimit){ 1, RLIM_INFINITY };
	assert_int_equal(begin(3), PJ_OK);
	limit_is(RLIMIT_NOFILE, 100);
	limit_is(RLIMIT_CPU, 30);
	limit_is(RLIMIT_AS, UNSET);
}

static void
what_another_user_set_is_his_own(void **state)
{
	(void)state;
	fake.uid[1] = fake.uid[2] = 1000;
	assert_int_equal(begin(3), PJ_OK);
	assert_false(called("setgroups") || called("setresuid"));
	assert_int_equal(fake.groups, 3);
	assert_false(called("setrlimit"));
	assert_false(fake.scheduled || fake.niced || fake.spread);
	/* The rest is the same. */
	assert_true(called("setsid") && called("clearenv"));
	assert_true(fake.closed[4]);
}

static void
the_helper_does_not_begin_where_a_step_fails(void **state)
{
	static const char *const steps[] = { "setgroups", "setresgid",
	    "setresuid", "setrlimit", "chdir", "clearenv", "/dev/null" };

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		(void)end(state);
		assert_int_equal(clear(state), 0);
		fake.refuses = steps[i];
		if (begin(3) != PJ_SYSTEM_ERROR)
			fail_msg("%s", steps[i]);
	}
}

static void
standard_descriptors_are_something(void **state)
{
	(void)state;
	fake.next_fd = 1;
	assert_int_equal(begin(3), PJ_OK);
	/* 1, 2 and one more, which is closed again. */
	assert_int_equal(fake.nulls, 3);
}

static void
every_descriptor_but_one_is_closed(void **state)
{
	static const int kept[] = { -1, 0, 2, 3, 4, 20 };

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		(void)end(state);
		assert_int_equal(clear(state), 0);
		assert_int_equal(begin(kept[i]), PJ_OK);
		for (int fd = 0; fd < 40; fd++)
			if (fake.closed[fd] != (fd > 2 && fd != kept[i]))
				fail_msg("%d of %d", fd, kept[i]);
		assert_true(fake.closed_above);
	}
}

static void
the_fetching_user_is_found_and_is_not_root(void **state)
{
	static const struct {
		const char	*name;
		uid_t		 uid;	/* 0: refused */
		gid_t		 gid;
	} users[] = {
		{ "fetch", 70, 70 }, { "elsewhere", 70, 71 }, { "root", 0, 0 },
		{ "toor", 0, 0 }, { "wheel", 0, 0 }, { "fetc", 0, 0 },
		{ "nowhere", 0, 0 },
	};
	struct pj_fetch_user user;
	struct pj_error err = { "" };

	(void)state;
	fake.passwd = "root:x:0:0::/:/bin/sh\ntoor:x:0:5::/:/bin/sh\n"
	    "wheel:x:5:0::/:/bin/sh\nfetch:x:70:70::/:/bin/false\n";
	for (size_t i = 0; i < sizeof(users) / sizeof(*users); i++) {
		enum pj_status status = pj_privilege_find(users[i].name, &user,
		    NULL);

		if (status != (users[i].uid != 0 ? PJ_OK :
		    PJ_FETCH_USER_MISSING))
			fail_msg("%s", users[i].name);
		assert_int_equal(user.drop, users[i].uid != 0);
		assert_int_equal(user.uid, users[i].uid);
		assert_int_equal(user.gid, users[i].gid);
	}
	fake.passwd = NULL;
	assert_int_equal(pj_privilege_find("fetch", &user, &err),
	    PJ_FETCH_USER_MISSING);
	assert_non_null(strstr(err.detail, "user fetch does not exist"));
	/* Who is no root becomes nobody. */
	fake.uid[1] = 1000;
	assert_int_equal(pj_privilege_find("root", &user, NULL), PJ_OK);
	assert_false(user.drop);
}

static void
the_worker_gives_up_everything(void **state)
{
	(void)state;
	assert_int_equal(drop(&nobody), PJ_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(fake.uid[i], 65534);
		assert_int_equal(fake.gid[i], 65533);
		assert_true(fake.to_null[i]);
	}
	assert_int_equal(fake.groups, 0);
	assert_false(fake.capable);
	assert_true(fake.no_new_privileges && fake.undumpable && fake.mortal);
	assert_true(fake.closed[4] && !fake.closed[5] && fake.closed[6]);
	limit_is(RLIMIT_CORE, 0);
	limit_is(RLIMIT_FSIZE, 0);
	limit_is(RLIMIT_CPU, 5);
	limit_is(RLIMIT_NOFILE, 64);
	limit_is(RLIMIT_NPROC, 256);
#ifndef WITH_ASAN
	limit_is(RLIMIT_AS, 1024 * MIB);
#endif
}

static void
the_worker_of_another_user_keeps_his_ids_and_no_capability(void **state)
{
	static const struct pj_fetch_user same = { .drop = false };

	(void)state;
	assert_int_equal(drop(&same), PJ_OK);
	assert_false(called("setgroups") || called("setresuid"));
	assert_false(fake.capable);
	assert_true(fake.no_new_privileges && fake.undumpable && fake.mortal);
	limit_is(RLIMIT_CPU, 5);
	limit_is(RLIMIT_NPROC, UNSET);
	fake.refuses = "setrlimit";
	assert_int_equal(drop(&same), PJ_SYSTEM_ERROR);
}

static void
the_worker_does_not_begin_where_a_step_fails(void **state)
{
	static const char *const steps[] = { "/dev/null", "dup2", "setgroups",
	    "setresgid", "setresuid", "capset", "getresuid", "getresgid",
	    "no_new_privs", "dumpable", "pdeathsig", "setrlimit" };
	struct pj_error err = { "" };

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		(void)end(state);
		assert_int_equal(clear(state), 0);
		fake.refuses = steps[i];
		if (drop(&nobody) != PJ_SYSTEM_ERROR)
			fail_msg("%s", steps[i]);
	}
	/* The proof would find it out; the reason is told all the same. */
	(void)end(state);
	assert_int_equal(clear(state), 0);
	fake.refuses = "setresuid";
	assert_int_equal(pj_privilege_drop(&nobody, 5, PARENT, &err),
	    PJ_SYSTEM_ERROR);
	assert_non_null(strstr(err.detail, "becoming the user that fetches"));
}

/* A kernel, or what stands before it, that says yes and does nothing. */
static void
the_worker_believes_only_what_it_sees(void **state)
{
	static const char *const steps[] = { "setgroups", "setresgid",
	    "setresuid", "capset", "setuid", "seteuid", "setgid", "setegid",
	    "setgroups-after", "getppid" };

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		(void)end(state);
		assert_int_equal(clear(state), 0);
		fake.ignores = steps[i];
		if (drop(&nobody) != PJ_SYSTEM_ERROR)
			fail_msg("%s", steps[i]);
	}
}

/* One id of three that stays is one to come back by. */
static void
the_worker_looks_at_every_id(void **state)
{
	for (size_t i = 0; i < 6; i++) {
		(void)end(state);
		assert_int_equal(clear(state), 0);
		fake.ignores = i < 3 ? "setresuid" : "setresgid";
		for (size_t k = 0; k < 3; k++) {
			fake.uid[k] = i == k ? 0 : nobody.uid;
			fake.gid[k] = i == k + 3 ? 0 : nobody.gid;
		}
		fake.groups = 0;
		if (drop(&nobody) != PJ_SYSTEM_ERROR)
			fail_msg("%zu", i);
	}
}

int
main(void)
{
#define privilege_test(f)	cmocka_unit_test_setup_teardown(f, clear, end)
	const struct CMUnitTest tests[] = {
		privilege_test(
		    the_helper_is_root_in_every_id_before_anything_else),
		privilege_test(the_helper_leaves_its_callers_surroundings),
		privilege_test(the_helper_has_limits_of_its_own),
		privilege_test(
		    a_limit_that_cannot_be_raised_is_as_high_as_it_may_be),
		privilege_test(what_another_user_set_is_his_own),
		privilege_test(the_helper_does_not_begin_where_a_step_fails),
		privilege_test(standard_descriptors_are_something),
		privilege_test(every_descriptor_but_one_is_closed),
		privilege_test(the_fetching_user_is_found_and_is_not_root),
		privilege_test(the_worker_gives_up_everything),
		privilege_test(
		    the_worker_of_another_user_keeps_his_ids_and_no_capability),
		privilege_test(the_worker_does_not_begin_where_a_step_fails),
		privilege_test(the_worker_believes_only_what_it_sees),
		privilege_test(the_worker_looks_at_every_id),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
