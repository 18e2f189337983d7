/* The JSON gate: what it passes, json-c reads, and reads the same way twice. */
#include "base/json.h"
#include "base/json_show.h"
#include "fuzz.h"

/* Typed getters on every value: they never disagree with the type. */
static void
check_value(const struct pj_json *value)
{
	enum pj_json_type type = pj_json_type(value);
	struct pj_span text;
	int64_t time;
	bool flag;

	FUZZ_CHECK(pj_json_string(value, &text) == (type == PJ_JSON_STRING));
	FUZZ_CHECK(pj_json_bool(value, &flag) == (type == PJ_JSON_BOOL));
	FUZZ_CHECK(!pj_json_number(value, &text) || type == PJ_JSON_NUMBER);
	FUZZ_CHECK(!pj_json_time(value, &time) || (type == PJ_JSON_NUMBER &&
	    time <= INT64_C(1) << 53 && time >= -(INT64_C(1) << 53)));
	for (size_t i = 0; i < pj_json_length(value); i++)
		check_value(pj_json_item(value, i));
}

static void
visit(void *ctx, const char *name, const struct pj_json *value)
{
	/* Found under its name, so it is there once and has no NUL. */
	FUZZ_CHECK(pj_json_member(ctx, name) == value);
	check_value(value);
	pj_json_members(value, visit, (void *)(uintptr_t)value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL, *again = NULL;
	PJ_BUF_SCOPED(shown, 8 * PJ_JSON_MAX);
	PJ_BUF_SCOPED(second, 8 * PJ_JSON_MAX);
	struct pj_span text = pj_span(data, size);
	struct pj_error err = { "" };
	enum pj_status gate = pj_json_gate(text, &err);
	enum pj_status status = pj_json_parse(text, &doc, &err);

	if (gate != PJ_OK) {
		FUZZ_CHECK(status == gate && doc == NULL);
		return 0;
	}
	/* Only a top that is no object may fail behind the gate. */
	FUZZ_CHECK(status == PJ_OK || strcmp(err.detail, "no object") == 0);
	if (status != PJ_OK)
		return 0;
	pj_json_members(doc, visit, doc);
	/* What json-c has read, written and read again, is the same. */
	FUZZ_CHECK(pj_json_show(doc, &shown) == PJ_OK);
	FUZZ_CHECK(pj_span_printable(pj_buf_span(&shown)));
	if (shown.len > PJ_JSON_MAX)
		return 0;
	FUZZ_CHECK(pj_json_parse(pj_buf_span(&shown), &again, &err) == PJ_OK);
	FUZZ_CHECK(pj_json_show(again, &second) == PJ_OK);
	FUZZ_CHECK(pj_span_equal(pj_buf_span(&shown), pj_buf_span(&second)));
	return 0;
}
