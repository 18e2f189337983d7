/*
 * One version of an issuer's keys in memory: see version.h.
 */
#include "keys/version.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"

/* The most that complete checks may take: a hundred usual keys. */
#define CHECK_MS		1000

void
pj_version_free(struct pj_version *version)
{
	pj_jwks_free(version->jwks);
	pj_buf_free(&version->text);
	*version = (struct pj_version)PJ_VERSION_INIT;
}

/* Splits the next word off; an empty one ends it. */
static struct pj_span
take_word(struct pj_span *rest)
{
	struct pj_span word = { rest->ptr, 0 };

	while (word.len < rest->len && word.ptr[word.len] != ' ')
		word.len++;
	*rest = pj_span_from(*rest, word.len + 1);
	return word;
}

void
pj_version_skip(struct pj_jwks *jwks, struct pj_span unsound)
{
	struct pj_span place, reason;
	unsigned long long i;
	enum pj_status why;

	while (unsound.len > 0) {
		place = take_word(&unsound);
		reason = take_word(&unsound);
		if (pj_span_number(place, PJ_KEYS_MAX, &i) &&
		    pj_status_find(reason, &why) && why != PJ_OK)
			pj_jwks_skip(jwks, (size_t)i, why);
	}
}

/*
 * The complete check of all keys that there is time for: 256 keys of RSA with
 * 8192 bits would take half a minute, and nobody's provider has them.
 */
static void
check_keys(struct pj_jwks *jwks, int64_t until, struct pj_judgement *judgement)
{
	size_t room = sizeof(judgement->unsound), used = 0;
	int64_t most = pj_now_ms() + CHECK_MS;
	const struct pj_jwk *jwk;
	int n;

	if (until > most)
		until = most;
	for (size_t i = 0; i < pj_jwks_count(jwks); i++) {
		jwk = pj_jwks_at(jwks, i);
		if (jwk->status != PJ_OK)
			continue;
		if (pj_now_ms() >= until)
			return;
		pj_jwks_check(jwks, i);
		/* A shortage of memory says nothing about the key. */
		if (jwk->status == PJ_OK || jwk->status == PJ_NO_MEMORY)
			continue;
		n = snprintf(judgement->unsound + used, room - used, "%s%zu %s",
		    used > 0 ? " " : "", i, pj_status_name(jwk->status));
		if (n < 0 || (size_t)n >= room - used) {
			judgement->unsound[used] = '\0';
			return;
		}
		used += (size_t)n;
	}
}

enum pj_status
pj_keys_judge(struct pj_span body, int64_t until,
    struct pj_judgement *judgement, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *jwks = NULL;
	enum pj_status status;

	*judgement = (struct pj_judgement){ .count = 0 };
	status = pj_jwks_parse(body, &jwks, err);
	if (status != PJ_OK)
		return status;
	check_keys(jwks, until, judgement);
	judgement->count = pj_jwks_count(jwks);
	judgement->usable = pj_jwks_usable(jwks);
	judgement->unusable = judgement->usable == 0;
	return judgement->unusable ? pj_jwks_refuse(jwks, err) : PJ_OK;
}

/* What tells the usable keys of a set apart. */
struct names {
	const struct pj_jwk	*jwk[PJ_KEYS_MAX];
	char			 thumbprint[PJ_KEYS_MAX][PJ_THUMBPRINT_LEN + 1];
	size_t			 count;
};

static bool
name_keys(const struct pj_jwks *jwks, struct names *names)
{
	const struct pj_jwk *jwk;

	names->count = 0;
	for (size_t i = 0; i < pj_jwks_count(jwks); i++) {
		jwk = pj_jwks_at(jwks, i);
		if (jwk->status != PJ_OK)
			continue;
		if (pj_jwk_thumbprint(jwk, names->thumbprint[names->count],
		    NULL) != PJ_OK)
			return false;
		names->jwk[names->count++] = jwk;
	}
	return true;
}

static bool
has_key(const struct names *names, const struct pj_jwk *jwk,
    const char *thumbprint)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->thumbprint[i], thumbprint) == 0 &&
		    names->jwk[i]->alg == jwk->alg &&
		    names->jwk[i]->has_kid == jwk->has_kid &&
		    pj_span_equal(names->jwk[i]->kid, jwk->kid))
			return true;
	return false;
}

static bool
has_all(const struct names *names, const struct names *others)
{
	for (size_t i = 0; i < others->count; i++)
		if (!has_key(names, others->jwk[i], others->thumbprint[i]))
			return false;
	return true;
}

bool
pj_keys_same(struct pj_span a, struct pj_span b)
{
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *left = NULL;
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *right = NULL;
	struct names of_left, of_right;

	if (pj_span_equal(a, b))
		return true;
	return pj_jwks_parse(a, &left, NULL) == PJ_OK &&
	    pj_jwks_parse(b, &right, NULL) == PJ_OK &&
	    name_keys(left, &of_left) && name_keys(right, &of_right) &&
	    has_all(&of_left, &of_right) && has_all(&of_right, &of_left);
}

/* Parses keys of which at least one can be used. */
static enum pj_status
parse_keys(struct pj_span text, struct pj_span unsound, struct pj_jwks **jwks,
    struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *fresh = NULL;
	enum pj_status status;

	status = pj_jwks_parse(text, &fresh, err);
	if (status != PJ_OK)
		return status;
	pj_version_skip(fresh, unsound);
	if (pj_jwks_usable(fresh) == 0)
		return pj_jwks_refuse(fresh, err);
	*jwks = PJ_TAKE(fresh);
	return PJ_OK;
}

enum pj_status
pj_version_load(const struct pj_cache *cache, struct pj_version *version,
    struct pj_error *err)
{
	enum pj_status status;

	status = pj_cache_load(cache, &version->text, &version->envelope, err);
	if (status == PJ_OK)
		status = parse_keys(version->envelope.body,
		    version->envelope.unsound, &version->jwks, err);
	if (status != PJ_OK)
		pj_version_free(version);
	return status;
}

enum pj_status
pj_version_load_file(const char *path, bool any_owner,
    struct pj_version *version, struct pj_error *err)
{
	PJ_BUF_SCOPED(text, PJ_BODY_MAX);
	enum pj_status status;

	status = any_owner ? pj_file_read_any(path, &text, err) :
	    pj_file_read(path, &text, err);
	if (status != PJ_OK)
		return status;
	status = parse_keys(pj_buf_span(&text), pj_span(NULL, 0),
	    &version->jwks, err);
	if (status != PJ_OK)
		return pj_fail_in(err, status, "%s", path);
	return PJ_OK;
}
