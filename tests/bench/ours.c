/* The stages of a login: from a key set in memory, and from the files. */
#include "authn/authn.h"
#include "authn/configure.h"
#include "bench.h"
#include "jose/jwks.h"

void
memory_verify(void)
{
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *jwks = NULL;
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;
	const struct pj_jwk *chosen[PJ_CANDIDATES_MAX];
	struct pj_span payload;
	size_t count;

	must(pj_jwks_parse(pj_buf_span(&keys), &jwks, NULL) == PJ_OK &&
	    pj_jws_parse(pj_buf_span(&token), &jws, NULL) == PJ_OK &&
	    pj_jwks_choose(jwks, pj_jws_header(jws), chosen, &count, NULL) ==
	    PJ_OK && pj_jws_verify(jws, chosen[0], &payload, NULL) == PJ_OK,
	    "memory to verdict");
}

/* What the module does between the answer and the log line. */
void
file_verify(void)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	const struct pj_login login = {
		.service = SERVICE,
		.user = USER,
		.token = pj_buf_span(&token),
		.clock = &pj_clock_system,
		.refresher = &pj_refresher_offline,
		/* What the name service takes is not ours to measure. */
		.no_account = true,
	};
	struct pj_config_source source = { .path = NULL };
	PJ_CLEANUP(pj_decision_free) struct pj_decision decision;
	struct pj_error err = { "" };

	pj_configure_installed(&source);
	pj_decision_init(&decision);
	must(pj_configure(&source, &config, &err) == PJ_OK, err.detail);
	pj_authn(config, &login, &decision);
	must(decision.status == PJ_OK, decision.error.detail);
}
