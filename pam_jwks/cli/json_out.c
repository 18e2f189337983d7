#include "cli/json_out.h"

#include "base/json_show.h"

/* The longest text: a payload, six characters for a byte. */
#define TEXT_MAX	(6 * PJ_TOKEN_MAX)

static void
begin_member(struct pj_json_out *out, const char *name)
{
	(void)fprintf(out->file, "%s", out->begun ? "," : "");
	if (name != NULL)
		(void)fprintf(out->file, "\"%s\":", name);
	out->begun = true;
}

void
pj_out_raw(struct pj_json_out *out, const char *name, struct pj_span json)
{
	begin_member(out, name);
	(void)fwrite(json.ptr, 1, json.len, out->file);
}

void
pj_out_string(struct pj_json_out *out, const char *name, struct pj_span text)
{
	PJ_BUF_SCOPED(quoted, TEXT_MAX);

	if (pj_json_quote(text, &quoted) == PJ_OK)
		pj_out_raw(out, name, pj_buf_span(&quoted));
	else
		pj_out_raw(out, name, pj_span_str("null"));
}

void
pj_out_known(struct pj_json_out *out, const char *name, const char *text)
{
	if (*text != '\0')
		pj_out_string(out, name, pj_span_str(text));
}

void
pj_out_number(struct pj_json_out *out, const char *name, long long number)
{
	begin_member(out, name);
	(void)fprintf(out->file, "%lld", number);
}

void
pj_out_bool(struct pj_json_out *out, const char *name, bool value)
{
	pj_out_raw(out, name, pj_span_str(value ? "true" : "false"));
}

struct pj_json_out
pj_out_begin(struct pj_json_out *out, const char *name, char bracket)
{
	begin_member(out, name);
	(void)fputc(bracket, out->file);
	return (struct pj_json_out){ .file = out->file };
}

void
pj_out_end(struct pj_json_out *out, char bracket)
{
	(void)fputc(bracket == '{' ? '}' : ']', out->file);
}
