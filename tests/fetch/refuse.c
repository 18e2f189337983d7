/*
 * refuse WHAT -- COMMAND...: runs a command on a machine that lacks something.
 * WHAT is "seccomp" (there is none), "landlock" (there is none), or one step that
 * fails: "seccomp-load", "landlock-create", "landlock-rule",
 * "landlock-restrict".
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define CREATE_RULESET	444
#define ADD_RULE	445
#define RESTRICT_SELF	446

#define REFUSE(number, code)						\
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),		\
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (code))

int
main(int argc, char **argv)
{
	struct sock_filter seccomp[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		REFUSE(SYS_seccomp, EPERM),
		/* PR_SET_SECCOMP, the old way. */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args[0])),
		REFUSE(PR_SET_SECCOMP, EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_filter landlock[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		REFUSE(CREATE_RULESET, ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	/* Filters can be asked about, and made, but not set. */
	struct sock_filter load[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args[0])),
		REFUSE(SECCOMP_SET_MODE_FILTER, EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	/* Flags 0: not the question for the version. */
	struct sock_filter create[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CREATE_RULESET, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args[2])),
		REFUSE(0, ENOMEM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_filter rule[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		REFUSE(ADD_RULE, ENOMEM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_filter restricting[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		REFUSE(RESTRICT_SELF, E2BIG),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
#define PROGRAM(code)	{ sizeof(code) / sizeof(*(code)), (code) }
	const struct {
		const char		*what;
		struct sock_fprog	 program;
	} all[] = {
		{ "seccomp", PROGRAM(seccomp) },
		{ "seccomp-load", PROGRAM(load) },
		{ "landlock", PROGRAM(landlock) },
		{ "landlock-create", PROGRAM(create) },
		{ "landlock-rule", PROGRAM(rule) },
		{ "landlock-restrict", PROGRAM(restricting) },
	};
	const struct sock_fprog *program = NULL;

	for (size_t i = 0; argc > 3 && i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(argv[1], all[i].what) == 0)
			program = &all[i].program;
	if (program == NULL || strcmp(argv[2], "--") != 0) {
		(void)fprintf(stderr, "usage: refuse WHAT -- COMMAND...\n");
		return 2;
	}
	/* Needs root, not no-new-privileges: the command may gain some. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0) {
		perror("refuse");
		return 125;
	}
	(void)execv(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}
