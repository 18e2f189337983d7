/*
 * What the tests of base/json and jose/ share.  Responsible for: short ways to
 * say "this text gives that status", and for watching OpenSSL's error queue.
 */
#ifndef PJ_TESTS_JOSE_UTIL_H
#define PJ_TESTS_JOSE_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "jose/b64url.h"
#include "jose/jwks.h"
#include "jose/jwt.h"

#define COUNT(table)	(sizeof(table) / sizeof((table)[0]))

/* A status is compared by name, so that a failure can be read. */
#define assert_status(expected, actual)					\
	assert_string_equal(pj_status_name(expected), pj_status_name(actual))

/* The same for a row of a table: says which row. */
static inline void
check_status(const char *what, enum pj_status expected, enum pj_status actual)
{
	if (expected != actual)
		fail_msg("%s: %s instead of %s", what, pj_status_name(actual),
		    pj_status_name(expected));
}

/* A text of printf's making; the 16th call after this one overwrites it. */
static inline const char * __attribute__((format(printf, 1, 2)))
text_of(const char *fmt, ...)
{
	static char	text[16][128 * 1024];
	static unsigned	turn;
	char		*out = text[turn++ % COUNT(text)];
	va_list		ap;

	va_start(ap, fmt);
	assert_in_range(vsnprintf(out, sizeof(text[0]), fmt, ap), 0,
	    sizeof(text[0]) - 1);
	va_end(ap);
	return out;
}

/* Base64url of a C string, as text_of. */
static inline const char *
b64(const char *plain)
{
	char out[64 * 1024];

	assert_true(pj_b64url_encode(pj_span_str(plain), out, sizeof(out)));
	return text_of("%s", out);
}

/* A JWK and the document that it lives in. */
struct key {
	struct pj_json	*doc;
	struct pj_jwk	 jwk;
	struct pj_error	 err;
};

static inline void
key_free(struct key *key)
{
	pj_json_free(key->doc);
}

#define KEY_SCOPED(name, text)						\
	PJ_CLEANUP(key_free) struct key name = { .doc = NULL };		\
	assert_status(PJ_OK, pj_json_parse(pj_span_str(text),	\
	    &name.doc, &name.err));						\
	pj_jwk_read(name.doc, &name.jwk, &name.err)

/* What pj_jwk_read says of a text, or else pj_jwk_load. */
static inline enum pj_status
key_status(const char *text)
{
	EVP_PKEY	*pkey = NULL;
	enum pj_status	 status;

	KEY_SCOPED(key, text);
	status = pj_jwk_load(&key.jwk, &pkey, &key.err);
	if (key.jwk.status != PJ_OK)
		assert_status(key.jwk.status, status);
	assert_true((status == PJ_OK) == (pkey != NULL));
	EVP_PKEY_free(pkey);
	assert_int_equal(0, ERR_peek_error());
	return status;
}

/* A genuine key as {kty...}: text behind its opening brace. */
#define REST(jwk)	(&(jwk)[1])

struct row {
	const char	*what;
	enum pj_status	 status;
	const char	*text;
};

static inline void
check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_status(rows[i].what, rows[i].status,
		    key_status(rows[i].text));
}

/* The folder of published vectors, or NULL: the tests say why they skip. */
static inline const char *
vectors_folder(void)
{
	const char *folder = getenv("PJ_VECTORS");

	return folder != NULL && access(folder, R_OK) == 0 ? folder : NULL;
}

#define SKIP_WITHOUT_VECTORS()						\
	do {								\
		if (vectors_folder() == NULL) {				\
			print_message("# no folder PJ_VECTORS\n");	\
			skip();						\
		}							\
	} while (0)

/* Reads one of the published vectors; the caller frees. */
static inline struct pj_json *
vector(const char *name)
{
	PJ_BUF_SCOPED(text, PJ_JSON_MAX);
	struct pj_json	*doc = NULL;
	struct pj_error	 err = { "" };
	char		 path[4096];

	(void)snprintf(path, sizeof(path), "%s/rfc/%s.json", vectors_folder(),
	    name);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	unsigned char *room = pj_buf_room(&text, 64 * 1024);
	assert_non_null(room);
	text.len = fread(room, 1, 64 * 1024, file);
	(void)fclose(file);
	assert_status(PJ_OK, pj_json_parse(pj_buf_span(&text), &doc, &err));
	return doc;
}

#endif
