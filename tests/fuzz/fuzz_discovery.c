/* Discovery documents: what is taken from one is an https address. */
#include "base/url.h"
#include "fuzz.h"
#include "keys/discovery.h"

#define ISSUER	"https://login.example.org/realms/corp"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char uri[PJ_URL_MAX + 1];
	struct pj_error err = { "" };

	if (pj_discovery_parse(pj_span(data, size), ISSUER, uri, &err) !=
	    PJ_OK)
		return 0;
	FUZZ_CHECK(memchr(uri, '\0', sizeof(uri)) != NULL);
	FUZZ_CHECK(pj_span_printable(pj_span_str(uri)));
	FUZZ_CHECK(pj_url_check_https(pj_span_str(uri), &err) == PJ_OK);
	return 0;
}
