#include "base/status.h"

struct entry {
	const char	*name;
	const char	*sentence;
	enum pj_outcome	 outcome;
};

#define ENTRY(sym, reason, kind, words) \
	[PJ_##sym] = { reason, words, PJ_OUTCOME_##kind },
static const struct entry entries[PJ_STATUS_COUNT] = {
	PJ_STATUS_LIST(ENTRY)
};
#undef ENTRY

static const struct entry *
find(enum pj_status status)
{
	if ((unsigned)status >= PJ_STATUS_COUNT)
		return &entries[PJ_INTERNAL_ERROR];
	return &entries[status];
}

const char *
pj_status_name(enum pj_status status)
{
	return find(status)->name;
}

const char *
pj_status_sentence(enum pj_status status)
{
	return find(status)->sentence;
}

enum pj_outcome
pj_status_outcome(enum pj_status status)
{
	return find(status)->outcome;
}

bool
pj_status_find(struct pj_span name, enum pj_status *status)
{
	for (unsigned i = 0; i < PJ_STATUS_COUNT; i++) {
		if (pj_span_is(name, entries[i].name)) {
			*status = (enum pj_status)i;
			return true;
		}
	}
	return false;
}
