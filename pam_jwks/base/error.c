#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

/* Room for a detail before escaping; what is longer is clipped anyway. */
#define RAW_MAX		(2 * PJ_DETAIL_MAX)

void
pj_escape(char *dst, size_t size, struct pj_span text)
{
	static const char hex[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = text.ptr[i];
		bool plain = c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
		/* What follows must still have room to say "...". */
		size_t reserve = i + 1 < text.len ? 3 : 0;

		if (at + (plain ? 1 : 4) + reserve >= size) {
			memcpy(dst + at, "...", 3);
			at += 3;
			break;
		}
		if (plain) {
			dst[at++] = (char)c;
		} else {
			dst[at++] = '\\';
			dst[at++] = 'x';
			dst[at++] = hex[c >> 4];
			dst[at++] = hex[c & 15];
		}
	}
	dst[at] = '\0';
}

static void
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
	int len;

	len = snprintf(both, sizeof(both), "%s%s%s", first,
	    *first != '\0' && *second != '\0' ? ": " : "", second);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(err->detail))
		memcpy(both + sizeof(err->detail) - 4, "...", 4);
	memcpy(err->detail, both, strlen(both) + 1);
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
pj_fail_errno(struct pj_error *err, enum pj_status status, int errnum,
    const char *fmt, ...)
{
	char words[128];
	va_list ap;

	if (err == NULL)
		return status;
	va_start(ap, fmt);
	set_detail(err, fmt, ap);
	va_end(ap);
	/* The GNU form, which need not use the buffer. */
	join(err, err->detail, strerror_r(errnum, words, sizeof(words)));
	return status;
}
