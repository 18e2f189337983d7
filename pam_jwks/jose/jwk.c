/*
 * Reading a JWK: whether it may be used, without arithmetic.
 */
#include "jose/b64url.h"
#include "jose/jwk.h"
#include "jose/jwk_private.h"
#include "jose/x5c.h"

const struct pj_json *
pj_jwk_member(const struct pj_json *json, const char *name)
{
	const struct pj_json *value = pj_json_member(json, name);

	return pj_json_type(value) == PJ_JSON_NULL ? NULL : value;
}

static bool
has(const struct pj_json *json, const char *name)
{
	return pj_jwk_member(json, name) != NULL;
}

/* An optional string: absent leaves *out empty. */
static enum pj_status
read_string(const struct pj_json *json, const char *name, struct pj_span *out,
    struct pj_error *err)
{
	const struct pj_json *value = pj_jwk_member(json, name);

	if (value == NULL || pj_json_string(value, out))
		return PJ_OK;
	return pj_fail(err, PJ_KEY_MALFORMED, "%s is no string", name);
}

static enum pj_status
read_kid(struct pj_jwk *jwk, struct pj_error *err)
{
	enum pj_status status;

	status = read_string(jwk->json, "kid", &jwk->kid, err);
	if (status != PJ_OK)
		return status;
	jwk->has_kid = has(jwk->json, "kid");
	if (jwk->kid.len > PJ_KID_MAX)
		return pj_fail(err, PJ_KEY_MALFORMED, "kid of %zu bytes",
		    jwk->kid.len);
	return PJ_OK;
}

/*
 * A published private key signs for everybody: RFC 7517 section 9.3.  Symmetric
 * keys have no place in a key set that anyone can read.
 */
static enum pj_status
refuse_private(const struct pj_json *json, struct pj_error *err)
{
	static const char *const members[] = {
		"d", "p", "q", "dp", "dq", "qi", "oth", "k",
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (has(json, members[i]))
			return pj_fail(err, PJ_KEY_PRIVATE, "member %s",
			    members[i]);
	return PJ_OK;
}

static bool
find_kty(struct pj_span name, enum pj_kty *kty)
{
	for (enum pj_kty i = PJ_KTY_RSA; i <= PJ_KTY_OKP; i++) {
		if (pj_span_is(name, pj_kty_name(i))) {
			*kty = i;
			return true;
		}
	}
	return false;
}

/* The curve, if it is one of that type. */
static bool
find_crv(struct pj_span name, enum pj_kty kty, enum pj_crv *crv)
{
	for (enum pj_crv i = PJ_CRV_P256; i <= PJ_CRV_ED448; i++) {
		enum pj_kty of = i < PJ_CRV_ED25519 ? PJ_KTY_EC : PJ_KTY_OKP;

		if (of == kty && pj_span_is(name, pj_crv_name(i))) {
			*crv = i;
			return true;
		}
	}
	return false;
}

static enum pj_status
read_kty(struct pj_jwk *jwk, struct pj_error *err)
{
	struct pj_span name;

	if (!pj_json_string(pj_jwk_member(jwk->json, "kty"), &name))
		return pj_fail(err, PJ_KEY_MALFORMED,
		    "kty is missing or no string");
	if (pj_span_is(name, "oct"))
		return pj_fail(err, PJ_KEY_PRIVATE, "kty oct");
	if (!find_kty(name, &jwk->kty))
		return pj_fail(err, PJ_KEY_TYPE_UNSUPPORTED, "kty %.*s",
		    PJ_SPAN_ARG(name));
	return PJ_OK;
}

/* use and key_ops (RFC 7517 sections 4.2, 4.3). */
static enum pj_status
read_purpose(const struct pj_json *json, struct pj_error *err)
{
	const struct pj_json	*ops = pj_jwk_member(json, "key_ops");
	struct pj_span		 use = pj_span_str("sig");
	bool			 verify = ops == NULL;
	enum pj_status		 status;

	status = read_string(json, "use", &use, err);
	if (status != PJ_OK)
		return status;
	if (!pj_span_is(use, "sig"))
		return pj_fail(err, PJ_KEY_NOT_FOR_SIGNING, "use %.*s",
		    PJ_SPAN_ARG(use));
	if (ops != NULL && pj_json_type(ops) != PJ_JSON_ARRAY)
		return pj_fail(err, PJ_KEY_MALFORMED, "key_ops is no array");
	for (size_t i = 0; i < pj_json_length(ops); i++) {
		struct pj_span op;

		if (!pj_json_string(pj_json_item(ops, i), &op))
			return pj_fail(err, PJ_KEY_MALFORMED,
			    "key_ops holds something else than strings");
		if (pj_span_is(op, "verify"))
			verify = true;
	}
	if (!verify)
		return pj_fail(err, PJ_KEY_NOT_FOR_SIGNING,
		    "key_ops without verify");
	return PJ_OK;
}

/* True if no bare member is there, and x5c is. */
static bool
only_x5c(const struct pj_json *json, enum pj_kty kty)
{
	if (!has(json, "x5c"))
		return false;
	switch (kty) {
	case PJ_KTY_RSA:
		return !has(json, "n") && !has(json, "e");
	case PJ_KTY_EC:
		return !has(json, "x") && !has(json, "y");
	case PJ_KTY_OKP:
		return !has(json, "x");
	}
	return false;
}

/* The numbers from the certificate; kty, and crv if it is there, must agree. */
static enum pj_status
read_from_x5c(struct pj_jwk *jwk, bool has_crv, struct pj_material *m,
    struct pj_error *err)
{
	enum pj_status status;

	status = pj_material_x5c(pj_jwk_member(jwk->json, "x5c"), m, err);
	if (status != PJ_OK)
		return status;
	if (m->kty != jwk->kty || (has_crv && m->crv != jwk->crv))
		return pj_fail(err, PJ_KEY_X5C_DIFFERS,
		    "kty or crv differs from the certificate's");
	jwk->crv = m->crv;
	return PJ_OK;
}

static enum pj_status
read_numbers(struct pj_jwk *jwk, struct pj_error *err)
{
	struct pj_material	 m;
	struct pj_span		 name = pj_span("", 0);
	bool			 has_crv = jwk->kty != PJ_KTY_RSA &&
				    has(jwk->json, "crv");
	enum pj_status		 status;

	if (has(jwk->json, "x5c")) {
		status = pj_x5c_shape(pj_jwk_member(jwk->json, "x5c"), err);
		if (status != PJ_OK)
			return status;
	}
	if (has_crv) {
		status = read_string(jwk->json, "crv", &name, err);
		if (status != PJ_OK)
			return status;
		if (!find_crv(name, jwk->kty, &jwk->crv))
			return pj_fail(err, PJ_KEY_TYPE_UNSUPPORTED,
			    "crv %.*s", PJ_SPAN_ARG(name));
	}
	jwk->from_x5c = only_x5c(jwk->json, jwk->kty);
	if (jwk->from_x5c)
		status = read_from_x5c(jwk, has_crv, &m, err);
	else if (jwk->kty != PJ_KTY_RSA && !has_crv)
		status = pj_fail(err, PJ_KEY_MALFORMED, "crv is missing");
	else
		status = pj_material_bare(jwk->json, jwk->kty, jwk->crv, &m,
		    err);
	if (status == PJ_OK)
		jwk->bits = pj_material_bits(&m);
	return status;
}

/* A key's alg is a restriction (RFC 7517 section 4.4). */
static enum pj_status
read_alg(struct pj_jwk *jwk, struct pj_error *err)
{
	struct pj_span name = pj_span("", 0);
	enum pj_status status;

	status = read_string(jwk->json, "alg", &name, err);
	if (status != PJ_OK)
		return status;
	if (!has(jwk->json, "alg"))
		return PJ_OK;
	jwk->alg = pj_alg_find(name);
	if (jwk->alg == NULL || !pj_alg_fits(jwk->alg, jwk->kty, jwk->crv))
		return pj_fail(err, PJ_KEY_ALG_UNFIT, "alg %.*s",
		    PJ_SPAN_ARG(name));
	return PJ_OK;
}

static enum pj_status
read_all(struct pj_jwk *jwk, struct pj_error *err)
{
	enum pj_status status;

	if (pj_json_type(jwk->json) != PJ_JSON_OBJECT)
		return pj_fail(err, PJ_KEY_MALFORMED, "the key is no object");
	/* First: the name is needed for a key that is skipped, too. */
	status = read_kid(jwk, err);
	if (status == PJ_OK)
		status = refuse_private(jwk->json, err);
	if (status == PJ_OK)
		status = read_kty(jwk, err);
	if (status == PJ_OK)
		status = read_purpose(jwk->json, err);
	if (status == PJ_OK)
		status = read_numbers(jwk, err);
	if (status == PJ_OK)
		status = read_alg(jwk, err);
	return status;
}

void
pj_jwk_read(const struct pj_json *json, struct pj_jwk *jwk,
    struct pj_error *err)
{
	*jwk = (struct pj_jwk){
		.status = PJ_KEY_MALFORMED,
		.json = json,
		.kid = pj_span("", 0),
	};
	jwk->status = read_all(jwk, err);
}

enum pj_status
pj_jwk_material(const struct pj_jwk *jwk, struct pj_material *m,
    struct pj_error *err)
{
	if (jwk->status != PJ_OK)
		return jwk->status;
	if (jwk->from_x5c)
		return pj_material_x5c(pj_jwk_member(jwk->json, "x5c"), m,
		    err);
	return pj_material_bare(jwk->json, jwk->kty, jwk->crv, m, err);
}

bool
pj_jwk_same_key(const struct pj_jwk *a, const struct pj_jwk *b)
{
	struct pj_material	left;
	struct pj_material	right;

	return pj_jwk_material(a, &left, NULL) == PJ_OK &&
	    pj_jwk_material(b, &right, NULL) == PJ_OK &&
	    pj_material_equal(&left, &right);
}

/* Appends ,"name":"base64url of bytes" or the like. */
static enum pj_status
append_member(struct pj_buf *text, const char *before, struct pj_span bytes)
{
	char out[(PJ_RSA_BITS_MAX / 8 + 2) / 3 * 4 + 1];

	if (!pj_b64url_encode(bytes, out, sizeof(out)))
		return PJ_INTERNAL_ERROR;
	return pj_buf_printf(text, "%s\"%s\"", before, out);
}

/* The members that RFC 7638 section 3.2 and RFC 8037 section 2 want, sorted. */
static enum pj_status
append_canonical(const struct pj_material *m, struct pj_buf *text)
{
	size_t		size = pj_crv_size(m->crv);
	enum pj_status	status;

	if (m->kty == PJ_KTY_RSA) {
		status = append_member(text, "{\"e\":", m->e);
		if (status == PJ_OK)
			status = append_member(text, ",\"kty\":\"RSA\",\"n\":",
			    m->n);
	} else {
		bool ec = m->kty == PJ_KTY_EC;

		status = pj_buf_printf(text, "{\"crv\":\"%s\",\"kty\":\"%s\"",
		    pj_crv_name(m->crv), pj_kty_name(m->kty));
		if (status == PJ_OK)
			status = append_member(text, ",\"x\":",
			    pj_span(m->point.ptr + (ec ? 1 : 0), size));
		if (status == PJ_OK && ec)
			status = append_member(text, ",\"y\":",
			    pj_span(m->point.ptr + 1 + size, size));
	}
	if (status == PJ_OK)
		status = pj_buf_append(text, pj_span_str("}"));
	return status;
}

enum pj_status
pj_jwk_thumbprint(const struct pj_jwk *jwk, char out[PJ_THUMBPRINT_LEN + 1],
    struct pj_error *err)
{
	PJ_BUF_SCOPED(text, 2 * PJ_RSA_BITS_MAX / 8);
	struct pj_material	m;
	unsigned char		digest[PJ_SHA256_LEN];
	enum pj_status		status;

	status = pj_jwk_material(jwk, &m, err);
	if (status == PJ_OK)
		status = append_canonical(&m, &text);
	if (status == PJ_OK)
		status = pj_sha256(pj_buf_span(&text), digest);
	if (status == PJ_OK && !pj_b64url_encode(pj_span(digest,
	    sizeof(digest)), out, PJ_THUMBPRINT_LEN + 1))
		status = PJ_INTERNAL_ERROR;
	return status;
}
