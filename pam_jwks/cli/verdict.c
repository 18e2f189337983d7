#include "cli/verdict.h"

#include <string.h>

#include "authn/explain.h"
#include "cli/json_out.h"

/* What a step saw stands under it, in columns; values begin in this one. */
#define INDENT	"         "
#define VALUES	24

/* As module/report.c answers; docs/interface.md has the same list. */
static const char *
pam_code(enum pj_status status)
{
	switch (pj_status_outcome(status)) {
	case PJ_OUTCOME_ACCEPTED:
		return "PAM_SUCCESS";
	case PJ_OUTCOME_REFUSED:
		return "PAM_AUTH_ERR";
	case PJ_OUTCOME_USER_UNKNOWN:
		return "PAM_USER_UNKNOWN";
	case PJ_OUTCOME_NO_KEYS:
		return "PAM_AUTHINFO_UNAVAIL";
	case PJ_OUTCOME_CONFIG:
		return "PAM_SERVICE_ERR";
	case PJ_OUTCOME_CONVERSATION:
		return "PAM_CONV_ERR";
	case PJ_OUTCOME_MEMORY:
		return "PAM_BUF_ERR";
	case PJ_OUTCOME_SYSTEM:
		break;
	}
	return "PAM_SYSTEM_ERR";
}

/* ---- for people --------------------------------------------------------- */

/* Facts come before their step, whose name is printed first. */
struct page {
	struct pj_buf	facts;
};

/* More than every claim of a token takes. */
#define PAGE_MAX	(16 * PJ_TOKEN_MAX)

static void
page_fact(void *ctx, const char *name, struct pj_span json, const char *note)
{
	struct page *page = ctx;

	(void)!pj_buf_printf(&page->facts, INDENT "%-14s %.*s%s%s%s\n", name,
	    PJ_SPAN_ARG(json), *note != '\0' ? " (" : "", note,
	    *note != '\0' ? ")" : "");
}

/* These show the token's own words, before or behind its signature. */
static bool
shows_token(const struct pj_step *step)
{
	return strcmp(step->name, "header") == 0 ||
	    strcmp(step->name, "section") == 0;
}

static void
print_facts(struct pj_span facts)
{
	while (facts.len > 0) {
		const unsigned char *end = memchr(facts.ptr, '\n', facts.len);
		size_t len = end == NULL ? facts.len :
		    (size_t)(end - facts.ptr);

		pj_cli_line_at(VALUES, "%.*s", PJ_SPAN_ARG(pj_span(facts.ptr,
		    len)));
		facts = pj_span_from(facts, len + 1);
	}
}

/* Each part of what is wanted on a line of its own. */
static void
print_wanted(const char *wanted)
{
	const char *name = "wanted:";

	while (*wanted != '\0') {
		const char *end = strstr(wanted, "; ");
		size_t len = end != NULL ? (size_t)(end - wanted) :
		    strlen(wanted);

		pj_cli_line_at(VALUES, INDENT "%-14s %.*s", name, (int)len,
		    wanted);
		wanted += len + (end != NULL ? 2 : 0);
		name = "";
	}
}

static void
page_step(void *ctx, const struct pj_step *step)
{
	static const char *const results[] = {
		[PJ_STEP_PASSED] = "ok",
		[PJ_STEP_FAILED] = "no",
		[PJ_STEP_NOT_TAKEN] = "-",
	};
	struct page *page = ctx;

	(void)printf("%s %2s  %s%s\n", step->decides ? "=>" : "  ",
	    results[step->result], step->name,
	    shows_token(step) ? " (not verified yet)" : "");
	print_facts(pj_buf_span(&page->facts));
	pj_buf_clear(&page->facts);
	print_wanted(step->wanted);
	if (step->result == PJ_STEP_FAILED)
		pj_cli_line_at(sizeof(INDENT) - 1, INDENT "%s: %s%s%s%s",
		    pj_status_name(step->status),
		    pj_status_sentence(step->status),
		    *step->detail != '\0' ? " (" : "", step->detail,
		    *step->detail != '\0' ? ")" : "");
	else if (*step->detail != '\0')
		pj_cli_line_at(sizeof(INDENT) - 1, INDENT "%s", step->detail);
}

static void
explain_to_people(const struct pj_cli *cli, const struct pj_config *config,
    const struct pj_login *login, const struct pj_decision *decision)
{
	struct page page = { PJ_BUF_INIT(PAGE_MAX) };
	struct pj_explain_sink sink = { page_fact, page_step, &page };

	pj_explain(config, login, decision, cli->all_claims, &sink);
	pj_buf_free(&page.facts);
}

/* What is known of a token that was refused. */
static void
print_field(const char *name, const char *value)
{
	if (*value != '\0')
		(void)printf("  %s=%s\n", name, value);
}

static void
print_exports(const struct pj_list *exports)
{
	char safe[4 * (PJ_NAME_MAX + 1 + PJ_EXPORT_MAX) + 1];

	for (size_t i = 0; i < exports->count; i++) {
		pj_escape(safe, sizeof(safe), pj_span_str(exports->items[i]));
		(void)printf("export: %s\n", safe);
	}
}

static void
print_refusal(const struct pj_decision *decision)
{
	pj_cli_say(stdout, "refused", decision->status, &decision->error);
	print_field("identity", decision->identity);
	print_field("issuer", decision->section);
	print_field("kid", decision->kid);
	print_field("token", decision->token);
}

static void
print_acceptance(const char *user, const struct pj_decision *decision)
{
	(void)printf("accepted: user=%s identity=\"%s\" rule=%s issuer=%s",
	    user, decision->identity, decision->rule, decision->section);
	if (decision->kid[0] != '\0')
		(void)printf(" kid=%s", decision->kid);
	(void)printf(" token=%s\n", decision->token);
	if (decision->error.detail[0] != '\0')
		(void)printf("note: %s\n", decision->error.detail);
	print_exports(&decision->exports);
}

/* ---- for programs ------------------------------------------------------- */

/* The steps, and the values that the next one saw. */
struct record {
	struct pj_json_out	*steps;
	struct pj_json_out	 seen;
	char			*text;		/* behind seen.file */
	size_t			 size;
};

static bool
record_begin(struct record *record)
{
	free(record->text);
	record->text = NULL;
	record->seen = (struct pj_json_out){
		.file = open_memstream(&record->text, &record->size),
	};
	return record->seen.file != NULL;
}

static void
record_fact(void *ctx, const char *name, struct pj_span json, const char *note)
{
	struct record *record = ctx;
	struct pj_json_out fact;

	if (record->seen.file == NULL && !record_begin(record))
		return;
	fact = pj_out_begin(&record->seen, NULL, '{');
	pj_out_string(&fact, "name", pj_span_str(name));
	pj_out_raw(&fact, "value", json);
	pj_out_known(&fact, "note", note);
	pj_out_end(&fact, '{');
}

static void
record_step(void *ctx, const struct pj_step *step)
{
	static const char *const results[] = {
		[PJ_STEP_PASSED] = "passed",
		[PJ_STEP_FAILED] = "failed",
		[PJ_STEP_NOT_TAKEN] = "not_taken",
	};
	struct record *record = ctx;
	struct pj_json_out out = pj_out_begin(record->steps, NULL, '{'), seen;

	pj_out_string(&out, "step", pj_span_str(step->name));
	pj_out_string(&out, "result", pj_span_str(results[step->result]));
	pj_out_bool(&out, "decides", step->decides);
	pj_out_bool(&out, "verified", step->verified);
	if (step->result == PJ_STEP_FAILED)
		pj_out_string(&out, "reason",
		    pj_span_str(pj_status_name(step->status)));
	pj_out_known(&out, "detail", step->detail);
	pj_out_known(&out, "wanted", step->wanted);
	seen = pj_out_begin(&out, "seen", '[');
	if (record->seen.file != NULL && fclose(record->seen.file) == 0)
		pj_out_raw(&seen, NULL, pj_span(record->text, record->size));
	record->seen.file = NULL;
	pj_out_end(&seen, '[');
	pj_out_end(&out, '{');
}

static void
explain_to_programs(const struct pj_cli *cli, const struct pj_config *config,
    const struct pj_login *login, const struct pj_decision *decision,
    struct pj_json_out *steps)
{
	struct record record = { .steps = steps };
	struct pj_explain_sink sink = { record_fact, record_step, &record };

	pj_explain(config, login, decision, cli->all_claims, &sink);
	if (record.seen.file != NULL)
		(void)fclose(record.seen.file);
	free(record.text);
}

static void
print_json(const struct pj_cli *cli, const struct pj_config *config,
    const struct pj_login *login, const struct pj_decision *decision)
{
	bool accepted = decision->status == PJ_OK;
	struct pj_json_out all = { .file = stdout }, list;

	(void)putchar('{');
	pj_out_string(&all, "verdict",
	    pj_span_str(accepted ? "accepted" : "refused"));
	pj_out_string(&all, "reason",
	    pj_span_str(pj_status_name(decision->status)));
	pj_out_string(&all, "sentence",
	    pj_span_str(pj_status_sentence(decision->status)));
	pj_out_known(&all, "detail", decision->error.detail);
	pj_out_string(&all, "pam", pj_span_str(pam_code(decision->status)));
	pj_out_string(&all, "user", pj_span_str(cli->user));
	pj_out_string(&all, "service", pj_span_str(login->service));
	pj_out_known(&all, "identity", decision->identity);
	pj_out_known(&all, "rule", decision->rule);
	pj_out_known(&all, "issuer", decision->section);
	pj_out_known(&all, "kid", decision->kid);
	pj_out_known(&all, "token", decision->token);
	list = pj_out_begin(&all, "exports", '[');
	for (size_t i = 0; accepted && i < decision->exports.count; i++)
		pj_out_string(&list, NULL,
		    pj_span_str(decision->exports.items[i]));
	pj_out_end(&list, '[');
	if (cli->explain) {
		list = pj_out_begin(&all, "steps", '[');
		explain_to_programs(cli, config, login, decision, &list);
		pj_out_end(&list, '[');
	}
	(void)puts("}");
}

int
pj_verdict_print(const struct pj_cli *cli, const struct pj_config *config,
    const struct pj_login *login, const struct pj_decision *decision)
{
	if (cli->json) {
		print_json(cli, config, login, decision);
		return pj_cli_exit(decision->status);
	}
	if (cli->explain)
		explain_to_people(cli, config, login, decision);
	if (decision->status == PJ_OK)
		print_acceptance(cli->user, decision);
	else
		print_refusal(decision);
	if (cli->explain)
		(void)printf("the module would answer %s\n",
		    pam_code(decision->status));
	return pj_cli_exit(decision->status);
}
