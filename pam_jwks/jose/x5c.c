/*
 * Certificates of a JWK.  The key is found by an own walk: OpenSSL's d2i_X509
 * decodes the key through its provider machinery, which costs five times what
 * verifying a signature does.
 */
#include <time.h>

#include "jose/b64url.h"
#include "jose/ossl.h"
#include "jose/x5c.h"

/* DER tags (X.690 section 8.1.2), as far as they are looked for. */
#define TAG_INTEGER	0x02
#define TAG_BIT_STRING	0x03
#define TAG_NULL	0x05
#define TAG_OID		0x06
#define TAG_SEQUENCE	0x30
#define TAG_VERSION	0xa0
#define CONSTRUCTED	0x20

/* Certificates nest to about 8. */
#define DER_DEPTH_MAX	24

struct der {
	unsigned	tag;
	struct pj_span	content;
};

enum pj_status
pj_x5c_shape(const struct pj_json *x5c, struct pj_error *err)
{
	size_t count = pj_json_length(x5c);

	if (count == 0 || count > PJ_X5C_ENTRIES_MAX)
		return pj_fail(err, PJ_KEY_X5C_INVALID,
		    "x5c is no array of 1 to %d strings", PJ_X5C_ENTRIES_MAX);
	for (size_t i = 0; i < count; i++) {
		struct pj_span text;

		if (!pj_json_string(pj_json_item(x5c, i), &text) ||
		    text.len == 0)
			return pj_fail(err, PJ_KEY_X5C_INVALID,
			    "x5c entry %zu is no certificate", i);
		if (text.len > (PJ_X5C_ENTRY_MAX + 2) / 3 * 4)
			return pj_fail(err, PJ_KEY_X5C_INVALID,
			    "x5c entry %zu is too large", i);
	}
	return PJ_OK;
}

enum pj_status
pj_x5c_decode(const struct pj_json *x5c, size_t i, struct pj_buf *der,
    struct pj_error *err)
{
	struct pj_span	 text;
	unsigned char	*room;
	size_t		 cap;
	size_t		 len;

	if (!pj_json_string(pj_json_item(x5c, i), &text))
		return PJ_KEY_X5C_INVALID;
	cap = PJ_B64_DECODED_MAX(text.len);
	if (cap > PJ_X5C_ENTRY_MAX)
		cap = PJ_X5C_ENTRY_MAX;
	room = pj_buf_room(der, cap);
	if (room == NULL)
		return PJ_NO_MEMORY;
	/* Ordinary base64 here, not base64url: RFC 7517 section 4.7. */
	if (pj_b64_decode(text, room, cap, &len) != PJ_OK)
		return pj_fail(err, PJ_KEY_X5C_INVALID,
		    "x5c entry %zu is no strict base64", i);
	der->len += len;
	return PJ_OK;
}

/* Takes one element off the front of *in. */
static bool
der_next(struct pj_span *in, struct der *element)
{
	size_t	header = 2;
	size_t	len;

	/* The long form of tags does not occur in certificates. */
	if (in->len < 2 || (in->ptr[0] & 0x1f) == 0x1f)
		return false;
	len = in->ptr[1];
	if (len >= 0x80) {
		size_t octets = len & 0x7f;

		/* X.690 section 10.1: definite, and the shortest form. */
		if (octets < 1 || octets > 2 || in->len < 2 + octets)
			return false;
		len = in->ptr[2];
		if (octets == 2)
			len = len << 8 | in->ptr[3];
		if (len < (octets == 2 ? 0x100u : 0x80u))
			return false;
		header += octets;
	}
	if (len > in->len - header)
		return false;
	element->tag = in->ptr[0];
	element->content = pj_span(in->ptr + header, len);
	*in = pj_span_from(*in, header + len);
	return true;
}

/* As der_next, if the element has that tag. */
static bool
der_take(struct pj_span *in, unsigned tag, struct pj_span *content)
{
	struct pj_span	rest = *in;
	struct der	element;

	if (!der_next(&rest, &element) || element.tag != tag)
		return false;
	*content = element.content;
	*in = rest;
	return true;
}

/* NOLINTBEGIN(misc-no-recursion): depth ends it */
/* True if the bytes are a sequence of elements, all the way down. */
static bool
der_strict(struct pj_span bytes, unsigned depth)
{
	struct der element;

	if (depth == 0)
		return false;
	while (bytes.len > 0) {
		if (!der_next(&bytes, &element))
			return false;
		if ((element.tag & CONSTRUCTED) != 0 &&
		    !der_strict(element.content, depth - 1))
			return false;
	}
	return true;
}
/* NOLINTEND(misc-no-recursion) */

/* A positive INTEGER without its sign byte, in the shortest form. */
static bool
der_positive(struct pj_span *in, struct pj_span *number)
{
	struct pj_span content;

	if (!der_take(in, TAG_INTEGER, &content) || content.len == 0 ||
	    (content.ptr[0] & 0x80) != 0)
		return false;
	if (content.ptr[0] == 0) {
		if (content.len < 2 || (content.ptr[1] & 0x80) == 0)
			return false;
		content = pj_span_from(content, 1);
	}
	*number = content;
	return true;
}

/* Finds subjectPublicKeyInfo (RFC 5280 section 4.1). */
static bool
find_spki(struct pj_span cert, struct pj_span *spki)
{
	struct pj_span	outer;
	struct pj_span	tbs;
	struct pj_span	skip;

	if (!der_strict(cert, DER_DEPTH_MAX) ||
	    !der_take(&cert, TAG_SEQUENCE, &outer) || cert.len != 0 ||
	    !der_take(&outer, TAG_SEQUENCE, &tbs) ||
	    !der_take(&outer, TAG_SEQUENCE, &skip) ||	/* algorithm */
	    !der_take(&outer, TAG_BIT_STRING, &skip) || outer.len != 0)
		return false;
	(void)der_take(&tbs, TAG_VERSION, &skip);
	return der_take(&tbs, TAG_INTEGER, &skip) &&	/* serial number */
	    der_take(&tbs, TAG_SEQUENCE, &skip) &&	/* algorithm */
	    der_take(&tbs, TAG_SEQUENCE, &skip) &&	/* issuer */
	    der_take(&tbs, TAG_SEQUENCE, &skip) &&	/* validity */
	    der_take(&tbs, TAG_SEQUENCE, &skip) &&	/* subject */
	    der_take(&tbs, TAG_SEQUENCE, spki);
}

struct oid {
	unsigned char	bytes[9];
	unsigned char	len;
	enum pj_kty	kty;
	enum pj_crv	crv;
};

/* RFC 3279 section 2.3, RFC 5480 section 2.1.1, RFC 8410 section 3. */
static const struct oid key_oids[] = {
	{ { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 }, 9,
	    PJ_KTY_RSA, PJ_CRV_NONE },
	{ { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 }, 7,
	    PJ_KTY_EC, PJ_CRV_NONE },
	{ { 0x2b, 0x65, 0x70 }, 3, PJ_KTY_OKP, PJ_CRV_ED25519 },
	{ { 0x2b, 0x65, 0x71 }, 3, PJ_KTY_OKP, PJ_CRV_ED448 },
};
static const struct oid curve_oids[] = {
	{ { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 }, 8,
	    PJ_KTY_EC, PJ_CRV_P256 },
	{ { 0x2b, 0x81, 0x04, 0x00, 0x22 }, 5, PJ_KTY_EC, PJ_CRV_P384 },
	{ { 0x2b, 0x81, 0x04, 0x00, 0x23 }, 5, PJ_KTY_EC, PJ_CRV_P521 },
};

#define COUNT(table)	(sizeof(table) / sizeof((table)[0]))

static const struct oid *
find_oid(const struct oid *table, size_t count, struct pj_span name)
{
	for (size_t i = 0; i < count; i++)
		if (pj_span_equal(name, pj_span(table[i].bytes, table[i].len)))
			return &table[i];
	return NULL;
}

/* Reads the AlgorithmIdentifier; curves by name only, never by parameters. */
static enum pj_status
read_algorithm(struct pj_span algorithm, struct pj_spki *spki,
    struct pj_error *err)
{
	const struct oid	*oid;
	struct pj_span		 name;
	struct pj_span		 none;

	if (!der_take(&algorithm, TAG_OID, &name))
		return pj_fail(err, PJ_KEY_X5C_INVALID, "no algorithm");
	oid = find_oid(key_oids, COUNT(key_oids), name);
	if (oid != NULL && oid->kty == PJ_KTY_EC) {
		if (!der_take(&algorithm, TAG_OID, &name))
			return pj_fail(err, PJ_KEY_X5C_INVALID,
			    "the curve has no name");
		oid = find_oid(curve_oids, COUNT(curve_oids), name);
	} else if (oid != NULL && oid->kty == PJ_KTY_RSA) {
		if (der_take(&algorithm, TAG_NULL, &none) && none.len != 0)
			return PJ_KEY_X5C_INVALID;
	}
	if (oid == NULL)
		return pj_fail(err, PJ_KEY_TYPE_UNSUPPORTED,
		    "the certificate's key is of another kind");
	if (algorithm.len != 0)
		return pj_fail(err, PJ_KEY_X5C_INVALID,
		    "unexpected parameters");
	spki->kty = oid->kty;
	spki->crv = oid->crv;
	return PJ_OK;
}

enum pj_status
pj_x5c_spki(struct pj_span cert, struct pj_spki *spki, struct pj_error *err)
{
	struct pj_spki	found = { .kty = PJ_KTY_RSA };
	struct pj_span	info;
	struct pj_span	algorithm;
	struct pj_span	key;
	struct pj_span	pair;
	enum pj_status	status;

	if (!find_spki(cert, &info) ||
	    !der_take(&info, TAG_SEQUENCE, &algorithm) ||
	    !der_take(&info, TAG_BIT_STRING, &key) || info.len != 0 ||
	    key.len < 2 || key.ptr[0] != 0)	/* whole bytes */
		return pj_fail(err, PJ_KEY_X5C_INVALID,
		    "the certificate is no strict DER");
	status = read_algorithm(algorithm, &found, err);
	if (status != PJ_OK)
		return status;
	key = pj_span_from(key, 1);
	if (found.kty != PJ_KTY_RSA)
		found.point = key;
	else if (!der_take(&key, TAG_SEQUENCE, &pair) || key.len != 0 ||
	    !der_positive(&pair, &found.n) || !der_positive(&pair, &found.e) ||
	    pair.len != 0)
		return pj_fail(err, PJ_KEY_X5C_INVALID,
		    "the certificate's RSA key is malformed");
	*spki = found;
	return PJ_OK;
}

/* The certificate as OpenSSL reads it, to the last byte; else NULL. */
static X509 *
read_x509(struct pj_span cert)
{
	PJ_CLEANUP(pj_cleanup_x509) X509 *x509 = NULL;
	const unsigned char *at = cert.ptr;

	x509 = d2i_X509(NULL, &at, (long)cert.len);
	return at == cert.ptr + cert.len ? PJ_TAKE(x509) : NULL;
}

enum pj_status
pj_x5c_full(struct pj_span cert, struct pj_error *err)
{
	PJ_OSSL_ERRORS_SCOPED();
	PJ_CLEANUP(pj_cleanup_x509) X509 *x509 = read_x509(cert);

	if (x509 == NULL)
		return pj_fail(err, PJ_KEY_X5C_INVALID,
		    "OpenSSL does not read the certificate");
	return PJ_OK;
}

bool
pj_x5c_end(struct pj_span cert, int64_t *end)
{
	PJ_OSSL_ERRORS_SCOPED();
	PJ_CLEANUP(pj_cleanup_x509) X509 *x509 = read_x509(cert);
	struct tm tm;

	if (x509 == NULL ||
	    ASN1_TIME_to_tm(X509_get0_notAfter(x509), &tm) != 1)
		return false;
	*end = timegm(&tm);
	return true;
}
