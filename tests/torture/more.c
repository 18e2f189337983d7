/*
 * Calls that fail beside those of tests/fuzz/faults.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "../fuzz/faults.h"

struct json_tokener;

/* What the linker calls the real one, and ours: the failure, and its errno. */
#define WRAP(type, name, declared, passed, failure, number)		\
	type __real_##name declared;					\
	type __wrap_##name declared;					\
	type __wrap_##name declared					\
	{								\
		if (fuzz_fails()) {					\
			errno = (number);				\
			return (failure);				\
		}							\
		return __real_##name passed;				\
	}

/* ---- memory ---- */

WRAP(char *, strdup, (const char *text), (text), NULL, ENOMEM)
WRAP(char *, strndup, (const char *text, size_t len), (text, len), NULL, ENOMEM)
WRAP(void *, reallocarray, (void *old, size_t count, size_t size),
    (old, count, size), NULL, ENOMEM)
WRAP(int, vasprintf, (char **text, const char *fmt, va_list ap),
    (text, fmt, ap), -1, ENOMEM)
WRAP(int, __vasprintf_chk, (char **text, int flag, const char *fmt, va_list ap),
    (text, flag, fmt, ap), -1, ENOMEM)

int	__wrap_asprintf(char **text, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
int	__wrap___asprintf_chk(char **text, int flag, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

int
__wrap_asprintf(char **text, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = __wrap_vasprintf(text, fmt, ap);
	va_end(ap);
	return len;
}

int
__wrap___asprintf_chk(char **text, int flag, const char *fmt, ...)
{
	va_list ap;
	int len;

	(void)flag;
	va_start(ap, fmt);
	len = __wrap_vasprintf(text, fmt, ap);
	va_end(ap);
	return len;
}

/* ---- files ---- */

int	__real_open(const char *path, int flags, ...);
int	__wrap_open(const char *path, int flags, ...);
int	__real_fcntl(int fd, int command, ...);
int	__wrap_fcntl(int fd, int command, ...);

int
__wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if ((flags & O_CREAT) != 0) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (fuzz_fails()) {
		errno = EMFILE;
		return -1;
	}
	return __real_open(path, flags, mode);
}

int
__wrap_fcntl(int fd, int command, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fuzz_fails()) {
		errno = EINVAL;
		return -1;
	}
	return __real_fcntl(fd, command, arg);
}

WRAP(int, fstatat, (int dir, const char *path, struct stat *st, int flags),
    (dir, path, st, flags), -1, EIO)
WRAP(int, faccessat, (int dir, const char *path, int mode, int flags),
    (dir, path, mode, flags), -1, EIO)
WRAP(int, mkdirat, (int dir, const char *path, mode_t mode),
    (dir, path, mode), -1, ENOSPC)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), -1, EIO)
WRAP(int, futimens, (int fd, const struct timespec times[2]), (fd, times), -1,
    EIO)
WRAP(int, ftruncate, (int fd, off_t len), (fd, len), -1, EIO)
WRAP(ssize_t, pread, (int fd, void *buf, size_t count, off_t at),
    (fd, buf, count, at), -1, EIO)
WRAP(ssize_t, pwrite, (int fd, const void *buf, size_t count, off_t at),
    (fd, buf, count, at), -1, ENOSPC)
WRAP(DIR *, fdopendir, (int fd), (fd), NULL, ENOMEM)
WRAP(struct dirent *, readdir, (DIR *dir), (dir), NULL, EIO)

/* ---- the rest of libc ---- */

WRAP(ssize_t, getrandom, (void *buf, size_t count, unsigned flags),
    (buf, count, flags), -1, ENOSYS)
WRAP(int, regcomp, (regex_t *regex, const char *text, int flags),
    (regex, text, flags), REG_ESPACE, ENOMEM)

/* This one returns what went wrong. */
WRAP(int, getpwnam_r, (const char *name, struct passwd *passwd, char *buf,
    size_t size, struct passwd **result),
    (name, passwd, buf, size, result), (*result = NULL, EIO), EIO)

/* ---- libraries ---- */

WRAP(struct json_tokener *, json_tokener_new_ex, (int depth), (depth), NULL,
    ENOMEM)
WRAP(int, EVP_Digest, (const void *bytes, size_t count, unsigned char *md,
    unsigned *size, const EVP_MD *type, ENGINE *engine),
    (bytes, count, md, size, type, engine), 0, 0)
WRAP(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_name, (OSSL_LIB_CTX *library,
    const char *name, const char *properties), (library, name, properties),
    NULL, 0)
WRAP(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_pkey, (OSSL_LIB_CTX *library,
    EVP_PKEY *pkey, const char *properties), (library, pkey, properties), NULL,
    0)
WRAP(int, EVP_PKEY_fromdata_init, (EVP_PKEY_CTX *ctx), (ctx), -1, 0)
WRAP(int, EVP_PKEY_public_check, (EVP_PKEY_CTX *ctx), (ctx), -1, 0)
WRAP(EVP_PKEY *, EVP_PKEY_new_raw_public_key_ex, (OSSL_LIB_CTX *library,
    const char *type, const char *properties, const unsigned char *bytes,
    size_t count), (library, type, properties, bytes, count), NULL, 0)
WRAP(BIGNUM *, BN_new, (void), (), NULL, 0)
WRAP(BN_CTX *, BN_CTX_new, (void), (), NULL, 0)
WRAP(BIGNUM *, BN_bin2bn, (const unsigned char *bytes, int count, BIGNUM *bn),
    (bytes, count, bn), NULL, 0)
WRAP(BIGNUM *, BN_lebin2bn, (const unsigned char *bytes, int count, BIGNUM *bn),
    (bytes, count, bn), NULL, 0)
WRAP(int, BN_mod_sqr, (BIGNUM *r, const BIGNUM *a, const BIGNUM *m, BN_CTX *ctx),
    (r, a, m, ctx), 0, 0)
WRAP(int, BN_mod_mul, (BIGNUM *r, const BIGNUM *a, const BIGNUM *b,
    const BIGNUM *m, BN_CTX *ctx), (r, a, b, m, ctx), 0, 0)
