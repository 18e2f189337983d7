/*
 * Configurations: one or more files, divided by NUL bytes, and maps of users
 * behind them.  A configuration that is accepted has what its readers rely on.
 */
#include "fuzz.h"
#include "policy/config.h"
#include "policy/objections.h"

#define FILES_MAX	3

static const struct pj_config_host host = {
	.node_name = "web01.example.org", .helper = "/usr/libexec/helper",
	.cache_dir = "/var/cache/pam_jwks", .state_dir = "/run/pam_jwks",
};

static void
count_mistake(void *ctx, const char *file, unsigned line, const char *text)
{
	unsigned *count = ctx;

	FUZZ_CHECK(file != NULL && *text != '\0');
	(void)line;
	++*count;
}

static void
see_objection(void *ctx, enum pj_objection_kind kind, const char *text)
{
	(void)ctx;
	(void)kind;
	FUZZ_CHECK(*text != '\0' && pj_span_printable(pj_span_str(text)));
}

static void
check_issuer(const struct pj_config *config, const struct pj_issuer *issuer)
{
	struct pj_map_match match;

	FUZZ_CHECK(issuer->name != NULL && issuer->user_claim != NULL);
	FUZZ_CHECK(issuer->issuer != NULL && issuer->services.count != 0);
	FUZZ_CHECK(issuer->audience.count != 0);
	FUZZ_CHECK(issuer->algorithms != 0 && issuer->leeway >= 0);
	FUZZ_CHECK(issuer->min_ttl <= issuer->max_ttl);
	if (issuer->user_map == NULL)
		return;
	if (pj_config_map(config, issuer->user_map) != NULL)
		pj_map_find(pj_config_map(config, issuer->user_map),
		    issuer->name, pj_span_str("alice@example.org"), "alice",
		    false, &match);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_span rest = pj_span(data, size);
	struct pj_error err = { "" };
	enum pj_status status = PJ_OK, one;
	unsigned mistakes = 0;

	FUZZ_CHECK(pj_config_new(&host, count_mistake, &mistakes, &config) ==
	    PJ_OK);
	for (int i = 0; i < FILES_MAX && rest.len != 0; i++) {
		one = pj_config_add_text(config, fuzz_part(&rest),
		    i == 0 ? "a.conf" : i == 1 ? "b.conf" : "c.conf", &err);
		status = status == PJ_OK ? one : status;
	}
	one = pj_config_finish(config, false, &err);
	status = status == PJ_OK ? one : status;
	/* A refusal has said why, in words that can be printed. */
	FUZZ_CHECK((status == PJ_OK) == (mistakes == 0));
	FUZZ_CHECK(pj_is_escaped(pj_span_str(err.detail)));
	if (status != PJ_OK)
		return 0;
	if (rest.len != 0 && pj_config_issuers(config) != 0 &&
	    pj_config_issuer(config, 0)->user_map != NULL)
		(void)!pj_config_add_map(config, fuzz_part(&rest),
		    pj_config_issuer(config, 0)->user_map, &err);
	pj_config_object(config, see_objection, NULL);
	for (size_t i = 0; i < pj_config_issuers(config); i++)
		check_issuer(config, pj_config_issuer(config, i));
	return 0;
}
