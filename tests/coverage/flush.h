/*
 * Included in front of every file of a coverage build.  The processes between
 * clone and exec (base/spawn_child.c) end by raw system calls, and many of the
 * tests' by _exit, behind the back of whoever writes the counters down at a
 * process's end: they do it here.  The fetching process may write nothing, and
 * would be killed for it; what it runs of the counted layers others run, too.
 */
#ifndef PJ_TESTS_COVERAGE_FLUSH_H
#define PJ_TESTS_COVERAGE_FLUSH_H

#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void	__gcov_dump(void);
void	__gcov_reset(void);

/* Of tests/fuzz/faults.c where it is: writing must not meet calls that fail. */
unsigned	fuzz_faults_end(void) __attribute__((weak));

/* All six arguments are read, as libc does, though most calls have fewer. */
static inline long __attribute__((unused))
coverage_syscall(long number, ...)
{
	long arg[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		arg[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_execve || number == SYS_exit_group) {
		if (fuzz_faults_end != NULL)
			(void)fuzz_faults_end();
		__gcov_dump();
		/* What follows a failed exec is counted from zero. */
		__gcov_reset();
	}
	return syscall(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

static inline void __attribute__((unused))
coverage_flush(const char *file)
{
	if (strstr(file, "fetch/worker.c") == NULL)
		__gcov_dump();
}

#define syscall		coverage_syscall
#define _exit(code)	(coverage_flush(__FILE__), (_exit)(code))

#endif
