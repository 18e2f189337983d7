/*
 * keys/discovery.h: where the keys are, according to the issuer itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "keys/discovery.h"

#define SUFFIX	"/.well-known/openid-configuration"

static void
url_is(const char *issuer, const char *discovery_url, const char *want)
{
	struct pj_key_request request = {
		.issuer = issuer, .discovery_url = discovery_url,
	};
	char url[PJ_URL_MAX + 1];

	assert_int_equal(pj_discovery_url(&request, url, NULL), PJ_OK);
	assert_string_equal(url, want);
}

static void
the_url_is_the_issuer_and_the_suffix(void **state)
{
	(void)state;
	url_is("https://a", NULL, "https://a" SUFFIX);
	url_is("https://a/", NULL, "https://a" SUFFIX);
	url_is("https://a//", NULL, "https://a/" SUFFIX);
	url_is("https://a/tenant/v2.0", NULL, "https://a/tenant/v2.0" SUFFIX);
	url_is("https://a:443/x/", NULL, "https://a:443/x" SUFFIX);
	url_is("https://a", "https://b/c", "https://b/c");
}

static void
an_issuer_that_makes_no_url_is_refused(void **state)
{
	struct pj_key_request request = { .issuer = "accounts.google.com" };
	char url[PJ_URL_MAX + 1], issuer[PJ_URL_MAX + 1];

	(void)state;
	assert_int_equal(pj_discovery_url(&request, url, NULL),
	    PJ_CONFIG_INVALID);
	request.issuer = "http://a";
	assert_int_equal(pj_discovery_url(&request, url, NULL),
	    PJ_CONFIG_INVALID);
	request.issuer = "";
	assert_int_equal(pj_discovery_url(&request, url, NULL),
	    PJ_CONFIG_INVALID);
	memset(issuer, 'x', sizeof(issuer));
	memcpy(issuer, "https://a/", 10);
	issuer[PJ_URL_MAX] = '\0';
	request.issuer = issuer;
	assert_int_equal(pj_discovery_url(&request, url, NULL),
	    PJ_CONFIG_INVALID);
}

static void
the_document_says_where_the_keys_are(void **state)
{
	char uri[PJ_URL_MAX + 1];

	(void)state;
	assert_int_equal(pj_discovery_parse(pj_span_str(
	    "{\"issuer\":\"https://a/\",\"jwks_uri\":\"https://other.host/k\","
	    "\"id_token_signing_alg_values_supported\":[\"none\"],\"x\":1}"),
	    "https://a/", uri, NULL), PJ_OK);
	assert_string_equal(uri, "https://other.host/k");
}

static void
another_issuer_is_refused_byte_for_byte(void **state)
{
	static const char *const issuers[] = {
		"https://a/", "https://A", "https://a:443", "https://b",
		"https://a\\u0000", "https://a ", "", "https://a/.",
	};
	char uri[PJ_URL_MAX + 1] = "untouched", text[200];

	(void)state;
	for (size_t i = 0; i < sizeof(issuers) / sizeof(*issuers); i++) {
		struct pj_error err = { "" };

		(void)snprintf(text, sizeof(text), "{\"issuer\":\"%s\","
		    "\"jwks_uri\":\"https://a/k\"}", issuers[i]);
		assert_int_equal(pj_discovery_parse(pj_span_str(text),
		    "https://a", uri, &err), PJ_DISCOVERY_ISSUER_DIFFERS);
		assert_non_null(strstr(err.detail, "https://a"));
	}
	assert_string_equal(uri, "untouched");
}

static void
malformed_documents_are_refused(void **state)
{
#define A	"{\"issuer\":\"https://a\""
	static const char *const texts[] = {
		"", "<html>", "[]", "{", "{}", "null", A "}",
		A ",\"jwks_uri\":null}", A ",\"jwks_uri\":7}",
		A ",\"jwks_uri\":[\"https://a/k\"]}",
		A ",\"jwks_uri\":\"http://a/k\"}", A ",\"jwks_uri\":\"\"}",
		A ",\"jwks_uri\":\"/keys\"}",
		A ",\"jwks_uri\":\"https://u:p@a/k\"}",
		A ",\"jwks_uri\":\"https://a/k\\nx\"}",
		A ",\"jwks_uri\":\"https://a/k\\u0000\"}",
		A ",\"jwks_uri\":\"file:///etc/shadow\"}",
		A ",\"jwks_uri\":\"https://a/k\",\"jwks_uri\":\"https://b\"}",
		A ",\"jwks_uri\":\"https://a/k\"}x",
		"{\"issuer\":[\"https://a\"],\"jwks_uri\":\"https://a/k\"}",
	};
	char uri[PJ_URL_MAX + 1] = "untouched";
	struct pj_error said = { "" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct pj_error err = { "" };

		if (pj_discovery_parse(pj_span_str(texts[i]), "https://a", uri,
		    &err) != PJ_DISCOVERY_INVALID || err.detail[0] == '\0')
			fail_msg("passed: %s", texts[i]);
	}
	assert_string_equal(uri, "untouched");
	assert_int_equal(pj_discovery_parse(pj_span_str("<html>"), "https://a",
	    uri, &said), PJ_DISCOVERY_INVALID);
	assert_non_null(strstr(said.detail, "no JSON object"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_url_is_the_issuer_and_the_suffix),
		cmocka_unit_test(an_issuer_that_makes_no_url_is_refused),
		cmocka_unit_test(the_document_says_where_the_keys_are),
		cmocka_unit_test(another_issuer_is_refused_byte_for_byte),
		cmocka_unit_test(malformed_documents_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
