/*
 * Base64 in its two strict forms.  Responsible for: one text for one sequence
 * of bytes and no other, so that nothing can be changed in a token without
 * changing its bytes.  Must not: skip, guess, or allocate.
 */
#include <stdint.h>

#include "jose/b64url.h"

/* RFC 4648 section 4, table 1, without 62 and 63; by one more: 0 is foreign. */
#define COMMON								\
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5,		\
	['F'] = 6, ['G'] = 7, ['H'] = 8, ['I'] = 9, ['J'] = 10,		\
	['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15,	\
	['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20,	\
	['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25,	\
	['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,	\
	['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,	\
	['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,	\
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45,	\
	['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50,	\
	['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55,	\
	['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,	\
	['8'] = 61, ['9'] = 62

static const uint8_t ordinary[256] = { COMMON, ['+'] = 63, ['/'] = 64 };
static const uint8_t url[256] = { COMMON, ['-'] = 63, ['_'] = 64 };

/* The value of a digit; 0xff, which alone has the upper bits, if it is none. */
static inline uint32_t
value_of(const uint8_t *table, unsigned char c)
{
	return (uint8_t)(table[c] - 1);
}

/* Decodes digits without padding. */
static enum pj_status
decode(struct pj_span text, const uint8_t *table, unsigned char *out,
    size_t cap, size_t *len)
{
	size_t		tail = text.len % 4;
	size_t		size = text.len / 4 * 3 + (tail > 0 ? tail - 1 : 0);
	uint32_t	acc = 0;
	uint32_t	foreign = 0;
	unsigned	bits = 0;
	unsigned char	*to = out;
	size_t		i = 0;

	if (tail == 1 || size > cap)
		return PJ_BASE64_INVALID;
	/* Four digits are three bytes; the rest goes digit by digit. */
	for (; i < text.len - tail; i += 4) {
		uint32_t a = value_of(table, text.ptr[i]);
		uint32_t b = value_of(table, text.ptr[i + 1]);
		uint32_t c = value_of(table, text.ptr[i + 2]);
		uint32_t d = value_of(table, text.ptr[i + 3]);

		foreign |= a | b | c | d;
		*to++ = (unsigned char)(a << 2 | b >> 4);
		*to++ = (unsigned char)(b << 4 | c >> 2);
		*to++ = (unsigned char)(c << 6 | d);
	}
	for (; i < text.len; i++) {
		uint32_t value = value_of(table, text.ptr[i]);

		foreign |= value;
		acc = acc << 6 | (value & 0x3f);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*to++ = (unsigned char)(acc >> bits);
		}
	}
	/* RFC 4648 section 3.5: the unused bits must be zero. */
	if ((foreign & 0xc0) != 0 || (acc & ((1u << bits) - 1)) != 0)
		return PJ_BASE64_INVALID;
	*len = size;
	return PJ_OK;
}

enum pj_status
pj_b64url_decode(struct pj_span text, unsigned char *out, size_t cap,
    size_t *len)
{
	return decode(text, url, out, cap, len);
}

enum pj_status
pj_b64_decode(struct pj_span text, unsigned char *out, size_t cap, size_t *len)
{
	if (text.len % 4 != 0)
		return PJ_BASE64_INVALID;
	if (text.len > 0 && text.ptr[text.len - 1] == '=') {
		text.len--;
		if (text.ptr[text.len - 1] == '=')
			text.len--;
	}
	return decode(text, ordinary, out, cap, len);
}

bool
pj_b64url_encode(struct pj_span bytes, char *out, size_t size)
{
	static const char	 digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t			 tail = bytes.len % 3;
	size_t			 full = bytes.len - tail;
	const unsigned char	*p = bytes.ptr;

	if (size < 1 || (size - 1) / 4 * 3 + ((size - 1) % 4 * 3) / 4 <
	    bytes.len)
		return false;
	for (size_t i = 0; i < full; i += 3, p += 3) {
		*out++ = digits[p[0] >> 2];
		*out++ = digits[(p[0] & 3) << 4 | p[1] >> 4];
		*out++ = digits[(p[1] & 15) << 2 | p[2] >> 6];
		*out++ = digits[p[2] & 63];
	}
	if (tail > 0) {
		*out++ = digits[p[0] >> 2];
		*out++ = digits[(p[0] & 3) << 4 | (tail == 2 ? p[1] >> 4 : 0)];
		if (tail == 2)
			*out++ = digits[(p[1] & 15) << 2];
	}
	*out = '\0';
	return true;
}
