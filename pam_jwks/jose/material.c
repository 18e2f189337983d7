/*
 * Reading and checking the numbers of a public key.  An oversized number is
 * refused by the length of its text, before it is decoded, let alone computed
 * with (CVE-2023-6237).
 */
#include "jose/b64url.h"
#include "jose/edwards.h"
#include "jose/material.h"
#include "jose/x5c.h"

size_t
pj_crv_size(enum pj_crv crv)
{
	switch (crv) {
	case PJ_CRV_NONE:
		return 0;
	case PJ_CRV_P256:
		return 32;
	case PJ_CRV_P384:
		return 48;
	case PJ_CRV_P521:
		return PJ_COORDINATE_MAX;
	case PJ_CRV_ED25519:
		return PJ_ED25519_KEY;
	case PJ_CRV_ED448:
		return PJ_ED448_KEY;
	}
	return 0;
}

static unsigned
number_bits(struct pj_span number)
{
	unsigned	bits = (unsigned)number.len * 8;
	unsigned	top;

	if (number.len == 0)
		return 0;
	for (top = number.ptr[0]; (top & 0x80) == 0; top <<= 1)
		bits--;
	return bits;
}

unsigned
pj_material_bits(const struct pj_material *m)
{
	switch (m->crv) {
	case PJ_CRV_NONE:
		return number_bits(m->n);
	case PJ_CRV_P256:
		return 256;
	case PJ_CRV_P384:
		return 384;
	case PJ_CRV_P521:
		return 521;
	case PJ_CRV_ED25519:
		return 255;
	case PJ_CRV_ED448:
		return 448;
	}
	return 0;
}

static struct pj_span
strip_zeros(struct pj_span number)
{
	while (number.len > 0 && number.ptr[0] == 0)
		number = pj_span(number.ptr + 1, number.len - 1);
	return number;
}

static uint32_t
number_mod(struct pj_span number, uint32_t modulus)
{
	uint64_t	rest = 0;
	size_t		i = 0;

	for (; i < number.len % 4; i++)
		rest = rest << 8 | number.ptr[i];
	rest %= modulus;
	for (; i < number.len; i += 4)
		rest = (rest << 32 | (uint32_t)number.ptr[i] << 24 |
		    (uint32_t)number.ptr[i + 1] << 16 |
		    (uint32_t)number.ptr[i + 2] << 8 | number.ptr[i + 3]) %
		    modulus;
	return (uint32_t)rest;
}

/* True if residue is a power of 65537 modulo prime. */
static bool
is_power(uint32_t residue, uint32_t prime)
{
	uint32_t power = 1;

	do {
		if (power == residue)
			return true;
		power = power * (65537 % prime) % prime;
	} while (power != 1);
	return false;
}

/*
 * Recognises moduli of the Infineon library, whose primes are 65537^a modulo a
 * product of small primes and can be computed (ROCA, CVE-2017-15361).  Of
 * other moduli one in 2^27 looks the same.
 */
static bool
is_roca(struct pj_span n)
{
	/* Those of the first primes whose powers of 65537 say something. */
	static const uint8_t primes[] = {
		11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109,
		127, 151, 157,
	};
	/* 11 * 13 * 17 * 19 * 37 * 53: one division serves the first six. */
	uint32_t first = number_mod(n, 90576629);

	for (size_t i = 0; i < sizeof(primes); i++) {
		uint32_t residue = i < 6 ? first % primes[i] :
		    number_mod(n, primes[i]);

		if (!is_power(residue, primes[i]))
			return false;
	}
	return true;
}

/* RFC 7518 section 3.3, and what OpenSSL would refuse later or not at all. */
static enum pj_status
check_rsa(const struct pj_material *m, struct pj_error *err)
{
	unsigned	bits = number_bits(m->n);
	uint64_t	e = 0;

	if (bits < PJ_RSA_BITS_MIN || bits > PJ_RSA_BITS_MAX)
		return pj_fail(err, PJ_KEY_SIZE_REFUSED,
		    "RSA modulus of %u bits", bits);
	if ((m->n.ptr[m->n.len - 1] & 1) == 0)
		return pj_fail(err, PJ_KEY_MALFORMED, "RSA modulus is even");
	if (m->e.len > PJ_RSA_EXPONENT_BYTES)
		return pj_fail(err, PJ_KEY_SIZE_REFUSED,
		    "RSA exponent of %u bits", number_bits(m->e));
	for (size_t i = 0; i < m->e.len; i++)
		e = e << 8 | m->e.ptr[i];
	if (e < PJ_RSA_EXPONENT_MIN || (e & 1) == 0)
		return pj_fail(err, PJ_KEY_SIZE_REFUSED,
		    "RSA exponent %llu", (unsigned long long)e);
	if (is_roca(m->n))
		return pj_fail(err, PJ_KEY_SIZE_REFUSED,
		    "RSA modulus of a broken generator (CVE-2017-15361)");
	return PJ_OK;
}

/* Decodes a member of at most cap bytes to out. */
static enum pj_status
read_member(const struct pj_json *jwk, const char *name, unsigned char *out,
    size_t cap, enum pj_status too_long, struct pj_span *bytes,
    struct pj_error *err)
{
	struct pj_span	text;
	size_t		len;

	if (!pj_json_string(pj_json_member(jwk, name), &text) || text.len == 0)
		return pj_fail(err, PJ_KEY_MALFORMED,
		    "%s is missing or no string", name);
	if (text.len > (cap * 8 + 5) / 6)
		return pj_fail(err, too_long, "%s is too long", name);
	if (pj_b64url_decode(text, out, cap, &len) != PJ_OK)
		return pj_fail(err, PJ_KEY_MALFORMED,
		    "%s is no strict base64url", name);
	*bytes = pj_span(out, len);
	return PJ_OK;
}

static enum pj_status
bare_rsa(const struct pj_json *jwk, struct pj_material *m,
    struct pj_error *err)
{
	const size_t	n_max = PJ_RSA_BITS_MAX / 8 + PJ_RSA_ZEROS_MAX;
	const size_t	e_max = PJ_RSA_EXPONENT_BYTES + PJ_RSA_ZEROS_MAX;
	enum pj_status	status;

	status = read_member(jwk, "n", m->bytes, n_max, PJ_KEY_SIZE_REFUSED,
	    &m->n, err);
	if (status == PJ_OK)
		status = read_member(jwk, "e", m->bytes + n_max, e_max,
		    PJ_KEY_SIZE_REFUSED, &m->e, err);
	if (status != PJ_OK)
		return status;
	m->n = strip_zeros(m->n);
	m->e = strip_zeros(m->e);
	return check_rsa(m, err);
}

/* Reads a coordinate to the end of size bytes, zeros in front of it. */
static enum pj_status
bare_coordinate(const struct pj_json *jwk, const char *name, size_t size,
    unsigned char *out, struct pj_error *err)
{
	unsigned char	bytes[PJ_COORDINATE_MAX];
	struct pj_span	read;
	enum pj_status	status;

	status = read_member(jwk, name, bytes, size, PJ_KEY_MALFORMED, &read,
	    err);
	if (status != PJ_OK)
		return status;
	memset(out, 0, size - read.len);
	memcpy(out + size - read.len, read.ptr, read.len);
	return PJ_OK;
}

static enum pj_status
bare_ec(const struct pj_json *jwk, struct pj_material *m, struct pj_error *err)
{
	size_t		size = pj_crv_size(m->crv);
	enum pj_status	status;

	m->bytes[0] = 4;	/* uncompressed, SEC 1 section 2.3.3 */
	status = bare_coordinate(jwk, "x", size, m->bytes + 1, err);
	if (status == PJ_OK)
		status = bare_coordinate(jwk, "y", size, m->bytes + 1 + size,
		    err);
	m->point = pj_span(m->bytes, 1 + 2 * size);
	return status;
}

static enum pj_status
bare_okp(const struct pj_json *jwk, struct pj_material *m,
    struct pj_error *err)
{
	size_t		size = pj_crv_size(m->crv);
	enum pj_status	status;

	status = read_member(jwk, "x", m->bytes, size, PJ_KEY_MALFORMED,
	    &m->point, err);
	if (status != PJ_OK)
		return status;
	return pj_edwards_check(m->crv, m->point, err);
}

enum pj_status
pj_material_bare(const struct pj_json *jwk, enum pj_kty kty, enum pj_crv crv,
    struct pj_material *m, struct pj_error *err)
{
	m->kty = kty;
	m->crv = crv;
	m->n = m->e = m->point = pj_span("", 0);
	switch (kty) {
	case PJ_KTY_RSA:
		return bare_rsa(jwk, m, err);
	case PJ_KTY_EC:
		return bare_ec(jwk, m, err);
	case PJ_KTY_OKP:
		return bare_okp(jwk, m, err);
	}
	return PJ_KEY_TYPE_UNSUPPORTED;
}

/* Copies what was found in a certificate and checks it. */
static enum pj_status
take_spki(const struct pj_spki *spki, struct pj_material *m,
    struct pj_error *err)
{
	size_t size = pj_crv_size(spki->crv);

	m->kty = spki->kty;
	m->crv = spki->crv;
	m->n = m->e = m->point = pj_span("", 0);
	switch (spki->kty) {
	case PJ_KTY_RSA:
		if (spki->n.len > PJ_RSA_BITS_MAX / 8 ||
		    spki->e.len > PJ_RSA_EXPONENT_BYTES)
			return pj_fail(err, PJ_KEY_SIZE_REFUSED,
			    "the certificate's RSA key is too large");
		memcpy(m->bytes, spki->n.ptr, spki->n.len);
		m->n = pj_span(m->bytes, spki->n.len);
		memcpy(m->bytes + spki->n.len, spki->e.ptr, spki->e.len);
		m->e = pj_span(m->bytes + spki->n.len, spki->e.len);
		return check_rsa(m, err);
	case PJ_KTY_EC:
		/* Compressed points: legal, not seen, not supported. */
		if (spki->point.len != 1 + 2 * size || spki->point.ptr[0] != 4)
			return pj_fail(err, PJ_KEY_X5C_INVALID,
			    "the certificate's point has an unusual form");
		break;
	case PJ_KTY_OKP:
		if (spki->point.len != size)
			return pj_fail(err, PJ_KEY_X5C_INVALID,
			    "the certificate's key has a wrong length");
		break;
	}
	memcpy(m->bytes, spki->point.ptr, spki->point.len);
	m->point = pj_span(m->bytes, spki->point.len);
	return m->kty == PJ_KTY_EC ? PJ_OK :
	    pj_edwards_check(m->crv, m->point, err);
}

enum pj_status
pj_material_x5c(const struct pj_json *x5c, struct pj_material *m,
    struct pj_error *err)
{
	PJ_BUF_SCOPED(der, PJ_X5C_ENTRY_MAX);
	struct pj_spki	spki;
	enum pj_status	status;

	status = pj_x5c_decode(x5c, 0, &der, err);
	if (status == PJ_OK)
		status = pj_x5c_spki(pj_buf_span(&der), &spki, err);
	if (status != PJ_OK)
		return status;
	return take_spki(&spki, m, err);
}

bool
pj_material_equal(const struct pj_material *a, const struct pj_material *b)
{
	/* Of two types or curves one of these differs in length. */
	return pj_span_equal(a->n, b->n) && pj_span_equal(a->e, b->e) &&
	    pj_span_equal(a->point, b->point);
}
