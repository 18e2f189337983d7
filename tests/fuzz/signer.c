#include "signer.h"

#include <openssl/evp.h>

#include "fuzz.h"
#include "jose/b64url.h"

#define KEY_BYTES	32
#define SIGNATURE_BYTES	64

static EVP_PKEY *
signer(void)
{
	static EVP_PKEY *pkey;
	static const unsigned char bytes[KEY_BYTES] = "a key that everybody knows, 32.";

	if (pkey == NULL)
		pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
		    bytes, sizeof(bytes));
	FUZZ_CHECK(pkey != NULL);
	return pkey;
}

static void
add_base64(struct pj_span bytes, struct pj_buf *out)
{
	size_t size = bytes.len * 4 / 3 + 4;
	char *text = malloc(size);

	FUZZ_CHECK(text != NULL && pj_b64url_encode(bytes, text, size));
	FUZZ_CHECK(pj_buf_append(out, pj_span_str(text)) == PJ_OK);
	free(text);
}

void
fuzz_signer_keys(struct pj_buf *out)
{
	unsigned char x[KEY_BYTES];
	size_t size = sizeof(x);

	FUZZ_CHECK(EVP_PKEY_get_raw_public_key(signer(), x, &size) == 1);
	FUZZ_CHECK(pj_buf_printf(out, "{\"keys\":[{\"kty\":\"OKP\","
	    "\"crv\":\"Ed25519\",\"kid\":\"k1\",\"x\":\"") == PJ_OK);
	add_base64(pj_span(x, size), out);
	FUZZ_CHECK(pj_buf_printf(out, "\"}]}") == PJ_OK);
}

void
fuzz_sign(struct pj_span header, struct pj_span payload, struct pj_buf *token)
{
	unsigned char signature[SIGNATURE_BYTES];
	size_t size = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	FUZZ_CHECK(ctx != NULL);
	add_base64(header, token);
	FUZZ_CHECK(pj_buf_append(token, pj_span_str(".")) == PJ_OK);
	add_base64(payload, token);
	FUZZ_CHECK(EVP_DigestSignInit(ctx, NULL, NULL, NULL, signer()) == 1 &&
	    EVP_DigestSign(ctx, signature, &size, token->ptr, token->len) == 1);
	EVP_MD_CTX_free(ctx);
	FUZZ_CHECK(pj_buf_append(token, pj_span_str(".")) == PJ_OK);
	add_base64(pj_span(signature, size), token);
}
