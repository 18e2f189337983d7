/* Certificates: our reader of DER, against OpenSSL's. */
#include <openssl/err.h>
#include <openssl/x509.h>

#include "fuzz.h"
#include "jose/x5c.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pj_span cert = pj_span(data, size);
	const unsigned char *at = data;
	struct pj_error err = { "" };
	struct pj_spki spki;
	X509 *x509;

	if (pj_x5c_spki(cert, &spki, &err) == PJ_OK) {
		FUZZ_CHECK(fuzz_inside(spki.n, cert));
		FUZZ_CHECK(fuzz_inside(spki.e, cert));
		FUZZ_CHECK(fuzz_inside(spki.point, cert));
		FUZZ_CHECK(spki.kty == PJ_KTY_RSA ? spki.n.len != 0 &&
		    spki.n.ptr[0] != 0 : spki.point.len != 0);
	}
	if (pj_x5c_full(cert, &err) == PJ_OK) {
		/* Whole, and with nothing behind it. */
		x509 = d2i_X509(NULL, &at, (long)size);
		FUZZ_CHECK(x509 != NULL && at == data + size);
		X509_free(x509);
	}
	ERR_clear_error();
	return 0;
}
