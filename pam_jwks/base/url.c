/*
 * Checks of URLs: see url.h.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/limits.h"
#include "base/url.h"

/* RFC 1035: a host name's text form ends at 253 characters. */
#define HOST_MAX	253
#define PORT_MAX	65535

static const char https_scheme[] = "https://";
static const char http_scheme[] = "http://";

/* Independent of the locale, unlike isalnum(). */
static bool
is_alnum(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

static enum pj_status
refuse(struct pj_error *err, struct pj_span url, const char *why)
{
	return pj_fail(err, PJ_CONFIG_INVALID, "%s: %.*s", why,
	    PJ_SPAN_ARG(url));
}

/* Bytes that every URL here may hold; the rest is refused, not encoded. */
static const char *
bytes_trouble(struct pj_span url)
{
	if (url.len > PJ_URL_MAX)
		return "the URL is too long";
	for (size_t i = 0; i < url.len; i++) {
		unsigned char c = url.ptr[i];

		if (c <= ' ' || c >= 0x7f)
			return "the URL has a space or a byte that is not "
			    "printable ASCII";
		if (strchr("\"'`\\<>", c) != NULL)
			return "the URL has a quote, a backslash or an angle "
			    "bracket";
		if (c == '#')
			return "the URL has a fragment (#)";
	}
	return NULL;
}

/* A DNS name or an IPv4 address: labels of letters, digits, '-' and '_'. */
static bool
name_is_good(struct pj_span host)
{
	size_t label = 0;

	if (host.len == 0 || host.len > HOST_MAX)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		unsigned char c = host.ptr[i];

		if (c == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (is_alnum(c) || c == '-' || c == '_') {
			if (++label > 63)
				return false;
		} else {
			return false;
		}
	}
	return true;
}

/* text is what stands between the brackets. */
static bool
ipv6_is_good(struct pj_span text)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return inet_pton(AF_INET6, copy, &addr) == 1;
}

/* ":PORT" or nothing. */
static bool
port_is_good(struct pj_span text)
{
	unsigned long long port;

	if (text.len == 0)
		return true;
	return text.ptr[0] == ':' &&
	    pj_span_number(pj_span_from(text, 1), PORT_MAX, &port) && port > 0;
}

/* What stands between the two slashes and the path. */
static const char *
authority_trouble(struct pj_span authority)
{
	const unsigned char *end;
	struct pj_span host, rest;

	if (memchr(authority.ptr, '@', authority.len) != NULL)
		return "the URL has user info (@)";
	if (pj_span_starts(authority, "[")) {
		end = memchr(authority.ptr, ']', authority.len);
		if (end == NULL)
			return "the URL has an unclosed bracket";
		host = pj_span(authority.ptr + 1,
		    (size_t)(end - authority.ptr) - 1);
		rest = pj_span_from(authority, host.len + 2);
		if (!ipv6_is_good(host))
			return "the URL's IPv6 address is malformed";
	} else {
		end = memchr(authority.ptr, ':', authority.len);
		host = authority;
		if (end != NULL)
			host.len = (size_t)(end - authority.ptr);
		rest = pj_span_from(authority, host.len);
		if (!name_is_good(host))
			return "the URL's host is missing or malformed";
	}
	return port_is_good(rest) ? NULL : "the URL's port is malformed";
}

/* Splits rest (behind the scheme) at the first of "/?". */
static struct pj_span
take_authority(struct pj_span *rest)
{
	size_t len = 0;
	struct pj_span authority;

	while (len < rest->len && rest->ptr[len] != '/' &&
	    rest->ptr[len] != '?')
		len++;
	authority = pj_span(rest->ptr, len);
	*rest = pj_span_from(*rest, len);
	return authority;
}

enum pj_status
pj_url_check_https(struct pj_span url, struct pj_error *err)
{
	struct pj_span rest;
	const char *trouble = bytes_trouble(url);

	if (trouble != NULL)
		return refuse(err, url, trouble);
	if (!pj_span_starts(url, https_scheme))
		return refuse(err, url, "the URL does not begin with https://");
	rest = pj_span_from(url, strlen(https_scheme));
	trouble = authority_trouble(take_authority(&rest));
	if (trouble != NULL)
		return refuse(err, url, trouble);
	return PJ_OK;
}

enum pj_status
pj_url_check_proxy(struct pj_span url, struct pj_error *err)
{
	struct pj_span rest;
	const char *trouble = bytes_trouble(url);

	if (trouble != NULL)
		return refuse(err, url, trouble);
	if (pj_span_starts(url, https_scheme))
		rest = pj_span_from(url, strlen(https_scheme));
	else if (pj_span_starts(url, http_scheme))
		rest = pj_span_from(url, strlen(http_scheme));
	else
		return refuse(err, url,
		    "the proxy does not begin with http:// or https://");
	trouble = authority_trouble(take_authority(&rest));
	if (trouble != NULL)
		return refuse(err, url, trouble);
	/* A single slash at the end is how people write it. */
	if (rest.len > 0 && !pj_span_is(rest, "/"))
		return refuse(err, url, "the proxy has a path");
	return PJ_OK;
}

uint16_t
pj_url_port(struct pj_span url, uint16_t otherwise)
{
	struct pj_span rest = pj_span_from(url, pj_span_starts(url,
	    https_scheme) ? strlen(https_scheme) : strlen(http_scheme));
	struct pj_span authority = take_authority(&rest);
	unsigned long long port;
	size_t digits = 0;

	/* The last colon, unless it is inside an IPv6 address. */
	while (digits < authority.len &&
	    authority.ptr[authority.len - digits - 1] >= '0' &&
	    authority.ptr[authority.len - digits - 1] <= '9')
		digits++;
	if (digits == authority.len ||
	    authority.ptr[authority.len - digits - 1] != ':' ||
	    !pj_span_number(pj_span_from(authority, authority.len - digits),
	    PORT_MAX, &port))
		return otherwise;
	return (uint16_t)port;
}
