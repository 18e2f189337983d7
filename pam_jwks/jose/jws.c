/*
 * Taking a token apart, and verifying it.  The order of the checks is that of
 * how much they tell about the answer: many answers are ordinary passwords, and
 * nothing of those may end up in a detail.
 */
#include <openssl/crypto.h>

#include "jose/b64url.h"
#include "jose/jws.h"
#include "jose/jws_unverified.h"
#include "jose/material.h"
#include "jose/ossl.h"
#include "jose/signature.h"

/* One allocation: the token's text, then room for the decoded payload. */
struct pj_jws {
	struct pj_json		*header_doc;
	struct pj_jws_header	 header;
	struct pj_span		 input;		/* what is signed */
	struct pj_span		 payload;
	size_t			 signature_len;
	unsigned char		 signature[PJ_SIGNATURE_MAX];
	size_t			 size;		/* of bytes */
	unsigned char		 bytes[];
};

/* The three parts of a token, as text. */
struct parts {
	struct pj_span	header;
	struct pj_span	payload;
	struct pj_span	signature;
};

static bool
is_b64url(struct pj_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = text.ptr[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return false;
	}
	return true;
}

/*
 * True if the text begins with what the first bytes of a JSON object become in
 * base64url: a brace, then a quote, white space, or the other brace.  A
 * password such as eyes.wide.shut does not.
 */
static bool
begins_object(struct pj_span text)
{
	unsigned char	bytes[3] = { 0 };
	size_t		len;

	/* Three characters are {} and nothing else that is an object. */
	return pj_b64url_decode(pj_span(text.ptr, text.len < 4 ? text.len : 4),
	    bytes, sizeof(bytes), &len) == PJ_OK &&
	    bytes[0] == '{' && bytes[1] != '\0' &&
	    strchr("\"} \t\r\n", bytes[1]) != NULL;
}

/*
 * Splits at the dots.  It looks for five at most: a text of nothing but dots
 * costs no more than a token.
 */
static enum pj_status
split(struct pj_span token, struct parts *parts, struct pj_error *err)
{
	size_t	dots[5];
	size_t	count = 0;

	for (size_t i = 0; i < token.len && count < 5; i++)
		if (token.ptr[i] == '.')
			dots[count++] = i;
	if (count == 0 || dots[0] == 0)
		return pj_fail(err, PJ_NOT_A_JWT, "no header");
	parts->header = pj_span(token.ptr, dots[0]);
	if (!begins_object(parts->header) || !is_b64url(parts->header))
		return pj_fail(err, PJ_NOT_A_JWT, "no header");
	if (count == 4)
		return PJ_TOKEN_ENCRYPTED;
	if (count != 2)
		return pj_fail(err, PJ_NOT_A_JWT, "not three parts");
	parts->payload = pj_span(token.ptr + dots[0] + 1,
	    dots[1] - dots[0] - 1);
	parts->signature = pj_span(token.ptr + dots[1] + 1,
	    token.len - dots[1] - 1);
	return PJ_OK;
}

/* What can be said without looking at the parts. */
static enum pj_status
check_answer(struct pj_span *token, struct pj_error *err)
{
	if (token->len > 0 && token->ptr[token->len - 1] == '\n')
		token->len--;
	if (token->len == 0)
		return PJ_TOKEN_EMPTY;
	/* sshd's junk for accounts that it bars begins with a backspace. */
	if (token->ptr[0] == '\b')
		return PJ_MASKED_ANSWER;
	if (token->len > PJ_TOKEN_MAX)
		return pj_fail(err, PJ_TOKEN_TOO_LONG, "%zu bytes",
		    token->len);
	/* RFC 7515 section 7.2; a password may begin with a brace as well. */
	if (token->ptr[0] == '{')
		return pj_json_gate(*token, NULL) == PJ_OK ?
		    PJ_TOKEN_JSON_FORM : PJ_NOT_A_JWT;
	return PJ_OK;
}

/* An optional header member that must be a string. */
static enum pj_status
read_string(const struct pj_json *doc, const char *name, bool *has,
    struct pj_span *out, struct pj_error *err)
{
	const struct pj_json *value = pj_json_member(doc, name);

	if (value == NULL)
		return PJ_OK;
	if (!pj_json_string(value, out))
		return pj_fail(err, PJ_HEADER_INVALID, "%s is no string",
		    name);
	*has = true;
	return PJ_OK;
}

/* Members that ask for something that is never done here. */
static enum pj_status
refuse_extensions(const struct pj_json *doc, struct pj_error *err)
{
	/* b64 also stands in crit (RFC 7797 section 6); it tells more. */
	if (pj_json_member(doc, "b64") != NULL)
		return PJ_PAYLOAD_UNENCODED;
	if (pj_json_member(doc, "crit") != NULL)
		return PJ_CRIT_PRESENT;
	if (pj_json_member(doc, "enc") != NULL)
		return PJ_TOKEN_ENCRYPTED;
	if (pj_json_member(doc, "zip") != NULL)
		return pj_fail(err, PJ_HEADER_INVALID,
		    "zip: the payload is compressed");
	return PJ_OK;
}

static enum pj_status
read_alg(const struct pj_json *doc, const struct pj_alg **alg,
    struct pj_error *err)
{
	struct pj_span name;

	if (!pj_json_string(pj_json_member(doc, "alg"), &name))
		return pj_fail(err, PJ_HEADER_INVALID,
		    "alg is missing or no string");
	*alg = pj_alg_find(name);
	if (*alg == NULL)
		return pj_fail(err, PJ_ALG_UNSUPPORTED, "alg %.*s",
		    PJ_SPAN_ARG(name));
	return PJ_OK;
}

static enum pj_status
read_kid(const struct pj_json *doc, struct pj_jws_header *header,
    struct pj_error *err)
{
	const struct pj_json *kid = pj_json_member(doc, "kid");

	if (kid == NULL)
		return PJ_OK;
	if (!pj_json_string(kid, &header->kid))
		return pj_fail(err, PJ_KID_INVALID, "kid is no string");
	if (header->kid.len == 0 || header->kid.len > PJ_KID_MAX)
		return pj_fail(err, PJ_KID_INVALID, "kid of %zu bytes",
		    header->kid.len);
	header->has_kid = true;
	return PJ_OK;
}

/* jwk, jku, x5u and x5c are not read: RFC 8725 section 3.10. */
static enum pj_status
read_header(const struct pj_json *doc, struct pj_jws_header *header,
    struct pj_error *err)
{
	enum pj_status status;

	status = refuse_extensions(doc, err);
	if (status == PJ_OK)
		status = read_alg(doc, &header->alg, err);
	if (status == PJ_OK)
		status = read_kid(doc, header, err);
	if (status == PJ_OK)
		status = read_string(doc, "typ", &header->has_typ,
		    &header->typ, err);
	if (status == PJ_OK)
		status = read_string(doc, "x5t", &header->has_x5t,
		    &header->x5t, err);
	if (status == PJ_OK)
		status = read_string(doc, "x5t#S256", &header->has_x5t_s256,
		    &header->x5t_s256, err);
	return status;
}

/* Decodes and reads the header; room serves for the decoded text. */
static enum pj_status
parse_header(struct pj_jws *jws, struct pj_span text, unsigned char *room,
    size_t room_size, struct pj_error *err)
{
	enum pj_status	status;
	size_t		len;

	if (pj_b64url_decode(text, room, room_size, &len) != PJ_OK)
		return pj_fail(err, PJ_BASE64_INVALID, "in the header");
	status = pj_json_parse(pj_span(room, len), &jws->header_doc, err);
	if (status == PJ_NO_MEMORY)
		return status;
	if (status != PJ_OK)
		return pj_fail_in(err, PJ_HEADER_INVALID, "%s",
		    pj_status_name(status));
	return read_header(jws->header_doc, &jws->header, err);
}

static enum pj_status
parse_parts(struct pj_jws *jws, const struct parts *parts,
    unsigned char *room, size_t room_size, struct pj_error *err)
{
	enum pj_status	status;
	size_t		len;

	if (parts->payload.len == 0)
		return PJ_PAYLOAD_DETACHED;
	status = parse_header(jws, parts->header, room, room_size, err);
	if (status != PJ_OK)
		return status;
	if (parts->signature.len == 0)
		return pj_fail(err, PJ_SIGNATURE_INVALID, "no signature");
	if (parts->signature.len > (PJ_SIGNATURE_MAX * 8 + 5) / 6)
		return pj_fail(err, PJ_SIGNATURE_INVALID, "wrong length");
	if (pj_b64url_decode(parts->signature, jws->signature,
	    sizeof(jws->signature), &jws->signature_len) != PJ_OK)
		return pj_fail(err, PJ_BASE64_INVALID, "in the signature");
	if (pj_b64url_decode(parts->payload, room, room_size, &len) != PJ_OK)
		return pj_fail(err, PJ_BASE64_INVALID, "in the payload");
	jws->payload = pj_span(room, len);
	jws->input = pj_span(parts->header.ptr,
	    parts->header.len + 1 + parts->payload.len);
	return PJ_OK;
}

enum pj_status
pj_jws_parse(struct pj_span token, struct pj_jws **jws, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *made = NULL;
	size_t		room_size;
	struct parts	parts;
	enum pj_status	status;

	status = check_answer(&token, err);
	if (status == PJ_OK)
		status = split(token, &parts, err);
	if (status != PJ_OK)
		return status;
	room_size = PJ_B64_DECODED_MAX(token.len);
	made = malloc(sizeof(*made) + token.len + room_size);
	if (made == NULL)
		return PJ_NO_MEMORY;
	memset(made, 0, sizeof(*made));
	made->size = token.len + room_size;
	memcpy(made->bytes, token.ptr, token.len);
	/* The same places in the copy, which lives as long as jws. */
	parts.payload.ptr = made->bytes + (parts.payload.ptr - token.ptr);
	parts.signature.ptr = made->bytes + (parts.signature.ptr - token.ptr);
	parts.header.ptr = made->bytes;
	status = parse_parts(made, &parts, made->bytes + token.len, room_size,
	    err);
	if (status != PJ_OK)
		return status;
	*jws = PJ_TAKE(made);
	return PJ_OK;
}

void
pj_jws_free(struct pj_jws *jws)
{
	if (jws == NULL)
		return;
	pj_json_free(jws->header_doc);
	OPENSSL_cleanse(jws, sizeof(*jws) + jws->size);
	free(jws);
}

const struct pj_jws_header *
pj_jws_header(const struct pj_jws *jws)
{
	return &jws->header;
}

struct pj_span
pj_jws_unverified_payload(const struct pj_jws *jws)
{
	return jws->payload;
}

enum pj_status
pj_jws_verify(const struct pj_jws *jws, const struct pj_jwk *jwk,
    struct pj_span *payload, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_pkey) EVP_PKEY *pkey = NULL;
	const struct pj_alg	*alg = jws->header.alg;
	struct pj_span		 signature;
	enum pj_status		 status;

	if (jwk->status != PJ_OK)
		return jwk->status;
	/* The key decides what it is for, never the token: RFC 8725 3.1. */
	if (!pj_alg_fits(alg, jwk->kty, jwk->crv) ||
	    (jwk->alg != NULL && jwk->alg != alg))
		return pj_fail(err, PJ_KEY_UNFIT, "%s with a key for %s %s %s",
		    alg->name, pj_kty_name(jwk->kty), pj_crv_name(jwk->crv),
		    jwk->alg != NULL ? jwk->alg->name : "");
	signature = pj_span(jws->signature, jws->signature_len);
	if (!pj_signature_form(alg, jwk->crv, jwk->bits, signature))
		return pj_fail(err, PJ_SIGNATURE_INVALID,
		    "the form is not that of %s", alg->name);
	status = pj_jwk_load(jwk, &pkey, err);
	if (status == PJ_OK)
		status = pj_signature_verify(alg, jwk->crv, pkey, jws->input,
		    signature);
	if (status != PJ_OK)
		return status;
	*payload = jws->payload;
	return PJ_OK;
}

/* Whether text is shorter than the base64url form of size bytes. */
static bool
shorter_than(struct pj_span text, size_t size)
{
	return text.len < (size * 8 + 5) / 6;
}

bool
pj_jws_is_cut(struct pj_span token, const struct pj_jwk *jwk)
{
	unsigned char room[PJ_SIGNATURE_MAX];
	struct pj_span part;
	unsigned dots = 0;
	size_t begin = 0, len;

	if (!begins_object(token))
		return false;
	for (size_t i = 0; i < token.len; i++) {
		if (token.ptr[i] != '.')
			continue;
		if (!is_b64url(pj_span(token.ptr + begin, i - begin)))
			return false;
		begin = i + 1;
		dots++;
	}
	part = pj_span_from(token, begin);
	if (dots > 2 || !is_b64url(part))
		return false;
	if (dots < 2 || part.len == 0)
		return true;
	if (jwk == NULL)
		return shorter_than(part, sizeof(room)) &&
		    pj_b64url_decode(part, room, sizeof(room), &len) != PJ_OK;
	return shorter_than(part, jwk->kty == PJ_KTY_RSA ?
	    (jwk->bits + 7) / 8 : 2 * pj_crv_size(jwk->crv));
}
