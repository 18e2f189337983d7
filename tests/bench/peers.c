/*
 * What Debian offers for the same job.  Neither knows key sets: cjose is given
 * the one key as JWK, libjwt as PEM.
 */
#include <cjose/cjose.h>
#include <jwt.h>

#include "bench.h"

static struct pj_buf jwk = PJ_BUF_INIT(PJ_BODY_MAX);
static struct pj_buf pem = PJ_BUF_INIT(PJ_BODY_MAX);

/* The file NAME.KIND, with a NUL behind it. */
static void
read_key(const char *name, const char *kind, struct pj_buf *buf)
{
	char *file = NULL;

	must(asprintf(&file, "%s.%s", name, kind) > 0, "memory");
	read_file(file, buf);
	free(file);
}

void
peers_prepare(const char *name)
{
	read_key(name, "jwk", &jwk);
	read_key(name, "pem", &pem);
}

void
peers_release(void)
{
	pj_buf_free(&jwk);
	pj_buf_free(&pem);
}

static void
cjose_verify(void)
{
	cjose_jwk_t *key;
	cjose_jws_t *jws;
	uint8_t *text;
	cjose_err err;
	size_t len;

	key = cjose_jwk_import((const char *)jwk.ptr, jwk.len, &err);
	jws = cjose_jws_import((const char *)token.ptr, token.len, &err);
	must(key != NULL && jws != NULL && cjose_jws_verify(jws, key, &err) &&
	    cjose_jws_get_plaintext(jws, &text, &len, &err), "cjose");
	cjose_jws_release(jws);
	cjose_jwk_release(key);
}

static void
libjwt_verify(void)
{
	jwt_t *jwt;

	must(jwt_decode(&jwt, (const char *)token.ptr, pem.ptr,
	    (int)pem.len) == 0, "libjwt");
	jwt_free(jwt);
}

/* Neither release knows EdDSA. */
void
(*peer_cjose(void))(void)
{
	return alg->scheme == PJ_SCHEME_EDDSA ? NULL : cjose_verify;
}

void
(*peer_libjwt(void))(void)
{
	return alg->scheme == PJ_SCHEME_EDDSA ? NULL : libjwt_verify;
}
