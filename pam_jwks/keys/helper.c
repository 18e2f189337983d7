/*
 * The refresher that starts pam-jwks-fetch: see helper.h.
 */
#include "base/spawn.h"
#include "keys/helper.h"

#define STRING_(x)	#x
#define STRING(x)	STRING_(x)

/* Words before the options: the program, two options and their values. */
#define FIXED_WORDS	5

/* A detached start is over when the process exists. */
#define START_MS	2000

static const char reply_start[] = "pam-jwks-fetch 1 ";

/* The command line, NULL-terminated; the strings are borrowed. */
static const char **
make_argv(const struct pj_helper *helper, const struct pj_key_request *request,
    enum pj_refresh_cause cause)
{
	const char **argv;
	size_t options = 0, n = 0;

	while (helper->options != NULL && helper->options[options] != NULL)
		options++;
	argv = calloc(FIXED_WORDS + 2 * options + 4 + 1, sizeof(*argv));
	if (argv == NULL)
		return NULL;
	argv[n++] = helper->path;
	argv[n++] = "--cause";
	argv[n++] = pj_refresh_cause_name(cause);
	argv[n++] = "--reply-fd";
	argv[n++] = STRING(PJ_SPAWN_REPLY_FD);
	if (helper->config != NULL) {
		argv[n++] = "--config";
		argv[n++] = helper->config;
	}
	if (helper->options == NULL) {
		argv[n++] = "--section";
		argv[n++] = request->section;
	}
	for (size_t i = 0; i < options; i++) {
		argv[n++] = "--option";
		argv[n++] = helper->options[i];
	}
	return argv;
}

/* True for what a refresher may answer; the rest is the helper's trouble. */
static bool
is_answer(enum pj_status status)
{
	static const enum pj_status answers[] = {
		PJ_OK, PJ_KEYSET_INVALID, PJ_DISCOVERY_INVALID,
		PJ_DISCOVERY_ISSUER_DIFFERS, PJ_FETCH_FAILED, PJ_FETCH_TIMEOUT,
		PJ_FETCH_HELD_BACK, PJ_FETCH_OFFLINE, PJ_FETCH_USER_MISSING,
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		if (answers[i] == status)
			return true;
	return false;
}

/* The reply's last words were escaped by the helper; they are copied as is. */
static void
set_detail(struct pj_error *err, struct pj_span text)
{
	if (err == NULL)
		return;
	if (text.len > PJ_DETAIL_MAX)
		text.len = PJ_DETAIL_MAX;
	memcpy(err->detail, text.ptr, text.len);
	err->detail[text.len] = '\0';
}

/* Reads "pam-jwks-fetch 1 STATUS DETAIL\n". */
static enum pj_status
read_reply(struct pj_span reply, struct pj_error *err)
{
	enum pj_status status = PJ_HELPER_FAILED;
	const unsigned char *space;
	struct pj_span name;

	if (reply.len == 0)
		return pj_fail(err, PJ_HELPER_FAILED, "no answer");
	if (reply.ptr[reply.len - 1] != '\n')
		return pj_fail(err, PJ_HELPER_FAILED, "its answer is cut off");
	reply.len--;
	if (!pj_span_printable(reply) || !pj_span_starts(reply, reply_start))
		return pj_fail(err, PJ_HELPER_FAILED, "a foreign answer");
	reply = pj_span_from(reply, strlen(reply_start));
	space = memchr(reply.ptr, ' ', reply.len);
	name = reply;
	if (space != NULL)
		name.len = (size_t)(space - reply.ptr);
	if (!pj_status_find(name, &status))
		return pj_fail(err, PJ_HELPER_FAILED, "a foreign answer");
	set_detail(err, pj_span_from(reply, name.len + 1));
	if (is_answer(status))
		return status;
	return pj_fail_in(err, PJ_HELPER_FAILED, "%s", pj_status_name(status));
}

enum pj_status
pj_helper_refresh(void *ctx, const struct pj_key_request *request,
    enum pj_refresh_cause cause, struct pj_error *err)
{
	const struct pj_helper *helper = ctx;
	PJ_BUF_SCOPED(reply, PJ_REPLY_MAX);
	struct pj_spawn spec = { .path = helper->path };
	const char **argv;
	enum pj_status status;

	argv = make_argv(helper, request, cause);
	if (argv == NULL)
		return pj_fail(err, PJ_NO_MEMORY, "helper");
	spec.argv = argv;
	spec.detached = cause == PJ_CAUSE_DUE;
	spec.timeout_ms = 1000 * (cause == PJ_CAUSE_STALE ?
	    helper->timeout_stale : helper->timeout_cold);
	if (spec.detached)
		spec.timeout_ms = START_MS;
	status = pj_spawn_run(&spec, &reply, err);
	free(argv);
	if (status != PJ_OK || spec.detached)
		return status;
	return read_reply(pj_buf_span(&reply), err);
}

enum pj_status
pj_helper_try(const struct pj_helper *helper, struct pj_error *err)
{
	PJ_BUF_SCOPED(reply, PJ_REPLY_MAX);
	const char *argv[] = {
		helper->path, "--try", "--reply-fd", STRING(PJ_SPAWN_REPLY_FD),
		"--config", helper->config, NULL,
	};
	const struct pj_spawn spec = {
		.path = helper->path,
		.argv = argv,
		.timeout_ms = 1000 * helper->timeout_cold,
	};
	enum pj_status status = pj_spawn_run(&spec, &reply, err);

	return status == PJ_OK ? read_reply(pj_buf_span(&reply), err) : status;
}
