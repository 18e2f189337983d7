/*
 * The option table: every key of the configuration with its section, type,
 * default and bounds.  Responsible for: turning one value's text into one
 * field. Must not: know files, lines, or how keys depend on each other
 * (config.c).
 */
#ifndef PJ_POLICY_OPTIONS_H
#define PJ_POLICY_OPTIONS_H

#include "policy/config.h"

enum pj_option_section {
	PJ_SECTION_MODULE,
	PJ_SECTION_ISSUER,
	PJ_SECTION_GRANT,
};

enum pj_option_type {
	PJ_TYPE_TEXT,		/* the whole line */
	PJ_TYPE_TEXTS,		/* the whole line; the key may be repeated */
	PJ_TYPE_WORDS,		/* items separated by spaces */
	PJ_TYPE_SERVICES,	/* the same, names of PAM services */
	PJ_TYPE_DOMAINS,	/* the same, of mail addresses */
	PJ_TYPE_NAME,		/* no space, slash or control character */
	PJ_TYPE_HTTPS,		/* an https URL */
	PJ_TYPE_PROXY,
	PJ_TYPE_PATH,		/* absolute */
	PJ_TYPE_YES_NO,
	PJ_TYPE_DURATION,	/* a number and its unit, s m h d */
	PJ_TYPE_NUMBER,
	PJ_TYPE_ALGORITHMS,
	PJ_TYPE_ACCOUNT,	/* local, none */
	PJ_TYPE_IP,		/* any, 4, 6 */
	PJ_TYPE_RULES,		/* one rule (rule.h); the key may be repeated */
	PJ_TYPE_EXPORTS,	/* words of the form NAME=CLAIM */
	PJ_TYPE_USERS,		/* names of local users, and the word same */
};

struct pj_option {
	const char		*key;
	enum pj_option_section	 section;
	enum pj_option_type	 type;
	size_t			 offset;	/* in the section's struct */
	const char		*fallback;	/* as written; NULL: unset */
	bool			 required;
	int64_t			 min, max;	/* numbers and durations */
};

extern const struct pj_option pj_options[];
extern const size_t pj_options_count;

/* The option with this key in such a section, or NULL. */
const struct pj_option	*pj_option_find(enum pj_option_section section,
			    struct pj_span key);

/*
 * The option of the section whose key was probably meant: two letters wrong,
 * missing, too many or exchanged at most.  NULL if none is near.
 */
const struct pj_option	*pj_option_near(enum pj_option_section section,
			    struct pj_span key);

/* How a section is written: "[module]", "[issuer NAME]" or "[grant NAME]". */
const char		*pj_option_section_name(
			    enum pj_option_section section);

/* True if the key may stand several times in a section. */
bool			 pj_option_repeats(const struct pj_option *option);

/*
 * Parses text and stores it in the section's struct (pj_module_settings,
 * pj_issuer or pj_grant), whose earlier value, if any, is replaced, or added to
 * if the key repeats.  PJ_CONFIG_INVALID, with what is wrong in the detail, or
 * PJ_NO_MEMORY.
 */
enum pj_status		 pj_option_set(const struct pj_option *option,
			    void *section, struct pj_span text,
			    struct pj_error *err) PJ_MUST_CHECK;

/* Sets every default of a section in a zeroed struct. */
enum pj_status		 pj_options_set_defaults(enum pj_option_section section,
			    void *dst, struct pj_error *err) PJ_MUST_CHECK;

/* Frees what the table's fields of a struct own. */
void			 pj_options_free(enum pj_option_section section,
			    void *dst);

#endif
