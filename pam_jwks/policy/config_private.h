/*
 * What the files of the configuration share: config.c parses, config_finish.c
 * checks the whole and gives it out.
 */
#ifndef PJ_POLICY_CONFIG_PRIVATE_H
#define PJ_POLICY_CONFIG_PRIVATE_H

#include "policy/config.h"

struct section {
	struct pj_issuer	issuer;
	uint64_t		seen;	/* a bit per option */
};

struct grant_section {
	struct pj_grant	grant;
	uint64_t	seen;
};

struct pj_config {
	struct pj_module_settings	 module;
	uint64_t			 module_seen;
	const char			*module_file;
	unsigned			 module_line;	/* 0: no [module] */
	struct section			*sections[PJ_ISSUERS_MAX];
	size_t				 count;
	struct grant_section		*grants[PJ_GRANTS_MAX];
	size_t				 grant_count;
	struct pj_map			*maps[PJ_ISSUERS_MAX];
	size_t				 map_count;
	struct pj_list			 files;		/* their names */
	char				*node_name;
	pj_config_mistake		*on_mistake;
	void				*ctx;
};

/* Appends a section with defaults; count must be below PJ_ISSUERS_MAX. */
enum pj_status	pj_config_new_section(struct pj_config *config,
		    struct pj_span name, struct section **section)
		    PJ_MUST_CHECK;

/* The same for grants; grant_count must be below PJ_GRANTS_MAX. */
enum pj_status	pj_config_new_grant(struct pj_config *config,
		    struct pj_span name, struct grant_section **section)
		    PJ_MUST_CHECK;

/*
 * Says what is wrong with grants; first: it would be the first mistake.  True
 * if nothing is.
 */
bool		pj_config_check_grants(struct pj_config *config, bool first,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * Reports a mistake to the callback and, if it is the first, to err.  Returns
 * PJ_CONFIG_INVALID.
 */
enum pj_status	pj_config_mistake_at(struct pj_config *config, const char *file,
		    unsigned line, bool first, struct pj_error *err,
		    const struct pj_error *what);

#endif
