/* Header fields of a provider: kept as safe text, read within bounds. */
#include "fetch/http.h"
#include "fuzz.h"
#include "keys/lifetime.h"

#define NOW	INT64_C(1800000000)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pj_lifetimes lifetimes = {
		.min_ttl = 300, .max_ttl = 3600, .default_ttl = 900,
	};
	struct pj_http_headers headers = { .age = "" };
	struct pj_span rest = pj_span(data, size);
	int64_t ttl;

	while (rest.len != 0)
		pj_http_header_line(&headers, fuzz_part(&rest));
	for (size_t i = 0; i < PJ_HTTP_FIELDS; i++) {
		const char *text = pj_http_field(&headers, &pj_http_fields[i]);

		FUZZ_CHECK(memchr(text, '\0', pj_http_fields[i].size) != NULL);
		FUZZ_CHECK(pj_span_printable(pj_span_str(text)));
	}
	FUZZ_CHECK(pj_http_freshness(&headers, NOW) >= -1);
	FUZZ_CHECK(pj_http_retry_after(&headers, NOW) >= -1);
	FUZZ_CHECK(pj_http_date(headers.date) >= -1);
	FUZZ_CHECK(pj_http_cert_date(headers.date) >= -1);
	ttl = pj_ttl(&lifetimes, pj_http_freshness(&headers, NOW));
	FUZZ_CHECK(ttl >= 300 && ttl <= 3600);
	/* Whatever a provider says, it is asked again; with jitter. */
	FUZZ_CHECK(pj_backoff(true, 3, pj_http_retry_after(&headers, NOW), 7) <=
	    2 * PJ_RETRY_AFTER_MAX);
	FUZZ_CHECK(pj_backoff(false, 3, pj_http_retry_after(&headers, NOW),
	    7) <= 2 * PJ_RETRY_AFTER_NONE_MAX);
	return 0;
}
