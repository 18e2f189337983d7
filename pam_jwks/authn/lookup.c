#include "authn/lookup.h"

/* The keys that were tried, to see later whether new ones differ. */
struct tried {
	const struct pj_jwk	*keys[PJ_CANDIDATES_MAX];
	size_t			 count;
};

static bool
was_tried(const struct tried *tried, const struct pj_jwk *jwk)
{
	for (size_t i = 0; tried != NULL && i < tried->count; i++) {
		if (pj_jwk_same_key(tried->keys[i], jwk))
			return true;
	}
	return false;
}

/*
 * One pass over a key set.  Keys whose material was tried before are left out:
 * they would fail again.
 */
static enum pj_status
try_set(const struct pj_jwks *jwks, const struct pj_jws_header *header,
    const struct tried *before, pj_try_key *try_key, void *ctx,
    struct tried *tried, struct pj_error *err)
{
	enum pj_status status, refusal = PJ_SIGNATURE_INVALID;
	struct pj_error why = { "" };

	tried->count = 0;
	if (err != NULL)
		err->detail[0] = '\0';
	status = pj_jwks_choose(jwks, header, tried->keys, &tried->count, err);
	if (status != PJ_OK) {
		tried->count = 0;
		return status;
	}
	for (size_t i = 0; i < tried->count; i++) {
		if (was_tried(before, tried->keys[i]))
			continue;
		status = try_key(ctx, tried->keys[i], &why);
		if (status == PJ_OK)
			return PJ_OK;
		/* A key that could be used tells more than one that cannot. */
		if (refusal != PJ_SIGNATURE_INVALID || i == 0) {
			refusal = status;
			/* Without a word, what the choice said stands. */
			if (err != NULL && why.detail[0] != '\0')
				*err = why;
		}
	}
	return refusal;
}

/* A key that cannot be loaded is as good as none. */
static bool
worth_a_refresh(enum pj_status status, enum pj_refresh_cause *cause)
{
	*cause = status == PJ_KEY_UNKNOWN ? PJ_CAUSE_KID : PJ_CAUSE_SIGNATURE;
	return pj_status_outcome(status) == PJ_OUTCOME_REFUSED;
}

enum pj_status
pj_lookup_verify(struct pj_keysource *source,
    const struct pj_jws_header *header, pj_try_key *try_key, void *ctx,
    struct pj_error *err)
{
	const struct pj_jwks *jwks, *newer;
	struct tried first, second;
	struct pj_error why = { "" };
	enum pj_refresh_cause cause;
	enum pj_status status, refreshed;

	status = pj_keysource_keys(source, &jwks, err);
	if (status != PJ_OK)
		return status;
	status = try_set(jwks, header, NULL, try_key, ctx, &first, err);
	if (status == PJ_OK || !worth_a_refresh(status, &cause))
		return status;
	refreshed = pj_keysource_newer(source, cause, &newer, &why);
	if (refreshed == PJ_OK)
		return try_set(newer, header, &first, try_key, ctx, &second,
		    err);
	/*
	 * Nobody knows whether the key exists if the provider cannot be asked.
	 * A wrong signature under a known key needs no provider to be wrong.
	 */
	if (cause == PJ_CAUSE_KID && refreshed != PJ_FETCH_HELD_BACK) {
		if (err != NULL)
			*err = why;
		return refreshed;
	}
	if (cause == PJ_CAUSE_KID && why.detail[0] != '\0' && err != NULL)
		return pj_fail_behind(err, status, &why);
	return status;
}
