/*
 * A token in several answers.  Responsible for: what is asked next, when the
 * asking ends, and what the answers amount to; pam_jwks(8), "A token in several
 * answers", describes it for people.  Must not: know PAM, or let anything but
 * the lengths of the answers decide what is asked.  sshd replaces the answers
 * for accounts that it bars by junk of the same length: whatever looked at an
 * answer, be it to compare it with another, would tell strangers which accounts
 * there are.
 */
#ifndef PJ_MODULE_PIECES_H
#define PJ_MODULE_PIECES_H

#include "base/buf.h"
#include "base/limits.h"

/* Begins with PJ_PIECES_INIT, ends with pj_pieces_free. */
struct pj_pieces {
	struct pj_buf	joined;		/* PJ_TOKEN_MAX + 1 bytes at most */
	size_t		total;		/* bytes of all answers */
	size_t		first;		/* bytes of the first */
	size_t		last;		/* of the last that was not empty */
	unsigned	answers;
	bool		alike;		/* each was the first one again */
	bool		ended;
};

/* One byte more tells what is too long; one holds the NUL. */
#define PJ_PIECES_INIT	{ .joined = PJ_BUF_INIT(PJ_TOKEN_MAX + 2) }

/* Wipes what was entered. */
void		pj_pieces_free(struct pj_pieces *pieces);

/* Whether something is to be asked; true at the beginning. */
bool		pj_pieces_more(const struct pj_pieces *pieces);

/*
 * Appends the text of the next prompt.  before stands in front of the first one
 * and may be NULL.  PJ_NO_MEMORY, PJ_FILE_TOO_LARGE (the buffer's maximum).
 */
enum pj_status	pj_pieces_prompt(const struct pj_pieces *pieces,
		    const char *before, struct pj_buf *prompt) PJ_MUST_CHECK;

/*
 * Takes the answer to it and copies it.  Of answers that are too long together
 * no more is kept than what shows that they are.  PJ_NO_MEMORY.
 */
enum pj_status	pj_pieces_add(struct pj_pieces *pieces, struct pj_span answer)
		    PJ_MUST_CHECK;

/* Every prompt got the same answer, as if nobody had read it. */
bool		pj_pieces_blind(const struct pj_pieces *pieces);

/*
 * What was entered, when there is nothing more to ask; it belongs to pieces.
 * Where every prompt got the same answer it is that answer, once.
 */
const char	*pj_pieces_text(struct pj_pieces *pieces);

/*
 * Who passes on no more than so many bytes of an answer; NULL if nobody is
 * known to.  Only an answer of such a length may have been cut.
 */
const char	*pj_pieces_limit(size_t bytes);

#endif
