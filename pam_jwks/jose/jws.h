/*
 * A signed token in compact form (RFC 7515 section 7.1).  Responsible for: its
 * strict form, its header, and the signature over the received bytes.  Must
 * not: look at what the payload says, or give the payload out before the
 * signature is good.  The header members jwk, jku, x5u and x5c are never used.
 */
#ifndef PJ_JOSE_JWS_H
#define PJ_JOSE_JWS_H

#include "jose/jwk.h"

struct pj_jws;

/* The header.  It is not verified: it may choose a key or cause a refusal. */
struct pj_jws_header {
	const struct pj_alg	*alg;		/* never NULL */
	bool			 has_kid;
	struct pj_span		 kid;		/* at most PJ_KID_MAX bytes */
	bool			 has_typ;
	struct pj_span		 typ;
	bool			 has_x5t;
	struct pj_span		 x5t;		/* base64url text */
	bool			 has_x5t_s256;
	struct pj_span		 x5t_s256;	/* base64url text */
};

/*
 * Takes a token apart; one newline at its end is dropped.  The bytes are copied
 * (and wiped by pj_jws_free).  On success *jws is owned by the caller.  Errors:
 * the groups "the token's form" and "the token's header" of base/status.h.
 */
enum pj_status	pj_jws_parse(struct pj_span token, struct pj_jws **jws,
		    struct pj_error *err) PJ_MUST_CHECK;
void		pj_jws_free(struct pj_jws *jws);
PJ_DEFINE_CLEANUP(struct pj_jws *, pj_cleanup_jws, pj_jws_free)

const struct pj_jws_header	*pj_jws_header(const struct pj_jws *jws);

/*
 * Verifies the signature.  On success *payload holds the decoded payload, which
 * lives as long as jws.  PJ_SIGNATURE_INVALID; PJ_KEY_UNFIT if the key's type,
 * curve or alg does not fit the header's; pj_jwk_load's errors.  Nothing is
 * left in OpenSSL's error queue.
 */
enum pj_status	pj_jws_verify(const struct pj_jws *jws,
		    const struct pj_jwk *jwk, struct pj_span *payload,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * Whether a token that was refused ends before a token of its kind does, so
 * that it may be the beginning of a whole one: fewer than three parts, or a
 * signature shorter than jwk makes.  jwk is the key it was tried with, or NULL.
 */
bool		pj_jws_is_cut(struct pj_span token, const struct pj_jwk *jwk);

#endif
