/*
 * What the files of jose/ share about OpenSSL: scoped ownership, and an error
 * queue that the host finds as it left it.  Internal to jose/.
 */
#ifndef PJ_JOSE_OSSL_H
#define PJ_JOSE_OSSL_H

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include "base/cleanup.h"

PJ_DEFINE_CLEANUP(EVP_PKEY *, pj_cleanup_pkey, EVP_PKEY_free)
PJ_DEFINE_CLEANUP(EVP_PKEY_CTX *, pj_cleanup_pkey_ctx, EVP_PKEY_CTX_free)
PJ_DEFINE_CLEANUP(EVP_MD_CTX *, pj_cleanup_md_ctx, EVP_MD_CTX_free)
PJ_DEFINE_CLEANUP(BIGNUM *, pj_cleanup_bn, BN_free)
PJ_DEFINE_CLEANUP(BN_CTX *, pj_cleanup_bn_ctx, BN_CTX_free)
PJ_DEFINE_CLEANUP(ECDSA_SIG *, pj_cleanup_ecdsa_sig, ECDSA_SIG_free)
PJ_DEFINE_CLEANUP(X509 *, pj_cleanup_x509, X509_free)

static inline void
pj_ossl_errors_drop(const int *mark)
{
	/*
	 * Without a mark the queue was empty; popping then empties it, which
	 * is right as well.
	 */
	(void)mark;
	(void)ERR_pop_to_mark();
}

/*
 * First line of every function that calls OpenSSL: when the scope ends, our
 * errors are gone from this thread's queue and the host's own are still there.
 */
#define PJ_OSSL_ERRORS_SCOPED()						\
	PJ_CLEANUP(pj_ossl_errors_drop) __attribute__((unused))		\
	const int pj_mark_ = ERR_set_mark()

#endif
