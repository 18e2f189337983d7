/*
 * Key sets, and the choice of the keys that a token's header means.
 */
#include "jose/b64url.h"
#include "jose/jwk_private.h"
#include "jose/jwks.h"
#include "jose/ossl.h"
#include "jose/x5c.h"

struct pj_jwks {
	struct pj_json	*doc;
	size_t		 count;
	struct pj_jwk	 keys[];
};

/* Why a key is skipped, kept beside it; without memory there is no detail. */
static void
keep_detail(struct pj_jwk *jwk, const struct pj_error *detail)
{
	if (jwk->status == PJ_OK)
		return;
	jwk->detail = malloc(sizeof(*jwk->detail));
	if (jwk->detail != NULL)
		*jwk->detail = *detail;
}

static enum pj_status
read_keys(struct pj_json **doc, struct pj_jwks **jwks, struct pj_error *err)
{
	const struct pj_json	*keys = pj_json_member(*doc, "keys");
	size_t			 count = pj_json_length(keys);
	struct pj_jwks		*made;

	if (keys == NULL || pj_json_type(keys) != PJ_JSON_ARRAY)
		return pj_fail(err, PJ_KEYSET_INVALID, "no array keys");
	if (count > PJ_KEYS_MAX)
		return pj_fail(err, PJ_KEYSET_INVALID, "%zu keys", count);
	made = calloc(1, sizeof(*made) + count * sizeof(made->keys[0]));
	if (made == NULL)
		return PJ_NO_MEMORY;
	made->count = count;
	for (size_t i = 0; i < count; i++) {
		struct pj_error detail;

		detail.detail[0] = '\0';
		pj_jwk_read(pj_json_item(keys, i), &made->keys[i], &detail);
		keep_detail(&made->keys[i], &detail);
	}
	made->doc = PJ_TAKE(*doc);
	*jwks = made;
	return PJ_OK;
}

enum pj_status
pj_jwks_parse(struct pj_span text, struct pj_jwks **jwks, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
	enum pj_status status;

	status = pj_json_parse(text, &doc, err);
	if (status == PJ_NO_MEMORY)
		return status;
	if (status != PJ_OK)
		return pj_fail_in(err, PJ_KEYSET_INVALID, "%s",
		    pj_status_name(status));
	return read_keys(&doc, jwks, err);
}

void
pj_jwks_free(struct pj_jwks *jwks)
{
	if (jwks == NULL)
		return;
	for (size_t i = 0; i < jwks->count; i++)
		free(jwks->keys[i].detail);
	pj_json_free(jwks->doc);
	free(jwks);
}

size_t
pj_jwks_count(const struct pj_jwks *jwks)
{
	return jwks->count;
}

const struct pj_jwk *
pj_jwks_at(const struct pj_jwks *jwks, size_t i)
{
	return i < jwks->count ? &jwks->keys[i] : NULL;
}

size_t
pj_jwks_usable(const struct pj_jwks *jwks)
{
	size_t usable = 0;

	for (size_t i = 0; i < jwks->count; i++)
		if (jwks->keys[i].status == PJ_OK)
			usable++;
	return usable;
}

enum pj_status
pj_jwks_refuse(const struct pj_jwks *jwks, struct pj_error *err)
{
	const enum pj_status refused = PJ_KEYSET_INVALID;
	const struct pj_jwk *first = jwks->keys;
	struct pj_error why = { "" };

	if (jwks->count == 0)
		return pj_fail(err, refused, "there is no key in it");
	if (first->detail != NULL)
		why = *first->detail;
	(void)pj_fail_in(&why, refused, "%s", pj_status_name(first->status));
	if (jwks->count == 1)
		(void)pj_fail_in(&why, refused, "its only key cannot be used");
	else
		(void)pj_fail_in(&why, refused,
		    "none of its %zu keys can be used, the first", jwks->count);
	if (err != NULL)
		*err = why;
	return refused;
}

void
pj_jwks_check(struct pj_jwks *jwks, size_t i)
{
	struct pj_error	 detail;
	struct pj_jwk	*jwk;

	if (i >= jwks->count || jwks->keys[i].status != PJ_OK)
		return;
	jwk = &jwks->keys[i];
	detail.detail[0] = '\0';
	jwk->status = pj_jwk_check(jwk, &detail);
	keep_detail(jwk, &detail);
}

void
pj_jwks_skip(struct pj_jwks *jwks, size_t i, enum pj_status why)
{
	struct pj_error detail;

	if (i >= jwks->count || jwks->keys[i].status != PJ_OK)
		return;
	(void)pj_fail(&detail, why, "found when it was fetched");
	jwks->keys[i].status = why;
	keep_detail(&jwks->keys[i], &detail);
}

/* True if the certificate has that fingerprint under md, in base64url. */
static bool
certificate_has(const struct pj_json *x5c, const EVP_MD *md,
    struct pj_span wanted)
{
	PJ_OSSL_ERRORS_SCOPED();
	PJ_BUF_SCOPED(der, PJ_X5C_ENTRY_MAX);
	unsigned char	digest[EVP_MAX_MD_SIZE];
	char		text[(EVP_MAX_MD_SIZE + 2) / 3 * 4 + 1];
	unsigned	len = 0;

	return pj_x5c_decode(x5c, 0, &der, NULL) == PJ_OK &&
	    EVP_Digest(der.ptr, der.len, digest, &len, md, NULL) == 1 &&
	    pj_b64url_encode(pj_span(digest, len), text, sizeof(text)) &&
	    pj_span_is(wanted, text);
}

/* The key's own member if it has one (RFC 7517 4.8, 4.9), else computed. */
static bool
fingerprint_is(const struct pj_jwk *jwk, const char *name, const EVP_MD *md,
    struct pj_span wanted)
{
	const struct pj_json	*x5c = pj_jwk_member(jwk->json, "x5c");
	struct pj_span		 own;

	if (pj_json_string(pj_jwk_member(jwk->json, name), &own))
		return pj_span_equal(own, wanted);
	return x5c != NULL && certificate_has(x5c, md, wanted);
}

/* True if the header names this key, or names none at all. */
static bool
is_named(const struct pj_jwk *jwk, const struct pj_jws_header *header)
{
	if (header->has_kid)
		return jwk->has_kid && pj_span_equal(jwk->kid, header->kid);
	if (header->has_x5t_s256)
		return fingerprint_is(jwk, "x5t#S256", EVP_sha256(),
		    header->x5t_s256);
	if (header->has_x5t)
		return fingerprint_is(jwk, "x5t", EVP_sha1(), header->x5t);
	return true;
}

static bool
does_fit(const struct pj_jwk *jwk, const struct pj_alg *alg)
{
	return jwk->status == PJ_OK && pj_alg_fits(alg, jwk->kty, jwk->crv) &&
	    (jwk->alg == NULL || jwk->alg == alg);
}

/* Why nothing was chosen. */
static enum pj_status
none_chosen(const struct pj_jwk *unfit, const struct pj_jws_header *header,
    bool names_key, struct pj_error *err)
{
	const char *crv;

	if (!names_key)
		return pj_fail(err, PJ_KEY_UNKNOWN,
		    "no key fits %s, and the token names none",
		    header->alg->name);
	if (unfit == NULL)
		return header->has_kid ? PJ_KEY_UNKNOWN :
		    pj_fail(err, PJ_KEY_UNKNOWN,
		    "no key has the token's certificate thumbprint");
	if (unfit->status != PJ_OK)
		return pj_fail(err, PJ_KEY_UNFIT, "the key is skipped: %s",
		    pj_status_name(unfit->status));
	crv = pj_crv_name(unfit->crv);
	return pj_fail(err, PJ_KEY_UNFIT, "%s with a key for %s%s%s%s%s",
	    header->alg->name, pj_kty_name(unfit->kty),
	    *crv != '\0' ? " " : "", crv, unfit->alg != NULL ? " " : "",
	    unfit->alg != NULL ? unfit->alg->name : "");
}

enum pj_status
pj_jwks_choose(const struct pj_jwks *jwks, const struct pj_jws_header *header,
    const struct pj_jwk *chosen[PJ_CANDIDATES_MAX], size_t *count,
    struct pj_error *err)
{
	bool	names_key = header->has_kid || header->has_x5t_s256 ||
		    header->has_x5t;
	size_t	max = names_key ? PJ_CANDIDATES_KID_MAX : PJ_CANDIDATES_MAX;
	const struct pj_jwk	*fit[PJ_CANDIDATES_MAX];
	const struct pj_jwk	*unfit = NULL;
	size_t			 found = 0;

	for (size_t i = 0; i < jwks->count; i++) {
		const struct pj_jwk *jwk = &jwks->keys[i];

		if (!is_named(jwk, header))
			continue;
		if (!does_fit(jwk, header->alg)) {
			unfit = jwk;
			continue;
		}
		if (found == max && !names_key)
			return pj_fail(err, PJ_KEY_UNKNOWN,
			    "over %zu keys fit, and the token names none",
			    max);
		if (found == max) {
			(void)pj_fail(err, PJ_OK, "only the first %zu keys "
			    "with this name were tried", max);
			break;
		}
		fit[found++] = jwk;
	}
	if (found == 0)
		return none_chosen(unfit, header, names_key, err);
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are meant */
	memcpy(chosen, fit, found * sizeof(fit[0]));
	*count = found;
	return PJ_OK;
}
