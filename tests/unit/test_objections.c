/*
 * policy/objections.h: what check says about a configuration that is valid.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/objections.h"

#define GITHUB	"issuer = https://token.actions.githubusercontent.com\n"
#define CORP	"issuer = https://id.example\n"
#define SSHD	"services = sshd\n"
#define LOGIN	"services = login\n"
#define REST	"audience = https://h.example\nuser_claim = sub\n"
#define GOOD	"[issuer a]\n" CORP SSHD REST
#define MAP	"user_map = /m\n"
#define LOWER	"user_lowercase = yes\n"

struct heard {
	unsigned	count;
	char		text[8][PJ_DETAIL_MAX + 1];
};

static void
hear(void *ctx, enum pj_objection_kind kind, const char *text)
{
	struct heard *heard = ctx;

	assert_in_range(kind, PJ_OBJECT_AUDIENCE_OPEN, PJ_OBJECT_SHADOWED);
	if (heard->count < 8)
		(void)snprintf(heard->text[heard->count], PJ_DETAIL_MAX + 1,
		    "%s", text);
	heard->count++;
}

static void
listen(const char *text, const char *map, struct heard *heard)
{
	static const struct pj_config_host host = { .node_name = "h.example" };
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_error err = { "" };

	if (pj_config_new(&host, NULL, NULL, &config) != PJ_OK ||
	    pj_config_add_text(config, pj_span_str(text), "f.conf", &err) !=
	    PJ_OK || (map != NULL && pj_config_add_map(config,
	    pj_span_str(map), "/m", &err) != PJ_OK) ||
	    pj_config_finish(config, false, &err) != PJ_OK)
		fail_msg("%s", err.detail);
	memset(heard, 0, sizeof(*heard));
	pj_config_object(config, hear, heard);
}

static void
what_is_hardly_meant_is_objected_to(void **state)
{
	static const struct {
		const char	*text;
		const char	*map;
		const char	*says;
	} cases[] = {
		{ "[issuer a]\n" GITHUB SSHD REST, NULL,
		    "[issuer a] anybody can have a token" },
		{ "[issuer a]\nissuer = https://gitlab.com\n" SSHD REST, NULL,
		    "anybody can have a token of https://gitlab.com" },
		{ "[issuer a]\nissuer = https://accounts.google.com\n" SSHD
		    REST, NULL, "anybody can have a token" },
		{ "[issuer a]\nissuer = https://kubernetes.default.svc."
		    "cluster.local\njwks_file = /k\n" SSHD REST, NULL,
		    "anybody can have a token" },
		{ GOOD "audience = https://*.example.org\n", NULL,
		    "the * stands for itself" },
		{ "[issuer a]\n" CORP "services = sudo\n" REST, NULL,
		    "no section serves sudo-i" },
		{ "[issuer a]\n" CORP "services = sshd su\n" REST, NULL,
		    "no section serves su-l" },
		{ GOOD "account = none\n", NULL, "[issuer a] account = none "
		    "lets tokens into accounts of services" },
		{ GOOD "allow_unverified_email = yes\n", NULL,
		    "allow_unverified_email changes nothing" },
		{ GOOD "user_lowercase = yes\n[grant g]\nissuer = a\n"
		    "users = x\nrequire = x is y\n", NULL,
		    "user_lowercase changes nothing" },
		{ GOOD "user_strip_domain = x\n[grant g]\nissuer = a\n"
		    "users = x\nrequire = x is y\n", NULL,
		    "user_strip_domain only refuses" },
		{ GOOD LOWER "[issuer b]\n" CORP LOGIN REST "[grant g]\n"
		    "issuer = a\nusers = x\nrequire = x is y\n[grant h]\n"
		    "issuer = b\nusers = same\nidentity = x\n", NULL,
		    "[issuer a] user_lowercase changes nothing" },
		{ GOOD LOWER "[grant g]\nissuer = a\nusers = x\n"
		    "identity = y Alice\n", NULL, "[grant g] identity Alice "
		    "never fits: the section has user_lowercase" },
		{ GOOD "user_strip_domain = example.org\n[grant g]\n"
		    "issuer = a\nusers = x\nidentity = x@Example.org\n", NULL,
		    "[grant g] identity x@Example.org never fits: the "
		    "section has user_strip_domain" },
		{ GOOD MAP, "", "/m has no line for it" },
		{ GOOD MAP, "a x y\nb x y\n",
		    "/m:2: the line never fits: there is no such section" },
		{ GOOD MAP "[issuer b]\n" CORP LOGIN REST, "a x y\nb x y\n",
		    "/m:2: the line never fits: the section has another map" },
		{ GOOD MAP "user_lowercase = yes\n", "a x y\na X y\n",
		    "/m:2: the line never fits: the section has "
		    "user_lowercase" },
		{ GOOD MAP "user_strip_domain = example.org\n",
		    "a x y\na x@Example.org y\n",
		    "/m:2: the line never fits: the section has "
		    "user_strip_domain" },
		{ GOOD MAP, "a x y\na \"x\ty\" y\n",
		    "no identity has a control character" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct heard heard;

		listen(cases[i].text, cases[i].map, &heard);
		if (heard.count != 1 ||
		    strstr(heard.text[0], cases[i].says) == NULL)
			fail_msg("case %zu: %u objections: %s; %s", i,
			    heard.count, heard.text[0], heard.text[1]);
	}
}

static void
what_is_meant_is_not(void **state)
{
	static const struct {
		const char	*text;
		const char	*map;
	} cases[] = {
		{ GOOD, NULL },
		{ "[issuer a]\n" GITHUB SSHD REST "require = repository_id "
		    "is 1\n", NULL },
		{ "[issuer a]\n" GITHUB SSHD REST "[grant g]\nissuer = a\n"
		    "users = x\nrequire = x is y\n", NULL },
		{ "[issuer a]\n" GITHUB SSHD REST MAP, "a x y\n" },
		{ "[issuer a]\nissuer = https://gitlab.example.org\n" SSHD
		    REST, NULL },
		{ "[issuer a]\n" CORP "services = sudo sudo-i su su-l\n" REST,
		    NULL },
		{ "[issuer a]\n" CORP "services = sudo\n" REST
		    "[issuer b]\n" CORP "services = sudo-i\n" REST, NULL },
		{ "[issuer a]\n" CORP "services = sudo\n" REST
		    "[issuer b]\n" CORP "services = any\n" REST, NULL },
		{ "[issuer a]\n" CORP "services = any\n" REST, NULL },
		{ "[issuer a]\n" CORP SSHD "audience = x\n"
		    "user_claim = email\nallow_unverified_email = yes\n",
		    NULL },
		{ "[issuer a]\n" CORP SSHD "audience = x\n"
		    "user_claim = /email\nallow_unverified_email = yes\n",
		    NULL },
		{ GOOD "user_lowercase = yes\nuser_strip_domain = x\n", NULL },
		{ "[issuer a]\n" CORP "services = postgresql\n" REST
		    "account = none\n", NULL },
		{ GOOD "user_lowercase = yes\n[grant g]\nissuer = a\n"
		    "users = same\nrequire = x is y\n", NULL },
		{ GOOD "user_lowercase = yes\n[grant g]\nissuer = a\n"
		    "users = x\nidentity = y\n", NULL },
		{ GOOD MAP "user_lowercase = yes\nuser_strip_domain = x\n",
		    "a re:X.*@x y\na x@y z\n" },
		/* The name of a company that begins like another's. */
		{ "[issuer a]\nissuer = https://gitlab.company.org\n" SSHD
		    REST, NULL },
		{ "[issuer a]\nissuer = https://gitlab.com-pany.org\n" SSHD
		    REST, NULL },
		{ GOOD LOWER "[grant g]\nissuer = a\nusers = x\n"
		    "identity = alice b@c\n", NULL },
		/* It fits the tokens of the other section. */
		{ GOOD LOWER "[issuer b]\nissuer = https://b.example\n" SSHD
		    REST "[grant g]\nissuer = a b\nusers = x\n"
		    "identity = Alice\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct heard heard;

		listen(cases[i].text, cases[i].map, &heard);
		if (heard.count != 0)
			fail_msg("case %zu: %s", i, heard.text[0]);
	}
}

#define NAMED(name, services, audience) "[issuer " name "]\n" CORP \
	"services = " services "\naudience = " audience "\nuser_claim = sub\n"

/*
 * The first section that fits decides alone: rules of one behind it that has
 * the same service and audience are not in force.
 */
static void
a_section_behind_another_that_takes_its_tokens_is_told(void **state)
{
	static const struct {
		const char	*text;
		const char	*says;		/* NULL: nothing */
	} cases[] = {
		{ NAMED("a", "any", "x") NAMED("b", "sudo sudo-i", "x"),
		    "[issuer b] for sudo and audience x [issuer a] decides, "
		    "which stands before it" },
		{ NAMED("a", "sshd sudo sudo-i", "x")
		    NAMED("b", "sudo sudo-i", "x"), "[issuer b] for sudo" },
		{ NAMED("a", "sshd", "x") NAMED("b", "login sshd", "x"),
		    "[issuer b] for sshd and audience x" },
		{ NAMED("a", "any", "x") NAMED("b", "any", "x"),
		    "[issuer b] for any and audience x" },
		{ NAMED("a", "sshd", "x\naudience = y") NAMED("b", "sshd",
		    "z\naudience = y"), "audience y" },
		{ NAMED("a", "sshd", "x") NAMED("b", "login", "x")
		    NAMED("c", "login", "x"),
		    "[issuer c] for login and audience x [issuer b]" },
		/* What is special stands first, what is general behind it. */
		{ NAMED("a", "sudo sudo-i", "x") NAMED("b", "any", "x"),
		    NULL },
		{ NAMED("a", "sshd", "x") NAMED("b", "login", "x"), NULL },
		{ NAMED("a", "any", "x") NAMED("b", "any", "X"), NULL },
		{ NAMED("a", "any", "x") "[issuer b]\n"
		    "issuer = https://id.example/\n" SSHD
		    "audience = x\nuser_claim = sub\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct heard heard;

		listen(cases[i].text, NULL, &heard);
		if (heard.count != (cases[i].says == NULL ? 0 : 1) ||
		    (cases[i].says != NULL &&
		    strstr(heard.text[0], cases[i].says) == NULL))
			fail_msg("case %zu: %u objections: %s; %s", i,
			    heard.count, heard.text[0], heard.text[1]);
	}
}

static void
a_shared_map_is_gone_through_once(void **state)
{
	struct heard heard;

	(void)state;
	listen(GOOD MAP "[issuer b]\n" CORP LOGIN REST MAP,
	    "a x y\nb x y\nc x y\n", &heard);
	assert_int_equal(heard.count, 1);
	assert_string_equal(heard.text[0],
	    "/m:3: the line never fits: there is no such section");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_hardly_meant_is_objected_to),
		cmocka_unit_test(what_is_meant_is_not),
		cmocka_unit_test(
		    a_section_behind_another_that_takes_its_tokens_is_told),
		cmocka_unit_test(a_shared_map_is_gone_through_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
