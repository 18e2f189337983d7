#include "policy/export.h"

#include "base/buf.h"
#include "policy/claims.h"

/* Capitals, digits and underscores behind the prefix. */
static bool
is_name(struct pj_span name)
{
	static const size_t prefix = sizeof(PJ_EXPORT_PREFIX) - 1;

	if (!pj_span_starts(name, PJ_EXPORT_PREFIX) || name.len == prefix ||
	    name.len > PJ_NAME_MAX)
		return false;
	for (size_t i = prefix; i < name.len; i++) {
		unsigned char c = name.ptr[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '_'))
			return false;
	}
	return true;
}

/* Splits "NAME=CLAIM"; the name is empty if there is no equals sign. */
static struct pj_span
name_of(struct pj_span word, struct pj_span *claim)
{
	const unsigned char *equals = memchr(word.ptr, '=', word.len);
	size_t len = equals == NULL ? 0 : (size_t)(equals - word.ptr);

	*claim = pj_span_from(word, len + 1);
	return pj_span(word.ptr, len);
}

enum pj_status
pj_export_parse(struct pj_list *exports, struct pj_span text,
    struct pj_error *err)
{
	enum pj_status status = pj_list_add_words(exports, text, err);
	struct pj_span claim, other;

	for (size_t i = 0; status == PJ_OK && i < exports->count; i++) {
		struct pj_span name = name_of(pj_span_str(exports->items[i]),
		    &claim);

		if (!is_name(name) || claim.len == 0)
			return pj_fail(err, PJ_CONFIG_INVALID, "an item is "
			    "NAME=CLAIM, with a name of capitals, digits and "
			    "'_' that begins with " PJ_EXPORT_PREFIX ": %s",
			    exports->items[i]);
		status = pj_claim_check_name(claim, err);
		for (size_t j = 0; j < i; j++) {
			if (pj_span_equal(name, name_of(pj_span_str(
			    exports->items[j]), &other)))
				return pj_fail(err, PJ_CONFIG_INVALID,
				    "%.*s stands twice", PJ_SPAN_ARG(name));
		}
	}
	return status;
}

/* The claim's text; false if it cannot stand in an environment. */
static bool
text_of(const struct pj_json *claim, struct pj_span *text)
{
	bool boolean;

	if (pj_json_bool(claim, &boolean))
		*text = pj_span_str(boolean ? "true" : "false");
	else if (!pj_json_string(claim, text) && !pj_json_number(claim, text))
		return false;
	return text->len <= PJ_EXPORT_MAX && !pj_span_has_control(*text);
}

enum pj_status
pj_export_claims(const struct pj_issuer *issuer,
    const struct pj_claims *claims, struct pj_list *settings,
    struct pj_error *err)
{
	enum pj_status status = PJ_OK;

	for (size_t i = 0; status == PJ_OK && i < issuer->export.count; i++) {
		struct pj_span claim, name = name_of(pj_span_str(
		    issuer->export.items[i]), &claim), text;
		/* The claim is the end of the item, hence a string as well. */
		const struct pj_json *value = pj_claim_find(claims,
		    (const char *)claim.ptr);
		PJ_BUF_SCOPED(setting, PJ_NAME_MAX + 1 + PJ_EXPORT_MAX);

		if (value == NULL)
			continue;
		if (!text_of(value, &text)) {
			(void)pj_fail(err, PJ_OK, "%.*s is not exported",
			    PJ_SPAN_ARG(name));
			continue;
		}
		status = pj_buf_append(&setting, name);
		if (status == PJ_OK)
			status = pj_buf_append(&setting, pj_span("=", 1));
		if (status == PJ_OK)
			status = pj_buf_append(&setting, text);
		if (status == PJ_OK)
			status = pj_list_add(settings, pj_buf_span(&setting),
			    err);
	}
	return status;
}
