/*
 * What the way from the cache's file to a verdict consists of.  Each part is
 * measured alone, with what it needs prepared; what the whole takes beyond
 * their sum lies between them.
 */
#include "authn/configure.h"
#include "base/file.h"
#include "bench.h"
#include "jose/b64url.h"
#include "jose/jwks.h"
#include "keys/cache.h"
#include "keys/version.h"
#include "policy/claims.h"
#include "policy/lines.h"
#include "policy/map.h"
#include "policy/select.h"
#include "policy/usermap.h"

#define ROUNDS	301

static struct pj_config *config;
static struct pj_jwks *jwks;
static struct pj_jwt *jwt;		/* stays unverified */
static struct pj_claims *claims;
static struct pj_buf config_text = PJ_BUF_INIT(PJ_CONFIG_MAX);
static struct pj_buf header = PJ_BUF_INIT(PJ_TOKEN_MAX);
static struct pj_buf payload = PJ_BUF_INIT(PJ_TOKEN_MAX);
static struct pj_span token_parts[3];

static void
config_file(void)
{
	PJ_BUF_SCOPED(text, PJ_CONFIG_MAX);
	PJ_CLEANUP(pj_cleanup_fd) int dir = -1;

	must(pj_file_read(CONFIG, &text, NULL) == PJ_OK &&
	    pj_file_open_dir(CONFIG ".d", &dir, NULL) == PJ_FILE_MISSING,
	    "configuration");
}

static void
config_parse(void)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *made = NULL;
	const struct pj_config_host host = { "/h", "/c", "/s", "node" };

	must(pj_config_new(&host, NULL, NULL, &made) == PJ_OK &&
	    pj_config_add_text(made, pj_buf_span(&config_text), CONFIG,
	    NULL) == PJ_OK && pj_config_finish(made, false, NULL) == PJ_OK,
	    "configuration");
}

static void
cache_file(void)
{
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	struct pj_key_request request;
	struct pj_envelope envelope;
	struct pj_cache cache;

	pj_configure_request(config, pj_config_issuer(config, 0), &request);
	must(pj_cache_open(&request, &cache, NULL) == PJ_OK &&
	    pj_cache_load(&cache, &text, &envelope, NULL) == PJ_OK, "cache");
}

static void
json_of(struct pj_span text)
{
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;

	must(pj_json_parse(text, &doc, NULL) == PJ_OK, "JSON");
}

static void
json_keys(void)
{
	json_of(pj_buf_span(&keys));
}

static void
json_token(void)
{
	json_of(pj_buf_span(&header));
	json_of(pj_buf_span(&payload));
}

/* Ours alone, before json-c reads the same. */
static void
gate(void)
{
	must(pj_json_gate(pj_buf_span(&keys), NULL) == PJ_OK &&
	    pj_json_gate(pj_buf_span(&header), NULL) == PJ_OK &&
	    pj_json_gate(pj_buf_span(&payload), NULL) == PJ_OK, "JSON");
}

static void
base64(void)
{
	unsigned char out[PJ_TOKEN_MAX];
	size_t len;

	for (size_t i = 0; i < 3; i++)
		must(pj_b64url_decode(token_parts[i], out, sizeof(out), &len) ==
		    PJ_OK, "base64");
}

/* With the base64 of the keys' numbers. */
static void
key_parse(void)
{
	for (size_t i = 0; i < pj_jwks_count(jwks); i++) {
		struct pj_jwk jwk;

		pj_jwk_read(pj_jwks_at(jwks, i)->json, &jwk, NULL);
		must(jwk.status == PJ_OK, "key");
	}
}

static void
verify_loaded(void)
{
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;
	const struct pj_jwk *chosen[PJ_CANDIDATES_MAX];
	struct pj_span unused;
	size_t count;

	must(pj_jws_parse(pj_buf_span(&token), &jws, NULL) == PJ_OK &&
	    pj_jwks_choose(jwks, pj_jws_header(jws), chosen, &count, NULL) ==
	    PJ_OK && pj_jws_verify(jws, chosen[0], &unused, NULL) == PJ_OK,
	    "verify");
}

static void
parse_token(void)
{
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;

	must(pj_jws_parse(pj_buf_span(&token), &jws, NULL) == PJ_OK, "token");
}

static void
policy(void)
{
	struct pj_decision decision;
	const struct pj_issuer *issuer;
	struct pj_jwt_peek peek;
	struct pj_clock now;

	pj_decision_init(&decision);
	pj_clock_read_system(NULL, &now);
	must(pj_jwt_peek(jwt, &peek, NULL) == PJ_OK &&
	    pj_policy_select(config, SERVICE, &peek, &issuer, NULL) == PJ_OK &&
	    pj_policy_header(issuer, pj_jwt_header(jwt), NULL) == PJ_OK &&
	    pj_policy_expiry(issuer, peek.exp, now.wall, NULL) == PJ_OK &&
	    pj_policy_purpose(issuer, claims, NULL) == PJ_OK &&
	    pj_policy_times(issuer, claims, now.wall, NULL) == PJ_OK &&
	    pj_usermap_match(config, issuer, claims, USER, &decision, NULL) ==
	    PJ_OK, "claims");
	pj_decision_free(&decision);
}

static void
name_token(void)
{
	char hex[PJ_SHA256_HEX_LEN + 1];

	must(pj_sha256_hex(pj_buf_span(&token), hex) == PJ_OK, "SHA-256");
}

static void
clock_once(void)
{
	struct pj_clock now;

	pj_clock_read_system(NULL, &now);
}

static void
map(void)
{
	static const char text[] =
	    "corp  a.surname@example.org  a\ncorp  b.surname@example.org  b\n"
	    "corp  c.surname@example.org  c\ncorp  d.surname@example.org  d\n"
	    "corp  e.surname@example.org  e\ncorp  f.surname@example.org  f\n"
	    "corp  g.surname@example.org  g\ncorp  h.surname@example.org  h\n"
	    "corp  i.surname@example.org  i\ncorp  alice  alice\n";
	PJ_CLEANUP(pj_cleanup_map) struct pj_map *made = NULL;
	struct pj_lines lines = { .number = 0 };
	struct pj_map_match match;
	struct pj_span line;
	struct pj_error err;

	must(pj_map_new("map", pj_span_str(text), &made) == PJ_OK, "memory");
	lines.rest = pj_map_text(made);
	while (pj_lines_next(&lines, &line, &err))
		must(pj_map_add(made, lines.number, line, &err) == PJ_OK,
		    err.detail);
	pj_map_find(made, "corp", pj_span_str("alice"), "alice", false, &match);
	must(match.line == 10, "no match");
}

/* The token's three parts, and the first two decoded. */
static void
split(void)
{
	struct pj_span rest = pj_buf_span(&token);
	struct pj_buf *decoded[] = { &header, &payload };

	for (size_t i = 0; i < 3; i++) {
		const unsigned char *dot = memchr(rest.ptr, '.', rest.len);

		token_parts[i] = pj_span(rest.ptr, dot != NULL ?
		    (size_t)(dot - rest.ptr) : rest.len);
		rest = pj_span_from(rest, token_parts[i].len + 1);
	}
	for (size_t i = 0; i < 2; i++) {
		unsigned char *room = pj_buf_room(decoded[i],
		    token_parts[i].len);

		must(room != NULL && pj_b64url_decode(token_parts[i], room,
		    token_parts[i].len, &decoded[i]->len) == PJ_OK, "base64");
	}
}

static void
prepare(void)
{
	struct pj_config_source source = { .path = NULL };
	const struct pj_jwk *chosen[PJ_CANDIDATES_MAX];
	struct pj_jwt *other = NULL;
	size_t count;

	pj_configure_installed(&source);
	must(pj_configure(&source, &config, NULL) == PJ_OK &&
	    pj_file_read(CONFIG, &config_text, NULL) == PJ_OK &&
	    pj_jwks_parse(pj_buf_span(&keys), &jwks, NULL) == PJ_OK &&
	    pj_jwt_parse(pj_buf_span(&token), &jwt, NULL) == PJ_OK &&
	    pj_jwt_parse(pj_buf_span(&token), &other, NULL) == PJ_OK &&
	    pj_jwks_choose(jwks, pj_jwt_header(jwt), chosen, &count, NULL) ==
	    PJ_OK && pj_jwt_verify(other, chosen[0], &claims, NULL) == PJ_OK,
	    "parts");
	pj_jwt_free(other);
	split();
}

void
measure_parts(void)
{
	static const struct stage stages[] = {
		STAGE("whole", file_verify, 4),
		STAGE("files: configuration and its folder", config_file, 10),
		STAGE("configuration: from text", config_parse, 10),
		STAGE("files: cache, with its checksum", cache_file, 10),
		STAGE("clock, once", clock_once, 10),
		STAGE("JSON: keys", json_keys, 10),
		STAGE("JSON: header, payload", json_token, 10),
		STAGE("JSON: the gate's part of these two", gate, 10),
		STAGE("base64: token", base64, 10),
		STAGE("token taken apart, header read", parse_token, 10),
		STAGE("keys: read, with base64", key_parse, 10),
		STAGE("token, key loaded, signature", verify_loaded, 10),
		STAGE("signature alone", raw_verify, 10),
		STAGE("token's name for the log", name_token, 10),
		STAGE("claims and rules", policy, 10),
		STAGE("map of 10 lines", map, 10),
	};

	prepare();
	measure("parts", stages, sizeof(stages) / sizeof(stages[0]), ROUNDS);
	pj_claims_free(claims);
	pj_jwt_free(jwt);
	pj_jwks_free(jwks);
	pj_config_free(config);
	pj_buf_free(&config_text);
	pj_buf_free(&header);
	pj_buf_free(&payload);
}
