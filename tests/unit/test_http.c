/*
 * fetch/http.h: what header fields mean for keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "fetch/http.h"

/* Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples. */
#define THEN	784111777

/* Takes header lines, separated by '|'. */
static struct pj_http_headers
take(const char *lines)
{
	struct pj_http_headers headers;
	size_t len;

	memset(&headers, 0, sizeof(headers));
	for (; *lines != '\0'; lines += len + (lines[len] == '|')) {
		len = strcspn(lines, "|");
		pj_http_header_line(&headers, pj_span(lines, len));
	}
	return headers;
}

static int64_t
fresh(const char *lines)
{
	struct pj_http_headers headers = take(lines);

	return pj_http_freshness(&headers, THEN);
}

static int64_t
retry(const char *value)
{
	struct pj_http_headers headers;
	char line[200];

	(void)snprintf(line, sizeof(line), "Retry-After: %s", value);
	headers = take(line);
	return pj_http_retry_after(&headers, THEN);
}

static void
max_age_is_read_as_real_providers_send_it(void **state)
{
	(void)state;
	assert_int_equal(fresh("Cache-Control: max-age=15"), 15);
	assert_int_equal(fresh("cache-control:public, max-age=3293198, "
	    "must-revalidate, no-transform"), 3293198);
	assert_int_equal(fresh("CACHE-CONTROL: Max-Age=\"60\""), 60);
	assert_int_equal(fresh("Cache-Control: max-age=0"), 0);
	assert_int_equal(fresh("Cache-Control: private"), -1);
	assert_int_equal(fresh("Cache-Control:"), -1);
	assert_int_equal(fresh("Content-Type: text/html"), -1);
	assert_int_equal(fresh(""), -1);
	assert_int_equal(fresh("Cache-Control: s-maxage=10"), -1);
}

static void
malformed_lifetimes_are_the_shortest(void **state)
{
	(void)state;
	assert_int_equal(fresh("Cache-Control: max-age=-1"), 0);
	assert_int_equal(fresh("Cache-Control: max-age"), 0);
	assert_int_equal(fresh("Cache-Control: max-age="), 0);
	assert_int_equal(fresh("Cache-Control: max-age=1e9"), 0);
	/* A quote that does not close. */
	assert_int_equal(fresh("Cache-Control: max-age=\"600"), 0);
	assert_int_equal(fresh("Cache-Control: max-age=600\""), 0);
	assert_int_equal(fresh("Cache-Control: max-age=\""), 0);
	assert_int_equal(fresh("Cache-Control: max-age=soon, max-age=7"), 0);
	assert_int_equal(fresh("Cache-Control: no-store"), 0);
	assert_int_equal(fresh("Cache-Control: no-cache, max-age=100"), 0);
}

static void
huge_numbers_are_clipped(void **state)
{
	(void)state;
	assert_int_equal(fresh("Cache-Control: max-age=9223372036854775808"),
	    2147483648LL);
	assert_int_equal(fresh("Cache-Control: max-age="
	    "99999999999999999999999999999999999999"), 2147483648LL);
	assert_int_equal(fresh("Cache-Control: max-age=100|Age: "
	    "9223372036854775808"), 0);
}

static void
of_several_the_shortest_counts(void **state)
{
	(void)state;
	assert_int_equal(fresh("Cache-Control: max-age=100|"
	    "Cache-Control: max-age=50"), 50);
	assert_int_equal(fresh("Cache-Control: max-age=50, max-age=100"), 50);
	assert_int_equal(fresh("Cache-Control: ,,max-age=50,,"), 50);
}

static void
age_is_taken_off(void **state)
{
	(void)state;
	assert_int_equal(fresh("Cache-Control: max-age=100|Age: 30"), 70);
	assert_int_equal(fresh("Cache-Control: max-age=100|Age: 100"), 0);
	assert_int_equal(fresh("Cache-Control: max-age=100|Age: -5"), 100);
	assert_int_equal(fresh("Cache-Control: max-age=100|Age: old"), 100);
	assert_int_equal(fresh("Age: 30"), -1);
}

static void
expires_counts_where_max_age_is_absent(void **state)
{
	(void)state;
	assert_int_equal(fresh("Expires: Sun, 06 Nov 1994 08:59:37 GMT"), 600);
	assert_int_equal(fresh("Expires: Sun, 06 Nov 1994 08:59:37 GMT|"
	    "Date: Sun, 06 Nov 1994 08:58:37 GMT"), 60);
	assert_int_equal(fresh("Expires: Sun, 06 Nov 1994 08:59:37 GMT|"
	    "Cache-Control: max-age=5"), 5);
	assert_int_equal(fresh("Expires: Sun, 06 Nov 1994 08:39:37 GMT"), 0);
	assert_int_equal(fresh("Expires: 0"), 0);
	assert_int_equal(fresh("Expires: -1"), 0);
	assert_int_equal(fresh("Expires: never"), 0);
}

static void
dates_have_three_forms(void **state)
{
	(void)state;
	assert_int_equal(pj_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), THEN);
	assert_int_equal(pj_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), THEN);
	assert_int_equal(pj_http_date("Sun Nov  6 08:49:37 1994"), THEN);
	assert_int_equal(pj_http_date("Sun, 06 Nov 1994 08:49:37 CET"), -1);
	assert_int_equal(pj_http_date("Sun, 06 Nov 1994 08:49:37 GMT x"), -1);
	assert_int_equal(pj_http_date("Sun, 41 Nov 1994 08:49:37 GMT"), -1);
	assert_int_equal(pj_http_date("784111777"), -1);
	assert_int_equal(pj_http_date(""), -1);
	assert_int_equal(pj_http_cert_date("Nov  6 08:49:37 1994 GMT"), THEN);
	assert_int_equal(pj_http_cert_date("Nov  6 08:49:37 1994"), -1);
}

static void
retry_after_is_seconds_or_a_date(void **state)
{
	(void)state;
	assert_int_equal(retry("120"), 120);
	assert_int_equal(retry("0"), 0);
	assert_int_equal(retry("1000000000"), 1000000000);
	assert_int_equal(retry("99999999999999999999"), 2147483648LL);
	assert_int_equal(retry("Sun, 06 Nov 1994 08:50:37 GMT"), 60);
	assert_int_equal(retry("Sun, 06 Nov 1994 08:40:37 GMT"), 0);
	assert_int_equal(retry("-1"), -1);
	assert_int_equal(retry("soon"), -1);
	assert_int_equal(retry(""), -1);
}

static void
the_last_answer_counts(void **state)
{
	(void)state;
	assert_int_equal(fresh("HTTP/1.1 100 Continue|Cache-Control: max-age=1|"
	    "HTTP/1.1 200 OK|Cache-Control: max-age=77"), 77);
}

static void
values_are_kept_whole_or_not_at_all(void **state)
{
	struct pj_http_headers headers;
	char line[PJ_HEADER_MAX + 100];

	(void)state;
	headers = take("ETag: W/\"a b\"  |ETag: \"second\"|"
	    "Last-Modified:\tx\r\n");
	assert_string_equal(headers.etag, "W/\"a b\"");
	assert_string_equal(headers.last_modified, "x");
	headers = take("ETag: \"a\nb\"|Last-Modified: \x80");
	assert_string_equal(headers.etag, "");
	assert_string_equal(headers.last_modified, "");
	memset(line, 'x', sizeof(line));
	memcpy(line, "ETag: ", 6);
	memset(&headers, 0, sizeof(headers));
	pj_http_header_line(&headers, pj_span(line, 6 + PJ_VALIDATOR_MAX + 1));
	assert_string_equal(headers.etag, "");
	pj_http_header_line(&headers, pj_span(line, 6 + PJ_VALIDATOR_MAX));
	assert_int_equal(strlen(headers.etag), PJ_VALIDATOR_MAX);
	/* No colon, no name, a line of nothing. */
	headers = take("ETag|: x|\r\n|ETag\r\n");
	assert_string_equal(headers.etag, "");
	pj_http_header_line(&headers, pj_span("", 0));
}

static void
a_list_that_overflows_keeps_what_fitted(void **state)
{
	struct pj_http_headers headers;

	(void)state;
	memset(&headers, 0, sizeof(headers));
	for (int i = 0; i < 1000; i++)
		pj_http_header_line(&headers,
		    pj_span_str("Cache-Control: max-age=100"));
	assert_in_range(strlen(headers.cache_control), 900, PJ_HEADER_MAX);
	assert_int_equal(pj_http_freshness(&headers, THEN), 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(max_age_is_read_as_real_providers_send_it),
		cmocka_unit_test(malformed_lifetimes_are_the_shortest),
		cmocka_unit_test(huge_numbers_are_clipped),
		cmocka_unit_test(of_several_the_shortest_counts),
		cmocka_unit_test(age_is_taken_off),
		cmocka_unit_test(expires_counts_where_max_age_is_absent),
		cmocka_unit_test(dates_have_three_forms),
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
		cmocka_unit_test(the_last_answer_counts),
		cmocka_unit_test(values_are_kept_whole_or_not_at_all),
		cmocka_unit_test(a_list_that_overflows_keeps_what_fitted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
