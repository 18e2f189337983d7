#include "policy/decision.h"

void
pj_decision_init(struct pj_decision *decision)
{
	memset(decision, 0, sizeof(*decision));
	decision->status = PJ_INTERNAL_ERROR;
}

void
pj_decision_free(struct pj_decision *decision)
{
	pj_list_free(&decision->exports);
}
