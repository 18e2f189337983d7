/*
 * Prints what the program knows of itself, for scripts that compare it with the
 * manuals: "dump options" and "dump reasons".
 */
#include <stdio.h>
#include <string.h>

#include "policy/options.h"

static void
dump_options(void)
{
	for (size_t i = 0; i < pj_options_count; i++) {
		const struct pj_option *option = &pj_options[i];

		(void)printf("%s|%s|%s\n",
		    pj_option_section_name(option->section),
		    option->key,
		    option->fallback != NULL ? option->fallback : "");
	}
}

static void
dump_reasons(void)
{
	for (unsigned i = 0; i < PJ_STATUS_COUNT; i++)
		(void)puts(pj_status_name((enum pj_status)i));
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "options") == 0)
		dump_options();
	else if (argc == 2 && strcmp(argv[1], "reasons") == 0)
		dump_reasons();
	else
		return 2;
	return 0;
}
