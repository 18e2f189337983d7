#include "policy/options.h"

#include "base/near.h"

#define MODULE(key, type, fallback) \
	{ #key, PJ_SECTION_MODULE, type, \
	  offsetof(struct pj_module_settings, key), fallback, false, 0, 0 }
#define MODULE_TIME(key, fallback, min, max) \
	{ #key, PJ_SECTION_MODULE, PJ_TYPE_DURATION, \
	  offsetof(struct pj_module_settings, key), fallback, false, min, max }
#define ISSUER(key, type, fallback) \
	{ #key, PJ_SECTION_ISSUER, type, \
	  offsetof(struct pj_issuer, key), fallback, false, 0, 0 }
#define ISSUER_MUST(key, type) \
	{ #key, PJ_SECTION_ISSUER, type, \
	  offsetof(struct pj_issuer, key), NULL, true, 0, 0 }
#define ISSUER_TIME(key, fallback, min, max) \
	{ #key, PJ_SECTION_ISSUER, PJ_TYPE_DURATION, \
	  offsetof(struct pj_issuer, key), fallback, false, min, max }

#define GRANT(key, type, required) \
	{ #key, PJ_SECTION_GRANT, type, \
	  offsetof(struct pj_grant, key), NULL, required, 0, 0 }

#define MINUTE	60
#define HOUR	(60 * MINUTE)
#define DAY	(24 * HOUR)

/* The defaults of cache_dir, state_dir and helper depend on the build. */
const struct pj_option pj_options[] = {
	MODULE(fetch_user, PJ_TYPE_NAME, "pam-jwks"),
	MODULE(host_name, PJ_TYPE_NAME, NULL),
	MODULE(cache_dir, PJ_TYPE_PATH, NULL),
	MODULE(state_dir, PJ_TYPE_PATH, NULL),
	MODULE(helper, PJ_TYPE_PATH, NULL),
	MODULE_TIME(timeout_cold, "8s", 1, MINUTE),
	MODULE_TIME(timeout_stale, "5s", 1, MINUTE),
	MODULE_TIME(connect_timeout, "3s", 1, MINUTE),
	MODULE_TIME(request_timeout, "5s", 1, MINUTE),

	ISSUER_MUST(issuer, PJ_TYPE_TEXT),
	ISSUER_MUST(services, PJ_TYPE_SERVICES),
	ISSUER_MUST(audience, PJ_TYPE_TEXTS),
	ISSUER(user_claim, PJ_TYPE_TEXT, NULL),
	ISSUER(user_map, PJ_TYPE_PATH, NULL),
	ISSUER(algorithms, PJ_TYPE_ALGORITHMS,
	    "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA "
	    "Ed25519 Ed448"),
	ISSUER(discovery_url, PJ_TYPE_HTTPS, NULL),
	ISSUER(jwks_uri, PJ_TYPE_HTTPS, NULL),
	ISSUER(jwks_file, PJ_TYPE_PATH, NULL),
	ISSUER(ca_file, PJ_TYPE_PATH, NULL),
	ISSUER(proxy, PJ_TYPE_PROXY, NULL),
	ISSUER(ip_resolve, PJ_TYPE_IP, "any"),
	ISSUER(require_kid, PJ_TYPE_YES_NO, "no"),
	ISSUER(typ, PJ_TYPE_WORDS, "JWT absent"),
	ISSUER_TIME(leeway, "30s", 0, 10 * MINUTE),
	ISSUER_TIME(max_token_age, "none", 1, 3650 * DAY),
	ISSUER_TIME(max_auth_age, "none", 1, 3650 * DAY),
	ISSUER(authorized_party, PJ_TYPE_TEXTS, NULL),
	ISSUER(require, PJ_TYPE_RULES, NULL),
	ISSUER(user_strip_domain, PJ_TYPE_DOMAINS, NULL),
	ISSUER(user_lowercase, PJ_TYPE_YES_NO, "no"),
	ISSUER(allow_unverified_email, PJ_TYPE_YES_NO, "no"),
	ISSUER(export, PJ_TYPE_EXPORTS, NULL),
	ISSUER(account, PJ_TYPE_ACCOUNT, "local"),
	{ "min_uid", PJ_SECTION_ISSUER, PJ_TYPE_NUMBER,
	    offsetof(struct pj_issuer, min_uid), "1000", false,
	    1, 4294967294 },
	ISSUER_TIME(min_ttl, "300s", 1, DAY),
	ISSUER_TIME(max_ttl, "3600s", 1, DAY),
	ISSUER_TIME(default_ttl, "900s", 1, DAY),
	ISSUER_TIME(max_stale, "1d", MINUTE, 30 * DAY),
	ISSUER_TIME(discovery_ttl, "1d", MINUTE, 30 * DAY),
	ISSUER_TIME(discovery_max_stale, "7d", MINUTE, 90 * DAY),
	ISSUER_TIME(kid_cooldown, "30s", 1, 300),

	GRANT(issuer, PJ_TYPE_WORDS, true),
	GRANT(users, PJ_TYPE_USERS, true),
	GRANT(require, PJ_TYPE_RULES, false),
	GRANT(identity, PJ_TYPE_WORDS, false),
};
const size_t pj_options_count = sizeof(pj_options) / sizeof(pj_options[0]);

/* What was set is noted in 64 bits (config_private.h). */
_Static_assert(sizeof(pj_options) / sizeof(pj_options[0]) <= 64,
    "more options than bits");

bool
pj_option_repeats(const struct pj_option *option)
{
	return option->type == PJ_TYPE_TEXTS || option->type == PJ_TYPE_RULES;
}

const char *
pj_option_section_name(enum pj_option_section section)
{
	switch (section) {
	case PJ_SECTION_MODULE:
		return "[module]";
	case PJ_SECTION_ISSUER:
		return "[issuer NAME]";
	case PJ_SECTION_GRANT:
		return "[grant NAME]";
	}
	return "";
}

const struct pj_option *
pj_option_find(enum pj_option_section section, struct pj_span key)
{
	for (size_t i = 0; i < pj_options_count; i++) {
		if (pj_options[i].section == section &&
		    pj_span_is(key, pj_options[i].key))
			return &pj_options[i];
	}
	return NULL;
}

const struct pj_option *
pj_option_near(enum pj_option_section section, struct pj_span key)
{
	const struct pj_option *best = NULL;
	size_t nearest = PJ_FAR;

	for (size_t i = 0; i < pj_options_count; i++) {
		size_t far;

		if (pj_options[i].section != section)
			continue;
		far = pj_near(key, pj_span_str(pj_options[i].key));
		if (far < nearest) {
			nearest = far;
			best = &pj_options[i];
		}
	}
	return best;
}

enum pj_status
pj_options_set_defaults(enum pj_option_section section, void *dst,
    struct pj_error *err)
{
	for (size_t i = 0; i < pj_options_count; i++) {
		const struct pj_option *option = &pj_options[i];
		enum pj_status status;

		if (option->section != section || option->fallback == NULL)
			continue;
		status = pj_option_set(option, dst,
		    pj_span_str(option->fallback), err);
		if (status != PJ_OK)
			return status;
	}
	return PJ_OK;
}

void
pj_options_free(enum pj_option_section section, void *dst)
{
	for (size_t i = 0; i < pj_options_count; i++) {
		const struct pj_option *option = &pj_options[i];
		void *at = (char *)dst + option->offset;

		if (option->section != section)
			continue;
		switch (option->type) {
		case PJ_TYPE_TEXT:
		case PJ_TYPE_NAME:
		case PJ_TYPE_HTTPS:
		case PJ_TYPE_PROXY:
		case PJ_TYPE_PATH:
			free(*(char **)at);
			*(char **)at = NULL;
			break;
		case PJ_TYPE_TEXTS:
		case PJ_TYPE_WORDS:
		case PJ_TYPE_SERVICES:
		case PJ_TYPE_DOMAINS:
		case PJ_TYPE_EXPORTS:
			pj_list_free(at);
			break;
		case PJ_TYPE_RULES:
			pj_rules_free(at);
			break;
		case PJ_TYPE_USERS:
			pj_list_free(&((struct pj_users *)at)->names);
			break;
		case PJ_TYPE_YES_NO:
		case PJ_TYPE_DURATION:
		case PJ_TYPE_NUMBER:
		case PJ_TYPE_ALGORITHMS:
		case PJ_TYPE_ACCOUNT:
		case PJ_TYPE_IP:
			break;
		}
	}
}
