/*
 * Points and scalars of edwards25519 and edwards448 (RFC 8032).
 */
#include "jose/edwards.h"
#include "jose/ossl.h"

/* All numbers here are little-endian, as on the wire. */

/* p = 2^255 - 19 and p = 2^448 - 2^224 - 1 */
static const unsigned char p25519[PJ_ED25519_KEY] = {
	0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
};
static const unsigned char p448[PJ_ED448_KEY] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

/* The orders L of the groups. */
static const unsigned char order25519[PJ_ED25519_KEY] = {
	0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
	0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
};
static const unsigned char order448[PJ_ED448_KEY] = {
	0xf3, 0x44, 0x58, 0xab, 0x92, 0xc2, 0x78, 0x23,
	0x55, 0x8f, 0xc5, 0x8d, 0x72, 0xc2, 0x6c, 0x21,
	0x90, 0x36, 0xd6, 0xae, 0x49, 0xdb, 0x4e, 0xc4,
	0xe9, 0x23, 0xca, 0x7c, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f,
};

/* The curve's d: -121665/121666, and 39081 with its sign apart. */
static const unsigned char d25519[PJ_ED25519_KEY] = {
	0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75,
	0xab, 0xd8, 0x41, 0x41, 0x4d, 0x0a, 0x70, 0x00,
	0x98, 0xe8, 0x79, 0x77, 0x79, 0x40, 0xc7, 0x8c,
	0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52,
};
#define D448_MINUS	39081

/*
 * The y of the four points of order 8 on edwards25519; each belongs to two of
 * them.  The other small orders have y = 0, 1 and p - 1.  On edwards448, whose
 * cofactor is 4, these three are all.
 */
static const unsigned char order8[2][PJ_ED25519_KEY] = {
	{
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0,
		0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39,
		0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
	}, {
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f,
		0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6,
		0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
	},
};

/* a < b, both size bytes, little-endian.  Public values: time may vary. */
static bool
less(const unsigned char *a, const unsigned char *b, size_t size)
{
	while (size-- > 0)
		if (a[size] != b[size])
			return a[size] < b[size];
	return false;
}

static bool
small_order(const unsigned char *y, const unsigned char *p, size_t size)
{
	unsigned char near[PJ_ED448_KEY] = { 0 };

	if (memcmp(y, near, size) == 0)
		return true;
	near[0] = 1;
	if (memcmp(y, near, size) == 0)
		return true;
	memcpy(near, p, size);
	near[0]--;		/* p is odd: no borrow */
	if (memcmp(y, near, size) == 0)
		return true;
	return size == PJ_ED25519_KEY && (memcmp(y, order8[0], size) == 0 ||
	    memcmp(y, order8[1], size) == 0);
}

/* The curve's p and the length of a key; p is NULL for other curves. */
static const unsigned char *
field(enum pj_crv crv, size_t *size)
{
	if (crv == PJ_CRV_ED25519) {
		*size = sizeof(p25519);
		return p25519;
	}
	*size = sizeof(p448);
	return crv == PJ_CRV_ED448 ? p448 : NULL;
}

enum pj_status
pj_edwards_check(enum pj_crv crv, struct pj_span key, struct pj_error *err)
{
	unsigned char		 y[PJ_ED448_KEY];
	size_t			 size;
	const unsigned char	*p = field(crv, &size);

	if (p == NULL || key.len != size)
		return pj_fail(err, PJ_KEY_MALFORMED, "x of %zu bytes",
		    key.len);
	memcpy(y, key.ptr, size);
	y[size - 1] &= 0x7f;		/* the sign of x */
	if (!less(y, p, size))
		return pj_fail(err, PJ_KEY_POINT_INVALID,
		    "the encoding is not canonical");
	if (small_order(y, p, size))
		return pj_fail(err, PJ_KEY_POINT_INVALID, "small order");
	return PJ_OK;
}

/* ---- quadratic residues ------------------------------------------------- */

/*
 * Numbers of up to 448 bits, the least word first; two that meet have as many
 * words.  Public: time may vary.
 */
#define WORDS_MAX	7

struct number {
	uint64_t	word[WORDS_MAX];
	size_t		words;		/* that are in use */
};

static void
number_read(struct number *number, const unsigned char *bytes, size_t size)
{
	*number = (struct number){ .words = (size + 7) / 8 };
	for (size_t i = 0; i < size; i++)
		number->word[i / 8] |= (uint64_t)bytes[i] << i % 8 * 8;
}

static bool
number_less(const struct number *a, const struct number *b)
{
	size_t i = a->words - 1;

	while (i > 0 && a->word[i] == b->word[i])
		i--;
	return a->word[i] < b->word[i];
}

static bool
number_is(const struct number *a, uint64_t small)
{
	uint64_t rest = a->word[0] ^ small;

	for (size_t i = 1; i < a->words; i++)
		rest |= a->word[i];
	return rest == 0;
}

/* a -= b, which is not larger. */
static void
number_subtract(struct number *a, const struct number *b)
{
	uint64_t borrow = 0;

	for (size_t i = 0; i < a->words; i++) {
		uint64_t word = a->word[i] - b->word[i];
		uint64_t under = word > a->word[i];

		a->word[i] = word - borrow;
		borrow = under | (a->word[i] > word);
	}
}

/* Divides by 2^bits, bits from 1 to 63. */
static void
number_shift(struct number *a, unsigned bits)
{
	for (size_t i = 0; i + 1 < a->words; i++)
		a->word[i] = a->word[i] >> bits |
		    a->word[i + 1] << (64 - bits);
	a->word[a->words - 1] >>= bits;
}

/*
 * Whether a has a square root modulo the prime n and is not 0: the Jacobi
 * symbol by halving and subtracting, a fifth of what BN_kronecker takes.
 */
static bool
is_square(struct number product, struct number prime)
{
	struct number *a = &product, *n = &prime, *other;
	bool minus = false;

	while (!number_is(a, 0)) {
		size_t last = a->words - 1;

		if (last > 0 && (a->word[last] | n->word[last]) == 0)
			a->words = n->words = last;
		while ((a->word[0] & 1) == 0) {
			/* A word of zeros alone goes in two steps. */
			unsigned bits = a->word[0] == 0 ? 63 :
			    (unsigned)__builtin_ctzll(a->word[0]);

			/* (2/n) is -1 for n = 3 and 5 modulo 8. */
			if ((bits & 1) != 0 && ((n->word[0] & 7) == 3 ||
			    (n->word[0] & 7) == 5))
				minus = !minus;
			number_shift(a, bits);
		}
		if (number_less(a, n)) {
			/* Reciprocity. */
			if ((a->word[0] & n->word[0] & 3) == 3)
				minus = !minus;
			other = a;
			a = n;
			n = other;
		}
		number_subtract(a, n);
	}
	return number_is(n, 1) && !minus;
}

/* ---- points ------------------------------------------------------------- */

/*
 * x^2 = u/v has a root if u v is a square.  edwards25519: u = y^2 - 1, v = d
 * y^2 + 1; edwards448: u = y^2 - 1, v = d y^2 - 1, with d = -39081, so that -v
 * is computed and u negated with it.  Puts u v into u; false without memory.
 */
static bool
multiply(enum pj_crv crv, BIGNUM *y, const BIGNUM *p, const BIGNUM *d,
    BIGNUM *u, BIGNUM *v, BN_CTX *ctx)
{
	if (BN_mod_sqr(y, y, p, ctx) != 1 ||
	    BN_mod_mul(v, d, y, p, ctx) != 1 ||
	    BN_add_word(v, 1) != 1 ||
	    BN_copy(u, y) == NULL || BN_sub_word(u, 1) != 1)
		return false;
	if (crv == PJ_CRV_ED448)
		BN_set_negative(u, !BN_is_negative(u));
	return BN_mod_mul(u, u, v, p, ctx) == 1;
}

enum pj_status
pj_edwards_on_curve(enum pj_crv crv, struct pj_span key, struct pj_error *err)
{
	PJ_OSSL_ERRORS_SCOPED();
	PJ_CLEANUP(pj_cleanup_bn_ctx) BN_CTX *ctx = BN_CTX_new();
	PJ_CLEANUP(pj_cleanup_bn) BIGNUM *y = BN_new();
	PJ_CLEANUP(pj_cleanup_bn) BIGNUM *p = BN_new();
	PJ_CLEANUP(pj_cleanup_bn) BIGNUM *d = BN_new();
	PJ_CLEANUP(pj_cleanup_bn) BIGNUM *u = BN_new();
	PJ_CLEANUP(pj_cleanup_bn) BIGNUM *v = BN_new();
	unsigned char		 bytes[PJ_ED448_KEY];
	size_t			 size;
	const unsigned char	*field_p = field(crv, &size);
	struct number		 product, prime;

	if (field_p == NULL || key.len != size)
		return PJ_KEY_MALFORMED;
	if (ctx == NULL || y == NULL || p == NULL || d == NULL || u == NULL ||
	    v == NULL)
		return PJ_NO_MEMORY;
	memcpy(bytes, key.ptr, size);
	bytes[size - 1] &= 0x7f;
	if (BN_lebin2bn(bytes, (int)size, y) == NULL ||
	    BN_lebin2bn(field_p, (int)size, p) == NULL ||
	    (crv == PJ_CRV_ED25519 ?
	    BN_lebin2bn(d25519, sizeof(d25519), d) == NULL :
	    BN_set_word(d, D448_MINUS) != 1))
		return PJ_NO_MEMORY;
	/* p of edwards448 is one byte shorter than a key. */
	size = (size_t)BN_num_bytes(p);
	if (!multiply(crv, y, p, d, u, v, ctx) ||
	    BN_bn2lebinpad(u, bytes, (int)size) != (int)size)
		return PJ_NO_MEMORY;
	number_read(&product, bytes, size);
	number_read(&prime, field_p, size);
	if (!is_square(product, prime))
		return pj_fail(err, PJ_KEY_POINT_INVALID, "not on the curve");
	return PJ_OK;
}

bool
pj_edwards_scalar(enum pj_crv crv, struct pj_span s)
{
	if (crv == PJ_CRV_ED25519)
		return s.len == sizeof(order25519) &&
		    less(s.ptr, order25519, s.len);
	return crv == PJ_CRV_ED448 && s.len == sizeof(order448) &&
	    less(s.ptr, order448, s.len);
}
