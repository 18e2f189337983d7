/*
 * What the helper answers to whoever started it: a byte that chooses what was
 * asked, and the bytes that came through the pipe.
 */
#include "base/spawn.h"
#include "fuzz.h"
#include "keys/helper.h"

static struct pj_span reply;
static bool detached;

/* Put in the place of a process by the linker. */
__typeof__(pj_spawn_run) __wrap_pj_spawn_run;

enum pj_status
__wrap_pj_spawn_run(const struct pj_spawn *spec, struct pj_buf *out,
    struct pj_error *err)
{
	FUZZ_CHECK(spec->path[0] == '/' && spec->argv[0] == spec->path);
	FUZZ_CHECK(spec->timeout_ms > 0);
	detached = spec->detached;
	if (detached)
		return PJ_OK;
	if (pj_buf_append(out, reply) == PJ_OK)
		return PJ_OK;
	return pj_fail(err, PJ_HELPER_FAILED, "too long");
}

static void
check(enum pj_status status, const struct pj_error *err)
{
	static const char accepted[] = "pam-jwks-fetch 1 ok";

	FUZZ_CHECK(pj_span_printable(pj_span_str(err->detail)));
	/* Nothing but these words is success. */
	if (status == PJ_OK && !detached)
		FUZZ_CHECK(pj_span_starts(reply, accepted) &&
		    reply.ptr[reply.len - 1] == '\n' &&
		    strchr(" \n", reply.ptr[strlen(accepted)]) != NULL);
	/* A helper does not refuse tokens, and is no reason to try another. */
	FUZZ_CHECK(status == PJ_OK ||
	    pj_status_outcome(status) != PJ_OUTCOME_REFUSED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const options[] = { "issuer=https://a.test", NULL };
	static const struct pj_key_request request = { .section = "corp" };
	struct pj_helper helper = {
		.path = "/usr/libexec/helper", .config = "/etc/f",
		.timeout_cold = 8, .timeout_stale = 5,
	};
	struct pj_error err = { "" };

	if (size == 0)
		return 0;
	reply = pj_span(data + 1, size - 1);
	detached = false;
	if (data[0] % 8 == PJ_CAUSE_COUNT) {
		check(pj_helper_try(&helper, &err), &err);
		return 0;
	}
	if ((data[0] & 8) != 0)
		helper.options = options;
	check(pj_helper_refresh(&helper, &request, (enum pj_refresh_cause)
	    (data[0] % 8 % PJ_CAUSE_COUNT), &err), &err);
	return 0;
}
