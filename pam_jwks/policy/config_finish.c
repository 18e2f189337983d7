#include <stdarg.h>

#include "base/buf.h"
#include "base/url.h"
#include "policy/claims.h"
#include "policy/config_private.h"
#include "policy/options.h"

static enum pj_status
set_default(char **dst, const char *value)
{
	if (value == NULL)
		return PJ_OK;
	*dst = pj_span_dup(pj_span_str(value));
	return *dst != NULL ? PJ_OK : PJ_NO_MEMORY;
}

enum pj_status
pj_config_new(const struct pj_config_host *host, pj_config_mistake *on_mistake,
    void *ctx, struct pj_config **config)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *fresh =
	    calloc(1, sizeof(*fresh));
	enum pj_status status;

	if (fresh == NULL)
		return PJ_NO_MEMORY;
	fresh->on_mistake = on_mistake;
	fresh->ctx = ctx;
	status = pj_options_set_defaults(PJ_SECTION_MODULE, &fresh->module,
	    NULL);
	if (status == PJ_OK)
		status = set_default(&fresh->node_name, host->node_name);
	if (status == PJ_OK)
		status = set_default(&fresh->module.helper, host->helper);
	if (status == PJ_OK)
		status = set_default(&fresh->module.cache_dir,
		    host->cache_dir);
	if (status == PJ_OK)
		status = set_default(&fresh->module.state_dir,
		    host->state_dir);
	if (status != PJ_OK)
		return status;
	*config = PJ_TAKE(fresh);
	return PJ_OK;
}

void
pj_config_free(struct pj_config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->count; i++) {
		pj_options_free(PJ_SECTION_ISSUER,
		    &config->sections[i]->issuer);
		free(config->sections[i]->issuer.name);
		free(config->sections[i]);
	}
	for (size_t i = 0; i < config->grant_count; i++) {
		pj_options_free(PJ_SECTION_GRANT, &config->grants[i]->grant);
		free(config->grants[i]->grant.name);
		free(config->grants[i]);
	}
	for (size_t i = 0; i < config->map_count; i++)
		pj_map_free(config->maps[i]);
	pj_options_free(PJ_SECTION_MODULE, &config->module);
	pj_list_free(&config->files);
	free(config->node_name);
	free(config);
}

/* The part of a finished section that is being checked. */
struct check {
	struct pj_config	*config;
	struct section		*section;
	struct pj_error		*err;
	bool			 keys_only;
	bool			 failed;	/* in any section so far */
};

/* what is safe text already; this puts the section's name before it. */
static void
object_with(struct check *check, struct pj_error *what)
{
	const struct pj_issuer *issuer = &check->section->issuer;

	if (issuer->line != 0)
		(void)pj_fail_in(what, PJ_CONFIG_INVALID, "[issuer %s]",
		    issuer->name);
	(void)pj_config_mistake_at(check->config, issuer->file, issuer->line,
	    !check->failed, check->err, what);
	check->failed = true;
}

static void __attribute__((format(printf, 2, 3)))
object(struct check *check, const char *fmt, ...)
{
	struct pj_error what;
	va_list ap;

	va_start(ap, fmt);
	(void)pj_vfail(&what, PJ_CONFIG_INVALID, fmt, ap);
	va_end(ap);
	object_with(check, &what);
}

/* True if the section sets the key itself. */
static bool
is_set(const struct check *check, const char *key)
{
	const struct pj_option *option = pj_option_find(PJ_SECTION_ISSUER,
	    pj_span_str(key));

	return option != NULL && (check->section->seen &
	    ((uint64_t)1 << (option - pj_options))) != 0;
}

/*
 * Replaces %f, %h and %% in an audience.  Returns NULL after an objection, or
 * if memory is exhausted (*status tells).
 */
static char *
expand(struct check *check, const char *text, enum pj_status *status)
{
	const struct pj_module_settings *module = &check->config->module;
	const char *host = module->host_name != NULL ? module->host_name :
	    check->config->node_name;
	PJ_BUF_SCOPED(out, PJ_CONFIG_LINE_MAX);

	*status = PJ_OK;
	for (const char *at = text; *at != '\0' && *status == PJ_OK; at++) {
		struct pj_span part = pj_span(at, 1);

		if (*at == '%') {
			at++;
			if (*at == 'f' && (host == NULL ||
			    strchr(host, '.') == NULL)) {
				object(check, "audience: %%f needs a host "
				    "name with a dot; set host_name");
				return NULL;
			} else if (*at == 'f') {
				part = pj_span_str(host);
			} else if (*at == 'h' && (host == NULL ||
			    strcspn(host, ".") == 0)) {
				object(check, "audience: %%h is empty on this "
				    "host; set host_name");
				return NULL;
			} else if (*at == 'h') {
				part = pj_span(host, strcspn(host, "."));
			} else if (*at != '%') {
				object(check, "audience: %%%c is unknown; "
				    "there are %%f, %%h and %%%%",
				    *at != '\0' ? *at : ' ');
				return NULL;
			}
		}
		*status = pj_buf_append(&out, part);
	}
	if (*status == PJ_FILE_TOO_LARGE) {
		*status = PJ_OK;
		object(check, "audience: too long");
		return NULL;
	}
	return *status == PJ_OK ? pj_span_dup(pj_buf_span(&out)) : NULL;
}

static enum pj_status
expand_audience(struct check *check)
{
	struct pj_list *list = &check->section->issuer.audience;

	for (size_t i = 0; i < list->count; i++) {
		enum pj_status status;
		char *expanded;

		if (strchr(list->items[i], '%') == NULL)
			continue;
		expanded = expand(check, list->items[i], &status);
		if (status != PJ_OK)
			return status;
		if (expanded == NULL)
			continue;
		free(list->items[i]);
		list->items[i] = expanded;
	}
	return PJ_OK;
}

/* What the uses of this section can do without. */
static bool
is_needed(const struct check *check, const struct pj_option *option)
{
	const struct pj_issuer *issuer = &check->section->issuer;

	if (!option->required)
		return false;
	if (check->keys_only)
		return strcmp(option->key, "issuer") == 0 &&
		    issuer->jwks_file == NULL;
	/* A tool's options serve any service unless they say so. */
	return issuer->line != 0 || strcmp(option->key, "services") != 0;
}

static void
check_required(struct check *check)
{
	for (size_t i = 0; i < pj_options_count; i++) {
		const struct pj_option *option = &pj_options[i];

		if (option->section == PJ_SECTION_ISSUER &&
		    is_needed(check, option) && !is_set(check, option->key))
			object(check, "%s is missing", option->key);
	}
}

/*
 * The person's claim.  There is no default where it alone decides; where a map
 * or a grant does, it is what the log shows and `same` means.
 */
static enum pj_status
check_user_claim(struct check *check)
{
	struct pj_issuer *issuer = &check->section->issuer;
	struct pj_error what;

	if (is_set(check, "user_claim")) {
		/* A value that could not be read is a mistake already. */
		if (issuer->user_claim != NULL && pj_claim_check_name(
		    pj_span_str(issuer->user_claim), &what) != PJ_OK)
			object_with(check, &what);
		return PJ_OK;
	}
	if (pj_config_is_mapped(check->config, issuer))
		return set_default(&issuer->user_claim, "sub");
	if (!check->keys_only)
		object(check, "user_claim is missing");
	return PJ_OK;
}

static void
check_services(struct check *check)
{
	const struct pj_issuer *issuer = &check->section->issuer;
	bool any = false;

	for (size_t i = 0; i < issuer->services.count; i++)
		any = any || strcmp(issuer->services.items[i], "any") == 0;
	if (any && issuer->services.count > 1)
		object(check, "services: any stands alone");
	if (any && issuer->account == PJ_ACCOUNT_NONE && issuer->line != 0)
		object(check, "account = none needs services other than any");
	if (issuer->account == PJ_ACCOUNT_NONE && is_set(check, "min_uid"))
		object(check, "min_uid changes nothing beside account = none");
}

static void
check_key_source(struct check *check)
{
	const struct pj_issuer *issuer = &check->section->issuer;
	static const char *const fetching[] = {
		"ca_file", "proxy", "ip_resolve",
	};
	struct pj_error what = { "" };
	int sources = (issuer->discovery_url != NULL) +
	    (issuer->jwks_uri != NULL) + (issuer->jwks_file != NULL);

	if (sources > 1)
		object(check, "only one of discovery_url, jwks_uri and "
		    "jwks_file can be where keys come from");
	/* The discovery URL is made from the issuer. */
	if (sources == 0 && issuer->issuer != NULL && pj_url_check_https(
	    pj_span_str(issuer->issuer), &what) != PJ_OK) {
		(void)pj_fail_in(&what, PJ_CONFIG_INVALID, "issuer (keys come "
		    "from its discovery document, unless jwks_uri or "
		    "jwks_file is set)");
		object_with(check, &what);
	}
	/* It is a line of the files in which the keys are kept. */
	if (issuer->jwks_file == NULL && issuer->issuer != NULL &&
	    !pj_span_printable(pj_span_str(issuer->issuer)))
		object(check, "issuer: only beside a jwks_file can it have "
		    "bytes that are not printable ASCII");
	for (size_t i = 0; i < sizeof(fetching) / sizeof(fetching[0]); i++) {
		if (issuer->jwks_file != NULL && is_set(check, fetching[i]))
			object(check, "%s changes nothing beside jwks_file",
			    fetching[i]);
	}
	if (issuer->min_ttl > issuer->max_ttl)
		object(check, "min_ttl is larger than max_ttl");
	if (issuer->max_ttl > issuer->max_stale)
		object(check, "max_ttl is larger than max_stale");
	if (issuer->discovery_ttl > issuer->discovery_max_stale)
		object(check,
		    "discovery_ttl is larger than discovery_max_stale");
}

enum pj_status
pj_config_finish(struct pj_config *config, bool keys_only,
    struct pj_error *err)
{
	struct check check = { .config = config, .err = err,
	    .keys_only = keys_only };
	enum pj_status status;

	for (size_t i = 0; i < config->count; i++) {
		check.section = config->sections[i];
		check_required(&check);
		status = check_user_claim(&check);
		if (status != PJ_OK)
			return status;
		check_services(&check);
		check_key_source(&check);
		status = expand_audience(&check);
		if (status != PJ_OK)
			return status;
	}
	if (!pj_config_check_grants(config, !check.failed, err))
		check.failed = true;
	return check.failed ? PJ_CONFIG_INVALID : PJ_OK;
}

const struct pj_module_settings *
pj_config_module(const struct pj_config *config)
{
	return &config->module;
}

size_t
pj_config_issuers(const struct pj_config *config)
{
	return config->count;
}

const struct pj_issuer *
pj_config_issuer(const struct pj_config *config, size_t i)
{
	return i < config->count ? &config->sections[i]->issuer : NULL;
}

const struct pj_issuer *
pj_config_find(const struct pj_config *config, const char *name)
{
	for (size_t i = 0; i < config->count; i++) {
		if (strcmp(config->sections[i]->issuer.name, name) == 0)
			return &config->sections[i]->issuer;
	}
	return NULL;
}
