#include "module/pieces.h"

/* The fixed ends of the prompts: programs that answer them look for these. */
#define PROMPT_FIRST	"Token: "
#define PROMPT_NEXT	"Token (after character %zu): "

/* The longest answers of hosts and clients; measured, see pam_jwks(8). */
static const struct {
	size_t		 bytes;
	const char	*who;
} limits[] = {
	{ 511, "sudo, opendoas or pam_exec" },
	{ 512, "a program with PAM_MAX_RESP_SIZE" },
	{ 1023, "the OpenSSH client" },
	{ 1024, "sshd's password method" },
	{ 4095, "su, login or a terminal" },
};

void
pj_pieces_free(struct pj_pieces *pieces)
{
	pj_buf_free(&pieces->joined);
}

bool
pj_pieces_more(const struct pj_pieces *pieces)
{
	return !pieces->ended;
}

enum pj_status
pj_pieces_prompt(const struct pj_pieces *pieces, const char *before,
    struct pj_buf *prompt)
{
	size_t len;
	bool space;

	if (pieces->answers != 0)
		return pj_buf_printf(prompt, PROMPT_NEXT, pieces->total);
	if (before == NULL)
		before = "";
	len = strlen(before);
	space = len != 0 && before[len - 1] != ' ' && before[len - 1] != '\n';
	return pj_buf_printf(prompt, "%s%s" PROMPT_FIRST, before,
	    space ? " " : "");
}

static bool
is_first_again(const struct pj_pieces *pieces, struct pj_span answer)
{
	return pj_span_equal(answer, pj_span(pieces->joined.ptr,
	    pieces->first));
}

/* Room for the NUL is made at once, so that the end cannot fail. */
static enum pj_status
append(struct pj_buf *joined, struct pj_span answer)
{
	size_t room = PJ_TOKEN_MAX + 1 - joined->len;
	unsigned char *end;

	if (answer.len > room)
		answer.len = room;
	end = pj_buf_room(joined, answer.len + 1);
	if (end == NULL)
		return PJ_NO_MEMORY;
	if (answer.len != 0)
		memcpy(end, answer.ptr, answer.len);
	end[answer.len] = '\0';
	joined->len += answer.len;
	return PJ_OK;
}

enum pj_status
pj_pieces_add(struct pj_pieces *pieces, struct pj_span answer)
{
	enum pj_status status;

	if (pieces->answers == 0) {
		pieces->first = answer.len;
		pieces->alike = true;
	} else if (!is_first_again(pieces, answer)) {
		pieces->alike = false;
	}
	status = append(&pieces->joined, answer);
	if (status != PJ_OK)
		return status;
	pieces->answers++;
	pieces->total += answer.len;
	if (answer.len != 0)
		pieces->last = answer.len;
	pieces->ended = pj_pieces_limit(answer.len) == NULL ||
	    pieces->total > PJ_TOKEN_MAX;
	return PJ_OK;
}

bool
pj_pieces_blind(const struct pj_pieces *pieces)
{
	return pieces->answers > 1 && pieces->alike;
}

const char *
pj_pieces_text(struct pj_pieces *pieces)
{
	if (pieces->joined.ptr == NULL)
		return "";
	if (pj_pieces_blind(pieces))
		pieces->joined.ptr[pieces->first] = '\0';
	return (const char *)pieces->joined.ptr;
}

const char *
pj_pieces_limit(size_t bytes)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (limits[i].bytes == bytes)
			return limits[i].who;
	}
	return NULL;
}
