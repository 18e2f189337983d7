/*
 * SHA-256 through OpenSSL.
 */
#include "jose/digest.h"
#include "jose/ossl.h"

enum pj_status
pj_sha256(struct pj_span bytes, unsigned char digest[PJ_SHA256_LEN])
{
	PJ_OSSL_ERRORS_SCOPED();
	unsigned char	out[EVP_MAX_MD_SIZE];
	unsigned	len = 0;

	if (EVP_Digest(bytes.ptr, bytes.len, out, &len, EVP_sha256(),
	    NULL) != 1 || len != PJ_SHA256_LEN)
		return PJ_INTERNAL_ERROR;
	memcpy(digest, out, PJ_SHA256_LEN);
	return PJ_OK;
}

enum pj_status
pj_sha256_hex(struct pj_span bytes, char hex[PJ_SHA256_HEX_LEN + 1])
{
	static const char	digits[] = "0123456789abcdef";
	unsigned char		digest[PJ_SHA256_LEN];
	enum pj_status		status;

	status = pj_sha256(bytes, digest);
	if (status != PJ_OK)
		return status;
	for (size_t i = 0; i < PJ_SHA256_LEN; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[PJ_SHA256_HEX_LEN] = '\0';
	return PJ_OK;
}
