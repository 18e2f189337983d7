/*
 * refuse WHAT -- COMMAND...: runs a command on a machine that lacks something.
 * WHAT is "seccomp" (no filter can be loaded) or "landlock" (there is none).
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
	bool first = argc > 1 && strcmp(argv[1], "seccomp") == 0;
	struct sock_fprog program = {
		.len = first ? sizeof(seccomp) / sizeof(*seccomp) :
		    sizeof(landlock) / sizeof(*landlock),
		.filter = first ? seccomp : landlock,
	};

	if (argc < 4 || strcmp(argv[2], "--") != 0 ||
	    (!first && strcmp(argv[1], "landlock") != 0)) {
		(void)fprintf(stderr, "usage: refuse WHAT -- COMMAND...\n");
		return 2;
	}
	/* Needs root, not no-new-privileges: the command may gain some. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) {
		perror("refuse");
		return 125;
	}
	(void)execv(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}
