/*
 * The tests' clock, and their hand on fork: see hooks.h.
 */
#include "hooks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

const struct pj_clock_source supply_clock = { .read = supply_clock_read };

void
supply_path(const char *name, char path[4096])
{
	ssize_t n = readlink("/proc/self/exe", path, 3000);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		(void)snprintf(slash + 1, 1000, "%s", name);
}

/* The look at the clock whose number a file "wait" holds takes its time. */
static void
wait_if_told(void)
{
	static int looks;
	char path[4096];
	int which = 0;
	FILE *file;

	looks++;
	supply_path("wait", path);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fscanf(file, "%d", &which) != 1)
		which = 0;
	(void)fclose(file);
	while (which == looks && access(path, F_OK) == 0)
		(void)usleep(1000);
}

void
supply_clock_read(void *ctx, struct pj_clock *clock)
{
	long long wall = 0, boot = 0;
	char path[4096], id[40] = "-";
	FILE *file;

	wait_if_told();
	pj_clock_read_system(ctx, clock);
	supply_path("clock", path);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fscanf(file, "%lld %lld %36s", &wall, &boot, id) == 3) {
		clock->wall += wall;
		clock->boot += boot;
		if (strcmp(id, "-") != 0)
			(void)snprintf(clock->boot_id, sizeof(clock->boot_id),
			    "%s", id);
	}
	(void)fclose(file);
}

/* Fails while there is a file "nofork" beside the program. */
pid_t	__real_fork(void);
pid_t	__wrap_fork(void);

pid_t
__wrap_fork(void)
{
	char path[4096];

	supply_path("nofork", path);
	if (access(path, F_OK) != 0)
		return __real_fork();
	errno = EAGAIN;
	return -1;
}
