#include "bench.h"

#include <sys/resource.h>
#include <time.h>

#define STAGES_MAX	16
#define ROUNDS_MAX	1024

void
must(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

/* Processor time of this thread and of children that ended, and the wall's. */
struct point {
	double	busy;
	double	wall;
};

static double
clock_us(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static double
timeval_us(const struct timeval *tv)
{
	return (double)tv->tv_sec * 1e6 + (double)tv->tv_usec;
}

static struct point
now(void)
{
	struct rusage usage;
	struct point point;

	must(getrusage(RUSAGE_CHILDREN, &usage) == 0, "getrusage");
	point.wall = clock_us(CLOCK_MONOTONIC);
	point.busy = clock_us(CLOCK_THREAD_CPUTIME_ID) +
	    timeval_us(&usage.ru_utime) + timeval_us(&usage.ru_stime);
	return point;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Samples of one stage. */
struct series {
	double	busy[ROUNDS_MAX];
	double	wall[ROUNDS_MAX];
	double	ratio[ROUNDS_MAX];
};

static void
print(const char *group, const char *name, struct series *series,
    unsigned rounds)
{
	qsort(series->busy, rounds, sizeof(double), compare);
	qsort(series->wall, rounds, sizeof(double), compare);
	qsort(series->ratio, rounds, sizeof(double), compare);
	(void)printf("%s\t%s\t%.3f\t%.3f\t%.3f\t%.4f\t%.3f\n", group, name,
	    series->busy[rounds / 2], series->busy[rounds / 4],
	    series->busy[rounds * 3 / 4], series->ratio[rounds / 2],
	    series->wall[rounds / 2]);
	(void)fflush(stdout);
}

static struct point
sample(const struct stage *stage)
{
	struct point start, end;

	if (stage->before != NULL)
		stage->before(stage->size);
	/* Once for nothing: what ran before has used the caches. */
	stage->run();
	start = now();
	for (unsigned n = 0; n < stage->repeat; n++)
		stage->run();
	end = now();
	return (struct point){
		.busy = (end.busy - start.busy) / stage->repeat,
		.wall = (end.wall - start.wall) / stage->repeat,
	};
}

void
measure(const char *group, const struct stage *stages, size_t count,
    unsigned rounds)
{
	static struct series series[STAGES_MAX];

	must(count <= STAGES_MAX && rounds <= ROUNDS_MAX, "too much of it");
	for (unsigned round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			struct point taken = sample(&stages[i]);

			series[i].busy[round] = taken.busy;
			series[i].wall[round] = taken.wall;
			series[i].ratio[round] = taken.busy /
			    series[0].busy[round];
		}
	}
	for (size_t i = 0; i < count; i++)
		print(group, stages[i].name, &series[i], rounds);
}
