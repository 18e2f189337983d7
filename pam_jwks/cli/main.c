#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "config.h"
#include "policy/options.h"

static const char usage[] =
"usage: pam-jwks verify [-c FILE | -o KEY=VALUE ...] -u USER [-s SERVICE]\n"
"                       [--explain [--all-claims]] [--json]\n"
"                       [--now UNIXTIME] [--offline] [--no-account] < TOKEN\n"
"       pam-jwks verify --signature-only -o jwks_file=FILE < TOKEN\n"
"       pam-jwks check [-c FILE | -o KEY=VALUE ...] [--syntax] [--offline]\n"
"                      [--json]\n"
"       pam-jwks keys [-c FILE | -o KEY=VALUE ...] [SECTION]\n"
"       pam-jwks refresh [-c FILE | -o KEY=VALUE ...] [SECTION]\n"
"       pam-jwks purge [-c FILE] ISSUER\n"
"       pam-jwks import [-c FILE] ISSUER KEYFILE\n"
"       pam-jwks reason [NAME]\n"
"       pam-jwks --version\n";

enum {
	OPT_NOW = 256, OPT_OFFLINE, OPT_NO_ACCOUNT, OPT_SIGNATURE_ONLY,
	OPT_EXPLAIN, OPT_ALL_CLAIMS, OPT_JSON,
	OPT_SYNTAX, OPT_HELP, OPT_VERSION,
};

static const struct option long_options[] = {
	{ "now", required_argument, NULL, OPT_NOW },
	{ "offline", no_argument, NULL, OPT_OFFLINE },
	{ "no-account", no_argument, NULL, OPT_NO_ACCOUNT },
	{ "signature-only", no_argument, NULL, OPT_SIGNATURE_ONLY },
	{ "explain", no_argument, NULL, OPT_EXPLAIN },
	{ "all-claims", no_argument, NULL, OPT_ALL_CLAIMS },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "syntax", no_argument, NULL, OPT_SYNTAX },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const struct {
	const char	*name;
	int		(*run)(const struct pj_cli *cli);
	int		 least, most;	/* words behind the options */
	bool		 verifies;	/* takes the options of verify */
	bool		 checks;	/* takes the options of check */
} commands[] = {
	{ "check", pj_cmd_check, 0, 0, false, true },
	{ "import", pj_cmd_import, 2, 2, false, false },
	{ "keys", pj_cmd_keys, 0, 1, false, false },
	{ "purge", pj_cmd_purge, 1, 1, false, false },
	{ "reason", pj_cmd_reason, 0, 1, false, false },
	{ "refresh", pj_cmd_refresh, 0, 1, false, false },
	{ "verify", pj_cmd_verify, 0, 0, true, false },
};

static int
usage_error(const char *words)
{
	(void)fprintf(stderr, "pam-jwks: %s\n%s", words, usage);
	return PJ_EXIT_USAGE;
}

/* A path may be relative on a command line, though nowhere else. */
static const char *
absolute(struct pj_cli *cli, const char *before, const char *path)
{
	PJ_CLEANUP(pj_cleanup_str) char *here = getcwd(NULL, 0);
	char *fresh = NULL;

	if (here == NULL || asprintf(&fresh, "%s%s/%s", before, here,
	    path) < 0)
		return NULL;
	cli->owned[cli->owned_count++] = fresh;
	return fresh;
}

/* The same for the value of -o, if the key wants a path. */
static const char *
absolute_option(struct pj_cli *cli, const char *text)
{
	const char *equals = strchr(text, '=');
	const struct pj_option *option;
	PJ_CLEANUP(pj_cleanup_str) char *before = NULL;
	struct pj_span key;

	if (equals == NULL)
		return text;
	key = pj_span(text, (size_t)(equals - text));
	option = pj_option_find(PJ_SECTION_ISSUER, key);
	if (option == NULL)
		option = pj_option_find(PJ_SECTION_MODULE, key);
	if (option == NULL || option->type != PJ_TYPE_PATH ||
	    equals[1] == '/' || equals[1] == '\0')
		return text;
	before = pj_span_dup(pj_span(text, (size_t)(equals - text) + 1));
	return before != NULL ? absolute(cli, before, equals + 1) : NULL;
}

static bool
take_option(struct pj_cli *cli, int c)
{
	switch (c) {
	case 'c':
		if (cli->config != NULL)
			return false;
		cli->config = *optarg == '/' ? optarg : absolute(cli, "",
		    optarg);
		return cli->config != NULL;
	case 'o':
		if (cli->options_count == PJ_LIST_MAX)
			return false;
		cli->options[cli->options_count] = absolute_option(cli,
		    optarg);
		return cli->options[cli->options_count++] != NULL;
	case 's':
		cli->service = optarg;
		return true;
	case 'u':
		cli->user = optarg;
		return true;
	case OPT_NOW:
		cli->now = optarg;
		return true;
	case OPT_OFFLINE:
		cli->offline = true;
		return true;
	case OPT_NO_ACCOUNT:
		cli->no_account = true;
		return true;
	case OPT_SIGNATURE_ONLY:
		cli->signature_only = true;
		return true;
	case OPT_EXPLAIN:
		cli->explain = true;
		return true;
	case OPT_ALL_CLAIMS:
		cli->all_claims = true;
		return true;
	case OPT_JSON:
		cli->json = true;
		return true;
	case OPT_SYNTAX:
		cli->syntax = true;
		return true;
	default:
		return false;
	}
}

static int
run(struct pj_cli *cli, int operands, char **operand)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(cli->command, commands[i].name) != 0)
			continue;
		if (operands > commands[i].most)
			return usage_error("too many words");
		if (operands < commands[i].least)
			return usage_error("a word is missing");
		if (cli->config != NULL && cli->options_count != 0)
			return usage_error("either -c or -o");
		if ((cli->syntax && !commands[i].checks) ||
		    (!commands[i].verifies && (cli->user != NULL ||
		    cli->service != NULL || cli->now != NULL ||
		    cli->no_account || cli->signature_only ||
		    cli->explain || cli->all_claims)) ||
		    (!commands[i].verifies && !commands[i].checks &&
		    (cli->offline || cli->json)))
			return usage_error("that command has no such option");
		cli->operand = operands > 0 ? operand[0] : NULL;
		cli->file = operands > 1 ? operand[1] : NULL;
		return commands[i].run(cli);
	}
	return usage_error("no such command");
}

static void
free_cli(struct pj_cli *cli)
{
	for (size_t i = 0; i < cli->owned_count; i++)
		free(cli->owned[i]);
}

/* What could not be printed was not said: no verdict, then. */
static int
finish(int code)
{
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		(void)fputs("pam-jwks: the output cannot be written\n",
		    stderr);
		return PJ_EXIT_USAGE;
	}
	return code;
}

int
main(int argc, char **argv)
{
	PJ_CLEANUP(free_cli) struct pj_cli cli = { .command = NULL };
	int c;

	while ((c = getopt_long(argc, argv, "c:o:s:u:", long_options,
	    NULL)) != -1) {
		if (c == OPT_HELP) {
			(void)fputs(usage, stdout);
			return PJ_EXIT_OK;
		}
		if (c == OPT_VERSION) {
			(void)puts("pam-jwks " PACKAGE_VERSION);
			return PJ_EXIT_OK;
		}
		if (!take_option(&cli, c)) {
			(void)fputs(usage, stderr);
			return PJ_EXIT_USAGE;
		}
	}
	if (optind == argc)
		return usage_error("a command is missing");
	cli.command = argv[optind];
	return finish(run(&cli, argc - optind - 1, argv + optind + 1));
}
