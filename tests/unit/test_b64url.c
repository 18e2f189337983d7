/*
 * Strict base64url and base64: one text for one sequence of bytes.
 */
#include "jose_util.h"

static enum pj_status
decode(const char *text, size_t cap, size_t *len)
{
	unsigned char out[64];

	assert_true(cap <= sizeof(out));
	return pj_b64url_decode(pj_span_str(text), out, cap, len);
}

static enum pj_status
decode_std(const char *text, size_t cap, size_t *len)
{
	unsigned char out[64];

	assert_true(cap <= sizeof(out));
	return pj_b64_decode(pj_span_str(text), out, cap, len);
}

/* RFC 4648 section 10. */
static const struct {
	const char *plain;
	const char *text;
	const char *padded;
} examples[] = {
	{ "", "", "" },
	{ "f", "Zg", "Zg==" },
	{ "fo", "Zm8", "Zm8=" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
};

static void
test_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		unsigned char	out[16];
		char		text[16];
		size_t		len = 99;

		assert_status(PJ_OK, pj_b64url_decode(
		    pj_span_str(examples[i].text), out, sizeof(out), &len));
		assert_true(pj_span_is(pj_span(out, len), examples[i].plain));
		len = 99;
		assert_status(PJ_OK, pj_b64_decode(
		    pj_span_str(examples[i].padded), out, sizeof(out), &len));
		assert_true(pj_span_is(pj_span(out, len), examples[i].plain));
		assert_true(pj_b64url_encode(pj_span_str(examples[i].plain),
		    text, strlen(examples[i].text) + 1));
		assert_string_equal(examples[i].text, text);
		assert_false(pj_b64url_encode(pj_span_str(examples[i].plain),
		    text, strlen(examples[i].text)));
	}
}

static void
test_both_alphabets(void **state)
{
	const unsigned char	bytes[] = { 0xfb, 0xff, 0xbf };
	unsigned char		out[3];
	char			text[5];
	size_t			len = 0;

	(void)state;
	assert_true(pj_b64url_encode(pj_span(bytes, 3), text, sizeof(text)));
	assert_string_equal("-_-_", text);
	assert_status(PJ_OK, pj_b64url_decode(pj_span_str("-_-_"), out, 3,
	    &len));
	assert_memory_equal(bytes, out, 3);
	assert_status(PJ_OK, pj_b64_decode(pj_span_str("+/+/"), out, 3, &len));
	assert_memory_equal(bytes, out, 3);
	assert_status(PJ_BASE64_INVALID, decode("+/+/", 3, &len));
	assert_status(PJ_BASE64_INVALID, decode_std("-_-_", 3, &len));
}

/* Every byte in every place of a group; 64 of 256 are digits. */
static void
test_every_byte(void **state)
{
	(void)state;
	for (size_t place = 0; place < 4; place++) {
		unsigned good = 0;
		unsigned good_std = 0;

		for (unsigned c = 0; c < 256; c++) {
			unsigned char	text[4] = { 'A', 'A', 'A', 'A' };
			unsigned char	out[3];
			size_t		len = 0;

			text[place] = (unsigned char)c;
			if (pj_b64url_decode(pj_span(text, 4), out, 3, &len) ==
			    PJ_OK)
				good++;
			if (c != '=' && pj_b64_decode(pj_span(text, 4), out, 3,
			    &len) == PJ_OK)
				good_std++;
		}
		assert_int_equal(64, good);
		assert_int_equal(64, good_std);
	}
}

/* The same behind the last whole group, where one or two bytes follow. */
static void
test_every_byte_at_the_end(void **state)
{
	(void)state;
	for (size_t len = 6; len <= 7; len++) {
		for (size_t place = 4; place < len; place++) {
			unsigned good = 0;

			for (unsigned c = 0; c < 256; c++) {
				unsigned char text[] = "AAAAAAA", out[5];
				size_t unused = 0;

				text[place] = (unsigned char)c;
				good += pj_b64url_decode(pj_span(text, len),
				    out, 5, &unused) == PJ_OK;
			}
			/* The last digit's unused bits must be zero. */
			assert_int_equal(place + 1 < len ? 64 :
			    len == 6 ? 4 : 16, good);
		}
	}
}

/* Of the spellings of one and of two bytes exactly one is accepted. */
static void
test_tail_bits(void **state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij"
	    "klmnopqrstuvwxyz0123456789-_";
	unsigned one = 0;
	unsigned two = 0;
	size_t	 len = 0;

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		one += decode(text_of("A%c", digits[i]), 1, &len) == PJ_OK;
		two += decode(text_of("AA%c", digits[i]), 2, &len) == PJ_OK;
	}
	assert_int_equal(4, one);
	assert_int_equal(16, two);
	assert_status(PJ_BASE64_INVALID, decode_std("AB==", 3, &len));
	assert_status(PJ_BASE64_INVALID, decode_std("AAB=", 3, &len));
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {
		"A", "AAAAA", "Zg==", "Zg=", "Zm8=", "Zm9v ", " Zm9v",
		"Zm9v\n", "Zm\n9v", "Z m9v", "=", "====", "Zm9v.", "Zm9v,",
		"\xc3\xa4Zm", "Zm9v\t",
	};
	static const char *const bad_std[] = {
		"A", "AA", "AAA", "Zg", "Zm8", "Zg=", "Z===", "====", "=",
		"==", "Zg==Zg==", "Zm8=Zm8=", "Zm9v\nZm9v", "Zm9v=", "A=AA",
		"AA=A", "=AAA", "Zm9v====", " m9v", "Zm9\n",
	};
	size_t len = 77;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		check_status(bad[i], PJ_BASE64_INVALID,
		    decode(bad[i], 64, &len));
	for (size_t i = 0; i < COUNT(bad_std); i++)
		check_status(bad_std[i], PJ_BASE64_INVALID,
		    decode_std(bad_std[i], 64, &len));
	/* A NUL is a foreign byte, not an end. */
	assert_status(PJ_BASE64_INVALID, pj_b64url_decode(
	    pj_span("Zm9v\0AAA", 8), (unsigned char[8]){ 0 }, 8, &len));
	assert_int_equal(77, len);
}

static void
test_capacity(void **state)
{
	size_t len = 77;

	(void)state;
	assert_status(PJ_BASE64_INVALID, decode("Zm9vYmFy", 5, &len));
	assert_status(PJ_BASE64_INVALID, decode("Zg", 0, &len));
	assert_int_equal(77, len);
	assert_status(PJ_OK, decode("Zm9vYmFy", 6, &len));
	assert_int_equal(6, len);
	assert_status(PJ_OK, decode("", 0, &len));
	assert_int_equal(0, len);
	assert_status(PJ_BASE64_INVALID, decode_std("Zm9vYg==", 3, &len));
	assert_status(PJ_OK, decode_std("Zm9vYg==", 4, &len));
	for (size_t i = 0; i < 40; i++)
		assert_true(PJ_B64_DECODED_MAX(i) >= i * 6 / 8);
}

static void
test_round_trip(void **state)
{
	unsigned char	bytes[300];
	unsigned char	back[300];
	char		text[401];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 167 + 13);
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		size_t len = 999;

		assert_true(pj_b64url_encode(pj_span(bytes, size), text,
		    (size * 8 + 5) / 6 + 1));
		assert_int_equal((size * 8 + 5) / 6, strlen(text));
		assert_status(PJ_OK, pj_b64url_decode(pj_span_str(text), back,
		    size, &len));
		assert_int_equal(size, len);
		assert_memory_equal(bytes, back, size);
	}
	assert_false(pj_b64url_encode(pj_span("", 0), text, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_both_alphabets),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_every_byte_at_the_end),
		cmocka_unit_test(test_tail_bits),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_round_trip),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
