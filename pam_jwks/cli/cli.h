/*
 * pam-jwks: what the commands share.  Exit codes are interface: 0 accepted or
 * all well, 1 refused or warnings, 2 usage, configuration or errors, 3 keys
 * unavailable.
 */
#ifndef PJ_CLI_CLI_H
#define PJ_CLI_CLI_H

#include <stdio.h>

#include "authn/configure.h"

enum pj_exit {
	PJ_EXIT_OK = 0,
	PJ_EXIT_REFUSED = 1,
	PJ_EXIT_USAGE = 2,
	PJ_EXIT_NO_KEYS = 3,
};

/* Options of all commands, as they stood on the command line. */
struct pj_cli {
	const char	*command;
	const char	*config;	/* -c, or NULL */
	const char	*options[PJ_LIST_MAX + 1];	/* -o, then NULL */
	size_t		 options_count;
	const char	*user;		/* -u */
	const char	*service;	/* -s */
	const char	*now;		/* --now */
	bool		 offline;
	bool		 no_account;
	bool		 signature_only;
	bool		 explain;
	bool		 all_claims;
	bool		 json;
	bool		 syntax;
	const char	*operand;	/* the word behind the options */
	const char	*file;		/* the second one */
	char		*owned[PJ_LIST_MAX + 2];	/* made absolute */
	size_t		 owned_count;
};

int	pj_cmd_check(const struct pj_cli *cli);
int	pj_cmd_import(const struct pj_cli *cli);
int	pj_cmd_keys(const struct pj_cli *cli);
int	pj_cmd_purge(const struct pj_cli *cli);
int	pj_cmd_reason(const struct pj_cli *cli);
int	pj_cmd_refresh(const struct pj_cli *cli);
int	pj_cmd_verify(const struct pj_cli *cli);

/*
 * Where the command line says the configuration is: -o options, the file of -c
 * (which may belong to anybody), or the installed one.
 */
void	pj_cli_source(const struct pj_cli *cli,
	    struct pj_config_source *source);

/* Reads it; on failure every mistake has been printed.  An exit code. */
int	pj_cli_configure(const struct pj_cli *cli,
	    const struct pj_config_source *source, struct pj_config **config);

/* The exit code of a decision or a refresh. */
int	pj_cli_exit(enum pj_status status);

/*
 * Prints a line to standard output; at a terminal, one that fits 80 columns,
 * with the rest below it.  A longer word stays whole.
 */
void	pj_cli_line(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));

/* The same; the rest begins in this column. */
void	pj_cli_line_at(size_t column, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* To whom is not root, behind a failure of what changes the cache. */
void	pj_cli_say_rights(const struct pj_cli *cli);

/* Prints "WORD: reason: sentence (detail)". */
void	pj_cli_say(FILE *out, const char *word, enum pj_status status,
	    const struct pj_error *err);

#endif
