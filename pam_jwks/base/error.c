#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

/* Room for a detail before escaping; what is longer is clipped anyway. */
#define RAW_MAX		(2 * PJ_DETAIL_MAX)

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
}

static bool
is_hex(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool
pj_is_escaped(struct pj_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (is_plain(text.ptr[i]))
			continue;
		if (text.ptr[i] != '\\' || text.len - i < 4 ||
		    text.ptr[i + 1] != 'x' || !is_hex(text.ptr[i + 2]) ||
		    !is_hex(text.ptr[i + 3]))
			return false;
		i += 3;
	}
	return true;
}

static size_t
escaped_length(struct pj_span text)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++)
		len += is_plain(text.ptr[i]) ? 1 : 4;
	return len;
}

void
pj_escape(char *dst, size_t size, struct pj_span text)
{
	static const char hex[] = "0123456789abcdef";
	bool whole = escaped_length(text) < size;
	/* What is clipped must still have room to say "...". */
	size_t at = 0, room = size - 1 - (whole ? 0 : 3);

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = text.ptr[i];

		if (at + (is_plain(c) ? 1 : 4) > room)
			break;
		if (is_plain(c)) {
			dst[at++] = (char)c;
			continue;
		}
		dst[at++] = '\\';
		dst[at++] = 'x';
		dst[at++] = hex[c >> 4];
		dst[at++] = hex[c & 15];
	}
	memcpy(dst + at, "...", whole ? 0 : 3);
	dst[at + (whole ? 0 : 3)] = '\0';
}

static void __attribute__((format(printf, 2, 0)))
set_detail(struct pj_error *err, const char *fmt, va_list ap)
{
	char raw[RAW_MAX];

	if (vsnprintf(raw, sizeof(raw), fmt, ap) < 0)
		raw[0] = '\0';
	pj_escape(err->detail, sizeof(err->detail), pj_span_str(raw));
}

enum pj_status
pj_fail(struct pj_error *err, enum pj_status status, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return status;
	va_start(ap, fmt);
	set_detail(err, fmt, ap);
	va_end(ap);
	return status;
}

/* Joins two texts that are safe already; the second may be clipped. */
static void
join(struct pj_error *err, const char *first, const char *second)
{
	char both[2 * sizeof(err->detail) + 2];
	char *cut = both + sizeof(err->detail) - 4;
	int len;

	len = snprintf(both, sizeof(both), "%s%s%s", first,
	    *first != '\0' && *second != '\0' ? ": " : "", second);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(err->detail)) {
		/* Not through an escape: \xHH is whole or not there. */
		for (int i = 1; i < 4; i++) {
			if (cut[-i] == '\\') {
				cut -= i;
				break;
			}
		}
		memcpy(cut, "...", 4);
	}
	memcpy(err->detail, both, strlen(both) + 1);
}

enum pj_status
pj_vfail(struct pj_error *err, enum pj_status status, const char *fmt,
    va_list ap)
{
	if (err != NULL)
		set_detail(err, fmt, ap);
	return status;
}

enum pj_status
pj_fail_in(struct pj_error *err, enum pj_status status, const char *fmt, ...)
{
	struct pj_error inner;
	va_list ap;

	if (err == NULL)
		return status;
	inner = *err;
	va_start(ap, fmt);
	set_detail(err, fmt, ap);
	va_end(ap);
	join(err, err->detail, inner.detail);
	return status;
}

enum pj_status
pj_fail_value(struct pj_error *err, enum pj_status status, const char *name,
    struct pj_span value)
{
	char what[64], safe[PJ_DETAIL_MAX - sizeof(what) - sizeof(" is ")];

	if (err == NULL)
		return status;
	/* Not through a format, which would stop at a NUL. */
	pj_escape(what, sizeof(what), pj_span_str(name));
	pj_escape(safe, sizeof(safe), value);
	(void)snprintf(err->detail, sizeof(err->detail), "%s is %s", what,
	    safe);
	return status;
}

enum pj_status
pj_fail_behind(struct pj_error *err, enum pj_status status,
    const struct pj_error *words)
{
	struct pj_error inner;

	if (err == NULL)
		return status;
	inner = *err;
	join(err, words->detail, inner.detail);
	return status;
}

enum pj_status
pj_fail_errno(struct pj_error *err, enum pj_status status, int errnum,
    const char *fmt, ...)
{
	const char *words = strerrordesc_np(errnum);
	va_list ap;

	if (err == NULL)
		return status;
	va_start(ap, fmt);
	set_detail(err, fmt, ap);
	va_end(ap);
	/* Not strerror: the log speaks one language, whatever the host's. */
	join(err, err->detail, words != NULL ? words : "unknown error");
	return status;
}
