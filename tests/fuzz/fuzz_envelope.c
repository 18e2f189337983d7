/*
 * Data and state files.  The first byte chooses which, and whether the checksum
 * is put right: what stands behind it is reached then.
 */
#include "fuzz.h"
#include "keys/envelope.h"

#define ID	"0123456789abcdef0123456789abcdef" \
		"0123456789abcdef0123456789abcdef"

static void
check_data(struct pj_span text)
{
	PJ_BUF_SCOPED(again, PJ_CACHE_MAX);
	struct pj_envelope envelope, second;
	struct pj_error err = { "" };

	if (pj_envelope_decode(text, &envelope, &err) != PJ_OK)
		return;
	FUZZ_CHECK(fuzz_inside(envelope.body, text));
	FUZZ_CHECK(fuzz_inside(envelope.issuer, text));
	FUZZ_CHECK(fuzz_inside(envelope.etag, text));
	if (pj_envelope_encode(&envelope, &again, &err) != PJ_OK)
		return;
	FUZZ_CHECK(pj_envelope_decode(pj_buf_span(&again), &second, &err) ==
	    PJ_OK);
	FUZZ_CHECK(pj_span_equal(envelope.body, second.body));
	FUZZ_CHECK(pj_span_equal(envelope.issuer, second.issuer));
	FUZZ_CHECK(envelope.validity.ttl == second.validity.ttl);
}

static void
check_state(struct pj_span text)
{
	PJ_BUF_SCOPED(again, PJ_STATE_MAX);
	struct pj_state state, second;
	struct pj_error err = { "" };
	struct pj_clock now = { .wall = 1800000000, .boot = 1000 };

	if (pj_state_decode(text, ID, &state, &err) != PJ_OK)
		return;
	FUZZ_CHECK(pj_is_escaped(pj_span_str(state.error.detail)));
	/* No state file holds anything back for longer than the rules say. */
	for (int cause = 0; cause < PJ_CAUSE_COUNT; cause++)
		FUZZ_CHECK(pj_held_back(&state.holds,
		    (enum pj_refresh_cause)cause, &now) <=
		    2 * PJ_RETRY_AFTER_MAX);
	if (pj_state_encode(&state, ID, &again, &err) != PJ_OK)
		return;
	FUZZ_CHECK(pj_state_decode(pj_buf_span(&again), ID, &second, &err) ==
	    PJ_OK);
	FUZZ_CHECK(state.failures == second.failures);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PJ_BUF_SCOPED(file, PJ_CACHE_MAX);
	char hex[PJ_SHA256_HEX_LEN + 1];
	struct pj_span rest;
	bool state;

	if (size == 0 || size > PJ_CACHE_MAX / 2)
		return 0;
	state = (data[0] & 1) != 0;
	rest = pj_span(data + 1, size - 1);
	if ((data[0] & 2) == 0) {
		FUZZ_CHECK(pj_sha256_hex(rest, hex) == PJ_OK);
		FUZZ_CHECK(pj_buf_printf(&file, "pam-jwks-%s 1\nsha256 %s\n",
		    state ? "state" : "keys", hex) == PJ_OK);
	}
	FUZZ_CHECK(pj_buf_append(&file, rest) == PJ_OK);
	if (state)
		check_state(pj_buf_span(&file));
	else
		check_data(pj_buf_span(&file));
	return 0;
}
