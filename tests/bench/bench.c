/*
 * What a login costs, in one run: each stage as median and as ratio to the bare
 * signature check.  Run by tests/bench/run, which makes the folder of tokens.
 *
 *	bench FOLDER MODULE ALG...
 *
 * FOLDER holds keys.json and ALG.token for each ALG.
 */
#include <stdio.h>
#include <time.h>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <security/pam_appl.h>

#include "authn/authn.h"
#include "authn/configure.h"
#include "base/file.h"
#include "jose/b64url.h"
#include "jose/jwks.h"
#include "keys/cache.h"
#include "policy/lines.h"

#define ISSUER		"https://bench.test"
#define ROUNDS		41	/* odd: the median is one of them */

static const char *folder, *module;
static struct pj_buf keys = PJ_BUF_INIT(PJ_BODY_MAX);
static struct pj_buf token = PJ_BUF_INIT(PJ_TOKEN_MAX);
static struct pj_config *config;

static void
die(const char *what)
{
	(void)fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static void
must(bool good, const char *what)
{
	if (!good)
		die(what);
}

static double
now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* ---- the bare signature check ---- */

static EVP_PKEY *raw_key;
static const struct pj_alg *raw_alg;
static struct pj_span raw_input;
static unsigned char raw_sig[2 * PJ_SIGNATURE_MAX];
static size_t raw_sig_len;

/* ECDSA's r and s as OpenSSL wants them. */
static void
raw_sig_to_der(void)
{
	PJ_CLEANUP(pj_cleanup_str) char *none = NULL;
	size_t half = raw_sig_len / 2;
	BIGNUM *r = BN_bin2bn(raw_sig, (int)half, NULL);
	BIGNUM *s = BN_bin2bn(raw_sig + half, (int)half, NULL);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	unsigned char *at = raw_sig;

	must(ECDSA_SIG_set0(sig, r, s) == 1, "ECDSA_SIG");
	raw_sig_len = (size_t)i2d_ECDSA_SIG(sig, &at);
	ECDSA_SIG_free(sig);
}

static void
raw_prepare(const char *alg)
{
	struct pj_jwks *jwks;
	struct pj_jws *jws;
	const struct pj_jwk *chosen[PJ_CANDIDATES_MAX];
	const unsigned char *dot;
	size_t count;

	raw_alg = pj_alg_find(pj_span_str(alg));
	must(raw_alg != NULL, "no such algorithm");
	must(pj_jwks_parse(pj_buf_span(&keys), &jwks, NULL) == PJ_OK, "keys");
	must(pj_jws_parse(pj_buf_span(&token), &jws, NULL) == PJ_OK, "token");
	must(pj_jwks_choose(jwks, pj_jws_header(jws), chosen, &count, NULL) ==
	    PJ_OK, "no key for the token");
	must(pj_jwk_load(chosen[0], &raw_key, NULL) == PJ_OK, "key");
	pj_jws_free(jws);
	pj_jwks_free(jwks);
	dot = memrchr(token.ptr, '.', token.len);
	raw_input = pj_span(token.ptr, (size_t)(dot - token.ptr));
	must(pj_b64url_decode(pj_span_from(pj_buf_span(&token),
	    raw_input.len + 1), raw_sig, sizeof(raw_sig), &raw_sig_len) ==
	    PJ_OK, "signature");
	if (raw_alg->scheme == PJ_SCHEME_ECDSA)
		raw_sig_to_der();
}

static void
raw_verify(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;

	must(EVP_DigestVerifyInit_ex(ctx, &pctx, raw_alg->digest, NULL, NULL,
	    raw_key, NULL) == 1, "EVP_DigestVerifyInit_ex");
	if (raw_alg->scheme == PJ_SCHEME_RSA_PSS)
		must(EVP_PKEY_CTX_set_rsa_padding(pctx,
		    RSA_PKCS1_PSS_PADDING) == 1, "padding");
	must(EVP_DigestVerify(ctx, raw_sig, raw_sig_len, raw_input.ptr,
	    raw_input.len) == 1, "EVP_DigestVerify");
	EVP_MD_CTX_free(ctx);
}

/* ---- key set text in memory to verdict ---- */

static void
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

/* ---- open cache file to verdict ---- */

static void
file_verify(void)
{
	struct pj_decision decision;
	const struct pj_login login = {
		.service = "bench",
		.user = "alice",
		.token = pj_buf_span(&token),
		.clock = &pj_clock_system,
		.refresher = &pj_refresher_offline,
		/* What the name service takes is not ours to measure. */
		.no_account = true,
	};

	pj_authn(config, &login, &decision);
	if (decision.status != PJ_OK)
		die(decision.error.detail);
}

/* ---- a whole transaction in a warm process ---- */

static int
answer(int count, const struct pam_message **messages,
    struct pam_response **responses, void *ctx)
{
	struct pam_response *fresh = calloc((size_t)count, sizeof(*fresh));

	(void)messages;
	(void)ctx;
	must(fresh != NULL, "memory");
	for (int i = 0; i < count; i++)
		fresh[i].resp = pj_span_dup(pj_buf_span(&token));
	*responses = fresh;
	return PAM_SUCCESS;
}

static void
transaction(const char *service)
{
	const struct pam_conv conv = { answer, NULL };
	pam_handle_t *pamh = NULL;
	int rc;

	must(pam_start_confdir(service, "alice", &conv, folder, &pamh) ==
	    PAM_SUCCESS, "pam_start_confdir");
	rc = pam_authenticate(pamh, 0);
	must(rc == PAM_SUCCESS, "pam_authenticate");
	(void)pam_end(pamh, rc);
}

static void
pam_with_module(void)
{
	transaction("bench");
}

static void
pam_with_permit(void)
{
	transaction("permit");
}

/* ---- the run ---- */

static const struct {
	const char	*name;
	void		(*run)(void);
	unsigned	 repeat;	/* calls a round */
} stages[] = {
	{ "EVP_DigestVerify, prepared key", raw_verify, 40 },
	{ "key set in memory to verdict", memory_verify, 40 },
	{ "cache file to verdict", file_verify, 40 },
	{ "PAM transaction, pam_permit", pam_with_permit, 4 },
	{ "PAM transaction, pam_jwks", pam_with_module, 4 },
};
#define STAGES	(sizeof(stages) / sizeof(stages[0]))

static void
measure(const char *alg)
{
	static double times[STAGES][ROUNDS];
	double raw;

	/* All stages in every round: a busy machine is busy for all. */
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < STAGES; i++) {
			double start = now_us();

			for (unsigned n = 0; n < stages[i].repeat; n++)
				stages[i].run();
			times[i][round] = (now_us() - start) /
			    stages[i].repeat;
		}
	}
	for (size_t i = 0; i < STAGES; i++)
		qsort(times[i], ROUNDS, sizeof(times[i][0]), compare);
	raw = times[0][ROUNDS / 2];
	(void)printf("%s, token of %zu bytes, %zu bytes of keys\n", alg,
	    token.len, keys.len);
	for (size_t i = 0; i < STAGES; i++)
		(void)printf("  %-32s %9.1f us %8.2f\n", stages[i].name,
		    times[i][ROUNDS / 2], times[i][ROUNDS / 2] / raw);
	(void)printf("  %-32s %9.1f us\n", "pam_jwks above pam_permit",
	    times[4][ROUNDS / 2] - times[3][ROUNDS / 2]);
}

/* A map of 10,000 lines, 200 of them patterns, and the user in the last. */
static void
measure_map(void)
{
	PJ_BUF_SCOPED(text, PJ_MAP_MAX);
	double times[ROUNDS];

	for (unsigned i = 0; i < 9800; i++)
		must(pj_buf_printf(&text, "bench  user%u.surname@example.org "
		    "  user%u\n", i, i) == PJ_OK, "memory");
	for (unsigned i = 0; i < 200; i++)
		must(pj_buf_printf(&text, "bench  re:(.+)@ops%u\\.example\\.org"
		    "  \\1\n", i) == PJ_OK, "memory");
	for (unsigned round = 0; round < ROUNDS; round++) {
		PJ_CLEANUP(pj_cleanup_map) struct pj_map *map = NULL;
		struct pj_lines lines = { .number = 0 };
		struct pj_map_match match;
		struct pj_span line;
		struct pj_error err;
		double start = now_us();

		must(pj_map_new("map", pj_buf_span(&text), &map) == PJ_OK,
		    "memory");
		lines.rest = pj_map_text(map);
		while (pj_lines_next(&lines, &line, &err))
			must(pj_map_add(map, lines.number, line, &err) ==
			    PJ_OK, err.detail);
		pj_map_find(map, "bench",
		    pj_span_str("bob@ops199.example.org"), "bob", false,
		    &match);
		must(match.line == 10000, "no match");
		times[round] = now_us() - start;
	}
	qsort(times, ROUNDS, sizeof(times[0]), compare);
	(void)printf("map of 10,000 lines, %zu bytes: %.1f us\n", text.len,
	    times[ROUNDS / 2]);
}

static char *
path(const char *name)
{
	char *text = NULL;

	must(asprintf(&text, "%s/%s", folder, name) > 0, "memory");
	return text;
}

static void
read_file(const char *name, struct pj_buf *buf)
{
	PJ_CLEANUP(pj_cleanup_str) char *file = path(name);

	pj_buf_clear(buf);
	must(pj_file_read_any(file, buf, NULL) == PJ_OK, file);
}

static void
write_file(const char *name, const char *text)
{
	PJ_CLEANUP(pj_cleanup_str) char *file = path(name);
	FILE *out = fopen(file, "w");

	must(out != NULL && fputs(text, out) >= 0 && fclose(out) == 0, file);
}

/* Configuration, PAM services, and a cache that is fresh for this run. */
static void
prepare(void)
{
	PJ_CLEANUP(pj_cleanup_str) char *text = NULL, *conf = path("conf");
	struct pj_config_source source = { .path = conf };
	struct pj_envelope envelope = { .body = pj_buf_span(&keys) };
	struct pj_key_request request;
	struct pj_cache cache;
	struct pj_error err = { "" };

	must(asprintf(&text, "[module]\ncache_dir = %s/cache\n"
	    "state_dir = %s/state\n[issuer bench]\nissuer = " ISSUER "\n"
	    "services = bench\naudience = bench\nuser_claim = sub\n"
	    "account = none\n", folder, folder) > 0, "memory");
	write_file("conf", text);
	free(text);
	must(asprintf(&text, "auth required %s config=%s/conf\n", module,
	    folder) > 0, "memory");
	write_file("bench", text);
	write_file("permit", "auth required pam_permit.so\n");
	if (pj_configure(&source, &config, &err) != PJ_OK)
		die(err.detail);
	pj_configure_request(config, pj_config_issuer(config, 0), &request);
	envelope.jwks_uri = pj_span_str(ISSUER "/keys");
	envelope.validity.ttl = 3600;
	envelope.validity.refresh_after = 3400;
	pj_clock_read_system(NULL, &envelope.validity.fetched);
	envelope.discovered = envelope.full = envelope.validity.fetched;
	if (pj_cache_open(&request, &cache, &err) != PJ_OK ||
	    pj_cache_make_dirs(&cache, &err) != PJ_OK ||
	    pj_cache_store(&cache, &envelope, &err) != PJ_OK)
		die(err.detail);
}

int
main(int argc, char **argv)
{
	must(argc > 3, "usage: bench FOLDER MODULE ALG...");
	folder = argv[1];
	module = argv[2];
	read_file("keys.json", &keys);
	prepare();
	for (int i = 3; i < argc; i++) {
		PJ_CLEANUP(pj_cleanup_str) char *name = NULL;

		must(asprintf(&name, "%s.token", argv[i]) > 0, "memory");
		read_file(name, &token);
		raw_prepare(argv[i]);
		measure(argv[i]);
		EVP_PKEY_free(raw_key);
	}
	measure_map();
	pj_config_free(config);
	pj_buf_free(&keys);
	pj_buf_free(&token);
	return 0;
}
