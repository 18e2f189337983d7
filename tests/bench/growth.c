/*
 * How the way to a verdict grows with what is given.  All sizes of a series are
 * measured in the same rounds.
 */
#include "bench.h"
#include "policy/lines.h"
#include "policy/map.h"

#define ROUNDS		31
#define SIZES_MAX	6

static struct pj_buf texts[SIZES_MAX];
static struct pj_buf *text;		/* the one of the current size */
static const unsigned *sizes;		/* of the current series */

static void
choose(unsigned size)
{
	for (size_t i = 0; i < SIZES_MAX; i++)
		if (sizes[i] == size)
			text = &texts[i];
}

static void
choose_keys(unsigned size)
{
	choose(size);
	keys = *text;
}

static void
choose_token(unsigned size)
{
	choose(size);
	token = *text;
}

static void
choose_config(unsigned size)
{
	choose(size);
	write_file(CONFIG, pj_buf_span(text));
}

static void
read_and_search_map(void)
{
	PJ_CLEANUP(pj_cleanup_map) struct pj_map *map = NULL;
	struct pj_lines lines = { .number = 0 };
	struct pj_map_match match;
	struct pj_span line;
	struct pj_error err;

	must(pj_map_new("map", pj_buf_span(text), &map) == PJ_OK, "memory");
	lines.rest = pj_map_text(map);
	while (pj_lines_next(&lines, &line, &err))
		must(pj_map_add(map, lines.number, line, &err) == PJ_OK,
		    err.detail);
	/* It stands in the last line. */
	pj_map_find(map, "corp", pj_span_str("alice@last.example.org"), USER,
	    false, &match);
	must(match.line == lines.number, "no match");
}

/* Measures run with the texts SERIES.N of the folder. */
static void
series(const char *name, const unsigned *wanted, void (*before)(unsigned),
    void (*run)(void))
{
	struct stage stages[SIZES_MAX] = { { .name = NULL } };
	char *names[SIZES_MAX] = { NULL }, *group = NULL;
	size_t count = 0;

	sizes = wanted;
	must(asprintf(&group, "growth %s", name) > 0, "memory");
	for (; count < SIZES_MAX && sizes[count] != 0; count++) {
		struct stage *stage = &stages[count];
		char *file = NULL;

		must(asprintf(&file, "%s.%u", name, sizes[count]) > 0 &&
		    asprintf(&names[count], "%u", sizes[count]) > 0, "memory");
		texts[count] = (struct pj_buf)PJ_BUF_INIT(PJ_MAP_MAX);
		read_file(file, &texts[count]);
		*stage = (struct stage){ names[count], run, 2, before,
		    sizes[count] };
		free(file);
	}
	measure(group, stages, count, ROUNDS);
	for (size_t i = 0; i < count; i++) {
		pj_buf_free(&texts[i]);
		free(names[i]);
	}
	free(group);
}

void
measure_growth(void)
{
	static const unsigned key_counts[SIZES_MAX] = { 1, 10, 100, 256 };
	static const unsigned token_sizes[SIZES_MAX] = { 768, 1024, 2048, 4096,
		8192, 16384 };
	static const unsigned issuers[SIZES_MAX] = { 1, 2, 4, 8, 16 };
	static const unsigned lines[SIZES_MAX] = { 10, 100, 1000, 10000 };
	struct pj_buf own_keys = keys, own_token;

	load_token("x5c");
	series("keys", key_counts, choose_keys, memory_verify);
	keys = own_keys;
	load_token("RS256");
	own_token = token;
	series("tokens", token_sizes, choose_token, file_verify);
	token = own_token;
	series("issuers", issuers, choose_config, file_verify);
	series("maps", lines, choose, read_and_search_map);
}
