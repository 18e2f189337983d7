/*
 * authn/authn.h: from a token to a decision, with real key files and caches,
 * a clock that stands still, a refresher that counts, and made-up accounts (the
 * linker's --wrap=getpwnam_r).
 */
#include <errno.h>
#include <ftw.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "authn/authn.h"
#include "authn/configure.h"
#include "authn/lookup.h"
#include "jose/digest.h"
#include "keys/cache.h"
#include "tests/unit/claims_fixture.h"

#define NOW	((int64_t)CLAIMS_NOW)
#define BOOT	5000
#define BOOT_ID	"01234567-89ab-cdef-0123-456789abcdef"

/* ---- what stands around a login ----------------------------------------- */

static char root[32];

static struct {
	struct pj_clock	 clock;
	/* The refresher: what it was asked, stores and answers. */
	unsigned	 asked;
	enum pj_refresh_cause causes[8];
	const char	*section;
	const char	*stores;	/* a key set, or NULL */
	enum pj_status	 answers;
	const char	*words;
	/* The name service. */
	unsigned	 lookups;
	char		 looked_up[64];
	uid_t		 uid;
	bool		 no_account;
	int		 error;
	size_t		 needs;		/* bytes, else ERANGE */
} world;

int	__wrap_getpwnam_r(const char *name, struct passwd *pwd, char *buf,
	    size_t size, struct passwd **result);

int
__wrap_getpwnam_r(const char *name, struct passwd *pwd, char *buf,
    size_t size, struct passwd **result)
{
	world.lookups++;
	(void)snprintf(world.looked_up, sizeof(world.looked_up), "%s", name);
	*result = NULL;
	if (size < world.needs)
		return ERANGE;
	if (world.error != 0)
		return world.error;
	if (world.no_account)
		return 0;
	memset(buf, 0, size);
	memset(pwd, 0, sizeof(*pwd));
	pwd->pw_uid = world.uid;
	*result = pwd;
	return 0;
}

static void
read_clock(void *ctx, struct pj_clock *clock)
{
	(void)ctx;
	*clock = world.clock;
}

static const struct pj_clock_source clock_source = { .read = read_clock };

/* Puts a key set of this age into the cache. */
static void
store(const struct pj_key_request *request, const char *keys, int64_t age)
{
	struct pj_cache cache;
	struct pj_envelope envelope;
	struct pj_error err = { "" };

	memset(&envelope, 0, sizeof(envelope));
	envelope.jwks_uri = pj_span_str("https://id.example/keys");
	envelope.body = pj_span_str(keys);
	envelope.validity.fetched = world.clock;
	envelope.validity.fetched.wall -= age;
	envelope.validity.fetched.boot -= age;
	envelope.validity.ttl = 900;
	envelope.validity.refresh_after = 800;
	envelope.full = envelope.validity.fetched;
	if (pj_cache_open(request, &cache, &err) != PJ_OK ||
	    pj_cache_make_dirs(&cache, &err) != PJ_OK ||
	    pj_cache_store(&cache, &envelope, &err) != PJ_OK)
		fail_msg("%s", err.detail);
}

static enum pj_status
refresh(void *ctx, const struct pj_key_request *request,
    enum pj_refresh_cause cause, struct pj_error *err)
{
	(void)ctx;
	if (world.asked < 8)
		world.causes[world.asked] = cause;
	world.asked++;
	world.section = request->section;
	if (world.stores != NULL)
		store(request, world.stores, 0);
	return world.answers == PJ_OK ? PJ_OK :
	    pj_fail(err, world.answers, "%s", world.words);
}

static const struct pj_refresher refresher = { .refresh = refresh };

static int
remove_one(const char *name, const struct stat *st, int type,
    struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(name);
}

static int
begin(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.clock.wall = NOW;
	world.clock.boot = BOOT;
	memcpy(world.clock.boot_id, BOOT_ID, sizeof(BOOT_ID));
	world.uid = 1000;
	world.words = "";
	(void)snprintf(root, sizeof(root), "/tmp/pj-authn-XXXXXX");
	return mkdtemp(root) != NULL ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A configuration with a cache of its own and these lines more. */
static struct pj_config *
cached(const char *lines)
{
	char text[1000];

	(void)snprintf(text, sizeof(text), "[module]\ncache_dir = %s/cache\n"
	    "state_dir = %s/state\n" FIXTURE_SECTION "user_claim = sub\n%s",
	    root, root, lines);
	return fixture_config(text);
}

/* The same with the key set in a file. */
static struct pj_config *
with_file(const char *keys, const char *lines)
{
	char text[1000], path[sizeof(root) + 20];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/keys.json", root);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(keys, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
	(void)snprintf(text, sizeof(text), FIXTURE_SECTION
	    "user_claim = sub\njwks_file = %s\n%s", path, lines);
	return fixture_config(text);
}

static struct pj_decision
login_bytes(const struct pj_config *config, struct pj_span token,
    const char *user)
{
	const struct pj_login login = {
		.service = "sshd",
		.user = user,
		.token = token,
		.clock = &clock_source,
		.refresher = &refresher,
	};
	struct pj_decision decision;

	memset(&decision, 0xff, sizeof(decision));
	pj_authn(config, &login, &decision);
	return decision;
}

static struct pj_decision
login(const struct pj_config *config, const char *name, const char *user)
{
	return login_bytes(config, fixture_token(name), user);
}

static void
expect(const struct pj_decision *decision, enum pj_status status)
{
	if (decision->status != status)
		fail_msg("%s (%s), expected %s",
		    pj_status_name(decision->status), decision->error.detail,
		    pj_status_name(status));
}

/* One login with the key file CLAIMS_JWKS. */
static void
expect_login(const char *lines, const char *name, const char *user,
    enum pj_status status)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	config = with_file(CLAIMS_JWKS, lines);
	decision = login(config, name, user);
	if (decision.status != status)
		fail_msg("%s as %s: %s (%s), expected %s", name, user,
		    pj_status_name(decision.status), decision.error.detail,
		    pj_status_name(status));
}

static void
request_of(const struct pj_config *config, struct pj_key_request *request)
{
	pj_configure_request(config, pj_config_issuer(config, 0), request);
}

/* Keys in the cache, of this age. */
static struct pj_config *
cached_keys(const char *lines, const char *keys, int64_t age)
{
	struct pj_config *config = cached(lines);
	struct pj_key_request request;

	request_of(config, &request);
	store(&request, keys, age);
	return config;
}

/* A state file in which unknown kids are held back, with an earlier error. */
static void
hold_kids(const struct pj_config *config, const char *error)
{
	struct pj_key_request request;
	struct pj_cache cache;
	struct pj_state state = { .cause = PJ_CAUSE_KID };
	struct pj_error err = { "" };

	request_of(config, &request);
	state.holds.attempt = world.clock;
	state.holds.attempt.boot -= 10;
	state.holds.attempt.wall -= 10;
	state.holds.kid_until = world.clock.boot + 20;
	(void)snprintf(state.error.detail, sizeof(state.error.detail), "%s",
	    error);
	if (pj_cache_open(&request, &cache, &err) != PJ_OK ||
	    pj_cache_make_dirs(&cache, &err) != PJ_OK ||
	    pj_cache_store_state(&cache, &state, &err) != PJ_OK)
		fail_msg("%s", err.detail);
}

/* ---- acceptance --------------------------------------------------------- */

static void
a_good_token_is_accepted_and_everything_named(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;
	char hex[PJ_SHA256_HEX_LEN + 1];

	(void)state;
	config = with_file(CLAIMS_JWKS, "");
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_OK);
	assert_true(decision.verified);
	assert_string_equal(decision.error.detail, "");
	assert_string_equal(decision.section, "corp");
	assert_string_equal(decision.kid, "k1");
	assert_string_equal(decision.identity, "alice");
	assert_string_equal(decision.rule, "claim:sub");
	assert_string_equal(decision.tell, "");
	assert_int_equal(pj_sha256_hex(fixture_token("plain"), hex), PJ_OK);
	hex[12] = '\0';
	assert_string_equal(decision.token, hex);
	assert_int_equal(world.lookups, 1);
	assert_string_equal(world.looked_up, "alice");
	assert_int_equal(world.asked, 0);
}

static void
a_newline_behind_the_token_changes_nothing(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_BUF_SCOPED(text, PJ_TOKEN_MAX);
	struct pj_decision plain, decision;

	(void)state;
	config = with_file(CLAIMS_JWKS, "");
	plain = login(config, "plain", "alice");
	assert_int_equal(pj_buf_append(&text, fixture_token("plain")), PJ_OK);
	assert_int_equal(pj_buf_append(&text, pj_span("\n", 1)), PJ_OK);
	decision = login_bytes(config, pj_buf_span(&text), "alice");
	expect(&decision, PJ_OK);
	assert_string_equal(decision.token, plain.token);
}

static void
a_token_without_kid_or_typ_is_accepted_by_default(void **state)
{
	(void)state;
	expect_login("", "kid_absent", "alice", PJ_OK);
	expect_login("", "typ_absent", "alice", PJ_OK);
	expect_login("require_kid = yes\n", "kid_absent", "alice",
	    PJ_KID_MISSING);
	expect_login("typ = JWT\n", "typ_absent", "alice",
	    PJ_TYP_NOT_ALLOWED);
	expect_login("", "typ_at", "alice", PJ_TYP_NOT_ALLOWED);
	expect_login("typ = at+jwt\n", "typ_at", "alice", PJ_OK);
	expect_login("algorithms = RS256\n", "plain", "alice",
	    PJ_ALG_NOT_ALLOWED);
}

/* ---- answers that are no tokens ----------------------------------------- */

static void
passwords_and_odd_answers_are_refused_and_never_named(void **state)
{
	static const struct {
		const char	*answer;
		enum pj_status	 status;
	} cases[] = {
		{ "", PJ_TOKEN_EMPTY },
		{ "\n", PJ_TOKEN_EMPTY },
		{ "correct horse battery staple", PJ_NOT_A_JWT },
		{ "a.b.c", PJ_NOT_A_JWT },
		{ "eyJ", PJ_NOT_A_JWT },
		{ "e.y.J", PJ_NOT_A_JWT },
		{ "...", PJ_NOT_A_JWT },
		{ "\b\n\r\177INCORRECT", PJ_MASKED_ANSWER },
		{ "{\"payload\":\"\"}", PJ_TOKEN_JSON_FORM },
	};
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;

	(void)state;
	config = with_file(CLAIMS_JWKS, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pj_decision decision = login_bytes(config,
		    pj_span_str(cases[i].answer), "alice");

		expect(&decision, cases[i].status);
		assert_string_equal(decision.token, "");
		assert_string_equal(decision.kid, "");
		assert_string_equal(decision.section, "");
		assert_false(decision.verified);
		/* Nothing of a password may be in the detail either. */
		if (strstr(decision.error.detail, "horse") != NULL)
			fail_msg("%s", decision.error.detail);
	}
	assert_int_equal(world.lookups, 0);
	assert_int_equal(world.asked, 0);
}

static void
forms_that_are_never_claims_sets_are_refused(void **state)
{
	(void)state;
	expect_login("", "crit", "alice", PJ_CRIT_PRESENT);
	expect_login("", "payload_array", "alice", PJ_PAYLOAD_INVALID);
	expect_login("", "payload_text", "alice", PJ_PAYLOAD_INVALID);
	expect_login("", "payload_twice", "alice", PJ_PAYLOAD_INVALID);
	assert_int_equal(world.lookups, 0);
}

/* ---- the order of refusals ---------------------------------------------- */

static void
refusals_come_in_the_order_of_the_design(void **state)
{
	struct order {
		const char	*lines;
		const char	*token;
		const char	*user;
		enum pj_status	 status;
	};
	static const struct order cases[] = {
		{ "", "no_iss", "alice", PJ_CLAIM_MISSING },
		{ "", "iss_array", "alice", PJ_CLAIM_TYPE },
		{ "", "iss_unknown", "alice", PJ_ISSUER_UNKNOWN },
		{ "", "iss_nul", "alice", PJ_ISSUER_UNKNOWN },
		{ "", "aud_absent", "alice", PJ_CLAIM_MISSING },
		{ "", "aud_array_behind", "alice", PJ_CLAIM_TYPE },
		{ "", "aud_empty", "alice", PJ_AUDIENCE_MISMATCH },
		{ "", "aud_nul", "alice", PJ_AUDIENCE_MISMATCH },
		{ "", "exp_string", "alice", PJ_CLAIM_TYPE },
		{ "", "no_exp", "alice", PJ_CLAIM_MISSING },
		/* The audience before the expiry. */
		{ "", "expired_aud_other", "alice", PJ_AUDIENCE_MISMATCH },
		/* The signature before what the claims say. */
		{ "", "tampered", "bob", PJ_SIGNATURE_INVALID },
		{ "", "rotated_expired", "alice", PJ_SIGNATURE_INVALID },
		{ "", "rotated_cnf", "alice", PJ_SIGNATURE_INVALID },
		{ "", "kid_new", "alice", PJ_KEY_UNKNOWN },
		/* The purpose before the times. */
		{ "", "expired_cnf", "alice", PJ_TOKEN_BOUND },
		{ "", "events", "bob", PJ_TOKEN_IS_EVENT },
		{ "authorized_party = web\n", "expired", "alice",
		    PJ_CLAIM_MISSING },
		/* The times before the person. */
		{ "", "expired_bob", "alice", PJ_EXPIRED },
		{ "", "later_bob", "alice", PJ_NOT_YET_VALID },
		{ "", "nbf_string", "bob", PJ_CLAIM_TYPE },
		/* The person before the account. */
		{ "", "bob", "alice", PJ_USER_MISMATCH },
		{ "", "sub_dash", "-alice", PJ_USER_INVALID },
	};
	/*
	 * The times before the account, which is looked up all the same: it
	 * decides whether the person is told.
	 */
	static const struct order account[] = {
		{ "max_token_age = 5s\nleeway = 1s\n", "plain", "alice",
		    PJ_TOKEN_TOO_OLD },
		{ "", "expired", "alice", PJ_EXPIRED },
		{ "", "later", "alice", PJ_NOT_YET_VALID },
		{ "", "nbf_string", "alice", PJ_CLAIM_TYPE },
		{ "", "plain", "alice", PJ_USER_IS_ROOT },
	};

	(void)state;
	/* An account that would be refused as well. */
	world.uid = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		expect_login(cases[i].lines, cases[i].token, cases[i].user,
		    cases[i].status);
		if (world.lookups != 0)
			fail_msg("%s as %s", cases[i].token, cases[i].user);
	}
	for (size_t i = 0; i < sizeof(account) / sizeof(*account); i++) {
		world.lookups = 0;
		expect_login(account[i].lines, account[i].token,
		    account[i].user, account[i].status);
		assert_int_equal(world.lookups, 1);
	}
}

static void
an_unverified_token_names_no_identity(void **state)
{
	static const char *const tokens[] = { "tampered", "kid_new",
	    "rotated", "aud_other", "rotated_expired" };
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;

	(void)state;
	config = with_file(CLAIMS_JWKS, "");
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++) {
		struct pj_decision decision = login(config, tokens[i],
		    "alice");

		assert_int_not_equal(decision.status, PJ_OK);
		assert_false(decision.verified);
		assert_string_equal(decision.identity, "");
		assert_string_equal(decision.rule, "");
		assert_string_equal(decision.tell, "");
		assert_int_equal(strlen(decision.token), 12);
	}
}

static void
a_refusal_tells_nothing_of_an_earlier_step(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = with_file(CLAIMS_JWKS, "");
	decision = login(config, "tampered", "bob");
	expect(&decision, PJ_SIGNATURE_INVALID);
	assert_string_equal(decision.error.detail, "");
	decision = login(config, "expired_bob", "alice");
	assert_string_equal(decision.error.detail, "exp 300 s ago");
	decision = login(config, "cnf", "bob");
	assert_string_equal(decision.error.detail, "cnf");
}

static void
a_hostile_key_id_is_shown_escaped(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = with_file(CLAIMS_JWKS, "");
	decision = login(config, "kid_hostile", "alice");
	expect(&decision, PJ_KEY_UNKNOWN);
	assert_string_equal(decision.kid, "k\\x22 user=root\\x0a");
	assert_true(pj_span_printable(pj_span_str(decision.error.detail)));
}

static void
a_service_that_no_section_serves_is_refused(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_login sudo = {
		.service = "sudo", .user = "alice",
		.token = fixture_token("plain"), .clock = &clock_source,
		.refresher = &refresher,
	};
	struct pj_decision decision;

	(void)state;
	config = with_file(CLAIMS_JWKS, "");
	pj_authn(config, &sudo, &decision);
	expect(&decision, PJ_SERVICE_NOT_SERVED);
	assert_int_equal(world.lookups, 0);
}

/* ---- times, and what is told -------------------------------------------- */

static void
expired_token_is_refused_one_second_after_leeway(void **state)
{
	(void)state;
	/* exp is NOW + 300. */
	world.clock.wall = NOW + 300 + 29;
	expect_login("", "plain", "alice", PJ_OK);
	world.clock.wall = NOW + 300 + 30;
	expect_login("", "plain", "alice", PJ_EXPIRED);
}

/* What the section requires comes behind whose token it is. */
static void
what_the_section_requires_must_hold(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	expect_login("require = text is red\n", "shapes", "alice", PJ_OK);
	expect_login("require = text is red\nrequire = list any blue\n",
	    "shapes", "alice", PJ_REQUIRE_UNMET);
	expect_login("require = groups any x\n", "hasgroups", "alice",
	    PJ_CLAIM_OVERAGE);
	expect_login("require = groups any x\n", "plain", "alice",
	    PJ_CLAIM_MISSING);
	expect_login("require = groups any x\n", "plain", "bob",
	    PJ_USER_MISMATCH);
	config = with_file(CLAIMS_JWKS, "require = groups any x\n");
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_CLAIM_MISSING);
	assert_string_equal(decision.identity, "alice");
	assert_string_equal(decision.rule, "");
	assert_string_equal(decision.error.detail, "groups");
}

static void
claims_are_exported_at_success_only(void **state)
{
	static const char lines[] = "export = JWT_SUB=sub JWT_NO=absent\n"
	    "require = aud is ssh\n";
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = with_file(CLAIMS_JWKS, lines);
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_OK);
	assert_int_equal(decision.exports.count, 1);
	assert_string_equal(decision.exports.items[0], "JWT_SUB=alice");
	pj_decision_free(&decision);
	assert_int_equal(decision.exports.count, 0);
	decision = login(config, "plain", "bob");
	assert_int_equal(decision.exports.count, 0);
	world.uid = 0;
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_USER_IS_ROOT);
	assert_int_equal(decision.exports.count, 0);
}

/* Nobody is told that a token expired which would not have let him in. */
static void
who_lacks_what_is_required_is_told_nothing(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = with_file(CLAIMS_JWKS, "require = sub is alice\n");
	decision = login(config, "expired", "alice");
	expect(&decision, PJ_EXPIRED);
	assert_string_not_equal(decision.tell, "");
	pj_config_free(config);
	config = with_file(CLAIMS_JWKS, "require = sub is bob\n");
	world.lookups = 0;
	decision = login(config, "expired", "alice");
	expect(&decision, PJ_EXPIRED);
	assert_string_equal(decision.tell, "");
	assert_int_equal(world.lookups, 0);
}

static void
only_the_tokens_own_person_is_told(void **state)
{
	static const struct {
		const char	*token;
		const char	*user;
		const char	*text;
	} cases[] = {
		{ "expired", "alice", "Your token expired 5 minutes ago." },
		{ "expired", "bob", "" },
		{ "expired_bob", "alice", "" },
		{ "expired_bob", "bob", "Your token expired 5 minutes ago." },
		{ "later", "alice",
		    "Your token will be valid in 5 minutes." },
		{ "later_bob", "alice", "" },
		{ "expired_cnf", "alice", "" },
		{ "expired_aud_other", "alice", "" },
		{ "rotated_expired", "alice", "" },
		{ "kid_new_expired", "alice", "" },
		{ "bob", "alice", "" },
		{ "plain", "alice", "" },
	};
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;

	(void)state;
	config = with_file(CLAIMS_JWKS, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pj_decision decision = login(config, cases[i].token,
		    cases[i].user);

		if (strcmp(decision.tell, cases[i].text) != 0)
			fail_msg("%s as %s: \"%s\"", cases[i].token,
			    cases[i].user, decision.tell);
	}
}

/* Its existence would be told to whoever holds a token, however old. */
static void
nobody_is_told_whose_account_would_be_refused(void **state)
{
	static const struct {
		const char	*token;
		enum pj_status	 status;
		const char	*text;
	} tokens[] = {
		{ "expired", PJ_EXPIRED, "Your token expired 5 minutes ago." },
		{ "later", PJ_NOT_YET_VALID,
		    "Your token will be valid in 5 minutes." },
	};
	static const struct {
		const char	*lines;
		uid_t		 uid;
		bool		 no_account;
		int		 error;
		bool		 told;
	} cases[] = {
		{ "", 1000, false, 0, true },
		{ "", 0, false, 0, false },
		{ "", 999, false, 0, false },
		{ "", 65534, false, 0, false },
		{ "", 1000, true, 0, false },
		{ "", 1000, false, EIO, false },
		{ "account = none\n", 33, false, 0, true },
		{ "account = none\n", 1000, true, 0, true },
		{ "account = none\n", 0, false, 0, false },
		{ "account = none\n", 1000, false, EIO, false },
	};

	(void)state;
	for (size_t t = 0; t < 2; t++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			PJ_CLEANUP(pj_cleanup_config) struct pj_config
			    *config = NULL;
			struct pj_decision decision;

			config = with_file(CLAIMS_JWKS, cases[i].lines);
			world.uid = cases[i].uid;
			world.no_account = cases[i].no_account;
			world.error = cases[i].error;
			world.lookups = 0;
			decision = login(config, tokens[t].token, "alice");
			/* The account changes nothing but the telling. */
			expect(&decision, tokens[t].status);
			assert_true(decision.verified);
			assert_int_equal(world.lookups, 1);
			assert_string_equal(world.looked_up, "alice");
			assert_null(strstr(decision.error.detail, "account"));
			if (strcmp(decision.tell, cases[i].told ?
			    tokens[t].text : "") != 0)
				fail_msg("case %zu: \"%s\"", i,
				    decision.tell);
		}
	}
}

/* ---- accounts ----------------------------------------------------------- */

static void
nobody_is_looked_up_before_the_token_has_verified(void **state)
{
	static const char *const tokens[] = { "tampered", "rotated",
	    "kid_new", "rotated_expired", "kid_new_expired", "aud_other",
	    "expired_aud_other", "iss_unknown", "no_exp", "typ_at",
	    "payload_text", "crit" };
	/* Those have verified, but would not let alice in at any time. */
	static const char *const others[] = { "expired_bob", "later_bob",
	    "expired_cnf", "cnf", "events", "bob" };

	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++) {
		PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
		struct pj_decision decision;

		config = with_file(CLAIMS_JWKS, "");
		decision = login(config, tokens[i], "alice");
		assert_int_not_equal(decision.status, PJ_OK);
		assert_false(decision.verified);
		if (world.lookups != 0)
			fail_msg("%s", tokens[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
		struct pj_decision decision;

		config = with_file(CLAIMS_JWKS, "");
		decision = login(config, others[i], "alice");
		assert_int_not_equal(decision.status, PJ_OK);
		assert_true(decision.verified);
		if (world.lookups != 0)
			fail_msg("%s", others[i]);
	}
	expect_login("", "expired", "alice", PJ_EXPIRED);
	assert_int_equal(world.lookups, 1);
	world.lookups = 0;
	expect_login("", "plain", "alice", PJ_OK);
	assert_int_equal(world.lookups, 1);
}

static void
the_account_must_exist_and_pass_the_uid_rules(void **state)
{
	static const struct {
		uid_t		uid;
		enum pj_status	status;
	} cases[] = {
		{ 0, PJ_USER_IS_ROOT }, { 999, PJ_UID_REFUSED },
		{ 1000, PJ_OK }, { 65534, PJ_UID_REFUSED },
		{ 4294967295U, PJ_UID_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		world.uid = cases[i].uid;
		expect_login("", "plain", "alice", cases[i].status);
	}
	/* Uid 0 by any name, and root by its own. */
	world.uid = 0;
	expect_login("min_uid = 1\n", "root_login", "root", PJ_USER_IS_ROOT);
	expect_login("user_lowercase = yes\n", "sub_root_upper", "root",
	    PJ_USER_IS_ROOT);
	expect_login("user_strip_domain = example.org\n", "sub_mail_root",
	    "root", PJ_USER_IS_ROOT);
	world.uid = 1000;
	world.no_account = true;
	expect_login("", "plain", "alice", PJ_USER_UNKNOWN);
}

static void
trouble_of_the_name_service_is_no_missing_account(void **state)
{
	(void)state;
	world.error = EIO;
	expect_login("", "plain", "alice", PJ_SYSTEM_ERROR);
	world.error = EMFILE;
	expect_login("", "plain", "alice", PJ_SYSTEM_ERROR);
	world.error = ENOENT;
	expect_login("", "plain", "alice", PJ_USER_UNKNOWN);
	world.error = ESRCH;
	expect_login("", "plain", "alice", PJ_USER_UNKNOWN);
}

static void
a_long_account_line_is_read_up_to_64_kib(void **state)
{
	(void)state;
	world.needs = 4097;
	expect_login("", "plain", "alice", PJ_OK);
	world.needs = 60000;
	expect_login("", "plain", "alice", PJ_OK);
	world.needs = 65537;
	expect_login("", "plain", "alice", PJ_SYSTEM_ERROR);
}

/* "never root": also where the user need not exist. */
static void
an_account_that_need_not_exist_may_still_not_be_root(void **state)
{
	(void)state;
	world.uid = 0;
	expect_login("account = none\n", "plain", "alice", PJ_USER_IS_ROOT);
	world.uid = 33;
	expect_login("account = none\n", "plain", "alice", PJ_OK);
	world.uid = 65534;
	expect_login("account = none\n", "plain", "alice", PJ_OK);
	world.no_account = true;
	expect_login("account = none\n", "plain", "alice", PJ_OK);
	world.error = ENOENT;
	expect_login("account = none\n", "plain", "alice", PJ_OK);
	world.lookups = 0;
	expect_login("account = none\n", "sub_dash", "-alice",
	    PJ_USER_INVALID);
	expect_login("account = none\n", "tampered", "alice",
	    PJ_SIGNATURE_INVALID);
	assert_int_equal(world.lookups, 0);
}

/* Nobody knows then whether the name is root's. */
static void
trouble_of_the_name_service_lets_no_root_in(void **state)
{
	(void)state;
	world.error = EIO;
	expect_login("account = none\n", "root_login", "root",
	    PJ_SYSTEM_ERROR);
	expect_login("account = none\n", "plain", "alice", PJ_SYSTEM_ERROR);
}

static void
a_tool_that_asks_for_no_account_looks_nobody_up(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_login tool = {
		.service = "sshd", .user = "alice",
		.token = fixture_token("plain"), .clock = &clock_source,
		.refresher = &refresher, .no_account = true,
	};
	struct pj_decision decision;

	(void)state;
	world.uid = 0;
	config = with_file(CLAIMS_JWKS, "");
	pj_authn(config, &tool, &decision);
	expect(&decision, PJ_OK);
	assert_int_equal(world.lookups, 0);
}

/* ---- keys --------------------------------------------------------------- */

static void
a_key_file_that_cannot_serve_is_keys_unavailable(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *none = NULL, *bad =
	    NULL;
	struct pj_decision decision;
	char path[sizeof(root) + 20];

	(void)state;
	none = with_file(CLAIMS_JWKS_NONE, "");
	decision = login(none, "plain", "alice");
	expect(&decision, PJ_KEYS_UNAVAILABLE);
	bad = with_file("<html>", "");
	decision = login(bad, "plain", "alice");
	expect(&decision, PJ_KEYS_UNAVAILABLE);
	(void)snprintf(path, sizeof(path), "%s/keys.json", root);
	assert_int_equal(chmod(path, 0666), 0);
	decision = login(bad, "plain", "alice");
	expect(&decision, PJ_KEYS_UNAVAILABLE);
	assert_int_equal(unlink(path), 0);
	decision = login(bad, "plain", "alice");
	expect(&decision, PJ_KEYS_UNAVAILABLE);
	assert_int_equal(pj_status_outcome(decision.status),
	    PJ_OUTCOME_NO_KEYS);
	/* A key file means no network, whatever is missing. */
	assert_int_equal(world.asked, 0);
}

static void
a_key_file_is_never_refreshed(void **state)
{
	(void)state;
	expect_login("", "kid_new", "alice", PJ_KEY_UNKNOWN);
	expect_login("", "rotated", "alice", PJ_SIGNATURE_INVALID);
	assert_int_equal(world.asked, 0);
}

static void
fresh_keys_are_used_without_asking(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached_keys("", CLAIMS_JWKS, 10);
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_OK);
	assert_int_equal(world.asked, 0);
}

static void
a_cold_cache_is_filled_and_the_token_accepted(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached("");
	world.stores = CLAIMS_JWKS;
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_OK);
	assert_int_equal(world.asked, 1);
	assert_int_equal(world.causes[0], PJ_CAUSE_COLD);
	assert_string_equal(world.section, "corp");
}

static void
a_cold_cache_that_stays_cold_is_keys_unavailable(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached("");
	world.answers = PJ_FETCH_TIMEOUT;
	world.words = "connect";
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_KEYS_UNAVAILABLE);
	assert_int_equal(pj_status_outcome(decision.status),
	    PJ_OUTCOME_NO_KEYS);
	assert_non_null(strstr(decision.error.detail, "fetch_timeout"));
	assert_int_equal(world.asked, 1);
	assert_int_equal(world.lookups, 0);
}

static void
an_unknown_kid_asks_exactly_once_and_the_new_key_is_accepted(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached_keys("", CLAIMS_JWKS, 10);
	world.stores = CLAIMS_JWKS_BOTH;
	decision = login(config, "kid_new", "alice");
	expect(&decision, PJ_OK);
	assert_int_equal(world.asked, 1);
	assert_int_equal(world.causes[0], PJ_CAUSE_KID);
	assert_string_equal(decision.kid, "k2");
}

static void
an_unknown_kid_that_stays_unknown_is_asked_for_exactly_once(void **state)
{
	static const char *const stores[] = { NULL, CLAIMS_JWKS,
	    CLAIMS_JWKS_ROTATED };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
		struct pj_decision decision;

		config = cached_keys("", CLAIMS_JWKS, 10);
		world.asked = 0;
		world.stores = stores[i];
		decision = login(config, "kid_new", "alice");
		expect(&decision, PJ_KEY_UNKNOWN);
		assert_int_equal(world.asked, 1);
		assert_int_equal(strlen(decision.token), PJ_TOKEN_ID_LEN);
	}
}

static void
what_is_refused_anyway_never_asks(void **state)
{
	static const struct {
		const char	*token;
		enum pj_status	 status;
	} cases[] = {
		{ "kid_new_expired", PJ_EXPIRED },
		{ "kid_new_aud_other", PJ_AUDIENCE_MISMATCH },
		{ "kid_new_iss_other", PJ_ISSUER_UNKNOWN },
		{ "kid_new_no_exp", PJ_CLAIM_MISSING },
		{ "kid_new_typ", PJ_TYP_NOT_ALLOWED },
		{ "rotated_expired", PJ_SIGNATURE_INVALID },
		{ "expired", PJ_EXPIRED },
		{ "aud_other", PJ_AUDIENCE_MISMATCH },
		{ "cnf", PJ_TOKEN_BOUND },
		{ "bob", PJ_USER_MISMATCH },
	};
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *es256 = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached_keys("", CLAIMS_JWKS, 500);
	world.stores = CLAIMS_JWKS_BOTH;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		decision = login(config, cases[i].token, "alice");
		if (decision.status != cases[i].status || world.asked != 0)
			fail_msg("%s: %s, asked %u", cases[i].token,
			    pj_status_name(decision.status), world.asked);
	}
	es256 = cached("algorithms = ES256\n");
	decision = login(es256, "kid_new", "alice");
	expect(&decision, PJ_ALG_NOT_ALLOWED);
	assert_int_equal(world.asked, 0);
}

static void
an_expired_token_does_not_fill_a_cold_cache(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached("");
	world.stores = CLAIMS_JWKS;
	decision = login(config, "expired", "alice");
	expect(&decision, PJ_EXPIRED);
	assert_string_equal(decision.error.detail, "exp 300 s ago");
	assert_string_equal(decision.tell, "");
	assert_false(decision.verified);
	decision = login(config, "aud_other", "alice");
	expect(&decision, PJ_AUDIENCE_MISMATCH);
	assert_int_equal(world.asked, 0);
}

static void
an_unknown_kid_that_is_held_back_is_key_unknown(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached_keys("", CLAIMS_JWKS, 10);
	hold_kids(config, "");
	world.stores = CLAIMS_JWKS_BOTH;
	decision = login(config, "kid_new", "alice");
	expect(&decision, PJ_KEY_UNKNOWN);
	assert_int_equal(world.asked, 0);
	assert_non_null(strstr(decision.error.detail, "asking again in 20 s"));
	/* After the pause. */
	world.clock.boot += 20;
	world.clock.wall += 20;
	decision = login(config, "kid_new", "alice");
	expect(&decision, PJ_OK);
	assert_int_equal(world.asked, 1);
}

static void
a_refresher_that_holds_back_is_key_unknown(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached_keys("", CLAIMS_JWKS, 10);
	world.answers = PJ_FETCH_HELD_BACK;
	decision = login(config, "kid_new", "alice");
	expect(&decision, PJ_KEY_UNKNOWN);
	assert_int_equal(world.asked, 1);
}

static void
a_failed_fetch_for_an_unknown_kid_is_an_outcome_without_keys(void **state)
{
	static const enum pj_status answers[] = { PJ_FETCH_FAILED,
	    PJ_FETCH_TIMEOUT, PJ_HELPER_NOT_STARTED, PJ_HELPER_FAILED,
	    PJ_KEYSET_INVALID, PJ_DISCOVERY_INVALID,
	    PJ_DISCOVERY_ISSUER_DIFFERS, PJ_FETCH_USER_MISSING };
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;

	(void)state;
	config = cached_keys("", CLAIMS_JWKS, 10);
	world.words = "said\n\"so\"";
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		struct pj_decision decision;

		world.asked = 0;
		world.answers = answers[i];
		decision = login(config, "kid_new", "alice");
		expect(&decision, PJ_KEYS_UNAVAILABLE);
		assert_int_equal(pj_status_outcome(decision.status),
		    PJ_OUTCOME_NO_KEYS);
		assert_int_equal(world.asked, 1);
		assert_non_null(strstr(decision.error.detail,
		    pj_status_name(answers[i])));
		assert_non_null(strstr(decision.error.detail,
		    "said\\x0a\\x22so\\x22"));
	}
}

/* An earlier failure's words come from the state file, escaped already. */
static void
the_words_of_an_earlier_failure_are_escaped_once(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached_keys("", CLAIMS_JWKS, 10);
	hold_kids(config, "answer \\x22no\\x22");
	decision = login(config, "kid_new", "alice");
	expect(&decision, PJ_KEY_UNKNOWN);
	if (strstr(decision.error.detail, "answer \\x22no\\x22") == NULL)
		fail_msg("%s", decision.error.detail);
}

static void
a_cold_cache_and_an_unknown_kid_ask_once_together(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached("");
	world.stores = CLAIMS_JWKS;
	decision = login(config, "kid_new", "alice");
	expect(&decision, PJ_KEY_UNKNOWN);
	assert_int_equal(world.asked, 1);
	assert_int_equal(world.causes[0], PJ_CAUSE_COLD);
}

static void
new_material_under_a_known_kid_is_accepted_if_the_set_is_old(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached_keys("", CLAIMS_JWKS, 301);
	world.stores = CLAIMS_JWKS_ROTATED;
	decision = login(config, "rotated", "alice");
	expect(&decision, PJ_OK);
	assert_int_equal(world.asked, 1);
	assert_int_equal(world.causes[0], PJ_CAUSE_SIGNATURE);
}

static void
a_young_set_is_believed_when_a_signature_is_wrong(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached_keys("", CLAIMS_JWKS, 299);
	world.stores = CLAIMS_JWKS_ROTATED;
	decision = login(config, "rotated", "alice");
	expect(&decision, PJ_SIGNATURE_INVALID);
	assert_int_equal(world.asked, 0);
}

static void
a_wrong_signature_is_retried_once_and_stays_wrong(void **state)
{
	static const struct {
		const char	*stores;
		enum pj_status	 answers;
	} cases[] = {
		{ NULL, PJ_OK },
		{ CLAIMS_JWKS, PJ_OK },
		{ CLAIMS_JWKS_BOTH, PJ_OK },
		{ CLAIMS_JWKS_ROTATED, PJ_OK },
		{ NULL, PJ_FETCH_FAILED },
		{ NULL, PJ_FETCH_HELD_BACK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
		struct pj_decision decision;

		config = cached_keys("", CLAIMS_JWKS, 500);
		world.asked = 0;
		world.stores = cases[i].stores;
		world.answers = cases[i].answers;
		decision = login(config, "tampered", "bob");
		if (decision.status != PJ_SIGNATURE_INVALID ||
		    world.asked != 1)
			fail_msg("case %zu: %s, asked %u", i,
			    pj_status_name(decision.status), world.asked);
	}
	assert_int_equal(world.lookups, 0);
}

/* A verification that counts how often it was tried, and never works. */
static enum pj_status
count_try(void *ctx, const struct pj_jwk *jwk, struct pj_error *err)
{
	unsigned *count = ctx;

	(void)jwk;
	(void)err;
	(*count)++;
	return PJ_SIGNATURE_INVALID;
}

static void
a_key_is_tried_again_only_if_it_has_changed(void **state)
{
	static const struct {
		const char	*stores;
		unsigned	 tries;
	} cases[] = {
		{ CLAIMS_JWKS, 1 },
		{ CLAIMS_JWKS_BOTH, 1 },	/* another set, the same k1 */
		{ CLAIMS_JWKS_ROTATED, 2 },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
		PJ_CLEANUP(pj_cleanup_keysource) struct pj_keysource *source =
		    NULL;
		PJ_CLEANUP(pj_cleanup_jwt) struct pj_jwt *jwt = NULL;
		struct pj_key_request request;
		unsigned tries = 0;

		config = cached_keys("", CLAIMS_JWKS, 500);
		request_of(config, &request);
		world.asked = 0;
		world.stores = cases[i].stores;
		assert_int_equal(pj_jwt_parse(fixture_token("tampered"), &jwt,
		    NULL), PJ_OK);
		assert_int_equal(pj_keysource_new(&request, &clock_source,
		    &refresher, &source), PJ_OK);
		assert_int_equal(pj_lookup_verify(source, pj_jwt_header(jwt),
		    count_try, &tries, NULL), PJ_SIGNATURE_INVALID);
		assert_int_equal(world.asked, 1);
		assert_int_equal(tries, cases[i].tries);
	}
}

static void
an_unfit_key_is_asked_for_once_if_the_set_is_old(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_key_request request;
	struct pj_decision decision;

	(void)state;
	config = cached_keys("", CLAIMS_JWKS_UNFIT, 10);
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_KEY_UNFIT);
	assert_int_equal(world.asked, 0);
	request_of(config, &request);
	store(&request, CLAIMS_JWKS_UNFIT, 500);
	world.stores = CLAIMS_JWKS;
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_OK);
	assert_int_equal(world.asked, 1);
	/* What the first try said is over. */
	assert_string_equal(decision.error.detail, "");
}

static void
stale_keys_serve_after_a_failed_refresh(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached_keys("", CLAIMS_JWKS, 2000);
	world.answers = PJ_FETCH_FAILED;
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_OK);
	assert_int_equal(world.asked, 1);
	assert_int_equal(world.causes[0], PJ_CAUSE_STALE);
	/* The administrator learns of it before the keys are too old. */
	assert_string_equal(decision.error.detail,
	    "stale keys are in use: fetch_failed");
	/* Once per login: the unknown kid does not ask again. */
	world.asked = 0;
	decision = login(config, "kid_new", "alice");
	assert_int_equal(pj_status_outcome(decision.status),
	    PJ_OUTCOME_NO_KEYS);
	assert_int_equal(world.asked, 1);
	assert_int_equal(world.causes[0], PJ_CAUSE_STALE);
}

static void
keys_past_max_stale_are_not_used(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	world.clock.boot = 200000;
	config = cached_keys("", CLAIMS_JWKS, 86400);
	world.answers = PJ_FETCH_FAILED;
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_KEYS_UNAVAILABLE);
	assert_int_equal(world.causes[0], PJ_CAUSE_COLD);
}

static void
a_refresh_that_is_due_is_started_by_a_success_only(void **state)
{
	static const char *const refused[] = { "expired", "bob", "cnf" };
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_decision decision;

	(void)state;
	config = cached_keys("", CLAIMS_JWKS, 850);
	world.answers = PJ_FETCH_HELD_BACK;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		decision = login(config, refused[i], "alice");
		assert_int_not_equal(decision.status, PJ_OK);
		assert_int_equal(world.asked, 0);
	}
	world.no_account = true;
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_USER_UNKNOWN);
	assert_int_equal(world.asked, 0);
	world.no_account = false;
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_OK);
	assert_int_equal(world.asked, 1);
	assert_int_equal(world.causes[0], PJ_CAUSE_DUE);
}

/* ---- the signature alone ------------------------------------------------ */

static struct pj_decision
signature(const struct pj_config *config, const char *name,
    struct pj_buf *payload)
{
	const struct pj_login tool = {
		.service = "x", .user = "", .token = fixture_token(name),
		.clock = &clock_source, .refresher = &refresher,
	};
	struct pj_decision decision;

	memset(&decision, 0xff, sizeof(decision));
	pj_authn_signature(config, &tool, &decision, payload);
	return decision;
}

static void
a_good_signature_gives_the_payload_out(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_BUF_SCOPED(payload, PJ_TOKEN_MAX);
	struct pj_decision decision;

	(void)state;
	config = with_file(CLAIMS_JWKS, "");
	decision = signature(config, "payload_text", &payload);
	expect(&decision, PJ_OK);
	assert_true(decision.verified);
	assert_true(pj_span_is(pj_buf_span(&payload), "hello"));
	assert_int_equal(strlen(decision.token), 12);
	assert_string_equal(decision.kid, "k1");
	/* It says nothing about who may log in, nor when. */
	pj_buf_clear(&payload);
	decision = signature(config, "expired_cnf", &payload);
	expect(&decision, PJ_OK);
	assert_int_equal(world.lookups, 0);
}

static void
a_bad_signature_gives_no_payload_out(void **state)
{
	static const struct {
		const char	*lines;
		const char	*token;
		enum pj_status	 status;
	} cases[] = {
		{ "", "tampered", PJ_SIGNATURE_INVALID },
		{ "", "rotated", PJ_SIGNATURE_INVALID },
		{ "", "kid_new", PJ_KEY_UNKNOWN },
		{ "", "crit", PJ_CRIT_PRESENT },
		{ "algorithms = ES256\n", "plain", PJ_ALG_NOT_ALLOWED },
		{ "", "typ_at", PJ_TYP_NOT_ALLOWED },
		{ "require_kid = yes\n", "kid_absent", PJ_KID_MISSING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
		PJ_BUF_SCOPED(payload, PJ_TOKEN_MAX);
		struct pj_decision decision;

		config = with_file(CLAIMS_JWKS, cases[i].lines);
		decision = signature(config, cases[i].token, &payload);
		expect(&decision, cases[i].status);
		assert_false(decision.verified);
		assert_int_equal(payload.len, 0);
	}
}

static void
without_a_section_no_signature_is_good(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_BUF_SCOPED(payload, PJ_TOKEN_MAX);
	struct pj_decision decision;

	(void)state;
	config = fixture_config("");
	decision = signature(config, "plain", &payload);
	expect(&decision, PJ_CONFIG_INVALID);
	decision = login(config, "plain", "alice");
	expect(&decision, PJ_ISSUER_UNKNOWN);
}

#define LOGIN_TEST(function) \
	cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOGIN_TEST(a_good_token_is_accepted_and_everything_named),
		LOGIN_TEST(a_newline_behind_the_token_changes_nothing),
		LOGIN_TEST(a_token_without_kid_or_typ_is_accepted_by_default),
		LOGIN_TEST(
		    passwords_and_odd_answers_are_refused_and_never_named),
		LOGIN_TEST(forms_that_are_never_claims_sets_are_refused),
		LOGIN_TEST(refusals_come_in_the_order_of_the_design),
		LOGIN_TEST(an_unverified_token_names_no_identity),
		LOGIN_TEST(a_refusal_tells_nothing_of_an_earlier_step),
		LOGIN_TEST(a_hostile_key_id_is_shown_escaped),
		LOGIN_TEST(a_service_that_no_section_serves_is_refused),
		LOGIN_TEST(expired_token_is_refused_one_second_after_leeway),
		LOGIN_TEST(what_the_section_requires_must_hold),
		LOGIN_TEST(claims_are_exported_at_success_only),
		LOGIN_TEST(who_lacks_what_is_required_is_told_nothing),
		LOGIN_TEST(only_the_tokens_own_person_is_told),
		LOGIN_TEST(nobody_is_told_whose_account_would_be_refused),
		LOGIN_TEST(nobody_is_looked_up_before_the_token_has_verified),
		LOGIN_TEST(the_account_must_exist_and_pass_the_uid_rules),
		LOGIN_TEST(trouble_of_the_name_service_is_no_missing_account),
		LOGIN_TEST(a_long_account_line_is_read_up_to_64_kib),
		LOGIN_TEST(
		    an_account_that_need_not_exist_may_still_not_be_root),
		LOGIN_TEST(
		    trouble_of_the_name_service_lets_no_root_in),
		LOGIN_TEST(a_tool_that_asks_for_no_account_looks_nobody_up),
		LOGIN_TEST(a_key_file_that_cannot_serve_is_keys_unavailable),
		LOGIN_TEST(a_key_file_is_never_refreshed),
		LOGIN_TEST(fresh_keys_are_used_without_asking),
		LOGIN_TEST(a_cold_cache_is_filled_and_the_token_accepted),
		LOGIN_TEST(a_cold_cache_that_stays_cold_is_keys_unavailable),
		LOGIN_TEST(
		an_unknown_kid_asks_exactly_once_and_the_new_key_is_accepted),
		LOGIN_TEST(
		an_unknown_kid_that_stays_unknown_is_asked_for_exactly_once),
		LOGIN_TEST(what_is_refused_anyway_never_asks),
		LOGIN_TEST(an_expired_token_does_not_fill_a_cold_cache),
		LOGIN_TEST(an_unknown_kid_that_is_held_back_is_key_unknown),
		LOGIN_TEST(a_refresher_that_holds_back_is_key_unknown),
		LOGIN_TEST(
		a_failed_fetch_for_an_unknown_kid_is_an_outcome_without_keys),
		LOGIN_TEST(the_words_of_an_earlier_failure_are_escaped_once),
		LOGIN_TEST(a_cold_cache_and_an_unknown_kid_ask_once_together),
		LOGIN_TEST(
		new_material_under_a_known_kid_is_accepted_if_the_set_is_old),
		LOGIN_TEST(a_young_set_is_believed_when_a_signature_is_wrong),
		LOGIN_TEST(a_wrong_signature_is_retried_once_and_stays_wrong),
		LOGIN_TEST(a_key_is_tried_again_only_if_it_has_changed),
		LOGIN_TEST(
		    an_unfit_key_is_asked_for_once_if_the_set_is_old),
		LOGIN_TEST(stale_keys_serve_after_a_failed_refresh),
		LOGIN_TEST(keys_past_max_stale_are_not_used),
		LOGIN_TEST(a_refresh_that_is_due_is_started_by_a_success_only),
		LOGIN_TEST(a_good_signature_gives_the_payload_out),
		LOGIN_TEST(a_bad_signature_gives_no_payload_out),
		LOGIN_TEST(without_a_section_no_signature_is_good),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
