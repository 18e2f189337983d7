/*
 * What time it is: see clock.h.
 */
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"

static const char boot_id_path[] = "/proc/sys/kernel/random/boot_id";

/* Reads the kernel's boot id; "" where there is no /proc (a chroot). */
static void
read_boot_id(char id[PJ_BOOT_ID_MAX + 1])
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = -1;
	char text[PJ_BOOT_ID_MAX];
	ssize_t n;

	id[0] = '\0';
	fd = open(boot_id_path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text));
	if (n != (ssize_t)sizeof(text))
		return;
	for (size_t i = 0; i < sizeof(text); i++)
		if (strchr("0123456789abcdef-", text[i]) == NULL ||
		    text[i] == '\0')
			return;
	memcpy(id, text, sizeof(text));
	id[sizeof(text)] = '\0';
}

void
pj_clock_read_system(void *ctx, struct pj_clock *clock)
{
	struct timespec ts = { 0, 0 };

	(void)ctx;
	*clock = (struct pj_clock){ 0 };
	if (clock_gettime(CLOCK_REALTIME, &ts) == 0)
		clock->wall = ts.tv_sec;
	if (clock_gettime(CLOCK_BOOTTIME, &ts) == 0)
		clock->boot = ts.tv_sec;
	read_boot_id(clock->boot_id);
}

static int64_t
read_wall(void *ctx)
{
	struct timespec ts = { 0, 0 };

	(void)ctx;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

const struct pj_clock_source pj_clock_system = {
	.read = pj_clock_read_system,
	.wall = read_wall,
};

int64_t
pj_clock_wall(const struct pj_clock_source *source)
{
	struct pj_clock clock;

	if (source->wall != NULL)
		return source->wall(source->ctx);
	source->read(source->ctx, &clock);
	return clock.wall;
}

int64_t
pj_now_ms(void)
{
	struct timespec ts = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
