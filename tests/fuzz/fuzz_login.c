/*
 * The whole path: a configuration, a token and calls that fail.  Parts are
 * divided by NUL bytes: two letters that seed the failures (or none), the lines
 * of the section, the header, the payload, and a last part that spoils the
 * signature if it is there.  A third letter behind the two, from "a" to "e",
 * has the keys in a cache (fresh, due, stale, too old, or not there at all), so
 * that a helper is started, or fails to; its program does not exist.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "authn/authn.h"
#include "authn/configure.h"
#include "faults.h"
#include "fuzz.h"
#include "keys/cache.h"
#include "module/pieces.h"
#include "signer.h"

#define NOW	INT64_C(1800000000)
#define BOOT	INT64_C(200000)
#define PIECE	511

#define HELPER	"/nonexistent/helper"

static void
read_clock(void *ctx, struct pj_clock *clock)
{
	(void)ctx;
	*clock = (struct pj_clock){ .wall = NOW, .boot = BOOT };
}

/* The signer's keys as a file. */
static const char *
keys_file(void)
{
	static char path[64];
	PJ_BUF_SCOPED(keys, PJ_BODY_MAX);
	FILE *file;

	(void)stpcpy(stpcpy(path, fuzz_folder()), "/keys");
	fuzz_signer_keys(&keys);
	file = fopen(path, "we");
	FUZZ_CHECK(file != NULL && chmod(path, 0644) == 0);
	FUZZ_CHECK(fwrite(keys.ptr, 1, keys.len, file) == keys.len);
	FUZZ_CHECK(fclose(file) == 0);
	return path;
}

/* The cache's file, where the configuration's first section looks for it. */
static void
put_cache(const struct pj_config *config, char letter)
{
	static const int64_t ages[] = { 10, 800, 2000, 90000 };
	PJ_BUF_SCOPED(keys, PJ_BODY_MAX);
	struct pj_key_request request;
	struct pj_envelope envelope = {
		.jwks_uri = pj_span_str("https://a.test/keys"),
		.validity = { .ttl = 900, .refresh_after = 700 },
	};
	struct pj_cache cache;

	pj_configure_request(config, pj_config_issuer(config, 0), &request);
	request.cache_dir = fuzz_folder();
	FUZZ_CHECK(pj_cache_open(&request, &cache, NULL) == PJ_OK);
	fuzz_signer_keys(&keys);
	envelope.body = pj_buf_span(&keys);
	envelope.validity.fetched.wall = NOW - ages[letter - 'a'];
	envelope.validity.fetched.boot = BOOT - ages[letter - 'a'];
	FUZZ_CHECK(pj_cache_store(&cache, &envelope, NULL) == PJ_OK);
}

static struct pj_config *
configure(struct pj_span lines, bool file)
{
	PJ_BUF_SCOPED(text, PJ_CONFIG_MAX);
	const struct pj_config_host host = {
		.node_name = "web01", .helper = HELPER,
		.cache_dir = fuzz_folder(), .state_dir = fuzz_folder(),
	};

	if (pj_buf_printf(&text, "[issuer corp]\nissuer = https://a.test\n"
	    "audience = ssh\nservices = sshd\n%s%s\n",
	    file ? "jwks_file = " : "", file ? keys_file() : "") != PJ_OK ||
	    pj_buf_append(&text, lines) != PJ_OK)
		return NULL;
	return fuzz_configure(&host, pj_buf_span(&text));
}

/* As it comes through a host that passes on pieces; NULL: no memory. */
static const char *
converse(struct pj_pieces *pieces, struct pj_span token)
{
	while (pj_pieces_more(pieces)) {
		struct pj_span piece = token;

		if (piece.len > PIECE)
			piece.len = PIECE;
		token = pj_span_from(token, piece.len);
		if (pj_pieces_add(pieces, piece) != PJ_OK)
			return NULL;
	}
	return pj_pieces_text(pieces);
}

static enum pj_status
log_in(const struct pj_config *config, struct pj_span token)
{
	PJ_CLEANUP(pj_pieces_free) struct pj_pieces pieces = PJ_PIECES_INIT;
	PJ_CLEANUP(pj_decision_free) struct pj_decision decision = {
		.status = PJ_INTERNAL_ERROR,
	};
	const struct pj_clock_source clock = { .read = read_clock };
	const char *text = converse(&pieces, token);
	struct pj_helper helper = {
		.path = HELPER, .config = "/etc/f", .timeout_cold = 8,
		.timeout_stale = 5,
	};
	const struct pj_refresher refresher = { pj_helper_refresh, &helper };
	struct pj_login login = {
		.service = "sshd", .user = "alice", .clock = &clock,
		.refresher = &refresher, .no_account = true,
	};

	if (text == NULL)
		return PJ_NO_MEMORY;
	login.token = pj_span_str(text);
	pj_authn(config, &login, &decision);
	FUZZ_CHECK(decision.status != PJ_OK || decision.verified);
	FUZZ_CHECK(pj_is_escaped(pj_span_str(decision.error.detail)));
	/* No process of ours is left; libFuzzer may have one of its own. */
	FUZZ_CHECK(waitpid(-1, NULL, WNOHANG | __WCLONE) < 0 &&
	    errno == ECHILD);
	return decision.status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_BUF_SCOPED(token, 4 * PJ_TOKEN_MAX);
	struct pj_span rest = pj_span(data, size), seed, header, payload;
	enum pj_status plain, faulty;
	bool spoiled, cached;

	if (size > 2 * PJ_TOKEN_MAX)
		return 0;
	fuzz_empty_folder();
	seed = fuzz_part(&rest);
	cached = seed.len > 2 && seed.ptr[2] >= 'a' && seed.ptr[2] <= 'e';
	config = configure(fuzz_part(&rest), !cached);
	header = fuzz_part(&rest);
	payload = fuzz_part(&rest);
	if (config == NULL)
		return 0;
	if (cached && seed.ptr[2] != 'e')
		put_cache(config, (char)seed.ptr[2]);
	fuzz_sign(header, payload, &token);
	spoiled = rest.len != 0;
	if (spoiled)
		token.ptr[token.len - 20] = token.ptr[token.len - 20] == 'A' ?
		    'B' : 'A';
	plain = log_in(config, pj_buf_span(&token));
	FUZZ_CHECK(!spoiled || plain != PJ_OK);
	if (seed.len < 2)
		return 0;
	fuzz_faults_begin(seed.ptr[0] * 256u + seed.ptr[1],
	    1 + seed.ptr[0] % 64);
	faulty = log_in(config, pj_buf_span(&token));
	/* Trouble never opens a door that is closed otherwise. */
	if (fuzz_faults_end() == 0)
		FUZZ_CHECK(faulty == plain);
	FUZZ_CHECK(faulty != PJ_OK || plain == PJ_OK);
	FUZZ_CHECK(log_in(config, pj_buf_span(&token)) == plain);
	return 0;
}
