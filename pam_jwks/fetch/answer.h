/*
 * What the worker tells the privileged half, as bytes: one or two frames of
 * "name value" lines and a body.  Pure.  Whoever decodes treats the bytes as
 * hostile.
 */
#ifndef PJ_FETCH_ANSWER_H
#define PJ_FETCH_ANSWER_H

#include "fetch/http.h"
#include "base/buf.h"
#include "base/error.h"

enum pj_answer_kind {
	PJ_ANSWER_DISCOVERY,
	PJ_ANSWER_KEYS,
	PJ_ANSWER_KINDS,
};

/* The outcome of one GET.  body is borrowed. */
struct pj_answer {
	bool			present;
	enum pj_status		result;	/* PJ_OK: there was an HTTP answer */
	struct pj_error		error;	/* for any other result */
	long			http;	/* its status */
	struct pj_http_headers	headers;
	int64_t			cert_expires;
	struct pj_span		body;
};

/* Appends one frame.  PJ_FILE_TOO_LARGE, PJ_NO_MEMORY, PJ_CACHE_INVALID. */
enum pj_status	pj_answer_encode(enum pj_answer_kind kind,
		    const struct pj_answer *answer, struct pj_buf *out)
		    PJ_MUST_CHECK;

/*
 * Reads all frames, at most one of each kind and nothing else; bodies borrow
 * from text.  PJ_FETCH_FAILED if the bytes are anything else.
 */
enum pj_status	pj_answers_decode(struct pj_span text,
		    struct pj_answer answers[PJ_ANSWER_KINDS],
		    struct pj_error *err) PJ_MUST_CHECK;

#endif
