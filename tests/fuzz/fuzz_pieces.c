/* Conversations: answers divided by NUL bytes, as PAM hands them over. */
#include "fuzz.h"
#include "module/pieces.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PJ_CLEANUP(pj_pieces_free) struct pj_pieces pieces = PJ_PIECES_INIT;
	struct pj_span rest = pj_span(data, size);
	unsigned prompts = 0;
	size_t total = 0;

	while (pj_pieces_more(&pieces)) {
		PJ_BUF_SCOPED(prompt, 256);
		struct pj_span answer = fuzz_part(&rest);

		FUZZ_CHECK(pj_pieces_prompt(&pieces, "", &prompt) == PJ_OK);
		FUZZ_CHECK(prompt.len > 2 &&
		    memcmp(prompt.ptr, "Token", 5) == 0);
		FUZZ_CHECK(pj_pieces_add(&pieces, answer) == PJ_OK);
		total += answer.len;
		/* 16 KiB in pieces of 511, and the one that ends it. */
		FUZZ_CHECK(++prompts <= PJ_TOKEN_MAX / 511 + 2);
	}
	FUZZ_CHECK(prompts != 0);
	if (!pj_pieces_blind(&pieces))
		FUZZ_CHECK(strlen(pj_pieces_text(&pieces)) <= total);
	return 0;
}
