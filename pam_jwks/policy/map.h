/*
 * A map from identities to local users, in the manner of PostgreSQL's
 * pg_ident.conf.  Each line has a section's name, an identity and local users:
 *
 *	corp   alice@example.org           alice
 *	corp   re:(.+)@ops\.example\.org   \1
 *
 * Responsible for: its grammar, and which line makes an identity which user.
 * Must not: open a file, or know which sections there are.
 */
#ifndef PJ_POLICY_MAP_H
#define PJ_POLICY_MAP_H

#include "base/cleanup.h"
#include "base/error.h"
#include "policy/pattern.h"

/* One line; the texts are borrowed from the map. */
struct pj_map_line {
	unsigned		 number;
	struct pj_span		 section;
	struct pj_span		 identity;	/* as written, no quotes */
	struct pj_pattern	*pattern;	/* NULL: identity is literal */
	struct pj_span		 users;		/* words */
};

/* What made an identity a user. */
struct pj_map_match {
	unsigned	line;		/* 0: nothing */
	bool		literal_user;	/* the user is written out there */
};

struct pj_map;

/*
 * A map without lines, owned by the caller.  Both are copied: path for
 * messages, and the text that its lines are in.
 */
enum pj_status	pj_map_new(const char *path, struct pj_span text,
		    struct pj_map **map) PJ_MUST_CHECK;
void		pj_map_free(struct pj_map *map);
PJ_DEFINE_CLEANUP(struct pj_map *, pj_cleanup_map, pj_map_free)

/* The map's own copy of the text. */
struct pj_span	pj_map_text(const struct pj_map *map);

/*
 * Adds one line that pj_lines_next has taken off pj_map_text.
 * PJ_CONFIG_INVALID with what is wrong in the detail, or PJ_NO_MEMORY.
 */
enum pj_status	pj_map_add(struct pj_map *map, unsigned number,
		    struct pj_span line, struct pj_error *err) PJ_MUST_CHECK;

const char			*pj_map_path(const struct pj_map *map);
size_t				 pj_map_count(const struct pj_map *map);
const struct pj_map_line	*pj_map_line(const struct pj_map *map,
				    size_t i);

/*
 * The line that lets this identity of a section be user: the first that writes
 * the user out, else the first whose pattern makes him.  With literal_only
 * lines count only if they write the identity out.  match->line is 0 if there
 * is none.
 */
void		pj_map_find(const struct pj_map *map, const char *section,
		    struct pj_span identity, const char *user,
		    bool literal_only, struct pj_map_match *match);

#endif
