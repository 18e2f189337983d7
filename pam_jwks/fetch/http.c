/*
 * What an HTTP answer's header fields mean for keys: see http.h.
 */
#include <stddef.h>
#include <time.h>

#include "fetch/http.h"

/* RFC 9111 section 1.2.2: a number that is too large counts as the largest. */
#define DELTA_MAX	2147483648LL

#define FIELD(text, member, list)					\
	{								\
		.header = (text),					\
		.name = #member,					\
		.offset = offsetof(struct pj_http_headers, member),	\
		.size = sizeof(((struct pj_http_headers *)0)->member),	\
		.joined = (list),					\
	}

const struct pj_http_field pj_http_fields[PJ_HTTP_FIELDS] = {
	FIELD("Cache-Control", cache_control, true),
	FIELD("Age", age, false),
	FIELD("Expires", expires, false),
	FIELD("Date", date, false),
	FIELD("Retry-After", retry_after, false),
	FIELD("ETag", etag, false),
	FIELD("Last-Modified", last_modified, false),
};

char *
pj_http_field(struct pj_http_headers *headers,
    const struct pj_http_field *field)
{
	return (char *)headers + field->offset;
}

static bool
is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct pj_span
trim(struct pj_span text)
{
	while (text.len > 0 && is_space(text.ptr[0]))
		text = pj_span_from(text, 1);
	while (text.len > 0 && is_space(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

/* Splits at the first byte c; what is behind it stays in *rest. */
static struct pj_span
take_until(struct pj_span *rest, char c)
{
	const unsigned char *at = rest->len > 0 ?
	    memchr(rest->ptr, c, rest->len) : NULL;
	struct pj_span part = *rest;

	if (at != NULL)
		part.len = (size_t)(at - rest->ptr);
	*rest = pj_span_from(*rest, part.len + 1);
	return part;
}

/*
 * Keeps a value.  The first of a repeated one wins, unless they make up a list;
 * what does not fit or is not printable is dropped as a whole.
 */
static void
keep(struct pj_http_headers *headers, const struct pj_http_field *field,
    struct pj_span value)
{
	char *place = pj_http_field(headers, field);
	size_t used = strlen(place), gap = used > 0 ? 2 : 0;

	if (!pj_span_printable(value) || value.len == 0 ||
	    (used > 0 && !field->joined) ||
	    used + gap + value.len >= field->size)
		return;
	memcpy(place + used, ", ", gap);
	memcpy(place + used + gap, value.ptr, value.len);
	place[used + gap + value.len] = '\0';
}

void
pj_http_header_line(struct pj_http_headers *headers, struct pj_span line)
{
	struct pj_span name;

	if (pj_span_starts(line, "HTTP/")) {
		memset(headers, 0, sizeof(*headers));
		return;
	}
	name = take_until(&line, ':');
	for (size_t i = 0; i < PJ_HTTP_FIELDS; i++)
		if (pj_span_is_nocase(name, pj_http_fields[i].header))
			keep(headers, &pj_http_fields[i], trim(line));
}

/* Reads text in one format, wholly; -1 if it is another. */
static int64_t
read_date(const char *text, const char *format)
{
	struct tm tm;
	const char *end;

	memset(&tm, 0, sizeof(tm));
	end = strptime(text, format, &tm);
	if (end == NULL || *end != '\0')
		return -1;
	return timegm(&tm);
}

int64_t
pj_http_date(const char *text)
{
	/* RFC 9110 section 5.6.7; the program never sets a locale. */
	static const char *const formats[] = {
		"%a, %d %b %Y %H:%M:%S GMT",
		"%A, %d-%b-%y %H:%M:%S GMT",
		"%a %b %d %H:%M:%S %Y",
	};
	int64_t date;

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		date = read_date(text, formats[i]);
		if (date >= 0)
			return date;
	}
	return -1;
}

int64_t
pj_http_cert_date(const char *text)
{
	return read_date(text, "%b %d %H:%M:%S %Y GMT");
}

/* delta-seconds; what is too large is clipped, what is no number is -1. */
static int64_t
read_delta(struct pj_span text)
{
	unsigned long long value;

	text = trim(text);
	/* A quoted number is wrong, but sent. */
	if (text.len >= 2 && text.ptr[0] == '"' &&
	    text.ptr[text.len - 1] == '"')
		text = pj_span(text.ptr + 1, text.len - 2);
	if (text.len == 0)
		return -1;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return -1;
	if (!pj_span_number(text, DELTA_MAX, &value))
		return DELTA_MAX;
	return (int64_t)value;
}

/* What one directive allows; -1: it says nothing about a lifetime. */
static int64_t
read_directive(struct pj_span directive)
{
	struct pj_span rest = directive, name;
	int64_t delta;

	name = trim(take_until(&rest, '='));
	if (pj_span_is_nocase(name, "no-store") ||
	    pj_span_is_nocase(name, "no-cache"))
		return 0;
	if (!pj_span_is_nocase(name, "max-age"))
		return -1;
	delta = read_delta(rest);
	return delta < 0 ? 0 : delta;
}

/* The shortest lifetime in Cache-Control; -1: none. */
static int64_t
read_cache_control(const char *text)
{
	struct pj_span rest = pj_span_str(text);
	int64_t shortest = -1, one;

	while (rest.len > 0) {
		one = read_directive(trim(take_until(&rest, ',')));
		if (one >= 0 && (shortest < 0 || one < shortest))
			shortest = one;
	}
	return shortest;
}

int64_t
pj_http_freshness(const struct pj_http_headers *headers, int64_t now)
{
	int64_t age = read_delta(pj_span_str(headers->age));
	int64_t lifetime, date, expires;

	lifetime = read_cache_control(headers->cache_control);
	if (lifetime < 0 && headers->expires[0] == '\0')
		return -1;
	if (lifetime < 0) {
		date = pj_http_date(headers->date);
		expires = pj_http_date(headers->expires);
		lifetime = expires - (date >= 0 ? date : now);
	}
	if (age > 0)
		lifetime -= age;
	return lifetime > 0 ? lifetime : 0;
}

int64_t
pj_http_retry_after(const struct pj_http_headers *headers, int64_t now)
{
	int64_t delta, date;

	delta = read_delta(pj_span_str(headers->retry_after));
	if (delta >= 0)
		return delta;
	date = pj_http_date(headers->retry_after);
	if (date < 0)
		return -1;
	return date > now ? date - now : 0;
}
