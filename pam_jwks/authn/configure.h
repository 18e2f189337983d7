/*
 * From files to a configuration.  Responsible for: reading configuration files
 * safely and handing their text to policy/, and for turning an issuer section
 * into a key request.  It is where policy/ and keys/ meet without seeing each
 * other.
 */
#ifndef PJ_AUTHN_CONFIGURE_H
#define PJ_AUTHN_CONFIGURE_H

#include "keys/helper.h"
#include "keys/request.h"
#include "policy/config.h"

/* The built-in path, for example /etc/security/pam_jwks.conf. */
extern const char pj_default_config_path[];

/* The folder of further files: the same with ".d" behind it. */
extern const char pj_default_config_folder[];

/* Where a configuration comes from. */
struct pj_config_source {
	const char		*path;		/* NULL: options */
	const char		*folder;	/* of further files, or NULL */
	const char *const	*options;	/* NULL-terminated; or NULL */
	bool			 any_owner;	/* named by the user himself */
	bool			 keys_only;	/* see pj_config_finish */
	bool			 without_maps;	/* nobody logs in with it */
	pj_config_mistake	*on_mistake;	/* may be NULL */
	void			*ctx;
};

/* Makes it the installed configuration: the file and its folder. */
void		pj_configure_installed(struct pj_config_source *source);

/*
 * Reads and checks a configuration: the file, then the folder's *.conf in the
 * order of their names' bytes, then the maps of users.  On success *config is
 * owned by the caller.  PJ_CONFIG_MISSING, PJ_CONFIG_UNSAFE, PJ_CONFIG_INVALID,
 * PJ_CONFIG_UNREADABLE, PJ_NO_MEMORY or PJ_SYSTEM_ERROR; the file and the line
 * are in the detail.
 */
enum pj_status	pj_configure(const struct pj_config_source *source,
		    struct pj_config **config, struct pj_error *err)
		    PJ_MUST_CHECK;

/* Fills *request from a section; borrows from config. */
void		pj_configure_request(const struct pj_config *config,
		    const struct pj_issuer *issuer,
		    struct pj_key_request *request);

/*
 * The first section whose keys are in the same file of the cache as the i'th
 * one's: i itself if no other before it has them.
 */
size_t		pj_configure_first(const struct pj_config *config, size_t i);

/* Fills *helper for sections of a configuration that came from source. */
void		pj_configure_helper(const struct pj_config *config,
		    const struct pj_config_source *source,
		    struct pj_helper *helper);

#endif
