/*
 * base/url.h: what may be fetched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/url.h"

static void
good_urls_pass(void **state)
{
	static const char *const urls[] = {
		"https://a", "https://example.com", "https://example.com/",
		"https://example.com:443/a/b?c=d&e=%20", "https://10.1.2.3:8443",
		"https://[::1]", "https://[2001:db8::1]:65535/x",
		"https://a?x", "https://example.com./", "https://a_b.internal",
		"https://example.com/tenant/v2.0/", "https://example.com/@x:y",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++)
		if (pj_url_check_https(pj_span_str(urls[i]), NULL) != PJ_OK)
			fail_msg("refused: %s", urls[i]);
}

static void
other_texts_are_refused_with_a_reason(void **state)
{
	static const char *const texts[] = {
		"", "https:", "https:/", "https://", "https:///path",
		"http://example.com", "HTTPS://example.com", "ftp://a",
		"file:///etc/passwd", "//example.com", " https://a",
		"https://a b", "https://a\tb", "https://a\nb", "https://a\r",
		"https://a\177", "https://\xc3\xa4.example",
		"https://user@example.com", "https://u:p@example.com/",
		"https://example.com#f", "https://example.com/#",
		"https://a\\b", "https://a\"b", "https://a'b", "https://a`b",
		"https://a<b>", "https://a:", "https://a:0", "https://a:65536",
		"https://a:+1", "https://a:99999999999999999999",
		"https://a:80:80", "https://[::1", "https://[]",
		"https://[::1]x", "https://[fe80::1%25eth0]", "https://[1.2.3.4]",
		"https://.a", "https://a..b", "https://a,b", "https://:443",
		"https://?x", "https://a%2eb", "https://[::1]x80",
		/* The same bytes behind the host, where more may stand. */
		"https://a/x y", "https://a/x\ty", "https://a/x\177",
		"https://a/\xc3\xa4", "https://a/x\\y", "https://a/x\"y",
		"https://a/x'y", "https://a/x`y", "https://a/x<y",
		"https://a/x>y",
		"https://[0000:0000:0000:0000:0000:0000:0000:0001:2:3:4:5:6:7]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct pj_error err = { "" };

		if (pj_url_check_https(pj_span_str(texts[i]), &err) !=
		    PJ_CONFIG_INVALID || err.detail[0] == '\0')
			fail_msg("passed: %s", texts[i]);
	}
}

/* Where the next check would refuse as well, the words tell what to mend. */
static void
the_reason_tells_what_to_mend(void **state)
{
	struct pj_error err = { "" };

	(void)state;
	assert_int_equal(pj_url_check_https(pj_span_str("https://u@a"), &err),
	    PJ_CONFIG_INVALID);
	assert_non_null(strstr(err.detail, "user info"));
	assert_int_equal(pj_url_check_proxy(pj_span_str("http://a b"), &err),
	    PJ_CONFIG_INVALID);
	assert_non_null(strstr(err.detail, "a space"));
}

static void
a_nul_inside_is_refused(void **state)
{
	(void)state;
	assert_int_equal(pj_url_check_https(pj_span("https://a\0b", 11), NULL),
	    PJ_CONFIG_INVALID);
}

static void
lengths_are_bounded(void **state)
{
	char url[PJ_URL_MAX + 2];

	(void)state;
	memset(url, 'x', sizeof(url));
	memcpy(url, "https://a/", 10);
	assert_int_equal(pj_url_check_https(pj_span(url, PJ_URL_MAX), NULL),
	    PJ_OK);
	assert_int_equal(pj_url_check_https(pj_span(url, PJ_URL_MAX + 1),
	    NULL), PJ_CONFIG_INVALID);
	/* A label of 64, a host of 254. */
	assert_int_equal(pj_url_check_https(pj_span_str("https://"
	    "0123456789012345678901234567890123456789012345678901234567890123"),
	    NULL), PJ_CONFIG_INVALID);
	for (size_t i = 8; i < 8 + 254; i++)
		url[i] = i % 2 != 0 ? '.' : 'a';
	assert_int_equal(pj_url_check_https(pj_span(url, 8 + 253), NULL),
	    PJ_OK);
	url[8 + 253] = 'a';
	assert_int_equal(pj_url_check_https(pj_span(url, 8 + 254), NULL),
	    PJ_CONFIG_INVALID);
}

static void
proxies_are_host_and_port(void **state)
{
	static const char *const good[] = {
		"http://proxy:3128", "https://proxy:3128", "http://proxy",
		"http://[::1]:8080/", "http://10.0.0.1:1",
	};
	static const char *const bad[] = {
		"", "proxy:3128", "socks5://proxy:1080", "http://",
		"http://u:p@proxy:3128", "http://proxy/path",
		"http://proxy?x", "http://proxy#x", "http://proxy//",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (pj_url_check_proxy(pj_span_str(good[i]), NULL) != PJ_OK)
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (pj_url_check_proxy(pj_span_str(bad[i]), NULL) !=
		    PJ_CONFIG_INVALID)
			fail_msg("passed: %s", bad[i]);
}

static void
ports_are_found(void **state)
{
	static const struct {
		const char	*url;
		uint16_t	 port;
	} cases[] = {
		{ "https://a", 443 }, { "https://a/", 443 },
		{ "https://a:8443", 8443 }, { "https://a:8443/x:1", 8443 },
		{ "https://a:1?b:2", 1 }, { "https://[::1]/", 443 },
		{ "https://[::1]:65535/", 65535 }, { "http://a1:3128/", 3128 },
		{ "https://12/x", 443 }, { "http://a", 443 },
		{ "https://a1", 443 }, { "https://10.0.0.1/", 443 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (pj_url_port(pj_span_str(cases[i].url), 443) !=
		    cases[i].port)
			fail_msg("another port: %s", cases[i].url);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_urls_pass),
		cmocka_unit_test(other_texts_are_refused_with_a_reason),
		cmocka_unit_test(the_reason_tells_what_to_mend),
		cmocka_unit_test(a_nul_inside_is_refused),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(proxies_are_host_and_port),
		cmocka_unit_test(ports_are_found),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
