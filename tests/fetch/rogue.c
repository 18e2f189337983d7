/*
 * pam-jwks-fetch with a worker that has gone bad: the same objects, but the
 * linker puts __wrap_pj_http_get in the place of pj_http_get.  A GET of
 * https://HOST/rogue/DEED?NUMBER does the deed instead, inside the confinement,
 * and what comes of it is told as the reason of a failed fetch.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "fetch/http_curl.h"

#define MIB		(1024UL * 1024UL)
#define FDS		1024
#define THREADS		2000

enum pj_status	__wrap_pj_http_get(struct pj_http *http,
		    const struct pj_http_request *request,
		    struct pj_http_response *response, struct pj_error *err);
enum pj_status	__real_pj_http_get(struct pj_http *http,
		    const struct pj_http_request *request,
		    struct pj_http_response *response, struct pj_error *err);

/* A deed returns what a system call did: below 0 with errno, or a number. */
struct deed {
	const char	*name;
	long		(*run)(int number);
};

static long
open_for_reading(int number)
{
	(void)number;
	return open("/etc/passwd", O_RDONLY);
}

static long
open_for_writing(int number)
{
	(void)number;
	return open("/var/cache/pam_jwks/planted", O_WRONLY | O_CREAT, 0644);
}

/* How many ways to make, change or hide a file there are. */
static long
open_to_change(int number)
{
	static const struct {
		const char	*path;
		int		 flags;
	} ways[] = {
		{ "/etc/hosts", O_WRONLY }, { "/etc/hosts", O_RDWR },
		{ "/etc/hosts", O_RDONLY | O_CREAT },
		{ "/etc/hosts", O_RDONLY | O_TRUNC },
		{ "/etc/hosts", O_RDONLY | O_APPEND },
		{ "/etc/ssl", O_RDWR | O_TMPFILE },
	};
	long open_ways = 0;

	(void)number;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (syscall(SYS_openat, AT_FDCWD, ways[i].path, ways[i].flags,
		    0600) >= 0 || errno != ENOSYS)
			open_ways++;
#ifdef SYS_open
		if (syscall(SYS_open, ways[i].path, ways[i].flags, 0600) >= 0 ||
		    errno != ENOSYS)
			open_ways++;
#endif
	}
	return open_ways;
}

static long
list_folder(int number)
{
	(void)number;
	return open("/", O_RDONLY | O_DIRECTORY);
}

static long
open_parent_memory(int number)
{
	char path[64];

	(void)number;
	(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)getppid());
	return open(path, O_RDONLY);
}

static long
exec_shell(int number)
{
	char name[] = "sh";
	char *const argv[] = { name, NULL };

	(void)number;
	return execv("/bin/sh", argv);
}

static long
fork_process(int number)
{
	pid_t pid = fork();

	(void)number;
	if (pid == 0)
		for (;;)
			(void)pause();
	return pid;
}

static long
raw_clone3(int number)
{
	uint64_t args[11] = { 0 };

	(void)number;
	args[4] = SIGCHLD;
	return syscall(SYS_clone3, args, sizeof(args));
}

static void *
wait_for_ever(void *arg)
{
	for (;;)
		(void)poll(NULL, 0, -1);
	return arg;
}

static long
many_threads(int number)
{
	pthread_attr_t attr;
	pthread_t thread;
	int i;

	(void)number;
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, 64 * 1024);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread, &attr, wait_for_ever, NULL) != 0)
			break;
	return i;
}

static long
connect_tcp(int port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	return connect(fd, (struct sockaddr *)&to, sizeof(to));
}

static long
fast_open(int port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	return sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to,
	    sizeof(to));
}

/* The same by way of a message, and of several. */
static long
fast_open_by_message(int port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	char byte = 'x';
	struct iovec part = { &byte, 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_name = &to,
	    .msg_namelen = sizeof(to), .msg_iov = &part, .msg_iovlen = 1 } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || (sendmsg(fd, &message.msg_hdr, MSG_FASTOPEN) < 0 &&
	    errno != ENOSYS))
		return 1;
	return sendmmsg(fd, &message, 1, MSG_FASTOPEN);
}

static long
multipath(int number)
{
	(void)number;
	return socket(AF_INET, SOCK_STREAM, 262);
}

static long
packet_socket(int number)
{
	(void)number;
	return socket(AF_PACKET, SOCK_DGRAM, 0);
}

static long
send_udp(int port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
}

static long
serve_tcp(int number)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)number;
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return -1;
	return listen(fd, 1);
}

static long
listen_unbound(int number)
{
	(void)number;
	return listen(socket(AF_INET, SOCK_STREAM, 0), 1);
}

/* A socket of the kernel's own name space; NUMBER is its name. */
static long
connect_abstract(int number)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int len = snprintf(to.sun_path + 1, sizeof(to.sun_path) - 1,
	    "pam_jwks-test-%d", number);

	return connect(fd, (struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    (size_t)len));
}

/* Returns how many MiB there were. */
static long
grow(int number)
{
	unsigned char *place;
	long mib = 0;

	(void)number;
	for (; mib < 8192; mib += 16) {
		place = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (place == MAP_FAILED)
			break;
	}
	return mib;
}

static long
spin(int number)
{
	volatile bool on = true;

	(void)number;
	while (on)
		continue;
	return 0;
}

/* Burns processor time in more than one thread. */
static void *
burn(void *arg)
{
	(void)spin(0);
	return arg;
}

static long
spin_in_threads(int number)
{
	pthread_t thread;

	for (int i = 1; i < number; i++)
		(void)pthread_create(&thread, NULL, burn, NULL);
	return spin(0);
}

/* The pipe to the parent: the only one that there is. */
static int
find_pipe(void)
{
	struct stat st;

	for (int fd = 3; fd < FDS; fd++)
		if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
			return fd;
	return -1;
}

static long
write_too_much(int number)
{
	static unsigned char chunk[65536];
	int fd = find_pipe();

	(void)number;
	while (write(fd, chunk, sizeof(chunk)) > 0)
		continue;
	return -1;
}

static long
write_garbage(int number)
{
	unsigned char bytes[2000];
	int fd = find_pipe();

	(void)number;
	(void)!getrandom(bytes, sizeof(bytes), 0);
	(void)!write(fd, bytes, sizeof(bytes));
	_exit(0);
}

/* A good answer, but the end was not its own. */
static long
write_and_abort(int number)
{
	static const char good[] = "kind keys\nresult ok\nhttp 200\n"
	    "cert_expires 0\nbody 11\n\n{\"keys\":[]}";

	(void)number;
	(void)!write(find_pipe(), good, sizeof(good) - 1);
	abort();
}

/* Says that it is done, and goes on. */
static long
hide(int number)
{
	(void)number;
	(void)close(find_pipe());
	return spin(0);
}

static long
trace_parent(int number)
{
	(void)number;
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long
read_parent(int number)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)&grow, 1 };

	(void)number;
	return process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}

static long
kill_parent(int number)
{
	(void)number;
	return kill(getppid(), SIGKILL);
}

static long
signal_parent_thread(int number)
{
	(void)number;
	return syscall(SYS_tgkill, getppid(), getppid(), SIGKILL);
}

/* The kernel then sends the owner a signal of one's choice for each byte. */
static long
signal_by_socket(int number)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)number;
	if (fcntl(fd, F_SETSIG, SIGKILL) != 0)
		return -1;
	return fcntl(fd, F_SETOWN, getpid());
}

static long
become_root(int number)
{
	(void)number;
	return setuid(0);
}

static long
new_user_namespace(int number)
{
	(void)number;
	return syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */);
}

static long
outlive_parent(int number)
{
	(void)number;
	return prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
}

static long
raise_limit(int number)
{
	struct rlimit limit = { 0, 0 };

	(void)number;
	return setrlimit(RLIMIT_CPU, &limit);
}

static long
write_and_execute(int number)
{
	void *place = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)number;
	return place == MAP_FAILED ? -1 : 0;
}

static long
make_executable(int number)
{
	void *place = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)number;
	return mprotect(place, 4096, PROT_READ | PROT_EXEC);
}

/* How many other ways to code that no file holds, or that can be changed. */
static long
map_executable(int number)
{
	int fd = open("/etc/hosts", O_RDONLY);
	long ways = 0;

	(void)number;
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0) != MAP_FAILED || errno != ENOSYS)
		ways++;
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE,
	    fd, 0) != MAP_FAILED || errno != ENOSYS)
		ways++;
	return ways;
}

/* How many calls are let through for one of their arguments alone. */
static long
odd_arguments(int number)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char byte;
	long through = 0;

	(void)number;
	if (socket(AF_NETLINK, SOCK_RAW, 9 /* NETLINK_AUDIT */) >= 0 ||
	    errno != ENOSYS)
		through++;
	if (socketpair(AF_INET, SOCK_STREAM, 0, (int[2]){ 0 }) == 0 ||
	    errno != ENOSYS)
		through++;
	if (ioctl(fd, SIOCATMARK, &byte) == 0 || errno != ENOSYS)
		through++;
	/* A thread that takes a name space of its own along. */
	if (syscall(SYS_clone, CLONE_THREAD | CLONE_SIGHAND | CLONE_VM |
	    CLONE_NEWNS, NULL, NULL, NULL, NULL) != -1 || errno != ENOSYS)
		through++;
	return through;
}

/* A call by the number that it has in another mode of the processor. */
static long
call_in_another_mode(int number)
{
	(void)number;
#ifdef __x86_64__
	return syscall(0x40000000 /* x32 */ + SYS_getppid);
#else
	errno = ENOTSUP;
	return -1;
#endif
}

static long
use_io_uring(int number)
{
	unsigned char params[120] = { 0 };

	(void)number;
	return syscall(425 /* io_uring_setup */, 1, params);
}

/* How many descriptors are anything but /dev/null on 0 to 2 and the pipe. */
static long
foreign_descriptors(int number)
{
	struct stat st;
	long foreign = 0;

	(void)number;
	for (int fd = 0; fd < FDS; fd++) {
		if (fstat(fd, &st) != 0)
			continue;
		if (fd <= 2 ? !S_ISCHR(st.st_mode) ||
		    st.st_rdev != makedev(1, 3) : fd != find_pipe())
			foreign++;
	}
	return foreign;
}

static const struct deed deeds[] = {
	{ "abort", write_and_abort },
	{ "abstract", connect_abstract },
	{ "change", open_to_change },
	{ "clone3", raw_clone3 },
	{ "connect", connect_tcp },
	{ "exec", exec_shell },
	{ "executable", make_executable },
	{ "fast-open", fast_open },
	{ "fast-open-message", fast_open_by_message },
	{ "fds", foreign_descriptors },
	{ "fork", fork_process },
	{ "garbage", write_garbage },
	{ "grow", grow },
	{ "hide", hide },
	{ "io-uring", use_io_uring },
	{ "kill", kill_parent },
	{ "limit", raise_limit },
	{ "list", list_folder },
	{ "listen", listen_unbound },
	{ "map", map_executable },
	{ "memory", open_parent_memory },
	{ "mode", call_in_another_mode },
	{ "multipath", multipath },
	{ "odd", odd_arguments },
	{ "open", open_for_reading },
	{ "outlive", outlive_parent },
	{ "packet", packet_socket },
	{ "ptrace", trace_parent },
	{ "readv", read_parent },
	{ "serve", serve_tcp },
	{ "setuid", become_root },
	{ "spin", spin },
	{ "spin-threads", spin_in_threads },
	{ "tgkill", signal_parent_thread },
	{ "owner", signal_by_socket },
	{ "threads", many_threads },
	{ "too-much", write_too_much },
	{ "udp", send_udp },
	{ "unshare", new_user_namespace },
	{ "write", open_for_writing },
	{ "write-execute", write_and_execute },
};

enum pj_status
__wrap_pj_http_get(struct pj_http *http, const struct pj_http_request *request,
    struct pj_http_response *response, struct pj_error *err)
{
	const char *name = strstr(request->url, "/rogue/");
	const char *end;
	long result;

	if (name == NULL)
		return __real_pj_http_get(http, request, response, err);
	name += strlen("/rogue/");
	end = strchrnul(name, '?');
	for (size_t i = 0; i < sizeof(deeds) / sizeof(*deeds); i++) {
		if (strlen(deeds[i].name) != (size_t)(end - name) ||
		    strncmp(deeds[i].name, name, (size_t)(end - name)) != 0)
			continue;
		errno = 0;
		result = deeds[i].run(*end == '?' ? atoi(end + 1) : 0);
		if (result < 0)
			return pj_fail(err, PJ_FETCH_FAILED,
			    "rogue %s: refused: %s", deeds[i].name,
			    strerrorname_np(errno));
		return pj_fail(err, PJ_FETCH_FAILED, "rogue %s: done: %ld",
		    deeds[i].name, result);
	}
	return pj_fail(err, PJ_FETCH_FAILED, "rogue: no such deed");
}
