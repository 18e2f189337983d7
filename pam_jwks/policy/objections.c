#include "policy/objections.h"

#include <stdarg.h>

#include "policy/select.h"

struct objector {
	const struct pj_config	*config;
	pj_objection		*objection;
	void			*ctx;
};

static void __attribute__((format(printf, 3, 4)))
object(const struct objector *objector, enum pj_objection_kind kind,
    const char *fmt, ...)
{
	struct pj_error text;
	va_list ap;

	va_start(ap, fmt);
	(void)pj_vfail(&text, PJ_CONFIG_INVALID, fmt, ap);
	va_end(ap);
	objector->objection(objector->ctx, kind, text.detail);
}

/*
 * Issuers whose tokens everybody can have, with an audience of his own choice:
 * a workflow, a job, a service account, a pod asks for it.
 */
static bool
gives_any_audience(const char *issuer)
{
	static const char *const issuers[] = {
		"https://token.actions.githubusercontent.com",
		"https://gitlab.com",
		"https://accounts.google.com",
		"https://kubernetes.default.svc",
	};

	for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
		size_t len = strlen(issuers[i]);

		/* The whole of it, or with a path or .cluster.local behind. */
		if (strncmp(issuer, issuers[i], len) == 0 &&
		    strchr("/:.", issuer[len]) != NULL)
			return true;
	}
	return false;
}

static void
look_at_audience(const struct objector *objector,
    const struct pj_issuer *issuer)
{
	if (issuer->require.count == 0 && issuer->issuer != NULL &&
	    gives_any_audience(issuer->issuer) &&
	    !pj_config_is_mapped(objector->config, issuer))
		object(objector, PJ_OBJECT_AUDIENCE_OPEN,
		    "[issuer %s] anybody can have a token of %s "
		    "with this audience: set require, or let a map or a grant "
		    "decide", issuer->name, issuer->issuer);
	for (size_t i = 0; i < issuer->audience.count; i++) {
		if (strchr(issuer->audience.items[i], '*') != NULL)
			object(objector, PJ_OBJECT_AUDIENCE_PATTERN,
			    "[issuer %s] audience %s: there are "
			    "no patterns, the * stands for itself",
			    issuer->name, issuer->audience.items[i]);
	}
}

/*
 * What these let in is an account of the machine in any case: without the uid
 * rules it may be a service's.
 */
static void
look_at_account(const struct objector *objector,
    const struct pj_issuer *issuer)
{
	static const char *const hosts[] = {
		"sshd", "login", "su", "su-l", "sudo", "sudo-i", "doas",
	};

	if (issuer->account != PJ_ACCOUNT_NONE)
		return;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		if (pj_list_has(&issuer->services, pj_span_str(hosts[i])))
			object(objector, PJ_OBJECT_ACCOUNT,
			    "[issuer %s] account = none lets "
			    "tokens into accounts of services (uid 1 to 999) "
			    "by %s", issuer->name, hosts[i]);
	}
}

bool
pj_config_serves(const struct pj_config *config, const char *service)
{
	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		if (pj_policy_serves(pj_config_issuer(config, i), service))
			return true;
	}
	return false;
}

/* True if of two sections the first takes tokens for this from the second. */
static bool
takes(const struct pj_issuer *first, const struct pj_issuer *second,
    const char *service, const char *audience)
{
	return strcmp(first->issuer, second->issuer) == 0 &&
	    pj_policy_serves(first, service) &&
	    pj_list_has(&first->audience, pj_span_str(audience));
}

/* The section before this one that decides instead of it, or NULL. */
static const struct pj_issuer *
find_shadow(const struct pj_config *config, size_t section,
    const char *service, const char *audience)
{
	const struct pj_issuer *issuer = pj_config_issuer(config, section);

	for (size_t i = 0; i < section; i++) {
		if (takes(pj_config_issuer(config, i), issuer, service,
		    audience))
			return pj_config_issuer(config, i);
	}
	return NULL;
}

/* The first that fits decides alone; one behind it may have been meant. */
static void
look_at_order(const struct objector *objector, size_t section)
{
	const struct pj_issuer *issuer = pj_config_issuer(objector->config,
	    section), *shadow;

	for (size_t i = 0; i < issuer->services.count; i++) {
		for (size_t j = 0; j < issuer->audience.count; j++) {
			const char *service = issuer->services.items[i];
			const char *audience = issuer->audience.items[j];

			shadow = find_shadow(objector->config, section,
			    service, audience);
			if (shadow == NULL)
				continue;
			object(objector, PJ_OBJECT_SHADOWED, "[issuer %s] for "
			    "%s and audience %s [issuer %s] decides, which "
			    "stands before it", issuer->name, service,
			    audience, shadow->name);
			return;
		}
	}
}

static void
look_at_services(const struct objector *objector)
{
	static const char *const pairs[][3] = {
		{ "sudo", "sudo-i", "sudo -i" }, { "su", "su-l", "su -" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (pj_config_serves(objector->config, pairs[i][0]) &&
		    !pj_config_serves(objector->config, pairs[i][1]))
			object(objector, PJ_OBJECT_PARTNER,
			    "no section serves %s, which \"%s\" "
			    "is on many systems; %s is served", pairs[i][1],
			    pairs[i][2], pairs[i][0]);
	}
}

/* Whether map, grants or the user's name look at the identity at all. */
static bool
uses_identity(const struct pj_config *config, const struct pj_issuer *issuer)
{
	struct pj_span name = pj_span_str(issuer->name);

	if (issuer->user_map != NULL || !pj_config_is_mapped(config, issuer))
		return true;
	for (size_t i = 0; i < pj_config_grants(config); i++) {
		const struct pj_grant *grant = pj_config_grant(config, i);

		if (pj_list_has(&grant->issuer, name) &&
		    (grant->users.same || grant->identity.count != 0))
			return true;
	}
	return false;
}

static void
look_at_identity(const struct objector *objector,
    const struct pj_issuer *issuer)
{
	bool used = uses_identity(objector->config, issuer);

	if (issuer->allow_unverified_email && issuer->user_claim != NULL &&
	    strcmp(issuer->user_claim, "email") != 0 &&
	    strcmp(issuer->user_claim, "/email") != 0)
		object(objector, PJ_OBJECT_NO_EFFECT,
		    "[issuer %s] allow_unverified_email changes "
		    "nothing: user_claim is not email", issuer->name);
	if (!used && issuer->user_lowercase)
		object(objector, PJ_OBJECT_NO_EFFECT,
		    "[issuer %s] user_lowercase changes nothing: "
		    "no grant for it looks at the identity", issuer->name);
	if (!used && issuer->user_strip_domain.count != 0)
		object(objector, PJ_OBJECT_NO_EFFECT,
		    "[issuer %s] user_strip_domain only refuses "
		    "other domains: no grant for it looks at the identity",
		    issuer->name);
}

static bool
has_capital(struct pj_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z')
			return true;
	}
	return false;
}

/* True if the identity ends in a domain that is taken off before. */
static bool
has_stripped_domain(const struct pj_issuer *issuer, struct pj_span identity)
{
	const unsigned char *at = identity.len == 0 ? NULL :
	    memrchr(identity.ptr, '@', identity.len);
	struct pj_span domain;

	if (at == NULL)
		return false;
	domain = pj_span_from(identity, (size_t)(at - identity.ptr) + 1);
	for (size_t i = 0; i < issuer->user_strip_domain.count; i++) {
		if (pj_span_is_nocase(domain,
		    issuer->user_strip_domain.items[i]))
			return true;
	}
	return false;
}

/* Why the section's tokens never have this identity, or NULL. */
static const char *
never_has(const struct pj_issuer *issuer, struct pj_span identity)
{
	if (issuer->user_lowercase && has_capital(identity))
		return "the section has user_lowercase, and it has capitals";
	if (has_stripped_domain(issuer, identity))
		return "the section has user_strip_domain, and it has the "
		    "domain";
	return NULL;
}

/* Why an identity fits none of the sections that the grant is for, or NULL. */
static const char *
never_granted(const struct pj_config *config, const struct pj_grant *grant,
    struct pj_span identity)
{
	const char *why = NULL;

	for (size_t i = 0; i < grant->issuer.count; i++) {
		why = never_has(pj_config_find(config, grant->issuer.items[i]),
		    identity);
		if (why == NULL)
			return NULL;
	}
	return why;
}

static void
look_at_grant(const struct objector *objector, const struct pj_grant *grant)
{
	for (size_t i = 0; i < grant->identity.count; i++) {
		const char *identity = grant->identity.items[i];
		const char *why = never_granted(objector->config, grant,
		    pj_span_str(identity));

		if (why != NULL)
			object(objector, PJ_OBJECT_MAP, "[grant %s] identity "
			    "%s never fits: %s", grant->name, identity, why);
	}
}

/* Why a line can never fit, or NULL. */
static const char *
never_fits(const struct pj_config *config, const struct pj_map *map,
    const struct pj_map_line *line)
{
	const struct pj_issuer *issuer = NULL;
	const char *why;

	for (size_t i = 0; issuer == NULL && i < pj_config_issuers(config);
	    i++) {
		if (pj_span_is(line->section, pj_config_issuer(config,
		    i)->name))
			issuer = pj_config_issuer(config, i);
	}
	if (issuer == NULL)
		return "there is no such section";
	if (issuer->user_map == NULL ||
	    strcmp(issuer->user_map, pj_map_path(map)) != 0)
		return "the section has another map or none";
	if (line->pattern != NULL)
		return NULL;
	why = never_has(issuer, line->identity);
	if (why != NULL)
		return why;
	return pj_span_has_control(line->identity) ?
	    "no identity has a control character" : NULL;
}

static void
look_at_map(const struct objector *objector, const struct pj_issuer *issuer)
{
	const struct pj_map *map = issuer->user_map == NULL ? NULL :
	    pj_config_map(objector->config, issuer->user_map);
	bool any = false;

	if (map == NULL)
		return;
	for (size_t i = 0; !any && i < pj_map_count(map); i++)
		any = pj_span_is(pj_map_line(map, i)->section, issuer->name);
	if (!any)
		object(objector, PJ_OBJECT_MAP,
		    "[issuer %s] %s has no line for it",
		    issuer->name, issuer->user_map);
}

/* A map is gone through once, with the first section that has it. */
static void
look_at_lines(const struct objector *objector, size_t section)
{
	const char *path = pj_config_issuer(objector->config,
	    section)->user_map;
	const struct pj_map *map = path == NULL ? NULL :
	    pj_config_map(objector->config, path);

	for (size_t i = 0; map != NULL && i < section; i++) {
		const char *other = pj_config_issuer(objector->config,
		    i)->user_map;

		if (other != NULL && strcmp(other, path) == 0)
			return;
	}
	for (size_t i = 0; map != NULL && i < pj_map_count(map); i++) {
		const struct pj_map_line *line = pj_map_line(map, i);
		const char *why = never_fits(objector->config, map, line);

		if (why != NULL)
			object(objector, PJ_OBJECT_MAP,
			    "%s:%u: the line never fits: %s",
			    path, line->number, why);
	}
}

void
pj_config_object(const struct pj_config *config, pj_objection *objection,
    void *ctx)
{
	const struct objector objector = { config, objection, ctx };

	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		const struct pj_issuer *issuer = pj_config_issuer(config, i);

		look_at_audience(&objector, issuer);
		look_at_account(&objector, issuer);
		look_at_identity(&objector, issuer);
		look_at_map(&objector, issuer);
		look_at_lines(&objector, i);
		look_at_order(&objector, i);
	}
	for (size_t i = 0; i < pj_config_grants(config); i++)
		look_at_grant(&objector, pj_config_grant(config, i));
	look_at_services(&objector);
}
