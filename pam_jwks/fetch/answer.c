/*
 * What the worker tells the privileged half: see answer.h.
 */
#include "fetch/answer.h"

#include "keys/fields.h"

#define HTTP_STATUS_MIN	100
#define HTTP_STATUS_MAX	999
#define CERT_MAX	253402300799LL

static const char *const kinds[PJ_ANSWER_KINDS] = {
	[PJ_ANSWER_DISCOVERY] = "discovery",
	[PJ_ANSWER_KEYS] = "keys",
};

static enum pj_status
put_headers(const struct pj_http_headers *headers, struct pj_buf *out)
{
	struct pj_http_headers copy = *headers;
	enum pj_status status = PJ_OK;
	const char *value;

	for (size_t i = 0; status == PJ_OK && i < PJ_HTTP_FIELDS; i++) {
		value = pj_http_field(&copy, &pj_http_fields[i]);
		if (value[0] != '\0')
			status = pj_fields_put(out, pj_http_fields[i].name,
			    pj_span_str(value));
	}
	return status;
}

static enum pj_status
put_frame(enum pj_answer_kind kind, const struct pj_answer *answer,
    struct pj_buf *out)
{
	enum pj_status status;

	status = pj_fields_put(out, "kind", pj_span_str(kinds[kind]));
	if (status == PJ_OK)
		status = pj_fields_put(out, "result",
		    pj_span_str(pj_status_name(answer->result)));
	if (status == PJ_OK && answer->error.detail[0] != '\0')
		status = pj_fields_put(out, "error",
		    pj_span_str(answer->error.detail));
	if (status == PJ_OK)
		status = pj_fields_put_number(out, "http", answer->http);
	if (status == PJ_OK)
		status = pj_fields_put_number(out, "cert_expires",
		    answer->cert_expires);
	if (status == PJ_OK)
		status = put_headers(&answer->headers, out);
	if (status == PJ_OK)
		status = pj_fields_put_number(out, "body",
		    (int64_t)answer->body.len);
	if (status == PJ_OK)
		status = pj_buf_append(out, pj_span("\n", 1));
	if (status == PJ_OK)
		status = pj_buf_append(out, answer->body);
	return status;
}

enum pj_status
pj_answer_encode(enum pj_answer_kind kind, const struct pj_answer *answer,
    struct pj_buf *out)
{
	size_t before = out->len;
	enum pj_status status = put_frame(kind, answer, out);

	if (status != PJ_OK)
		out->len = before;
	return status;
}

/* True if the encoder knows a line by this name. */
static bool
is_known(struct pj_span name)
{
	static const char *const names[] = {
		"kind", "result", "error", "http", "cert_expires", "body",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (pj_span_is(name, names[i]))
			return true;
	for (size_t i = 0; i < PJ_HTTP_FIELDS; i++)
		if (pj_span_is(name, pj_http_fields[i].name))
			return true;
	return false;
}

/* Both ends are one program: a foreign line is no newer version's. */
static bool
all_known(const struct pj_fields *fields)
{
	for (size_t i = 0; i < fields->count; i++)
		if (!is_known(fields->items[i].name))
			return false;
	return true;
}

static bool
find_kind(const struct pj_fields *fields, enum pj_answer_kind *kind)
{
	struct pj_span name;

	if (!pj_fields_get(fields, "kind", &name))
		return false;
	for (unsigned i = 0; i < PJ_ANSWER_KINDS; i++) {
		if (!pj_span_is(name, kinds[i]))
			continue;
		*kind = (enum pj_answer_kind)i;
		return true;
	}
	return false;
}

/* The worker's word on how it went: only what a GET can bring about. */
static bool
get_result(const struct pj_fields *fields, struct pj_answer *answer)
{
	struct pj_span text;

	if (!pj_fields_get(fields, "result", &text) ||
	    !pj_status_find(text, &answer->result))
		return false;
	if (answer->result != PJ_OK && answer->result != PJ_FETCH_TIMEOUT)
		answer->result = PJ_FETCH_FAILED;
	if (!pj_fields_get(fields, "error", &text))
		return true;
	/* It goes to logs: a worker gone bad must not write fields there. */
	if (answer->result == PJ_OK || text.len > PJ_DETAIL_MAX ||
	    !pj_is_escaped(text))
		return false;
	memcpy(answer->error.detail, text.ptr, text.len);
	return true;
}

static bool
get_headers(const struct pj_fields *fields, struct pj_http_headers *headers)
{
	const struct pj_http_field *field;
	struct pj_span value;

	for (size_t i = 0; i < PJ_HTTP_FIELDS; i++) {
		field = &pj_http_fields[i];
		if (!pj_fields_get(fields, field->name, &value))
			continue;
		if (value.len == 0 || value.len >= field->size)
			return false;
		memcpy(pj_http_field(headers, field), value.ptr, value.len);
	}
	return true;
}

/* A status and a body belong to an answer, and only to one. */
static bool
is_consistent(const struct pj_answer *answer)
{
	if (answer->result == PJ_OK)
		return answer->http >= HTTP_STATUS_MIN;
	return answer->body.len == 0;
}

/* Takes one frame off text. */
static bool
take_frame(struct pj_span *text, struct pj_answer answers[PJ_ANSWER_KINDS])
{
	struct pj_answer fresh = { .present = true };
	struct pj_fields fields;
	enum pj_answer_kind kind;
	int64_t http, body;

	if (pj_fields_read(text, &fields, NULL) != PJ_OK ||
	    !all_known(&fields) || !find_kind(&fields, &kind) ||
	    answers[kind].present || !get_result(&fields, &fresh) ||
	    !pj_fields_number(&fields, "http", HTTP_STATUS_MAX, &http) ||
	    !pj_fields_number(&fields, "cert_expires", CERT_MAX,
	    &fresh.cert_expires) ||
	    !pj_fields_number(&fields, "body", PJ_BODY_MAX, &body) ||
	    (size_t)body > text->len)
		return false;
	fresh.http = (long)http;
	fresh.body = pj_span(text->ptr, (size_t)body);
	if (!get_headers(&fields, &fresh.headers) || !is_consistent(&fresh))
		return false;
	*text = pj_span_from(*text, (size_t)body);
	answers[kind] = fresh;
	return true;
}

enum pj_status
pj_answers_decode(struct pj_span text,
    struct pj_answer answers[PJ_ANSWER_KINDS], struct pj_error *err)
{
	memset(answers, 0, PJ_ANSWER_KINDS * sizeof(*answers));
	if (text.len == 0)
		return pj_fail(err, PJ_FETCH_FAILED,
		    "the fetching process ended without an answer");
	while (text.len > 0) {
		if (take_frame(&text, answers))
			continue;
		memset(answers, 0, PJ_ANSWER_KINDS * sizeof(*answers));
		return pj_fail(err, PJ_FETCH_FAILED,
		    "the fetching process gave a malformed answer");
	}
	return PJ_OK;
}
