/*
 * Rules on claims, the values of `require`:
 *
 *	CLAIM is VALUE		the string, or the JSON text of a number or
 *				boolean, is VALUE
 *	CLAIM any VALUE...	at least one VALUE is among the claim's values
 *	CLAIM all VALUE...	every one is
 *	CLAIM none VALUE...	none is
 *	CLAIM matches PATTERN	a value of the claim matches as a whole
 *
 * The values of a claim are the strings of an array, or the one string that it
 * is; that of `scope` and `scp` is split at spaces.  A rule never holds for a
 * claim that is absent or of another type.
 */
#ifndef PJ_POLICY_RULE_H
#define PJ_POLICY_RULE_H

#include "jose/jwt.h"
#include "policy/list.h"
#include "policy/pattern.h"

enum pj_rule_kind {
	PJ_RULE_IS,
	PJ_RULE_ANY,
	PJ_RULE_ALL,
	PJ_RULE_NONE,
	PJ_RULE_MATCHES,
};

struct pj_rule {
	char			*text;		/* as it is written */
	char			*claim;
	enum pj_rule_kind	 kind;
	struct pj_list		 values;	/* empty for matches */
	struct pj_pattern	*pattern;	/* of matches */
};

/* Owned, in the order of the file. */
struct pj_rules {
	struct pj_rule	*items[PJ_RULES_MAX];
	size_t		 count;
};

/* Parses and adds one rule.  PJ_CONFIG_INVALID or PJ_NO_MEMORY. */
enum pj_status	pj_rules_add(struct pj_rules *rules, struct pj_span text,
		    struct pj_error *err) PJ_MUST_CHECK;
void		pj_rules_free(struct pj_rules *rules);

/*
 * PJ_OK if every rule holds.  Else, of the first that does not:
 * PJ_CLAIM_MISSING, PJ_CLAIM_OVERAGE, PJ_CLAIM_TYPE or PJ_REQUIRE_UNMET.
 */
enum pj_status	pj_rules_check(const struct pj_rules *rules,
		    const struct pj_claims *claims, struct pj_error *err)
		    PJ_MUST_CHECK;

#endif
