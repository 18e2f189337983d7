/*
 * The whole path: a configuration, a token and calls that fail.  Parts are
 * divided by NUL bytes: two letters that seed the failures (or none), the lines
 * of the section, the header, the payload, and a last part that spoils the
 * signature if it is there.
 */
#include <stdio.h>

#include "authn/authn.h"
#include "faults.h"
#include "fuzz.h"
#include "module/pieces.h"
#include "signer.h"

#define NOW	INT64_C(1800000000)
#define PIECE	511

static const struct pj_config_host host = {
	.node_name = "web01", .helper = "/usr/libexec/helper",
	.cache_dir = "/nonexistent", .state_dir = "/nonexistent",
};

static void
read_clock(void *ctx, struct pj_clock *clock)
{
	(void)ctx;
	*clock = (struct pj_clock){ .wall = NOW };
}

/* The signer's keys in a file that stays until the end. */
static const char *
keys_file(void)
{
	static char path[] = "/tmp/pj-fuzz-keys-XXXXXX";
	static bool made;

	if (!made) {
		PJ_BUF_SCOPED(keys, PJ_BODY_MAX);
		int fd = mkstemp(path);

		fuzz_signer_keys(&keys);
		FUZZ_CHECK(fd >= 0 && write(fd, keys.ptr, keys.len) ==
		    (ssize_t)keys.len && close(fd) == 0);
		made = true;
	}
	return path;
}

static __attribute__((destructor)) void
remove_keys_file(void)
{
	(void)unlink(keys_file());
}

static struct pj_config *
configure(struct pj_span lines)
{
	PJ_BUF_SCOPED(text, PJ_CONFIG_MAX);
	struct pj_config *config = NULL;
	struct pj_error err = { "" };

	if (pj_buf_printf(&text, "[issuer corp]\nissuer = https://a.test\n"
	    "audience = ssh\nservices = sshd\njwks_file = %s\n",
	    keys_file()) != PJ_OK || pj_buf_append(&text, lines) != PJ_OK)
		return NULL;
	FUZZ_CHECK(pj_config_new(&host, NULL, NULL, &config) == PJ_OK);
	if (pj_config_add_text(config, pj_buf_span(&text), "f", &err) ==
	    PJ_OK && pj_config_finish(config, false, &err) == PJ_OK)
		return config;
	pj_config_free(config);
	return NULL;
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
	const struct pj_clock_source clock = { read_clock, NULL };
	const char *text = converse(&pieces, token);
	struct pj_login login = {
		.service = "sshd", .user = "alice", .clock = &clock,
		.refresher = &pj_refresher_offline, .no_account = true,
	};

	if (text == NULL)
		return PJ_NO_MEMORY;
	login.token = pj_span_str(text);
	pj_authn(config, &login, &decision);
	FUZZ_CHECK(decision.status != PJ_OK || decision.verified);
	FUZZ_CHECK(pj_is_escaped(pj_span_str(decision.error.detail)));
	return decision.status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_BUF_SCOPED(token, 4 * PJ_TOKEN_MAX);
	struct pj_span rest = pj_span(data, size), seed, header, payload;
	enum pj_status plain, faulty;
	bool spoiled;

	if (size > 2 * PJ_TOKEN_MAX)
		return 0;
	seed = fuzz_part(&rest);
	config = configure(fuzz_part(&rest));
	header = fuzz_part(&rest);
	payload = fuzz_part(&rest);
	if (config == NULL)
		return 0;
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
