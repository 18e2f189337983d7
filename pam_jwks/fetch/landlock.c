/*
 * What the worker may reach in files and ports: see landlock.h.
 */
#include "fetch/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"

/*
 * The kernel's interface (include/uapi/linux/landlock.h), by version: headers
 * are often older than the kernel that the program meets.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif

#define CREATE_VERSION		1U

#define FS_READ_FILE		(1ULL << 2)
#define FS_READ_DIR		(1ULL << 3)
/* The number of access rights that a version knows; all are handled. */
#define FS_RIGHTS_1		13
#define FS_RIGHTS_2		14	/* and refer */
#define FS_RIGHTS_3		15	/* and truncate */
#define FS_RIGHTS_5		16	/* and ioctl on devices */

#define NET_BIND_TCP		(1ULL << 0)
#define NET_CONNECT_TCP		(1ULL << 1)
#define SCOPE_ABSTRACT_UNIX	(1ULL << 0)
#define SCOPE_SIGNAL		(1ULL << 1)

#define RULE_PATH_BENEATH	1
#define RULE_NET_PORT		2

struct ruleset_attr {
	uint64_t	handled_fs;
	uint64_t	handled_net;	/* from version 4 */
	uint64_t	scoped;		/* from version 6 */
};

struct path_attr {
	uint64_t	allowed;
	int32_t		parent_fd;
} __attribute__((packed));

struct port_attr {
	uint64_t	allowed;
	uint64_t	port;
};

/*
 * What may be read, where it exists.  A file that is a symbolic link stands for
 * what it points to now; a link inside a folder needs its target listed.
 */
static const char *const readable[] = {
	/* Name resolution, with the modules of nsswitch.conf. */
	"/etc/gai.conf", "/etc/host.conf", "/etc/hostname", "/etc/hosts",
	"/etc/mdns.allow", "/etc/nsswitch.conf", "/etc/resolv.conf",
	"/etc/services", "/run/systemd/resolve",
	/* Shared objects: those modules, and OpenSSL's providers. */
	"/etc/ld.so.cache", "/lib", "/lib32", "/lib64", "/usr/lib",
	"/usr/lib32", "/usr/lib64", "/usr/local/lib",
	/* Certificates and the rules of TLS, as distributions place them. */
	"/etc/ca-certificates", "/etc/crypto-policies", "/etc/pki", "/etc/ssl",
	"/usr/local/share/ca-certificates", "/usr/share/ca-certificates",
	"/usr/share/crypto-policies", "/usr/share/pki", "/usr/share/ssl",
	"/var/lib/ca-certificates", "/proc/sys/crypto",
	/* Dates of certificates; random bytes for old libraries. */
	"/etc/localtime", "/usr/share/zoneinfo", "/dev/null", "/dev/urandom",
};

static int
create_ruleset(const struct ruleset_attr *attr, size_t size, unsigned flags)
{
	return (int)syscall(SYS_landlock_create_ruleset, attr, size, flags);
}

int
pj_landlock_version(void)
{
	int version = create_ruleset(NULL, 0, CREATE_VERSION);

	return version > 0 ? version : 0;
}

/* Everything that this version can refuse, and how much of attr it reads. */
static size_t
describe(int version, struct ruleset_attr *attr)
{
	int rights = FS_RIGHTS_5;

	if (version < 5)
		rights = FS_RIGHTS_3;
	if (version < 3)
		rights = FS_RIGHTS_2;
	if (version < 2)
		rights = FS_RIGHTS_1;
	*attr = (struct ruleset_attr){
		.handled_fs = (1ULL << rights) - 1,
		.handled_net = NET_BIND_TCP | NET_CONNECT_TCP,
		.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL,
	};
	if (version < 4)
		return offsetof(struct ruleset_attr, handled_net);
	if (version < 6)
		return offsetof(struct ruleset_attr, scoped);
	return sizeof(*attr);
}

/* What is not there, or cannot be opened, stays closed. */
static bool
allow_path(int ruleset, const char *path)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = open(path, O_PATH | O_CLOEXEC);
	struct path_attr attr = { .allowed = FS_READ_FILE, .parent_fd = fd };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return true;
	if (S_ISDIR(st.st_mode))
		attr.allowed |= FS_READ_DIR;
	return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH,
	    &attr, 0) == 0;
}

static bool
allow_files(int ruleset, const struct pj_reach *reach)
{
	for (size_t i = 0; i < sizeof(readable) / sizeof(*readable); i++)
		if (!allow_path(ruleset, readable[i]))
			return false;
	for (size_t i = 0; i < PJ_REACH_PATHS; i++)
		if (reach->paths[i] != NULL &&
		    !allow_path(ruleset, reach->paths[i]))
			return false;
	return true;
}

static bool
allow_ports(int ruleset, const struct pj_reach *reach)
{
	struct port_attr attr = { .allowed = NET_CONNECT_TCP };

	for (size_t i = 0; i < reach->port_count; i++) {
		attr.port = reach->ports[i];
		if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT,
		    &attr, 0) != 0)
			return false;
	}
	return true;
}

enum pj_status
pj_landlock_restrict(const struct pj_reach *reach, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int ruleset = -1;
	int version = pj_landlock_version();
	struct ruleset_attr attr;
	size_t size;

	if (version == 0)
		return PJ_OK;
	size = describe(version, &attr);
	ruleset = create_ruleset(&attr, size, 0);
	if (ruleset < 0 || !allow_files(ruleset, reach) ||
	    (version >= 4 && !allow_ports(ruleset, reach)) ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno,
		    "confining the fetching process with Landlock");
	return PJ_OK;
}
