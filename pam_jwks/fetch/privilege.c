/*
 * Who the helper's processes are: see privilege.h.
 */
#include "fetch/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

#define MIB		(1024UL * 1024UL)

/* Two bodies, their JSON trees, libcurl, a resolver's thread and its arena. */
#define WORKER_MEMORY	(1024 * MIB)

/* The address sanitizer reserves terabytes. */
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN
#endif
#endif

/*
 * Processes and threads of the fetching user: a worker has up to three, and
 * there may be one for each issuer.
 */
#define WORKER_TASKS	256

/* A transfer and its TLS take well below a second. */
#define WORKER_CPU	5
#define PARENT_CPU	30

struct limit {
	int	what;
	rlim_t	value;
};

/* Closes every descriptor above 2 but one. */
static void
close_others(int keep_fd)
{
	unsigned keep = (unsigned)keep_fd;

	if (keep_fd <= STDERR_FILENO) {
		pj_fd_close_range(STDERR_FILENO + 1, ~0U);
		return;
	}
	pj_fd_close_range(STDERR_FILENO + 1, keep - 1);
	pj_fd_close_range(keep + 1, ~0U);
}

/* Makes sure that 0 to 2 are something. */
static bool
fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

/*
 * Sets limits, soft and hard.  Root may lack CAP_SYS_RESOURCE (in containers,
 * for example) and cannot raise a hard one then: the nearest that is allowed
 * will do.
 */
static bool
set_limits(const struct limit *limits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		__rlimit_resource_t what = (__rlimit_resource_t)limits[i].what;
		struct rlimit lim = { limits[i].value, limits[i].value };

		if (setrlimit(what, &lim) == 0)
			continue;
		if (getrlimit(what, &lim) != 0)
			return false;
		if (lim.rlim_max > limits[i].value)
			lim.rlim_max = limits[i].value;
		lim.rlim_cur = lim.rlim_max;
		if (setrlimit(what, &lim) != 0)
			return false;
	}
	return true;
}

/* Root's limits; anybody else keeps his own, for they are not foreign. */
static bool
reset_limits(void)
{
	static const struct limit limits[] = {
		{ RLIMIT_AS, RLIM_INFINITY },
		{ RLIMIT_DATA, RLIM_INFINITY },
		{ RLIMIT_FSIZE, RLIM_INFINITY },
		{ RLIMIT_CPU, PARENT_CPU },
		{ RLIMIT_STACK, 8 * MIB },
		{ RLIMIT_NOFILE, 256 },
		{ RLIMIT_NPROC, RLIM_INFINITY },
		{ RLIMIT_CORE, 0 },
	};

	return set_limits(limits, sizeof(limits) / sizeof(*limits));
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig <= SIGRTMAX; sig++)
		(void)signal(sig, SIG_DFL);
	/* A write that fails is to say so, not to kill. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * What su's caller may have set to make root's process slow: each of these is
 * inherited.  Where one cannot be undone the deadlines are still the kernel's.
 */
static void
reset_scheduling(void)
{
	const struct sched_param param = { .sched_priority = 0 };
	const unsigned long default_slack = 50000;	/* nanoseconds */
	cpu_set_t all;
	int fd;

	(void)sched_setscheduler(0, SCHED_OTHER, &param);
	(void)setpriority(PRIO_PROCESS, 0, 0);
	memset(&all, 0xff, sizeof(all));
	(void)sched_setaffinity(0, sizeof(all), &all);
	(void)prctl(PR_SET_TIMERSLACK, default_slack, 0, 0, 0);
#ifdef SYS_set_mempolicy
	/* Memory of any node: one alone may be full (MPOL_DEFAULT). */
	(void)syscall(SYS_set_mempolicy, 0, NULL, 0);
#endif
	/* The class "none" for this process (ioprio_set(2)). */
	(void)syscall(SYS_ioprio_set, 1, 0, 0);
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!write(fd, "0", 1);
		(void)close(fd);
	}
}

/* The descriptors 0 to 2 may be root's terminal or the journal. */
static bool
detach_standard(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool done = fd >= 0;

	for (int i = 0; i <= 2 && done; i++)
		done = dup2(fd, i) == i;
	if (fd > 2)
		(void)close(fd);
	return done;
}

enum pj_status
pj_privilege_begin(int keep_fd, struct pj_error *err)
{
	bool root = geteuid() == 0;

	/* First of all: from here on the caller's user may not signal us. */
	if (root && (setgroups(0, NULL) != 0 || setresgid(0, 0, 0) != 0 ||
	    setresuid(0, 0, 0) != 0))
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno,
		    "becoming root in every id");
	reset_signals();
	/* Fails where it has been done, or for a shell's foreground job. */
	(void)setsid();
	if (root && !reset_limits())
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "limits");
	if (root)
		reset_scheduling();
	(void)umask(022);
	if (chdir("/") != 0 || clearenv() != 0 || !fill_standard())
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno,
		    "leaving the caller's surroundings");
	close_others(keep_fd);
	return PJ_OK;
}

/*
 * Looks a user up in the file alone.  The library would ask nscd first, and
 * wait for one that hangs longer than a login can.
 */
static bool
find_in_file(const char *name, uid_t *uid, gid_t *gid)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *pw = NULL;

	if (file == NULL)
		return false;
	while ((pw = fgetpwent(file)) != NULL && strcmp(pw->pw_name, name) != 0)
		continue;
	if (pw != NULL) {
		*uid = pw->pw_uid;
		*gid = pw->pw_gid;
	}
	(void)fclose(file);
	return pw != NULL;
}

/* The same, and then wherever else users may be (nsswitch.conf). */
static bool
find_ids(const char *name, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw;

	if (find_in_file(name, uid, gid))
		return true;
	pw = getpwnam(name);
	if (pw == NULL)
		return false;
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return true;
}

enum pj_status
pj_privilege_find(const char *name, struct pj_fetch_user *user,
    struct pj_error *err)
{
	uid_t uid;
	gid_t gid;

	*user = (struct pj_fetch_user){ .drop = false };
	if (geteuid() != 0)
		return PJ_OK;
	if (!find_ids(name, &uid, &gid))
		return pj_fail(err, PJ_FETCH_USER_MISSING,
		    "user %s does not exist, make it (systemd-sysusers or "
		    "useradd --system) or name another as fetch_user", name);
	if (uid == 0 || gid == 0)
		return pj_fail(err, PJ_FETCH_USER_MISSING,
		    "fetch_user %s is root, or in root's group", name);
	*user = (struct pj_fetch_user){
		.drop = true, .uid = uid, .gid = gid,
	};
	return PJ_OK;
}

/* Drops every capability; a caller's ambient ones survive a change of ids. */
static bool
drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {
		{ 0, 0, 0 },
	};

	return syscall(SYS_capset, &header, none) == 0;
}

/* True if nothing of root is left and nothing can be had back. */
static bool
is_dropped(const struct pj_fetch_user *user)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) != 0 ||
	    getresgid(&rgid, &egid, &sgid) != 0)
		return false;
	if (ruid != user->uid || euid != user->uid || suid != user->uid ||
	    rgid != user->gid || egid != user->gid || sgid != user->gid)
		return false;
	if (getgroups(0, NULL) != 0)
		return false;
	/* The proof: each of these must be refused. */
	return setuid(0) != 0 && seteuid(0) != 0 && setgid(0) != 0 &&
	    setegid(0) != 0 && setgroups(0, NULL) != 0;
}

enum pj_status
pj_privilege_drop(const struct pj_fetch_user *user, int keep_fd, pid_t parent,
    struct pj_error *err)
{
	static const struct limit limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_FSIZE, 0 },
		{ RLIMIT_CPU, WORKER_CPU },
		{ RLIMIT_NOFILE, 64 },
#ifndef WITH_ASAN
		{ RLIMIT_AS, WORKER_MEMORY },
#endif
	};
	/* A service's own user may have any number of processes already. */
	static const struct limit tasks = { RLIMIT_NPROC, WORKER_TASKS };

	close_others(keep_fd);
	if (!detach_standard())
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "/dev/null");
	if (user->drop && (setgroups(0, NULL) != 0 ||
	    setresgid(user->gid, user->gid, user->gid) != 0 ||
	    setresuid(user->uid, user->uid, user->uid) != 0))
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno,
		    "becoming the user that fetches");
	if (!drop_capabilities() || (user->drop && !is_dropped(user)))
		return pj_fail(err, PJ_SYSTEM_ERROR,
		    "root's privileges could not be given up");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno,
		    "no new privileges");
	/* After the change of ids, which would take it back. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    getppid() != parent)
		return pj_fail(err, PJ_SYSTEM_ERROR, "the parent is gone");
	if (!set_limits(limits, sizeof(limits) / sizeof(*limits)) ||
	    (user->drop && !set_limits(&tasks, 1)))
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "limits");
	return PJ_OK;
}
