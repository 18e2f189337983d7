/*
 * What spawn.c and spawn_child.c share.
 */
#ifndef PJ_BASE_SPAWN_PRIVATE_H
#define PJ_BASE_SPAWN_PRIVATE_H

#include "base/spawn.h"

/* Signals 1 to 64: 8 bytes of the kernel, on everything but MIPS. */
#define PJ_KERNEL_SET	8

/*
 * The first words on the pipe: the new process's id, or why there is none.  A
 * program's reply is text, so a NUL in its first place is one more such record:
 * why exec failed.
 */
struct pj_spawn_record {
	char	nul;
	char	kind;		/* one of the following */
	char	pad[2];
	int32_t	value;		/* a process id or an error number */
};
#define PJ_SPAWN_PID	'P'
#define PJ_SPAWN_FORK	'F'
#define PJ_SPAWN_EXEC	'E'

/* A fork without an exit signal, behind glibc's back. */
long	pj_spawn_fork(void);

/*
 * The intermediate process, in which all signals are blocked.  out is the pipe.
 */
void	pj_spawn_intermediate(const struct pj_spawn *spec, int out)
	    __attribute__((noreturn));

#endif
