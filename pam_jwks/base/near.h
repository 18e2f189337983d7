/*
 * Words that were mistyped.  Responsible for: telling which known word somebody
 * meant who wrote another.
 */
#ifndef PJ_BASE_NEAR_H
#define PJ_BASE_NEAR_H

#include "base/span.h"

/* What pj_near returns for words that are not near. */
#define PJ_FAR	((size_t)-1)

/*
 * How many letters of word are wrong, missing, too many or exchanged with their
 * neighbour, if it was meant to be the other: two at most, and no more than a
 * third of them.  Else PJ_FAR.
 */
size_t		 pj_near(struct pj_span word, struct pj_span meant);

/* The nearest of some words, the first of several; NULL if none is near. */
const char	*pj_nearest(struct pj_span word, const char *const *words,
		    size_t count);

#endif
