/*
 * module/conversation.h: who is asked, what for, and what stays of it.  Linux-PAM
 * is replaced by a few lines here, which see every byte and fail when told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <security/pam_ext.h>

#include "base/buf.h"
#include "module/conversation.h"

static struct {
	const char	*answers[4];	/* NULL: the host gives none */
	int		 codes[4];
	unsigned	 asked;
	int		 styles[4];
	char		 prompts[4][5000];
	char		*handed[4];	/* to the module, which frees them */
	unsigned	 freed, wiped;
	char		*token;		/* PAM_AUTHTOK */
	int		 get_result, set_result;
	bool		 no_memory;
	char		 told[100];
	unsigned	 tells;
} fake;

/* The handle is never looked into. */
static char anything;
#define HANDLE	((pam_handle_t *)(void *)&anything)

/* ---- Linux-PAM ----------------------------------------------------------- */

void	__wrap_free(void *place);
void	__real_free(void *place);

/* Nothing of an answer may be left where it was. */
void
__wrap_free(void *place)
{
	static const char zeros[600];

	for (unsigned i = 0; i < fake.asked; i++) {
		if (place == NULL || place != fake.handed[i])
			continue;
		fake.freed++;
		fake.wiped += memcmp(place, zeros, strlen(fake.answers[i])) ==
		    0;
		fake.handed[i] = NULL;
	}
	__real_free(place);
}

__typeof__(pj_buf_room) __wrap_pj_buf_room;
__typeof__(pj_buf_room) __real_pj_buf_room;

unsigned char *
__wrap_pj_buf_room(struct pj_buf *buf, size_t count)
{
	return fake.no_memory ? NULL : __real_pj_buf_room(buf, count);
}

int
pam_prompt(pam_handle_t *pamh, int style, char **response, const char *fmt, ...)
{
	unsigned i = fake.asked;
	va_list ap;

	(void)pamh;
	va_start(ap, fmt);
	if (response == NULL) {
		assert_int_equal(style, PAM_ERROR_MSG);
		fake.tells++;
		(void)vsnprintf(fake.told, sizeof(fake.told), fmt, ap);
		va_end(ap);
		return PAM_SUCCESS;
	}
	assert_true(i < 4);
	fake.asked++;
	fake.styles[i] = style;
	(void)vsnprintf(fake.prompts[i], sizeof(fake.prompts[i]), fmt, ap);
	va_end(ap);
	*response = fake.handed[i] = fake.answers[i] == NULL ? NULL :
	    strdup(fake.answers[i]);
	return fake.codes[i];
}

int
pam_get_item(const pam_handle_t *pamh, int item_type, const void **item)
{
	(void)pamh;
	assert_int_equal(item_type, PAM_AUTHTOK);
	*item = fake.token;
	return fake.get_result;
}

int
pam_set_item(pam_handle_t *pamh, int item_type, const void *item)
{
	(void)pamh;
	assert_int_equal(item_type, PAM_AUTHTOK);
	if (fake.set_result != PAM_SUCCESS)
		return fake.set_result;
	__real_free(fake.token);
	fake.token = item != NULL ? strdup(item) : NULL;
	return PAM_SUCCESS;
}

/* ---- the tests ----------------------------------------------------------- */

static struct pj_arguments arguments;
static struct pj_answer answer;

static int
clear(void **state)
{
	(void)state;
	__real_free(fake.token);
	memset(&fake, 0, sizeof(fake));
	memset(&arguments, 0, sizeof(arguments));
	return 0;
}

static int
ask(void)
{
	memset(&answer, 0, sizeof(answer));
	return pj_conversation_token(HANDLE, &arguments, &answer);
}

static void
what_was_entered_is_asked_for_unseen_and_wiped(void **state)
{
	(void)state;
	arguments.prompt = "Corp.";
	fake.answers[0] = "secret";
	assert_int_equal(ask(), PAM_SUCCESS);
	assert_int_equal(fake.asked, 1);
	assert_int_equal(fake.styles[0], PAM_PROMPT_ECHO_OFF);
	assert_string_equal(fake.prompts[0], "Corp. Token: ");
	assert_true(answer.asked);
	assert_true(pj_span_is(answer.text, "secret"));
	assert_string_equal(fake.token, "secret");
	assert_int_equal(answer.total, 6);
	assert_int_equal(answer.last, 6);
	assert_int_equal(fake.freed, 1);
	assert_int_equal(fake.wiped, 1);
}

static void
pieces_are_joined_and_each_is_wiped(void **state)
{
	char piece[512], again[512];

	(void)state;
	memset(piece, 'a', 511);
	memset(again, 'b', 511);
	piece[511] = again[511] = '\0';
	fake.answers[0] = piece;
	fake.answers[1] = again;
	fake.answers[2] = "c";
	assert_int_equal(ask(), PAM_SUCCESS);
	assert_string_equal(fake.prompts[1], "Token (after character 511): ");
	assert_int_equal(answer.total, 1023);
	assert_int_equal(answer.last, 1);
	assert_false(answer.blind);
	assert_int_equal(strlen(fake.token), 1023);
	assert_int_equal(fake.wiped, 3);
	/* A host that shows no prompt entered one answer. */
	(void)clear(state);
	fake.answers[0] = fake.answers[1] = piece;
	fake.codes[2] = PAM_CONV_ERR;
	assert_int_equal(ask(), PAM_CONV_ERR);
	assert_true(answer.blind);
	assert_int_equal(answer.total, 511);
}

/* Whatever came before it: half of a token is none. */
static void
a_conversation_that_fails_leaves_no_answer(void **state)
{
	static const int codes[] = { PAM_CONV_ERR, PAM_ABORT, PAM_CONV_AGAIN,
	    PAM_BUF_ERR, PAM_IGNORE };
	char piece[512];

	memset(piece, 'a', 511);
	piece[511] = '\0';
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		(void)clear(state);
		fake.answers[0] = piece;
		fake.codes[1] = codes[i];
		fake.answers[1] = i == 0 ? "half" : NULL;
		assert_int_equal(ask(), codes[i]);
		assert_int_equal(fake.asked, 2);
		assert_int_equal(answer.total, 511);
		assert_null(answer.text.ptr);
		assert_null(fake.token);
		assert_int_equal(fake.wiped, fake.freed);
	}
	/* No answer is no empty one. */
	(void)clear(state);
	assert_int_equal(ask(), PAM_CONV_ERR);
	assert_null(fake.token);
}

static void
what_linux_pam_refuses_is_told(void **state)
{
	static char words[4097];

	(void)state;
	fake.answers[0] = "secret";
	fake.set_result = PAM_BUF_ERR;
	assert_int_equal(ask(), PAM_BUF_ERR);
	assert_null(answer.text.ptr);
	(void)clear(state);
	fake.answers[0] = "secret";
	fake.get_result = PAM_SYSTEM_ERR;
	assert_int_equal(ask(), PAM_SYSTEM_ERR);
	assert_null(answer.text.ptr);
	(void)clear(state);
	arguments.use_first_pass = true;
	fake.token = strdup("earlier");
	fake.get_result = PAM_SYSTEM_ERR;
	assert_int_equal(ask(), PAM_SYSTEM_ERR);
	assert_null(answer.text.ptr);
	/* No room for it. */
	(void)clear(state);
	fake.answers[0] = "secret";
	fake.no_memory = true;
	assert_int_equal(ask(), PAM_BUF_ERR);
	assert_null(fake.token);
	assert_int_equal(fake.wiped, 1);
	/* A prompt has a maximum. */
	(void)clear(state);
	memset(words, 'x', sizeof(words) - 1);
	arguments.prompt = words;
	fake.answers[0] = "secret";
	assert_int_equal(ask(), PAM_BUF_ERR);
	assert_int_equal(fake.asked, 0);
}

static void
an_earlier_answer_is_used_as_the_arguments_say(void **state)
{
	static const struct {
		bool		 use, try, stored, asks;
		const char	*text;	/* NULL: none */
	} cases[] = {
		{ false, false, false, true, "new" },
		{ false, false, true, true, "new" },
		{ true, false, true, false, "earlier" },
		{ true, false, false, false, NULL },
		{ false, true, true, false, "earlier" },
		{ false, true, false, true, "new" },
		{ true, true, false, false, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		(void)clear(state);
		arguments.use_first_pass = cases[i].use;
		arguments.try_first_pass = cases[i].try;
		fake.token = cases[i].stored ? strdup("earlier") : NULL;
		fake.answers[0] = "new";
		assert_int_equal(ask(), PAM_SUCCESS);
		assert_int_equal(fake.asked, cases[i].asks);
		assert_int_equal(answer.asked, cases[i].asks);
		if (cases[i].text == NULL)
			assert_null(answer.text.ptr);
		else
			assert_true(pj_span_is(answer.text, cases[i].text));
		assert_int_equal(answer.last, answer.text.len);
	}
}

static void
only_what_a_host_may_have_cut_is_called_so(void **state)
{
	static const struct {
		enum pj_status	 status;
		bool		 cut;
		size_t		 last;
		bool		 asked, blind;
		enum pj_status	 becomes;
		const char	*end;
	} cases[] = {
		{ PJ_NOT_A_JWT, true, 1023, true, false, PJ_TOKEN_TRUNCATED,
		    "the OpenSSH client passes on, and no more came" },
		{ PJ_BASE64_INVALID, true, 511, true, false,
		    PJ_TOKEN_TRUNCATED, "and no more came" },
		{ PJ_SIGNATURE_INVALID, true, 512, true, true,
		    PJ_TOKEN_TRUNCATED, "KbdInteractiveAuthentication yes)" },
		{ PJ_SIGNATURE_INVALID, true, 1024, false, false,
		    PJ_TOKEN_TRUNCATED, "an earlier module had this answer" },
		{ PJ_NOT_A_JWT, false, 1023, true, false, PJ_NOT_A_JWT, "" },
		{ PJ_NOT_A_JWT, true, 1022, true, false, PJ_NOT_A_JWT, "" },
		{ PJ_EXPIRED, true, 1023, true, false, PJ_EXPIRED, "" },
		{ PJ_OK, true, 1023, true, false, PJ_OK, "" },
		{ PJ_TOKEN_TOO_LONG, false, 9, true, false, PJ_TOKEN_TOO_LONG,
		    "2000 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pj_decision decision;
		const char *detail, *end = cases[i].end;

		answer = (struct pj_answer){ .total = 2000,
			.last = cases[i].last, .asked = cases[i].asked,
			.blind = cases[i].blind };
		pj_decision_init(&decision);
		decision.status = cases[i].status;
		decision.cut = cases[i].cut;
		pj_conversation_explain(&answer, &decision);
		assert_int_equal(decision.status, cases[i].becomes);
		detail = decision.error.detail;
		if (strlen(detail) < strlen(end) || strcmp(detail +
		    strlen(detail) - strlen(end), end) != 0 ||
		    (*end == '\0' && *detail != '\0'))
			fail_msg("%zu: %s", i, detail);
		pj_decision_free(&decision);
	}
}

static void
people_are_told_unless_they_want_to_be_left_alone(void **state)
{
	(void)state;
	pj_conversation_tell(HANDLE, 0, &arguments, "");
	pj_conversation_tell(HANDLE, PAM_SILENT, &arguments, "late");
	arguments.quiet = true;
	pj_conversation_tell(HANDLE, 0, &arguments, "late");
	assert_int_equal(fake.tells, 0);
	arguments.quiet = false;
	pj_conversation_tell(HANDLE, 0, &arguments, "50%s late");
	assert_int_equal(fake.tells, 1);
	assert_string_equal(fake.told, "50%s late");
}

static void
a_forgotten_answer_is_gone(void **state)
{
	(void)state;
	fake.token = strdup("secret");
	pj_conversation_forget(HANDLE);
	assert_null(fake.token);
}

int
main(void)
{
#define conversation_test(f)	cmocka_unit_test_setup_teardown(f, clear, clear)
	const struct CMUnitTest tests[] = {
		conversation_test(
		    what_was_entered_is_asked_for_unseen_and_wiped),
		conversation_test(pieces_are_joined_and_each_is_wiped),
		conversation_test(a_conversation_that_fails_leaves_no_answer),
		conversation_test(what_linux_pam_refuses_is_told),
		conversation_test(
		    an_earlier_answer_is_used_as_the_arguments_say),
		conversation_test(only_what_a_host_may_have_cut_is_called_so),
		conversation_test(
		    people_are_told_unless_they_want_to_be_left_alone),
		conversation_test(a_forgotten_answer_is_gone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
