#include "policy/lines.h"

static bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

struct pj_span
pj_line_trim(struct pj_span text)
{
	while (text.len != 0 && is_blank(text.ptr[0]))
		text = pj_span(text.ptr + 1, text.len - 1);
	while (text.len != 0 && is_blank(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

bool
pj_line_has_comment(struct pj_span text)
{
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			quoted = !quoted;
		if (text.ptr[i] == '#' && !quoted &&
		    (i == 0 || is_blank(text.ptr[i - 1])))
			return true;
	}
	return false;
}

/* A control character other than a tab. */
static bool
has_control(struct pj_span line)
{
	for (size_t i = 0; i < line.len; i++) {
		if ((line.ptr[i] < 0x20 && line.ptr[i] != '\t') ||
		    line.ptr[i] == 0x7f)
			return true;
	}
	return false;
}

bool
pj_line_take(struct pj_span text, struct pj_span *line, struct pj_error *what)
{
	*line = pj_span("", 0);
	what->detail[0] = '\0';
	if (text.len > PJ_CONFIG_LINE_MAX) {
		(void)pj_fail(what, PJ_CONFIG_INVALID,
		    "the line is longer than %d bytes", PJ_CONFIG_LINE_MAX);
		return true;
	}
	if (has_control(text)) {
		(void)pj_fail(what, PJ_CONFIG_INVALID,
		    "the line has a control character%s",
		    text.ptr[text.len - 1] == '\r' ?
		    " (a carriage return: lines end in a newline alone)" : "");
		return true;
	}
	text = pj_line_trim(text);
	if (text.len == 0 || text.ptr[0] == '#')
		return false;
	*line = text;
	return true;
}

bool
pj_lines_next(struct pj_lines *lines, struct pj_span *line,
    struct pj_error *what)
{
	while (lines->rest.len != 0) {
		const unsigned char *end = memchr(lines->rest.ptr, '\n',
		    lines->rest.len);
		struct pj_span text = lines->rest;

		if (end != NULL)
			text.len = (size_t)(end - text.ptr);
		lines->number++;
		lines->rest = pj_span_from(lines->rest, text.len + 1);
		if (pj_line_take(text, line, what))
			return true;
	}
	return false;
}
