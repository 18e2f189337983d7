/*
 * pam-jwks check: the lines of a stack one by one, and the module that they
 * name.
 */
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/near.h"
#include "cli/check.h"
#include "policy/arguments.h"

/* Of an ELF file: class and byte order, then the machine. */
#define ELF_HEAD	20
#define ELF_CLASS	4
#define ELF_CLASS_LEN	2
#define ELF_MACHINE	18

bool
pj_is_ours(const struct pj_stack_line *line)
{
	return strcmp(pj_stack_module(line), PJ_MODULE) == 0;
}

/* Where libpam looks for the module of a line; to be freed. */
static char *
module_path(const struct pj_stack_line *line)
{
	char *path = NULL;

	if (asprintf(&path, "%s%s%s", *line->module == '/' ? "" : PJ_PAM_DIR,
	    *line->module == '/' ? "" : "/", line->module) < 0)
		return NULL;
	return path;
}

/* Names no module, and was meant to name this one. */
static bool
is_misspelt(const struct pj_stack_line *line)
{
	static const char *const names[] = { PJ_MODULE, "pam_jwks" };
	PJ_CLEANUP(pj_cleanup_str) char *path = NULL;

	if (pj_is_ours(line) || pj_nearest(pj_span_str(pj_stack_module(line)),
	    names, sizeof(names) / sizeof(names[0])) == NULL)
		return false;
	path = module_path(line);
	return path != NULL && access(path, F_OK) != 0;
}

static bool
read_head(const char *path, unsigned char head[ELF_HEAD])
{
	PJ_CLEANUP(pj_cleanup_fd) int fd = open(path, O_RDONLY | O_CLOEXEC |
	    O_NONBLOCK | O_NOCTTY);

	return fd >= 0 && read(fd, head, ELF_HEAD) == ELF_HEAD;
}

static void
check_module(struct pj_check *check, const struct pj_stack_line *line)
{
	unsigned char ours[ELF_HEAD], theirs[ELF_HEAD];
	PJ_CLEANUP(pj_cleanup_str) char *path = module_path(line);
	struct stat st;

	if (path == NULL)
		return;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
		pj_found_at(check->findings, PJ_GRADE_ERROR,
		    PJ_FOUND_MODULE_MISSING, line->place,
		    "there is no module %s", path);
		return;
	}
	if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		pj_found(check->findings, PJ_GRADE_ERROR,
		    PJ_FOUND_MODULE_UNSAFE, "the module %s is not root's, or "
		    "others may write to it", path);
	if (!read_head("/proc/self/exe", ours))
		return;
	if (!read_head(path, theirs) ||
	    memcmp(ours, theirs, ELF_CLASS + ELF_CLASS_LEN) != 0 ||
	    memcmp(ours + ELF_MACHINE, theirs + ELF_MACHINE, 2) != 0)
		pj_found(check->findings, PJ_GRADE_ERROR,
		    PJ_FOUND_MODULE_FOREIGN, "the module %s is not for this "
		    "machine's architecture", path);
	else
		pj_found_at(check->findings, PJ_GRADE_OK, PJ_FOUND_MODULE,
		    line->place, "%s", path);
}

static void
check_word(struct pj_check *check, const struct pj_stack_line *line,
    const char *kind, const char *word, const char *const *words, size_t count)
{
	const char *meant;

	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(word, words[i]) == 0)
			return;
	}
	meant = pj_nearest(pj_span_str(word), words, count);
	if (meant != NULL)
		pj_found_at(check->findings, PJ_GRADE_ERROR,
		    PJ_FOUND_STACK_LINE, line->place, "unknown %s %s: did you "
		    "mean %s?", kind, word, meant);
	else
		pj_found_at(check->findings, PJ_GRADE_ERROR,
		    PJ_FOUND_STACK_LINE, line->place, "unknown %s %s", kind,
		    word);
}

static void
check_words(struct pj_check *check, const struct pj_stack_line *line)
{
	static const char *const controls[] = {
		"required", "requisite", "sufficient", "optional",
	};

	check_word(check, line, "phase", line->phase, pj_stack_phases,
	    PJ_STACK_PHASES);
	if (*line->control != '[')
		check_word(check, line, "control", line->control, controls,
		    sizeof(controls) / sizeof(controls[0]));
}

/* What the module itself would say of its arguments. */
static void
check_arguments(struct pj_check *check, const struct pj_stack_line *line)
{
	PJ_CLEANUP(pj_cleanup_str) char *text = NULL;
	const char *argv[PJ_LIST_MAX];
	struct pj_arguments arguments;
	struct pj_error err = { "" };
	int argc;

	if (pj_stack_argv(line, &text, argv, PJ_LIST_MAX, &argc) == PJ_OK &&
	    pj_arguments_parse(argc, argv, &arguments, &err) != PJ_OK)
		pj_found_at(check->findings, PJ_GRADE_ERROR,
		    PJ_FOUND_STACK_LINE, line->place, "%s", err.detail);
}

static bool
concerns_us(const struct pj_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		if (pj_is_ours(&stack->lines[i]) ||
		    is_misspelt(&stack->lines[i]))
			return true;
	}
	return false;
}

void
pj_check_lines(struct pj_check *check, const struct pj_stack *stack)
{
	if (!concerns_us(stack))
		return;
	for (size_t i = 0; i < stack->count; i++) {
		const struct pj_stack_line *line = &stack->lines[i];

		check_words(check, line);
		if (is_misspelt(line))
			pj_found_at(check->findings, PJ_GRADE_ERROR,
			    PJ_FOUND_MODULE_MISSING, line->place,
			    "there is no module %s: did you mean %s?",
			    line->module, PJ_MODULE);
		if (!pj_is_ours(line))
			continue;
		check_arguments(check, line);
		check_module(check, line);
	}
}
