/*
 * Verified claims for tests: genuine tokens of claims_tokens.py, by name, and
 * issuer sections from the text of a configuration.
 */
#ifndef PJ_TESTS_UNIT_CLAIMS_FIXTURE_H
#define PJ_TESTS_UNIT_CLAIMS_FIXTURE_H

#include "jose/jwks.h"
#include "jose/jwt.h"
#include "policy/config.h"
#include "tests/unit/claims_tokens.h"

/* The token with this name; the test fails if there is none. */
static inline struct pj_span
fixture_token(const char *name)
{
	for (size_t i = 0; i < sizeof(claims_tokens) / sizeof(*claims_tokens);
	    i++)
		if (strcmp(claims_tokens[i].name, name) == 0)
			return pj_span_str(claims_tokens[i].token);
	fail_msg("no token %s", name);
	return pj_span(NULL, 0);
}

/* Its claims, verified; owned by the caller. */
static inline struct pj_claims *
fixture_claims(const char *name)
{
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *jwks = NULL;
	PJ_CLEANUP(pj_cleanup_jwt) struct pj_jwt *jwt = NULL;
	struct pj_claims *claims = NULL;
	struct pj_error err = { "" };

	if (pj_jwks_parse(pj_span_str(CLAIMS_JWKS), &jwks, &err) != PJ_OK ||
	    pj_jwt_parse(fixture_token(name), &jwt, &err) != PJ_OK ||
	    pj_jwt_verify(jwt, pj_jwks_at(jwks, 0), &claims, &err) != PJ_OK)
		fail_msg("%s: %s", name, err.detail);
	return claims;
}

/* A configuration whose sections begin with `[issuer NAME]` lines. */
static inline struct pj_config *
fixture_config(const char *text)
{
	static const struct pj_config_host host = { .node_name = "h.example" };
	struct pj_config *config = NULL;
	struct pj_error err = { "" };

	if (pj_config_new(&host, NULL, NULL, &config) != PJ_OK ||
	    pj_config_add_text(config, pj_span_str(text), "test", &err) !=
	    PJ_OK || pj_config_finish(config, false, &err) != PJ_OK)
		fail_msg("%s", err.detail);
	return config;
}

/* What every section of these tests has. */
#define FIXTURE_SECTION	"[issuer corp]\nissuer = https://id.example\n"	\
	"services = sshd\naudience = ssh\n"

#endif
