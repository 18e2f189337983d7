#include "base/near.h"

#include "base/limits.h"

/* How far two words may be apart to be taken for each other. */
#define NEAR		2

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The optimal string alignment distance. */
static size_t
distance(struct pj_span a, struct pj_span b)
{
	size_t d[PJ_WORD_MAX + 1][PJ_WORD_MAX + 1];

	for (size_t i = 0; i <= a.len; i++)
		d[i][0] = i;
	for (size_t k = 0; k <= b.len; k++)
		d[0][k] = k;
	for (size_t i = 1; i <= a.len; i++) {
		for (size_t k = 1; k <= b.len; k++) {
			bool same = a.ptr[i - 1] == b.ptr[k - 1];

			d[i][k] = least(d[i - 1][k - 1] + (same ? 0 : 1),
			    least(d[i - 1][k], d[i][k - 1]) + 1);
			if (i > 1 && k > 1 && a.ptr[i - 1] == b.ptr[k - 2] &&
			    a.ptr[i - 2] == b.ptr[k - 1])
				d[i][k] = least(d[i][k], d[i - 2][k - 2] + 1);
		}
	}
	return d[a.len][b.len];
}

size_t
pj_near(struct pj_span word, struct pj_span meant)
{
	size_t far;

	if (word.len > PJ_WORD_MAX || meant.len > PJ_WORD_MAX)
		return PJ_FAR;
	far = distance(word, meant);
	/* Two of four letters would be another word. */
	return far <= NEAR && far * 3 <= meant.len ? far : PJ_FAR;
}

const char *
pj_nearest(struct pj_span word, const char *const *words, size_t count)
{
	const char *best = NULL;
	size_t least_far = PJ_FAR;

	for (size_t i = 0; i < count; i++) {
		size_t far = pj_near(word, pj_span_str(words[i]));

		if (far < least_far) {
			least_far = far;
			best = words[i];
		}
	}
	return best;
}
