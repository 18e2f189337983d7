#include "authn/explain.h"

#include <stdarg.h>
#include <stdio.h>

#include "authn/configure.h"
#include "authn/explain_private.h"
#include "base/json_show.h"
#include "policy/claims.h"
#include "policy/select.h"

/* A value: a token is the longest, and six characters stand for a byte. */
#define FACT_MAX	(6 * PJ_TOKEN_MAX)

/* ---- telling ------------------------------------------------------------ */

void
pj_explain_say(struct explanation *e, const char *name,
    const struct pj_buf *wanted, enum pj_status status,
    const struct pj_error *err)
{
	PJ_CLEANUP(pj_cleanup_str) char *words = NULL;
	struct pj_step step = {
		.name = name,
		.wanted = "",
		.result = status == PJ_OK ? PJ_STEP_PASSED : PJ_STEP_FAILED,
		.status = status,
		.detail = err != NULL ? err->detail : "",
		.verified = e->verified,
		.decides = status != PJ_OK && !e->decided &&
		    status == e->decision->status,
	};

	if (wanted != NULL && wanted->len != 0)
		words = pj_span_dup(pj_buf_span(wanted));
	if (words != NULL)
		step.wanted = words;
	e->decided = e->decided || step.decides;
	e->sink->step(e->sink->ctx, &step);
}

void
pj_explain_skip(struct explanation *e, const char *name, const char *why)
{
	struct pj_step step = {
		.name = name,
		.wanted = "",
		.result = PJ_STEP_NOT_TAKEN,
		.detail = why,
		.verified = e->verified,
	};

	e->sink->step(e->sink->ctx, &step);
}

void
pj_explain_json(struct explanation *e, const char *name,
    const struct pj_json *value, const char *note)
{
	PJ_BUF_SCOPED(text, FACT_MAX);

	if (value != NULL && pj_json_show(value, &text) == PJ_OK)
		e->sink->fact(e->sink->ctx, name, pj_buf_span(&text), note);
}

void
pj_explain_text(struct explanation *e, const char *name, struct pj_span text,
    const char *note)
{
	PJ_BUF_SCOPED(quoted, FACT_MAX);

	if (pj_json_quote(text, &quoted) == PJ_OK)
		e->sink->fact(e->sink->ctx, name, pj_buf_span(&quoted), note);
}

void
pj_explain_number(struct explanation *e, const char *name, long long number,
    const char *note)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%lld", number);
	e->sink->fact(e->sink->ctx, name, pj_span_str(text), note);
}

void
pj_explain_time(struct explanation *e, const char *name,
    const struct pj_json *value)
{
	char note[48] = "";
	int64_t time;

	if (pj_json_time(value, &time))
		(void)snprintf(note, sizeof(note), time > e->now ?
		    "in %lld s" : "%lld s ago", (long long)(time > e->now ?
		    time - e->now : e->now - time));
	pj_explain_json(e, name, value, note);
}

/* What does not fit is left out: it is help, not a verdict. */
void
pj_explain_want(struct pj_buf *wanted, const char *fmt, ...)
{
	char text[PJ_CONFIG_LINE_MAX], safe[WANTED_MAX];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	pj_escape(safe, sizeof(safe), pj_span_str(text));
	(void)!pj_buf_printf(wanted, "%s%s", wanted->len != 0 ? "; " : "",
	    safe);
}

void
pj_explain_want_list(struct pj_buf *wanted, const char *name,
    const struct pj_list *list)
{
	PJ_BUF_SCOPED(words, WANTED_MAX);

	(void)!pj_buf_printf(&words, "%s", name);
	for (size_t i = 0; i < list->count; i++)
		(void)!pj_buf_printf(&words, " %s", list->items[i]);
	pj_explain_want(wanted, "%.*s", PJ_SPAN_ARG(pj_buf_span(&words)));
}

/* ---- form and header ---------------------------------------------------- */

/* Whether a refusal of pj_jws_parse is about the header and not the form. */
static bool
is_about_header(enum pj_status status)
{
	return status == PJ_HEADER_INVALID || status == PJ_ALG_UNSUPPORTED ||
	    status == PJ_CRIT_PRESENT || status == PJ_KID_INVALID ||
	    status == PJ_PAYLOAD_UNENCODED;
}

static void
show_header(struct explanation *e, const struct pj_jws_header *header)
{
	pj_explain_text(e, "alg", pj_span_str(header->alg->name), "");
	if (header->has_kid)
		pj_explain_text(e, "kid", header->kid, "");
	if (header->has_typ)
		pj_explain_text(e, "typ", header->typ, "");
	if (header->has_x5t)
		pj_explain_text(e, "x5t", header->x5t, "");
	if (header->has_x5t_s256)
		pj_explain_text(e, "x5t#S256", header->x5t_s256, "");
}

/* Takes the token apart; NULL if that fails, which has been said then. */
static struct pj_jwt *
explain_form(struct explanation *e)
{
	PJ_CLEANUP(pj_cleanup_jws) struct pj_jws *jws = NULL;
	struct pj_span token = e->login->token;
	struct pj_error err = { "" };
	struct pj_jwt *jwt = NULL;
	enum pj_status status = pj_jws_parse(token, &jws, &err);

	pj_explain_number(e, "length", (long long)token.len, "bytes");
	if (status != PJ_OK && !is_about_header(status)) {
		pj_explain_say(e, "form", NULL, status, &err);
		return NULL;
	}
	pj_explain_say(e, "form", NULL, PJ_OK, NULL);
	if (status == PJ_OK)
		show_header(e, pj_jws_header(jws));
	pj_explain_say(e, "header", NULL, status, &err);
	if (status != PJ_OK)
		return NULL;
	err.detail[0] = '\0';
	status = pj_jwt_parse(token, &jwt, &err);
	if (status != PJ_OK)
		pj_explain_say(e, "payload", NULL, status, &err);
	return jwt;
}

/* ---- the section -------------------------------------------------------- */

/* The section to go on with where none was chosen: the first with this iss. */
static const struct pj_issuer *
nearest(const struct pj_config *config, struct pj_span iss)
{
	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		const struct pj_issuer *issuer = pj_config_issuer(config, i);

		if (issuer->issuer != NULL && pj_span_is(iss, issuer->issuer))
			return issuer;
	}
	return NULL;
}

static void
want_section(struct pj_buf *wanted, const struct pj_issuer *issuer)
{
	pj_explain_want(wanted, "[issuer %s] has iss %s", issuer->name,
	    issuer->issuer);
	pj_explain_want_list(wanted, "audience", &issuer->audience);
	pj_explain_want_list(wanted, "services", &issuer->services);
}

static void
want_issuers(struct pj_buf *wanted, const struct pj_config *config)
{
	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		const struct pj_issuer *issuer = pj_config_issuer(config, i);

		if (issuer->issuer != NULL)
			pj_explain_want(wanted, "[issuer %s] has iss %s",
			    issuer->name, issuer->issuer);
	}
}

static void
explain_section(struct explanation *e, const struct pj_jwt *jwt,
    struct pj_jwt_peek *peek)
{
	PJ_BUF_SCOPED(wanted, WANTED_MAX);
	struct pj_error err = { "" };
	enum pj_status status = pj_jwt_peek(jwt, peek, &err);

	if (status == PJ_OK) {
		pj_explain_text(e, "iss", peek->iss, "");
		pj_explain_json(e, "aud", peek->aud, "");
		pj_explain_text(e, "service", pj_span_str(e->login->service),
		    "");
		status = pj_policy_select(e->config, e->login->service, peek,
		    &e->issuer, &err);
		if (status != PJ_OK)
			e->issuer = nearest(e->config, peek->iss);
		if (e->issuer != NULL)
			want_section(&wanted, e->issuer);
		else
			want_issuers(&wanted, e->config);
	}
	pj_explain_say(e, "section", &wanted, status, &err);
}

static void
explain_allowed(struct explanation *e, const struct pj_jws_header *header)
{
	PJ_BUF_SCOPED(wanted, WANTED_MAX);
	PJ_BUF_SCOPED(names, WANTED_MAX);
	struct pj_error err = { "" };
	const struct pj_alg *alg;

	for (unsigned i = 0; (alg = pj_alg_at(i)) != NULL; i++) {
		if ((e->issuer->algorithms & PJ_ALG_BIT(alg)) != 0)
			(void)!pj_buf_printf(&names, " %s", alg->name);
	}
	pj_explain_want(&wanted, "algorithms%.*s",
	    PJ_SPAN_ARG(pj_buf_span(&names)));
	pj_explain_want_list(&wanted, "typ", &e->issuer->typ);
	if (e->issuer->require_kid)
		pj_explain_want(&wanted, "a kid");
	pj_explain_say(e, "allowed", &wanted,
	    pj_policy_header(e->issuer, header, &err), &err);
}

/*
 * A token that has expired causes no fetch.  Whether that refuses it is decided
 * behind the signature, unless there is no key for it.
 */
static void
explain_expiry(struct explanation *e, const struct pj_jwt_peek *peek)
{
	struct pj_error err = { "" };
	enum pj_status status;

	if (!peek->has_exp)
		status = pj_fail(&err, PJ_CLAIM_MISSING, "exp");
	else
		status = pj_policy_expiry(e->issuer, peek->exp, e->now, &err);
	if (status == PJ_OK)
		return;
	if (status == PJ_EXPIRED && (e->decision->verified ||
	    e->decision->status != PJ_EXPIRED))
		pj_explain_skip(e, "expiry",
		    "it has expired: nothing is fetched for it");
	else
		pj_explain_say(e, "expiry", NULL, status, &err);
}

/* ---- all of them ------------------------------------------------------- */

static void
skip_claims(struct explanation *e, const char *why)
{
	static const char *const names[] = {
		"purpose", "times", "identity", "require", "account",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		pj_explain_skip(e, names[i], why);
}

void
pj_explain(const struct pj_config *config, const struct pj_login *login,
    const struct pj_decision *decision, bool all_claims,
    const struct pj_explain_sink *sink)
{
	PJ_CLEANUP(pj_cleanup_jwt) struct pj_jwt *jwt = NULL;
	PJ_CLEANUP(pj_cleanup_claims) struct pj_claims *claims = NULL;
	struct explanation e = { .config = config, .login = login,
		.decision = decision, .sink = sink };
	struct pj_jwt_peek peek = { .has_exp = false };
	struct pj_clock clock;

	login->clock->read(login->clock->ctx, &clock);
	e.now = clock.wall;
	jwt = explain_form(&e);
	if (jwt == NULL)
		return;
	explain_section(&e, jwt, &peek);
	if (e.issuer == NULL) {
		skip_claims(&e, "no section says what is wanted");
		return;
	}
	explain_allowed(&e, pj_jwt_header(jwt));
	explain_expiry(&e, &peek);
	claims = pj_explain_signature(&e, jwt);
	if (claims == NULL)
		skip_claims(&e, "nothing in a token is believed before its "
		    "signature is verified");
	else
		pj_explain_claims(&e, claims, all_claims);
}
