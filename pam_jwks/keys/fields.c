/*
 * Texts made of "name value" lines: see fields.h.
 */
#include "keys/fields.h"

static bool
name_is_good(struct pj_span name)
{
	if (name.len == 0 || name.len > PJ_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = name.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '_')
			return false;
	}
	return true;
}

static bool
value_is_good(struct pj_span value)
{
	return value.len <= PJ_FIELD_MAX && pj_span_printable(value);
}

/* Adds one line, without its newline. */
static const char *
add_line(struct pj_fields *fields, struct pj_span line)
{
	const unsigned char *space = memchr(line.ptr, ' ', line.len);
	struct pj_field field;

	if (space == NULL)
		return "a line without a value";
	field.name = pj_span(line.ptr, (size_t)(space - line.ptr));
	field.value = pj_span_from(line, field.name.len + 1);
	if (!name_is_good(field.name) || !value_is_good(field.value))
		return "a malformed line";
	for (size_t i = 0; i < fields->count; i++)
		if (pj_span_equal(fields->items[i].name, field.name))
			return "a name that occurs twice";
	if (fields->count == PJ_FIELDS_MAX)
		return "too many lines";
	fields->items[fields->count++] = field;
	return NULL;
}

enum pj_status
pj_fields_read(struct pj_span *rest, struct pj_fields *fields,
    struct pj_error *err)
{
	struct pj_span text = *rest, line;
	const unsigned char *end;
	const char *trouble;

	fields->count = 0;
	for (;;) {
		end = text.len > 0 ? memchr(text.ptr, '\n', text.len) : NULL;
		if (end == NULL)
			return pj_fail(err, PJ_CACHE_INVALID, "it is cut off");
		line = pj_span(text.ptr, (size_t)(end - text.ptr));
		text = pj_span_from(text, line.len + 1);
		if (line.len == 0)
			break;
		trouble = add_line(fields, line);
		if (trouble != NULL)
			return pj_fail(err, PJ_CACHE_INVALID, "it has %s",
			    trouble);
	}
	*rest = text;
	return PJ_OK;
}

bool
pj_fields_get(const struct pj_fields *fields, const char *name,
    struct pj_span *value)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (!pj_span_is(fields->items[i].name, name))
			continue;
		*value = fields->items[i].value;
		return true;
	}
	return false;
}

bool
pj_fields_number(const struct pj_fields *fields, const char *name, int64_t max,
    int64_t *value)
{
	struct pj_span text;
	unsigned long long number;

	if (!pj_fields_get(fields, name, &text) ||
	    !pj_span_number(text, (unsigned long long)max, &number))
		return false;
	*value = (int64_t)number;
	return true;
}

enum pj_status
pj_fields_put(struct pj_buf *buf, const char *name, struct pj_span value)
{
	size_t before = buf->len;
	enum pj_status status;

	if (!value_is_good(value))
		return PJ_CACHE_INVALID;
	status = pj_buf_printf(buf, "%s ", name);
	if (status == PJ_OK)
		status = pj_buf_append(buf, value);
	if (status == PJ_OK)
		status = pj_buf_append(buf, pj_span("\n", 1));
	if (status != PJ_OK)
		buf->len = before;
	return status;
}

enum pj_status
pj_fields_put_number(struct pj_buf *buf, const char *name, int64_t value)
{
	/* A negative one would not be readable again. */
	if (value < 0)
		value = 0;
	return pj_buf_printf(buf, "%s %lld\n", name, (long long)value);
}
