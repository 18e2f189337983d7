/*
 * The cache while calls fail: after each step it holds the set before or the
 * set behind, never anything else.  Each byte is one step: what is stored, and
 * whether calls fail meanwhile.
 */
#include <dirent.h>

#include "faults.h"
#include "fuzz.h"
#include "keys/cache.h"

#define STEPS_MAX	24

static unsigned
count_files(void)
{
	DIR *dir = opendir(fuzz_folder());
	unsigned count = 0;

	while (dir != NULL && readdir(dir) != NULL)
		count++;
	if (dir != NULL)
		(void)closedir(dir);
	return count - 2;
}

static const char *const sets[] = {
	"{\"keys\":[]}", "{\"keys\":[{\"kty\":\"OKP\"}]}",
	"{\"keys\":[{\"kty\":\"EC\"},{\"kty\":\"RSA\"}]}", "{}",
};

static bool
holds(const struct pj_cache *cache, const char *set)
{
	PJ_BUF_SCOPED(text, PJ_CACHE_MAX);
	struct pj_envelope envelope;
	struct pj_error err = { "" };
	enum pj_status status = pj_cache_load(cache, &text, &envelope, &err);

	if (set == NULL)
		return status == PJ_FILE_MISSING;
	return status == PJ_OK && pj_span_is(envelope.body, set);
}

static enum pj_status
store(const struct pj_cache *cache, const char *set)
{
	struct pj_error err = { "" };
	struct pj_envelope envelope = {
		.jwks_uri = pj_span_str("https://a.test/keys"),
		.validity = { .fetched = { .wall = 1, .boot = 1 }, .ttl = 900,
		    .refresh_after = 700 },
		.body = pj_span_str(set),
	};

	return pj_cache_store(cache, &envelope, &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *before = NULL;
	struct pj_key_request request;
	struct pj_error err = { "" };
	struct pj_cache cache;

	fuzz_empty_folder();
	request = (struct pj_key_request){ .section = "corp",
		.issuer = "https://a.test", .cache_dir = fuzz_folder(),
		.state_dir = fuzz_folder() };
	FUZZ_CHECK(pj_cache_open(&request, &cache, &err) == PJ_OK);
	for (size_t i = 0; i < size && i < STEPS_MAX; i++) {
		const char *after = sets[data[i] % 4];
		enum pj_status status;

		fuzz_faults_begin(data[i] * 31u + i, data[i] / 4 % 16);
		status = store(&cache, after);
		(void)fuzz_faults_end();
		/* What failed may have happened all the same, but wholly. */
		FUZZ_CHECK(holds(&cache, after) || (status != PJ_OK &&
		    holds(&cache, before)));
		before = holds(&cache, after) ? after : before;
		FUZZ_CHECK(count_files() <= 1);
	}
	return 0;
}
