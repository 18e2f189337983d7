/*
 * The configuration (pam_jwks.conf(5)).  Responsible for: strict parsing of
 * texts that somebody else has read, defaults, and every mistake with file and
 * line. Must not: open a file, ask for the host's name, or know where defaults
 * of paths come from.  One option table (options.c) drives file, tool options,
 * defaults, sample file and the manual's check.
 *
 * To add a key: a field here, a line in options.c, a paragraph in
 * pam_jwks.conf(5), a test in tests/unit/test_config.c.
 */
#ifndef PJ_POLICY_CONFIG_H
#define PJ_POLICY_CONFIG_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "policy/list.h"
#include "policy/map.h"
#include "policy/rule.h"

enum pj_account {
	PJ_ACCOUNT_LOCAL,	/* the user must exist and pass the uid rules */
	PJ_ACCOUNT_NONE,
};

/* Durations are in seconds; -1 stands for "none". */
struct pj_module_settings {
	char		*fetch_user;
	char		*host_name;	/* NULL: the kernel's node name */
	char		*cache_dir;
	char		*state_dir;
	char		*helper;
	int64_t		 timeout_cold;
	int64_t		 timeout_stale;
	int64_t		 connect_timeout;
	int64_t		 request_timeout;
};

struct pj_issuer {
	char		*name;		/* of the section */
	const char	*file;		/* where it stands, borrowed */
	unsigned	 line;

	char		*issuer;
	struct pj_list	 services;	/* a single "any": every service */
	struct pj_list	 audience;
	char		*user_claim;	/* maps and grants alone: "sub" */
	char		*user_map;	/* its path */
	unsigned	 algorithms;	/* PJ_ALG_BIT of each */

	char		*discovery_url;
	char		*jwks_uri;
	char		*jwks_file;
	char		*ca_file;
	char		*proxy;
	int		 ip_resolve;	/* 0 any, 4, 6 */

	bool		 require_kid;
	struct pj_list	 typ;		/* "absent" allows a missing one */
	int64_t		 leeway;
	int64_t		 max_token_age;
	int64_t		 max_auth_age;
	struct pj_list	 authorized_party;
	struct pj_rules	 require;	/* all must hold */
	struct pj_list	 user_strip_domain;
	bool		 user_lowercase;
	bool		 allow_unverified_email;
	struct pj_list	 export;	/* NAME=CLAIM */
	enum pj_account	 account;
	int64_t		 min_uid;

	int64_t		 min_ttl;
	int64_t		 max_ttl;
	int64_t		 default_ttl;
	int64_t		 max_stale;
	int64_t		 discovery_ttl;
	int64_t		 discovery_max_stale;
	int64_t		 kid_cooldown;
};

/* Local users that a grant lets in. */
struct pj_users {
	struct pj_list	names;
	bool		same;		/* the one whose name the identity is */
};

struct pj_grant {
	char		*name;		/* of the section */
	const char	*file;		/* where it stands, borrowed */
	unsigned	 line;

	struct pj_list	 issuer;	/* names of issuer sections */
	struct pj_users	 users;
	struct pj_rules	 require;	/* all must hold */
	struct pj_list	 identity;	/* empty: any */
};

struct pj_config;

/* What the library cannot know by itself; all borrowed during pj_config_new. */
struct pj_config_host {
	const char	*node_name;	/* uname(2), for %f and %h */
	const char	*helper;	/* default of the key helper */
	const char	*cache_dir;
	const char	*state_dir;
};

/* Called for each mistake; text names the offending word.  line 0: the file. */
typedef void pj_config_mistake(void *ctx, const char *file, unsigned line,
		const char *text);

/*
 * An empty configuration with defaults.  on_mistake may be NULL.  On success
 * *config is owned by the caller.
 */
enum pj_status	pj_config_new(const struct pj_config_host *host,
		    pj_config_mistake *on_mistake, void *ctx,
		    struct pj_config **config) PJ_MUST_CHECK;
void		pj_config_free(struct pj_config *config);
PJ_DEFINE_CLEANUP(struct pj_config *, pj_cleanup_config, pj_config_free)

/*
 * Adds the text of one file, whose name is used in messages and copied.
 * PJ_CONFIG_INVALID if it has mistakes, with the first one in the detail; the
 * others went to on_mistake.
 */
enum pj_status	pj_config_add_text(struct pj_config *config,
		    struct pj_span text, const char *file,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * Adds a map of users: the text of the file that an issuer section's user_map
 * names.  Results and messages as in pj_config_add_text.
 */
enum pj_status	pj_config_add_map(struct pj_config *config,
		    struct pj_span text, const char *path,
		    struct pj_error *err) PJ_MUST_CHECK;

/* The map with this path, or NULL if none was added. */
const struct pj_map	*pj_config_map(const struct pj_config *config,
			    const char *path);

/*
 * Adds one "KEY=VALUE" for the section that the tool's -o options make up
 * (its name is "options", it serves any service), or for [module].
 */
enum pj_status	pj_config_add_option(struct pj_config *config,
		    const char *option, struct pj_error *err) PJ_MUST_CHECK;

/*
 * Checks what only the whole shows: required keys, keys that exclude others.
 * keys_only: the sections are used for getting keys, nobody logs in with them,
 * so that audience and user_claim may be missing, and issuer beside a
 * jwks_file.
 */
enum pj_status	pj_config_finish(struct pj_config *config, bool keys_only,
		    struct pj_error *err) PJ_MUST_CHECK;

const struct pj_module_settings	*pj_config_module(
				    const struct pj_config *config);
size_t				 pj_config_issuers(
				    const struct pj_config *config);
const struct pj_issuer		*pj_config_issuer(
				    const struct pj_config *config, size_t i);

size_t				 pj_config_grants(
				    const struct pj_config *config);
const struct pj_grant		*pj_config_grant(
				    const struct pj_config *config, size_t i);

/* True if a map or a grant decides which user an identity of it may be. */
bool				 pj_config_is_mapped(
				    const struct pj_config *config,
				    const struct pj_issuer *issuer);

/* The issuer section with this name, or NULL. */
const struct pj_issuer		*pj_config_find(const struct pj_config *config,
				    const char *name);

#endif
