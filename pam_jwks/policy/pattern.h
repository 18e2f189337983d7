/*
 * Regular expressions of the configuration.  Responsible for: POSIX extended
 * syntax (POSIX.1-2008 Base Definitions, chapter 9.4) in the C locale, whatever
 * the host's locale is, matched against whole values, within bounds that hold
 * for hostile patterns and values, too.  Must not: offer what libc adds to
 * POSIX (back-references, \w and the like): their cost has no bound.
 */
#ifndef PJ_POLICY_PATTERN_H
#define PJ_POLICY_PATTERN_H

#include "base/cleanup.h"
#include "base/error.h"

/* The groups that can be referred to: \1 to \9. */
#define PJ_PATTERN_REFERENCES	9

struct pj_pattern;

/*
 * Compiles a pattern; text has no NUL.  On success *pattern is owned by the
 * caller.  PJ_CONFIG_INVALID with what is wrong in the detail, or PJ_NO_MEMORY.
 */
enum pj_status	pj_pattern_new(struct pj_span text,
		    struct pj_pattern **pattern, struct pj_error *err)
		    PJ_MUST_CHECK;
void		pj_pattern_free(struct pj_pattern *pattern);
PJ_DEFINE_CLEANUP(struct pj_pattern *, pj_cleanup_pattern, pj_pattern_free)

/* How many groups it has. */
size_t		pj_pattern_groups(const struct pj_pattern *pattern);

/*
 * True if the whole value matches.  A value with a control character or of more
 * than PJ_PATTERN_VALUE_MAX bytes never does, and none does where memory is
 * exhausted.  Unless groups is NULL it receives what each group took, borrowed
 * from value; ptr is NULL for a group that took no part.
 */
bool		pj_pattern_match(const struct pj_pattern *pattern,
		    struct pj_span value,
		    struct pj_span groups[PJ_PATTERN_REFERENCES]);

#endif
