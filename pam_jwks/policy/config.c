#include "policy/config.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "policy/config_private.h"
#include "policy/options.h"

struct parser {
	struct pj_config	*config;
	const char		*file;		/* owned by config */
	unsigned		 line;
	bool			 in_module;
	struct section		*section;	/* NULL: none open */
	bool			 skip;		/* the section is a mistake */
	struct pj_error		*err;		/* the first mistake */
	bool			 failed;
};

enum pj_status
pj_config_mistake_at(struct pj_config *config, const char *file, unsigned line,
    bool first, struct pj_error *err, const struct pj_error *what)
{
	if (config->on_mistake != NULL)
		config->on_mistake(config->ctx, file, line, what->detail);
	if (!first || err == NULL)
		return PJ_CONFIG_INVALID;
	*err = *what;
	if (line == 0)
		return pj_fail_in(err, PJ_CONFIG_INVALID, "%s", file);
	return pj_fail_in(err, PJ_CONFIG_INVALID, "%s:%u", file, line);
}

/* Notes a mistake; parsing goes on so that all of them are found. */
static void
mistake(struct parser *parser, const struct pj_error *what)
{
	(void)pj_config_mistake_at(parser->config, parser->file, parser->line,
	    !parser->failed, parser->err, what);
	parser->failed = true;
}

static void __attribute__((format(printf, 2, 3)))
mistakef(struct parser *parser, const char *fmt, ...)
{
	struct pj_error what;
	char text[PJ_DETAIL_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	(void)pj_fail(&what, PJ_CONFIG_INVALID, "%s", text);
	mistake(parser, &what);
}

static struct pj_span
trim(struct pj_span text)
{
	while (text.len != 0 && (*text.ptr == ' ' || *text.ptr == '\t'))
		text = pj_span(text.ptr + 1, text.len - 1);
	while (text.len != 0 && (text.ptr[text.len - 1] == ' ' ||
	    text.ptr[text.len - 1] == '\t'))
		text.len--;
	return text;
}

static bool
is_section_name(struct pj_span name)
{
	static const char more[] = "_.-";

	if (name.len == 0 || name.len > PJ_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') ||
		    (c != '\0' && strchr(more, c) != NULL)))
			return false;
	}
	return true;
}

enum pj_status
pj_config_new_section(struct pj_config *config, struct pj_span name,
    struct section **section)
{
	struct section *fresh = calloc(1, sizeof(*fresh));
	enum pj_status status = PJ_NO_MEMORY;

	if (fresh == NULL)
		return PJ_NO_MEMORY;
	fresh->issuer.name = pj_span_dup(name);
	if (fresh->issuer.name != NULL)
		status = pj_options_set_defaults(PJ_SECTION_ISSUER,
		    &fresh->issuer, NULL);
	if (status != PJ_OK) {
		pj_options_free(PJ_SECTION_ISSUER, &fresh->issuer);
		free(fresh->issuer.name);
		free(fresh);
		return status;
	}
	config->sections[config->count++] = fresh;
	*section = fresh;
	return PJ_OK;
}

static enum pj_status
open_issuer(struct parser *parser, struct pj_span name)
{
	struct pj_config *config = parser->config;
	enum pj_status status;

	parser->skip = true;
	if (!is_section_name(name)) {
		mistakef(parser, "a section's name consists of letters, "
		    "digits, '_', '.' and '-': [issuer %.*s]",
		    PJ_SPAN_ARG(name));
		return PJ_OK;
	}
	for (size_t i = 0; i < config->count; i++) {
		const struct pj_issuer *other = &config->sections[i]->issuer;

		if (pj_span_is(name, other->name)) {
			mistakef(parser, "[issuer %s] stands in %s:%u already",
			    other->name, other->file, other->line);
			return PJ_OK;
		}
	}
	if (config->count == PJ_ISSUERS_MAX) {
		mistakef(parser, "more than %d issuers", PJ_ISSUERS_MAX);
		return PJ_OK;
	}
	status = pj_config_new_section(config, name, &parser->section);
	if (status != PJ_OK)
		return status;
	parser->section->issuer.file = parser->file;
	parser->section->issuer.line = parser->line;
	parser->skip = false;
	return PJ_OK;
}

static enum pj_status
parse_section(struct parser *parser, struct pj_span line)
{
	struct pj_span inner;

	parser->section = NULL;
	parser->in_module = false;
	parser->skip = true;
	if (line.ptr[line.len - 1] != ']') {
		mistakef(parser, "a section stands alone in its brackets: "
		    "%.*s", PJ_SPAN_ARG(line));
		return PJ_OK;
	}
	inner = trim(pj_span(line.ptr + 1, line.len - 2));
	if (pj_span_starts(inner, "issuer ") ||
	    pj_span_starts(inner, "issuer\t"))
		return open_issuer(parser, trim(pj_span_from(inner, 7)));
	if (!pj_span_is(inner, "module")) {
		mistakef(parser, "unknown section [%.*s]; there are [module] "
		    "and [issuer NAME]", PJ_SPAN_ARG(inner));
		return PJ_OK;
	}
	if (parser->config->module_line != 0) {
		mistakef(parser, "[module] stands in %s:%u already",
		    parser->config->module_file, parser->config->module_line);
		return PJ_OK;
	}
	parser->config->module_file = parser->file;
	parser->config->module_line = parser->line;
	parser->in_module = true;
	parser->skip = false;
	return PJ_OK;
}

/* Where a key's value goes, and the marks of what was set there. */
static bool
target(struct parser *parser, enum pj_option_section section, void **dst,
    uint64_t **seen)
{
	if (section == PJ_SECTION_MODULE && parser->in_module) {
		*dst = &parser->config->module;
		*seen = &parser->config->module_seen;
		return true;
	}
	if (section == PJ_SECTION_ISSUER && parser->section != NULL) {
		*dst = &parser->section->issuer;
		*seen = &parser->section->seen;
		return true;
	}
	return false;
}

static enum pj_status
set_key(struct parser *parser, struct pj_span key, struct pj_span value)
{
	const struct pj_option *option = pj_option_find(key);
	struct pj_error what = { "" };
	enum pj_status status;
	uint64_t *seen, bit;
	void *dst;

	if (option == NULL) {
		mistakef(parser, "unknown key %.*s", PJ_SPAN_ARG(key));
		return PJ_OK;
	}
	if (!target(parser, option->section, &dst, &seen)) {
		mistakef(parser, "%s belongs into %s", option->key,
		    option->section == PJ_SECTION_MODULE ? "[module]" :
		    "[issuer NAME]");
		return PJ_OK;
	}
	bit = (uint64_t)1 << (option - pj_options);
	if ((*seen & bit) != 0 && !pj_option_repeats(option)) {
		mistakef(parser, "%s stands twice in this section",
		    option->key);
		return PJ_OK;
	}
	*seen |= bit;
	status = pj_option_set(option, dst, value, &what);
	if (status == PJ_CONFIG_INVALID) {
		(void)pj_fail_in(&what, status, "%s", option->key);
		mistake(parser, &what);
		return PJ_OK;
	}
	return status;
}

static enum pj_status
parse_key(struct parser *parser, struct pj_span line)
{
	const unsigned char *equals = memchr(line.ptr, '=', line.len);
	struct pj_span key, value;

	if (equals == NULL) {
		mistakef(parser, "neither a section nor key = value: %.*s",
		    PJ_SPAN_ARG(line));
		return PJ_OK;
	}
	key = trim(pj_span(line.ptr, (size_t)(equals - line.ptr)));
	value = trim(pj_span_from(line, key.len == 0 ? 1 :
	    (size_t)(equals - line.ptr) + 1));
	if (parser->skip)
		return PJ_OK;
	if (!parser->in_module && parser->section == NULL) {
		mistakef(parser, "a key before the first section: %.*s",
		    PJ_SPAN_ARG(key));
		return PJ_OK;
	}
	return set_key(parser, key, value);
}

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

static enum pj_status
parse_line(struct parser *parser, struct pj_span line)
{
	if (line.len > PJ_CONFIG_LINE_MAX) {
		mistakef(parser, "the line is longer than %d bytes",
		    PJ_CONFIG_LINE_MAX);
		return PJ_OK;
	}
	if (has_control(line)) {
		mistakef(parser, "the line has a control character%s",
		    line.ptr[line.len - 1] == '\r' ?
		    " (a carriage return: lines end in a newline alone)" : "");
		return PJ_OK;
	}
	line = trim(line);
	if (line.len == 0 || line.ptr[0] == '#')
		return PJ_OK;
	if (line.ptr[0] == '[')
		return parse_section(parser, line);
	return parse_key(parser, line);
}

enum pj_status
pj_config_add_text(struct pj_config *config, struct pj_span text,
    const char *file, struct pj_error *err)
{
	struct parser parser = { .config = config, .err = err };
	enum pj_status status;

	if (config->files.count == PJ_LIST_MAX)
		return pj_fail(err, PJ_CONFIG_INVALID, "more than %d files",
		    PJ_LIST_MAX);
	parser.file = config->files.items[config->files.count] =
	    pj_span_dup(pj_span_str(file));
	if (parser.file == NULL)
		return PJ_NO_MEMORY;
	config->files.count++;
	while (text.len != 0) {
		const unsigned char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end != NULL ? (size_t)(end - text.ptr) : text.len;

		parser.line++;
		status = parse_line(&parser, pj_span(text.ptr, len));
		if (status != PJ_OK)
			return status;
		text = pj_span_from(text, len + 1);
	}
	return parser.failed ? PJ_CONFIG_INVALID : PJ_OK;
}

enum pj_status
pj_config_add_option(struct pj_config *config, const char *option,
    struct pj_error *err)
{
	struct parser parser = { .config = config, .err = err,
	    .in_module = true, .file = "-o" };
	enum pj_status status;

	if (config->count == 0) {
		status = pj_config_new_section(config, pj_span_str("options"),
		    &parser.section);
		if (status != PJ_OK)
			return status;
		parser.section->issuer.file = parser.file;
		/* Until a services= says something else. */
		parser.section->issuer.services.items[0] =
		    pj_span_dup(pj_span_str("any"));
		if (parser.section->issuer.services.items[0] == NULL)
			return PJ_NO_MEMORY;
		parser.section->issuer.services.count = 1;
	}
	parser.section = config->sections[0];
	if (strlen(option) > PJ_CONFIG_LINE_MAX ||
	    has_control(pj_span_str(option))) {
		mistakef(&parser, "the option is too long or has a control "
		    "character");
		return PJ_CONFIG_INVALID;
	}
	status = parse_key(&parser, trim(pj_span_str(option)));
	if (status != PJ_OK)
		return status;
	return parser.failed ? PJ_CONFIG_INVALID : PJ_OK;
}
