/*
 *	bench FOLDER FLOOR LOGIN
 *
 * What a login costs, measured in one process and its children.  Started by
 * tests/bench/run, in a host of its own whose /etc and /var/cache nobody else
 * uses; FOLDER holds what tests/bench/material.py has made.  FLOOR and LOGIN
 * are the programs of floor.c and login.c.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "authn/configure.h"
#include "base/file.h"
#include "bench.h"
#include "keys/cache.h"

#define ROUNDS	301	/* odd: the median is one of them */

const char *folder;
struct pj_buf keys = PJ_BUF_INIT(PJ_BODY_MAX);
struct pj_buf token = PJ_BUF_INIT(PJ_TOKEN_MAX + 1);
const struct pj_alg *alg;

void
read_file(const char *name, struct pj_buf *buf)
{
	char *path = NULL;

	must(asprintf(&path, "%s/%s", folder, name) > 0, "memory");
	pj_buf_clear(buf);
	must(pj_file_read_any(path, buf, NULL) == PJ_OK, path);
	/* As long as it was, and a C string. */
	must(pj_buf_append(buf, pj_span("", 1)) == PJ_OK, "memory");
	buf->len--;
	free(path);
}

void
write_file(const char *path, struct pj_span text)
{
	size_t written;
	FILE *out;

	(void)unlink(path);
	out = fopen(path, "w");
	if (out == NULL) {
		must(false, path);
		return;
	}
	written = fwrite(text.ptr, 1, text.len, out);
	must(fclose(out) == 0 && written == text.len &&
	    chmod(path, 0644) == 0, path);
}

void
load_token(const char *name)
{
	char *file = NULL;

	must(asprintf(&file, "%s.token", name) > 0, "memory");
	read_file(file, &token);
	free(file);
}

void
store_keys(struct pj_span body)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_config_source source = { .path = NULL };
	struct pj_envelope envelope = { .body = body };
	struct pj_key_request request;
	struct pj_cache cache;
	struct pj_error err = { "" };

	pj_configure_installed(&source);
	must(pj_configure(&source, &config, &err) == PJ_OK, err.detail);
	pj_configure_request(config, pj_config_issuer(config, 0), &request);
	envelope.jwks_uri = pj_span_str(ISSUER "/protocol/certs");
	envelope.validity.ttl = 3600;
	envelope.validity.refresh_after = 3400;
	pj_clock_read_system(NULL, &envelope.validity.fetched);
	envelope.discovered = envelope.full = envelope.validity.fetched;
	must(pj_cache_open(&request, &cache, &err) == PJ_OK &&
	    pj_cache_make_dirs(&cache, &err) == PJ_OK &&
	    pj_cache_store(&cache, &envelope, &err) == PJ_OK, err.detail);
}

static void
measure_algorithm(const char *name)
{
	struct stage stages[7] = {
		STAGE("EVP_DigestVerify, prepared key", raw_verify, 10),
		STAGE("key set in memory to verdict", memory_verify, 10),
		STAGE("cache file to verdict", file_verify, 4),
		STAGE("EVP_DigestVerify, key made anew", raw_verify_anew, 10),
	};
	size_t count = 4;

	load_token(name);
	raw_prepare(name);
	peers_prepare(name);
	if (peer_cjose() != NULL)
		stages[count++] = (struct stage)STAGE("cjose",
		    peer_cjose(), 10);
	if (peer_libjwt() != NULL)
		stages[count++] = (struct stage)STAGE("libjwt",
		    peer_libjwt(), 4);
	measure(name, stages, count, ROUNDS);
	if (strcmp(name, "RS256") == 0)
		measure_parts();
	peers_release();
	raw_release();
}

int
main(int argc, char **argv)
{
	must(argc == 4, "usage: bench FOLDER FLOOR LOGIN");
	must(strcmp(pj_default_config_path, CONFIG) == 0,
	    "it measures a build whose configuration is in " CONFIG);
	folder = argv[1];
	read_file("keys.json", &keys);
	store_keys(pj_buf_span(&keys));
	measure_algorithm("RS256");
	measure_algorithm("ES256");
	measure_algorithm("EdDSA");
	measure_fresh(argv[2], argv[3]);
	measure_growth();
	pj_buf_free(&keys);
	pj_buf_free(&token);
	return 0;
}
