/*
 * JSON values.  Responsible for: being the only file that knows json-c, and for
 * getters that never coerce.  Must not: see a text that json_gate.c has not
 * passed: json-c accepts duplicates, saturates numbers and cuts names.
 */
#include <json-c/json.h>

#include "base/json.h"

/* Up to 2^53 a double and an int64_t hold the same whole numbers. */
#define EXACT_MAX	(INT64_C(1) << 53)

/*
 * A struct pj_json is never defined: its pointers are json-c's.  json-c has no
 * object for null, so that this stands for it; absent stays NULL.
 */
static const char null_value;

static const struct pj_json *
to_value(const struct json_object *object)
{
	const void *value = object == NULL ? (const void *)&null_value : object;

	return value;
}

/* json-c's object, or NULL for absent and for null. */
static struct json_object *
to_object(const struct pj_json *value)
{
	const void *any = value;

	if (any == &null_value)
		return NULL;
	/* json-c's readers take pointers that are not const. */
	return (struct json_object *)(uintptr_t)any;
}

static bool
is_type(const struct pj_json *value, enum json_type type)
{
	struct json_object *object = to_object(value);

	return object != NULL && json_object_is_type(object, type) == 1;
}

static void
tokener_free(struct json_tokener **tokener)
{
	if (*tokener != NULL)
		json_tokener_free(*tokener);
}

static bool
is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* json-c counts white space at the ends as it likes; it never sees any. */
static struct pj_span
trim(struct pj_span text)
{
	while (text.len > 0 && is_space(text.ptr[0])) {
		text.ptr++;
		text.len--;
	}
	while (text.len > 0 && is_space(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

enum pj_status
pj_json_parse(struct pj_span text, struct pj_json **doc, struct pj_error *err)
{
	PJ_CLEANUP(tokener_free) struct json_tokener *tokener = NULL;
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *taken = NULL;
	enum pj_status	status;
	void		*top;

	status = pj_json_gate(text, err);
	if (status != PJ_OK)
		return status;
	text = trim(text);
	if (text.ptr[0] != '{')
		return pj_fail(err, PJ_JSON_INVALID, "no object");
	tokener = json_tokener_new_ex(PJ_JSON_DEPTH_MAX + 1);
	if (tokener == NULL)
		return PJ_NO_MEMORY;
	json_tokener_set_flags(tokener,
	    JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	top = json_tokener_parse_ex(tokener, (const char *)text.ptr,
	    (int)text.len);
	taken = top;
	if (taken == NULL ||
	    json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) != text.len)
		return pj_fail(err, PJ_JSON_INVALID, "json-c: %s",
		    json_tokener_error_desc(json_tokener_get_error(tokener)));
	*doc = PJ_TAKE(taken);
	return PJ_OK;
}

void
pj_json_free(struct pj_json *doc)
{
	struct json_object *object = to_object(doc);

	if (object != NULL)
		(void)json_object_put(object);
}

enum pj_json_type
pj_json_type(const struct pj_json *value)
{
	switch (json_object_get_type(to_object(value))) {
	case json_type_null:
		return PJ_JSON_NULL;
	case json_type_boolean:
		return PJ_JSON_BOOL;
	case json_type_double:
	case json_type_int:
		return PJ_JSON_NUMBER;
	case json_type_object:
		return PJ_JSON_OBJECT;
	case json_type_array:
		return PJ_JSON_ARRAY;
	case json_type_string:
		return PJ_JSON_STRING;
	}
	return PJ_JSON_NULL;
}

const struct pj_json *
pj_json_member(const struct pj_json *object, const char *name)
{
	struct json_object *member = NULL;

	/* No name holds a NUL (json_gate.c), so a C string is exact. */
	if (!json_object_object_get_ex(to_object(object), name, &member))
		return NULL;
	return to_value(member);
}

size_t
pj_json_length(const struct pj_json *array)
{
	if (!is_type(array, json_type_array))
		return 0;
	return json_object_array_length(to_object(array));
}

const struct pj_json *
pj_json_item(const struct pj_json *array, size_t i)
{
	if (i >= pj_json_length(array))
		return NULL;
	return to_value(json_object_array_get_idx(to_object(array), i));
}

void
pj_json_members(const struct pj_json *object, pj_json_visit *visit, void *ctx)
{
	struct json_object_iterator at, end;

	if (!is_type(object, json_type_object))
		return;
	at = json_object_iter_begin(to_object(object));
	end = json_object_iter_end(to_object(object));
	for (; !json_object_iter_equal(&at, &end);
	    json_object_iter_next(&at))
		visit(ctx, json_object_iter_peek_name(&at),
		    to_value(json_object_iter_peek_value(&at)));
}

bool
pj_json_text(const struct pj_json *value, struct pj_span *text)
{
	size_t len = 0;
	const char *bytes;

	if (to_object(value) == NULL) {
		*text = pj_span_str("null");
		return true;
	}
	bytes = json_object_to_json_string_length(to_object(value),
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	if (bytes == NULL)
		return false;
	*text = pj_span(bytes, len);
	return true;
}

bool
pj_json_string(const struct pj_json *value, struct pj_span *out)
{
	struct json_object *object = to_object(value);

	if (!is_type(value, json_type_string))
		return false;
	*out = pj_span(json_object_get_string(object),
	    (size_t)json_object_get_string_len(object));
	return true;
}

bool
pj_json_bool(const struct pj_json *value, bool *out)
{
	if (!is_type(value, json_type_boolean))
		return false;
	*out = json_object_get_boolean(to_object(value)) == 1;
	return true;
}

bool
pj_json_number(const struct pj_json *value, struct pj_span *text)
{
	struct json_object *object = to_object(value);
	const char *bytes;
	size_t len = 0;

	if (!is_type(value, json_type_int) && !is_type(value, json_type_double))
		return false;
	/* Beyond 63 bits json-c holds these instead. */
	if (is_type(value, json_type_int) &&
	    (json_object_get_int64(object) == INT64_MAX ||
	    json_object_get_int64(object) == INT64_MIN))
		return false;
	/* json-c keeps the text of what it reads as a double. */
	bytes = json_object_to_json_string_length(object,
	    JSON_C_TO_STRING_PLAIN, &len);
	if (bytes == NULL)
		return false;
	*text = pj_span(bytes, len);
	return true;
}

bool
pj_json_time(const struct pj_json *value, int64_t *out)
{
	int64_t seconds;

	if (is_type(value, json_type_int)) {
		seconds = json_object_get_int64(to_object(value));
		if (seconds > EXACT_MAX || seconds < -EXACT_MAX)
			return false;
	} else if (is_type(value, json_type_double)) {
		double real = json_object_get_double(to_object(value));

		/* Catches infinity too: 1e999 passes the grammar. */
		if (!(real >= -(double)EXACT_MAX && real <= (double)EXACT_MAX))
			return false;
		seconds = (int64_t)real;
		if ((double)seconds > real)
			seconds--;
	} else {
		return false;
	}
	*out = seconds;
	return true;
}
