/*
 * The unprivileged half: see worker.h.
 */
#include "fetch/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "fetch/answer.h"
#include "keys/discovery.h"

/* The worker stops by itself a little before it is stopped. */
#define MARGIN_MS	200

int64_t
pj_now_ms(void)
{
	struct timespec ts = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- in the worker ------------------------------------------------------- */

struct work {
	const struct pj_plan	*plan;
	struct pj_http		*http;
	int64_t			 until;		/* on pj_now_ms's clock */
	struct pj_buf		 frames;
	char			 jwks_uri[PJ_URL_MAX + 1];
};

/* One GET; its frame is appended whatever comes of it. */
static bool
get(struct work *work, enum pj_answer_kind kind,
    struct pj_http_request *request, struct pj_http_response *response)
{
	struct pj_answer answer = { .present = true };

	request->limit_ms = work->until - pj_now_ms();
	response->body.max = PJ_BODY_MAX;
	answer.result = pj_http_get(work->http, request, response,
	    &answer.error);
	answer.http = response->status;
	answer.headers = response->headers;
	answer.cert_expires = response->cert_expires;
	if (answer.result == PJ_OK)
		answer.body = pj_buf_span(&response->body);
	return pj_answer_encode(kind, &answer, &work->frames) == PJ_OK &&
	    answer.result == PJ_OK && response->status == 200;
}

/* Asks where the keys are.  False: nowhere, or somebody else's answered. */
static bool
discover(struct work *work)
{
	struct pj_http_request request = { .url = work->plan->discovery_url };
	struct pj_http_response response = { .status = 0 };
	enum pj_status status = PJ_DISCOVERY_INVALID;

	if (get(work, PJ_ANSWER_DISCOVERY, &request, &response))
		status = pj_discovery_parse(pj_buf_span(&response.body),
		    work->plan->issuer, work->jwks_uri, NULL);
	pj_buf_free(&response.body);
	return status == PJ_OK || (status != PJ_DISCOVERY_ISSUER_DIFFERS &&
	    work->jwks_uri[0] != '\0');
}

static void
get_keys(struct work *work)
{
	const struct pj_plan *plan = work->plan;
	struct pj_http_request request = {
		.url = work->jwks_uri,
		.no_cache = plan->no_cache,
	};
	struct pj_http_response response = { .status = 0 };

	if (pj_span_is(plan->validators_for, work->jwks_uri)) {
		request.etag = plan->etag;
		request.last_modified = plan->last_modified;
	}
	(void)get(work, PJ_ANSWER_KEYS, &request, &response);
	pj_buf_free(&response.body);
}

static void
write_all(int fd, struct pj_span bytes)
{
	ssize_t n;

	while (bytes.len > 0) {
		n = write(fd, bytes.ptr, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		bytes = pj_span_from(bytes, (size_t)n);
	}
}

/* A frame that says why there was no GET. */
static void
report(struct work *work, enum pj_status status, const struct pj_error *error)
{
	struct pj_answer answer = { .result = status, .error = *error };

	(void)!pj_answer_encode(PJ_ANSWER_KEYS, &answer, &work->frames);
}

static void __attribute__((noreturn))
worker(const struct pj_plan *plan, const struct pj_fetch_user *user,
    int64_t limit_ms, pid_t parent, int out)
{
	static struct work work = { .frames = PJ_BUF_INIT(PJ_ANSWER_MAX) };
	struct pj_error error = { "" };
	enum pj_status status;

	/* A session of its own: root's terminal is not this process's. */
	(void)setsid();
	work.plan = plan;
	work.until = pj_now_ms() + limit_ms - MARGIN_MS;
	if (plan->jwks_uri != NULL)
		(void)stpncpy(work.jwks_uri, plan->jwks_uri, PJ_URL_MAX);
	status = pj_privilege_drop(user, out, parent, &error);
	if (status == PJ_OK)
		status = pj_http_open(&plan->http, &work.http, &error);
	if (status != PJ_OK)
		report(&work, status, &error);
	else if (plan->discovery_url == NULL || discover(&work))
		get_keys(&work);
	write_all(out, pj_buf_span(&work.frames));
	/* No clean-up that could wait for a resolver's thread. */
	_exit(0);
}

/* ---- in the privileged half ---------------------------------------------- */

/* Reads until the pipe ends or the deadline comes. */
static enum pj_status
collect(int in, int64_t until, struct pj_buf *out, struct pj_error *err)
{
	struct pollfd pfd = { .fd = in, .events = POLLIN };
	unsigned char chunk[16384];
	int64_t left;
	ssize_t n;
	int ready;

	for (;;) {
		left = until - pj_now_ms();
		ready = poll(&pfd, 1, left > 0 ? (int)left : 0);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0)
			return pj_fail(err, PJ_FETCH_TIMEOUT,
			    "the fetching process did not end in time");
		n = ready < 0 ? -1 : read(in, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno,
			    "reading from the fetching process");
		if (n == 0)
			return PJ_OK;
		if (pj_buf_append(out, pj_span(chunk, (size_t)n)) != PJ_OK)
			return pj_fail(err, PJ_FETCH_FAILED,
			    "the fetching process wrote too much");
	}
}

/* Kills the worker and its group, and reaps it. */
static void
finish(pid_t pid)
{
	int status;

	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
}

enum pj_status
pj_worker_run(const struct pj_plan *plan, const struct pj_fetch_user *user,
    int64_t limit_ms, struct pj_buf *out, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int in = -1;
	int64_t until = pj_now_ms() + limit_ms;
	enum pj_status status;
	pid_t parent = getpid(), pid;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "pipe");
	in = fds[0];
	pid = fork();
	if (pid == 0)
		worker(plan, user, limit_ms, parent, fds[1]);
	(void)close(fds[1]);
	if (pid < 0)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, errno, "fork");
	status = collect(in, until, out, err);
	finish(pid);
	return status;
}
