#include "policy/options.h"

#include "base/buf.h"
#include "base/url.h"
#include "jose/alg.h"
#include "policy/export.h"
#include "policy/lines.h"
#include "policy/usermap.h"

#define MINUTE	60
#define HOUR	(60 * MINUTE)
#define DAY	(24 * HOUR)

/* Takes the quotes off a value that stands in them as a whole. */
static enum pj_status
unquote(struct pj_span *text, struct pj_error *err)
{
	struct pj_span inner = *text;

	if (inner.len >= 2 && inner.ptr[0] == '"' &&
	    inner.ptr[inner.len - 1] == '"')
		inner = pj_span(inner.ptr + 1, inner.len - 2);
	if (inner.len != 0 && memchr(inner.ptr, '"', inner.len) != NULL)
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "quotes must stand around the whole value: %.*s",
		    PJ_SPAN_ARG(*text));
	if (inner.len == 0)
		return pj_fail(err, PJ_CONFIG_INVALID, "the value is empty");
	*text = inner;
	return PJ_OK;
}

static enum pj_status
set_text(char **dst, struct pj_span text)
{
	char *copy = pj_span_dup(text);

	if (copy == NULL)
		return PJ_NO_MEMORY;
	free(*dst);
	*dst = copy;
	return PJ_OK;
}

/* libpam lower-cases a service's name: others could never be asked for. */
static bool
is_service(struct pj_span word)
{
	for (size_t i = 0; i < word.len; i++) {
		unsigned char c = word.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    c == '_' || c == '-' || c == '.'))
			return false;
	}
	return word.len <= PJ_NAME_MAX;
}

/* Labels with dots between them; names in other scripts are UTF-8 here. */
static bool
is_domain(struct pj_span word)
{
	unsigned char before = '.';

	for (size_t i = 0; i < word.len; before = word.ptr[i++]) {
		unsigned char c = word.ptr[i];

		if (c == '.' && before == '.')
			return false;
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		    c == '.' || c >= 0x80))
			return false;
	}
	return before != '.';
}

static enum pj_status
set_words(enum pj_option_type type, struct pj_list *list, struct pj_span text,
    struct pj_error *err)
{
	enum pj_status status;

	pj_list_free(list);
	status = pj_list_add_words(list, text, err);
	for (size_t i = 0; status == PJ_OK && i < list->count; i++) {
		struct pj_span word = pj_span_str(list->items[i]);

		if (type == PJ_TYPE_SERVICES && !is_service(word))
			return pj_fail(err, PJ_CONFIG_INVALID,
			    "a service's name has lower-case letters, digits, "
			    "'_', '-' and '.': %s", list->items[i]);
		if (type == PJ_TYPE_DOMAINS && !is_domain(word))
			return pj_fail(err, PJ_CONFIG_INVALID, "a domain has "
			    "letters, digits, '-', '_' and dots between them, "
			    "and no @: %s", list->items[i]);
	}
	return status;
}

/* "same" is the identity itself, unless it stands in quotes. */
static enum pj_status
set_users(struct pj_users *users, struct pj_span text, struct pj_error *err)
{
	struct pj_span rest = text;
	struct pj_word word;

	pj_list_free(&users->names);
	users->same = false;
	while (pj_word_next(&rest, &word)) {
		enum pj_status status;

		if (!word.quoted && pj_span_is(word.text, "same")) {
			users->same = true;
			continue;
		}
		status = pj_word_check_comma(&word, err);
		if (status != PJ_OK)
			return status;
		if (pj_usermap_check_name(word.text, err) != PJ_OK)
			return pj_fail_in(err, PJ_CONFIG_INVALID,
			    "no local user has such a name: %.*s",
			    PJ_SPAN_ARG(word.text));
		if (pj_list_has(&users->names, word.text))
			return pj_fail(err, PJ_CONFIG_INVALID,
			    "%.*s stands twice", PJ_SPAN_ARG(word.text));
		status = pj_list_add(&users->names, word.text, err);
		if (status != PJ_OK)
			return status;
	}
	return PJ_OK;
}

static enum pj_status
set_algorithms(unsigned *dst, struct pj_span text, struct pj_error *err)
{
	struct pj_span rest = text;
	struct pj_word word;
	const struct pj_alg *alg;
	unsigned set = 0;

	while (pj_word_next(&rest, &word)) {
		alg = pj_alg_find(word.text);
		if (alg == NULL)
			return pj_fail(err, PJ_CONFIG_INVALID,
			    "no such algorithm: %.*s", PJ_SPAN_ARG(word.text));
		set |= PJ_ALG_BIT(alg);
	}
	*dst = set;
	return PJ_OK;
}

static enum pj_status
set_duration(const struct pj_option *option, int64_t *dst,
    struct pj_span text, struct pj_error *err)
{
	static const char units[] = "smhd";
	static const int64_t seconds[] = { 1, MINUTE, HOUR, DAY };
	unsigned long long count;
	const char *unit;
	int64_t value;

	/* Only what has no limit by default can be told to have none. */
	if (pj_span_is(text, "none") && option->fallback != NULL &&
	    strcmp(option->fallback, "none") == 0) {
		*dst = -1;
		return PJ_OK;
	}
	unit = strchr(units, text.ptr[text.len - 1]);
	if (unit == NULL || *unit == '\0' ||
	    !pj_span_number(pj_span(text.ptr, text.len - 1), 1000000000,
	    &count))
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "a duration is a number and a unit, s, m, h or d: %.*s",
		    PJ_SPAN_ARG(text));
	value = (int64_t)count * seconds[unit - units];
	if (value < option->min || value > option->max)
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "must be %lld to %lld seconds: %.*s",
		    (long long)option->min, (long long)option->max,
		    PJ_SPAN_ARG(text));
	*dst = value;
	return PJ_OK;
}

static enum pj_status
set_number(const struct pj_option *option, int64_t *dst, struct pj_span text,
    struct pj_error *err)
{
	unsigned long long value;

	if (!pj_span_number(text, (unsigned long long)option->max, &value) ||
	    (int64_t)value < option->min)
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "must be a number from %lld to %lld: %.*s",
		    (long long)option->min, (long long)option->max,
		    PJ_SPAN_ARG(text));
	*dst = (int64_t)value;
	return PJ_OK;
}

/* Stores the number that stands beside the word in a list of choices. */
struct choice {
	const char	*word;
	int		 value;
};

static enum pj_status
choose(const struct choice *choices, size_t count, struct pj_span text,
    int *value, struct pj_error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (pj_span_is(text, choices[i].word)) {
			*value = choices[i].value;
			return PJ_OK;
		}
	}
	return pj_fail(err, PJ_CONFIG_INVALID, "must be %s%s%s or %s: %.*s",
	    count > 2 ? choices[count - 3].word : "", count > 2 ? ", " : "",
	    choices[count - 2].word, choices[count - 1].word,
	    PJ_SPAN_ARG(text));
}

static enum pj_status
set_choice(const struct pj_option *option, void *dst, struct pj_span text,
    struct pj_error *err)
{
	static const struct choice yes_no[] = { { "yes", 1 }, { "no", 0 } };
	static const struct choice account[] = {
		{ "local", PJ_ACCOUNT_LOCAL }, { "none", PJ_ACCOUNT_NONE },
	};
	static const struct choice ip[] = {
		{ "any", 0 }, { "4", 4 }, { "6", 6 },
	};
	enum pj_status status;
	int value;

	if (option->type == PJ_TYPE_YES_NO)
		status = choose(yes_no, 2, text, &value, err);
	else if (option->type == PJ_TYPE_ACCOUNT)
		status = choose(account, 2, text, &value, err);
	else
		status = choose(ip, 3, text, &value, err);
	if (status != PJ_OK)
		return status;
	if (option->type == PJ_TYPE_YES_NO)
		*(bool *)dst = value != 0;
	else if (option->type == PJ_TYPE_ACCOUNT)
		*(enum pj_account *)dst = (enum pj_account)value;
	else
		*(int *)dst = value;
	return PJ_OK;
}

/* Says whether a text may stand where it is to be stored as it is. */
static enum pj_status
check_text(enum pj_option_type type, struct pj_span text,
    struct pj_error *err)
{
	if (type == PJ_TYPE_HTTPS)
		return pj_url_check_https(text, err);
	if (type == PJ_TYPE_PROXY)
		return pj_url_check_proxy(text, err);
	if (type == PJ_TYPE_PATH && text.ptr[0] != '/')
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "a path begins with a slash: %.*s", PJ_SPAN_ARG(text));
	if (type == PJ_TYPE_PATH && text.len >= PJ_PATH_MAX / 2)
		return pj_fail(err, PJ_CONFIG_INVALID, "the path is too long");
	if (type == PJ_TYPE_NAME && (memchr(text.ptr, ' ', text.len) != NULL ||
	    memchr(text.ptr, '/', text.len) != NULL ||
	    memchr(text.ptr, '\t', text.len) != NULL))
		return pj_fail(err, PJ_CONFIG_INVALID, "no such name: %.*s",
		    PJ_SPAN_ARG(text));
	return PJ_OK;
}

enum pj_status
pj_option_set(const struct pj_option *option, void *section,
    struct pj_span text, struct pj_error *err)
{
	void *dst = (char *)section + option->offset;
	enum pj_status status;

	if (text.len == 0)
		return pj_fail(err, PJ_CONFIG_INVALID, "the value is missing");
	if (pj_line_has_comment(text))
		return pj_fail(err, PJ_CONFIG_INVALID, "there are no comments "
		    "behind a value; quote a # that belongs to it");
	if (option->type == PJ_TYPE_WORDS ||
	    option->type == PJ_TYPE_SERVICES || option->type == PJ_TYPE_DOMAINS)
		return set_words(option->type, dst, text, err);
	if (option->type == PJ_TYPE_ALGORITHMS)
		return set_algorithms(dst, text, err);
	if (option->type == PJ_TYPE_RULES)
		return pj_rules_add(dst, text, err);
	if (option->type == PJ_TYPE_EXPORTS) {
		pj_list_free(dst);
		return pj_export_parse(dst, text, err);
	}
	if (option->type == PJ_TYPE_USERS)
		return set_users(dst, text, err);
	status = unquote(&text, err);
	if (status != PJ_OK)
		return status;
	switch (option->type) {
	case PJ_TYPE_TEXT:
	case PJ_TYPE_NAME:
	case PJ_TYPE_HTTPS:
	case PJ_TYPE_PROXY:
	case PJ_TYPE_PATH:
		status = check_text(option->type, text, err);
		return status == PJ_OK ? set_text(dst, text) : status;
	case PJ_TYPE_TEXTS:
		return pj_list_add(dst, text, err);
	case PJ_TYPE_DURATION:
		return set_duration(option, dst, text, err);
	case PJ_TYPE_NUMBER:
		return set_number(option, dst, text, err);
	case PJ_TYPE_YES_NO:
	case PJ_TYPE_ACCOUNT:
	case PJ_TYPE_IP:
		return set_choice(option, dst, text, err);
	case PJ_TYPE_WORDS:
	case PJ_TYPE_SERVICES:
	case PJ_TYPE_DOMAINS:
	case PJ_TYPE_ALGORITHMS:
	case PJ_TYPE_RULES:
	case PJ_TYPE_USERS:
	case PJ_TYPE_EXPORTS:
		break;
	}
	return pj_fail(err, PJ_INTERNAL_ERROR, "option type");
}
