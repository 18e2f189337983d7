#include "authn/configure.h"

#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "base/folder.h"
#include "config.h"
#include "keys/cache.h"

const char pj_default_config_path[] = PJ_CONFIG_PATH;
const char pj_default_config_folder[] = PJ_CONFIG_PATH ".d";

void
pj_configure_installed(struct pj_config_source *source)
{
	source->path = pj_default_config_path;
	source->folder = pj_default_config_folder;
}

/* What a file's trouble means when the file is the configuration. */
static enum pj_status
as_config_status(enum pj_status status)
{
	if (status == PJ_FILE_MISSING)
		return PJ_CONFIG_MISSING;
	if (status == PJ_FILE_UNSAFE)
		return PJ_CONFIG_UNSAFE;
	if (status == PJ_FILE_TOO_LARGE)
		return PJ_CONFIG_INVALID;
	if (status == PJ_SYSTEM_ERROR)
		return PJ_CONFIG_UNREADABLE;
	return status;
}

/* left: how much of the limit on all files together there still is. */
static enum pj_status
add_file(struct pj_config *config, const struct pj_config_source *source,
    size_t *left, struct pj_error *err)
{
	PJ_BUF_SCOPED(text, *left);
	enum pj_status status;

	if (source->any_owner)
		status = pj_file_read_any(source->path, &text, err);
	else
		status = pj_file_read(source->path, &text, err);
	if (status != PJ_OK)
		return as_config_status(status);
	*left -= text.len;
	return pj_config_add_text(config, pj_buf_span(&text), source->path,
	    err);
}

static enum pj_status
add_file_at(struct pj_config *config, const char *folder, int dirfd,
    const char *name, size_t *left, struct pj_error *err)
{
	PJ_BUF_SCOPED(text, *left);
	PJ_CLEANUP(pj_cleanup_str) char *path = NULL;
	struct pj_error why = { "" };
	enum pj_status status = pj_file_read_at(dirfd, name, &text, &why);

	if (status == PJ_FILE_TOO_LARGE)
		return pj_fail(err, PJ_CONFIG_INVALID, "%s/%s: all files of "
		    "the configuration together have more than %d bytes",
		    folder, name, PJ_CONFIG_MAX);
	if (status != PJ_OK) {
		if (err != NULL)
			*err = why;
		return pj_fail_in(err, as_config_status(status), "in %s",
		    folder);
	}
	*left -= text.len;
	if (asprintf(&path, "%s/%s", folder, name) < 0) {
		path = NULL;
		return PJ_NO_MEMORY;
	}
	return pj_config_add_text(config, pj_buf_span(&text), path, err);
}

/* The further files; that there is no folder is no mistake. */
static enum pj_status
add_folder(struct pj_config *config, const struct pj_config_source *source,
    size_t *left, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int dir = -1;
	PJ_CLEANUP(pj_names_free) struct pj_names names = { .count = 0 };
	struct pj_error why = { "" };
	enum pj_status status, result = PJ_OK;

	status = pj_file_open_dir(source->folder, &dir, &why);
	if (status == PJ_FILE_MISSING)
		return PJ_OK;
	if (status == PJ_OK) {
		status = pj_folder_list(dir, ".conf", &names, &why);
		(void)pj_fail_in(&why, status, "%s", source->folder);
	}
	if (status != PJ_OK) {
		if (err != NULL)
			*err = why;
		return as_config_status(status);
	}
	for (size_t i = 0; i < names.count; i++) {
		status = add_file_at(config, source->folder, dir,
		    names.items[i], left, result == PJ_OK ? err : NULL);
		if (result == PJ_OK)
			result = status;
		if (status != PJ_OK && (status != PJ_CONFIG_INVALID ||
		    source->on_mistake == NULL))
			break;
	}
	return result;
}

/* The file, then the folder's. */
static enum pj_status
add_files(struct pj_config *config, const struct pj_config_source *source,
    struct pj_error *err)
{
	size_t left = PJ_CONFIG_MAX;
	enum pj_status status = add_file(config, source, &left, err), next;

	if (source->folder == NULL || (status != PJ_OK &&
	    (status != PJ_CONFIG_INVALID || source->on_mistake == NULL)))
		return status;
	next = add_folder(config, source, &left, status == PJ_OK ? err : NULL);
	return status == PJ_OK ? next : status;
}

/* Every map once, also where several sections name it. */
static enum pj_status
add_maps(struct pj_config *config, const struct pj_config_source *source,
    struct pj_error *err)
{
	enum pj_status status, result = PJ_OK;

	for (size_t i = 0; !source->without_maps &&
	    i < pj_config_issuers(config); i++) {
		const char *path = pj_config_issuer(config, i)->user_map;
		PJ_BUF_SCOPED(text, PJ_MAP_MAX);

		if (path == NULL || pj_config_map(config, path) != NULL)
			continue;
		if (source->options != NULL)
			status = pj_file_read_any(path, &text, err);
		else
			status = pj_file_read(path, &text, err);
		if (status != PJ_OK)
			return as_config_status(status);
		status = pj_config_add_map(config, pj_buf_span(&text), path,
		    result == PJ_OK ? err : NULL);
		if (status == PJ_CONFIG_INVALID)
			result = status;
		else if (status != PJ_OK)
			return status;
	}
	return result;
}

static enum pj_status
add_options(struct pj_config *config, const struct pj_config_source *source,
    struct pj_error *err)
{
	enum pj_status status, result = PJ_OK;

	for (size_t i = 0; source->options[i] != NULL; i++) {
		status = pj_config_add_option(config, source->options[i],
		    result == PJ_OK ? err : NULL);
		if (status == PJ_CONFIG_INVALID)
			result = status;
		else if (status != PJ_OK)
			return status;
	}
	return result;
}

/*
 * The texts, then the maps that they name, then the check of the whole.  After
 * a mistake only those who collect them all want to know the rest.
 */
static enum pj_status
fill(struct pj_config *config, const struct pj_config_source *source,
    struct pj_error *err)
{
	enum pj_status first, next;

	first = source->path != NULL ? add_files(config, source, err) :
	    add_options(config, source, err);
	for (int step = 0; step < 2; step++) {
		if (first != PJ_OK && (first != PJ_CONFIG_INVALID ||
		    source->on_mistake == NULL))
			return first;
		next = step == 0 ?
		    add_maps(config, source, first == PJ_OK ? err : NULL) :
		    pj_config_finish(config, source->keys_only,
		    first == PJ_OK ? err : NULL);
		if (first == PJ_OK)
			first = next;
	}
	return first;
}

enum pj_status
pj_configure(const struct pj_config_source *source, struct pj_config **config,
    struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *fresh = NULL;
	struct pj_config_host host = {
		.helper = PJ_HELPER_PATH,
		.cache_dir = PJ_CACHE_DIR,
		.state_dir = PJ_STATE_DIR,
	};
	struct utsname name;
	enum pj_status status;

	if (uname(&name) != 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "uname");
	host.node_name = name.nodename;
	status = pj_config_new(&host, source->on_mistake, source->ctx, &fresh);
	if (status != PJ_OK)
		return status;
	status = fill(fresh, source, err);
	if (status != PJ_OK)
		return status;
	*config = PJ_TAKE(fresh);
	return PJ_OK;
}

static enum pj_ip_resolve
ip_resolve(int family)
{
	if (family == 4)
		return PJ_IP_V4;
	return family == 6 ? PJ_IP_V6 : PJ_IP_ANY;
}

void
pj_configure_request(const struct pj_config *config,
    const struct pj_issuer *issuer, struct pj_key_request *request)
{
	const struct pj_module_settings *module = pj_config_module(config);

	*request = (struct pj_key_request){
		.section = issuer->name,
		.issuer = issuer->issuer,
		.discovery_url = issuer->discovery_url,
		.jwks_uri = issuer->jwks_uri,
		.jwks_file = issuer->jwks_file,
		.any_owner = issuer->line == 0,	/* from a command line */
		.ca_file = issuer->ca_file,
		.proxy = issuer->proxy,
		.ip_resolve = ip_resolve(issuer->ip_resolve),
		.cache_dir = module->cache_dir,
		.state_dir = module->state_dir,
		.lifetimes = {
			.min_ttl = issuer->min_ttl,
			.max_ttl = issuer->max_ttl,
			.default_ttl = issuer->default_ttl,
			.max_stale = issuer->max_stale,
			.discovery_ttl = issuer->discovery_ttl,
			.discovery_max_stale = issuer->discovery_max_stale,
			.kid_cooldown = issuer->kid_cooldown,
		},
	};
}

/* The name of its file in the cache; false if it has none. */
static bool
cache_name(const struct pj_config *config, size_t i, struct pj_cache *cache)
{
	const struct pj_issuer *issuer = pj_config_issuer(config, i);
	struct pj_key_request request;

	if (issuer == NULL || issuer->jwks_file != NULL)
		return false;
	pj_configure_request(config, issuer, &request);
	return pj_cache_open(&request, cache, NULL) == PJ_OK;
}

size_t
pj_configure_first(const struct pj_config *config, size_t i)
{
	struct pj_cache cache, other;

	if (!cache_name(config, i, &cache))
		return i;
	for (size_t j = 0; j < i; j++) {
		if (cache_name(config, j, &other) &&
		    strcmp(cache.id, other.id) == 0)
			return j;
	}
	return i;
}

void
pj_configure_helper(const struct pj_config *config,
    const struct pj_config_source *source, struct pj_helper *helper)
{
	const struct pj_module_settings *module = pj_config_module(config);

	*helper = (struct pj_helper){
		.path = module->helper,
		/* It knows where the installed one is: file and folder. */
		.config = source->folder != NULL ? NULL : source->path,
		.options = source->options,
		.timeout_cold = module->timeout_cold,
		.timeout_stale = module->timeout_stale,
	};
}
