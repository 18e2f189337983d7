/*
 * Grants and maps of a configuration: taking maps in, and checking that grants
 * say enough and name sections that there are.
 */
#include <stdarg.h>

#include "policy/config_private.h"
#include "policy/lines.h"
#include "policy/options.h"

size_t
pj_config_grants(const struct pj_config *config)
{
	return config->grant_count;
}

const struct pj_grant *
pj_config_grant(const struct pj_config *config, size_t i)
{
	return i < config->grant_count ? &config->grants[i]->grant : NULL;
}

const struct pj_map *
pj_config_map(const struct pj_config *config, const char *path)
{
	for (size_t i = 0; i < config->map_count; i++) {
		if (strcmp(pj_map_path(config->maps[i]), path) == 0)
			return config->maps[i];
	}
	return NULL;
}

bool
pj_config_is_mapped(const struct pj_config *config,
    const struct pj_issuer *issuer)
{
	if (issuer->user_map != NULL)
		return true;
	for (size_t i = 0; i < config->grant_count; i++) {
		if (pj_list_has(&config->grants[i]->grant.issuer,
		    pj_span_str(issuer->name)))
			return true;
	}
	return false;
}

enum pj_status
pj_config_add_map(struct pj_config *config, struct pj_span text,
    const char *path, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_map) struct pj_map *map = NULL;
	struct pj_lines lines = { .number = 0 };
	struct pj_span line;
	struct pj_error what;
	bool failed = false;
	enum pj_status status;

	if (config->map_count == PJ_ISSUERS_MAX)
		return pj_fail(err, PJ_CONFIG_INVALID, "more than %d maps",
		    PJ_ISSUERS_MAX);
	status = pj_map_new(path, text, &map);
	if (status != PJ_OK)
		return status;
	lines.rest = pj_map_text(map);
	while (pj_lines_next(&lines, &line, &what)) {
		status = line.len == 0 ? PJ_CONFIG_INVALID :
		    pj_map_add(map, lines.number, line, &what);
		if (status == PJ_CONFIG_INVALID) {
			(void)pj_config_mistake_at(config, path, lines.number,
			    !failed, err, &what);
			failed = true;
		} else if (status != PJ_OK) {
			return status;
		}
	}
	config->maps[config->map_count++] = PJ_TAKE(map);
	return failed ? PJ_CONFIG_INVALID : PJ_OK;
}

/* The grant that is being checked. */
struct check {
	struct pj_config	*config;
	const struct pj_grant	*grant;
	bool			 first;
	struct pj_error		*err;
};

static void __attribute__((format(printf, 2, 3)))
object(struct check *check, const char *fmt, ...)
{
	struct pj_error what;
	va_list ap;

	va_start(ap, fmt);
	(void)pj_vfail(&what, PJ_CONFIG_INVALID, fmt, ap);
	va_end(ap);
	(void)pj_fail_in(&what, PJ_CONFIG_INVALID, "[grant %s]",
	    check->grant->name);
	(void)pj_config_mistake_at(check->config, check->grant->file,
	    check->grant->line, check->first, check->err, &what);
	check->first = false;
}

static void
check_grant(struct check *check, uint64_t seen)
{
	const struct pj_grant *grant = check->grant;

	for (size_t i = 0; i < pj_options_count; i++) {
		const struct pj_option *option = &pj_options[i];

		if (option->section == PJ_SECTION_GRANT && option->required &&
		    (seen & (uint64_t)1 << i) == 0)
			object(check, "%s is missing", option->key);
	}
	if (grant->require.count == 0 && grant->identity.count == 0)
		object(check, "it needs require or identity: without them "
		    "every token of the issuer would do");
	for (size_t i = 0; i < grant->issuer.count; i++) {
		if (pj_config_find(check->config, grant->issuer.items[i]) ==
		    NULL)
			object(check, "there is no section [issuer %s]",
			    grant->issuer.items[i]);
	}
}

bool
pj_config_check_grants(struct pj_config *config, bool first,
    struct pj_error *err)
{
	struct check check = { .config = config, .first = first, .err = err };

	for (size_t i = 0; i < config->grant_count; i++) {
		check.grant = &config->grants[i]->grant;
		check_grant(&check, config->grants[i]->seen);
	}
	return check.first == first;
}
