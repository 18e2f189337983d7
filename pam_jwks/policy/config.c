#include "policy/config.h"

#include <stdarg.h>

#include "base/buf.h"
#include "policy/config_private.h"
#include "policy/lines.h"
#include "policy/options.h"

struct parser {
	struct pj_config	*config;
	const char		*file;		/* owned by config */
	unsigned		 line;
	bool			 begun;		/* there was a section line */
	enum pj_option_section	 kind;		/* of the open section */
	void			*dst;		/* its struct; NULL: none */
	uint64_t		*seen;
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
	va_list ap;

	va_start(ap, fmt);
	(void)pj_vfail(&what, PJ_CONFIG_INVALID, fmt, ap);
	va_end(ap);
	mistake(parser, &what);
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

enum pj_status
pj_config_new_grant(struct pj_config *config, struct pj_span name,
    struct grant_section **section)
{
	struct grant_section *fresh = calloc(1, sizeof(*fresh));

	if (fresh == NULL)
		return PJ_NO_MEMORY;
	fresh->grant.name = pj_span_dup(name);
	if (fresh->grant.name == NULL) {
		free(fresh);
		return PJ_NO_MEMORY;
	}
	config->grants[config->grant_count++] = fresh;
	*section = fresh;
	return PJ_OK;
}

static enum pj_status
open_issuer(struct parser *parser, struct pj_span name)
{
	struct pj_config *config = parser->config;
	struct section *section;
	enum pj_status status;

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
	status = pj_config_new_section(config, name, &section);
	if (status != PJ_OK)
		return status;
	section->issuer.file = parser->file;
	section->issuer.line = parser->line;
	parser->dst = &section->issuer;
	parser->seen = &section->seen;
	return PJ_OK;
}

static enum pj_status
open_grant(struct parser *parser, struct pj_span name)
{
	struct pj_config *config = parser->config;
	struct grant_section *section;
	enum pj_status status;

	for (size_t i = 0; i < config->grant_count; i++) {
		const struct pj_grant *other = &config->grants[i]->grant;

		if (pj_span_is(name, other->name)) {
			mistakef(parser, "[grant %s] stands in %s:%u already",
			    other->name, other->file, other->line);
			return PJ_OK;
		}
	}
	if (config->grant_count == PJ_GRANTS_MAX) {
		mistakef(parser, "more than %d grants", PJ_GRANTS_MAX);
		return PJ_OK;
	}
	status = pj_config_new_grant(config, name, &section);
	if (status != PJ_OK)
		return status;
	section->grant.file = parser->file;
	section->grant.line = parser->line;
	parser->dst = &section->grant;
	parser->seen = &section->seen;
	return PJ_OK;
}

static void
open_module(struct parser *parser)
{
	struct pj_config *config = parser->config;

	if (config->module_line != 0) {
		mistakef(parser, "[module] stands in %s:%u already",
		    config->module_file, config->module_line);
		return;
	}
	config->module_file = parser->file;
	config->module_line = parser->line;
	parser->dst = &config->module;
	parser->seen = &config->module_seen;
}

/* "issuer NAME" or "grant NAME": true, and the name, if it begins with word. */
static bool
is_named(struct pj_span inner, const char *word, struct pj_span *name)
{
	size_t len = strlen(word);

	if (!pj_span_starts(inner, word) || inner.len == len ||
	    (inner.ptr[len] != ' ' && inner.ptr[len] != '\t'))
		return false;
	*name = pj_line_trim(pj_span_from(inner, len));
	return true;
}

static enum pj_status
parse_section(struct parser *parser, struct pj_span line)
{
	struct pj_span inner, name;

	parser->begun = true;
	parser->dst = NULL;
	if (line.ptr[line.len - 1] != ']') {
		mistakef(parser, "a section stands alone in its brackets: "
		    "%.*s", PJ_SPAN_ARG(line));
		return PJ_OK;
	}
	inner = pj_line_trim(pj_span(line.ptr + 1, line.len - 2));
	if (pj_span_is(inner, "module")) {
		parser->kind = PJ_SECTION_MODULE;
		open_module(parser);
		return PJ_OK;
	}
	if (is_named(inner, "issuer", &name)) {
		parser->kind = PJ_SECTION_ISSUER;
	} else if (is_named(inner, "grant", &name)) {
		parser->kind = PJ_SECTION_GRANT;
	} else {
		mistakef(parser, "unknown section [%.*s]; there are [module], "
		    "[issuer NAME] and [grant NAME]", PJ_SPAN_ARG(inner));
		return PJ_OK;
	}
	if (!is_section_name(name)) {
		mistakef(parser, "a section's name consists of letters, "
		    "digits, '_', '.' and '-': [%.*s]", PJ_SPAN_ARG(inner));
		return PJ_OK;
	}
	return parser->kind == PJ_SECTION_ISSUER ? open_issuer(parser, name) :
	    open_grant(parser, name);
}

/* Says why a key is none of the open section. */
static void
mistake_key(struct parser *parser, struct pj_span key)
{
	static const enum pj_option_section kinds[] = {
		PJ_SECTION_MODULE, PJ_SECTION_ISSUER, PJ_SECTION_GRANT,
	};
	const struct pj_option *near;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct pj_option *option = pj_option_find(kinds[i], key);

		if (option != NULL) {
			mistakef(parser, "%s belongs into %s", option->key,
			    pj_option_section_name(kinds[i]));
			return;
		}
	}
	near = pj_option_near(parser->kind, key);
	if (near != NULL)
		mistakef(parser, "unknown key %.*s: did you mean %s?",
		    PJ_SPAN_ARG(key), near->key);
	else
		mistakef(parser, "unknown key %.*s", PJ_SPAN_ARG(key));
}

static enum pj_status
set_key(struct parser *parser, struct pj_span key, struct pj_span value)
{
	const struct pj_option *option = pj_option_find(parser->kind, key);
	struct pj_error what = { "" };
	enum pj_status status;
	uint64_t bit;

	if (option == NULL) {
		mistake_key(parser, key);
		return PJ_OK;
	}
	bit = (uint64_t)1 << (option - pj_options);
	if ((*parser->seen & bit) != 0 && !pj_option_repeats(option)) {
		mistakef(parser, "%s stands twice in this section",
		    option->key);
		return PJ_OK;
	}
	*parser->seen |= bit;
	status = pj_option_set(option, parser->dst, value, &what);
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
	key = pj_line_trim(pj_span(line.ptr, (size_t)(equals - line.ptr)));
	value = pj_line_trim(pj_span_from(line, key.len == 0 ? 1 :
	    (size_t)(equals - line.ptr) + 1));
	if (!parser->begun)
		mistakef(parser, "a key before the first section: %.*s",
		    PJ_SPAN_ARG(key));
	/* Nor are the keys of a section looked at that is itself a mistake. */
	if (parser->dst == NULL)
		return PJ_OK;
	return set_key(parser, key, value);
}

enum pj_status
pj_config_add_text(struct pj_config *config, struct pj_span text,
    const char *file, struct pj_error *err)
{
	struct parser parser = { .config = config, .err = err };
	struct pj_lines lines = { .rest = text };
	struct pj_span line;
	struct pj_error what;
	enum pj_status status;

	if (config->files.count == PJ_LIST_MAX)
		return pj_fail(err, PJ_CONFIG_INVALID, "more than %d files",
		    PJ_LIST_MAX);
	parser.file = config->files.items[config->files.count] =
	    pj_span_dup(pj_span_str(file));
	if (parser.file == NULL)
		return PJ_NO_MEMORY;
	config->files.count++;
	while (pj_lines_next(&lines, &line, &what)) {
		parser.line = lines.number;
		status = PJ_OK;
		if (line.len == 0)
			mistake(&parser, &what);
		else if (line.ptr[0] == '[')
			status = parse_section(&parser, line);
		else
			status = parse_key(&parser, line);
		if (status != PJ_OK)
			return status;
	}
	return parser.failed ? PJ_CONFIG_INVALID : PJ_OK;
}

/* The one section that options are for, made with the first of them. */
static enum pj_status
options_section(struct pj_config *config, const char *file,
    struct section **section)
{
	struct pj_issuer *issuer;
	enum pj_status status;

	if (config->count != 0) {
		*section = config->sections[0];
		return PJ_OK;
	}
	status = pj_config_new_section(config, pj_span_str("options"),
	    section);
	if (status != PJ_OK)
		return status;
	issuer = &(*section)->issuer;
	issuer->file = file;
	/* Until a services= says something else. */
	return pj_list_add(&issuer->services, pj_span_str("any"), NULL);
}

enum pj_status
pj_config_add_option(struct pj_config *config, const char *option,
    struct pj_error *err)
{
	struct parser parser = { .config = config, .err = err, .begun = true,
	    .kind = PJ_SECTION_ISSUER, .file = "-o" };
	struct pj_span line = pj_span_str(option);
	struct section *section;
	struct pj_error what;
	enum pj_status status;

	status = options_section(config, parser.file, &section);
	if (status != PJ_OK)
		return status;
	parser.dst = &section->issuer;
	parser.seen = &section->seen;
	if (pj_option_find(PJ_SECTION_MODULE, pj_span(option,
	    strcspn(option, " \t="))) != NULL) {
		parser.kind = PJ_SECTION_MODULE;
		parser.dst = &config->module;
		parser.seen = &config->module_seen;
	}
	if (!pj_line_take(pj_span_str(option), &line, &what) ||
	    line.len == 0) {
		mistakef(&parser, "the option is empty or too long or has a "
		    "control character");
		return PJ_CONFIG_INVALID;
	}
	status = parse_key(&parser, line);
	if (status != PJ_OK)
		return status;
	return parser.failed ? PJ_CONFIG_INVALID : PJ_OK;
}
