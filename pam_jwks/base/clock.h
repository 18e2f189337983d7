/*
 * What time it is.  Responsible for: reading the kernel's clocks.  Rules never
 * call it: they get the reading as a parameter.
 */
#ifndef PJ_BASE_CLOCK_H
#define PJ_BASE_CLOCK_H

#include <stdint.h>

#include "base/limits.h"

struct pj_clock {
	int64_t	wall;				/* seconds since 1970 */
	int64_t	boot;				/* since boot, with sleep */
	char	boot_id[PJ_BOOT_ID_MAX + 1];	/* "" if unknown */
};

/*
 * Milliseconds of the monotonic clock: for deadlines, which no rule sees and no
 * test shifts.
 */
int64_t	pj_now_ms(void);

/* One of the two seams for tests: where a reading comes from. */
struct pj_clock_source {
	void	(*read)(void *ctx, struct pj_clock *clock);
	/* The wall clock alone, where that is cheaper; or NULL. */
	int64_t	(*wall)(void *ctx);
	void	*ctx;
};

/* Reads the machine's clocks; ctx is not used. */
void	pj_clock_read_system(void *ctx, struct pj_clock *clock);

/* The wall clock alone: the boot id costs as much as reading a file. */
int64_t	pj_clock_wall(const struct pj_clock_source *source);

/* The machine's clocks as a source. */
extern const struct pj_clock_source pj_clock_system;

#endif
