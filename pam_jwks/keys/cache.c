/*
 * The file cache: see cache.h.  The lock is in cache_lock.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/limits.h"
#include "keys/cache.h"
#include "keys/cache_private.h"

#define DATA_MODE	0644
#define STATE_MODE	0600
#define CACHE_DIR_MODE	0755
#define STATE_DIR_MODE	0700

/* Length and bytes, so that no two requests make the same text. */
static enum pj_status
add_part(struct pj_buf *buf, const char *part)
{
	if (part == NULL)
		return pj_buf_printf(buf, "-\n");
	return pj_buf_printf(buf, "%zu:%s\n", strlen(part), part);
}

enum pj_status
pj_cache_open(const struct pj_key_request *request, struct pj_cache *cache,
    struct pj_error *err)
{
	static const char *const families[] = {
		[PJ_IP_ANY] = "any", [PJ_IP_V4] = "4", [PJ_IP_V6] = "6",
	};
	const char *parts[] = {
		PJ_ENVELOPE_VERSION, request->issuer, request->discovery_url,
		request->jwks_uri, request->ca_file, request->proxy,
		families[request->ip_resolve],
	};
	PJ_BUF_SCOPED(buf, PJ_STATE_MAX);
	enum pj_status status = PJ_OK;

	for (size_t i = 0; status == PJ_OK &&
	    i < sizeof(parts) / sizeof(*parts); i++)
		status = add_part(&buf, parts[i]);
	if (status == PJ_OK)
		status = pj_sha256_hex(pj_buf_span(&buf), cache->id);
	if (status != PJ_OK)
		return pj_fail(err, status, "the cache's name for the issuer");
	cache->request = request;
	return PJ_OK;
}

void
pj_cache_name(const struct pj_cache *cache, const char *suffix,
    char name[PJ_CACHE_NAME_MAX + 1])
{
	(void)snprintf(name, PJ_CACHE_NAME_MAX + 1, "%s%s", cache->id, suffix);
}

/* Reads dir/<id>suffix; the detail names all of that. */
static enum pj_status
load_file(const struct pj_cache *cache, const char *dir, const char *suffix,
    struct pj_buf *text, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = -1;
	char name[PJ_CACHE_NAME_MAX + 1];
	enum pj_status status;

	status = pj_file_open_dir(dir, &fd, err);
	if (status != PJ_OK)
		return status;
	pj_cache_name(cache, suffix, name);
	status = pj_file_read_at(fd, name, text, err);
	if (status != PJ_OK)
		return pj_fail_in(err, status, "%s", dir);
	return PJ_OK;
}

/* Loads the data file of one folder. */
static enum pj_status
load_data(const struct pj_cache *cache, const char *dir, struct pj_buf *text,
    struct pj_envelope *envelope, struct pj_error *err)
{
	struct pj_envelope fresh;
	enum pj_status status;

	status = load_file(cache, dir, PJ_DATA_SUFFIX, text, err);
	if (status != PJ_OK)
		return status;
	status = pj_envelope_decode(pj_buf_span(text), &fresh, err);
	/* The id covers the issuer; both are compared all the same. */
	if (status == PJ_OK && (!pj_span_is(fresh.id, cache->id) ||
	    !pj_span_is(fresh.issuer, cache->request->issuer)))
		status = pj_fail(err, PJ_CACHE_INVALID,
		    "it belongs to another issuer");
	if (status != PJ_OK)
		return pj_fail_in(err, status, "%s/%s" PJ_DATA_SUFFIX, dir,
		    cache->id);
	*envelope = fresh;
	return PJ_OK;
}

/* True if a was not fetched before b. */
static bool
is_no_older(const struct pj_envelope *a, const struct pj_envelope *b)
{
	const struct pj_stamp *then = &a->validity.fetched;
	const struct pj_stamp *other = &b->validity.fetched;

	if (strcmp(then->boot_id, other->boot_id) == 0)
		return then->boot >= other->boot;
	return then->wall >= other->wall;
}

enum pj_status
pj_cache_load(const struct pj_cache *cache, struct pj_buf *text,
    struct pj_envelope *envelope, struct pj_error *err)
{
	const struct pj_key_request *request = cache->request;
	PJ_BUF_SCOPED(other, PJ_CACHE_MAX);
	struct pj_envelope spare;
	enum pj_status status;

	status = load_data(cache, request->cache_dir, text, envelope, err);
	/* Who may not look into the folder of the state has no spare one. */
	if (status == PJ_NO_MEMORY || load_data(cache, request->state_dir,
	    &other, &spare, NULL) != PJ_OK ||
	    (status == PJ_OK && !is_no_older(&spare, envelope)))
		return status;
	pj_buf_free(text);
	*text = other;
	other = (struct pj_buf)PJ_BUF_INIT(PJ_CACHE_MAX);
	*envelope = spare;
	envelope->spare = true;
	return PJ_OK;
}

enum pj_status
pj_cache_load_state(const struct pj_cache *cache, struct pj_state *state,
    struct pj_error *err)
{
	const char *dir = cache->request->state_dir;
	PJ_BUF_SCOPED(text, PJ_STATE_MAX);
	enum pj_status status;

	status = load_file(cache, dir, PJ_STATE_SUFFIX, &text, err);
	if (status != PJ_OK)
		return status;
	status = pj_state_decode(pj_buf_span(&text), cache->id, state, err);
	if (status != PJ_OK)
		return pj_fail_in(err, status, "%s/%s" PJ_STATE_SUFFIX, dir,
		    cache->id);
	return PJ_OK;
}

/* Opens a folder for listing; NULL if that fails. */
static DIR *
list(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (dir == NULL && fd >= 0)
		(void)close(fd);
	return dir;
}

/*
 * Removes the temporary files that a killed helper left for this id.  Only the
 * holder of the id's lock writes them, so none of them is in use.
 */
static void
sweep(const struct pj_cache *cache, int dirfd)
{
	DIR *dir = list(dirfd);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] == '.' && strncmp(entry->d_name + 1,
		    cache->id, strlen(cache->id)) == 0)
			(void)unlinkat(dirfd, entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
}

/* True for "<id>.jwks" and for a temporary file of such a name. */
static bool
is_data_name(const char *name)
{
	size_t digits;

	name += name[0] == '.';
	digits = strspn(name, "0123456789abcdef");
	return digits == PJ_SHA256_HEX_LEN && strncmp(name + digits,
	    PJ_DATA_SUFFIX, strlen(PJ_DATA_SUFFIX)) == 0;
}

static bool
is_used(const char *name, const struct pj_cache *used, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(name, used[i].id, PJ_SHA256_HEX_LEN) == 0)
			return true;
	return false;
}

void
pj_cache_remove_unused(const char *cache_dir, int64_t wall,
    const struct pj_cache *used, size_t count)
{
	PJ_CLEANUP(pj_cleanup_fd) int dirfd = -1;
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (pj_file_open_dir(cache_dir, &dirfd, NULL) != PJ_OK)
		return;
	dir = list(dirfd);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (is_data_name(entry->d_name) &&
		    !is_used(entry->d_name, used, count) && fstatat(dirfd,
		    entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && wall - st.st_mtim.tv_sec >
		    PJ_UNUSED_MAX)
			(void)unlinkat(dirfd, entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
}

static enum pj_status
store_file(const struct pj_cache *cache, const char *dir, const char *suffix,
    const struct pj_buf *text, mode_t mode, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = -1;
	char name[PJ_CACHE_NAME_MAX + 1];
	enum pj_status status;

	status = pj_file_open_dir(dir, &fd, err);
	if (status != PJ_OK)
		return status;
	sweep(cache, fd);
	pj_cache_name(cache, suffix, name);
	status = pj_file_replace_at(fd, name, pj_buf_span(text), mode, err);
	if (status != PJ_OK)
		return pj_fail_in(err, status, "%s", dir);
	return PJ_OK;
}

/* Only what the folder of the state has; the other one's file stays. */
static void
remove_spare(const struct pj_cache *cache)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = -1;
	char name[PJ_CACHE_NAME_MAX + 1];

	if (strcmp(cache->request->cache_dir, cache->request->state_dir) ==
	    0 || pj_file_open_dir(cache->request->state_dir, &fd, NULL) !=
	    PJ_OK)
		return;
	pj_cache_name(cache, PJ_DATA_SUFFIX, name);
	(void)unlinkat(fd, name, 0);
}

enum pj_status
pj_cache_store(const struct pj_cache *cache,
    const struct pj_envelope *envelope, struct pj_error *err)
{
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	struct pj_envelope whole = *envelope;
	enum pj_status status;

	whole.id = pj_span_str(cache->id);
	whole.issuer = pj_span_str(cache->request->issuer);
	status = pj_envelope_encode(&whole, &text, err);
	if (status != PJ_OK)
		return status;
	status = store_file(cache, cache->request->cache_dir, PJ_DATA_SUFFIX,
	    &text, DATA_MODE, err);
	if (status == PJ_OK)
		remove_spare(cache);
	if (status != PJ_SYSTEM_ERROR || store_file(cache,
	    cache->request->state_dir, PJ_DATA_SUFFIX, &text, STATE_MODE,
	    NULL) != PJ_OK)
		return status;
	return pj_fail_in(err, PJ_OK, "kept in %s", cache->request->state_dir);
}

enum pj_status
pj_cache_store_state(const struct pj_cache *cache,
    const struct pj_state *state, struct pj_error *err)
{
	PJ_BUF_SCOPED(text, PJ_STATE_MAX);
	enum pj_status status;

	status = pj_state_encode(state, cache->id, &text, err);
	if (status != PJ_OK)
		return status;
	return store_file(cache, cache->request->state_dir, PJ_STATE_SUFFIX,
	    &text, STATE_MODE, err);
}

/* Makes the last component of path, in a folder that passes the checks. */
static enum pj_status
make_dir(const char *path, mode_t mode, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int parent = -1;
	PJ_CLEANUP(pj_cleanup_str) char *above = NULL;
	const char *slash = strrchr(path, '/');
	enum pj_status status;

	if (slash == NULL || slash[1] == '\0')
		return pj_fail(err, PJ_FILE_UNSAFE,
		    "%s is not an absolute path of a folder", path);
	above = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (above == NULL)
		return pj_fail(err, PJ_NO_MEMORY, "%s", path);
	status = pj_file_open_dir(above, &parent, err);
	if (status != PJ_OK)
		return status;
	if (mkdirat(parent, slash + 1, mode) != 0 && errno != EEXIST)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno,
		    "%s cannot be made", path);
	return PJ_OK;
}

static enum pj_status
need_dir(const char *path, mode_t mode, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = -1;
	enum pj_status status;

	status = pj_file_open_dir(path, &fd, err);
	if (status != PJ_FILE_MISSING)
		return status;
	status = make_dir(path, mode, err);
	if (status != PJ_OK)
		return status;
	return pj_file_open_dir(path, &fd, err);
}

enum pj_status
pj_cache_make_dirs(const struct pj_cache *cache, struct pj_error *err)
{
	enum pj_status status;

	status = need_dir(cache->request->cache_dir, CACHE_DIR_MODE, err);
	if (status != PJ_OK)
		return status;
	return need_dir(cache->request->state_dir, STATE_DIR_MODE, err);
}
