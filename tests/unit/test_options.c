/*
 * policy/options.h: the option table, and one value's text to one field.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "jose/alg.h"
#include "policy/options.h"

/* A zeroed struct that is large enough for either section. */
union fields {
	struct pj_module_settings	module;
	struct pj_issuer		issuer;
	struct pj_grant			grant;
};

/* The key's option in the first section that has it. */
static const struct pj_option *
find(const char *key)
{
	const struct pj_option *option = NULL;

	for (int kind = PJ_SECTION_MODULE; option == NULL &&
	    kind <= PJ_SECTION_GRANT; kind++)
		option = pj_option_find((enum pj_option_section)kind,
		    pj_span_str(key));
	return option;
}

static enum pj_status
set(const char *key, union fields *fields, const char *text,
    struct pj_error *err)
{
	const struct pj_option *option = find(key);

	if (option == NULL)
		fail_msg("no option %s", key);
	return pj_option_set(option, fields, pj_span_str(text), err);
}

static void
release(union fields *fields, const char *key)
{
	const struct pj_option *option = find(key);

	pj_options_free(option->section, fields);
}

static void
every_key_is_in_the_table_once(void **state)
{
	(void)state;
	/* config.c has one bit for each. */
	assert_true(pj_options_count <= 64);
	for (size_t i = 0; i < pj_options_count; i++) {
		const char *key = pj_options[i].key;

		if (pj_option_find(pj_options[i].section,
		    pj_span_str(key)) != &pj_options[i])
			fail_msg("%s", key);
		for (const char *at = key; *at != '\0'; at++)
			assert_true((*at >= 'a' && *at <= 'z') || *at == '_');
	}
}

static void
no_two_options_share_a_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < pj_options_count; i++)
		for (size_t j = 0; j < i; j++)
			if (pj_options[i].section == pj_options[j].section &&
			    pj_options[i].offset == pj_options[j].offset)
				fail_msg("%s and %s", pj_options[i].key,
				    pj_options[j].key);
}

static void
a_key_is_found_by_its_exact_name_only(void **state)
{
	(void)state;
	assert_null(find(""));
	assert_null(find("Issuer"));
	assert_null(find("issue"));
	assert_null(find("issuer "));
	assert_null(pj_option_find(PJ_SECTION_ISSUER, pj_span("issuer\0",
	    7)));
	assert_null(pj_option_find(PJ_SECTION_MODULE, pj_span_str("issuer")));
	assert_null(pj_option_find(PJ_SECTION_GRANT, pj_span_str("leeway")));
	assert_ptr_not_equal(pj_option_find(PJ_SECTION_ISSUER,
	    pj_span_str("require")), pj_option_find(PJ_SECTION_GRANT,
	    pj_span_str("require")));
}

static void
defaults_are_those_of_the_manual(void **state)
{
	struct pj_module_settings module = { 0 };
	struct pj_issuer issuer = { 0 };
	struct pj_grant grant = { 0 };

	(void)state;
	assert_int_equal(pj_options_set_defaults(PJ_SECTION_MODULE, &module,
	    NULL), PJ_OK);
	assert_string_equal(module.fetch_user, "pam-jwks");
	assert_null(module.host_name);
	assert_null(module.cache_dir);
	assert_null(module.state_dir);
	assert_null(module.helper);
	assert_int_equal(module.timeout_cold, 8);
	assert_int_equal(module.timeout_stale, 5);
	assert_int_equal(module.connect_timeout, 3);
	assert_int_equal(module.request_timeout, 5);
	pj_options_free(PJ_SECTION_MODULE, &module);
	assert_null(module.fetch_user);

	assert_int_equal(pj_options_set_defaults(PJ_SECTION_ISSUER, &issuer,
	    NULL), PJ_OK);
	assert_null(issuer.issuer);
	assert_null(issuer.user_claim);
	assert_null(issuer.discovery_url);
	assert_null(issuer.jwks_uri);
	assert_null(issuer.jwks_file);
	assert_null(issuer.ca_file);
	assert_null(issuer.proxy);
	assert_int_equal(issuer.services.count, 0);
	assert_int_equal(issuer.audience.count, 0);
	assert_int_equal(issuer.authorized_party.count, 0);
	assert_int_equal(issuer.user_strip_domain.count, 0);
	assert_int_equal(issuer.algorithms, 0xfff);
	assert_int_equal(issuer.require.count, 0);
	assert_int_equal(issuer.export.count, 0);
	assert_int_equal(issuer.ip_resolve, 0);
	assert_false(issuer.require_kid);
	assert_int_equal(issuer.typ.count, 2);
	assert_string_equal(issuer.typ.items[0], "JWT");
	assert_string_equal(issuer.typ.items[1], "absent");
	assert_int_equal(issuer.leeway, 30);
	assert_int_equal(issuer.max_token_age, -1);
	assert_int_equal(issuer.max_auth_age, -1);
	assert_false(issuer.user_lowercase);
	assert_false(issuer.allow_unverified_email);
	assert_int_equal(issuer.account, PJ_ACCOUNT_LOCAL);
	assert_int_equal(issuer.min_uid, 1000);
	assert_int_equal(issuer.min_ttl, 300);
	assert_int_equal(issuer.max_ttl, 3600);
	assert_int_equal(issuer.default_ttl, 900);
	assert_int_equal(issuer.max_stale, 86400);
	assert_int_equal(issuer.discovery_ttl, 86400);
	assert_int_equal(issuer.discovery_max_stale, 7 * 86400);
	assert_int_equal(issuer.kid_cooldown, 30);
	pj_options_free(PJ_SECTION_ISSUER, &issuer);
	assert_int_equal(issuer.typ.count, 0);
	assert_null(issuer.user_map);

	assert_int_equal(pj_options_set_defaults(PJ_SECTION_GRANT, &grant,
	    NULL), PJ_OK);
	assert_int_equal(grant.issuer.count, 0);
	assert_int_equal(grant.users.names.count, 0);
	assert_false(grant.users.same);
	assert_int_equal(grant.require.count, 0);
	assert_int_equal(grant.identity.count, 0);
}

/* What every value of the type must not be, whatever the key. */
static void
a_bad_value_of_each_type_is_refused_and_named(void **state)
{
	static const struct {
		const char	*key;
		const char	*value;
		const char	*named;		/* in the detail */
	} cases[] = {
		{ "issuer", "", "missing" },
		{ "issuer", "\"\"", "empty" },
		{ "issuer", "\"", "quotes" },
		{ "issuer", "a\"b", "quotes" },
		{ "issuer", "\"a\" b", "quotes" },
		{ "issuer", "\"a\"b\"", "quotes" },
		{ "audience", "\"\"", "empty" },
		{ "audience", "x \"y\"", "quotes" },
		{ "services", "\"", "quotes" },
		{ "services", "sshd \"\"", "empty" },
		{ "services", "\"sshd", "quotes" },
		{ "services", "ss\"hd", "quotes" },
		{ "services", "\"sshd\"sudo", "quotes" },
		{ "services", "\"sshd\"\"sudo\"", "quotes" },
		{ "services", "sshd Sudo", "lower-case letters, digits, '_', "
		    "'-' and '.': Sudo" },
		{ "services", "\"a b\"", "lower-case letters, digits, '_', "
		    "'-' and '.': a b" },
		{ "services", "sshd,sudo", ": sshd,sudo" },
		{ "services", "ss/hd", ": ss/hd" },
		{ "services", "sshd;", ": sshd;" },
		{ "services", "sshd#", ": sshd#" },
		{ "services", "\"#\"", ": #" },
		{ "services", "ssh\xc3\xa4", ": ssh\\xc3\\xa4" },
		{ "services", "sshd sudo sshd", "sshd stands twice" },
		{ "services", "sshd \"sshd\"", "sshd stands twice" },
		{ "typ", "JWT at+jwt JWT", "JWT stands twice" },
		{ "user_strip_domain", "a.example a.example",
		    "a.example stands twice" },
		{ "fetch_user", "a b", "a b" },
		{ "fetch_user", "a/b", "a/b" },
		{ "fetch_user", "\"a b\"", "a b" },
		{ "host_name", "x\ty", "x" },
		{ "jwks_uri", "http://a.example/k", "http://" },
		{ "jwks_uri", "https://", "host" },
		{ "jwks_uri", "https://u:p@a.example/", "user" },
		{ "jwks_uri", "https://a.example/#f", "fragment" },
		{ "jwks_uri", "https://a.example/x y", "space" },
		{ "jwks_uri", "ftp://a.example/", "ftp" },
		{ "jwks_uri", "file:///etc/passwd", "file" },
		{ "discovery_url", "HTTPS://a.example/", "HTTPS" },
		{ "discovery_url", "a.example", "a.example" },
		{ "proxy", "socks5://p.example:1", "socks5" },
		{ "proxy", "http://u@p.example:1", "user" },
		{ "proxy", "http://p.example:1/x", "path" },
		{ "proxy", "http://p.example:99999", "port" },
		{ "jwks_file", "keys.json", "keys.json" },
		{ "jwks_file", "./keys.json", "slash" },
		{ "ca_file", "~/ca.pem", "slash" },
		{ "cache_dir", "cache", "slash" },
		{ "require_kid", "Yes", "Yes" },
		{ "require_kid", "true", "yes or no" },
		{ "require_kid", "1", "yes or no" },
		{ "user_lowercase", "on", "on" },
		{ "allow_unverified_email", "yes no", "yes no" },
		{ "leeway", "30", "30" },
		{ "leeway", "s", "unit" },
		{ "leeway", "-1s", "-1s" },
		{ "leeway", "+1s", "unit" },
		{ "leeway", "1.5s", "unit" },
		{ "leeway", "1 s", "unit" },
		{ "leeway", "1S", "unit" },
		{ "leeway", "1w", "unit" },
		{ "leeway", "1ms", "unit" },
		{ "leeway", "1m30s", "unit" },
		{ "leeway", "none", "unit" },
		{ "leeway", "99999999999999999999s", "unit" },
		{ "leeway", "1000000000d", "600" },
		{ "max_ttl", "none", "unit" },
		{ "max_token_age", "None", "None" },
		{ "max_token_age", "0s", "0s" },
		{ "min_uid", "0", "0" },
		{ "min_uid", "-1", "-1" },
		{ "min_uid", "0x10", "0x10" },
		{ "min_uid", "1000 ", "1000" },
		{ "min_uid", "4294967295", "4294967294" },
		{ "min_uid", "18446744073709551617", "number" },
		{ "algorithms", "none", "none" },
		{ "algorithms", "HS256", "HS256" },
		{ "algorithms", "RS256 None", "None" },
		{ "algorithms", "rs256", "rs256" },
		{ "algorithms", "RS256,ES256", "RS256,ES256" },
		{ "algorithms", "RS256 \"", "algorithm" },
		{ "algorithms", "ES256K", "ES256K" },
		{ "algorithms", "RSA-OAEP", "RSA-OAEP" },
		{ "account", "Local", "local or none" },
		{ "account", "any", "any" },
		{ "ip_resolve", "ipv4", "any, 4 or 6" },
		{ "ip_resolve", "46", "46" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		union fields fields;
		struct pj_error err = { "" };
		enum pj_status status;

		memset(&fields, 0, sizeof(fields));
		status = set(cases[i].key, &fields, cases[i].value, &err);
		if (status != PJ_CONFIG_INVALID)
			fail_msg("%s = %s: %s", cases[i].key, cases[i].value,
			    pj_status_name(status));
		if (strstr(err.detail, cases[i].named) == NULL)
			fail_msg("%s = %s: \"%s\" does not say \"%s\"",
			    cases[i].key, cases[i].value, err.detail,
			    cases[i].named);
		release(&fields, cases[i].key);
	}
}

/* Bytes that only a number without bounds checks would survive. */
static void
durations_and_numbers_are_accepted_at_their_bounds_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < pj_options_count; i++) {
		const struct pj_option *option = &pj_options[i];
		const char *unit = option->type == PJ_TYPE_DURATION ? "s" : "";
		const long long values[] = { option->min, option->max,
		    option->min - 1, option->max + 1 };

		if (option->type != PJ_TYPE_DURATION &&
		    option->type != PJ_TYPE_NUMBER)
			continue;
		for (size_t n = 0; n < 4; n++) {
			union fields fields;
			enum pj_status status;
			char text[40];
			int64_t got;

			memset(&fields, 0, sizeof(fields));
			(void)snprintf(text, sizeof(text), "%lld%s",
			    values[n], unit);
			status = pj_option_set(option, &fields,
			    pj_span_str(text), NULL);
			if ((status == PJ_OK) != (n < 2))
				fail_msg("%s = %s", option->key, text);
			memcpy(&got, (char *)&fields + option->offset,
			    sizeof(got));
			assert_int_equal(got, n < 2 ? values[n] : 0);
		}
	}
}

static void
units_of_a_duration_are_seconds_minutes_hours_days(void **state)
{
	static const struct {
		const char	*text;
		int64_t		 seconds;
	} cases[] = {
		{ "90s", 90 }, { "2m", 120 }, { "3h", 10800 },
		{ "4d", 345600 }, { "\"5m\"", 300 }, { "00010s", 10 },
		{ "none", -1 }, { "3650d", 315360000 },
	};
	union fields fields;

	(void)state;
	memset(&fields, 0, sizeof(fields));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(set("max_token_age", &fields, cases[i].text,
		    NULL), PJ_OK);
		assert_int_equal(fields.issuer.max_token_age,
		    cases[i].seconds);
	}
}

static void
blanks_separate_items_and_quotes_keep_them_together(void **state)
{
	union fields fields;

	(void)state;
	memset(&fields, 0, sizeof(fields));
	assert_int_equal(set("typ", &fields,
	    "sshd \t \"a b\"\t\"c\" d", NULL), PJ_OK);
	assert_int_equal(fields.issuer.typ.count, 4);
	assert_string_equal(fields.issuer.typ.items[0], "sshd");
	assert_string_equal(fields.issuer.typ.items[1], "a b");
	assert_string_equal(fields.issuer.typ.items[2], "c");
	assert_string_equal(fields.issuer.typ.items[3], "d");
	/* Set again: replaced, not added to. */
	assert_int_equal(set("typ", &fields, "\"x\"", NULL), PJ_OK);
	assert_int_equal(fields.issuer.typ.count, 1);
	assert_string_equal(fields.issuer.typ.items[0], "x");
	assert_int_equal(set("export", &fields, "JWT_A=a", NULL), PJ_OK);
	assert_int_equal(set("export", &fields, "JWT_A=b", NULL), PJ_OK);
	assert_int_equal(fields.issuer.export.count, 1);
	assert_string_equal(fields.issuer.export.items[0], "JWT_A=b");
	assert_int_equal(set("services", &fields,
	    "sshd\t\"sudo-i\"  x_1.y", NULL), PJ_OK);
	assert_int_equal(fields.issuer.services.count, 3);
	assert_string_equal(fields.issuer.services.items[0], "sshd");
	assert_string_equal(fields.issuer.services.items[1], "sudo-i");
	assert_string_equal(fields.issuer.services.items[2], "x_1.y");
	assert_int_equal(set("services", &fields, "\"x\"", NULL), PJ_OK);
	assert_int_equal(fields.issuer.services.count, 1);
	assert_string_equal(fields.issuer.services.items[0], "x");
	release(&fields, "services");
}

/* Every byte that a value can hold, alone and behind a good one. */
static void
a_services_name_has_the_bytes_that_libpam_leaves_alone(void **state)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.";
	char name[PJ_NAME_MAX + 2];
	union fields fields;

	(void)state;
	memset(&fields, 0, sizeof(fields));
	for (unsigned c = 1; c < 256; c++) {
		const char item[] = { '"', 'x', (char)c, '"', '\0' };
		bool fits = strchr(good, (int)c) != NULL;

		if ((set("services", &fields, item, NULL) == PJ_OK) != fits)
			fail_msg("byte 0x%02x", c);
	}
	memset(name, 'x', sizeof(name));
	name[PJ_NAME_MAX + 1] = '\0';
	assert_int_equal(set("services", &fields, name, NULL),
	    PJ_CONFIG_INVALID);
	name[PJ_NAME_MAX] = '\0';
	assert_int_equal(set("services", &fields, name, NULL), PJ_OK);
	release(&fields, "services");
}

/* It once opened sudo, not, and #. */
static void
a_trailing_comment_opens_nothing(void **state)
{
	static const struct {
		const char	*key;
		const char	*value;
	} cases[] = {
		{ "services", "sshd # not sudo" },
		{ "services", "sshd #sudo" },
		{ "services", "sshd\t# sudo" },
		{ "services", "# sshd" },
		{ "services", "#" },
		{ "services", "\"sshd\" # \"sudo\"" },
		{ "typ", "JWT # at+jwt" },
		{ "algorithms", "ES256 # RS256" },
		{ "audience", "x # y" },
		{ "audience", "#x ; y" },
		{ "audience", "\"x\" # y" },
		{ "leeway", "30s # more" },
		{ "account", "none # why" },
		{ "min_uid", "1000 #" },
		{ "jwks_file", "/k # l" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		union fields fields, untouched;
		struct pj_error err = { "" };

		memset(&fields, 0, sizeof(fields));
		memset(&untouched, 0, sizeof(untouched));
		if (set(cases[i].key, &fields, cases[i].value, &err) !=
		    PJ_CONFIG_INVALID)
			fail_msg("%s = %s", cases[i].key, cases[i].value);
		assert_string_equal(err.detail, "there are no comments behind "
		    "a value; quote a # that belongs to it");
		assert_memory_equal(&fields, &untouched, sizeof(fields));
	}
}

/*
 * `groups none contractors, guests` let contractors in, since it named
 * "contractors,"; the others let in nobody.
 */
static void
a_comma_between_items_is_a_mistake(void **state)
{
	static const struct {
		const char	*key;
		const char	*value;
	} cases[] = {
		{ "require", "groups none contractors, guests" },
		{ "require", "groups none contractors,guests" },
		{ "require", "groups any a, b" },
		{ "require", "groups any ,a" },
		{ "require", "groups all a b," },
		{ "require", "groups, any a" },
		{ "services", "sshd, sudo" },
		{ "typ", "JWT, at+jwt" },
		{ "user_strip_domain", "a.example, b.example" },
		{ "export", "JWT_A=a, JWT_B=b" },
		{ "users", "alice, bob" },
		{ "users", "same, bob" },
		{ "users", "alice,bob" },
		{ "users", "," },
		{ "identity", "alice, bob" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		union fields fields;
		struct pj_error err = { "" };

		memset(&fields, 0, sizeof(fields));
		if (set(cases[i].key, &fields, cases[i].value, &err) !=
		    PJ_CONFIG_INVALID)
			fail_msg("%s = %s", cases[i].key, cases[i].value);
		if (strstr(err.detail, "no commas between items") == NULL)
			fail_msg("%s", err.detail);
		release(&fields, cases[i].key);
	}
}

static void
a_comma_that_belongs_to_an_item_is_kept(void **state)
{
	union fields fields;

	(void)state;
	memset(&fields, 0, sizeof(fields));
	assert_int_equal(set("require", &fields,
	    "groups any \"cn=ssh,ou=groups\" \"x,\"", NULL), PJ_OK);
	assert_string_equal(fields.issuer.require.items[0]->values.items[0],
	    "cn=ssh,ou=groups");
	assert_string_equal(fields.issuer.require.items[0]->values.items[1],
	    "x,");
	/* One text, and one value: nothing that commas could separate. */
	assert_int_equal(set("require", &fields, "org is Example,", NULL),
	    PJ_OK);
	assert_int_equal(set("require", &fields, "x matches a{1,2}", NULL),
	    PJ_OK);
	assert_int_equal(set("audience", &fields, "a, b,", NULL), PJ_OK);
	release(&fields, "require");
}

/* What is no domain would be that of nobody, and so refuse everybody. */
static void
domains_have_the_bytes_of_domains(void **state)
{
	static const char *const good[] = { "example.org", "EXAMPLE.org",
		"localhost", "a-b_c.x1", "stra\303\237e.example" };
	static const char *const bad[] = { "@example.org", "*.example.org",
		"alice@example.org", "https://example.org", "a b", "x,y",
		".example.org", "example.org.", "example..org" };
	union fields fields;

	(void)state;
	memset(&fields, 0, sizeof(fields));
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (set("user_strip_domain", &fields, good[i], NULL) != PJ_OK)
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct pj_error err = { "" };
		char text[64];

		(void)snprintf(text, sizeof(text), "x.example \"%s\"", bad[i]);
		if (set("user_strip_domain", &fields, text, &err) !=
		    PJ_CONFIG_INVALID)
			fail_msg("%s", bad[i]);
		if (strstr(err.detail, "a domain has") == NULL)
			fail_msg("%s", err.detail);
	}
	release(&fields, "user_strip_domain");
}

static void
a_number_sign_that_begins_no_comment_is_kept(void **state)
{
	union fields fields;

	(void)state;
	memset(&fields, 0, sizeof(fields));
	assert_int_equal(set("audience", &fields, "x#y", NULL), PJ_OK);
	assert_int_equal(set("audience", &fields, "\"#x ; y\"", NULL), PJ_OK);
	assert_int_equal(set("audience", &fields, "\"x # y\"", NULL), PJ_OK);
	assert_int_equal(fields.issuer.audience.count, 3);
	assert_string_equal(fields.issuer.audience.items[0], "x#y");
	assert_string_equal(fields.issuer.audience.items[1], "#x ; y");
	assert_string_equal(fields.issuer.audience.items[2], "x # y");
	assert_int_equal(set("typ", &fields, "a# \"# b\" \"#\"", NULL), PJ_OK);
	assert_int_equal(fields.issuer.typ.count, 3);
	assert_string_equal(fields.issuer.typ.items[0], "a#");
	assert_string_equal(fields.issuer.typ.items[1], "# b");
	assert_string_equal(fields.issuer.typ.items[2], "#");
	release(&fields, "audience");
}

static void
a_whole_line_value_keeps_its_spaces(void **state)
{
	union fields fields;

	(void)state;
	memset(&fields, 0, sizeof(fields));
	assert_int_equal(set("audience", &fields, "openid ssh", NULL), PJ_OK);
	assert_int_equal(set("audience", &fields, "\" two  blanks \"", NULL),
	    PJ_OK);
	assert_int_equal(set("audience", &fields, "; x ; y", NULL), PJ_OK);
	assert_int_equal(fields.issuer.audience.count, 3);
	assert_string_equal(fields.issuer.audience.items[0], "openid ssh");
	assert_string_equal(fields.issuer.audience.items[1], " two  blanks ");
	assert_string_equal(fields.issuer.audience.items[2], "; x ; y");
	release(&fields, "audience");
}

static void
lists_hold_64_items_and_no_more(void **state)
{
	char text[4 * PJ_LIST_MAX + 5] = "";
	union fields fields;
	struct pj_error err;

	(void)state;
	memset(&fields, 0, sizeof(fields));
	for (int i = 0; i < PJ_LIST_MAX; i++) {
		char item[8];

		(void)snprintf(item, sizeof(item), "x%02d ", i % 100);
		memcpy(text + 4 * i, item, 5);
		item[3] = '\0';
		assert_int_equal(set("audience", &fields, item, NULL), PJ_OK);
	}
	assert_int_equal(set("audience", &fields, "x", &err),
	    PJ_CONFIG_INVALID);
	assert_string_equal(err.detail, "more than 64 items");
	assert_int_equal(set("services", &fields, text, NULL), PJ_OK);
	assert_int_equal(fields.issuer.services.count, PJ_LIST_MAX);
	memcpy(text + 4 * PJ_LIST_MAX, "more", 5);
	assert_int_equal(set("services", &fields, text, &err),
	    PJ_CONFIG_INVALID);
	assert_string_equal(err.detail, "more than 64 items");
	release(&fields, "audience");
}

static void
each_algorithm_has_its_bit_and_the_default_has_all(void **state)
{
	union fields fields;
	unsigned all = 0;

	(void)state;
	memset(&fields, 0, sizeof(fields));
	for (unsigned id = 0; pj_alg_at(id) != NULL; id++) {
		assert_int_equal(set("algorithms", &fields,
		    pj_alg_at(id)->name, NULL), PJ_OK);
		assert_int_equal(fields.issuer.algorithms, 1u << id);
		all |= fields.issuer.algorithms;
	}
	assert_int_equal(set("algorithms", &fields, find("algorithms")->fallback, NULL), PJ_OK);
	assert_int_equal(fields.issuer.algorithms, all);
	assert_int_equal(set("algorithms", &fields, "ES256 \"EdDSA\"", NULL),
	    PJ_OK);
	assert_int_equal(fields.issuer.algorithms, 1u << 6 | 1u << 9);
}

static void
a_refused_value_leaves_the_old_one(void **state)
{
	union fields fields;

	(void)state;
	memset(&fields, 0, sizeof(fields));
	assert_int_equal(set("jwks_file", &fields, "/a", NULL), PJ_OK);
	assert_int_equal(set("jwks_file", &fields, "a", NULL),
	    PJ_CONFIG_INVALID);
	assert_string_equal(fields.issuer.jwks_file, "/a");
	assert_int_equal(set("jwks_file", &fields, "/b", NULL), PJ_OK);
	assert_string_equal(fields.issuer.jwks_file, "/b");
	assert_int_equal(set("leeway", &fields, "9s", NULL), PJ_OK);
	assert_int_equal(set("leeway", &fields, "99h", NULL),
	    PJ_CONFIG_INVALID);
	assert_int_equal(fields.issuer.leeway, 9);
	assert_int_equal(set("algorithms", &fields, "RS256", NULL), PJ_OK);
	assert_int_equal(set("algorithms", &fields, "ES256 x", NULL),
	    PJ_CONFIG_INVALID);
	assert_int_equal(fields.issuer.algorithms, 1);
	release(&fields, "jwks_file");
}

static void
a_path_may_have_2047_bytes(void **state)
{
	char text[PJ_PATH_MAX];
	union fields fields;

	(void)state;
	memset(&fields, 0, sizeof(fields));
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[PJ_PATH_MAX / 2] = '\0';
	assert_int_equal(set("jwks_file", &fields, text, NULL),
	    PJ_CONFIG_INVALID);
	text[PJ_PATH_MAX / 2 - 1] = '\0';
	assert_int_equal(set("jwks_file", &fields, text, NULL), PJ_OK);
	release(&fields, "jwks_file");
}

static void
a_word_that_was_meant_is_near(void **state)
{
	static const struct {
		const char	*word;
		const char	*meant;		/* NULL: none */
	} words[] = {
		{ "audiense", "audience" },	/* wrong */
		{ "audence", "audience" },	/* missing */
		{ "audiencee", "audience" },	/* too many */
		{ "auidence", "audience" },	/* exchanged */
		{ "leewya", "leeway" },
		{ "typ_", "typ" },
		{ "ty", "typ" },
		{ "tt", NULL },			/* too short to tell */
		{ "xyzzy", NULL },
		{ "", NULL },
		{ "audience_of_a_very_long_word_here", NULL },
		{ "cache_dri", NULL },		/* of another section */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct pj_option *option = pj_option_near(
		    PJ_SECTION_ISSUER, pj_span_str(words[i].word));

		if (words[i].meant == NULL)
			assert_null(option);
		else
			assert_string_equal(option->key, words[i].meant);
	}
	assert_string_equal(pj_option_near(PJ_SECTION_MODULE,
	    pj_span_str("cache_dri"))->key, "cache_dir");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_in_the_table_once),
		cmocka_unit_test(no_two_options_share_a_field),
		cmocka_unit_test(a_key_is_found_by_its_exact_name_only),
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(a_bad_value_of_each_type_is_refused_and_named),
		cmocka_unit_test(
		    durations_and_numbers_are_accepted_at_their_bounds_only),
		cmocka_unit_test(
		    units_of_a_duration_are_seconds_minutes_hours_days),
		cmocka_unit_test(
		    blanks_separate_items_and_quotes_keep_them_together),
		cmocka_unit_test(
		    a_services_name_has_the_bytes_that_libpam_leaves_alone),
		cmocka_unit_test(a_trailing_comment_opens_nothing),
		cmocka_unit_test(a_comma_between_items_is_a_mistake),
		cmocka_unit_test(a_comma_that_belongs_to_an_item_is_kept),
		cmocka_unit_test(domains_have_the_bytes_of_domains),
		cmocka_unit_test(a_number_sign_that_begins_no_comment_is_kept),
		cmocka_unit_test(a_whole_line_value_keeps_its_spaces),
		cmocka_unit_test(lists_hold_64_items_and_no_more),
		cmocka_unit_test(
		    each_algorithm_has_its_bit_and_the_default_has_all),
		cmocka_unit_test(a_refused_value_leaves_the_old_one),
		cmocka_unit_test(a_word_that_was_meant_is_near),
		cmocka_unit_test(a_path_may_have_2047_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
