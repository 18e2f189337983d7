#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/evp.h>

static uint64_t state;
static unsigned rarity;		/* 0: nothing fails */
static unsigned countdown;	/* to the nth call; 0: that is not wanted */
static unsigned failed;

void
fuzz_faults_begin(uint64_t seed, unsigned one_in)
{
	state = seed | 1;
	rarity = one_in;
	failed = 0;
}

void
fuzz_faults_nth(unsigned n)
{
	rarity = 0;
	countdown = n;
	failed = 0;
}

unsigned
fuzz_faults_end(void)
{
	rarity = 0;
	countdown = 0;
	return failed;
}

/* xorshift64; the same on every machine. */
bool
fuzz_fails(void)
{
	if (countdown != 0) {
		failed = --countdown == 0 ? 1 : 0;
		return failed != 0;
	}
	if (rarity == 0)
		return false;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	if (state % rarity != 0)
		return false;
	failed++;
	return true;
}

/* What the linker calls the real ones, and ours. */
#define WRAP(type, name, ...)						\
	type __real_##name(__VA_ARGS__);				\
	type __wrap_##name(__VA_ARGS__);				\
	type __wrap_##name(__VA_ARGS__)

WRAP(void *, malloc, size_t size)
{
	return fuzz_fails() ? NULL : __real_malloc(size);
}

WRAP(void *, calloc, size_t count, size_t size)
{
	return fuzz_fails() ? NULL : __real_calloc(count, size);
}

WRAP(void *, realloc, void *old, size_t size)
{
	return fuzz_fails() ? NULL : __real_realloc(old, size);
}

WRAP(int, openat, int dir, const char *path, int flags, ...)
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
	return __real_openat(dir, path, flags, mode);
}

WRAP(ssize_t, read, int fd, void *buf, size_t count)
{
	if (fuzz_fails()) {
		errno = EIO;
		return -1;
	}
	return __real_read(fd, buf, count);
}

/* A full disk takes a part, and then nothing. */
WRAP(ssize_t, write, int fd, const void *buf, size_t count)
{
	if (fuzz_fails()) {
		errno = ENOSPC;
		return count > 1 && (state & 1) != 0 ?
		    __real_write(fd, buf, count / 2) : -1;
	}
	return __real_write(fd, buf, count);
}

WRAP(int, fsync, int fd)
{
	if (fuzz_fails()) {
		errno = EIO;
		return -1;
	}
	return __real_fsync(fd);
}

WRAP(int, fstat, int fd, struct stat *st)
{
	if (fuzz_fails()) {
		errno = EIO;
		return -1;
	}
	return __real_fstat(fd, st);
}

WRAP(int, renameat, int from, const char *old, int to, const char *fresh)
{
	if (fuzz_fails()) {
		errno = EROFS;
		return -1;
	}
	return __real_renameat(from, old, to, fresh);
}

WRAP(int, pipe2, int fds[2], int flags)
{
	if (fuzz_fails()) {
		errno = EMFILE;
		return -1;
	}
	return __real_pipe2(fds, flags);
}

WRAP(int, poll, struct pollfd *fds, nfds_t count, int timeout)
{
	if (fuzz_fails()) {
		errno = ENOMEM;
		return -1;
	}
	return __real_poll(fds, count, timeout);
}

/*
 * Making a process; every other number is passed on.  All six arguments are read,
 * as libc does, though most calls have fewer.
 */
long	__real_syscall(long number, ...);
__attribute__((no_sanitize("address")))
long	__wrap_syscall(long number, ...);

long
__wrap_syscall(long number, ...)
{
	long arg[6];
	va_list ap;

	va_start(ap, number);
	for (size_t i = 0; i < 6; i++)
		arg[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_clone && fuzz_fails()) {
		errno = EAGAIN;
		return -1;
	}
	return __real_syscall(number, arg[0], arg[1], arg[2], arg[3], arg[4],
	    arg[5]);
}

WRAP(int, EVP_DigestVerifyInit_ex, EVP_MD_CTX *ctx, EVP_PKEY_CTX **pctx,
    const char *digest, OSSL_LIB_CTX *library, const char *properties,
    EVP_PKEY *pkey, const OSSL_PARAM params[])
{
	return fuzz_fails() ? 0 : __real_EVP_DigestVerifyInit_ex(ctx, pctx,
	    digest, library, properties, pkey, params);
}

/* Of the failures of this one, below 0 is the one that careless code takes. */
WRAP(int, EVP_DigestVerify, EVP_MD_CTX *ctx, const unsigned char *signature,
    size_t size, const unsigned char *bytes, size_t count)
{
	return fuzz_fails() ? -1 : __real_EVP_DigestVerify(ctx, signature, size,
	    bytes, count);
}

WRAP(int, EVP_PKEY_fromdata, EVP_PKEY_CTX *ctx, EVP_PKEY **pkey,
    int selection, OSSL_PARAM *params)
{
	return fuzz_fails() ? -1 : __real_EVP_PKEY_fromdata(ctx, pkey, selection,
	    params);
}

WRAP(EVP_MD_CTX *, EVP_MD_CTX_new, void)
{
	return fuzz_fails() ? NULL : __real_EVP_MD_CTX_new();
}
