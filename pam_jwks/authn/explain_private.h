/*
 * Inside of pj_explain.
 */
#ifndef PJ_AUTHN_EXPLAIN_PRIVATE_H
#define PJ_AUTHN_EXPLAIN_PRIVATE_H

#include "authn/explain.h"
#include "jose/jwt.h"

/* What is wanted, in words: two lists of a section fit. */
#define WANTED_MAX	1024

struct explanation {
	const struct pj_config		*config;
	const struct pj_login		*login;
	const struct pj_decision	*decision;
	const struct pj_explain_sink	*sink;
	const struct pj_issuer		*issuer;	/* NULL: none fits */
	int64_t				 now;
	bool				 verified;	/* from here on */
	bool				 decided;	/* a step said so */
};

/* Tells the step's outcome.  wanted may be NULL. */
void	pj_explain_say(struct explanation *e, const char *name,
	    const struct pj_buf *wanted, enum pj_status status,
	    const struct pj_error *err);

/* Tells that it was not taken, and why. */
void	pj_explain_skip(struct explanation *e, const char *name,
	    const char *why);

/* Values for the next step. */
void	pj_explain_json(struct explanation *e, const char *name,
	    const struct pj_json *value, const char *note);
void	pj_explain_text(struct explanation *e, const char *name,
	    struct pj_span text, const char *note);
void	pj_explain_number(struct explanation *e, const char *name,
	    long long number, const char *note);

/* A time claim with "in 5 s" or "5 s ago" beside it. */
void	pj_explain_time(struct explanation *e, const char *name,
	    const struct pj_json *value);

/* Adds words, and the words of a list, to what is wanted; escaped. */
void	pj_explain_want(struct pj_buf *wanted, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
void	pj_explain_want_list(struct pj_buf *wanted, const char *name,
	    const struct pj_list *list);

/*
 * The steps of keys and signature: explain_keys.c.  The claims of a token whose
 * signature is good, or NULL.
 */
struct pj_claims	*pj_explain_signature(struct explanation *e,
			    struct pj_jwt *jwt);

/* The steps behind the signature: explain_claims.c. */
void	pj_explain_claims(struct explanation *e,
	    const struct pj_claims *claims, bool all_claims);

#endif
