#include "keys/change.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "keys/cache_private.h"

/* What the envelope says where a provider's address would stand. */
#define IMPORTED	"import"

static void
unlock(int *fd)
{
	if (*fd >= 0)
		pj_cache_unlock(*fd);
}

/* The folders and the lock, as the helper has them. */
static enum pj_status
take_lock(const struct pj_cache *cache, int64_t wait_ms, int *lock,
    struct pj_error *err)
{
	struct pj_error why = { "" };
	enum pj_status status = pj_cache_make_dirs(cache, &why);

	if (status != PJ_OK) {
		*err = why;
		return status;
	}
	return pj_cache_lock(cache, &pj_clock_system, wait_ms,
	    PJ_LOCK_HOLD_LEAST, lock, err);
}

/* Removes <id>suffix from a folder, for good also if the power fails. */
static enum pj_status
remove_file(const struct pj_cache *cache, const char *dir, const char *suffix,
    bool *had, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = -1, sync = -1;
	char name[PJ_CACHE_NAME_MAX + 1];
	enum pj_status status = pj_file_open_dir(dir, &fd, err);

	if (status != PJ_OK)
		return status;
	pj_cache_name(cache, suffix, name);
	if (unlinkat(fd, name, 0) == 0)
		*had = true;
	else if (errno != ENOENT)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "%s/%s", dir,
		    name);
	/* The folder may have been opened for its path alone. */
	sync = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sync < 0 || fsync(sync) != 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "%s", dir);
	return PJ_OK;
}

enum pj_status
pj_cache_purge(const struct pj_cache *cache, int64_t wait_ms, bool *had,
    struct pj_error *err)
{
	PJ_CLEANUP(unlock) int lock = -1;
	bool keys = false, state = false;
	enum pj_status status = take_lock(cache, wait_ms, &lock, err);

	/*
	 * Keys first, also those that a full disk put beside the state:
	 * whatever ends this half way, they are gone.
	 */
	if (status == PJ_OK)
		status = remove_file(cache, cache->request->cache_dir,
		    PJ_DATA_SUFFIX, &keys, err);
	if (status == PJ_OK)
		status = remove_file(cache, cache->request->state_dir,
		    PJ_DATA_SUFFIX, &keys, err);
	if (status == PJ_OK)
		status = remove_file(cache, cache->request->state_dir,
		    PJ_STATE_SUFFIX, &state, err);
	if (status == PJ_OK)
		*had = keys;
	return status;
}

enum pj_status
pj_cache_import(const struct pj_cache *cache, struct pj_span body,
    int64_t wait_ms, struct pj_judgement *judgement, struct pj_error *err)
{
	PJ_CLEANUP(unlock) int lock = -1;
	struct pj_envelope env = {
		.jwks_uri = pj_span_str(IMPORTED),
		.body = body,
	};
	enum pj_status status = pj_keys_judge(body, INT64_MAX, judgement, err);

	if (status == PJ_OK)
		status = take_lock(cache, wait_ms, &lock, err);
	if (status != PJ_OK)
		return status;
	pj_clock_read_system(NULL, &env.validity.fetched);
	env.full = env.validity.fetched;
	env.validity.ttl = cache->request->lifetimes.max_ttl;
	env.validity.refresh_after = pj_refresh_after(env.validity.ttl,
	    false, 0);
	env.unsound = pj_span_str(judgement->unsound);
	if (!pj_cache_still_locked(cache, lock))
		return pj_fail(err, PJ_FETCH_HELD_BACK,
		    "another process has taken the lock over");
	return pj_cache_store(cache, &env, err);
}
