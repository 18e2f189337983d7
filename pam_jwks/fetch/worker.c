/*
 * The unprivileged half: see worker.h.
 */
#include "fetch/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/url.h"
#include "fetch/answer.h"
#include "fetch/filter.h"
#include "fetch/landlock.h"
#include "keys/discovery.h"

/* The worker stops by itself a little before it is stopped. */
#define MARGIN_MS	200

/* Time for a worker that only confines itself. */
#define TRY_MS		5000

/*
 * A worker's first byte, written when it is confined and before it touches the
 * network: nobody out there can have made it say, or leave out, this one.
 */
#define BEGUN		'!'

#define PORT_HTTPS	443
#define PORT_PROXY	1080	/* libcurl's, for a http proxy without one */
#define PORT_DNS	53

/* ---- in both halves ------------------------------------------------------ */

/* The port that a GET of url connects to. */
static uint16_t
port_for(const struct pj_plan *plan, const char *url)
{
	const char *proxy = plan->http.proxy;

	if (proxy == NULL)
		return pj_url_port(pj_span_str(url), PORT_HTTPS);
	return pj_url_port(pj_span_str(proxy),
	    pj_span_starts(pj_span_str(proxy), "https:") ? PORT_HTTPS :
	    PORT_PROXY);
}

/* What a worker for this plan may reach. */
static void
find_reach(const struct pj_plan *plan, struct pj_reach *reach)
{
	*reach = (struct pj_reach){ .ports = { PORT_DNS }, .port_count = 1 };
	if (plan->discovery_url != NULL)
		reach->ports[reach->port_count++] =
		    port_for(plan, plan->discovery_url);
	if (plan->jwks_uri != NULL)
		reach->ports[reach->port_count++] =
		    port_for(plan, plan->jwks_uri);
	if (plan->http.ca.len == 0)
		pj_http_ca_paths(&reach->paths[0], &reach->paths[1]);
}

/* True if the worker for this plan can ask at uri. */
static bool
reaches(const struct pj_plan *plan, const char *uri)
{
	struct pj_reach reach;
	uint16_t port = port_for(plan, uri);

	find_reach(plan, &reach);
	for (size_t i = 0; i < reach.port_count; i++)
		if (reach.ports[i] == port)
			return true;
	return false;
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

/* The keys are left to another worker if they are out of this one's reach. */
static void
ask(struct work *work)
{
	const struct pj_plan *plan = work->plan;

	if (plan->discovery_url != NULL && !discover(work))
		return;
	if (work->jwks_uri[0] != '\0' && reaches(plan, work->jwks_uri))
		get_keys(work);
}

/* Everything that this process gives up, for good. */
static enum pj_status
confine(const struct pj_plan *plan, const struct pj_fetch_user *user, int out,
    pid_t parent, struct pj_error *err)
{
	struct pj_reach reach;
	enum pj_status status;

	find_reach(plan, &reach);
	status = pj_privilege_drop(user, out, parent, err);
	if (status == PJ_OK)
		status = pj_landlock_restrict(&reach, err);
	if (status == PJ_OK)
		status = pj_filter_install(err);
	return status;
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
	static const char begun = BEGUN;
	struct pj_error error = { "" };
	enum pj_status status;

	/* A session of its own: root's terminal is not this process's. */
	(void)setsid();
	work.plan = plan;
	work.until = pj_now_ms() + limit_ms - MARGIN_MS;
	if (plan->jwks_uri != NULL)
		(void)stpncpy(work.jwks_uri, plan->jwks_uri, PJ_URL_MAX);
	status = confine(plan, user, out, parent, &error);
	if (status == PJ_OK)
		status = pj_http_open(&plan->http, &work.http, &error);
	if (status != PJ_OK)
		report(&work, status, &error);
	else if (pj_fd_write_all(out, pj_span(&begun, 1)))
		ask(&work);
	(void)!pj_fd_write_all(out, pj_buf_span(&work.frames));
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

static bool
kill_group(pid_t pid)
{
	bool done = kill(-pid, SIGKILL) == 0;

	return kill(pid, SIGKILL) == 0 || done;
}

static int
reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

/*
 * Kills the worker and its group.  Root without CAP_KILL, as in the timer's
 * service, may not signal another user's processes; that user may.
 */
static void
end_worker(pid_t pid, const struct pj_fetch_user *user)
{
	pid_t killer;

	if (kill_group(pid) || !user->drop)
		return;
	killer = fork();
	if (killer == 0) {
		if (setresuid(user->uid, user->uid, user->uid) == 0)
			(void)kill_group(pid);
		_exit(0);
	}
	if (killer > 0)
		(void)reap(killer);
}

/*
 * Ends the worker and reaps it.  PJ_FETCH_FAILED if something else had ended
 * it: the filter, or a limit.
 */
static enum pj_status
finish(pid_t pid, const struct pj_fetch_user *user, struct pj_error *err)
{
	int status;

	end_worker(pid, user);
	status = reap(pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) == SIGKILL)
		return PJ_OK;
	return pj_fail(err, PJ_FETCH_FAILED,
	    "the fetching process was stopped by the kernel: %s",
	    WTERMSIG(status) == SIGSYS ? "a forbidden system call" :
	    strsignal(WTERMSIG(status)));
}

/* Takes the first byte off what a worker wrote behind the first len bytes. */
static bool
take_begun(struct pj_buf *out, size_t len)
{
	if (out->len <= len || out->ptr[len] != BEGUN)
		return false;
	out->len--;
	memmove(out->ptr + len, out->ptr + len + 1, out->len - len);
	return true;
}

static enum pj_status
run(const struct pj_plan *plan, const struct pj_fetch_user *user,
    int64_t limit_ms, struct pj_buf *out, bool *begun, struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_fd) int in = -1;
	int64_t until = pj_now_ms() + limit_ms;
	size_t before = out->len;
	enum pj_status status, ended;
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
	if (take_begun(out, before))
		*begun = true;
	ended = finish(pid, user, status == PJ_OK ? err : NULL);
	return status == PJ_OK ? ended : status;
}

/* True if a worker learned from discovery that it cannot reach the keys. */
static bool
is_out_of_reach(const struct pj_plan *plan, struct pj_span frames,
    char uri[PJ_URL_MAX + 1])
{
	struct pj_answer answers[PJ_ANSWER_KINDS];
	const struct pj_answer *found = &answers[PJ_ANSWER_DISCOVERY];

	if (plan->discovery_url == NULL ||
	    pj_answers_decode(frames, answers, NULL) != PJ_OK ||
	    !found->present || answers[PJ_ANSWER_KEYS].present)
		return false;
	return found->result == PJ_OK && found->http == 200 &&
	    pj_discovery_parse(found->body, plan->issuer, uri, NULL) ==
	    PJ_OK && !reaches(plan, uri);
}

enum pj_status
pj_worker_run(const struct pj_plan *plan, const struct pj_fetch_user *user,
    int64_t limit_ms, struct pj_buf *out, bool *begun, struct pj_error *err)
{
	int64_t until = pj_now_ms() + limit_ms;
	struct pj_plan second = *plan;
	char uri[PJ_URL_MAX + 1];
	enum pj_status status;

	status = run(plan, user, limit_ms, out, begun, err);
	if (status != PJ_OK || !is_out_of_reach(plan, pj_buf_span(out), uri))
		return status;
	second.discovery_url = NULL;
	second.jwks_uri = uri;
	return run(&second, user, until - pj_now_ms(), out, begun, err);
}

enum pj_status
pj_worker_try(const struct pj_fetch_user *user, struct pj_error *err)
{
	PJ_BUF_SCOPED(out, PJ_ANSWER_MAX);
	struct pj_answer answers[PJ_ANSWER_KINDS];
	const struct pj_plan nothing = { .jwks_uri = NULL };
	int landlock = pj_landlock_version();
	enum pj_status status;
	bool begun = false;

	status = run(&nothing, user, TRY_MS, &out, &begun, err);
	if (status != PJ_OK)
		return status;
	/* It writes more only if there is something to complain about. */
	if (out.len > 0) {
		status = pj_answers_decode(pj_buf_span(&out), answers, err);
		if (status == PJ_OK && answers[PJ_ANSWER_KEYS].present)
			*err = answers[PJ_ANSWER_KEYS].error;
		return PJ_FETCH_FAILED;
	}
	return pj_fail(err, PJ_OK, "%s, %s, %s", user->drop ?
	    "a user of its own" : "the caller's user", pj_filter_is_built() ?
	    "system calls filtered" : "built without a filter of system calls",
	    landlock == 0 ? "no Landlock in this kernel: files and ports as "
	    "the user may" : landlock < 4 ? "files by Landlock, but not ports" :
	    "files and ports by Landlock");
}
