#include "policy/list.h"

#include "base/buf.h"

static bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

bool
pj_word_next(struct pj_span *rest, struct pj_word *word)
{
	size_t at = 0, start;

	while (at < rest->len && is_blank(rest->ptr[at]))
		at++;
	if (at == rest->len)
		return false;
	start = at;
	word->quoted = rest->ptr[at] == '"';
	if (word->quoted) {
		for (at++; at < rest->len && rest->ptr[at] != '"'; at++)
			;
		word->text = pj_span(rest->ptr + start + 1, at - start - 1);
		if (at == rest->len || (++at < rest->len &&
		    !is_blank(rest->ptr[at])))
			word->text = pj_span("", 0);
	} else {
		while (at < rest->len && !is_blank(rest->ptr[at]))
			at++;
		word->text = pj_span(rest->ptr + start, at - start);
		if (memchr(word->text.ptr, '"', word->text.len) != NULL)
			word->text = pj_span("", 0);
	}
	*rest = pj_span_from(*rest, at);
	return true;
}

enum pj_status
pj_word_check_comma(const struct pj_word *word, struct pj_error *err)
{
	if (!word->quoted && memchr(word->text.ptr, ',', word->text.len) !=
	    NULL)
		return pj_fail(err, PJ_CONFIG_INVALID, "there are no commas "
		    "between items; quote one that belongs to an item: %.*s",
		    PJ_SPAN_ARG(word->text));
	return PJ_OK;
}

enum pj_status
pj_list_add(struct pj_list *list, struct pj_span item, struct pj_error *err)
{
	if (list->count == PJ_LIST_MAX)
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "more than %d items", PJ_LIST_MAX);
	list->items[list->count] = pj_span_dup(item);
	if (list->items[list->count] == NULL)
		return PJ_NO_MEMORY;
	list->count++;
	return PJ_OK;
}

enum pj_status
pj_list_add_words(struct pj_list *list, struct pj_span text,
    struct pj_error *err)
{
	struct pj_span rest = text;
	struct pj_word word;
	enum pj_status status;

	while (pj_word_next(&rest, &word)) {
		if (word.text.len == 0)
			return pj_fail(err, PJ_CONFIG_INVALID,
			    "an item is empty or its quotes do not match: "
			    "%.*s", PJ_SPAN_ARG(text));
		if (pj_list_has(list, word.text))
			return pj_fail(err, PJ_CONFIG_INVALID,
			    "%.*s stands twice", PJ_SPAN_ARG(word.text));
		status = pj_word_check_comma(&word, err);
		if (status == PJ_OK)
			status = pj_list_add(list, word.text, err);
		if (status != PJ_OK)
			return status;
	}
	return PJ_OK;
}

bool
pj_list_has(const struct pj_list *list, struct pj_span item)
{
	for (size_t i = 0; i < list->count; i++) {
		if (pj_span_is(item, list->items[i]))
			return true;
	}
	return false;
}

void
pj_list_free(struct pj_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	list->count = 0;
}
