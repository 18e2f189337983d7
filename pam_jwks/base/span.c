#include "base/span.h"

/* Not tolower(3): its answer depends on the host's locale. */
static unsigned char
lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
}

bool
pj_span_is_nocase(struct pj_span a, const char *str)
{
	return pj_span_equal_nocase(a, pj_span_str(str));
}

bool
pj_span_equal_nocase(struct pj_span a, struct pj_span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	}
	return true;
}

bool
pj_span_printable(struct pj_span a)
{
	for (size_t i = 0; i < a.len; i++) {
		if (a.ptr[i] < 0x20 || a.ptr[i] > 0x7e)
			return false;
	}
	return true;
}

bool
pj_span_has_control(struct pj_span a)
{
	for (size_t i = 0; i < a.len; i++) {
		if (a.ptr[i] < 0x20 || a.ptr[i] == 0x7f)
			return true;
	}
	return false;
}

bool
pj_span_number(struct pj_span a, unsigned long long max,
    unsigned long long *value)
{
	unsigned long long sum = 0;

	if (a.len == 0)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		unsigned digit = (unsigned)a.ptr[i] - '0';

		if (digit > 9 || sum > max / 10)
			return false;
		sum *= 10;
		if (digit > max - sum)
			return false;
		sum += digit;
	}
	*value = sum;
	return true;
}
