/*
 * What the fuzz targets share.  A target is one file with one function that
 * takes any bytes.  libFuzzer calls it (make check-fuzz), or driver.c with the
 * files of the corpus (in every check).  What must hold is checked with
 * FUZZ_CHECK; the code that is tried is the one that is shipped.
 */
#ifndef PJ_TESTS_FUZZ_H
#define PJ_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/span.h"
#include "policy/config.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise that is broken ends the run, so that the input is kept. */
#define FUZZ_CHECK(promise)						\
	do {								\
		if (!(promise)) {					\
			(void)fprintf(stderr, "%s:%d: broken: %s\n",	\
			    __FILE__, __LINE__, #promise);		\
			abort();					\
		}							\
	} while (0)

/*
 * Takes the part up to the next NUL off rest, without the NUL; the last part
 * has none.  At the end parts are empty.
 */
struct pj_span	fuzz_part(struct pj_span *rest);

/*
 * A folder for a target's files, which ends with the process; root's and nobody
 * else's to write.  It is in memory where there is a place for that: a disk
 * would be waited for at every fsync.
 */
const char	*fuzz_folder(void);

/* Removes everything in it. */
void		fuzz_empty_folder(void);

/* The configuration that a text is; NULL if there is a mistake in it. */
struct pj_config	*fuzz_configure(const struct pj_config_host *host,
			    struct pj_span text);

/* True if part lies inside whole, or is empty. */
bool		fuzz_inside(struct pj_span part, struct pj_span whole);

#endif
