/*
 * One line of detail beside a status.  Responsible for: making text of any
 * origin safe for a log line.  Must not: log, or keep more than one line.
 */
#ifndef PJ_BASE_ERROR_H
#define PJ_BASE_ERROR_H

#include <stdarg.h>

#include "base/limits.h"
#include "base/status.h"

struct pj_error {
	char	detail[PJ_DETAIL_MAX + 1];	/* printable ASCII, may be "" */
};

/*
 * Returns status, and writes the formatted detail to err unless err is NULL.
 * The detail may hold untrusted text: whatever is not printable ASCII, and the
 * characters " and \, become \xHH; what is too long ends in "...".
 */
enum pj_status	pj_fail(struct pj_error *err, enum pj_status status,
		    const char *fmt, ...)
		    __attribute__((format(printf, 3, 4)));

/* The same with a list of arguments. */
enum pj_status	pj_vfail(struct pj_error *err, enum pj_status status,
		    const char *fmt, va_list ap)
		    __attribute__((format(printf, 3, 0)));

/*
 * Puts words before the detail that is already there, for example the file
 * that it is about.  Returns status.
 */
enum pj_status	pj_fail_in(struct pj_error *err, enum pj_status status,
		    const char *fmt, ...)
		    __attribute__((format(printf, 3, 4)));

/*
 * As pj_fail_in, with the words of another error, which are safe already and
 * must not be escaped twice.
 */
enum pj_status	pj_fail_behind(struct pj_error *err, enum pj_status status,
		    const struct pj_error *words);

/* Says "NAME is VALUE"; the value may hold anything, NUL included. */
enum pj_status	pj_fail_value(struct pj_error *err, enum pj_status status,
		    const char *name, struct pj_span value);

/* As pj_fail, with the English text of errnum behind the words. */
enum pj_status	pj_fail_errno(struct pj_error *err, enum pj_status status,
		    int errnum, const char *fmt, ...)
		    __attribute__((format(printf, 4, 5)));

/*
 * True if text is what pj_escape makes: printable, no quote, and a backslash
 * only before xHH.  For text that crosses a border of trust.
 */
bool		pj_is_escaped(struct pj_span text);

/*
 * Writes text to dst (size bytes, NUL included) in the form described at
 * pj_fail.  Always terminates; size must be at least 4.
 */
void		pj_escape(char *dst, size_t size, struct pj_span text);

#endif
