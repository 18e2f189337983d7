/*
 *	floor FOLDER [memory]
 *
 * The least that a login by token can be: a host's transaction with pam_permit,
 * a key set read by json-c, a key made, one signature verified.  Nothing is
 * checked but the signature.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "transaction.h"

static char *
part(const char *folder, const char *name, size_t *len)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return file_text(path, len);
}

/* n and e are there in the machine's byte order. */
static EVP_PKEY *
make_key(const char *folder)
{
	OSSL_PARAM params[3];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;
	size_t n_len, e_len;
	char *n = part(folder, "floor.n", &n_len);
	char *e = part(folder, "floor.e", &e_len);

	params[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N,
	    (unsigned char *)n, n_len);
	params[1] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E,
	    (unsigned char *)e, e_len);
	params[2] = OSSL_PARAM_construct_end();
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		exit(1);
	EVP_PKEY_CTX_free(ctx);
	free(n);
	free(e);
	return key;
}

static void
verify_once(const char *folder)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = make_key(folder);
	size_t input_len, sig_len;
	char *input = part(folder, "floor.input", &input_len);
	char *sig = part(folder, "floor.sig", &sig_len);

	if (EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, key,
	    NULL) != 1 || EVP_DigestVerify(ctx, (unsigned char *)sig, sig_len,
	    (unsigned char *)input, input_len) != 1)
		exit(1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	free(input);
	free(sig);
}

int
main(int argc, char **argv)
{
	struct json_object *doc;
	size_t len;
	char *text;
	int rc;

	if (argc < 2)
		return 2;
	text = part(argv[1], "keys.json", &len);
	doc = json_tokener_parse(text);
	if (doc == NULL)
		return 1;
	(void)json_object_put(doc);
	free(text);
	verify_once(argv[1]);
	rc = argc > 2 ? transaction_and_memory("permit", "alice", "") :
	    transaction("permit", "alice", "");
	return rc;
}
