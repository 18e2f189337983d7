/*
 * The strict scanner in front of json-c.  Responsible for: refusing every text
 * that is not exactly RFC 8259, or that two parsers could read differently (RFC
 * 7493, RFC 8725 section 2.4).  One pass, no recursion, memory in proportion to
 * the names of the objects that are open.  Must not: build values, or repair.
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/json_text.h"

/* Names kept without malloc: headers, claims sets and keys stay below. */
#define NAMES_INLINE	64

/* Up to here comparing each with each is faster than sorting. */
#define NAMES_PAIRWISE	16

/* What may come next. */
enum place {
	PLACE_VALUE,
	PLACE_FIRST_MEMBER,	/* a name, or the end of an empty object */
	PLACE_MEMBER,		/* a name: there was a comma */
	PLACE_FIRST_ITEM,	/* a value, or the end of an empty array */
	PLACE_AFTER,		/* a comma, an end, or nothing at the top */
};

struct level {
	bool	object;
	size_t	first;		/* index of its first name */
};

struct gate {
	const unsigned char	*start;
	const unsigned char	*at;
	const unsigned char	*end;
	struct pj_error		*err;
	size_t			 values;
	size_t			 depth;
	struct level		 levels[PJ_JSON_DEPTH_MAX];
	struct pj_span		*names;	/* of all open objects, a stack */
	size_t			 names_len;
	size_t			 names_cap;
	struct pj_span		 names_inline[NAMES_INLINE];
	unsigned char		*decoded;	/* names that had escapes */
	size_t			 decoded_len;
};

static void
gate_free(struct gate *g)
{
	if (g->names != g->names_inline)
		free(g->names);
	/* Claim names are no secret, but the rule "wipe copies" is simpler. */
	if (g->decoded != NULL)
		explicit_bzero(g->decoded, g->decoded_len);
	free(g->decoded);
}

static enum pj_status
gate_fail(struct gate *g, enum pj_status status, const char *what)
{
	return pj_fail(g->err, status, "%s at byte %zu", what,
	    (size_t)(g->at - g->start));
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Scans the string at g->at; *raw is what stands between the quotes. */
static enum pj_status
scan_string(struct gate *g, struct pj_span *raw, bool *escaped)
{
	const unsigned char	*first = ++g->at;
	bool			 any = false;

	for (;;) {
		size_t		size;
		uint32_t	point;

		while (g->at < g->end && is_plain(*g->at))
			g->at++;
		if (g->at == g->end)
			return gate_fail(g, PJ_JSON_INVALID, "open string");
		if (*g->at == '"')
			break;
		if (*g->at < 0x20)
			return gate_fail(g, PJ_JSON_INVALID,
			    "control character");
		if (*g->at == '\\') {
			any = true;
			size = pj_json_escape_read(g->at,
			    (size_t)(g->end - g->at), &point);
		} else {
			size = pj_json_utf8_size(g->at,
			    (size_t)(g->end - g->at));
		}
		if (size == 0)
			return gate_fail(g, PJ_JSON_INVALID,
			    any && *g->at == '\\' ? "bad escape" :
			    "malformed UTF-8");
		g->at += size;
	}
	*raw = pj_span(first, (size_t)(g->at - first));
	*escaped = any;
	g->at++;
	return PJ_OK;
}

/*
 * Undoes the escapes of a scanned name, so that two spellings of one name are
 * seen as the duplicate that they are.
 */
static enum pj_status
decode_name(struct gate *g, struct pj_span *name)
{
	unsigned char	*out;
	size_t		 len = 0;

	if (g->decoded == NULL) {
		/* No escape is shorter than its UTF-8 form. */
		g->decoded = malloc((size_t)(g->end - g->start));
		if (g->decoded == NULL)
			return PJ_NO_MEMORY;
	}
	out = g->decoded + g->decoded_len;
	for (size_t i = 0; i < name->len;) {
		uint32_t point = 0;

		if (name->ptr[i] != '\\') {
			out[len++] = name->ptr[i++];
			continue;
		}
		i += pj_json_escape_read(name->ptr + i, name->len - i,
		    &point);
		if (point == 0)
			return gate_fail(g, PJ_JSON_INVALID,
			    "NUL in a member name");
		len += pj_json_utf8_write(out + len, point);
	}
	g->decoded_len += len;
	*name = pj_span(out, len);
	return PJ_OK;
}

static bool
names_grow(struct gate *g)
{
	size_t		 cap = g->names_cap * 2;
	struct pj_span	*names;

	if (g->names_len < g->names_cap)
		return true;
	names = reallocarray(g->names == g->names_inline ? NULL : g->names,
	    cap, sizeof(*names));
	if (names == NULL)
		return false;
	if (g->names == g->names_inline)
		memcpy(names, g->names_inline, sizeof(g->names_inline));
	g->names = names;
	g->names_cap = cap;
	return true;
}

static int
names_compare(const void *left, const void *right)
{
	const struct pj_span	*a = left;
	const struct pj_span	*b = right;

	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return a->len == 0 ? 0 : memcmp(a->ptr, b->ptr, a->len);
}

/* Returns a name that occurs twice, or NULL.  May sort. */
static const struct pj_span *
names_duplicate(struct pj_span *names, size_t count)
{
	if (count <= NAMES_PAIRWISE) {
		for (size_t i = 1; i < count; i++)
			for (size_t j = 0; j < i; j++)
				if (pj_span_equal(names[i], names[j]))
					return &names[i];
		return NULL;
	}
	qsort(names, count, sizeof(*names), names_compare);
	for (size_t i = 1; i < count; i++)
		if (pj_span_equal(names[i], names[i - 1]))
			return &names[i];
	return NULL;
}

static void
skip_space(struct gate *g)
{
	while (g->at < g->end && (*g->at == ' ' || *g->at == '\t' ||
	    *g->at == '\n' || *g->at == '\r'))
		g->at++;
}

/* Scans a name and its colon. */
static enum pj_status
scan_member(struct gate *g)
{
	struct level	*level = &g->levels[g->depth - 1];
	struct pj_span	 name;
	bool		 escaped;
	enum pj_status	 status;

	if (*g->at != '"')
		return gate_fail(g, PJ_JSON_INVALID, "no member name");
	if (g->names_len - level->first >= PJ_JSON_MEMBERS_MAX)
		return gate_fail(g, PJ_JSON_TOO_LARGE, "too many members");
	status = scan_string(g, &name, &escaped);
	if (status == PJ_OK && escaped)
		status = decode_name(g, &name);
	if (status != PJ_OK)
		return status;
	if (!names_grow(g))
		return PJ_NO_MEMORY;
	g->names[g->names_len++] = name;
	skip_space(g);
	if (g->at == g->end || *g->at != ':')
		return gate_fail(g, PJ_JSON_INVALID, "no colon");
	g->at++;
	return PJ_OK;
}

static size_t
skip_digits(struct gate *g)
{
	const unsigned char *first = g->at;

	while (g->at < g->end && *g->at >= '0' && *g->at <= '9')
		g->at++;
	return (size_t)(g->at - first);
}

/* Scans a number, of any size: what it is good for is for getters to say. */
static enum pj_status
scan_number(struct gate *g)
{
	const unsigned char	*digits;
	size_t			 count;

	if (*g->at == '-')
		g->at++;
	digits = g->at;
	count = skip_digits(g);
	if (count == 0 || (count > 1 && digits[0] == '0'))
		return gate_fail(g, PJ_JSON_INVALID, "bad number");
	if (g->at < g->end && *g->at == '.') {
		g->at++;
		if (skip_digits(g) == 0)
			return gate_fail(g, PJ_JSON_INVALID, "bad fraction");
	}
	if (g->at < g->end && (*g->at == 'e' || *g->at == 'E')) {
		g->at++;
		if (g->at < g->end && (*g->at == '+' || *g->at == '-'))
			g->at++;
		if (skip_digits(g) == 0)
			return gate_fail(g, PJ_JSON_INVALID, "bad exponent");
	}
	return PJ_OK;
}

static enum pj_status
scan_word(struct gate *g, const char *word)
{
	struct pj_span rest = pj_span(g->at, (size_t)(g->end - g->at));

	if (!pj_span_starts(rest, word))
		return gate_fail(g, PJ_JSON_INVALID, "no JSON value");
	g->at += strlen(word);
	return PJ_OK;
}

static enum pj_status
open_level(struct gate *g, bool object)
{
	if (g->depth == PJ_JSON_DEPTH_MAX)
		return gate_fail(g, PJ_JSON_TOO_LARGE, "too deep");
	g->levels[g->depth].object = object;
	g->levels[g->depth].first = g->names_len;
	g->depth++;
	g->at++;
	return PJ_OK;
}

static enum pj_status
close_level(struct gate *g)
{
	struct level		*level = &g->levels[g->depth - 1];
	const struct pj_span	*twice;

	if (*g->at != (level->object ? '}' : ']'))
		return gate_fail(g, PJ_JSON_INVALID, "no comma or end");
	if (level->object) {
		twice = names_duplicate(g->names + level->first,
		    g->names_len - level->first);
		if (twice != NULL)
			return pj_fail(g->err, PJ_JSON_DUPLICATE,
			    "member %.*s twice before byte %zu",
			    PJ_SPAN_ARG(*twice), (size_t)(g->at - g->start));
		g->names_len = level->first;
	}
	g->depth--;
	g->at++;
	return PJ_OK;
}

/* Scans a scalar, or enters an array or object. */
static enum pj_status
scan_value(struct gate *g, enum place *next)
{
	struct pj_span	raw;
	bool		escaped;

	if (g->values++ == PJ_JSON_VALUES_MAX)
		return gate_fail(g, PJ_JSON_TOO_LARGE, "too many values");
	*next = PLACE_AFTER;
	switch (*g->at) {
	case '{':
		*next = PLACE_FIRST_MEMBER;
		return open_level(g, true);
	case '[':
		*next = PLACE_FIRST_ITEM;
		return open_level(g, false);
	case '"':
		return scan_string(g, &raw, &escaped);
	case 't':
		return scan_word(g, "true");
	case 'f':
		return scan_word(g, "false");
	case 'n':
		return scan_word(g, "null");
	case '<':	/* an error page or a sign-in page */
		return gate_fail(g, PJ_JSON_INVALID, "HTML or XML");
	default:
		if (*g->at != '-' && (*g->at < '0' || *g->at > '9'))
			return gate_fail(g, PJ_JSON_INVALID, "no JSON value");
		return scan_number(g);
	}
}

/* One step: g->at is before the end, and not at white space. */
static enum pj_status
scan_step(struct gate *g, enum place *place)
{
	enum place at = *place;

	if ((at == PLACE_FIRST_MEMBER && *g->at == '}') ||
	    (at == PLACE_FIRST_ITEM && *g->at == ']')) {
		*place = PLACE_AFTER;
		return close_level(g);
	}
	switch (at) {
	case PLACE_FIRST_MEMBER:
	case PLACE_MEMBER:
		*place = PLACE_VALUE;
		return scan_member(g);
	case PLACE_FIRST_ITEM:
	case PLACE_VALUE:
		return scan_value(g, place);
	case PLACE_AFTER:
		break;
	}
	if (g->depth == 0)
		return gate_fail(g, PJ_JSON_INVALID, "more than one value");
	if (*g->at != ',')
		return close_level(g);
	g->at++;
	*place = g->levels[g->depth - 1].object ? PLACE_MEMBER : PLACE_VALUE;
	return PJ_OK;
}

enum pj_status
pj_json_gate(struct pj_span text, struct pj_error *err)
{
	PJ_CLEANUP(gate_free) struct gate g;
	enum place	place = PLACE_VALUE;
	enum pj_status	status;

	if (text.len == 0)	/* its pointer may be NULL */
		text = pj_span("", 0);
	/* Not a whole initialiser: two KiB of arrays need no zeroes. */
	g.start = g.at = text.ptr;
	g.end = text.ptr + text.len;
	g.err = err;
	g.values = g.depth = g.names_len = g.decoded_len = 0;
	g.names = g.names_inline;
	g.names_cap = NAMES_INLINE;
	g.decoded = NULL;
	if (text.len > PJ_JSON_MAX)
		return pj_fail(err, PJ_JSON_TOO_LARGE, "%zu bytes", text.len);
	for (;;) {
		skip_space(&g);
		if (g.at == g.end)
			break;
		status = scan_step(&g, &place);
		if (status != PJ_OK)
			return status;
	}
	if (place != PLACE_AFTER || g.depth != 0)
		return gate_fail(&g, PJ_JSON_INVALID, "the text ends early");
	return PJ_OK;
}
