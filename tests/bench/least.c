/*
 * The least that a module for tokens with keys in a file can be, to compare the
 * real one with: it asks, reads two files, has json-c read the three texts,
 * makes the key, verifies once, compares one claim, looks the account up and
 * writes one line.  It trusts everything that it reads, and knows RSA alone:
 *
 *	auth required pam_least.so CONFIGURATION KEYS
 */
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "jose/b64url.h"

#define TEXT_MAX	4096
#define NUMBER_MAX	512

struct part {
	unsigned char	bytes[TEXT_MAX];
	size_t		len;
};

static bool
read_text(const char *path, struct part *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, text->bytes, TEXT_MAX - 1) : -1;

	if (fd >= 0)
		(void)close(fd);
	if (len < 0)
		return false;
	text->bytes[len] = '\0';
	text->len = (size_t)len;
	return true;
}

static bool
decode(const char *from, size_t len, struct part *part)
{
	if (pj_b64url_decode(pj_span(from, len), part->bytes, TEXT_MAX - 1,
	    &part->len) != PJ_OK)
		return false;
	part->bytes[part->len] = '\0';
	return true;
}

static const char *
string_of(struct json_object *object, const char *name)
{
	struct json_object *member = NULL;

	if (!json_object_object_get_ex(object, name, &member))
		return "";
	return json_object_get_string(member);
}

/* One number of a key, in the machine's byte order, which is little-endian. */
static OSSL_PARAM
number(struct json_object *jwk, const char *name, const char *param,
    unsigned char out[NUMBER_MAX])
{
	const char *text = string_of(jwk, name);
	struct part part;

	if (!decode(text, strlen(text), &part) || part.len > NUMBER_MAX)
		part.len = 0;
	for (size_t i = 0; i < part.len; i++)
		out[i] = part.bytes[part.len - 1 - i];
	return OSSL_PARAM_construct_BN(param, out, part.len);
}

static EVP_PKEY *
make_key(struct json_object *set, const char *kid)
{
	struct json_object *keys = json_object_object_get(set, "keys");
	struct json_object *jwk = NULL;
	unsigned char n[NUMBER_MAX], e[NUMBER_MAX];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;
	OSSL_PARAM params[3];

	for (size_t i = 0; i < json_object_array_length(keys); i++) {
		jwk = json_object_array_get_idx(keys, i);
		if (strcmp(string_of(jwk, "kid"), kid) == 0)
			break;
	}
	params[0] = number(jwk, "n", OSSL_PKEY_PARAM_RSA_N, n);
	params[1] = number(jwk, "e", OSSL_PKEY_PARAM_RSA_E, e);
	params[2] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY,
		    params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static bool
verify(EVP_PKEY *key, const char *input, size_t len, const struct part *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = key != NULL && EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256",
	    NULL, NULL, key, NULL) == 1 && EVP_DigestVerify(ctx, sig->bytes,
	    sig->len, (const unsigned char *)input, len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}

static bool
check(const char *token, const char *user, const struct part *keys)
{
	const char *dot = strchr(token, '.'), *last = strrchr(token, '.');
	struct part header, payload, sig;
	struct json_object *set, *head, *claims;
	bool good;

	if (dot == NULL || !decode(token, (size_t)(dot - token), &header) ||
	    !decode(dot + 1, (size_t)(last - dot - 1), &payload) ||
	    !decode(last + 1, strlen(last + 1), &sig))
		return false;
	set = json_tokener_parse((const char *)keys->bytes);
	head = json_tokener_parse((const char *)header.bytes);
	claims = json_tokener_parse((const char *)payload.bytes);
	good = verify(make_key(set, string_of(head, "kid")), token,
	    (size_t)(last - token), &sig) &&
	    strcmp(string_of(claims, "preferred_username"), user) == 0;
	(void)json_object_put(set);
	(void)json_object_put(head);
	(void)json_object_put(claims);
	return good;
}

static bool
has_account(const char *user)
{
	struct passwd passwd, *found = NULL;
	char room[TEXT_MAX];

	return getpwnam_r(user, &passwd, room, sizeof(room), &found) == 0 &&
	    found != NULL;
}

__attribute__((visibility("default"))) int
pam_sm_authenticate(pam_handle_t *pamh, int flags __attribute__((unused)),
    int argc, const char **argv)
{
	const char *user = NULL, *token = NULL;
	struct part configuration, keys;

	if (argc != 2 || pam_get_user(pamh, &user, NULL) != PAM_SUCCESS ||
	    pam_get_authtok(pamh, PAM_AUTHTOK, &token, NULL) != PAM_SUCCESS ||
	    !read_text(argv[0], &configuration) || !read_text(argv[1], &keys) ||
	    !check(token, user, &keys) || !has_account(user))
		return PAM_AUTH_ERR;
	pam_syslog(pamh, LOG_INFO, "accepted user=%s", user);
	return PAM_SUCCESS;
}

__attribute__((visibility("default"))) int
pam_sm_setcred(pam_handle_t *pamh __attribute__((unused)),
    int flags __attribute__((unused)), int argc __attribute__((unused)),
    const char **argv __attribute__((unused)))
{
	return PAM_IGNORE;
}
