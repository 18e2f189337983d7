/*
 * The two files of an issuer as bytes: the data file (keys, and what is known
 * of their age) and the state file (attempts, pauses, errors).  Pure: bytes in,
 * structs out.  Responsible for: refusing whatever is damaged, of another
 * version or another kind.  Must not: judge whether keys may be used, or touch
 * a file.
 *
 *	pam-jwks-keys 1                   format version
 *	sha256 HEX                        over every byte behind this line
 *	NAME VALUE                        unknown names are ignored: the version
 *	...                               stays while only names are added
 *	body LENGTH
 *	                                  an empty line
 *	BYTES                             the key set as received
 *
 * The checksum detects corruption; protection is the owner and mode of the
 * file.
 */
#ifndef PJ_KEYS_ENVELOPE_H
#define PJ_KEYS_ENVELOPE_H

#include "base/buf.h"
#include "jose/digest.h"
#include "keys/lifetime.h"

#define PJ_ENVELOPE_VERSION	"1"

/* The data file.  Spans are borrowed; an empty one is absent. */
struct pj_envelope {
	struct pj_span		id;		/* see cache.h */
	struct pj_span		issuer;
	struct pj_span		jwks_uri;	/* where the keys are from */
	struct pj_validity	validity;
	/* When jwks_uri was read from discovery; wall 0: it was configured. */
	struct pj_stamp		discovered;
	struct pj_stamp		full;		/* last unconditional GET */
	struct pj_span		etag;
	struct pj_span		last_modified;
	struct pj_span		unsound;	/* see version.h */
	struct pj_span		body;
	bool			spare;		/* see cache.h; not stored */
};

/*
 * The state file.  result is the last attempt's status; while an attempt runs
 * (or if it crashed) running is true and result is older.
 */
struct pj_state {
	struct pj_holds		holds;
	enum pj_refresh_cause	cause;		/* of the last attempt */
	enum pj_status		result;
	bool			has_result;
	unsigned		failures;	/* in a row */
	unsigned		fruitless;	/* unknown kids in a row */
	bool			rediscover;	/* read discovery next time */
	struct pj_stamp		success;	/* wall 0: none yet */
	int64_t			provider_date;	/* its clock, at our success */
	int64_t			date_seen;	/* our wall clock then */
	int64_t			cert_expires;	/* its chain's end */
	struct pj_error		error;		/* of the last failure */
};

/*
 * Appends the file's bytes.  PJ_CACHE_INVALID if a value cannot stand in a
 * line; a validator that cannot (etag, last_modified) is left out instead.
 */
enum pj_status	pj_envelope_encode(const struct pj_envelope *envelope,
		    struct pj_buf *out, struct pj_error *err) PJ_MUST_CHECK;

/* Reads one; *envelope borrows from text.  PJ_CACHE_INVALID with the reason. */
enum pj_status	pj_envelope_decode(struct pj_span text,
		    struct pj_envelope *envelope, struct pj_error *err)
		    PJ_MUST_CHECK;

/* The same two for the state file; id binds it to its issuer. */
enum pj_status	pj_state_encode(const struct pj_state *state, const char *id,
		    struct pj_buf *out, struct pj_error *err) PJ_MUST_CHECK;
enum pj_status	pj_state_decode(struct pj_span text, const char *id,
		    struct pj_state *state, struct pj_error *err) PJ_MUST_CHECK;

#endif
