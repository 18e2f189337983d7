/*
 * pam-jwks verify: the module's own decision, without PAM.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "authn/authn.h"
#include "cli/cli.h"

/* The service that is meant most often where -s is left out. */
#define DEFAULT_SERVICE	"sshd"

static bool
read_token(struct pj_buf *token)
{
	/* One byte more than a token and its newline: too long is noticed. */
	for (;;) {
		size_t left = token->max - token->len;
		unsigned char *room = pj_buf_room(token, left);
		ssize_t got;

		if (left == 0)
			return true;
		if (room == NULL)
			return false;
		got = read(STDIN_FILENO, room, left);
		if (got == 0)
			return true;
		if (got < 0 && errno != EINTR)
			return false;
		if (got > 0)
			token->len += (size_t)got;
	}
}

/* --now: a clock that stands still, of a boot without name. */
static void
read_fixed(void *ctx, struct pj_clock *clock)
{
	const int64_t *now = ctx;

	*clock = (struct pj_clock){ .wall = *now };
}

/* On a terminal, bytes that could move its cursor are shown as dots. */
static void
print_payload(struct pj_span payload)
{
	bool terminal = isatty(STDOUT_FILENO) == 1;

	for (size_t i = 0; i < payload.len; i++) {
		unsigned char c = payload.ptr[i];

		(void)putchar(terminal && (c < 0x20 || c == 0x7f ||
		    (c >= 0x80 && c < 0xa0)) && c != '\n' ? '.' : c);
	}
	if (terminal)
		(void)putchar('\n');
}

/* What is known of a token that was refused. */
static void
print_field(const char *name, const char *value)
{
	if (*value != '\0')
		(void)printf("  %s=%s\n", name, value);
}

static void
print_exports(const struct pj_list *exports)
{
	char safe[4 * (PJ_NAME_MAX + 1 + PJ_EXPORT_MAX) + 1];

	for (size_t i = 0; i < exports->count; i++) {
		pj_escape(safe, sizeof(safe), pj_span_str(exports->items[i]));
		(void)printf("export: %s\n", safe);
	}
}

static int
print_decision(const struct pj_cli *cli, const struct pj_decision *decision)
{
	if (decision->status != PJ_OK) {
		pj_cli_say(stdout, "refused", decision->status,
		    &decision->error);
		print_field("identity", decision->identity);
		print_field("issuer", decision->section);
		print_field("kid", decision->kid);
		print_field("token", decision->token);
		return pj_cli_exit(decision->status);
	}
	(void)printf("accepted: user=%s identity=\"%s\" rule=%s issuer=%s",
	    cli->user, decision->identity, decision->rule, decision->section);
	if (decision->kid[0] != '\0')
		(void)printf(" kid=%s", decision->kid);
	(void)printf(" token=%s\n", decision->token);
	if (decision->error.detail[0] != '\0')
		(void)printf("note: %s\n", decision->error.detail);
	print_exports(&decision->exports);
	return PJ_EXIT_OK;
}

static int
verify_signature(const struct pj_config *config, const struct pj_login *login)
{
	PJ_BUF_SCOPED(payload, PJ_TOKEN_MAX);
	struct pj_decision decision;

	pj_authn_signature(config, login, &decision, &payload);
	if (decision.status != PJ_OK) {
		pj_cli_say(stderr, "refused", decision.status,
		    &decision.error);
		return pj_cli_exit(decision.status);
	}
	print_payload(pj_buf_span(&payload));
	return PJ_EXIT_OK;
}

static int
usage_error(const char *words)
{
	(void)fprintf(stderr, "verify: %s\n", words);
	return PJ_EXIT_USAGE;
}

int
pj_cmd_verify(const struct pj_cli *cli)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_decision_free) struct pj_decision decision = {
		.status = PJ_INTERNAL_ERROR,
	};
	PJ_BUF_SCOPED(token, PJ_TOKEN_MAX + 2);
	struct pj_clock_source clock = pj_clock_system;
	struct pj_config_source source;
	struct pj_helper helper;
	struct pj_refresher refresher = { pj_helper_refresh, &helper };
	struct pj_login login = {
		.service = cli->service != NULL ? cli->service :
		    DEFAULT_SERVICE,
		.user = cli->user,
		.no_account = cli->no_account,
	};
	unsigned long long number;
	int64_t now;
	int code;

	if (cli->user == NULL && !cli->signature_only)
		return usage_error("-u USER is missing");
	if (cli->signature_only && (cli->user != NULL ||
	    cli->service != NULL || cli->now != NULL || cli->no_account))
		return usage_error("--signature-only looks at nothing else");
	if (cli->now != NULL) {
		if (!pj_span_number(pj_span_str(cli->now), 1ULL << 53,
		    &number))
			return usage_error("--now needs seconds since 1970");
		now = (int64_t)number;
		clock = (struct pj_clock_source){ read_fixed, &now };
	}
	pj_cli_source(cli, &source);
	source.keys_only = cli->signature_only;
	code = pj_cli_configure(cli, &source, &config);
	if (code != PJ_EXIT_OK)
		return code;
	if (cli->signature_only && pj_config_issuers(config) > 1)
		return usage_error("--signature-only needs one section");
	if (isatty(STDIN_FILENO) == 1)
		(void)fputs("Token, then Enter and Ctrl-D: ", stderr);
	if (!read_token(&token))
		return usage_error("the token cannot be read");
	pj_configure_helper(config, &source, &helper);
	login.token = pj_buf_span(&token);
	login.clock = &clock;
	login.refresher = cli->offline ? &pj_refresher_offline : &refresher;
	if (cli->signature_only)
		return verify_signature(config, &login);
	pj_authn(config, &login, &decision);
	return print_decision(cli, &decision);
}
