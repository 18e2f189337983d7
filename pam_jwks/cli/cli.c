#include "cli/cli.h"

#include <stdarg.h>
#include <unistd.h>

#define COLUMNS		80

void
pj_cli_source(const struct pj_cli *cli, struct pj_config_source *source)
{
	*source = (struct pj_config_source){ .path = NULL };
	if (cli->options_count != 0) {
		source->options = cli->options;
	} else if (cli->config != NULL) {
		source->path = cli->config;
		source->any_owner = true;
	} else {
		pj_configure_installed(source);
	}
}

static void
print_mistake(void *ctx, const char *file, unsigned line, const char *text)
{
	size_t *count = ctx;

	if (line != 0)
		(void)fprintf(stderr, "%s:%u: %s\n", file, line, text);
	else
		(void)fprintf(stderr, "%s: %s\n", file, text);
	++*count;
}

int
pj_cli_configure(const struct pj_cli *cli,
    const struct pj_config_source *source, struct pj_config **config)
{
	struct pj_config_source telling = *source;
	struct pj_error err = { "" };
	size_t mistakes = 0;
	enum pj_status status;

	telling.on_mistake = print_mistake;
	telling.ctx = &mistakes;
	status = pj_configure(&telling, config, &err);
	if (status == PJ_OK)
		return PJ_EXIT_OK;
	if (mistakes == 0)
		pj_cli_say(stderr, cli->command, status, &err);
	return PJ_EXIT_USAGE;
}

int
pj_cli_exit(enum pj_status status)
{
	switch (pj_status_outcome(status)) {
	case PJ_OUTCOME_ACCEPTED:
		return PJ_EXIT_OK;
	case PJ_OUTCOME_REFUSED:
	case PJ_OUTCOME_USER_UNKNOWN:
		return PJ_EXIT_REFUSED;
	case PJ_OUTCOME_NO_KEYS:
		return PJ_EXIT_NO_KEYS;
	case PJ_OUTCOME_CONFIG:
	case PJ_OUTCOME_CONVERSATION:
	case PJ_OUTCOME_MEMORY:
	case PJ_OUTCOME_SYSTEM:
		break;
	}
	return PJ_EXIT_USAGE;
}

/* Breaks a line at spaces; what follows begins in the column next. */
static void
print_broken(const char *text, size_t next)
{
	size_t indent = strspn(text, " "), column = indent, gap, word;

	(void)printf("%*s", (int)indent, "");
	for (text += indent; *text != '\0'; text += gap + word) {
		gap = strspn(text, " ");
		word = strcspn(text + gap, " ");
		if (column > indent && column + gap > next &&
		    column + gap + word > COLUMNS) {
			(void)printf("\n%*s", (int)next, "");
			column = next;
		} else {
			(void)printf("%*s", (int)gap, "");
			column += gap;
		}
		(void)printf("%.*s", (int)word, text + gap);
		column += word;
	}
	(void)putchar('\n');
}

/* next 0: four columns behind the line's own indentation. */
static void __attribute__((format(printf, 2, 0)))
print_line(size_t next, const char *fmt, va_list ap)
{
	PJ_CLEANUP(pj_cleanup_str) char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0) {
		text = NULL;
		return;
	}
	if (isatty(STDOUT_FILENO) == 1)
		print_broken(text, next != 0 ? next : strspn(text, " ") + 4);
	else
		(void)puts(text);
}

void
pj_cli_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(0, fmt, ap);
	va_end(ap);
}

void
pj_cli_line_at(size_t column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(column, fmt, ap);
	va_end(ap);
}

void
pj_cli_say_rights(const struct pj_cli *cli)
{
	if (geteuid() != 0)
		(void)fprintf(stderr, "%s: this needs root\n", cli->command);
}

void
pj_cli_say(FILE *out, const char *word, enum pj_status status,
    const struct pj_error *err)
{
	bool detail = err != NULL && err->detail[0] != '\0';
	const char *before = detail ? " (" : "", *behind = detail ? ")" : "";
	const char *words = detail ? err->detail : "";

	if (out == stdout)
		pj_cli_line("%s: %s: %s%s%s%s", word, pj_status_name(status),
		    pj_status_sentence(status), before, words, behind);
	else
		(void)fprintf(out, "%s: %s: %s%s%s%s\n", word,
		    pj_status_name(status), pj_status_sentence(status),
		    before, words, behind);
}
