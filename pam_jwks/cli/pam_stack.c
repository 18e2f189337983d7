#include "cli/pam_stack.h"

#include <stdio.h>
#include <strings.h>

#include "base/file.h"

const char *const pj_stack_phases[PJ_STACK_PHASES] = {
	"auth", "account", "password", "session",
};

/* What one reading is about. */
struct reader {
	struct pj_stack	*stack;
	const char	*phase;
	unsigned	 depth;
};

static enum pj_status	read_file(struct reader *reader, const char *name,
			    struct pj_error *err);

void
pj_stack_free(struct pj_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		free(stack->lines[i].phase);
		free(stack->lines[i].control);
		free(stack->lines[i].module);
		free(stack->lines[i].arguments);
	}
	for (size_t i = 0; i < stack->file_count; i++)
		free(stack->files[i]);
	stack->count = stack->file_count = 0;
}

const char *
pj_stack_module(const struct pj_stack_line *line)
{
	const char *slash = strrchr(line->module, '/');

	return slash != NULL ? slash + 1 : line->module;
}

bool
pj_stack_has(const struct pj_stack_line *line, const char *word)
{
	size_t len = strlen(word);
	const char *at = line->arguments;

	while (*at != '\0') {
		if (strncmp(at, word, len) == 0 && (word[len - 1] == '=' ||
		    at[len] == ' ' || at[len] == '\0'))
			return true;
		at += strcspn(at, " ");
		at += *at == ' ';
	}
	return false;
}

static bool
is_space(unsigned char c)
{
	return c == ' ' || c == '\t';
}

/* The next word; one in brackets may hold spaces and "\]". */
static struct pj_span
take_word(struct pj_span *rest)
{
	struct pj_span word;
	size_t end = 0;

	while (rest->len > 0 && is_space(rest->ptr[0]))
		*rest = pj_span_from(*rest, 1);
	if (rest->len > 0 && rest->ptr[0] == '[') {
		while (end < rest->len && rest->ptr[end] != ']')
			end += rest->ptr[end] == '\\' ? 2 : 1;
		end = end < rest->len ? end + 1 : rest->len;
	} else {
		while (end < rest->len && !is_space(rest->ptr[end]))
			end++;
	}
	word = pj_span(rest->ptr, end);
	*rest = pj_span_from(*rest, end);
	return word;
}

/* All words that are left, with one space between them. */
static char *
join_words(struct pj_span rest)
{
	PJ_BUF_SCOPED(out, PJ_STACK_FILE_MAX);
	struct pj_span word = take_word(&rest);

	for (; word.len > 0; word = take_word(&rest)) {
		if (pj_buf_printf(&out, "%s%.*s", out.len > 0 ? " " : "",
		    PJ_SPAN_ARG(word)) != PJ_OK)
			return NULL;
	}
	return pj_span_dup(pj_buf_span(&out));
}

enum pj_status
pj_stack_argv(const struct pj_stack_line *line, char **text,
    const char **argv, size_t max, int *argc)
{
	struct pj_span rest = pj_span_str(line->arguments), word;
	char *to = malloc(rest.len + 1);

	*text = to;
	*argc = 0;
	if (to == NULL)
		return PJ_NO_MEMORY;
	while ((size_t)*argc < max && (word = take_word(&rest)).len > 0) {
		argv[(*argc)++] = to;
		if (word.ptr[0] == '[' && word.ptr[word.len - 1] == ']')
			word = pj_span(word.ptr + 1, word.len - 2);
		for (size_t i = 0; i < word.len; i++) {
			if (word.ptr[i] == '\\' && i + 1 < word.len &&
			    word.ptr[i + 1] == ']')
				continue;
			*to++ = (char)word.ptr[i];
		}
		*to++ = '\0';
	}
	return PJ_OK;
}

static enum pj_status
add_line(struct reader *reader, struct pj_place place, struct pj_span phase,
    struct pj_span rest)
{
	struct pj_stack *stack = reader->stack;
	struct pj_stack_line *line = &stack->lines[stack->count];

	if (stack->count == PJ_STACK_LINES_MAX)
		return PJ_OK;
	line->place = place;
	line->phase = pj_span_dup(phase);
	line->control = pj_span_dup(take_word(&rest));
	line->module = pj_span_dup(take_word(&rest));
	line->arguments = join_words(rest);
	stack->count++;
	if (line->phase == NULL || line->control == NULL ||
	    line->module == NULL || line->arguments == NULL)
		return PJ_NO_MEMORY;
	return PJ_OK;
}

/* NOLINTBEGIN(misc-no-recursion): PJ_STACK_DEPTH_MAX files deep at most */
static enum pj_status
include(struct reader *reader, struct pj_span name)
{
	PJ_CLEANUP(pj_cleanup_str) char *file = pj_span_dup(name);
	enum pj_status status;

	if (file == NULL)
		return PJ_NO_MEMORY;
	if (reader->depth == PJ_STACK_DEPTH_MAX)
		return PJ_OK;
	reader->depth++;
	status = read_file(reader, file, NULL);
	reader->depth--;
	return status == PJ_NO_MEMORY ? status : PJ_OK;
}

/* True if the lines of this phase are wanted. */
static bool
is_wanted(const struct reader *reader, struct pj_span phase)
{
	for (size_t i = 0; i < PJ_STACK_PHASES; i++) {
		if (pj_span_is_nocase(phase, pj_stack_phases[i]))
			return strcmp(pj_stack_phases[i], reader->phase) == 0;
	}
	return strcmp(reader->phase, "auth") == 0;
}

static enum pj_status
read_line(struct reader *reader, struct pj_place place, struct pj_span line)
{
	struct pj_span rest = line, phase = take_word(&rest), behind, control;

	if (phase.len == 0)
		return PJ_OK;
	behind = rest;
	control = take_word(&rest);
	if (pj_span_is(phase, "@include"))
		return include(reader, control);
	/* A dash: no complaint if the module is missing. */
	if (phase.ptr[0] == '-')
		phase = pj_span_from(phase, 1);
	if (!is_wanted(reader, phase))
		return PJ_OK;
	if (pj_span_is(control, "include") || pj_span_is(control, "substack"))
		return include(reader, take_word(&rest));
	return add_line(reader, place, phase, behind);
}

/* Lines end in a newline, go on behind a backslash, and stop at a #. */
static enum pj_status
read_text(struct reader *reader, const char *file, unsigned char *text,
    size_t len)
{
	struct pj_place place = { file, 0 };
	unsigned number = 0;

	for (size_t at = 0; at < len;) {
		size_t begin = at, end;
		bool comment = false;
		enum pj_status status;

		place.line = ++number;
		for (; at < len && text[at] != '\n'; at++) {
			comment = comment || text[at] == '#';
			if (comment)
				text[at] = ' ';
			if (text[at] == '\\' && at + 1 < len &&
			    text[at + 1] == '\n') {
				text[at] = text[at + 1] = ' ';
				number++;
			}
		}
		end = at++;
		status = read_line(reader, place, pj_span(text + begin,
		    end - begin));
		if (status != PJ_OK)
			return status;
	}
	return PJ_OK;
}

static enum pj_status
read_file(struct reader *reader, const char *name, struct pj_error *err)
{
	PJ_BUF_SCOPED(text, PJ_STACK_FILE_MAX);
	struct pj_stack *stack = reader->stack;
	char *path = NULL;
	enum pj_status status;

	if (stack->file_count == sizeof(stack->files) /
	    sizeof(stack->files[0]))
		return PJ_OK;
	if (asprintf(&path, "%s%s%s", *name == '/' ? "" : PJ_PAM_FOLDER,
	    *name == '/' ? "" : "/", name) < 0)
		return PJ_NO_MEMORY;
	stack->files[stack->file_count++] = path;
	/* As libpam: whoever owns it, and also behind a link. */
	status = pj_file_read_any(path, &text, err);
	if (status != PJ_OK)
		return status;
	return read_text(reader, path, text.ptr, text.len);
}
/* NOLINTEND(misc-no-recursion) */

enum pj_status
pj_stack_read(const char *service, const char *phase, struct pj_stack *stack,
    struct pj_error *err)
{
	struct reader reader = { .stack = stack, .phase = phase };

	return read_file(&reader, service, err);
}
