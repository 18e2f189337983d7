/*
 * One version of an issuer's keys in memory, from the cache or from a key file.
 */
#ifndef PJ_KEYS_VERSION_H
#define PJ_KEYS_VERSION_H

#include "jose/jwks.h"
#include "keys/cache.h"

struct pj_version {
	struct pj_buf		 text;
	struct pj_envelope	 envelope;	/* borrows from text */
	struct pj_jwks		*jwks;		/* NULL: there is none */
};

#define PJ_VERSION_INIT	{ .text = PJ_BUF_INIT(PJ_CACHE_MAX) }

/* Frees what it holds; it is empty afterwards.  Takes a zeroed one. */
void		pj_version_free(struct pj_version *version);

/*
 * Marks the keys as skipped that the helper found unsound: pairs of words, a
 * key's place in the set (from 0) and the reason.  To find that out takes
 * milliseconds for each key, which no login can spend.
 */
void		pj_version_skip(struct pj_jwks *jwks, struct pj_span unsound);

/* What a key set is worth before it is stored. */
struct pj_judgement {
	size_t	count;			/* keys in all */
	size_t	usable;
	bool	unusable;		/* a set, without a usable key */
	char	unsound[PJ_FIELD_MAX + 1];	/* for pj_version_skip */
};

/*
 * The same for keys from the network and from a file: the envelope is strict,
 * keys are judged one by one, completely, which takes milliseconds for each.
 * At until (pj_now_ms), or after a second, that ends; keys that it did not
 * reach are left to the cheap checks that every login makes.  PJ_OK: at least
 * one key can be used.  PJ_KEYSET_INVALID, pj_jwks_parse's errors.
 */
enum pj_status	pj_keys_judge(struct pj_span body, int64_t until,
		    struct pj_judgement *judgement, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * True if two key sets offer a login the same: usable keys with the same names,
 * algorithms and material, in whatever order and however they are written.
 * False as well if that cannot be told.
 */
bool		pj_keys_same(struct pj_span a, struct pj_span b);

/*
 * Loads an empty version, with at least one usable key; it is empty on failure.
 * pj_cache_load's errors; PJ_KEYSET_INVALID.
 */
enum pj_status	pj_version_load(const struct pj_cache *cache,
		    struct pj_version *version, struct pj_error *err)
		    PJ_MUST_CHECK;

/*
 * The same for a local file, which has no envelope.  any_owner: the person who
 * runs a tool named it himself, so that nobody else could be meant.
 */
enum pj_status	pj_version_load_file(const char *path, bool any_owner,
		    struct pj_version *version, struct pj_error *err)
		    PJ_MUST_CHECK;

#endif
