#include "base/json_show.h"

#include "base/json_text.h"

/* What stands for bytes that are no character. */
#define REPLACEMENT	0xfffd

/* The character that a sequence found well-formed stands for. */
static uint32_t
decode(const unsigned char *p, size_t size)
{
	static const unsigned char first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t point = p[0] & first[size];

	for (size_t i = 1; i < size; i++)
		point = point << 6 | (p[i] & 0x3f);
	return point;
}

static enum pj_status
escape(uint32_t point, struct pj_buf *out)
{
	if (point < 0x10000)
		return pj_buf_printf(out, "\\u%04x", (unsigned)point);
	point -= 0x10000;
	return pj_buf_printf(out, "\\u%04x\\u%04x",
	    (unsigned)(0xd800 + (point >> 10)),
	    (unsigned)(0xdc00 + (point & 0x3ff)));
}

/*
 * Appends text with everything but printable ASCII escaped.  In JSON text such
 * characters occur in strings alone, so that it stays JSON.
 */
static enum pj_status
append(struct pj_span text, bool quote, struct pj_buf *out)
{
	enum pj_status status = PJ_OK;
	size_t size = 1;

	for (size_t i = 0; i < text.len && status == PJ_OK; i += size) {
		const unsigned char *p = text.ptr + i;

		size = 1;
		if (*p >= 0x80) {
			size = pj_json_utf8_size(p, text.len - i);
			status = escape(size == 0 ? REPLACEMENT :
			    decode(p, size), out);
			size = size == 0 ? 1 : size;
		} else if (*p < 0x20 || *p == 0x7f) {
			status = escape(*p, out);
		} else if (quote && (*p == '"' || *p == '\\')) {
			status = pj_buf_printf(out, "\\%c", *p);
		} else {
			status = pj_buf_append(out, pj_span(p, 1));
		}
	}
	return status;
}

enum pj_status
pj_json_show(const struct pj_json *value, struct pj_buf *out)
{
	struct pj_span text;

	if (!pj_json_text(value, &text))
		return PJ_NO_MEMORY;
	return append(text, false, out);
}

enum pj_status
pj_json_quote(struct pj_span bytes, struct pj_buf *out)
{
	enum pj_status status = pj_buf_append(out, pj_span_str("\""));

	if (status == PJ_OK)
		status = append(bytes, true, out);
	return status == PJ_OK ? pj_buf_append(out, pj_span_str("\"")) :
	    status;
}

enum pj_status
pj_json_printable(struct pj_span bytes, struct pj_buf *out)
{
	return append(bytes, false, out);
}
