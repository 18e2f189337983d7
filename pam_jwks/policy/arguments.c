#include "policy/arguments.h"

#include <string.h>

#include "base/near.h"

/* Flags, then what has a value. */
#define FLAGS	4
static const char *const names[] = {
	"debug",
	"quiet",
	"use_first_pass",
	"try_first_pass",
	"config=",
	"prompt=",
};

/* The text behind "name=", or NULL if word is another argument. */
static const char *
value_of(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, name, len) == 0 ? word + len : NULL;
}

static bool
take_flag(struct pj_arguments *arguments, const char *word)
{
	bool *const flags[FLAGS] = {
		&arguments->debug, &arguments->quiet,
		&arguments->use_first_pass, &arguments->try_first_pass,
	};

	for (size_t i = 0; i < FLAGS; i++) {
		if (strcmp(word, names[i]) == 0) {
			*flags[i] = true;
			return true;
		}
	}
	return false;
}

static enum pj_status
fail_unknown(const char *word, struct pj_error *err)
{
	const char *equals = strchr(word, '=');
	struct pj_span name = equals == NULL ? pj_span_str(word) :
	    pj_span(word, (size_t)(equals - word) + 1);
	const char *meant = pj_nearest(name, names, sizeof(names) /
	    sizeof(names[0]));

	if (meant == NULL)
		return pj_fail(err, PJ_ARGUMENT_INVALID, "unknown argument %s",
		    word);
	return pj_fail(err, PJ_ARGUMENT_INVALID, "unknown argument %s: did "
	    "you mean %s?", word, meant);
}

enum pj_status
pj_arguments_parse(int argc, const char **argv, struct pj_arguments *arguments,
    struct pj_error *err)
{
	struct pj_arguments fresh = { .config = NULL };
	const char *value;

	for (int i = 0; i < argc; i++) {
		if (take_flag(&fresh, argv[i]))
			continue;
		if ((value = value_of(argv[i], "config=")) != NULL) {
			if (*value != '/')
				return pj_fail(err, PJ_ARGUMENT_INVALID,
				    "config= needs an absolute path: %s",
				    value);
			fresh.config = value;
		} else if ((value = value_of(argv[i], "prompt=")) != NULL) {
			fresh.prompt = value;
		} else {
			return fail_unknown(argv[i], err);
		}
	}
	*arguments = fresh;
	return PJ_OK;
}
