/*
 * policy/grant.h and maps in policy/usermap.h: who may be whom where rules
 * decide, and who never may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/usermap.h"
#include "tests/unit/claims_fixture.h"

#define MAPPED	"user_map = /users.map\n"
#define GRANT	"[grant web]\nissuer = corp\n"
#define LOWER	"user_lowercase = yes\n"
#define STRIP	"user_strip_domain = example.org\n"

/* [issuer corp] with these lines, this map and whatever follows. */
static struct pj_config *
configure(const char *lines, const char *map)
{
	static const struct pj_config_host host = { .node_name = "h.example" };
	struct pj_config *config = NULL;
	struct pj_error err = { "" };
	char text[3000];

	(void)snprintf(text, sizeof(text), FIXTURE_SECTION "%s", lines);
	if (pj_config_new(&host, NULL, NULL, &config) != PJ_OK ||
	    pj_config_add_text(config, pj_span_str(text), "f.conf", &err) !=
	    PJ_OK || (map != NULL && pj_config_add_map(config,
	    pj_span_str(map), "/users.map", &err) != PJ_OK) ||
	    pj_config_finish(config, false, &err) != PJ_OK)
		fail_msg("%s", err.detail);
	return config;
}

/* Mapping and uid rules for one token and an account with this uid. */
static enum pj_status
reach(const char *lines, const char *map, const char *token, const char *user,
    uid_t uid, struct pj_decision *decision)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL;
	const struct pj_issuer *issuer;
	enum pj_status status;

	config = configure(lines, map);
	claims = fixture_claims(token);
	issuer = pj_config_issuer(config, 0);
	pj_decision_init(decision);
	status = pj_usermap_match(config, issuer, claims, user, decision,
	    &decision->error);
	if (status == PJ_OK)
		status = pj_usermap_check_uid(issuer, decision->literal_user,
		    uid, &decision->error);
	return status;
}

struct grant_case {
	const char	*lines;
	const char	*map;
	const char	*token;
	const char	*user;
	uid_t		 uid;
	enum pj_status	 status;
	const char	*rule;		/* of an acceptance */
};

static void
run(const struct grant_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pj_decision decision;
		enum pj_status status = reach(cases[i].lines, cases[i].map,
		    cases[i].token, cases[i].user, cases[i].uid, &decision);

		if (status != cases[i].status)
			fail_msg("case %zu, %s as %s: %s (%s)", i,
			    cases[i].token, cases[i].user,
			    pj_status_name(status), decision.error.detail);
		if (status == PJ_OK)
			assert_string_equal(decision.rule, cases[i].rule);
	}
}
#define RUN(cases)	run(cases, sizeof(cases) / sizeof((cases)[0]))

/*
 * Every way that a token's own text could make the name of root or of a service
 * account; the tokens say root, Root and root@example.org.
 */
static void
what_a_token_says_never_makes_root_or_a_service_account(void **state)
{
	static const struct grant_case cases[] = {
		{ "user_claim = sub\n", NULL, "sub_root", "root", 0,
		    PJ_USER_IS_ROOT, NULL },
		{ "user_claim = sub\n" LOWER, NULL, "sub_root_upper", "root",
		    0, PJ_USER_IS_ROOT, NULL },
		{ "user_claim = sub\n" STRIP, NULL, "sub_mail_root", "root",
		    0, PJ_USER_IS_ROOT, NULL },
		{ MAPPED, "corp re:(.*) \\1", "sub_root", "root", 0,
		    PJ_USER_IS_ROOT, NULL },
		{ MAPPED, "corp re:(ro)(ot) \\1\\2", "sub_root", "root", 0,
		    PJ_USER_IS_ROOT, NULL },
		{ MAPPED, "corp re:(r)oot \\1oot", "sub_root", "root", 0,
		    PJ_USER_IS_ROOT, NULL },
		{ MAPPED, "corp re:(.*)@example\\.org \\1", "sub_mail_root",
		    "root", 0, PJ_USER_IS_ROOT, NULL },
		{ MAPPED LOWER, "corp re:(.*) \\1", "sub_root_upper", "root",
		    0, PJ_USER_IS_ROOT, NULL },
		{ MAPPED STRIP, "corp re:(.*) \\1", "sub_mail_root", "root",
		    0, PJ_USER_IS_ROOT, NULL },
		{ GRANT "users = same\nrequire = iss is https://id.example\n",
		    NULL, "sub_root", "root", 0, PJ_USER_IS_ROOT, NULL },
		{ GRANT "users = deploy same\nidentity = root\n", NULL,
		    "sub_root", "root", 0, PJ_USER_IS_ROOT, NULL },
		{ LOWER GRANT "users = same\nidentity = root\n", NULL,
		    "sub_root_upper", "root", 0, PJ_USER_IS_ROOT, NULL },
		{ STRIP GRANT "users = same\nidentity = root\n", NULL,
		    "sub_mail_root", "root", 0, PJ_USER_IS_ROOT, NULL },
		/* Root by another name, and other accounts of the system. */
		{ MAPPED, "corp re:(.*) \\1", "plain", "alice", 0,
		    PJ_USER_IS_ROOT, NULL },
		{ MAPPED, "corp re:(.*) \\1", "plain", "alice", 999,
		    PJ_UID_REFUSED, NULL },
		{ MAPPED, "corp re:(.*) \\1", "plain", "alice", 65534,
		    PJ_UID_REFUSED, NULL },
		{ MAPPED, "corp re:(.*) \\1", "plain", "alice", (uid_t)-1,
		    PJ_UID_REFUSED, NULL },
		{ GRANT "users = same\nidentity = alice\n", NULL, "plain",
		    "alice", 999, PJ_UID_REFUSED, NULL },
		{ "min_uid = 1\n" GRANT "users = same\nidentity = alice\n",
		    NULL, "plain", "alice", 0, PJ_USER_IS_ROOT, NULL },
		/* The name of the keyword, or of a reference, is no user. */
		{ GRANT "users = same\nidentity = alice\n", NULL, "plain",
		    "same", 1000, PJ_USER_NOT_GRANTED, NULL },
		{ MAPPED, "corp re:(.*) \\1", "plain", "\\1", 1000,
		    PJ_USER_NOT_GRANTED, NULL },
		/* account = none drops the rules, but not the one on root. */
		{ "account = none\n" MAPPED, "corp re:(.*) \\1", "sub_root",
		    "root", 0, PJ_USER_IS_ROOT, NULL },
		{ "account = none\n" GRANT "users = same\nidentity = root\n",
		    NULL, "sub_root", "root", 0, PJ_USER_IS_ROOT, NULL },
	};

	(void)state;
	RUN(cases);
}

/* A grant is for the tokens of the sections that it names, and no others. */
static void
a_grant_for_another_issuer_lets_nobody_in(void **state)
{
#define OTHER	"[issuer ci]\nissuer = https://ci.example\n" \
	"services = sshd\naudience = x\n"
	static const struct grant_case cases[] = {
		{ OTHER GRANT "users = bob\nidentity = bob\n"
		    "[grant b]\nissuer = ci\nusers = root same\n"
		    "identity = alice\n", NULL, "plain", "root", 0,
		    PJ_USER_NOT_GRANTED, NULL },
		{ OTHER GRANT "users = bob\nidentity = bob\n"
		    "[grant b]\nissuer = ci\nusers = root same\n"
		    "identity = alice\n", NULL, "plain", "alice", 1000,
		    PJ_USER_NOT_GRANTED, NULL },
		{ MAPPED OTHER "[grant b]\nissuer = ci\nusers = root\n"
		    "identity = alice\n", "corp bob bob", "plain", "root", 0,
		    PJ_USER_NOT_GRANTED, NULL },
		{ OTHER GRANT "users = bob\nidentity = bob\n"
		    "[grant b]\nissuer = ci corp\nusers = same\n"
		    "identity = alice\n", NULL, "plain", "alice", 1000,
		    PJ_OK, "grant:b" },
	};

	(void)state;
	RUN(cases);
}

/* What the administrator wrote out he meant. */
static void
a_user_who_is_written_out_is_free_of_the_uid_rules(void **state)
{
	static const struct grant_case cases[] = {
		{ MAPPED, "corp alice root", "plain", "root", 0, PJ_OK,
		    "map:1" },
		{ MAPPED, "corp re:al.* root", "plain", "root", 0, PJ_OK,
		    "map:1" },
		{ MAPPED, "corp re:(.*) \\1\ncorp root root", "sub_root",
		    "root", 0, PJ_OK, "map:2" },
		{ MAPPED, "corp alice www-data", "plain", "www-data", 33,
		    PJ_OK, "map:1" },
		{ MAPPED, "corp alice nobody", "plain", "nobody", 65534,
		    PJ_OK, "map:1" },
		{ MAPPED, "corp alice x", "plain", "x", (uid_t)-1,
		    PJ_UID_REFUSED, NULL },
		{ GRANT "users = root\nidentity = alice\n", NULL, "plain",
		    "root", 0, PJ_OK, "grant:web" },
		{ GRANT "users = same root\nidentity = root\n", NULL,
		    "sub_root", "root", 0, PJ_OK, "grant:web" },
		{ GRANT "users = same\nidentity = root\n"
		    "[grant root]\nissuer = corp\nusers = root\n"
		    "require = sub is root\n", NULL, "sub_root", "root", 0,
		    PJ_OK, "grant:root" },
		{ GRANT "users = root\nidentity = root\n"
		    "[grant b]\nissuer = corp\nusers = same\n"
		    "identity = root\n", NULL, "sub_root", "root", 0,
		    PJ_OK, "grant:web" },
		{ "account = none\n" MAPPED, "corp alice root", "plain",
		    "root", 0, PJ_OK, "map:1" },
		/* In quotes it is a user of this name. */
		{ GRANT "users = \"same\"\nidentity = alice\n", NULL, "plain",
		    "same", 5, PJ_OK, "grant:web" },
		{ GRANT "users = \"same\"\nidentity = alice\n", NULL, "plain",
		    "alice", 1000, PJ_USER_NOT_GRANTED, NULL },
	};

	(void)state;
	RUN(cases);
}

static void
where_a_map_or_grant_decides_the_name_alone_does_not(void **state)
{
	static const struct grant_case cases[] = {
		{ "user_claim = sub\n" MAPPED, "corp bob bob", "plain",
		    "alice", 1000, PJ_USER_NOT_GRANTED, NULL },
		{ "user_claim = sub\n" MAPPED, "", "plain", "alice", 1000,
		    PJ_USER_NOT_GRANTED, NULL },
		{ "user_claim = sub\n" MAPPED, "other alice alice", "plain",
		    "alice", 1000, PJ_USER_NOT_GRANTED, NULL },
		{ "user_claim = sub\n" GRANT "users = bob\nidentity = bob\n",
		    NULL, "plain", "alice", 1000, PJ_USER_NOT_GRANTED, NULL },
		{ "user_claim = sub\n[issuer b]\nissuer = https://b.example\n"
		    "services = sshd\naudience = x\n[grant b]\nissuer = b\n"
		    "users = bob\nidentity = bob\n", NULL, "plain", "alice",
		    1000, PJ_OK, "claim:sub" },
		/* Either is enough where there are both. */
		{ MAPPED GRANT "users = bob\nidentity = alice\n",
		    "corp alice carol", "plain", "bob", 1000, PJ_OK,
		    "grant:web" },
		{ MAPPED GRANT "users = bob\nidentity = alice\n",
		    "corp alice carol", "plain", "carol", 1000, PJ_OK,
		    "map:1" },
		{ MAPPED GRANT "users = bob\nidentity = alice\n",
		    "corp alice carol", "plain", "alice", 1000,
		    PJ_USER_NOT_GRANTED, NULL },
		{ MAPPED GRANT "users = alice\nidentity = alice\n",
		    "corp re:(.*) \\1", "plain", "alice", 5, PJ_OK,
		    "grant:web" },
		{ MAPPED GRANT "users = same\nidentity = alice\n",
		    "corp re:(.*) \\1", "plain", "alice", 1000, PJ_OK,
		    "map:1" },
	};

	(void)state;
	RUN(cases);
}

static void
every_condition_of_a_grant_must_hold(void **state)
{
	static const struct grant_case cases[] = {
		{ GRANT "users = deploy bob\nrequire = text is red\n"
		    "require = one is 1\n", NULL, "shapes", "deploy", 1000,
		    PJ_OK, "grant:web" },
		{ GRANT "users = deploy bob\nrequire = text is red\n"
		    "require = one is 2\n", NULL, "shapes", "deploy", 1000,
		    PJ_USER_NOT_GRANTED, NULL },
		{ GRANT "users = deploy\nrequire = text is red\n"
		    "identity = carol alice\n", NULL, "shapes", "deploy",
		    1000, PJ_OK, "grant:web" },
		{ GRANT "users = deploy\nrequire = text is red\n"
		    "identity = carol\n", NULL, "shapes", "deploy", 1000,
		    PJ_USER_NOT_GRANTED, NULL },
		{ GRANT "users = deploy\nrequire = absent none x\n", NULL,
		    "shapes", "deploy", 1000, PJ_USER_NOT_GRANTED, NULL },
		{ GRANT "users = deploy\nrequire = groups any x\n", NULL,
		    "hasgroups", "deploy", 1000, PJ_CLAIM_OVERAGE, NULL },
		/* Any grant that fits will do. */
		{ GRANT "users = deploy\nrequire = text is blue\n"
		    "[grant b]\nissuer = corp\nusers = deploy\n"
		    "require = text is red\n", NULL, "shapes", "deploy", 1000,
		    PJ_OK, "grant:b" },
		{ GRANT "users = deploy\nrequire = groups any x\n"
		    "[grant b]\nissuer = corp\nusers = deploy\n"
		    "identity = alice\n", NULL, "hasgroups", "deploy", 1000,
		    PJ_OK, "grant:b" },
	};

	(void)state;
	RUN(cases);
}

static void
maps_and_grants_see_the_identity_lower_cased_and_stripped(void **state)
{
	static const struct grant_case cases[] = {
		{ MAPPED LOWER STRIP, "corp alice carol", "sub_mail_upper",
		    "carol", 1000, PJ_OK, "map:1" },
		{ MAPPED LOWER, "corp alice@example.org carol",
		    "sub_mail_upper", "carol", 1000, PJ_OK, "map:1" },
		{ MAPPED, "corp alice@example.org carol", "sub_mail_upper",
		    "carol", 1000, PJ_USER_NOT_GRANTED, NULL },
		{ MAPPED STRIP, "corp re:.* carol", "sub_mail_foreign",
		    "carol", 1000, PJ_IDENTITY_FOREIGN, NULL },
		{ LOWER STRIP GRANT "users = same\nidentity = alice\n", NULL,
		    "sub_mail_upper", "alice", 1000, PJ_OK, "grant:web" },
	};

	(void)state;
	RUN(cases);
}

static void
a_client_program_needs_a_rule_with_its_identity(void **state)
{
	static const struct grant_case cases[] = {
		{ MAPPED, "corp alice bob", "sub_is_client", "bob", 1000,
		    PJ_OK, "map:1" },
		{ MAPPED, "corp \"alice\" alice", "sub_is_client", "alice",
		    1000, PJ_OK, "map:1" },
		{ MAPPED, "corp re:(.*) \\1 bob", "sub_is_client", "bob",
		    1000, PJ_IDENTITY_IS_CLIENT, NULL },
		{ MAPPED LOWER, "corp re:(.*) \\1", "sub_is_client_upper",
		    "alice", 1000, PJ_IDENTITY_IS_CLIENT, NULL },
		{ GRANT "users = bob\nidentity = alice\n", NULL,
		    "sub_is_client", "bob", 1000, PJ_OK, "grant:web" },
		{ GRANT "users = same\nidentity = alice\n", NULL,
		    "sub_is_client", "alice", 1000, PJ_OK, "grant:web" },
		{ GRANT "users = bob\nrequire = aud is ssh\n", NULL,
		    "sub_is_client", "bob", 1000, PJ_IDENTITY_IS_CLIENT,
		    NULL },
		{ GRANT "users = bob\nrequire = aud is ssh\n"
		    "[grant b]\nissuer = corp\nusers = same\n"
		    "identity = alice\n", NULL, "sub_is_client", "alice",
		    1000, PJ_OK, "grant:b" },
		{ GRANT "users = same\nidentity = alice\n"
		    "[grant b]\nissuer = corp\nusers = alice\n"
		    "require = aud is ssh\n", NULL, "sub_is_client", "alice",
		    1000, PJ_OK, "grant:web" },
	};

	(void)state;
	RUN(cases);
}

static void
refusals_say_what_the_first_grant_for_the_user_wants(void **state)
{
	static const struct {
		const char	*lines;
		const char	*token;
		const char	*detail;
	} cases[] = {
		{ GRANT "users = deploy\nrequire = text is blue\n", "shapes",
		    "[grant web]: text is red" },
		{ GRANT "users = deploy\nrequire = env is x\n", "shapes",
		    "[grant web]: claim_missing: env" },
		{ GRANT "users = deploy\nidentity = bob\n", "shapes",
		    "[grant web]: the identity is alice" },
		{ GRANT "users = bob\nidentity = bob\n", "shapes",
		    "none is meant for this user" },
		{ GRANT "users = bob\nidentity = bob\n[grant b]\n"
		    "issuer = corp\nusers = deploy\nrequire = one is 2\n"
		    "[grant c]\nissuer = corp\nusers = deploy\n"
		    "require = one is 3\n", "shapes", "[grant b]: one is 1" },
		{ GRANT "users = deploy\nrequire = groups any x\n",
		    "hasgroups", "[grant web]: groups" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pj_decision decision;

		assert_int_not_equal(reach(cases[i].lines, NULL,
		    cases[i].token, "deploy", 1000, &decision), PJ_OK);
		assert_string_equal(decision.error.detail, cases[i].detail);
		assert_string_equal(decision.rule, "");
		assert_false(decision.literal_user);
		assert_string_equal(decision.identity, "alice");
	}
}

static void
a_map_that_was_not_read_lets_nobody_in(void **state)
{
	struct pj_decision decision;

	(void)state;
	assert_int_equal(reach("user_claim = sub\n" MAPPED, NULL, "plain",
	    "alice", 1000, &decision), PJ_USER_NOT_GRANTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_a_token_says_never_makes_root_or_a_service_account),
		cmocka_unit_test(a_grant_for_another_issuer_lets_nobody_in),
		cmocka_unit_test(
		    a_user_who_is_written_out_is_free_of_the_uid_rules),
		cmocka_unit_test(
		    where_a_map_or_grant_decides_the_name_alone_does_not),
		cmocka_unit_test(every_condition_of_a_grant_must_hold),
		cmocka_unit_test(
		    maps_and_grants_see_the_identity_lower_cased_and_stripped),
		cmocka_unit_test(
		    a_client_program_needs_a_rule_with_its_identity),
		cmocka_unit_test(
		    refusals_say_what_the_first_grant_for_the_user_wants),
		cmocka_unit_test(a_map_that_was_not_read_lets_nobody_in),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
