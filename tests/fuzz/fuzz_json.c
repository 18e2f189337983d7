/*
 * The JSON gate and json-c: what the gate passes json-c reads the same way.
 * The one that json-c is compared with is a small reader here, which goes
 * through the text byte by byte and trusts its grammar, since the gate has
 * passed it.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/json_show.h"
#include "fuzz.h"

#define EXACT_MAX	(INT64_C(1) << 53)

static void	read_value(struct pj_span *rest, const struct pj_json *value);

static int
first(struct pj_span *rest)
{
	while (rest->len != 0 && memchr(" \t\n\r", rest->ptr[0], 4) != NULL)
		*rest = pj_span_from(*rest, 1);
	FUZZ_CHECK(rest->len != 0);
	return rest->ptr[0];
}

static void
take(struct pj_span *rest, const char *text)
{
	(void)first(rest);
	FUZZ_CHECK(pj_span_starts(*rest, text));
	*rest = pj_span_from(*rest, strlen(text));
}

/* ---- strings ---- */

static unsigned
read_hex(struct pj_span *rest)
{
	char digits[5] = "";
	unsigned code;

	FUZZ_CHECK(rest->len > 4);
	memcpy(digits, rest->ptr, 4);
	code = (unsigned)strtoul(digits, NULL, 16);
	*rest = pj_span_from(*rest, 4);
	return code;
}

static void
put(struct pj_buf *out, unsigned byte)
{
	unsigned char c = (unsigned char)byte;

	FUZZ_CHECK(pj_buf_append(out, pj_span(&c, 1)) == PJ_OK);
}

/* Behind "\u"; RFC 3629. */
static void
read_code(struct pj_span *rest, struct pj_buf *out)
{
	unsigned code = read_hex(rest);

	if (code >= 0xd800 && code < 0xdc00) {
		take(rest, "\\u");
		code = 0x10000 + ((code & 0x3ff) << 10) +
		    (read_hex(rest) & 0x3ff);
	}
	if (code < 0x80) {
		put(out, code);
		return;
	}
	if (code >= 0x10000) {
		put(out, 0xf0 | code >> 18);
		put(out, 0x80 | (code >> 12 & 0x3f));
	} else if (code >= 0x800) {
		put(out, 0xe0 | code >> 12);
	}
	put(out, code >= 0x800 ? 0x80 | (code >> 6 & 0x3f) : 0xc0 | code >> 6);
	put(out, 0x80 | (code & 0x3f));
}

static void
read_string(struct pj_span *rest, struct pj_buf *out)
{
	static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
	const char *letter;
	unsigned c;

	take(rest, "\"");
	for (;;) {
		FUZZ_CHECK(rest->len != 0);
		c = rest->ptr[0];
		*rest = pj_span_from(*rest, 1);
		if (c == '"')
			return;
		if (c != '\\') {
			put(out, c);
			continue;
		}
		FUZZ_CHECK(rest->len != 0);
		c = rest->ptr[0];
		*rest = pj_span_from(*rest, 1);
		letter = strchr(letters, (int)c);
		if (c == 'u')
			read_code(rest, out);
		else
			put(out, letter != NULL && c != '\0' ?
			    (unsigned char)meant[letter - letters] : c);
	}
}

/* ---- numbers ---- */

static void
check_whole(const char *number, const struct pj_json *value)
{
	const char *kept = strcmp(number, "-0") == 0 ? "0" : number;
	struct pj_span text;
	int64_t seconds;
	long long whole;

	errno = 0;
	whole = strtoll(number, NULL, 10);
	/* The ends of what 63 bits hold stand for all that is beyond. */
	FUZZ_CHECK(pj_json_number(value, &text) == (errno == 0 &&
	    whole != INT64_MAX && whole != INT64_MIN));
	if (pj_json_number(value, &text))
		FUZZ_CHECK(pj_span_is(text, kept));
	FUZZ_CHECK(pj_json_time(value, &seconds) == (errno == 0 &&
	    whole <= EXACT_MAX && whole >= -EXACT_MAX));
	if (pj_json_time(value, &seconds))
		FUZZ_CHECK(seconds == whole);
}

static void
read_number(struct pj_span *rest, const struct pj_json *value)
{
	PJ_BUF_SCOPED(number, PJ_JSON_MAX + 1);
	struct pj_span text;
	int64_t seconds;
	double real;

	while (rest->len != 0 && rest->ptr[0] != '\0' &&
	    strchr("+-.0123456789Ee", rest->ptr[0]) != NULL) {
		put(&number, rest->ptr[0]);
		*rest = pj_span_from(*rest, 1);
	}
	FUZZ_CHECK(number.len != 0);
	put(&number, '\0');
	if (strpbrk((const char *)number.ptr, ".eE") == NULL) {
		check_whole((const char *)number.ptr, value);
		return;
	}
	FUZZ_CHECK(pj_json_number(value, &text) &&
	    pj_span_is(text, (const char *)number.ptr));
	real = strtod((const char *)number.ptr, NULL);
	FUZZ_CHECK(pj_json_time(value, &seconds) ==
	    (fabs(real) <= (double)EXACT_MAX));
	if (pj_json_time(value, &seconds))
		FUZZ_CHECK((double)seconds == floor(real));
}

/* ---- all values ---- */

static void
count_one(void *ctx, const char *name, const struct pj_json *value)
{
	(void)name;
	(void)value;
	++*(size_t *)ctx;
}

static void
read_object(struct pj_span *rest, const struct pj_json *object)
{
	size_t members = 0, seen = 0;

	take(rest, "{");
	while (first(rest) != '}') {
		PJ_BUF_SCOPED(name, PJ_JSON_MAX + 1);

		if (seen++ != 0)
			take(rest, ",");
		(void)first(rest);
		read_string(rest, &name);
		put(&name, '\0');
		FUZZ_CHECK(strlen((const char *)name.ptr) == name.len - 1);
		take(rest, ":");
		/* Each is another one: a second of a name would not fit. */
		read_value(rest, pj_json_member(object,
		    (const char *)name.ptr));
	}
	take(rest, "}");
	pj_json_members(object, count_one, &members);
	FUZZ_CHECK(members == seen);
}

static void
read_array(struct pj_span *rest, const struct pj_json *array)
{
	size_t seen = 0;

	take(rest, "[");
	while (first(rest) != ']') {
		if (seen != 0)
			take(rest, ",");
		read_value(rest, pj_json_item(array, seen++));
	}
	take(rest, "]");
	FUZZ_CHECK(pj_json_length(array) == seen);
}

static void
check_string(struct pj_span *rest, const struct pj_json *value)
{
	PJ_BUF_SCOPED(wanted, PJ_JSON_MAX);
	struct pj_span text;

	read_string(rest, &wanted);
	FUZZ_CHECK(pj_json_string(value, &text) &&
	    pj_span_equal(text, pj_buf_span(&wanted)));
}

static void
read_word(struct pj_span *rest, const struct pj_json *value, enum pj_json_type
    type)
{
	bool flag, is;

	is = rest->ptr[0] == 't';
	take(rest, type == PJ_JSON_NULL ? "null" : is ? "true" : "false");
	FUZZ_CHECK(pj_json_bool(value, &flag) == (type == PJ_JSON_BOOL));
	if (type == PJ_JSON_BOOL)
		FUZZ_CHECK(flag == is);
}

/* Takes one value off rest; json-c's must have its type and say the same. */
static void
read_value(struct pj_span *rest, const struct pj_json *value)
{
	static const char begins[] = "ntf\"[{";
	static const enum pj_json_type types[] = {
		PJ_JSON_NULL, PJ_JSON_BOOL, PJ_JSON_BOOL, PJ_JSON_STRING,
		PJ_JSON_ARRAY, PJ_JSON_OBJECT,
	};
	const char *begin = strchr(begins, first(rest));
	enum pj_json_type type = PJ_JSON_NUMBER;

	if (begin != NULL && *begin != '\0')
		type = types[begin - begins];
	FUZZ_CHECK(value != NULL && pj_json_type(value) == type);
	if (type == PJ_JSON_OBJECT)
		read_object(rest, value);
	else if (type == PJ_JSON_ARRAY)
		read_array(rest, value);
	else if (type == PJ_JSON_STRING)
		check_string(rest, value);
	else if (type == PJ_JSON_NUMBER)
		read_number(rest, value);
	else
		read_word(rest, value, type);
}

/* Written and read again, it is the same. */
static void
check_shown(const struct pj_json *doc)
{
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *again = NULL;
	PJ_BUF_SCOPED(shown, 8 * PJ_JSON_MAX);
	PJ_BUF_SCOPED(second, 8 * PJ_JSON_MAX);
	struct pj_error err = { "" };

	FUZZ_CHECK(pj_json_show(doc, &shown) == PJ_OK);
	FUZZ_CHECK(pj_span_printable(pj_buf_span(&shown)));
	if (shown.len > PJ_JSON_MAX)
		return;
	FUZZ_CHECK(pj_json_parse(pj_buf_span(&shown), &again, &err) == PJ_OK);
	FUZZ_CHECK(pj_json_show(again, &second) == PJ_OK);
	FUZZ_CHECK(pj_span_equal(pj_buf_span(&shown), pj_buf_span(&second)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PJ_CLEANUP(pj_cleanup_json) struct pj_json *doc = NULL;
	struct pj_span text = pj_span(data, size);
	struct pj_error err = { "" };
	enum pj_status gate = pj_json_gate(text, &err);
	enum pj_status status = pj_json_parse(text, &doc, &err);

	if (gate != PJ_OK) {
		FUZZ_CHECK(status == gate && doc == NULL);
		return 0;
	}
	/* Only a top that is no object may fail behind the gate. */
	FUZZ_CHECK(status == PJ_OK || strcmp(err.detail, "no object") == 0);
	if (status != PJ_OK)
		return 0;
	read_value(&text, doc);
	while (text.len != 0 && memchr(" \t\n\r", text.ptr[0], 4) != NULL)
		text = pj_span_from(text, 1);
	FUZZ_CHECK(text.len == 0);
	check_shown(doc);
	return 0;
}
