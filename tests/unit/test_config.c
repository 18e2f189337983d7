/*
 * policy/config.h: the strict INI, its mistakes, and the whole that it makes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "policy/config.h"
#include "policy/options.h"

#define ISSUER	"issuer = https://id.example\n"
#define SERVICE	"services = sshd\n"
#define AUD	"audience = ssh\n"
#define CLAIM	"user_claim = sub\n"
#define REST	ISSUER SERVICE AUD CLAIM
#define GRANT_REST	"issuer = a\nusers = x\nrequire = x is y\n"
#define GOOD	"[issuer a]\n" REST

static const char all_module[] = "[module]\n"
    "fetch_user = nobody\n"
    "host_name = h.example\n"
    "cache_dir = /c\n"
    "state_dir = /s\n"
    "helper = /h\n"
    "timeout_cold = 11s\n"
    "timeout_stale = 12s\n"
    "connect_timeout = 13s\n"
    "request_timeout = 14s\n";

static const char all_issuer[] = "# a comment\n\n[issuer corp]\n"
    "issuer = https://id.example/x/\n"
    "services = sshd sudo\n"
    "audience = one\n"
    "audience = openid ssh\n"
    "user_claim = /a/b\n"
    "algorithms = ES256 PS512\n"
    "discovery_url = https://d.example/c\n"
    "ca_file = /ca.pem\n"
    "proxy = http://p.example:3128\n"
    "ip_resolve = 6\n"
    "require_kid = yes\n"
    "typ = at+jwt absent\n"
    "leeway = 0s\n"
    "max_token_age = 1h\n"
    "max_auth_age = 15m\n"
    "authorized_party = web app\n"
    "authorized_party = cli\n"
    "require = groups any ssh-users \"site reliability\"\n"
    "require = env is \"a # b\"\n"
    "user_strip_domain = example.org example.com\n"
    "user_lowercase = yes\n"
    "allow_unverified_email = yes\n"
    "export = JWT_SUB=sub \"JWT_A=b c\"\n"
    "account = local\n"
    "min_uid = 500\n"
    "min_ttl = 21s\n"
    "max_ttl = 22m\n"
    "default_ttl = 23s\n"
    "max_stale = 24h\n"
    "discovery_ttl = 25m\n"
    "discovery_max_stale = 26h\n"
    "kid_cooldown = 27s\n";

static const char all_grant[] = GOOD "[issuer b]\n" REST "\n[grant web]\n"
    "issuer = b a\n"
    "users = deploy same \"with space\"\n"
    "require = repository_id is 1\n"
    "require = env is production\n"
    "identity = one \"two three\"\n";

/* Mistakes in the order in which they came. */
struct noted {
	unsigned	count;
	unsigned	line[100];
	char		text[100][PJ_DETAIL_MAX + 1];
	char		file[64];
};

static void
note(void *ctx, const char *file, unsigned line, const char *text)
{
	struct noted *noted = ctx;

	if (noted->count == 100)
		return;
	noted->line[noted->count] = line;
	(void)snprintf(noted->file, sizeof(noted->file), "%s", file);
	(void)snprintf(noted->text[noted->count++], PJ_DETAIL_MAX + 1, "%s",
	    text);
}

static const struct pj_config_host host = {
	.node_name = "web.example.org",
	.helper = "/helper",
	.cache_dir = "/cache",
	.state_dir = "/state",
};

static struct pj_config *
fresh(struct noted *noted)
{
	struct pj_config *config = NULL;

	assert_int_equal(pj_config_new(&host, noted != NULL ? note : NULL,
	    noted, &config), PJ_OK);
	return config;
}

/* Parses and checks a whole; the first failure's status. */
static enum pj_status
load(struct pj_config *config, struct pj_span text, struct pj_error *err)
{
	enum pj_status status = pj_config_add_text(config, text, "f.conf",
	    err);

	return status == PJ_OK ? pj_config_finish(config, false, err) : status;
}

static struct pj_config *
must_load(const char *text)
{
	struct pj_config *config = fresh(NULL);
	struct pj_error err = { "" };

	if (load(config, pj_span_str(text), &err) != PJ_OK)
		fail_msg("%s", err.detail);
	return config;
}

/* The only mistake of a text, at its line and saying what it should. */
static void
expect_mistake(struct pj_span text, unsigned line, const char *says)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct noted noted = { 0 };
	struct pj_error err = { "" };
	enum pj_status status;
	char begin[40];

	config = fresh(&noted);
	status = load(config, text, &err);
	if (status != PJ_CONFIG_INVALID)
		fail_msg("%.60s: %s", (const char *)text.ptr,
		    pj_status_name(status));
	if (noted.count != 1 || noted.line[0] != line)
		fail_msg("%.60s: %u mistakes, the first in line %u: %s",
		    (const char *)text.ptr, noted.count, noted.line[0],
		    noted.text[0]);
	assert_string_equal(noted.file, "f.conf");
	if (strstr(noted.text[0], says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", noted.text[0], says);
	(void)snprintf(begin, sizeof(begin), line != 0 ? "f.conf:%u: " :
	    "f.conf: ", line);
	if (strncmp(err.detail, begin, strlen(begin)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", err.detail,
		    begin);
	if (strstr(err.detail, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.detail, says);
}

static const struct pj_issuer *
only(const struct pj_config *config)
{
	assert_int_equal(pj_config_issuers(config), 1);
	return pj_config_issuer(config, 0);
}

static void
every_key_of_module_arrives(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	const struct pj_module_settings *module;

	(void)state;
	config = must_load(all_module);
	module = pj_config_module(config);
	assert_string_equal(module->fetch_user, "nobody");
	assert_string_equal(module->host_name, "h.example");
	assert_string_equal(module->cache_dir, "/c");
	assert_string_equal(module->state_dir, "/s");
	assert_string_equal(module->helper, "/h");
	assert_int_equal(module->timeout_cold, 11);
	assert_int_equal(module->timeout_stale, 12);
	assert_int_equal(module->connect_timeout, 13);
	assert_int_equal(module->request_timeout, 14);
	assert_int_equal(pj_config_issuers(config), 0);
}

/*
 * A key that is in none of the texts above, or below where it excludes others,
 * was never seen to arrive.
 */
static void
no_key_of_the_table_is_left_out(void **state)
{
	static const char *const apart[] = { "jwks_uri", "jwks_file",
	    "user_map" };

	(void)state;
	for (size_t i = 0; i < pj_options_count; i++) {
		const struct pj_option *option = &pj_options[i];
		const char *text = option->section == PJ_SECTION_MODULE ?
		    all_module : option->section == PJ_SECTION_GRANT ?
		    all_grant : all_issuer;
		char line[64];
		bool found;

		(void)snprintf(line, sizeof(line), "\n%s = ", option->key);
		found = strstr(text, line) != NULL;
		for (size_t j = 0; j < 3; j++)
			found = found || strcmp(option->key, apart[j]) == 0;
		if (!found)
			fail_msg("%s of %s", option->key,
			    pj_option_section_name(option->section));
	}
}

static void
the_build_gives_the_defaults_of_places(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;

	(void)state;
	config = must_load("");
	assert_string_equal(pj_config_module(config)->helper, "/helper");
	assert_string_equal(pj_config_module(config)->cache_dir, "/cache");
	assert_string_equal(pj_config_module(config)->state_dir, "/state");
	assert_string_equal(pj_config_module(config)->fetch_user, "pam-jwks");
}

static void
every_key_of_issuer_arrives(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL, *none =
	    NULL;
	const struct pj_issuer *issuer;

	(void)state;
	config = must_load(all_issuer);
	issuer = only(config);
	assert_string_equal(issuer->name, "corp");
	assert_string_equal(issuer->file, "f.conf");
	assert_int_equal(issuer->line, 3);
	assert_string_equal(issuer->issuer, "https://id.example/x/");
	assert_int_equal(issuer->services.count, 2);
	assert_string_equal(issuer->services.items[1], "sudo");
	assert_int_equal(issuer->audience.count, 2);
	assert_string_equal(issuer->audience.items[0], "one");
	assert_string_equal(issuer->audience.items[1], "openid ssh");
	assert_string_equal(issuer->user_claim, "/a/b");
	assert_int_equal(issuer->algorithms, 1u << 6 | 1u << 5);
	assert_string_equal(issuer->discovery_url, "https://d.example/c");
	assert_string_equal(issuer->ca_file, "/ca.pem");
	assert_string_equal(issuer->proxy, "http://p.example:3128");
	assert_int_equal(issuer->ip_resolve, 6);
	assert_true(issuer->require_kid);
	assert_int_equal(issuer->typ.count, 2);
	assert_string_equal(issuer->typ.items[0], "at+jwt");
	assert_int_equal(issuer->leeway, 0);
	assert_int_equal(issuer->max_token_age, 3600);
	assert_int_equal(issuer->max_auth_age, 900);
	assert_int_equal(issuer->authorized_party.count, 2);
	assert_string_equal(issuer->authorized_party.items[0], "web app");
	assert_string_equal(issuer->authorized_party.items[1], "cli");
	assert_int_equal(issuer->require.count, 2);
	assert_string_equal(issuer->require.items[0]->claim, "groups");
	assert_int_equal(issuer->require.items[0]->kind, PJ_RULE_ANY);
	assert_int_equal(issuer->require.items[0]->values.count, 2);
	assert_string_equal(issuer->require.items[0]->values.items[1],
	    "site reliability");
	assert_string_equal(issuer->require.items[1]->values.items[0],
	    "a # b");
	assert_int_equal(issuer->user_strip_domain.count, 2);
	assert_string_equal(issuer->user_strip_domain.items[1], "example.com");
	assert_true(issuer->user_lowercase);
	assert_true(issuer->allow_unverified_email);
	assert_int_equal(issuer->export.count, 2);
	assert_string_equal(issuer->export.items[0], "JWT_SUB=sub");
	assert_string_equal(issuer->export.items[1], "JWT_A=b c");
	assert_int_equal(issuer->account, PJ_ACCOUNT_LOCAL);
	assert_int_equal(issuer->min_uid, 500);
	assert_int_equal(issuer->min_ttl, 21);
	assert_int_equal(issuer->max_ttl, 1320);
	assert_int_equal(issuer->default_ttl, 23);
	assert_int_equal(issuer->max_stale, 86400);
	assert_int_equal(issuer->discovery_ttl, 1500);
	assert_int_equal(issuer->discovery_max_stale, 93600);
	assert_int_equal(issuer->kid_cooldown, 27);
	/* min_uid does not go with it. */
	none = must_load(GOOD "account = none\n");
	assert_int_equal(only(none)->account, PJ_ACCOUNT_NONE);
}

static void
every_key_of_grant_arrives(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	const struct pj_grant *grant;

	(void)state;
	config = must_load(all_grant);
	assert_int_equal(pj_config_grants(config), 1);
	grant = pj_config_grant(config, 0);
	assert_string_equal(grant->name, "web");
	assert_string_equal(grant->file, "f.conf");
	assert_int_equal(grant->line, 12);
	assert_int_equal(grant->issuer.count, 2);
	assert_string_equal(grant->issuer.items[0], "b");
	assert_int_equal(grant->users.names.count, 2);
	assert_string_equal(grant->users.names.items[1], "with space");
	assert_true(grant->users.same);
	assert_int_equal(grant->require.count, 2);
	assert_string_equal(grant->require.items[1]->claim, "env");
	assert_int_equal(grant->identity.count, 2);
	assert_string_equal(grant->identity.items[1], "two three");
	assert_null(pj_config_grant(config, 1));
	assert_true(pj_config_is_mapped(config, pj_config_issuer(config, 0)));
}

static void
a_map_arrives_with_its_lines(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_CLEANUP(pj_cleanup_str) char *text = NULL;
	struct noted noted = { 0 };
	struct pj_error err = { "" };
	struct pj_map_match match;

	(void)state;
	text = strdup("# x\n\na alice alice\nb bob bob\n");
	assert_non_null(text);
	config = fresh(&noted);
	assert_int_equal(pj_config_add_text(config, pj_span_str("[issuer a]\n"
	    ISSUER SERVICE AUD "user_map = /m\n[issuer b]\n" REST), "f.conf",
	    &err), PJ_OK);
	assert_null(pj_config_map(config, "/m"));
	assert_int_equal(pj_config_add_map(config, pj_span_str(text), "/m",
	    &err), PJ_OK);
	/* It once pointed into the text that it was given. */
	memset(text, 'x', strlen(text));
	pj_map_find(pj_config_map(config, "/m"), "b", pj_span_str("bob"),
	    "bob", false, &match);
	assert_int_equal(match.line, 4);
	assert_int_equal(pj_config_finish(config, false, &err), PJ_OK);
	assert_int_equal(noted.count, 0);
	assert_int_equal(pj_map_count(pj_config_map(config, "/m")), 2);
	assert_int_equal(pj_map_line(pj_config_map(config, "/m"), 0)->number,
	    3);
	assert_null(pj_map_line(pj_config_map(config, "/m"), 2));
	assert_null(pj_config_map(config, "/n"));
	assert_string_equal(pj_config_issuer(config, 0)->user_map, "/m");
	assert_true(pj_config_is_mapped(config, pj_config_issuer(config, 0)));
	assert_false(pj_config_is_mapped(config, pj_config_issuer(config,
	    1)));
	/* Where a map decides, the claim has a default. */
	assert_string_equal(pj_config_issuer(config, 0)->user_claim, "sub");
}

static void
mistakes_in_a_map_are_told_with_file_and_line(void **state)
{
	static const char text[] = "a alice alice\na\n# fine\na x y\r\n"
	    "\xef\xbb\xbf" "a re:( x\na b c # d\na\0b c d\n";
	static const unsigned lines[] = { 2, 4, 5, 6, 7 };
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct noted noted = { 0 };
	struct pj_error err = { "" };

	(void)state;
	config = fresh(&noted);
	assert_int_equal(pj_config_add_map(config, pj_span(text,
	    sizeof(text) - 1), "/m", &err), PJ_CONFIG_INVALID);
	assert_int_equal(noted.count, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(noted.line[i], lines[i]);
	assert_string_equal(noted.file, "/m");
	assert_string_equal(err.detail, "/m:2: a line has a section, an "
	    "identity and at least one local user");
}

static void
a_grant_must_say_enough_and_name_sections_that_there_are(void **state)
{
	static const struct {
		const char	*text;
		const char	*says;
	} cases[] = {
		{ GOOD "[grant b]\nusers = x\nrequire = x is y\n",
		    "[grant b]: issuer is missing" },
		{ GOOD "[grant b]\nissuer = a\nrequire = x is y\n",
		    "[grant b]: users is missing" },
		{ GOOD "[grant b]\nissuer = a\nusers = x\n",
		    "[grant b]: it needs require or identity" },
		{ GOOD "[grant b]\nissuer = A\nusers = x\nidentity = x\n",
		    "[grant b]: there is no section [issuer A]" },
		{ GOOD "[grant b]\nissuer = a c\nusers = x\nidentity = x\n",
		    "[grant b]: there is no section [issuer c]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect_mistake(pj_span_str(cases[i].text), 6, cases[i].says);
}

static void
a_grant_may_stand_before_its_issuer_and_frees_it_of_user_claim(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;

	(void)state;
	config = must_load("[grant b]\n" GRANT_REST "[issuer a]\n" ISSUER
	    SERVICE AUD);
	assert_string_equal(only(config)->user_claim, "sub");
}

static void
there_are_1024_grants_and_no_more(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_BUF_SCOPED(text, 1024 * 1024);
	struct noted noted = { 0 };
	struct pj_error err = { "" };

	(void)state;
	assert_int_equal(pj_buf_printf(&text, GOOD), PJ_OK);
	for (unsigned i = 0; i < 10000; i++)
		assert_int_equal(pj_buf_printf(&text, "[grant g%u]\n"
		    GRANT_REST, i), PJ_OK);
	config = fresh(&noted);
	assert_int_equal(load(config, pj_buf_span(&text), &err),
	    PJ_CONFIG_INVALID);
	assert_int_equal(pj_config_grants(config), 1024);
	assert_string_equal(err.detail, "f.conf:4102: more than 1024 grants");
	assert_int_equal(noted.line[0], 4102);
}

static void
a_configuration_has_64_files_and_no_more(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_error err = { "" };

	(void)state;
	config = fresh(NULL);
	for (unsigned i = 0; i < PJ_LIST_MAX; i++)
		assert_int_equal(pj_config_add_text(config, pj_span_str(""),
		    "x.conf", &err), PJ_OK);
	assert_int_equal(pj_config_add_text(config, pj_span_str(""), "x.conf",
	    &err), PJ_CONFIG_INVALID);
	assert_string_equal(err.detail, "more than 64 files");
}

static void
jwks_uri_and_jwks_file_arrive(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *uri = NULL, *file =
	    NULL;

	(void)state;
	uri = must_load(GOOD "jwks_uri = https://k.example/keys?x=y=z\n"
	    "ip_resolve = 4\n");
	assert_string_equal(only(uri)->jwks_uri,
	    "https://k.example/keys?x=y=z");
	assert_int_equal(only(uri)->ip_resolve, 4);
	file = must_load(GOOD "jwks_file = /etc/keys.json\n");
	assert_string_equal(only(file)->jwks_file, "/etc/keys.json");
	assert_int_equal(only(file)->ip_resolve, 0);
}

static void
sections_keep_their_order_and_are_found_by_name(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;

	(void)state;
	config = must_load("[ issuer \t b ]\n" REST "[issuer A]\n" REST
	    "[issuer a]\n" REST "[issuer x_1.y-2]\n" REST "[module]\n");
	assert_int_equal(pj_config_issuers(config), 4);
	assert_string_equal(pj_config_issuer(config, 0)->name, "b");
	assert_string_equal(pj_config_issuer(config, 1)->name, "A");
	assert_ptr_equal(pj_config_find(config, "a"),
	    pj_config_issuer(config, 2));
	assert_ptr_equal(pj_config_find(config, "x_1.y-2"),
	    pj_config_issuer(config, 3));
	assert_null(pj_config_find(config, ""));
	assert_null(pj_config_find(config, "B"));
	assert_null(pj_config_issuer(config, 4));
}

static void
blanks_and_comments_around_keys_do_not_matter(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;

	(void)state;
	config = must_load("\n  \t\n#[issuer no]\n\t # x\n[issuer a]\n"
	    "\tissuer=https://id.example\n"
	    "  services =\tsshd  \n"
	    "audience\t= ssh\t\n"
	    "# audience = no\n"
	    "user_claim=sub");
	assert_string_equal(only(config)->issuer, "https://id.example");
	assert_string_equal(only(config)->services.items[0], "sshd");
	assert_int_equal(only(config)->audience.count, 1);
	assert_string_equal(only(config)->audience.items[0], "ssh");
	assert_string_equal(only(config)->user_claim, "sub");
}

static void
there_are_no_trailing_comments_and_no_expansion(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;

	(void)state;
	config = must_load("[issuer a]\n" ISSUER SERVICE CLAIM
	    "audience = \"x # y\"\naudience = $HOME\naudience = a\\nb\n"
	    "audience = x\\\naudience = y\n");
	assert_int_equal(only(config)->audience.count, 5);
	assert_string_equal(only(config)->audience.items[0], "x # y");
	assert_string_equal(only(config)->audience.items[1], "$HOME");
	assert_string_equal(only(config)->audience.items[2], "a\\nb");
	assert_string_equal(only(config)->audience.items[3], "x\\");
	expect_mistake(pj_span_str(GOOD "account = local # why\n"), 6,
	    "account: there are no comments behind a value");
	expect_mistake(pj_span_str(GOOD "audience = x # y\n"), 6,
	    "audience: there are no comments behind a value; quote a # that "
	    "belongs to it");
}

static void
a_trailing_comment_opens_nothing(void **state)
{
	static const char text[] = "[issuer a]\n" ISSUER AUD CLAIM
	    "services = sshd # not sudo\n";
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;

	(void)state;
	expect_mistake(pj_span_str(text), 5,
	    "services: there are no comments behind a value; quote a # that "
	    "belongs to it");
	config = fresh(NULL);
	assert_int_equal(load(config, pj_span_str(text), NULL),
	    PJ_CONFIG_INVALID);
	assert_int_equal(only(config)->services.count, 0);
}

static void
each_mistake_of_form_is_told_with_file_and_line(void **state)
{
	static const struct {
		const char	*text;
		unsigned	 line;
		const char	*says;
	} cases[] = {
		{ "x = y\n", 1, "before the first section" },
		{ "\n\nissuer = x\n" GOOD, 3, "issuer" },
		{ GOOD "[issuer a]\n" REST, 6, "f.conf:1" },
		{ GOOD "[module]\n\n[module]\nx = y\n", 8, "f.conf:6" },
		{ GOOD "[isuer b]\n" REST, 6, "[isuer b]" },
		{ GOOD "[issuer]\n" REST, 6, "[issuer]" },
		{ GOOD "[Issuer b]\n" REST, 6, "Issuer" },
		{ GOOD "[issuerb]\n" REST, 6, "issuerb" },
		{ GOOD "[module x]\n" REST, 6, "module x" },
		{ GOOD "[]\n", 6, "[]" },
		{ GOOD "[\n", 6, "[" },
		{ GOOD "[issuer b\n" REST, 6, "[issuer b" },
		{ GOOD "[issuer b] # x\n" REST, 6, "brackets" },
		{ GOOD "[issuer b]]\n" REST, 6, "b]" },
		{ GOOD "[issuer b c]\n" REST, 6, "b c" },
		{ GOOD "[issuer b/c]\n" REST, 6, "b/c" },
		{ GOOD "[issuer \"b\"]\n" REST, 6, "name" },
		{ GOOD "[issuer \xc3\xa4]\n" REST, 6, "name" },
		{ GOOD "[issuer 1234567890123456789012345678901234567890"
		    "1234567890123456789012345]\n" REST, 6, "name" },
		{ GOOD "issuer = https://x\n", 6, "issuer stands twice" },
		{ GOOD "leeway = 1s\nleeway = 1s\n", 7, "leeway" },
		{ GOOD "services = sudo\n", 6, "services" },
		{ "[issuer a]\n" ISSUER AUD CLAIM "services = any any\n", 5,
		    "services: any stands twice" },
		{ "[issuer a]\n" ISSUER AUD CLAIM "services = SSHD\n", 5,
		    "services: a service's name has lower-case letters, "
		    "digits, '_', '-' and '.': SSHD" },
		{ GOOD "typ = JWT JWT\n", 6, "typ: JWT stands twice" },
		{ GOOD "typ = JWT\ntyp = at+jwt\n", 7, "typ stands twice" },
		{ GOOD "user_strip_domain = @example.org\n", 6,
		    "user_strip_domain: a domain has" },
		{ GOOD "require = groups none a, b\n", 6,
		    "require: there are no commas between items" },
		{ GOOD "audiense = x\n", 6, "audiense" },
		{ GOOD "Audience = x\n", 6, "Audience" },
		{ GOOD "user claim = x\n", 6, "user claim" },
		{ GOOD "= x\n", 6, "unknown key" },
		{ GOOD "=\n", 6, "unknown key" },
		{ GOOD "leeway\n", 6, "leeway" },
		{ GOOD "leeway: 1s\n", 6, "leeway: 1s" },
		{ GOOD "include /etc/passwd\n", 6, "include" },
		{ GOOD "; old comment\n", 6, "; old" },
		{ GOOD "leeway =\n", 6, "leeway" },
		{ GOOD "leeway = \t \n", 6, "leeway" },
		{ GOOD "leeway = 30\n", 6, "leeway" },
		{ GOOD "leeway = 601s\n", 6, "601s" },
		{ GOOD "min_uid = -5\n", 6, "min_uid" },
		{ GOOD "algorithms = RS256 none\n", 6, "none" },
		{ GOOD "algorithms = HS256\n", 6, "HS256" },
		{ GOOD "require_kid = maybe\n", 6, "maybe" },
		{ GOOD "account = remote\n", 6, "remote" },
		{ GOOD "ip_resolve = 5\n", 6, "5" },
		{ GOOD "jwks_uri = http://x/\n", 6, "http://x/" },
		{ GOOD "proxy = p\n", 6, "proxy" },
		{ GOOD "ca_file = ca.pem\n", 6, "ca.pem" },
		{ GOOD "typ = \"\n", 6, "typ" },
		{ GOOD "[grant]\n" GRANT_REST, 6, "[grant]" },
		{ GOOD "[grant a b]\n" GRANT_REST, 6, "[grant a b]" },
		{ GOOD "[grants b]\n" GRANT_REST, 6, "grants b" },
		{ GOOD "[grant b]\n" GRANT_REST "[grant b]\n" GRANT_REST, 10,
		    "[grant b] stands in f.conf:6 already" },
		{ GOOD "[grant b]\n" GRANT_REST "leeway = 1s\n", 10,
		    "leeway belongs into [issuer NAME]" },
		{ GOOD "users = x\n", 6, "users belongs into [grant NAME]" },
		{ GOOD "[grant b]\n" GRANT_REST "users = x\n", 10,
		    "users stands twice" },
		{ GOOD "[grant b]\nissuer = a\nrequire = x is y\n"
		    "users = -x\n", 9, "users: no local user" },
		{ GOOD "[grant b]\nissuer = a\nrequire = x is y\n"
		    "users = x x\n", 9, "users: x stands twice" },
		{ GOOD "[grant b]\nissuer = a\nrequire = x is y\n"
		    "users = x # y\n", 9, "users: there are no comments" },
		{ GOOD "[grant b]\n" GRANT_REST "identity = a a\n", 10,
		    "identity: a stands twice" },
		{ GOOD "[grant b]\n" GRANT_REST "identity = a\n"
		    "identity = b\n", 11, "identity stands twice" },
		{ GOOD "[grant b]\n" GRANT_REST "require = x\n", 10,
		    "require: behind the claim" },
		{ GOOD "export = PATH=sub\n", 6, "export: an item is" },
		{ GOOD "user_map = users.map\n", 6, "user_map: a path" },
		{ GOOD "require = groups has x\n", 6, "require: behind" },
		{ GOOD "require = groups any x # y\n", 6,
		    "require: there are no comments" },
		{ GOOD "require = x matches (\n", 6, "require: a (" },
		{ GOOD "fetch_user = x\n", 6, "[module]" },
		{ GOOD "timeout_cold = 1s\n", 6, "timeout_cold" },
		{ "[module]\nissuer = x\n", 2, "[issuer NAME]" },
		{ "[module]\nfetch_user = a\nfetch_user = a\n", 3, "twice" },
		{ "[module]\nfetch_user = a b\n", 2, "fetch_user" },
		{ GOOD "leeway = 1s\r\n", 6, "carriage return" },
		{ GOOD "\r\n", 6, "carriage return" },
		{ GOOD "# comment\r\n", 6, "carriage return" },
		{ GOOD "audience = a\rb\n", 6, "control" },
		{ GOOD "audience = a\x1b[31m\n", 6, "control" },
		{ GOOD "audience = a\x7f\n", 6, "control" },
		{ GOOD "audience = a\x0c\n", 6, "control" },
		{ GOOD "# \x01\n", 6, "control" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect_mistake(pj_span_str(cases[i].text), cases[i].line,
		    cases[i].says);
}

/* It could never be found, and nobody would get in. */
static void
a_path_to_a_claim_with_a_lone_tilde_is_a_mistake(void **state)
{
	static const char *const wrong[] = {
		GOOD "require = /~2 none x\n",
		GOOD "require = \"/a/b~\" is x\n",
		GOOD "export = JWT_A=/a~b JWT_B=b\n",
	};
	static const char fine[] = GOOD "require = /~0~1 none x\n"
	    "require = a~2 is x\nexport = JWT_A=a~ JWT_B=/~01\n";

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		expect_mistake(pj_span_str(wrong[i]), 6, "a ~ is written ~0");
	expect_mistake(pj_span_str("[issuer a]\n" ISSUER SERVICE AUD
	    "user_claim = /x~2y\n"), 1, "a ~ is written ~0");
	pj_config_free(must_load(fine));
}

/* Found by the corpus of the fuzzer: its text was looked at all the same. */
static void
a_user_claim_that_cannot_be_read_is_one_mistake(void **state)
{
	static const char *const wrong[] = {
		"[issuer a]\n" ISSUER SERVICE AUD "user_claim =\n",
		"[issuer a]\n" ISSUER SERVICE AUD "user_claim = \"a\n",
		"[issuer a]\n" ISSUER SERVICE AUD "user_claim = a \"b\"\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
		struct noted noted = { 0 };
		struct pj_error err = { "" };

		/* As pam-jwks check does: to the end, and nothing is added. */
		config = fresh(&noted);
		assert_int_equal(pj_config_add_text(config,
		    pj_span_str(wrong[i]), "f.conf", &err), PJ_CONFIG_INVALID);
		assert_int_equal(pj_config_finish(config, false, &err), PJ_OK);
		assert_int_equal(noted.count, 1);
		assert_int_equal(noted.line[0], 5);
	}
}

/* An editor's mark hides the section; all of its keys are homeless then. */
static void
a_byte_order_mark_is_a_mistake_in_line_1(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct noted noted = { 0 };

	(void)state;
	config = fresh(&noted);
	assert_int_equal(load(config, pj_span_str("\xef\xbb\xbf" GOOD), NULL),
	    PJ_CONFIG_INVALID);
	assert_int_equal(noted.line[0], 1);
	assert_int_equal(pj_config_issuers(config), 0);
}

static void
a_nul_byte_is_a_mistake_and_hides_nothing(void **state)
{
	static const char in_value[] = GOOD "audience = a\0b\n";
	static const char in_comment[] = GOOD "# \0\n";
	static const char in_key[] = GOOD "leeway\0 = 1s\n";
	static const char in_name[] = GOOD "[issuer b\0]\n";
	static const char at_end[] = GOOD;

	(void)state;
	expect_mistake(pj_span(in_value, sizeof(in_value) - 1), 6, "control");
	expect_mistake(pj_span(in_comment, sizeof(in_comment) - 1), 6,
	    "control");
	expect_mistake(pj_span(in_key, sizeof(in_key) - 1), 6, "control");
	expect_mistake(pj_span(in_name, sizeof(in_name) - 1), 6, "control");
	/* The literal's own NUL, as a last line. */
	expect_mistake(pj_span(at_end, sizeof(at_end)), 6, "control");
}

static void
a_line_may_have_4096_bytes_and_no_more(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_BUF_SCOPED(text, 64 * 1024);
	char line[PJ_CONFIG_LINE_MAX + 2];

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "audience = ", 11);
	line[PJ_CONFIG_LINE_MAX] = '\0';
	assert_int_equal(pj_buf_printf(&text, GOOD "%s\n", line), PJ_OK);
	assert_int_equal(pj_buf_append(&text, pj_span("", 1)), PJ_OK);
	config = must_load((const char *)text.ptr);
	assert_int_equal(strlen(only(config)->audience.items[1]),
	    PJ_CONFIG_LINE_MAX - 11);
	pj_buf_clear(&text);
	line[PJ_CONFIG_LINE_MAX] = 'x';
	line[PJ_CONFIG_LINE_MAX + 1] = '\0';
	assert_int_equal(pj_buf_printf(&text, GOOD "%s\n", line), PJ_OK);
	expect_mistake(pj_buf_span(&text), 6, "4096");
	/* A comment, too: nobody reads that far. */
	pj_buf_clear(&text);
	line[0] = '#';
	assert_int_equal(pj_buf_printf(&text, GOOD "%s", line), PJ_OK);
	expect_mistake(pj_buf_span(&text), 6, "4096");
}

static void
required_keys_are_missed_one_by_one(void **state)
{
	static const struct {
		const char	*text;
		const char	*says;
	} cases[] = {
		{ "[issuer a]\n" SERVICE AUD CLAIM, "issuer is missing" },
		{ "[issuer a]\n" ISSUER AUD CLAIM, "services is missing" },
		{ "[issuer a]\n" ISSUER SERVICE CLAIM, "audience is missing" },
		{ "[issuer a]\n" ISSUER SERVICE AUD, "user_claim is missing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect_mistake(pj_span_str(cases[i].text), 1, cases[i].says);
}

static void
keys_that_do_not_go_together_are_refused(void **state)
{
	static const struct {
		const char	*text;
		const char	*says;
	} cases[] = {
		{ GOOD "jwks_uri = https://k.example/\njwks_file = /k\n",
		    "jwks_file" },
		{ GOOD "discovery_url = https://k.example/\njwks_file = /k\n",
		    "discovery_url" },
		{ GOOD "discovery_url = https://k.example/\n"
		    "jwks_uri = https://k.example/\n", "discovery_url" },
		{ "[issuer a]\nissuer = http://id.example\n" SERVICE AUD CLAIM,
		    "issuer" },
		{ "[issuer a]\nissuer = accounts.google.com\n" SERVICE AUD
		    CLAIM, "jwks_file" },
		/* Its keys could never be stored. */
		{ "[issuer a]\nissuer = https://m\xc3\xbcnchen.example\n"
		    SERVICE AUD CLAIM "jwks_uri = https://k.example/\n",
		    "not printable ASCII" },
		{ "[issuer a]\n" ISSUER AUD CLAIM "services = any sshd\n",
		    "any" },
		{ "[issuer a]\n" ISSUER AUD CLAIM "services = sshd any\n",
		    "any" },
		{ GOOD "jwks_file = /k\nca_file = /ca.pem\n",
		    "[issuer a]: ca_file changes nothing beside jwks_file" },
		{ GOOD "jwks_file = /k\nproxy = http://p.example:3128\n",
		    "[issuer a]: proxy changes nothing beside jwks_file" },
		{ GOOD "ip_resolve = 4\njwks_file = /k\n",
		    "[issuer a]: ip_resolve changes nothing beside jwks_file" },
		/* Also what says no more than the default. */
		{ GOOD "jwks_file = /k\nip_resolve = any\n",
		    "[issuer a]: ip_resolve changes nothing beside jwks_file" },
		{ GOOD "account = none\nmin_uid = 500\n",
		    "[issuer a]: min_uid changes nothing beside account = "
		    "none" },
		{ GOOD "min_uid = 1000\naccount = none\n",
		    "[issuer a]: min_uid changes nothing beside account = "
		    "none" },
		{ "[issuer a]\n" ISSUER AUD CLAIM "services = any\n"
		    "account = none\n", "account = none" },
		{ GOOD "min_ttl = 601s\nmax_ttl = 10m\n", "min_ttl" },
		{ GOOD "min_ttl = 3601s\n", "min_ttl" },
		{ GOOD "max_stale = 3599s\n", "max_stale" },
		{ GOOD "discovery_ttl = 8d\n", "discovery_ttl" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect_mistake(pj_span_str(cases[i].text), 1, cases[i].says);
}

static void
what_goes_together_is_accepted(void **state)
{
	static const char *const texts[] = {
		"[issuer a]\nissuer = http://id.example\njwks_file = /k\n"
		    SERVICE AUD CLAIM,
		"[issuer a]\nissuer = accounts.google.com\n"
		    "jwks_uri = https://k.example/\n" SERVICE AUD CLAIM,
		"[issuer a]\n" ISSUER AUD CLAIM "services = any\n",
		GOOD "account = none\n",
		GOOD "account = local\nmin_uid = 500\n",
		GOOD "jwks_uri = https://k.example/\nca_file = /ca.pem\n"
		    "proxy = http://p.example:3128\nip_resolve = 6\n",
		/* The key is its own section's business. */
		GOOD "jwks_file = /k\naccount = none\n[issuer b]\n" REST
		    "ip_resolve = 4\nmin_uid = 500\n",
		GOOD "min_ttl = 10m\nmax_ttl = 10m\nmax_stale = 10m\n",
		GOOD "discovery_ttl = 7d\n",
		GOOD "[issuer b]\n" REST,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		pj_config_free(must_load(texts[i]));
}

static void
all_mistakes_are_collected_and_the_first_is_the_error(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	static const unsigned lines[] = { 1, 3, 4, 5, 6, 8 };
	struct noted noted = { 0 };
	struct pj_error err = { "" };

	(void)state;
	config = fresh(&noted);
	assert_int_equal(pj_config_add_text(config, pj_span_str("x = y\n"
	    "[issuer a]\nleeway = x\nnonsense = 1\nno equals\nmin_uid = 0\n"
	    "audience = fine\n[unknown]\nkeys = here are not looked at\n"),
	    "f.conf", &err), PJ_CONFIG_INVALID);
	assert_int_equal(noted.count, 6);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(noted.line[i], lines[i]);
	assert_true(strncmp(err.detail, "f.conf:1: ", 10) == 0);
	/* What only the whole shows comes on top of it. */
	assert_int_equal(pj_config_finish(config, false, &err),
	    PJ_CONFIG_INVALID);
	assert_int_equal(noted.count, 9);
	assert_string_equal(noted.text[6], "[issuer a]: issuer is missing");
	assert_string_equal(err.detail,
	    "f.conf:2: [issuer a]: issuer is missing");
}

static void
a_required_key_with_a_bad_value_is_not_missed_as_well(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct noted noted = { 0 };

	(void)state;
	config = fresh(&noted);
	assert_int_equal(pj_config_add_text(config, pj_span_str("[issuer a]\n"
	    ISSUER "services = \"x\n" AUD CLAIM), "f.conf", NULL),
	    PJ_CONFIG_INVALID);
	assert_int_equal(pj_config_finish(config, false, NULL), PJ_OK);
	assert_int_equal(noted.count, 1);
}

static void
several_sections_are_all_checked(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct noted noted = { 0 };
	struct pj_error err = { "" };

	(void)state;
	config = fresh(&noted);
	assert_int_equal(load(config, pj_span_str(GOOD "[issuer b]\n" SERVICE
	    AUD CLAIM "[issuer c]\n" ISSUER SERVICE AUD), &err),
	    PJ_CONFIG_INVALID);
	assert_int_equal(noted.count, 2);
	assert_string_equal(noted.text[0], "[issuer b]: issuer is missing");
	assert_string_equal(noted.text[1],
	    "[issuer c]: user_claim is missing");
	assert_string_equal(err.detail,
	    "f.conf:6: [issuer b]: issuer is missing");
}

static void
a_second_file_may_not_repeat_what_the_first_has(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_error err = { "" };

	(void)state;
	config = fresh(NULL);
	assert_int_equal(pj_config_add_text(config, pj_span_str("[module]\n"
	    GOOD), "one", &err), PJ_OK);
	assert_int_equal(pj_config_add_text(config, pj_span_str(
	    "\n[issuer a]\n"), "two", &err), PJ_CONFIG_INVALID);
	assert_string_equal(err.detail,
	    "two:2: [issuer a] stands in one:2 already");
	assert_int_equal(pj_config_add_text(config, pj_span_str("[module]\n"),
	    "three", &err), PJ_CONFIG_INVALID);
	assert_string_equal(err.detail,
	    "three:1: [module] stands in one:1 already");
	/* A key at a file's top does not belong to the last section. */
	assert_int_equal(pj_config_add_text(config, pj_span_str(AUD), "four",
	    &err), PJ_CONFIG_INVALID);
	assert_int_equal(only(config)->audience.count, 1);
}

static void
the_offending_word_is_escaped_once(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct noted noted = { 0 };
	struct pj_error err = { "" };

	(void)state;
	config = fresh(&noted);
	assert_int_equal(pj_config_add_text(config, pj_span_str(
	    "[issuer a]\nna\xc3\xafve = 1\n"), "f.conf", &err),
	    PJ_CONFIG_INVALID);
	assert_string_equal(noted.text[0], "unknown key na\\xc3\\xafve");
	assert_string_equal(err.detail,
	    "f.conf:2: unknown key na\\xc3\\xafve");
}

static void
sixty_four_issuers_and_no_more(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_BUF_SCOPED(text, 64 * 1024);
	struct noted noted = { 0 };

	(void)state;
	config = fresh(&noted);
	for (int i = 0; i < PJ_ISSUERS_MAX + 1; i++)
		assert_int_equal(pj_buf_printf(&text, "[issuer i%d]\n" REST,
		    i), PJ_OK);
	assert_int_equal(load(config, pj_buf_span(&text), NULL),
	    PJ_CONFIG_INVALID);
	assert_int_equal(noted.count, 1);
	assert_int_equal(noted.line[0], 5 * PJ_ISSUERS_MAX + 1);
	assert_int_equal(pj_config_issuers(config), PJ_ISSUERS_MAX);
}

/* One audience, expanded on a host of that name. */
static void
expand_or_say(const char *node, const char *module, const char *audience,
    const char *expected, const char *says)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	PJ_BUF_SCOPED(text, 8 * 1024);
	struct pj_config_host named = { .node_name = node };
	struct pj_error err = { "" };
	enum pj_status status;

	assert_int_equal(pj_config_new(&named, NULL, NULL, &config), PJ_OK);
	assert_int_equal(pj_buf_printf(&text, "[issuer a]\n" ISSUER SERVICE
	    CLAIM "audience = %s\n%s", audience, module), PJ_OK);
	status = load(config, pj_buf_span(&text), &err);
	if (expected == NULL) {
		if (status != PJ_CONFIG_INVALID)
			fail_msg("%s on %s: %s, \"%s\"", audience, node,
			    pj_status_name(status),
			    only(config)->audience.items[0]);
		if (strstr(err.detail, "f.conf:1: [issuer a]: audience: ") ==
		    NULL || strstr(err.detail, says) == NULL)
			fail_msg("%s: %s", audience, err.detail);
		return;
	}
	if (status != PJ_OK)
		fail_msg("%s on %s: %s", audience, node, err.detail);
	assert_string_equal(only(config)->audience.items[0], expected);
}

static void
expand(const char *node, const char *module, const char *audience,
    const char *expected)
{
	expand_or_say(node, module, audience, expected, "");
}

static void
host_names_are_put_into_audiences(void **state)
{
	(void)state;
	expand("web.example.org", "", "https://%f", "https://web.example.org");
	expand("web.example.org", "", "%h", "web");
	expand("web", "", "ssh-%h-%h", "ssh-web-web");
	expand("web", "", "100%%", "100%");
	expand("web", "", "%%f", "%f");
	expand("web", "", "%%%h", "%web");
	expand("web.example.org", "", "\"%f %h\"", "web.example.org web");
	expand("web", "[module]\nhost_name = db.example.net\n", "%f/%h",
	    "db.example.net/db");
	/* What was put in is not expanded again. */
	expand("%h.x", "", "%f", "%h.x");
}

static void
unknown_and_unfinished_expansions_are_mistakes(void **state)
{
	static const char *const bad[] = { "%x", "%", "a%", "%F", "%H", "% f",
	    "%%%", "%h%q", "%\xc3\xa4" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expand("web.example.org", "", bad[i], NULL);
}

static void
the_full_name_needs_a_dot(void **state)
{
	(void)state;
	expand("web", "", "%f", NULL);
	expand("", "", "%f", NULL);
	expand(NULL, "", "%f", NULL);
	expand(NULL, "", "%h", NULL);
	expand("web.example.org", "[module]\nhost_name = web\n", "%f", NULL);
}

/* "the value is empty" is refused where it is written; so here. */
static void
an_expansion_to_nothing_is_a_mistake(void **state)
{
	(void)state;
	expand("", "", "%h", NULL);
	expand(".example.org", "", "%h", NULL);
}

/* "ssh-" would be the same audience on every such host. */
static void
an_empty_short_name_is_a_mistake_wherever_it_stands(void **state)
{
	static const char *const nodes[] = { "", ".example.org", NULL };
	static const char *const audiences[] = { "%h", "ssh-%h", "%h-ssh",
	    "a%%%hb" };

	(void)state;
	for (size_t n = 0; n < sizeof(nodes) / sizeof(*nodes); n++)
		for (size_t i = 0; i < sizeof(audiences) / sizeof(*audiences);
		    i++)
			expand_or_say(nodes[n], "", audiences[i], NULL,
			    "audience: %h is empty on this host; set "
			    "host_name");
	expand_or_say("web", "[module]\nhost_name = .example.org\n", "ssh-%h",
	    NULL, "audience: %h is empty on this host; set host_name");
	expand("", "[module]\nhost_name = db\n", "ssh-%h", "ssh-db");
	expand("", "", "ssh-%%h", "ssh-%h");
}

static void
an_expansion_that_grows_too_long_is_a_mistake(void **state)
{
	char audience[2000], name[70];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(audience); i += 2)
		memcpy(audience + i, "%h", 2);
	audience[sizeof(audience) - 2] = '\0';
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	expand(name, "", audience, NULL);
}

static struct pj_config *
from_options(const char *const *options, bool keys_only,
    enum pj_status expected, struct pj_error *err)
{
	struct pj_config *config = fresh(NULL);
	enum pj_status status = PJ_OK;

	for (size_t i = 0; options[i] != NULL && status == PJ_OK; i++)
		status = pj_config_add_option(config, options[i], err);
	if (status == PJ_OK)
		status = pj_config_finish(config, keys_only, err);
	if (status != expected)
		fail_msg("%s: %s: %s", options[0], pj_status_name(status),
		    err->detail);
	return config;
}

static void
options_make_one_section_that_serves_any_service(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	static const char *const options[] = { "issuer=https://x.example",
	    "audience = y", "audience=z", "user_claim=sub",
	    "jwks_file=/k.json", "fetch_user=nobody", "leeway=1s",
	    "account=none", NULL };
	struct pj_error err = { "" };

	(void)state;
	config = from_options(options, false, PJ_OK, &err);
	assert_string_equal(only(config)->name, "options");
	assert_string_equal(only(config)->issuer, "https://x.example");
	assert_int_equal(only(config)->audience.count, 2);
	assert_int_equal(only(config)->services.count, 1);
	assert_string_equal(only(config)->services.items[0], "any");
	assert_string_equal(only(config)->jwks_file, "/k.json");
	assert_int_equal(only(config)->leeway, 1);
	assert_string_equal(pj_config_module(config)->fetch_user, "nobody");
}

static void
options_can_name_services(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	static const char *const options[] = { "services=sudo sudo-i",
	    "issuer=https://x.example", "audience=y", "user_claim=sub", NULL };
	struct pj_error err = { "" };

	(void)state;
	config = from_options(options, false, PJ_OK, &err);
	assert_int_equal(only(config)->services.count, 2);
	assert_string_equal(only(config)->services.items[0], "sudo");
}

static void
mistakes_in_options_are_told(void **state)
{
	static const struct {
		const char	*option;
		const char	*says;
	} cases[] = {
		{ "nonsense=1", "-o: unknown key nonsense" },
		{ "nonsense", "nonsense" },
		{ "", "-o" },
		{ "=", "-o" },
		{ "leeway=", "leeway" },
		{ "leeway=x", "leeway" },
		{ "[issuer x]", "[issuer x]" },
		{ "audience=a\nuser_claim=b", "control" },
		{ "audience=a\r", "control" },
	};
	char long_option[PJ_CONFIG_LINE_MAX + 2];
	struct pj_error err = { "" };
	const char *options[] = { NULL, NULL, NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		options[0] = cases[i].option;
		pj_config_free(from_options(options, true, PJ_CONFIG_INVALID,
		    &err));
		if (strstr(err.detail, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].option, err.detail);
	}
	memset(long_option, 'x', sizeof(long_option));
	long_option[sizeof(long_option) - 1] = '\0';
	memcpy(long_option, "audience=", 9);
	options[0] = long_option;
	pj_config_free(from_options(options, true, PJ_CONFIG_INVALID, &err));
	options[0] = options[1] = "leeway=1s";
	pj_config_free(from_options(options, true, PJ_CONFIG_INVALID, &err));
	assert_non_null(strstr(err.detail, "twice"));
	options[0] = options[1] = "fetch_user=a";
	pj_config_free(from_options(options, true, PJ_CONFIG_INVALID, &err));
}

static void
options_miss_the_required_keys_except_services(void **state)
{
	static const char *const all[] = { "issuer=https://x.example",
	    "audience=y", "user_claim=sub" };
	struct pj_error err = { "" };

	(void)state;
	for (size_t missing = 0; missing < 3; missing++) {
		const char *options[3] = { NULL, NULL, NULL };
		char says[40];

		for (size_t i = 0, n = 0; i < 3; i++)
			if (i != missing)
				options[n++] = all[i];
		pj_config_free(from_options(options, false, PJ_CONFIG_INVALID,
		    &err));
		(void)snprintf(says, sizeof(says), "%.*s is missing",
		    (int)strcspn(all[missing], "="), all[missing]);
		assert_non_null(strstr(err.detail, says));
	}
}

static void
for_keys_alone_nobody_needs_to_be_let_in(void **state)
{
	static const char *const file[] = { "jwks_file=/k", NULL };
	static const char *const issuer[] = { "issuer=https://x.example",
	    NULL };
	static const char *const none[] = { "leeway=1s", NULL };
	static const char *const uri[] = { "jwks_uri=https://x/", NULL };
	struct pj_error err = { "" };

	(void)state;
	pj_config_free(from_options(file, true, PJ_OK, &err));
	pj_config_free(from_options(issuer, true, PJ_OK, &err));
	pj_config_free(from_options(none, true, PJ_CONFIG_INVALID, &err));
	assert_non_null(strstr(err.detail, "issuer is missing"));
	pj_config_free(from_options(uri, true, PJ_CONFIG_INVALID, &err));
	/* Not so if somebody is to log in. */
	pj_config_free(from_options(file, false, PJ_CONFIG_INVALID, &err));
}

static void
freeing_nothing_does_no_harm(void **state)
{
	(void)state;
	pj_config_free(NULL);
	pj_config_free(fresh(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_of_module_arrives),
		cmocka_unit_test(no_key_of_the_table_is_left_out),
		cmocka_unit_test(the_build_gives_the_defaults_of_places),
		cmocka_unit_test(every_key_of_issuer_arrives),
		cmocka_unit_test(every_key_of_grant_arrives),
		cmocka_unit_test(a_map_arrives_with_its_lines),
		cmocka_unit_test(mistakes_in_a_map_are_told_with_file_and_line),
		cmocka_unit_test(
		    a_grant_must_say_enough_and_name_sections_that_there_are),
		cmocka_unit_test(
		a_grant_may_stand_before_its_issuer_and_frees_it_of_user_claim),
		cmocka_unit_test(there_are_1024_grants_and_no_more),
		cmocka_unit_test(a_configuration_has_64_files_and_no_more),
		cmocka_unit_test(jwks_uri_and_jwks_file_arrive),
		cmocka_unit_test(
		    sections_keep_their_order_and_are_found_by_name),
		cmocka_unit_test(blanks_and_comments_around_keys_do_not_matter),
		cmocka_unit_test(
		    there_are_no_trailing_comments_and_no_expansion),
		cmocka_unit_test(a_trailing_comment_opens_nothing),
		cmocka_unit_test(
		    each_mistake_of_form_is_told_with_file_and_line),
		cmocka_unit_test(
		    a_path_to_a_claim_with_a_lone_tilde_is_a_mistake),
		cmocka_unit_test(
		    a_user_claim_that_cannot_be_read_is_one_mistake),
		cmocka_unit_test(a_byte_order_mark_is_a_mistake_in_line_1),
		cmocka_unit_test(a_nul_byte_is_a_mistake_and_hides_nothing),
		cmocka_unit_test(a_line_may_have_4096_bytes_and_no_more),
		cmocka_unit_test(required_keys_are_missed_one_by_one),
		cmocka_unit_test(keys_that_do_not_go_together_are_refused),
		cmocka_unit_test(what_goes_together_is_accepted),
		cmocka_unit_test(
		    all_mistakes_are_collected_and_the_first_is_the_error),
		cmocka_unit_test(
		    a_required_key_with_a_bad_value_is_not_missed_as_well),
		cmocka_unit_test(several_sections_are_all_checked),
		cmocka_unit_test(
		    a_second_file_may_not_repeat_what_the_first_has),
		cmocka_unit_test(the_offending_word_is_escaped_once),
		cmocka_unit_test(sixty_four_issuers_and_no_more),
		cmocka_unit_test(host_names_are_put_into_audiences),
		cmocka_unit_test(
		    unknown_and_unfinished_expansions_are_mistakes),
		cmocka_unit_test(the_full_name_needs_a_dot),
		cmocka_unit_test(an_expansion_to_nothing_is_a_mistake),
		cmocka_unit_test(
		    an_empty_short_name_is_a_mistake_wherever_it_stands),
		cmocka_unit_test(an_expansion_that_grows_too_long_is_a_mistake),
		cmocka_unit_test(
		    options_make_one_section_that_serves_any_service),
		cmocka_unit_test(options_can_name_services),
		cmocka_unit_test(mistakes_in_options_are_told),
		cmocka_unit_test(
		    options_miss_the_required_keys_except_services),
		cmocka_unit_test(for_keys_alone_nobody_needs_to_be_let_in),
		cmocka_unit_test(freeing_nothing_does_no_harm),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
