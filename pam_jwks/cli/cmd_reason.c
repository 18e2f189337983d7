/*
 * pam-jwks reason: explains the name of a reason, with the manual's own words;
 * without a name, lists them all.
 */
#include <stdint.h>
#include <string.h>

#include "base/near.h"
#include "cli/cli.h"
#include "cli/reasons.h"	/* texts, made from the manual */

#define WIDTH		78
#define NAMES_WIDTH	26

/* A shorter part of a word says nothing of what was meant. */
#define PART_MIN	3

/* Prints the words of text from a column on, in as many lines as it takes. */
static void
print_wrapped(FILE *out, size_t indent, const char *text)
{
	size_t column = indent;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column != indent && column + 1 + len > WIDTH) {
			(void)fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		}
		column += (size_t)fprintf(out, "%s%.*s",
		    column != indent ? " " : "", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
	(void)putc('\n', out);
}

static void
print_name(FILE *out, enum pj_status status)
{
	(void)fprintf(out, "%-*s", NAMES_WIDTH, pj_status_name(status));
	print_wrapped(out, NAMES_WIDTH, pj_status_sentence(status));
}

static void
list(void)
{
	for (unsigned i = PJ_OK + 1; i < PJ_STATUS_COUNT; i++)
		print_name(stdout, (enum pj_status)i);
}

/* How well a name fits what was typed: 0 not at all. */
static size_t
likeness(const char *name, const char *typed)
{
	size_t parts = 0, len;

	if (pj_near(pj_span_str(typed), pj_span_str(name)) != PJ_FAR)
		return SIZE_MAX;
	for (; *typed != '\0'; typed += len) {
		len = strcspn(typed, "_-= ");
		if (len >= PART_MIN &&
		    memmem(name, strlen(name), typed, len) != NULL)
			parts++;
		len += strspn(typed + len, "_-= ");
	}
	return parts;
}

/* The names that fit best, if any do. */
static void
offer(const char *typed)
{
	size_t best = 0, fits;

	for (unsigned i = 0; i < PJ_STATUS_COUNT; i++) {
		fits = likeness(pj_status_name((enum pj_status)i), typed);
		best = fits > best ? fits : best;
	}
	if (best == 0)
		return;
	(void)fputs("Did you mean:\n", stderr);
	for (unsigned i = 0; i < PJ_STATUS_COUNT; i++) {
		fits = likeness(pj_status_name((enum pj_status)i), typed);
		if (fits == best)
			print_name(stderr, (enum pj_status)i);
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
		offer(cli->operand);
		return PJ_EXIT_USAGE;
	}
	(void)printf("%s: %s\n\n", cli->operand, pj_status_sentence(status));
	print_wrapped(stdout, 0, text);
	return PJ_EXIT_OK;
}
