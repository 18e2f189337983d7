/*
 * What the worker may ask of the kernel: see filter.h.
 */
#include "fetch/filter.h"

#include "config.h"

#ifdef HAVE_SECCOMP

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define CALL(name)	SCMP_SYS(name)
#define COUNT(list)	(sizeof(list) / sizeof(*(list)))

/* Calls that are harmless whatever their arguments; a pseudo-number is none. */
static const int permitted[] = {
	/* memory */
	CALL(brk), CALL(madvise), CALL(mremap), CALL(munmap),
	/* descriptors; opening and fcntl are below */
	CALL(_llseek), CALL(access), CALL(close), CALL(dup), CALL(eventfd2),
	CALL(faccessat), CALL(faccessat2), CALL(fstat), CALL(fstat64),
	CALL(fstatat64), CALL(fstatfs), CALL(fstatfs64),
	CALL(getdents), CALL(getdents64), CALL(lseek),
	CALL(lstat), CALL(lstat64), CALL(newfstatat), CALL(pipe), CALL(pipe2),
	CALL(pread64), CALL(read), CALL(readlink), CALL(readlinkat),
	CALL(readv), CALL(stat), CALL(stat64), CALL(statfs), CALL(statfs64),
	CALL(statx), CALL(write), CALL(writev),
	/* waiting */
	CALL(_newselect), CALL(epoll_create1), CALL(epoll_ctl),
	CALL(epoll_pwait), CALL(epoll_wait), CALL(poll), CALL(ppoll),
	CALL(ppoll_time64), CALL(pselect6), CALL(pselect6_time64),
	CALL(select),
	/* the network; socket and sending are below */
	CALL(bind), CALL(connect), CALL(getpeername), CALL(getsockname),
	CALL(getsockopt), CALL(recvfrom), CALL(recvmmsg),
	CALL(recvmmsg_time64), CALL(recvmsg), CALL(setsockopt),
	CALL(shutdown),
	/* threads; clone is below */
	CALL(exit), CALL(exit_group), CALL(futex), CALL(futex_time64),
	CALL(get_robust_list), CALL(gettid), CALL(membarrier), CALL(rseq),
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn),
	CALL(sched_getaffinity), CALL(sched_yield), CALL(set_robust_list),
	CALL(set_tid_address), CALL(set_tls), CALL(sigaltstack),
	CALL(sigreturn), CALL(restart_syscall),
	/* time, numbers, chance */
	CALL(clock_getres), CALL(clock_getres_time64), CALL(clock_gettime),
	CALL(clock_gettime64), CALL(clock_nanosleep),
	CALL(clock_nanosleep_time64), CALL(getcwd), CALL(getegid),
	CALL(getegid32), CALL(geteuid), CALL(geteuid32), CALL(getgid),
	CALL(getgid32), CALL(getpid), CALL(getppid), CALL(getrandom),
	CALL(getrlimit), CALL(getrusage), CALL(gettimeofday), CALL(getuid),
	CALL(getuid32), CALL(nanosleep), CALL(sysinfo), CALL(time),
	CALL(ugetrlimit), CALL(uname),
	/* what processors need of their own */
	CALL(arm_fadvise64_64), CALL(cacheflush), CALL(riscv_flush_icache),
};

/* Calls that end the worker: no fetch has a use for them. */
static const int deadly[] = {
	CALL(capset), CALL(chroot), CALL(execve), CALL(execveat), CALL(fork),
	CALL(kill), CALL(mount), CALL(pidfd_getfd), CALL(pidfd_send_signal),
	CALL(process_vm_readv), CALL(process_vm_writev), CALL(ptrace),
	CALL(rt_sigqueueinfo), CALL(rt_tgsigqueueinfo), CALL(setfsgid),
	CALL(setfsgid32), CALL(setfsuid), CALL(setfsuid32), CALL(setgid),
	CALL(setgid32), CALL(setgroups), CALL(setgroups32), CALL(setns),
	CALL(setregid), CALL(setregid32), CALL(setresgid), CALL(setresgid32),
	CALL(setresuid), CALL(setresuid32), CALL(setreuid), CALL(setreuid32),
	CALL(setuid), CALL(setuid32), CALL(tkill), CALL(unshare), CALL(vfork),
};

/* The rules so far; an error sticks. */
struct rules {
	scmp_filter_ctx	ctx;
	int		rc;
};

/* A call whose arguments must all match one of the comparisons. */
#define RULE(rules, action, name, ...)					\
	do {								\
		const struct scmp_arg_cmp args_[] = { __VA_ARGS__ };	\
		rule((rules), (action), CALL(name), args_, COUNT(args_)); \
	} while (0)
#define BITS(index, mask, value)					\
	SCMP_CMP64((index), SCMP_CMP_MASKED_EQ, (mask), (value))
/* An int: the kernel looks at 32 bits, whatever the others hold. */
#define IS(index, value)						\
	BITS((index), 0xffffffffU, (uint32_t)(value))

/* Calls that this processor does not have are left out by libseccomp. */
static void
rule(struct rules *rules, uint32_t action, int call,
    const struct scmp_arg_cmp *args, size_t count)
{
	if (rules->rc == 0)
		rules->rc = seccomp_rule_add_array(rules->ctx, action, call,
		    (unsigned)count, args);
}

/* Reading only: nothing is made, truncated or written to. */
static void
add_open(struct rules *rules)
{
	const uint64_t writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND |
	    (O_TMPFILE & ~O_DIRECTORY);

	RULE(rules, SCMP_ACT_ALLOW, open, BITS(1, writing, O_RDONLY));
	RULE(rules, SCMP_ACT_ALLOW, openat, BITS(2, writing, O_RDONLY));
}

/*
 * What sockets and duplicates need.  The rest has ways out: an owner of a
 * descriptor gets signals, whichever process of the same user it is.
 */
static void
add_fcntl(struct rules *rules)
{
	static const int commands[] = {
		F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL,
	};

	for (size_t i = 0; i < COUNT(commands); i++) {
		RULE(rules, SCMP_ACT_ALLOW, fcntl, IS(1, commands[i]));
		RULE(rules, SCMP_ACT_ALLOW, fcntl64, IS(1, commands[i]));
	}
}

/* Memory is never written to and executed; code comes from files alone. */
static void
add_memory(struct rules *rules)
{
	const uint64_t both = PROT_WRITE | PROT_EXEC;

	RULE(rules, SCMP_ACT_ALLOW, mmap, BITS(2, PROT_EXEC, 0));
	RULE(rules, SCMP_ACT_ALLOW, mmap, BITS(2, both, PROT_EXEC),
	    BITS(3, MAP_ANONYMOUS, 0));
	RULE(rules, SCMP_ACT_ALLOW, mmap2, BITS(2, PROT_EXEC, 0));
	RULE(rules, SCMP_ACT_ALLOW, mmap2, BITS(2, both, PROT_EXEC),
	    BITS(3, MAP_ANONYMOUS, 0));
	RULE(rules, SCMP_ACT_ALLOW, mprotect, BITS(2, PROT_EXEC, 0));
}

/*
 * Unix sockets are for nscd and systemd-resolved, netlink for the addresses
 * that getaddrinfo sorts by.  Only plain TCP and UDP: Landlock's ports do not
 * bind MPTCP, nor data that is sent instead of a connect.
 */
static void
add_network(struct rules *rules)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static const int protocols[] = { 0, IPPROTO_TCP, IPPROTO_UDP };

	for (size_t i = 0; i < COUNT(families); i++)
		for (size_t j = 0; j < COUNT(protocols); j++)
			RULE(rules, SCMP_ACT_ALLOW, socket,
			    IS(0, families[i]),
			    IS(2, protocols[j]));
	RULE(rules, SCMP_ACT_ALLOW, socket, IS(0, AF_UNIX), IS(2, 0));
	/* Protocol 0 is NETLINK_ROUTE. */
	RULE(rules, SCMP_ACT_ALLOW, socket, IS(0, AF_NETLINK), IS(2, 0));
	RULE(rules, SCMP_ACT_ALLOW, socketpair, IS(0, AF_UNIX));
	RULE(rules, SCMP_ACT_ALLOW, sendto, BITS(3, MSG_FASTOPEN, 0));
	RULE(rules, SCMP_ACT_ALLOW, sendmsg, BITS(2, MSG_FASTOPEN, 0));
	RULE(rules, SCMP_ACT_ALLOW, sendmmsg, BITS(3, MSG_FASTOPEN, 0));
#if defined(__i386__) || defined(__s390x__)
	/* One call for all of these, its arguments out of a filter's sight. */
	rule(rules, SCMP_ACT_ALLOW, CALL(socketcall), NULL, 0);
#endif
}

/*
 * Threads of this process, no processes and no namespaces.  clone3 hides its
 * flags in memory: it does not exist here, and glibc takes clone instead.
 */
static void
add_threads(struct rules *rules)
{
	const uint64_t spaces = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID |
	    CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
#ifdef __s390x__
	const unsigned flags = 1;
#else
	const unsigned flags = 0;
#endif

	RULE(rules, SCMP_ACT_ALLOW, clone,
	    BITS(flags, spaces | CLONE_THREAD, CLONE_THREAD));
	RULE(rules, SCMP_ACT_KILL_PROCESS, clone,
	    BITS(flags, CLONE_THREAD, 0));
	/* abort() and the end of a thread signal this process only. */
	RULE(rules, SCMP_ACT_ALLOW, tgkill, IS(0, getpid()));
	/* Reading one's limits, not setting them. */
	RULE(rules, SCMP_ACT_ALLOW, prlimit64,
	    SCMP_CMP64(2, SCMP_CMP_EQ, 0, 0));
	/* How much a socket holds, for the resolver. */
	RULE(rules, SCMP_ACT_ALLOW, ioctl, IS(1, FIONREAD));
	RULE(rules, SCMP_ACT_ALLOW, ioctl, IS(1, FIONBIO));
}

static void
release(scmp_filter_ctx *ctx)
{
	if (*ctx != NULL)
		seccomp_release(*ctx);
}

bool
pj_filter_is_built(void)
{
	return true;
}

enum pj_status
pj_filter_install(struct pj_error *err)
{
	PJ_CLEANUP(release) scmp_filter_ctx ctx = NULL;
	struct rules rules = { .rc = 0 };

	ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (ctx == NULL)
		return pj_fail(err, PJ_SYSTEM_ERROR,
		    "no filter of system calls could be made");
	rules.ctx = ctx;
	/* Calls by the numbers of another processor mode. */
	rules.rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS);
	for (size_t i = 0; i < COUNT(permitted); i++)
		rule(&rules, SCMP_ACT_ALLOW, permitted[i], NULL, 0);
	for (size_t i = 0; i < COUNT(deadly); i++)
		rule(&rules, SCMP_ACT_KILL_PROCESS, deadly[i], NULL, 0);
	add_open(&rules);
	add_fcntl(&rules);
	add_memory(&rules);
	add_network(&rules);
	add_threads(&rules);
	if (rules.rc == 0)
		rules.rc = seccomp_load(ctx);
	if (rules.rc != 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, -rules.rc,
		    "filtering the fetching process's system calls");
	return PJ_OK;
}

#else	/* !HAVE_SECCOMP */

bool
pj_filter_is_built(void)
{
	return false;
}

enum pj_status
pj_filter_install(struct pj_error *err)
{
	(void)err;
	return PJ_OK;
}

#endif
