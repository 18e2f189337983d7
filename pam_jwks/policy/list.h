/*
 * Lists of words, as they stand in a value or in a line of a map.
 */
#ifndef PJ_POLICY_LIST_H
#define PJ_POLICY_LIST_H

#include "base/error.h"

/* Owned strings in the order of the file. */
struct pj_list {
	char	*items[PJ_LIST_MAX];
	size_t	 count;
};

/* A word of a text; its bytes are borrowed, without the quotes. */
struct pj_word {
	struct pj_span	text;
	bool		quoted;
};

/*
 * Takes the next word off rest: false at the end.  Words are separated by
 * spaces and tabs; double quotes around a word keep its spaces.  An empty word,
 * or a quote anywhere else, is a mistake: word->text is empty then.
 */
bool		pj_word_next(struct pj_span *rest, struct pj_word *word);

/*
 * PJ_CONFIG_INVALID for a word with a comma, unless it is quoted: that was to
 * separate items, and would be part of one.
 */
enum pj_status	pj_word_check_comma(const struct pj_word *word,
		    struct pj_error *err) PJ_MUST_CHECK;

/* PJ_CONFIG_INVALID if the list is full, or PJ_NO_MEMORY. */
enum pj_status	pj_list_add(struct pj_list *list, struct pj_span item,
		    struct pj_error *err) PJ_MUST_CHECK;

/*
 * Adds every word of text.  PJ_CONFIG_INVALID for a mistake in it, a word that
 * the list has already, or a full list.
 */
enum pj_status	pj_list_add_words(struct pj_list *list, struct pj_span text,
		    struct pj_error *err) PJ_MUST_CHECK;

/* True if the list holds exactly these bytes. */
bool		pj_list_has(const struct pj_list *list, struct pj_span item);

/* Frees the items; the list is empty afterwards. */
void		pj_list_free(struct pj_list *list);

#endif
