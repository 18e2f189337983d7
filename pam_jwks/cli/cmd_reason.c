/*
 * pam-jwks reason: explains the name of a reason, with the manual's own words;
 * without a name, lists them all.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/reasons.h"	/* texts, made from the manual */

#define WIDTH		78
#define NAMES_WIDTH	26

/* Prints the words of text from a column on, in as many lines as it takes. */
static void
print_wrapped(size_t indent, const char *text)
{
	size_t column = indent;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column != indent && column + 1 + len > WIDTH) {
			(void)printf("\n%*s", (int)indent, "");
			column = indent;
		}
		column += (size_t)printf("%s%.*s", column != indent ? " " : "",
		    (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
	(void)putchar('\n');
}

static void
list(void)
{
	for (unsigned i = PJ_OK + 1; i < PJ_STATUS_COUNT; i++) {
		enum pj_status status = (enum pj_status)i;

		(void)printf("%-*s", NAMES_WIDTH, pj_status_name(status));
		print_wrapped(NAMES_WIDTH, pj_status_sentence(status));
	}
}

static enum pj_status
find_status(const char *name)
{
	for (unsigned i = 0; i < PJ_STATUS_COUNT; i++)
		if (strcmp(pj_status_name((enum pj_status)i), name) == 0)
			return (enum pj_status)i;
	return PJ_STATUS_COUNT;
}

static const char *
find_text(const char *name)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].name, name) == 0)
			return texts[i].text;
	return NULL;
}

int
pj_cmd_reason(const struct pj_cli *cli)
{
	enum pj_status status;
	const char *text;

	if (cli->operand == NULL) {
		list();
		return PJ_EXIT_OK;
	}
	status = find_status(cli->operand);
	text = find_text(cli->operand);
	if (status == PJ_STATUS_COUNT || text == NULL) {
		(void)fprintf(stderr, "pam-jwks: there is no reason %s; "
		    "`pam-jwks reason' lists them all\n", cli->operand);
		return PJ_EXIT_USAGE;
	}
	(void)printf("%s: %s\n\n", cli->operand, pj_status_sentence(status));
	print_wrapped(0, text);
	return PJ_EXIT_OK;
}
