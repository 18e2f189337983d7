/*
 * Scoped clean-up, the one idiom of this code: a variable that owns something
 * is declared with PJ_CLEANUP(function) and given back when it leaves scope.
 */
#ifndef PJ_BASE_CLEANUP_H
#define PJ_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define PJ_CLEANUP(function)	__attribute__((cleanup(function)))

/* NOLINTBEGIN(bugprone-macro-parentheses): a type has none */
/* Defines name(T **p) that calls destroy(*p); destroy must take NULL. */
#define PJ_DEFINE_CLEANUP(type, name, destroy)				\
	static inline void						\
	name(type *p)							\
	{								\
		destroy(*p);						\
	}
/* NOLINTEND(bugprone-macro-parentheses) */

/* Hands a pointer over: returns it and leaves NULL behind. */
#define PJ_TAKE(p)							\
	({ __typeof__(p) pj_taken_ = (p); (p) = NULL; pj_taken_; })

/* For char * from malloc. */
PJ_DEFINE_CLEANUP(char *, pj_cleanup_str, free)

/* For a descriptor; -1 is none. */
static inline void
pj_cleanup_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* As PJ_TAKE, for a descriptor. */
static inline int
pj_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
