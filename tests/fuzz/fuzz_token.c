/* Compact tokens: form, header, and what may be looked at before the key. */
#include "fuzz.h"
#include "jose/jwt.h"

static void
check_header(const struct pj_jws_header *header, struct pj_span token)
{
	FUZZ_CHECK(header->alg != NULL);
	FUZZ_CHECK(!header->has_kid || header->kid.len <= PJ_KID_MAX);
	FUZZ_CHECK(!fuzz_inside(header->alg->name[0] == '\0' ? token :
	    pj_span_str(header->alg->name), token));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;
	PJ_CLEANUP(pj_cleanup_jwt) struct pj_jwt *jwt = NULL;
	struct pj_span token = pj_span(data, size);
	struct pj_error err = { "" };
	struct pj_jwt_peek peek;
	enum pj_status form = pj_jws_parse(token, &jws, &err);
	enum pj_status whole = pj_jwt_parse(token, &jwt, &err);

	FUZZ_CHECK(pj_is_escaped(pj_span_str(err.detail)));
	(void)pj_jws_is_cut(token, NULL);
	FUZZ_CHECK((form == PJ_OK) == (jws != NULL));
	FUZZ_CHECK((whole == PJ_OK) == (jwt != NULL));
	if (form != PJ_OK) {
		FUZZ_CHECK(whole == form);
		return 0;
	}
	/* Of at most the length allowed, and a newline. */
	FUZZ_CHECK(size <= PJ_TOKEN_MAX + 1);
	check_header(pj_jws_header(jws), token);
	if (jwt != NULL && pj_jwt_peek(jwt, &peek, &err) == PJ_OK)
		FUZZ_CHECK(peek.iss.len <= PJ_TOKEN_MAX);
	return 0;
}
