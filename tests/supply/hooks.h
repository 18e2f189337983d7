/*
 * What the tests' builds of programs have instead of the machine's clocks: the
 * file "clock" beside the program shifts them, "wait" makes one look at them last
 * until it is removed.  Never part of a shipped binary.
 *
 *	WALL BOOT ID		seconds added to each; ID "-": the machine's
 */
#ifndef PJ_TESTS_SUPPLY_HOOKS_H
#define PJ_TESTS_SUPPLY_HOOKS_H

#include "base/clock.h"

/* Reads the shifted clocks; ctx is not used. */
void	supply_clock_read(void *ctx, struct pj_clock *clock);

extern const struct pj_clock_source supply_clock;

/* The path of a file beside the program. */
void	supply_path(const char *name, char path[4096]);

#endif
