#include "policy/map.h"

#include "base/buf.h"
#include "policy/lines.h"
#include "policy/list.h"
#include "policy/usermap.h"

#define PATTERN_MARK	"re:"
#define LINES_STEP	64

struct pj_map {
	char			*path;
	char			*text;
	size_t			 text_len;
	struct pj_map_line	*lines;
	size_t			 count;
	size_t			 room;
	size_t			 patterns;
};

enum pj_status
pj_map_new(const char *path, struct pj_span text, struct pj_map **map)
{
	PJ_CLEANUP(pj_cleanup_map) struct pj_map *fresh =
	    calloc(1, sizeof(*fresh));

	if (fresh == NULL)
		return PJ_NO_MEMORY;
	fresh->path = pj_span_dup(pj_span_str(path));
	fresh->text = pj_span_dup(text);
	if (fresh->path == NULL || fresh->text == NULL)
		return PJ_NO_MEMORY;
	fresh->text_len = text.len;
	*map = PJ_TAKE(fresh);
	return PJ_OK;
}

void
pj_map_free(struct pj_map *map)
{
	if (map == NULL)
		return;
	for (size_t i = 0; i < map->count; i++)
		pj_pattern_free(map->lines[i].pattern);
	free(map->lines);
	free(map->text);
	free(map->path);
	free(map);
}

const char *
pj_map_path(const struct pj_map *map)
{
	return map->path;
}

struct pj_span
pj_map_text(const struct pj_map *map)
{
	return pj_span(map->text, map->text_len);
}

size_t
pj_map_count(const struct pj_map *map)
{
	return map->count;
}

const struct pj_map_line *
pj_map_line(const struct pj_map *map, size_t i)
{
	return i < map->count ? &map->lines[i] : NULL;
}

/* ---- from text ---------------------------------------------------------- */

/* A backslash begins \1 to \9 and nothing else; groups: that there are. */
static enum pj_status
check_references(struct pj_span user, size_t groups, struct pj_error *err)
{
	for (size_t i = 0; i < user.len; i++) {
		size_t group;

		if (user.ptr[i] != '\\')
			continue;
		i++;
		if (i == user.len || user.ptr[i] < '1' || user.ptr[i] > '9')
			return pj_fail(err, PJ_CONFIG_INVALID,
			    "behind a backslash stands a digit from 1 to 9, "
			    "or the user stands in quotes: %.*s",
			    PJ_SPAN_ARG(user));
		group = (size_t)user.ptr[i] - '0';
		if (group > groups)
			return pj_fail(err, PJ_CONFIG_INVALID,
			    "the identity has no group %zu; groups are the "
			    "(...) of a pattern behind re:", group);
	}
	return PJ_OK;
}

static bool
has_reference(const struct pj_word *user)
{
	return !user->quoted &&
	    memchr(user->text.ptr, '\\', user->text.len) != NULL;
}

static enum pj_status
check_users(struct pj_span users, size_t groups, struct pj_error *err)
{
	struct pj_word user;
	enum pj_status status = PJ_OK;
	bool any = false;

	while (status == PJ_OK && pj_word_next(&users, &user)) {
		any = true;
		if (user.text.len == 0)
			return pj_fail(err, PJ_CONFIG_INVALID,
			    "a user is empty or its quotes do not match");
		status = pj_word_check_comma(&user, err);
		if (status == PJ_OK && has_reference(&user))
			status = check_references(user.text, groups, err);
		else if (status == PJ_OK)
			status = pj_usermap_check_name(user.text, err);
	}
	if (status == PJ_USER_INVALID)
		return pj_fail_in(err, PJ_CONFIG_INVALID,
		    "no local user has such a name: %.*s",
		    PJ_SPAN_ARG(user.text));
	if (status == PJ_OK && !any)
		return pj_fail(err, PJ_CONFIG_INVALID, "a line has a section, "
		    "an identity and at least one local user");
	return status;
}

static enum pj_status
parse_identity(struct pj_map *map, const struct pj_word *word,
    struct pj_map_line *line, struct pj_error *err)
{
	enum pj_status status;

	line->identity = word->text;
	if (word->quoted || !pj_span_starts(word->text, PATTERN_MARK))
		return word->text.len <= PJ_IDENTITY_MAX ?
		    pj_word_check_comma(word, err) :
		    pj_fail(err, PJ_CONFIG_INVALID, "no identity has more "
		    "than %d bytes", PJ_IDENTITY_MAX);
	if (map->patterns == PJ_MAP_PATTERNS_MAX)
		return pj_fail(err, PJ_CONFIG_INVALID,
		    "more than %d patterns", PJ_MAP_PATTERNS_MAX);
	status = pj_pattern_new(pj_span_from(word->text,
	    strlen(PATTERN_MARK)), &line->pattern, err);
	if (status == PJ_CONFIG_INVALID)
		(void)pj_fail_in(err, status, "%.*s", PJ_SPAN_ARG(word->text));
	return status;
}

static enum pj_status
parse(struct pj_map *map, struct pj_span rest, struct pj_map_line *line,
    struct pj_error *err)
{
	struct pj_word section, identity;
	enum pj_status status;

	if (pj_line_has_comment(rest))
		return pj_fail(err, PJ_CONFIG_INVALID, "there are no comments "
		    "behind a line's words; quote a # that belongs to one");
	if (!pj_word_next(&rest, &section) ||
	    !pj_word_next(&rest, &identity) ||
	    section.text.len > PJ_NAME_MAX)
		return pj_fail(err, PJ_CONFIG_INVALID, "a line has a section, "
		    "an identity and at least one local user");
	if (section.text.len == 0 || identity.text.len == 0)
		return pj_fail(err, PJ_CONFIG_INVALID, "section or identity "
		    "is empty or its quotes do not match");
	line->section = section.text;
	status = parse_identity(map, &identity, line, err);
	if (status != PJ_OK)
		return status;
	line->users = rest;
	return check_users(rest, line->pattern != NULL ?
	    pj_pattern_groups(line->pattern) : 0, err);
}

static bool
make_room(struct pj_map *map)
{
	size_t room = map->room == 0 ? LINES_STEP : 2 * map->room;
	struct pj_map_line *lines;

	if (map->count < map->room)
		return true;
	lines = reallocarray(map->lines, room, sizeof(*lines));
	if (lines == NULL)
		return false;
	map->lines = lines;
	map->room = room;
	return true;
}

enum pj_status
pj_map_add(struct pj_map *map, unsigned number, struct pj_span text,
    struct pj_error *err)
{
	struct pj_map_line line = { .number = number };
	enum pj_status status;

	if (map->count == PJ_MAP_LINES_MAX)
		return pj_fail(err, PJ_CONFIG_INVALID, "more than %d lines",
		    PJ_MAP_LINES_MAX);
	if (!make_room(map))
		return PJ_NO_MEMORY;
	status = parse(map, text, &line, err);
	if (status != PJ_OK) {
		pj_pattern_free(line.pattern);
		return status;
	}
	map->patterns += line.pattern != NULL ? 1 : 0;
	map->lines[map->count++] = line;
	return PJ_OK;
}

/* ---- looking up --------------------------------------------------------- */

/* True if the word, its references replaced, is the user. */
static bool
makes(struct pj_span word, const struct pj_span *groups, const char *user)
{
	struct pj_span rest = pj_span_str(user);

	for (size_t i = 0; i < word.len; i++) {
		struct pj_span part = pj_span(word.ptr + i, 1);

		if (word.ptr[i] == '\\')
			/* NOLINTNEXTLINE(*NullDereference): check_references */
			part = groups[word.ptr[++i] - '1'];
		/* A group that took no part stands for nothing. */
		if (part.ptr == NULL || rest.len < part.len ||
		    (part.len != 0 &&
		    memcmp(rest.ptr, part.ptr, part.len) != 0))
			return false;
		rest = pj_span_from(rest, part.len);
	}
	return rest.len == 0;
}

enum fit {
	FIT_NONE,
	FIT_MADE,		/* by a reference to the pattern's groups */
	FIT_WRITTEN,		/* the user stands there as he is */
};

static enum fit
find_user(const struct pj_map_line *line, const struct pj_span *groups,
    const char *user)
{
	struct pj_span users = line->users;
	struct pj_word word;
	enum fit best = FIT_NONE;

	while (pj_word_next(&users, &word)) {
		if (has_reference(&word)) {
			if (makes(word.text, groups, user))
				best = FIT_MADE;
		} else if (pj_span_is(word.text, user)) {
			return FIT_WRITTEN;
		}
	}
	return best;
}

static enum fit
fit(const struct pj_map_line *line, struct pj_span identity, const char *user)
{
	struct pj_span groups[PJ_PATTERN_REFERENCES];

	if (line->pattern == NULL)
		return pj_span_equal(line->identity, identity) ?
		    find_user(line, NULL, user) : FIT_NONE;
	if (!pj_pattern_match(line->pattern, identity, groups))
		return FIT_NONE;
	return find_user(line, groups, user);
}

void
pj_map_find(const struct pj_map *map, const char *section,
    struct pj_span identity, const char *user, bool literal_only,
    struct pj_map_match *match)
{
	enum fit best = FIT_NONE;

	*match = (struct pj_map_match){ .line = 0 };
	for (size_t i = 0; best != FIT_WRITTEN && i < map->count; i++) {
		const struct pj_map_line *line = &map->lines[i];
		enum fit this;

		if ((literal_only && line->pattern != NULL) ||
		    !pj_span_is(line->section, section))
			continue;
		this = fit(line, identity, user);
		if (this <= best)
			continue;
		best = this;
		match->line = line->number;
		match->literal_user = this == FIT_WRITTEN;
	}
}
