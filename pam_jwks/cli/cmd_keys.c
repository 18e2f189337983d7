/*
 * pam-jwks keys: what is at hand for each section, and what is known of the
 * last attempt to get more.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/cli.h"
#include "jose/jwks.h"
#include "keys/version.h"

/* Room for a day and the words around it. */
#define CERTIFICATE_TEXT	48

/* What the key's certificate, if it has one, says of itself. */
static void
tell_certificate(const struct pj_jwk *jwk, char text[CERTIFICATE_TEXT])
{
	struct pj_clock now;
	char day[sizeof("2147485547-12-31")];
	struct tm tm;
	int64_t end;

	text[0] = '\0';
	if (!pj_jwk_certificate_end(jwk, &end) ||
	    gmtime_r(&(time_t){ end }, &tm) == NULL ||
	    strftime(day, sizeof(day), "%F", &tm) == 0)
		return;
	pj_clock_read_system(NULL, &now);
	(void)snprintf(text, CERTIFICATE_TEXT, "  %sx5c %s %s",
	    jwk->from_x5c ? "from " : "",
	    end < now.wall ? "ended" : "until", day);
}

/* Text from a key set must not move a terminal's cursor. */
static void
print_key(const struct pj_jwk *jwk)
{
	char kid[PJ_KID_MAX + 1] = "-", thumbprint[PJ_THUMBPRINT_LEN + 1] = "";
	char certificate[CERTIFICATE_TEXT];

	if (jwk->has_kid)
		pj_escape(kid, sizeof(kid), jwk->kid);
	if (jwk->status != PJ_OK) {
		pj_cli_line("    %s  skipped: %s: %s%s%s%s", kid,
		    pj_status_name(jwk->status),
		    pj_status_sentence(jwk->status),
		    jwk->detail != NULL ? " (" : "",
		    jwk->detail != NULL ? jwk->detail->detail : "",
		    jwk->detail != NULL ? ")" : "");
		return;
	}
	if (pj_jwk_thumbprint(jwk, thumbprint, NULL) != PJ_OK)
		thumbprint[0] = '\0';
	tell_certificate(jwk, certificate);
	pj_cli_line("    %s  %s%s%s  %s  %u bits%s  %s", kid,
	    pj_kty_name(jwk->kty), jwk->crv != PJ_CRV_NONE ? " " : "",
	    jwk->crv != PJ_CRV_NONE ? pj_crv_name(jwk->crv) : "",
	    jwk->alg != NULL ? jwk->alg->name : "any alg", jwk->bits,
	    certificate, thumbprint);
}

/* unsound: what the helper found in the set; see keys/version.h. */
static int
print_set(struct pj_span text, struct pj_span unsound)
{
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *jwks = NULL;
	struct pj_error err = { "" };
	enum pj_status status = pj_jwks_parse(text, &jwks, &err);

	if (status != PJ_OK) {
		pj_cli_say(stdout, "  keys", status, &err);
		return PJ_EXIT_NO_KEYS;
	}
	pj_version_skip(jwks, unsound);
	if (pj_jwks_count(jwks) == 0)
		(void)puts("    the key set is empty");
	for (size_t i = 0; i < pj_jwks_count(jwks); i++)
		print_key(pj_jwks_at(jwks, i));
	return pj_jwks_usable(jwks) != 0 ? PJ_EXIT_OK : PJ_EXIT_NO_KEYS;
}

static int
print_file(const struct pj_key_request *request)
{
	PJ_BUF_SCOPED(text, PJ_BODY_MAX);
	struct pj_error err = { "" };
	const char *path = request->jwks_file;
	enum pj_status status = request->any_owner ?
	    pj_file_read_any(path, &text, &err) :
	    pj_file_read(path, &text, &err);

	pj_cli_line("  file %s", path);
	if (status != PJ_OK) {
		pj_cli_say(stdout, "  file", status, &err);
		return PJ_EXIT_NO_KEYS;
	}
	return print_set(pj_buf_span(&text), pj_span(NULL, 0));
}

static void
print_state(const struct pj_cache *cache, const struct pj_clock *now)
{
	struct pj_error err = { "" };
	struct pj_state state;
	enum pj_status status = pj_cache_load_state(cache, &state, &err);
	int64_t held;

	if (status == PJ_FILE_MISSING)
		return;
	if (status != PJ_OK && geteuid() != 0) {
		(void)puts("  only root can see when keys were asked for");
		return;
	}
	if (status != PJ_OK) {
		pj_cli_say(stdout, "  state", status, &err);
		return;
	}
	if (state.has_result)
		pj_cli_line("  last attempt %lld s ago: %s%s%s",
		    (long long)pj_age(&state.holds.attempt, now, NULL),
		    pj_status_name(state.result),
		    state.error.detail[0] != '\0' ? ": " : "",
		    state.error.detail);
	if (state.success.wall > 0)
		pj_cli_line("  last success %lld s ago",
		    (long long)pj_age(&state.success, now, NULL));
	held = pj_held_back(&state.holds, PJ_CAUSE_STALE, now);
	if (held > 0)
		pj_cli_line("  after %u failure%s in a row asking again in "
		    "%lld s", state.failures,
		    state.failures == 1 ? "" : "s", (long long)held);
	held = pj_held_back(&state.holds, PJ_CAUSE_KID, now);
	if (held > 0)
		pj_cli_line("  an unknown key id asks again in %lld s",
		    (long long)held);
}

static void
print_ages(const struct pj_key_request *request,
    const struct pj_envelope *envelope, const struct pj_clock *now)
{
	const struct pj_validity *validity = &envelope->validity;
	int64_t age = pj_age(&validity->fetched, now, NULL);
	enum pj_key_state state = pj_key_state(validity, &request->lifetimes,
	    now);

	pj_cli_line("  from %.*s", PJ_SPAN_ARG(envelope->jwks_uri));
	if (envelope->discovered.wall > 0)
		pj_cli_line("  that address was discovered %lld s ago",
		    (long long)pj_age(&envelope->discovered, now, NULL));
	pj_cli_line("  %s, fetched %lld s ago, ttl %lld s, due after %lld "
	    "s", pj_key_state_name(state), (long long)age,
	    (long long)validity->ttl, (long long)validity->refresh_after);
	if (state == PJ_STATE_FRESH)
		pj_cli_line("  next refresh at the first login in %lld s",
		    (long long)(validity->refresh_after - age));
	else
		(void)puts("  next refresh at the next login");
	if (validity->retire_after > 0)
		pj_cli_line("  the provider withdrew them: not used any more "
		    "in %lld s", (long long)(validity->retire_after - age));
}

static int
print_cache(const struct pj_key_request *request)
{
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	struct pj_error err = { "" };
	struct pj_envelope envelope;
	struct pj_cache cache = { .id = "" };
	struct pj_clock now;
	enum pj_status status = pj_cache_open(request, &cache, &err);

	if (status == PJ_OK)
		status = pj_cache_load(&cache, &text, &envelope, &err);
	pj_clock_read_system(NULL, &now);
	if (status == PJ_OK)
		print_ages(request, &envelope, &now);
	else if (status == PJ_FILE_MISSING)
		(void)puts("  no keys yet; the next login asks for them, or "
		    "pam-jwks refresh");
	else
		pj_cli_say(stdout, "  cache", status, &err);
	if (cache.id[0] != '\0')
		print_state(&cache, &now);
	return status == PJ_OK ? print_set(envelope.body, envelope.unsound) :
	    PJ_EXIT_NO_KEYS;
}

int
pj_cmd_keys(const struct pj_cli *cli)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_config_source source;
	bool any = cli->operand == NULL;
	int code, worst = PJ_EXIT_OK;

	pj_cli_source(cli, &source);
	source.keys_only = source.options != NULL;
	source.without_maps = true;
	code = pj_cli_configure(cli, &source, &config);
	if (code != PJ_EXIT_OK)
		return code;
	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		const struct pj_issuer *issuer = pj_config_issuer(config, i);
		struct pj_key_request request;

		if (cli->operand != NULL &&
		    strcmp(cli->operand, issuer->name) != 0)
			continue;
		any = true;
		pj_cli_line("%s: %s", issuer->name,
		    issuer->issuer != NULL ? issuer->issuer : "no issuer");
		pj_configure_request(config, issuer, &request);
		code = request.jwks_file != NULL ?
		    print_file(&request) : print_cache(&request);
		if (code > worst)
			worst = code;
	}
	if (!any) {
		(void)fprintf(stderr, "keys: no section [issuer %s]\n",
		    cli->operand);
		return PJ_EXIT_USAGE;
	}
	return worst;
}
