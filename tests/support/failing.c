/*
 * For LD_PRELOAD: the call that PJ_FAIL names fails, as calls do where memory,
 * a name service or a library is in trouble.  Everything else is as it was.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <security/pam_modules.h>

static bool
fails(const char *call)
{
	const char *name = getenv("PJ_FAIL");

	return name != NULL && strcmp(name, call) == 0;
}

/* The call itself: the application loads these libraries for itself alone. */
static void *
find_real(const char *library, const char *call)
{
	void *handle = dlopen(library, RTLD_NOW);
	void *found = handle != NULL ? dlsym(handle, call) : NULL;

	if (found == NULL)
		abort();
	return found;
}

/* The name service answers that it cannot say. */
int
getpwnam_r(const char *name, struct passwd *passwd, char *buf, size_t size,
    struct passwd **result)
{
	int (*real)(const char *, struct passwd *, char *, size_t,
	    struct passwd **);

	if (fails("getpwnam_r")) {
		*result = NULL;
		return EIO;
	}
	*(void **)&real = find_real("libc.so.6", "getpwnam_r");
	return real(name, passwd, buf, size, result);
}

/* No memory for one more variable, or for the second one that is set. */
int
pam_putenv(pam_handle_t *pamh, const char *setting)
{
	static unsigned set;
	int (*real)(pam_handle_t *, const char *);

	if (fails("pam_putenv") || (fails("pam_putenv_second") &&
	    strchr(setting, '=') != NULL && ++set == 2))
		return PAM_BUF_ERR;
	*(void **)&real = find_real("libpam.so.0", "pam_putenv");
	return real(pamh, setting);
}

/* libcrypto refuses what it never refuses. */
int
EVP_DigestVerifyInit_ex(EVP_MD_CTX *ctx, EVP_PKEY_CTX **pctx,
    const char *digest, OSSL_LIB_CTX *library, const char *properties,
    EVP_PKEY *pkey, const OSSL_PARAM params[])
{
	int (*real)(EVP_MD_CTX *, EVP_PKEY_CTX **, const char *,
	    OSSL_LIB_CTX *, const char *, EVP_PKEY *, const OSSL_PARAM[]);

	if (fails("EVP_DigestVerifyInit_ex"))
		return 0;
	*(void **)&real = find_real("libcrypto.so.3",
	    "EVP_DigestVerifyInit_ex");
	return real(ctx, pctx, digest, library, properties, pkey, params);
}
