#include "policy/grant.h"

enum fit {
	FIT_NONE,
	FIT_SAME,		/* the identity is the user's name */
	FIT_WRITTEN,		/* the user stands there as he is */
};

/* Whether the grant is about this section and this user at all. */
static enum fit
fit(const struct pj_grant *grant, const struct pj_applicant *applicant)
{
	struct pj_span user = pj_span_str(applicant->user);

	if (!pj_list_has(&grant->issuer, pj_span_str(applicant->issuer->name)))
		return FIT_NONE;
	if (pj_list_has(&grant->users.names, user))
		return FIT_WRITTEN;
	if (grant->users.same && pj_span_equal(applicant->identity, user))
		return FIT_SAME;
	return FIT_NONE;
}

static enum pj_status
check(const struct pj_grant *grant, const struct pj_applicant *applicant,
    struct pj_error *err)
{
	if (grant->identity.count != 0 &&
	    !pj_list_has(&grant->identity, applicant->identity))
		return pj_fail_value(err, PJ_USER_NOT_GRANTED, "the identity",
		    applicant->identity);
	if (grant->identity.count == 0 && applicant->is_client)
		return pj_fail(err, PJ_USER_NOT_GRANTED,
		    "the identity is a client program's");
	return pj_rules_check(&grant->require, applicant->claims, err);
}

/* Puts the grant's name before what it wants. */
static enum pj_status
refuse(const struct pj_grant *grant, enum pj_status status,
    struct pj_error *err)
{
	enum pj_status refused = status == PJ_CLAIM_OVERAGE ? status :
	    PJ_USER_NOT_GRANTED;

	if (status == PJ_CLAIM_MISSING)
		return pj_fail_in(err, refused, "[grant %s]: claim_missing",
		    grant->name);
	return pj_fail_in(err, refused, "[grant %s]", grant->name);
}

enum pj_status
pj_grant_find(const struct pj_config *config,
    const struct pj_applicant *applicant, struct pj_grant_match *match,
    struct pj_error *err)
{
	enum pj_status refused = PJ_OK, status;
	enum fit best = FIT_NONE, this;
	struct pj_error why;

	*match = (struct pj_grant_match){ .grant = NULL };
	for (size_t i = 0; i < pj_config_grants(config); i++) {
		const struct pj_grant *grant = pj_config_grant(config, i);

		this = fit(grant, applicant);
		if (this <= best)
			continue;
		why.detail[0] = '\0';
		status = check(grant, applicant, &why);
		if (status == PJ_OK) {
			best = this;
			match->grant = grant;
			match->literal_user = this == FIT_WRITTEN;
		} else if (refused == PJ_OK) {
			refused = refuse(grant, status, &why);
			if (err != NULL)
				*err = why;
		}
	}
	if (match->grant != NULL)
		return PJ_OK;
	return refused != PJ_OK ? refused : pj_fail(err, PJ_USER_NOT_GRANTED,
	    "none is meant for this user");
}
