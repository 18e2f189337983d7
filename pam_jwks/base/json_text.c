/*
 * Characters inside JSON strings: escapes and UTF-8.
 */
#include <string.h>

#include "base/json_text.h"

static int
hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads uXXXX at p.  Returns false if it is not there. */
static bool
hex_read(const unsigned char *p, size_t n, uint32_t *unit)
{
	uint32_t value = 0;

	if (n < 5 || p[0] != 'u')
		return false;
	for (size_t i = 1; i < 5; i++) {
		int digit = hex_value(p[i]);

		if (digit < 0)
			return false;
		value = value << 4 | (uint32_t)digit;
	}
	*unit = value;
	return true;
}

size_t
pj_json_escape_read(const unsigned char *p, size_t n, uint32_t *point)
{
	static const char	 from[] = "\"\\/bfnrt";
	static const char	 to[] = "\"\\/\b\f\n\r\t";
	const char		*simple;
	uint32_t		 high;
	uint32_t		 low;

	if (n < 2 || p[1] == '\0')
		return 0;
	simple = strchr(from, p[1]);
	if (simple != NULL) {
		*point = (unsigned char)to[simple - from];
		return 2;
	}
	if (!hex_read(p + 1, n - 1, &high))
		return 0;
	if (high < 0xd800 || high > 0xdfff) {
		*point = high;
		return 6;
	}
	if (high > 0xdbff || n < 12 || p[6] != '\\' ||
	    !hex_read(p + 7, n - 7, &low) || low < 0xdc00 || low > 0xdfff)
		return 0;
	*point = 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
	return 12;
}

size_t
pj_json_utf8_size(const unsigned char *p, size_t n)
{
	unsigned char	low = 0x80;	/* bounds of the second byte */
	unsigned char	high = 0xbf;
	size_t		size;

	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		size = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		size = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		size = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;		/* overlong */
	else if (p[0] == 0xed)
		high = 0x9f;		/* surrogates */
	else if (p[0] == 0xf0)
		low = 0x90;		/* overlong */
	else if (p[0] == 0xf4)
		high = 0x8f;		/* over U+10FFFF */
	if (n < size || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

size_t
pj_json_utf8_write(unsigned char out[PJ_JSON_UTF8_MAX], uint32_t point)
{
	if (point < 0x80) {
		out[0] = (unsigned char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (unsigned char)(0xc0 | point >> 6);
		out[1] = (unsigned char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (unsigned char)(0xe0 | point >> 12);
		out[1] = (unsigned char)(0x80 | (point >> 6 & 0x3f));
		out[2] = (unsigned char)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (unsigned char)(0xf0 | point >> 18);
	out[1] = (unsigned char)(0x80 | (point >> 12 & 0x3f));
	out[2] = (unsigned char)(0x80 | (point >> 6 & 0x3f));
	out[3] = (unsigned char)(0x80 | (point & 0x3f));
	return 4;
}
