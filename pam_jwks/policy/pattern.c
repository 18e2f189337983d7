#include "policy/pattern.h"

#include <locale.h>
#include <regex.h>
#include <stdio.h>

#include "base/buf.h"

/* "^(" before the pattern and ")$" behind it. */
#define ANCHORS		4

/* The match as a whole, the group of the anchors, and those of the pattern. */
#define MATCHES		(2 + PJ_PATTERN_REFERENCES)

struct pj_pattern {
	regex_t	regex;
	size_t	groups;
};

/* What is known of an open group. */
struct level {
	size_t	before;		/* steps so far, without the last atom's */
	size_t	last;		/* of the last atom; 0: there is none */
	bool	repeated;	/* the last atom is */
	bool	last_empty;	/* the last atom can match nothing */
	bool	branch_empty;	/* all before it in this branch can */
	bool	group_empty;	/* an earlier branch can */
};

struct walk {
	struct pj_span	 rest;
	size_t		 groups;
	size_t		 depth;
	struct level	 levels[PJ_PATTERN_GROUPS_MAX + 1];
};

/* Nothing has been read: a branch of nothing can match nothing. */
static const struct level empty_level = {
	.last_empty = true, .branch_empty = true,
};

static struct level *
here(struct walk *walk)
{
	return &walk->levels[walk->depth];
}

static void
skip(struct walk *walk, size_t count)
{
	walk->rest = pj_span_from(walk->rest, count);
}

/* An atom of so many steps; 0 for what cannot be repeated. */
static void
add_atom(struct walk *walk, size_t steps, bool empty)
{
	struct level *level = here(walk);

	level->before += level->last;
	level->branch_empty = level->branch_empty && level->last_empty;
	level->last = steps;
	level->last_empty = empty;
	level->repeated = false;
}

static void
end_branch(struct level *level)
{
	if (level->branch_empty && level->last_empty)
		level->group_empty = true;
	level->before += level->last;
	level->last = 0;
	level->repeated = false;
	level->last_empty = level->branch_empty = true;
}

/* "[...]", where a "]" in the first place is one of its characters. */
static enum pj_status
walk_set(struct walk *walk, struct pj_error *err)
{
	struct pj_span at = pj_span_from(walk->rest, 1);

	if (at.len != 0 && at.ptr[0] == '^')
		at = pj_span_from(at, 1);
	for (bool first = true; at.len != 0; first = false) {
		const unsigned char *end;

		if (at.ptr[0] == ']' && !first) {
			walk->rest = pj_span_from(at, 1);
			add_atom(walk, 1, false);
			return PJ_OK;
		}
		if (pj_span_starts(at, "[.") || pj_span_starts(at, "[="))
			return pj_fail(err, PJ_CONFIG_INVALID,
			    "[. and [= mean nothing in the C locale");
		if (!pj_span_starts(at, "[:")) {
			at = pj_span_from(at, 1);
			continue;
		}
		end = memmem(at.ptr, at.len, ":]", 2);
		if (end == NULL)
			break;
		at = pj_span_from(at, (size_t)(end - at.ptr) + 2);
	}
	return pj_fail(err, PJ_CONFIG_INVALID, "a [ without its ]");
}

/* "{3}", "{3,}" or "{3,5}": how often at least, and how many copies. */
static enum pj_status
walk_count(struct walk *walk, size_t *least, size_t *copies,
    struct pj_error *err)
{
	const unsigned char *end = memchr(walk->rest.ptr, '}',
	    walk->rest.len), *comma;
	struct pj_span text;
	unsigned long long low, high;

	if (end == NULL)
		return pj_fail(err, PJ_CONFIG_INVALID, "a { without its }");
	text = pj_span(walk->rest.ptr + 1,
	    (size_t)(end - walk->rest.ptr) - 1);
	skip(walk, text.len + 2);
	comma = memchr(text.ptr, ',', text.len);
	if (comma == NULL)
		comma = text.ptr + text.len;
	if (!pj_span_number(pj_span(text.ptr, (size_t)(comma - text.ptr)),
	    PJ_PATTERN_STEPS_MAX, &low))
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "behind { stand numbers up to %d: {%.*s}",
		    PJ_PATTERN_STEPS_MAX, PJ_SPAN_ARG(text));
	text = pj_span_from(text, (size_t)(comma - text.ptr) + 1);
	high = low + 1;
	if (*comma == '}')
		high = low;
	else if (text.len != 0 && (!pj_span_number(text,
	    PJ_PATTERN_STEPS_MAX, &high) || high < low))
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "behind { stand numbers up to %d: {%llu,%.*s}",
		    PJ_PATTERN_STEPS_MAX, low, PJ_SPAN_ARG(text));
	*least = (size_t)low;
	*copies = (size_t)high;
	return PJ_OK;
}

/*
 * A repetition of a repetition has no meaning in POSIX.  One of what can be
 * empty has, but says nothing that cannot be said without, and libc's time to
 * compile it grows beyond all bounds.
 */
static enum pj_status
walk_repetition(struct walk *walk, struct pj_error *err)
{
	struct level *level = here(walk);
	unsigned char c = walk->rest.ptr[0];
	size_t copies = c == '+' ? 2 : 1, least = c == '+' ? 1 : 0;
	enum pj_status status;

	if (level->last == 0 || level->repeated)
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "nothing before %c that it could repeat", c);
	if (level->last_empty)
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "what stands before %c can be empty", c);
	if (c == '{') {
		status = walk_count(walk, &least, &copies, err);
		if (status != PJ_OK)
			return status;
	} else {
		skip(walk, 1);
	}
	/* {0} leaves nothing over; a step is counted for it all the same. */
	level->last *= copies != 0 ? copies : 1;
	level->last_empty = least == 0;
	level->repeated = true;
	return PJ_OK;
}

static enum pj_status
walk_group(struct walk *walk, struct pj_error *err)
{
	bool opens = walk->rest.ptr[0] == '(';
	struct level *level = here(walk);

	skip(walk, 1);
	if (opens) {
		if (++walk->groups > PJ_PATTERN_GROUPS_MAX)
			return pj_fail(err, PJ_CONFIG_INVALID,
			    "more than %d groups", PJ_PATTERN_GROUPS_MAX);
		walk->depth++;
		*here(walk) = empty_level;
		return PJ_OK;
	}
	if (walk->depth == 0)
		return pj_fail(err, PJ_CONFIG_INVALID, "a ) without its (");
	end_branch(level);
	walk->depth--;
	add_atom(walk, level->before + 1, level->group_empty);
	return PJ_OK;
}

static enum pj_status
walk_one(struct walk *walk, struct pj_error *err)
{
	switch (walk->rest.ptr[0]) {
	case '(':
	case ')':
		return walk_group(walk, err);
	case '[':
		return walk_set(walk, err);
	case '*':
	case '+':
	case '?':
	case '{':
		return walk_repetition(walk, err);
	case '|':
		end_branch(here(walk));
		break;
	case '^':
	case '$':
		add_atom(walk, 0, true);
		break;
	case '\\':
		skip(walk, 1);
		/* libc gives letters and digits meanings that POSIX has not. */
		if (walk->rest.len == 0 || strchr("^.[$()|*+?{}]\\-/",
		    walk->rest.ptr[0]) == NULL)
			return pj_fail(err, PJ_CONFIG_INVALID, "a backslash "
			    "makes a special character an ordinary one, "
			    "nothing else");
		add_atom(walk, 1, false);
		break;
	default:
		add_atom(walk, 1, false);
		break;
	}
	skip(walk, 1);
	return PJ_OK;
}

/*
 * Refuses what is not plainly POSIX, and what grows beyond bounds once its
 * repetitions are written out, which is what libc does with them.
 */
static enum pj_status
check_form(struct pj_span text, size_t *groups, struct pj_error *err)
{
	struct walk walk = { .rest = text };
	enum pj_status status;

	if (text.len == 0 || text.len > PJ_PATTERN_MAX)
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "a pattern has 1 to %d bytes", PJ_PATTERN_MAX);
	*here(&walk) = empty_level;
	while (walk.rest.len != 0) {
		status = walk_one(&walk, err);
		if (status != PJ_OK)
			return status;
		if (here(&walk)->before + here(&walk)->last >
		    PJ_PATTERN_STEPS_MAX)
			return pj_fail(err, PJ_CONFIG_INVALID,
			    "its repetitions come to more than %d steps",
			    PJ_PATTERN_STEPS_MAX);
	}
	if (walk.depth != 0)
		return pj_fail(err, PJ_CONFIG_INVALID, "a ( without its )");
	*groups = walk.groups;
	return PJ_OK;
}

/*
 * The C locale for this thread alone: other threads of the host, and the
 * process's own setlocale, are not touched.  libc keeps one object for "C", so
 * that this opens no file and asks no variable.
 */
static locale_t
enter_c_locale(void)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);

	return c == (locale_t)0 ? (locale_t)0 : uselocale(c);
}

static void
leave_c_locale(locale_t before)
{
	locale_t c = uselocale(before);

	freelocale(c);
}

static enum pj_status
compile(regex_t *regex, struct pj_span text, struct pj_error *err)
{
	char anchored[PJ_PATTERN_MAX + ANCHORS + 1], words[100];
	locale_t before = enter_c_locale();
	int rc;

	if (before == (locale_t)0)
		return PJ_NO_MEMORY;
	(void)snprintf(anchored, sizeof(anchored), "^(%.*s)$",
	    PJ_SPAN_ARG(text));
	rc = regcomp(regex, anchored, REG_EXTENDED);
	if (rc != 0)
		(void)regerror(rc, NULL, words, sizeof(words));
	leave_c_locale(before);
	if (rc == REG_ESPACE)
		return PJ_NO_MEMORY;
	return rc == 0 ? PJ_OK : pj_fail(err, PJ_CONFIG_INVALID, "%s", words);
}

enum pj_status
pj_pattern_new(struct pj_span text, struct pj_pattern **pattern,
    struct pj_error *err)
{
	struct pj_pattern *fresh;
	enum pj_status status;
	size_t groups;

	status = check_form(text, &groups, err);
	if (status != PJ_OK)
		return status;
	fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL)
		return PJ_NO_MEMORY;
	status = compile(&fresh->regex, text, err);
	if (status != PJ_OK) {
		free(fresh);
		return status;
	}
	fresh->groups = groups;
	*pattern = fresh;
	return PJ_OK;
}

void
pj_pattern_free(struct pj_pattern *pattern)
{
	if (pattern == NULL)
		return;
	regfree(&pattern->regex);
	free(pattern);
}

size_t
pj_pattern_groups(const struct pj_pattern *pattern)
{
	return pattern->groups;
}

/* Copies a value that may be matched into a string. */
static bool
copy_value(char copy[PJ_PATTERN_VALUE_MAX + 1], struct pj_span value)
{
	if (value.len > PJ_PATTERN_VALUE_MAX || pj_span_has_control(value))
		return false;
	if (value.len != 0)
		memcpy(copy, value.ptr, value.len);
	copy[value.len] = '\0';
	return true;
}

bool
pj_pattern_match(const struct pj_pattern *pattern, struct pj_span value,
    struct pj_span groups[PJ_PATTERN_REFERENCES])
{
	char copy[PJ_PATTERN_VALUE_MAX + 1];
	regmatch_t found[MATCHES];
	locale_t before;
	int rc;

	if (!copy_value(copy, value))
		return false;
	before = enter_c_locale();
	if (before == (locale_t)0)
		return false;
	rc = regexec(&pattern->regex, copy, MATCHES, found, 0);
	leave_c_locale(before);
	if (rc != 0 || found[0].rm_so != 0 ||
	    (size_t)found[0].rm_eo != value.len)
		return false;
	for (size_t i = 0; groups != NULL && i < PJ_PATTERN_REFERENCES; i++) {
		const regmatch_t *at = &found[i + 2];

		groups[i] = pj_span(NULL, 0);
		if (i < pattern->groups && at->rm_so >= 0)
			groups[i] = pj_span(value.ptr + at->rm_so,
			    (size_t)(at->rm_eo - at->rm_so));
	}
	return true;
}
