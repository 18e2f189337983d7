/*
 * The two entry points.  Responsible for: setting up, one call of pj_authn, the
 * report, and leaving nothing behind in the host.  Every rule lives below.
 */
#define PAM_SM_AUTH

#include <stdio.h>
#include <sys/mman.h>
#include <syslog.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "authn/authn.h"
#include "authn/configure.h"
#include "jose/jws.h"
#include "module/conversation.h"
#include "module/pieces.h"
#include "module/report.h"
#include "policy/arguments.h"
#include "policy/export.h"

#define EXPORT	__attribute__((visibility("default")))

/* That this transaction was authenticated by token, for pam_sm_setcred. */
#define DATA_NAME	"pam_jwks_accepted"

/* That it was not, as far as pam_sm_setcred found out at its first call. */
#define DATA_OTHER	"pam_jwks_other"

/*
 * The same for sshd's parent process, which gets the PAM environment of the
 * child that authenticated and not its data.  It reaches the session as well,
 * where it names the token that opened it.
 */
#define ENV_NAME	"PAM_JWKS_TOKEN"

/* One call of pam_sm_authenticate. */
struct attempt {
	pam_handle_t		*pamh;
	struct pj_arguments	 arguments;
	char			*user;		/* see note_user */
	int			 conversation;	/* what it returned */
	struct pj_answer	 answer;
	struct pj_helper	 helper;
};

static enum pj_status
log_refresh(void *ctx, const struct pj_key_request *request,
    enum pj_refresh_cause cause, struct pj_error *err)
{
	struct attempt *attempt = ctx;
	struct pj_error inner = { "" };
	enum pj_status status;

	status = pj_helper_refresh(&attempt->helper, request, cause, &inner);
	if (attempt->arguments.debug)
		pam_syslog(attempt->pamh, LOG_DEBUG,
		    "debug: asked for keys of [issuer %s], cause=%s: %s%s%s",
		    request->section, pj_refresh_cause_name(cause),
		    pj_status_name(status),
		    inner.detail[0] != '\0' ? " " : "", inner.detail);
	if (err != NULL)
		*err = inner;
	return status;
}

static enum pj_status
conversation_failed(struct attempt *attempt, int rc, struct pj_error *err)
{
	const char *name = pj_conversation_error(rc);

	attempt->conversation = rc;
	if (attempt->answer.total == 0)
		return pj_fail(err, PJ_CONVERSATION_FAILED, "%s", name);
	return pj_fail(err, PJ_CONVERSATION_FAILED,
	    "%s at the prompt after character %zu", name,
	    attempt->answer.total);
}

/*
 * Copies PAM_USER: a conversation may replace it, and then it is the new one
 * whom the answer is for.
 */
static enum pj_status
note_user(struct attempt *attempt)
{
	const void *item = NULL;

	free(attempt->user);
	attempt->user = NULL;
	if (pam_get_item(attempt->pamh, PAM_USER, &item) != PAM_SUCCESS ||
	    item == NULL)
		return PJ_OK;
	attempt->user = pj_span_dup(pj_span_str(item));
	return attempt->user != NULL ? PJ_OK : PJ_NO_MEMORY;
}

/* Everything up to the answer; no file is touched before it is there. */
static enum pj_status
ask(struct attempt *attempt, int argc, const char **argv, const char **service,
    struct pj_error *err)
{
	const void *item = NULL;
	const char *user = NULL;
	enum pj_status status;
	int rc;

	/* Whom it is about, if that is known already. */
	status = note_user(attempt);
	if (status == PJ_OK)
		status = pj_arguments_parse(argc, argv, &attempt->arguments,
		    err);
	if (status != PJ_OK)
		return status;
	rc = pam_get_user(attempt->pamh, &user, NULL);
	if (rc == PAM_SUCCESS)
		rc = pj_conversation_token(attempt->pamh, &attempt->arguments,
		    &attempt->answer);
	status = note_user(attempt);
	if (rc != PAM_SUCCESS)
		return conversation_failed(attempt, rc, err);
	if (status != PJ_OK)
		return status;
	if (pam_get_item(attempt->pamh, PAM_SERVICE, &item) != PAM_SUCCESS ||
	    item == NULL || attempt->user == NULL)
		return pj_fail(err, PJ_SYSTEM_ERROR, "no PAM service or user");
	*service = item;
	return PJ_OK;
}

/*
 * Some libraries do not survive that memory ends in their midst: regcomp(3) of
 * glibc frees twice (CVE-2025-8058), OpenSSL's first use locks what it could
 * not make.  Whoever calls su decides how much there is.  Not malloc: it would
 * change the host's thresholds.
 */
static bool
has_room(void)
{
	void *room = mmap(NULL, PJ_ROOM_MIN, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return room != MAP_FAILED && munmap(room, PJ_ROOM_MIN) == 0;
}

static void
decide(struct attempt *attempt, const char *service,
    struct pj_decision *decision)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_config_source source = {
		.path = attempt->arguments.config,
	};
	const struct pj_refresher refresher = { log_refresh, attempt };
	const struct pj_login login = {
		.service = service,
		.user = attempt->user,
		.token = attempt->answer.text,
		.clock = &pj_clock_system,
		.refresher = &refresher,
	};
	enum pj_status status;

	if (source.path == NULL)
		pj_configure_installed(&source);
	status = pj_configure(&source, &config, &decision->error);
	if (status != PJ_OK) {
		decision->status = status;
		return;
	}
	pj_configure_helper(config, &source, &attempt->helper);
	pj_authn(config, &login, decision);
	pj_conversation_explain(&attempt->answer, decision);
	if (attempt->arguments.debug)
		pam_syslog(attempt->pamh, LOG_DEBUG,
		    "debug: config=%s issuers=%zu",
		    source.path, pj_config_issuers(config));
}

static bool
is_token(struct pj_span answer)
{
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;
	enum pj_status status = pj_jws_parse(answer, &jws, NULL);

	return status != PJ_NOT_A_JWT && status != PJ_TOKEN_EMPTY &&
	    status != PJ_MASKED_ANSWER;
}

/*
 * A password stays for the next module, also where the configuration is broken;
 * a bearer token must not, not even behind a space or the word Bearer.  The
 * form alone tells them apart.
 */
static bool
holds_token(const struct pj_answer *answer)
{
	static const char separators[] = " \t\r\n\"'<>,;:=";
	struct pj_span text = answer->text;

	if (text.ptr == NULL)
		return false;
	if (is_token(text))
		return true;
	/* Nor must the beginning of one, where only that came through. */
	if (pj_pieces_limit(answer->last) != NULL && pj_jws_is_cut(text, NULL))
		return true;
	while (text.len != 0) {
		size_t len = strcspn((const char *)text.ptr, separators);

		if (is_token(pj_span(text.ptr, len)))
			return true;
		text = pj_span_from(text, len + 1);
	}
	return false;
}

/* Variables of ours only: whoever put them there did not verify a token. */
static void
forget_exports(pam_handle_t *pamh)
{
	char **all = pam_getenvlist(pamh);

	for (char **at = all; at != NULL && *at != NULL; at++) {
		(*at)[strcspn(*at, "=")] = '\0';
		if (strncmp(*at, PJ_EXPORT_PREFIX,
		    sizeof(PJ_EXPORT_PREFIX) - 1) == 0)
			(void)pam_putenv(pamh, *at);
		free(*at);
	}
	free(all);
}

static void
unremember(pam_handle_t *pamh)
{
	(void)pam_set_data(pamh, DATA_NAME, NULL, NULL);
	if (pam_getenv(pamh, ENV_NAME) != NULL)
		(void)pam_putenv(pamh, ENV_NAME);
	forget_exports(pamh);
}

/* Notes the success where pam_sm_setcred and the session will look for it. */
static bool
note_all(struct attempt *attempt, const struct pj_decision *decision)
{
	char setting[sizeof(ENV_NAME) + 1 + PJ_TOKEN_ID_LEN];

	for (size_t i = 0; i < decision->exports.count; i++) {
		if (pam_putenv(attempt->pamh, decision->exports.items[i]) !=
		    PAM_SUCCESS)
			return false;
	}
	(void)snprintf(setting, sizeof(setting), ENV_NAME "=%s",
	    decision->token);
	return pam_putenv(attempt->pamh, setting) == PAM_SUCCESS &&
	    pam_set_data(attempt->pamh, DATA_NAME, attempt->pamh, NULL) ==
	    PAM_SUCCESS;
}

/* All of it or nothing. */
static enum pj_status
remember(struct attempt *attempt, const struct pj_decision *decision)
{
	if (note_all(attempt, decision))
		return PJ_OK;
	unremember(attempt->pamh);
	return PJ_NO_MEMORY;
}

EXPORT int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct attempt attempt = { .pamh = pamh, .conversation = PAM_SUCCESS };
	PJ_CLEANUP(pj_decision_free) struct pj_decision decision;
	const char *service = NULL;
	enum pj_status status;
	int rc;

	pj_decision_init(&decision);
	unremember(pamh);
	status = ask(&attempt, argc, argv, &service, &decision.error);
	if (status == PJ_OK && !has_room())
		status = PJ_NO_MEMORY;
	if (status == PJ_OK)
		decide(&attempt, service, &decision);
	else
		decision.status = status;
	if (decision.status == PJ_OK)
		decision.status = remember(&attempt, &decision);
	/* Before the host is talked to again, which may replace the answer. */
	if (decision.verified || holds_token(&attempt.answer))
		pj_conversation_forget(pamh);
	pj_conversation_tell(pamh, flags, &attempt.arguments, decision.tell);
	rc = pj_report(pamh, attempt.user, &decision, attempt.conversation);
	free(attempt.user);
	return rc;
}

static bool
has_data(pam_handle_t *pamh, const char *name)
{
	const void *data = NULL;

	return pam_get_data(pamh, name, &data) == PAM_SUCCESS && data != NULL;
}

/*
 * PAM_SUCCESS only for a login by token: under `sufficient` a constant
 * PAM_SUCCESS would skip pam_sm_setcred of the modules below for logins by
 * password, and a constant PAM_IGNORE breaks stacks with no other module.
 *
 * The first call decides: sshd calls again when the session has begun, and a
 * module of the session may have let the user's own ~/.pam_environment set or
 * unset the variable by then.
 */
EXPORT int
pam_sm_setcred(pam_handle_t *pamh, int flags __attribute__((unused)),
    int argc __attribute__((unused)),
    const char **argv __attribute__((unused)))
{
	bool by_token = has_data(pamh, DATA_NAME) ||
	    (!has_data(pamh, DATA_OTHER) &&
	    pam_getenv(pamh, ENV_NAME) != NULL);

	if (pam_set_data(pamh, by_token ? DATA_NAME : DATA_OTHER, pamh,
	    NULL) != PAM_SUCCESS)
		return PAM_BUF_ERR;
	return by_token ? PAM_SUCCESS : PAM_IGNORE;
}
