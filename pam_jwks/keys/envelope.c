/*
 * The two files of an issuer as bytes: see envelope.h.
 */
#include <stdio.h>

#include "keys/envelope.h"
#include "keys/fields.h"

/* Past the year 9999 no clock is right. */
#define WALL_MAX	253402300799LL

/* Durations and boot times: a century. */
#define SPAN_MAX	3155760000LL

#define COUNT_MAX	1000

static const char data_magic[] = "pam-jwks-keys " PJ_ENVELOPE_VERSION "\n";
static const char state_magic[] = "pam-jwks-state " PJ_ENVELOPE_VERSION "\n";
static const char sum_name[] = "sha256 ";

static enum pj_status
invalid(struct pj_error *err, const char *what)
{
	return pj_fail(err, PJ_CACHE_INVALID, "%s", what);
}

/* WALL BOOT BOOT_ID, the last one "-" if it is unknown. */
static enum pj_status
put_stamp(struct pj_buf *buf, const char *name, const struct pj_stamp *stamp)
{
	return pj_buf_printf(buf, "%s %lld %lld %s\n", name,
	    (long long)(stamp->wall < 0 ? 0 : stamp->wall),
	    (long long)(stamp->boot < 0 ? 0 : stamp->boot),
	    stamp->boot_id[0] != '\0' ? stamp->boot_id : "-");
}

/* Splits the next word off; false if there is none. */
static bool
take_word(struct pj_span *rest, struct pj_span *word)
{
	const unsigned char *space;

	if (rest->len == 0)
		return false;
	space = memchr(rest->ptr, ' ', rest->len);
	*word = *rest;
	if (space != NULL)
		word->len = (size_t)(space - rest->ptr);
	*rest = pj_span_from(*rest, word->len + 1);
	return word->len > 0;
}

static bool
take_number(struct pj_span *rest, int64_t max, int64_t *value)
{
	struct pj_span word;
	unsigned long long number;

	if (!take_word(rest, &word) ||
	    !pj_span_number(word, (unsigned long long)max, &number))
		return false;
	*value = (int64_t)number;
	return true;
}

static bool
get_stamp(const struct pj_fields *fields, const char *name,
    struct pj_stamp *stamp)
{
	struct pj_stamp fresh = { 0 };
	struct pj_span id;

	if (!pj_fields_get(fields, name, &id) ||
	    !take_number(&id, WALL_MAX, &fresh.wall) ||
	    !take_number(&id, SPAN_MAX, &fresh.boot))
		return false;
	if (id.len == 0 || id.len > PJ_BOOT_ID_MAX ||
	    memchr(id.ptr, ' ', id.len) != NULL)
		return false;
	if (!pj_span_is(id, "-"))
		memcpy(fresh.boot_id, id.ptr, id.len);
	*stamp = fresh;
	return true;
}

/* Puts magic, checksum and content (which both kinds share) into out. */
static enum pj_status
seal(const char *magic, struct pj_span content, struct pj_buf *out,
    struct pj_error *err)
{
	char hex[PJ_SHA256_HEX_LEN + 1];
	size_t before = out->len;
	enum pj_status status;

	status = pj_sha256_hex(content, hex);
	if (status == PJ_OK)
		status = pj_buf_printf(out, "%s%s%s\n", magic, sum_name, hex);
	if (status == PJ_OK)
		status = pj_buf_append(out, content);
	if (status != PJ_OK) {
		out->len = before;
		return pj_fail(err, status, "a cache file could not be made");
	}
	return PJ_OK;
}

/* Checks magic and checksum, and leaves *text at what the sum covers. */
static enum pj_status
unseal(const char *magic, struct pj_span *text, struct pj_error *err)
{
	char hex[PJ_SHA256_HEX_LEN + 1];
	struct pj_span rest, sum;
	enum pj_status status;

	if (!pj_span_starts(*text, magic))
		return invalid(err, "it is of another version or kind");
	rest = pj_span_from(*text, strlen(magic));
	if (!pj_span_starts(rest, sum_name))
		return invalid(err, "it has no checksum");
	rest = pj_span_from(rest, strlen(sum_name));
	if (rest.len <= PJ_SHA256_HEX_LEN ||
	    rest.ptr[PJ_SHA256_HEX_LEN] != '\n')
		return invalid(err, "it is cut off");
	sum = pj_span(rest.ptr, PJ_SHA256_HEX_LEN);
	rest = pj_span_from(rest, PJ_SHA256_HEX_LEN + 1);
	status = pj_sha256_hex(rest, hex);
	if (status != PJ_OK)
		return pj_fail(err, status, "SHA-256");
	if (!pj_span_is(sum, hex))
		return invalid(err, "its checksum is wrong");
	*text = rest;
	return PJ_OK;
}

/* A value that may be left out: absent, or unfit for a line. */
static enum pj_status
put_optional(struct pj_buf *buf, const char *name, struct pj_span value)
{
	if (value.len == 0 || value.len > PJ_VALIDATOR_MAX ||
	    !pj_span_printable(value))
		return PJ_OK;
	return pj_fields_put(buf, name, value);
}

static enum pj_status
put_validity(struct pj_buf *buf, const struct pj_validity *validity)
{
	enum pj_status status;

	status = put_stamp(buf, "fetched", &validity->fetched);
	if (status == PJ_OK)
		status = pj_fields_put_number(buf, "ttl", validity->ttl);
	if (status == PJ_OK)
		status = pj_fields_put_number(buf, "refresh_after",
		    validity->refresh_after);
	if (status == PJ_OK && validity->retire_after > 0)
		status = pj_fields_put_number(buf, "retire_after",
		    validity->retire_after);
	return status;
}

static enum pj_status
put_envelope(const struct pj_envelope *env, struct pj_buf *buf)
{
	enum pj_status status;

	status = pj_fields_put(buf, "id", env->id);
	if (status == PJ_OK)
		status = pj_fields_put(buf, "issuer", env->issuer);
	if (status == PJ_OK)
		status = pj_fields_put(buf, "jwks_uri", env->jwks_uri);
	if (status == PJ_OK)
		status = put_validity(buf, &env->validity);
	if (status == PJ_OK && env->discovered.wall > 0)
		status = put_stamp(buf, "discovered", &env->discovered);
	if (status == PJ_OK)
		status = put_stamp(buf, "full", &env->full);
	if (status == PJ_OK)
		status = put_optional(buf, "etag", env->etag);
	if (status == PJ_OK)
		status = put_optional(buf, "last_modified",
		    env->last_modified);
	if (status == PJ_OK && env->unsound.len > 0)
		status = pj_fields_put(buf, "unsound", env->unsound);
	if (status == PJ_OK)
		status = pj_fields_put_number(buf, "body",
		    (int64_t)env->body.len);
	if (status == PJ_OK)
		status = pj_buf_append(buf, pj_span("\n", 1));
	if (status == PJ_OK)
		status = pj_buf_append(buf, env->body);
	return status;
}

enum pj_status
pj_envelope_encode(const struct pj_envelope *envelope, struct pj_buf *out,
    struct pj_error *err)
{
	PJ_BUF_SCOPED(content, PJ_CACHE_MAX);
	enum pj_status status = put_envelope(envelope, &content);

	if (status != PJ_OK)
		return pj_fail(err, status, "a data file could not be made");
	return seal(data_magic, pj_buf_span(&content), out, err);
}

static bool
get_validity(const struct pj_fields *fields, struct pj_validity *validity)
{
	if (!get_stamp(fields, "fetched", &validity->fetched) ||
	    !pj_fields_number(fields, "ttl", SPAN_MAX, &validity->ttl) ||
	    !pj_fields_number(fields, "refresh_after", SPAN_MAX,
	    &validity->refresh_after))
		return false;
	(void)pj_fields_number(fields, "retire_after", SPAN_MAX,
	    &validity->retire_after);
	return true;
}

enum pj_status
pj_envelope_decode(struct pj_span text, struct pj_envelope *envelope,
    struct pj_error *err)
{
	struct pj_envelope fresh = { 0 };
	struct pj_fields fields;
	enum pj_status status;
	int64_t body;

	status = unseal(data_magic, &text, err);
	if (status != PJ_OK)
		return status;
	status = pj_fields_read(&text, &fields, err);
	if (status != PJ_OK)
		return status;
	if (!pj_fields_get(&fields, "id", &fresh.id) ||
	    !pj_fields_get(&fields, "issuer", &fresh.issuer) ||
	    !pj_fields_get(&fields, "jwks_uri", &fresh.jwks_uri) ||
	    !get_validity(&fields, &fresh.validity) ||
	    !pj_fields_number(&fields, "body", PJ_BODY_MAX, &body))
		return invalid(err, "it lacks a line");
	if ((size_t)body != text.len)
		return invalid(err, "its length is wrong");
	(void)get_stamp(&fields, "discovered", &fresh.discovered);
	(void)get_stamp(&fields, "full", &fresh.full);
	(void)pj_fields_get(&fields, "etag", &fresh.etag);
	(void)pj_fields_get(&fields, "last_modified", &fresh.last_modified);
	(void)pj_fields_get(&fields, "unsound", &fresh.unsound);
	fresh.body = text;
	*envelope = fresh;
	return PJ_OK;
}

static enum pj_status
put_holds(struct pj_buf *buf, const struct pj_holds *holds)
{
	enum pj_status status;

	status = put_stamp(buf, "attempt", &holds->attempt);
	if (status == PJ_OK)
		status = pj_fields_put_number(buf, "running", holds->running);
	if (status == PJ_OK)
		status = pj_fields_put_number(buf, "backoff_until",
		    holds->backoff_until);
	if (status == PJ_OK)
		status = pj_fields_put_number(buf, "kid_until",
		    holds->kid_until);
	return status;
}

static enum pj_status
put_results(struct pj_buf *buf, const struct pj_state *state)
{
	enum pj_status status = PJ_OK;

	if (state->has_result)
		status = pj_fields_put(buf, "result",
		    pj_span_str(pj_status_name(state->result)));
	if (status == PJ_OK && state->error.detail[0] != '\0')
		status = pj_fields_put(buf, "error",
		    pj_span_str(state->error.detail));
	if (status == PJ_OK && state->success.wall > 0)
		status = put_stamp(buf, "success", &state->success);
	return status;
}

static enum pj_status
put_state(const struct pj_state *state, const char *id, struct pj_buf *buf)
{
	const struct {
		const char	*name;
		int64_t		 value;
	} numbers[] = {
		{ "failures", state->failures },
		{ "fruitless", state->fruitless },
		{ "rediscover", state->rediscover },
		{ "provider_date", state->provider_date },
		{ "date_seen", state->date_seen },
		{ "cert_expires", state->cert_expires },
	};
	enum pj_status status;

	status = pj_fields_put(buf, "id", pj_span_str(id));
	if (status == PJ_OK)
		status = put_holds(buf, &state->holds);
	if (status == PJ_OK)
		status = pj_fields_put(buf, "cause",
		    pj_span_str(pj_refresh_cause_name(state->cause)));
	if (status == PJ_OK)
		status = put_results(buf, state);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (status == PJ_OK)
			status = pj_fields_put_number(buf, numbers[i].name,
			    numbers[i].value);
	if (status == PJ_OK)
		status = pj_buf_append(buf, pj_span("\n", 1));
	return status;
}

enum pj_status
pj_state_encode(const struct pj_state *state, const char *id,
    struct pj_buf *out, struct pj_error *err)
{
	PJ_BUF_SCOPED(content, PJ_STATE_MAX);
	enum pj_status status = put_state(state, id, &content);

	if (status != PJ_OK)
		return pj_fail(err, status, "a state file could not be made");
	return seal(state_magic, pj_buf_span(&content), out, err);
}

/* A count or a yes/no; absent ones keep their zero. */
static unsigned
get_count(const struct pj_fields *fields, const char *name, int64_t max)
{
	int64_t value = 0;

	(void)pj_fields_number(fields, name, max, &value);
	return (unsigned)value;
}

static bool
get_holds(const struct pj_fields *fields, struct pj_holds *holds)
{
	if (!get_stamp(fields, "attempt", &holds->attempt))
		return false;
	holds->running = get_count(fields, "running", 1) != 0;
	(void)pj_fields_number(fields, "backoff_until", SPAN_MAX,
	    &holds->backoff_until);
	(void)pj_fields_number(fields, "kid_until", SPAN_MAX,
	    &holds->kid_until);
	return true;
}

static void
get_results(const struct pj_fields *fields, struct pj_state *state)
{
	struct pj_span text;

	state->has_result = pj_fields_get(fields, "result", &text) &&
	    pj_status_find(text, &state->result);
	/* Escaped when it was made; escaping again would change it. */
	if (pj_fields_get(fields, "error", &text) &&
	    text.len <= PJ_DETAIL_MAX && pj_is_escaped(text))
		memcpy(state->error.detail, text.ptr, text.len);
	(void)get_stamp(fields, "success", &state->success);
	(void)pj_fields_number(fields, "provider_date", WALL_MAX,
	    &state->provider_date);
	(void)pj_fields_number(fields, "date_seen", WALL_MAX,
	    &state->date_seen);
	(void)pj_fields_number(fields, "cert_expires", WALL_MAX,
	    &state->cert_expires);
}

enum pj_status
pj_state_decode(struct pj_span text, const char *id, struct pj_state *state,
    struct pj_error *err)
{
	struct pj_state fresh = { 0 };
	struct pj_fields fields;
	struct pj_span name;
	enum pj_status status;

	status = unseal(state_magic, &text, err);
	if (status != PJ_OK)
		return status;
	status = pj_fields_read(&text, &fields, err);
	if (status != PJ_OK)
		return status;
	if (text.len > 0)
		return invalid(err, "its length is wrong");
	if (!pj_fields_get(&fields, "id", &name) || !pj_span_is(name, id))
		return invalid(err, "it belongs to another issuer");
	if (!get_holds(&fields, &fresh.holds))
		return invalid(err, "it lacks a line");
	if (pj_fields_get(&fields, "cause", &name))
		(void)!pj_refresh_cause_find(name, &fresh.cause);
	fresh.failures = get_count(&fields, "failures", COUNT_MAX);
	fresh.fruitless = get_count(&fields, "fruitless", COUNT_MAX);
	fresh.rediscover = get_count(&fields, "rediscover", 1) != 0;
	get_results(&fields, &fresh);
	*state = fresh;
	return PJ_OK;
}
