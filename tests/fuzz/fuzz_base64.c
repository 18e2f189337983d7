/* base64url: one text for each sequence of bytes.  base64: within bounds. */
#include "fuzz.h"
#include "jose/b64url.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pj_span text = pj_span(data, size);
	size_t cap = PJ_B64_DECODED_MAX(size), len = 0;
	unsigned char *bytes = malloc(cap);
	char *again = malloc(size + 1);

	FUZZ_CHECK(bytes != NULL && again != NULL);
	if (pj_b64url_decode(text, bytes, cap, &len) == PJ_OK) {
		FUZZ_CHECK(len <= cap);
		FUZZ_CHECK(pj_b64url_encode(pj_span(bytes, len), again,
		    size + 1));
		FUZZ_CHECK(pj_span_is(text, again));
	}
	if (pj_b64_decode(text, bytes, cap, &len) == PJ_OK)
		FUZZ_CHECK(len <= size / 4 * 3 && size % 4 == 0);
	free(bytes);
	free(again);
	return 0;
}
