/*
 * A growing byte buffer with a hard maximum.  Responsible for: building texts
 * and reading files and pipes without a length error.  The bytes are wiped
 * before memory is given back, because a buffer may hold a token.
 */
#ifndef PJ_BASE_BUF_H
#define PJ_BASE_BUF_H

#include "base/cleanup.h"
#include "base/span.h"
#include "base/status.h"

struct pj_buf {
	unsigned char	*ptr;	/* owned; NULL while empty */
	size_t		 len;
	size_t		 cap;
	size_t		 max;	/* len never exceeds it */
};

#define PJ_BUF_INIT(maximum)	{ .max = (maximum) }

/* A buffer that is wiped and freed when it leaves scope. */
#define PJ_BUF_SCOPED(name, maximum)					\
	PJ_CLEANUP(pj_buf_free) struct pj_buf name = PJ_BUF_INIT(maximum)

/* Wipes and frees; the buffer is empty afterwards.  Takes a zeroed one. */
void		pj_buf_free(struct pj_buf *buf);

/* Empties without giving memory back. */
void		pj_buf_clear(struct pj_buf *buf);

/*
 * Appends.  PJ_NO_MEMORY, or PJ_FILE_TOO_LARGE if the maximum would be
 * exceeded; the buffer is unchanged then.
 */
enum pj_status	pj_buf_append(struct pj_buf *buf, struct pj_span bytes)
		    PJ_MUST_CHECK;
enum pj_status	pj_buf_printf(struct pj_buf *buf, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3))) PJ_MUST_CHECK;

/*
 * Makes room for count bytes behind len and returns their place, or NULL.  The
 * caller adds to len what it wrote.
 */
unsigned char	*pj_buf_room(struct pj_buf *buf, size_t count);

static inline struct pj_span
pj_buf_span(const struct pj_buf *buf)
{
	return pj_span(buf->ptr, buf->len);
}

/* Writes the bytes and a NUL to a fresh string, owned by the caller. */
char		*pj_span_dup(struct pj_span span);

#endif
