/*
 * The key supply of one login: see keysource.h.
 */
#include <errno.h>
#include <fcntl.h>

#include "keys/keysource.h"
#include "keys/lifetime.h"
#include "keys/version.h"

struct pj_keysource {
	const struct pj_key_request	*request;
	const struct pj_clock_source	*clock;
	const struct pj_refresher	*refresher;
	struct pj_cache			 cache;
	bool				 opened;	/* cache is filled in */
	struct pj_version		 current;
	struct pj_version		 earlier;	/* before newer() */
	enum pj_key_state		 state;		/* of current */
	bool				 asked;		/* in this login */
	/* Why keys that exist could not be refreshed; PJ_OK: they were. */
	enum pj_status			 trouble_status;
	struct pj_error			 trouble;
};

enum pj_status
pj_keysource_new(const struct pj_key_request *request,
    const struct pj_clock_source *clock, const struct pj_refresher *refresher,
    struct pj_keysource **source)
{
	struct pj_keysource *fresh = calloc(1, sizeof(*fresh));

	if (fresh == NULL)
		return PJ_NO_MEMORY;
	fresh->request = request;
	fresh->clock = clock;
	fresh->refresher = refresher;
	fresh->current = (struct pj_version)PJ_VERSION_INIT;
	fresh->earlier = (struct pj_version)PJ_VERSION_INIT;
	fresh->state = PJ_STATE_COLD;
	*source = fresh;
	return PJ_OK;
}

void
pj_keysource_free(struct pj_keysource *source)
{
	if (source == NULL)
		return;
	pj_version_free(&source->current);
	pj_version_free(&source->earlier);
	free(source);
}

const char *
pj_keysource_note(const struct pj_keysource *source)
{
	if (source->trouble.detail[0] != '\0')
		return source->trouble.detail;
	return source->current.envelope.spare ? "keys are kept in state_dir, "
	    "since cache_dir could not be written" : NULL;
}

static enum pj_key_state
judge(const struct pj_keysource *source, const struct pj_version *version)
{
	struct pj_clock now;

	if (version->jwks == NULL)
		return PJ_STATE_COLD;
	source->clock->read(source->clock->ctx, &now);
	return pj_key_state(&version->envelope.validity,
	    &source->request->lifetimes, &now);
}

/* True if keys of this state may verify a token. */
static bool
may_serve(enum pj_key_state state)
{
	return state == PJ_STATE_FRESH || state == PJ_STATE_DUE ||
	    state == PJ_STATE_STALE;
}

/* Replaces the current version by what the cache holds now, good or not. */
static enum pj_status
reload(struct pj_keysource *source, struct pj_error *err)
{
	enum pj_status status;

	pj_version_free(&source->current);
	status = pj_version_load(&source->cache, &source->current, err);
	source->state = judge(source, &source->current);
	if (status == PJ_OK && !may_serve(source->state)) {
		(void)pj_fail(err, PJ_KEYS_UNAVAILABLE,
		    "the cached keys are too old to be used");
		status = PJ_KEYS_UNAVAILABLE;
	}
	return status;
}

/* True if a folder that exists or not can be written by this process. */
static bool
is_writable(const char *dir)
{
	return faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0;
}

/* A helper of a process that can store nothing would be started for nothing. */
static bool
can_store(const struct pj_keysource *source)
{
	return geteuid() == 0 || (is_writable(source->request->cache_dir) &&
	    is_writable(source->request->state_dir));
}

/*
 * True if a fetch would be for nothing.  Missing folders are made by the
 * helper, and for cold keys that is worth a try.
 */
static bool
cannot_store(const struct pj_keysource *source, enum pj_refresh_cause cause)
{
	const char *dirs[] = { source->request->cache_dir,
		source->request->state_dir };

	if (cause != PJ_CAUSE_COLD)
		return !can_store(source);
	if (geteuid() == 0)
		return false;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		if (!is_writable(dirs[i]) && errno != ENOENT)
			return true;
	return false;
}

/*
 * Looks into the state, without any lock, whether asking makes sense.  0 if so
 * or if nothing is known; *known tells whether the state could be read.
 */
static int64_t
held_back(const struct pj_keysource *source, enum pj_refresh_cause cause,
    bool *known, struct pj_error *err)
{
	struct pj_state state;
	struct pj_clock now;
	enum pj_status status;
	int64_t left;

	status = pj_cache_load_state(&source->cache, &state, err);
	*known = status == PJ_OK || (status == PJ_FILE_MISSING &&
	    can_store(source)) || geteuid() == 0;
	if (status != PJ_OK)
		return 0;
	source->clock->read(source->clock->ctx, &now);
	/* A running attempt is joined, unless nobody is going to wait. */
	if (cause != PJ_CAUSE_DUE && pj_is_running(&state.holds, &now))
		return 0;
	left = pj_held_back(&state.holds, cause, &now);
	if (left > 0 && err != NULL) {
		struct pj_error hold;

		(void)pj_fail(&hold, PJ_FETCH_HELD_BACK,
		    "asking again in %lld s", (long long)left);
		*err = state.error;
		(void)pj_fail_behind(err, PJ_FETCH_HELD_BACK, &hold);
	}
	return left;
}

/* Asks the refresher, which is done at most once in a login. */
static enum pj_status
ask(struct pj_keysource *source, enum pj_refresh_cause cause,
    struct pj_error *err)
{
	bool known;

	if (held_back(source, cause, &known, err) > 0)
		return PJ_FETCH_HELD_BACK;
	if (cannot_store(source, cause))
		return pj_fail(err, PJ_FETCH_OFFLINE,
		    "this process may not write %s and %s; let root's timer "
		    "run pam-jwks-fetch --all", source->request->cache_dir,
		    source->request->state_dir);
	if (err != NULL)
		err->detail[0] = '\0';
	source->asked = true;
	return source->refresher->refresh(source->refresher->ctx,
	    source->request, cause, err);
}

/* Joins the cache's trouble and the refresh's into one detail. */
static enum pj_status
unavailable(enum pj_status cache_status, const struct pj_error *cache_err,
    enum pj_status ask_status, const struct pj_error *ask_err,
    struct pj_error *err)
{
	if (err == NULL)
		return PJ_KEYS_UNAVAILABLE;
	*err = *ask_err;
	(void)pj_fail_in(err, PJ_KEYS_UNAVAILABLE, "%s",
	    pj_status_name(ask_status));
	/* The usual case needs no words: nothing was fetched yet. */
	if (cache_status == PJ_FILE_MISSING)
		return pj_fail_in(err, PJ_KEYS_UNAVAILABLE, "no cached keys");
	(void)pj_fail_behind(err, PJ_KEYS_UNAVAILABLE, cache_err);
	if (cache_status == PJ_KEYS_UNAVAILABLE)
		return cache_status;
	return pj_fail_in(err, PJ_KEYS_UNAVAILABLE, "%s",
	    pj_status_name(cache_status));
}

/*
 * A file that was unsafe or damaged has been replaced: whoever looks after this
 * machine should learn that somebody, or something, had changed it.
 */
static void
note_damage(struct pj_keysource *source, enum pj_status cache_status,
    const struct pj_error *cache_err)
{
	if (cache_status == PJ_FILE_MISSING ||
	    cache_status == PJ_KEYS_UNAVAILABLE)
		return;
	source->trouble = *cache_err;
	(void)pj_fail_in(&source->trouble, cache_status,
	    "keys were fetched anew: %s", pj_status_name(cache_status));
}

/* There is nothing to verify with: whatever happens, it happens now. */
static enum pj_status
from_cold(struct pj_keysource *source, enum pj_status cache_status,
    const struct pj_error *cache_err, struct pj_error *err)
{
	struct pj_error ask_err = { "" }, again = { "" };
	enum pj_status status;

	status = ask(source, PJ_CAUSE_COLD, &ask_err);
	if (status != PJ_OK) {
		/* Somebody else may have been quicker than our failure. */
		if (reload(source, &again) == PJ_OK)
			return PJ_OK;
		source->trouble_status = status;
		return unavailable(cache_status, cache_err, status, &ask_err,
		    err);
	}
	status = reload(source, &again);
	if (status == PJ_OK)
		note_damage(source, cache_status, cache_err);
	if (status == PJ_OK || status == PJ_NO_MEMORY)
		return status;
	return unavailable(status, &again, PJ_OK, &ask_err, err);
}

/* Old keys serve, but only after somebody has been asked for newer ones. */
static void
from_stale(struct pj_keysource *source)
{
	struct pj_version before = source->current;
	struct pj_error again = { "" };
	enum pj_status status;

	status = ask(source, PJ_CAUSE_STALE, &source->trouble);
	if (status != PJ_OK) {
		source->trouble_status = status;
		(void)pj_fail_in(&source->trouble, status,
		    "stale keys are in use: %s", pj_status_name(status));
		return;
	}
	source->current = (struct pj_version)PJ_VERSION_INIT;
	if (reload(source, &again) == PJ_OK) {
		/* What the helper says of its success is no trouble. */
		source->trouble.detail[0] = '\0';
		pj_version_free(&before);
		return;
	}
	source->trouble = again;
	pj_version_free(&source->current);
	source->current = before;
	source->state = PJ_STATE_STALE;
}

static enum pj_status
first_load(struct pj_keysource *source, struct pj_error *err)
{
	struct pj_error cache_err = { "" };
	enum pj_status status;

	if (source->request->jwks_file != NULL) {
		status = pj_version_load_file(source->request->jwks_file,
		    source->request->any_owner, &source->current, err);
		if (status == PJ_NO_MEMORY || status == PJ_OK)
			return status;
		return pj_fail_in(err, PJ_KEYS_UNAVAILABLE, "%s",
		    pj_status_name(status));
	}
	if (!source->opened) {
		status = pj_cache_open(source->request, &source->cache, err);
		if (status != PJ_OK)
			return status;
		source->opened = true;
	}
	status = reload(source, &cache_err);
	if (status == PJ_NO_MEMORY)
		return pj_fail(err, status, "%s", cache_err.detail);
	if (status != PJ_OK)
		return from_cold(source, status, &cache_err, err);
	if (source->state == PJ_STATE_STALE)
		from_stale(source);
	return PJ_OK;
}

enum pj_status
pj_keysource_keys(struct pj_keysource *source, const struct pj_jwks **jwks,
    struct pj_error *err)
{
	enum pj_status status;

	if (source->current.jwks == NULL || !may_serve(source->state)) {
		/* A second try in one login would only make it longer. */
		if (source->asked)
			return pj_fail(err, PJ_KEYS_UNAVAILABLE,
			    "asked already in this login");
		status = first_load(source, err);
		if (status != PJ_OK)
			return status;
		if (source->request->jwks_file != NULL)
			source->state = PJ_STATE_FRESH;
	}
	*jwks = source->current.jwks;
	return PJ_OK;
}

/* True if the cache's keys are others than those that failed. */
static bool
take_newer(struct pj_keysource *source)
{
	struct pj_version fresh = PJ_VERSION_INIT;
	enum pj_key_state state;

	if (pj_version_load(&source->cache, &fresh, NULL) != PJ_OK)
		return false;
	state = judge(source, &fresh);
	if (!may_serve(state) || pj_span_equal(fresh.envelope.body,
	    source->current.envelope.body)) {
		pj_version_free(&fresh);
		return false;
	}
	/* newer() succeeds once, so nothing is lost here. */
	pj_version_free(&source->earlier);
	source->earlier = source->current;
	source->current = fresh;
	source->state = state;
	return true;
}

/* Whether there is anything to be asked; the reason in the detail if not. */
static enum pj_status
may_ask_newer(struct pj_keysource *source, enum pj_refresh_cause cause,
    struct pj_error *err)
{
	struct pj_clock now;
	bool known;

	if (source->asked && source->trouble_status != PJ_OK &&
	    source->trouble_status != PJ_FETCH_HELD_BACK) {
		if (err != NULL)
			*err = source->trouble;
		return PJ_KEYS_UNAVAILABLE;
	}
	if (source->asked)
		return pj_fail(err, PJ_FETCH_HELD_BACK,
		    "asked already in this login");
	source->clock->read(source->clock->ctx, &now);
	if (cause == PJ_CAUSE_SIGNATURE &&
	    pj_age(&source->current.envelope.validity.fetched, &now, NULL) <
	    PJ_SIGNATURE_MIN_AGE)
		return pj_fail(err, PJ_FETCH_HELD_BACK,
		    "the keys were fetched a moment ago");
	if (held_back(source, cause, &known, err) > 0)
		return PJ_FETCH_HELD_BACK;
	/* Without the cooldown anybody could make us ask all the time. */
	if (!known || !can_store(source))
		return pj_fail(err, PJ_FETCH_HELD_BACK,
		    "this process cannot use %s; let root's timer run "
		    "pam-jwks-fetch --all", source->request->state_dir);
	return PJ_OK;
}

enum pj_status
pj_keysource_newer(struct pj_keysource *source, enum pj_refresh_cause cause,
    const struct pj_jwks **jwks, struct pj_error *err)
{
	enum pj_status status;

	if (source->request->jwks_file != NULL)
		return pj_fail(err, PJ_FETCH_HELD_BACK,
		    "the keys are from a file");
	if (source->current.jwks == NULL)
		return pj_fail(err, PJ_FETCH_HELD_BACK, "there were no keys");
	status = may_ask_newer(source, cause, err);
	/* Behind the look at the state: who is done by then has stored keys. */
	if (!source->asked && take_newer(source)) {
		source->asked = true;
		*jwks = source->current.jwks;
		return PJ_OK;
	}
	if (status != PJ_OK)
		return status;
	status = ask(source, cause, err);
	if (status == PJ_FETCH_HELD_BACK || status == PJ_FETCH_OFFLINE) {
		/* Held back, perhaps by whoever has just brought new keys. */
		if (!take_newer(source))
			return PJ_FETCH_HELD_BACK;
		*jwks = source->current.jwks;
		return PJ_OK;
	}
	if (status == PJ_NO_MEMORY)
		return status;
	if (status != PJ_OK)
		return pj_fail_in(err, PJ_KEYS_UNAVAILABLE, "%s",
		    pj_status_name(status));
	if (!take_newer(source))
		return pj_fail(err, PJ_FETCH_HELD_BACK,
		    "the issuer still publishes the same keys");
	*jwks = source->current.jwks;
	return PJ_OK;
}

void
pj_keysource_accepted(struct pj_keysource *source)
{
	if (source->asked || source->current.jwks == NULL ||
	    source->state != PJ_STATE_DUE ||
	    source->request->jwks_file != NULL)
		return;
	(void)!ask(source, PJ_CAUSE_DUE, NULL);
}

void
pj_keysource_about(const struct pj_keysource *source,
    enum pj_key_state *state, int64_t *age, struct pj_span *from)
{
	struct pj_clock now;

	source->clock->read(source->clock->ctx, &now);
	*state = source->state;
	*from = source->current.envelope.jwks_uri;
	*age = from->len == 0 ? -1 :
	    pj_age(&source->current.envelope.validity.fetched, &now, NULL);
}
