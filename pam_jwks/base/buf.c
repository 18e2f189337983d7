#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAP	256

/* What is formatted without malloc: most lines and fields are shorter. */
#define SMALL_TEXT	128

void
pj_buf_free(struct pj_buf *buf)
{
	if (buf->ptr != NULL)
		explicit_bzero(buf->ptr, buf->cap);
	free(buf->ptr);
	buf->ptr = NULL;
	buf->len = buf->cap = 0;
}

void
pj_buf_clear(struct pj_buf *buf)
{
	if (buf->ptr != NULL)
		explicit_bzero(buf->ptr, buf->len);
	buf->len = 0;
}

/* Not realloc: it would leave a copy of a secret behind. */
static bool
grow(struct pj_buf *buf, size_t need)
{
	size_t cap = buf->cap != 0 ? buf->cap : FIRST_CAP;
	unsigned char *ptr;

	while (cap < need)
		cap = cap > buf->max / 2 ? buf->max : cap * 2;
	ptr = malloc(cap);
	if (ptr == NULL)
		return false;
	if (buf->ptr != NULL) {
		memcpy(ptr, buf->ptr, buf->len);
		explicit_bzero(buf->ptr, buf->cap);
		free(buf->ptr);
	}
	buf->ptr = ptr;
	buf->cap = cap;
	return true;
}

unsigned char *
pj_buf_room(struct pj_buf *buf, size_t count)
{
	if (count > buf->max - buf->len)
		return NULL;
	if (count > buf->cap - buf->len && !grow(buf, buf->len + count))
		return NULL;
	/* A first request for no bytes gets a place as well. */
	if (buf->ptr == NULL && !grow(buf, 1))
		return NULL;
	return buf->ptr + buf->len;
}

enum pj_status
pj_buf_append(struct pj_buf *buf, struct pj_span bytes)
{
	unsigned char *room;

	if (bytes.len > buf->max - buf->len)
		return PJ_FILE_TOO_LARGE;
	room = pj_buf_room(buf, bytes.len);
	if (room == NULL)
		return PJ_NO_MEMORY;
	if (bytes.len != 0)
		memcpy(room, bytes.ptr, bytes.len);
	buf->len += bytes.len;
	return PJ_OK;
}

enum pj_status
pj_buf_printf(struct pj_buf *buf, const char *fmt, ...)
{
	enum pj_status status;
	char small[SMALL_TEXT], *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len < sizeof(small)) {
		status = pj_buf_append(buf, pj_span(small, (size_t)len));
		explicit_bzero(small, (size_t)len);
		return status;
	}
	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	explicit_bzero(small, sizeof(small));
	if (len < 0)
		return PJ_NO_MEMORY;
	status = pj_buf_append(buf, pj_span(text, (size_t)len));
	explicit_bzero(text, (size_t)len);
	free(text);
	return status;
}

char *
pj_span_dup(struct pj_span span)
{
	char *copy = malloc(span.len + 1);

	if (copy == NULL)
		return NULL;
	if (span.len != 0)
		memcpy(copy, span.ptr, span.len);
	copy[span.len] = '\0';
	return copy;
}
