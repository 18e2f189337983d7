/* Processes that log in once: from posix_spawn to their end. */
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define ROUNDS	301

static char *floor_argv[] = { NULL, NULL, NULL };
static char *login_argv[] = { NULL, NULL, NULL };

static void
spawn(char **argv)
{
	int status;
	pid_t pid;

	must(posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) == 0,
	    argv[0]);
	must(waitpid(pid, &status, 0) == pid && status == 0, argv[0]);
}

static void
spawn_floor(void)
{
	spawn(floor_argv);
}

static void
spawn_login(void)
{
	spawn(login_argv);
}

void
measure_fresh(char *floor, char *login)
{
	static const struct stage stages[] = {
		STAGE("floor", spawn_floor, 1),
		STAGE("login", spawn_login, 1),
	};
	char *file = NULL;

	must(asprintf(&file, "%s/RS256.token", folder) > 0, "memory");
	floor_argv[0] = floor;
	floor_argv[1] = strdup(folder);
	login_argv[0] = login;
	login_argv[1] = file;
	measure("fresh process", stages, 2, ROUNDS);
	free(floor_argv[1]);
	free(file);
}
