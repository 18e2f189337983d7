#include "module/arguments.h"

#include "authn/configure.h"

/* The text behind "name=", or NULL if word is another argument. */
static const char *
value_of(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, name, len) == 0 && word[len] == '=' ?
	    word + len + 1 : NULL;
}

static bool
take_flag(struct pj_arguments *arguments, const char *word)
{
	const struct {
		const char	*name;
		bool		*flag;
	} flags[] = {
		{ "debug", &arguments->debug },
		{ "quiet", &arguments->quiet },
		{ "use_first_pass", &arguments->use_first_pass },
		{ "try_first_pass", &arguments->try_first_pass },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(word, flags[i].name) == 0) {
			*flags[i].flag = true;
			return true;
		}
	}
	return false;
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
		if ((value = value_of(argv[i], "config")) != NULL) {
			if (*value != '/')
				return pj_fail(err, PJ_ARGUMENT_INVALID,
				    "config= needs an absolute path: %s",
				    value);
			fresh.config = value;
		} else if ((value = value_of(argv[i], "prompt")) != NULL) {
			fresh.prompt = value;
		} else {
			return pj_fail(err, PJ_ARGUMENT_INVALID,
			    "unknown argument %s", argv[i]);
		}
	}
	*arguments = fresh;
	return PJ_OK;
}
