/*
 * Calls that fail as an input says.  The linker puts these in the place of the
 * product's calls (-Wl,--wrap); the product itself is not changed.
 */
#ifndef PJ_TESTS_FUZZ_FAULTS_H
#define PJ_TESTS_FUZZ_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * From now on one call in so many fails, chosen by seed; the same input always
 * makes the same calls fail.  one_in 0: none does.
 */
void	fuzz_faults_begin(uint64_t seed, unsigned one_in);

/* From now on the nth call fails, from 1, and no other. */
void	fuzz_faults_nth(unsigned n);

/* Whether this call is to fail; for who wraps more calls. */
bool	fuzz_fails(void);

/* No call fails any more.  How many did. */
unsigned	fuzz_faults_end(void);

#endif
