#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static char memory[] = "/dev/shm/pj-fuzz-XXXXXX";
static char disk[] = "/tmp/pj-fuzz-XXXXXX";
static const char *folder;

const char *
fuzz_folder(void)
{
	if (folder == NULL)
		folder = mkdtemp(memory);
	if (folder == NULL)
		folder = mkdtemp(disk);
	FUZZ_CHECK(folder != NULL && chmod(folder, 0755) == 0);
	return folder;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level == 0 ? 0 : remove(path);
}

void
fuzz_empty_folder(void)
{
	(void)nftw(fuzz_folder(), remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static __attribute__((destructor)) void
remove_folder(void)
{
	if (folder == NULL)
		return;
	fuzz_empty_folder();
	(void)rmdir(folder);
}

struct pj_span
fuzz_part(struct pj_span *rest)
{
	const unsigned char *nul = rest->len == 0 ? NULL :
	    memchr(rest->ptr, '\0', rest->len);
	struct pj_span part = *rest;

	if (nul == NULL) {
		*rest = pj_span("", 0);
		return part;
	}
	part.len = (size_t)(nul - rest->ptr);
	*rest = pj_span_from(*rest, part.len + 1);
	return part;
}

bool
fuzz_inside(struct pj_span part, struct pj_span whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr &&
	    part.ptr + part.len <= whole.ptr + whole.len);
}

struct pj_config *
fuzz_configure(const struct pj_config_host *host, struct pj_span text)
{
	struct pj_config *config = NULL;
	struct pj_error err = { "" };

	FUZZ_CHECK(pj_config_new(host, NULL, NULL, &config) == PJ_OK);
	if (pj_config_add_text(config, text, "f", &err) == PJ_OK &&
	    pj_config_finish(config, false, &err) == PJ_OK)
		return config;
	pj_config_free(config);
	return NULL;
}
