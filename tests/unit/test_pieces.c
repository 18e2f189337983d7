/*
 * module/pieces.h: what is asked next depends on lengths alone, and what the
 * answers amount to.  Clients of several kinds answer here as hosts let them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "module/pieces.h"

#define LONGEST	(20 * 1024)

/* What a client would send, and what became of it. */
struct run {
	char		 token[LONGEST + 1];
	size_t		 len;
	struct pj_pieces pieces;
	unsigned	 prompts;
	char		 prompt[128];	/* the last */
};

static void
make_token(struct run *run, size_t len)
{
	memset(run, 0, sizeof(*run));
	for (size_t i = 0; i < len; i++)
		run->token[i] = (char)('!' + i * 7 % 89);
	run->len = len;
	run->pieces = (struct pj_pieces)PJ_PIECES_INIT;
}

static size_t
next_prompt(struct run *run)
{
	PJ_BUF_SCOPED(prompt, sizeof(run->prompt) - 1);
	size_t from = 0;

	assert_int_equal(pj_pieces_prompt(&run->pieces, NULL, &prompt), PJ_OK);
	(void)snprintf(run->prompt, sizeof(run->prompt), "%.*s",
	    PJ_SPAN_ARG(pj_buf_span(&prompt)));
	if (run->prompts++ == 0)
		assert_string_equal(run->prompt, "Token: ");
	else
		assert_int_equal(sscanf(run->prompt,
		    "Token (after character %zu): ", &from), 1);
	return from;
}

/* Sends size bytes from where the prompt says; the host passes on cut. */
static void
answer_in_pieces(struct run *run, size_t size, size_t cut)
{
	while (pj_pieces_more(&run->pieces)) {
		struct pj_span rest = pj_span_from(pj_span(run->token,
		    run->len), next_prompt(run));

		rest.len = rest.len < size ? rest.len : size;
		rest.len = rest.len < cut ? rest.len : cut;
		assert_int_equal(pj_pieces_add(&run->pieces, rest), PJ_OK);
		assert_true(run->prompts < 100);
	}
}

/* Sends everything to every prompt, as a host does that shows none. */
static void
answer_alike(struct run *run, size_t cut)
{
	while (pj_pieces_more(&run->pieces)) {
		(void)next_prompt(run);
		assert_int_equal(pj_pieces_add(&run->pieces, pj_span(run->token,
		    run->len < cut ? run->len : cut)), PJ_OK);
		assert_true(run->prompts < 100);
	}
}

static void
assert_whole(struct run *run)
{
	assert_string_equal(pj_pieces_text(&run->pieces), run->token);
	pj_pieces_free(&run->pieces);
	/* Wiped, as every buffer is. */
	assert_null(run->pieces.joined.ptr);
}

static const size_t sizes[] = { 511, 512, 1023, 1024, 4095 };

static void
an_ordinary_answer_is_asked_for_once(void **state)
{
	const size_t lengths[] = { 0, 1, 8, 510, 513, 1022, 1025, 4094, 4096,
	    8000, 16000, PJ_TOKEN_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct run run;

		make_token(&run, lengths[i]);
		answer_alike(&run, SIZE_MAX);
		assert_int_equal(run.prompts, 1);
		assert_false(pj_pieces_blind(&run.pieces));
		assert_int_equal(run.pieces.last, lengths[i]);
		assert_whole(&run);
	}
}

static void
pieces_of_every_size_make_the_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t len = 1; len <= PJ_TOKEN_MAX;
		    len += len < 5000 ? 1 : 997) {
			struct run run;

			make_token(&run, len);
			answer_in_pieces(&run, sizes[i], SIZE_MAX);
			assert_false(pj_pieces_blind(&run.pieces));
			assert_int_equal(run.pieces.total, len);
			assert_whole(&run);
		}
	}
}

static void
what_a_host_cut_off_is_asked_for_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct run run;

		make_token(&run, 9000);
		answer_in_pieces(&run, 9000, sizes[i]);
		assert_int_equal(run.prompts, 9000 / sizes[i] + 1);
		assert_whole(&run);
	}
}

static void
a_whole_token_of_a_special_length_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct run run;

		/* From a client that can read prompts... */
		make_token(&run, sizes[i]);
		answer_in_pieces(&run, sizes[i], SIZE_MAX);
		assert_int_equal(run.prompts, 2);
		assert_false(pj_pieces_blind(&run.pieces));
		assert_whole(&run);
		/* ... and from one that cannot. */
		make_token(&run, sizes[i]);
		answer_alike(&run, SIZE_MAX);
		assert_true(pj_pieces_blind(&run.pieces));
		assert_int_equal(run.pieces.last, sizes[i]);
		assert_whole(&run);
	}
}

static void
a_blind_host_gives_the_first_answer_alone(void **state)
{
	struct run run;

	(void)state;
	make_token(&run, 2000);
	answer_alike(&run, 1023);
	assert_true(pj_pieces_blind(&run.pieces));
	run.token[1023] = '\0';
	assert_whole(&run);
}

/*
 * sshd puts junk, always the same, in the place of the answers for accounts
 * that it bars.  The prompts must not tell the difference.
 */
static void
junk_of_the_same_lengths_gets_the_same_prompts(void **state)
{
	const size_t lengths[][5] = {
		{ 511, 511, 511, 7, 0 }, { 511, 0 }, { 1023, 1023, 0 },
		{ 512, 511, 1024, 0 }, { 4095, 4095, 4095, 4095, 4095 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct run real, junk;

		make_token(&real, LONGEST);
		make_token(&junk, LONGEST);
		for (size_t k = 0, at = 0; k < 5; at += lengths[i][k++]) {
			struct pj_span a = pj_span(real.token, lengths[i][k]);
			struct pj_span b = pj_span(junk.token, lengths[i][k]);

			assert_int_equal(pj_pieces_more(&real.pieces),
			    pj_pieces_more(&junk.pieces));
			if (!pj_pieces_more(&real.pieces))
				break;
			(void)next_prompt(&real);
			(void)next_prompt(&junk);
			assert_string_equal(real.prompt, junk.prompt);
			a.ptr += at % 100;
			assert_int_equal(pj_pieces_add(&real.pieces, a),
			    PJ_OK);
			assert_int_equal(pj_pieces_add(&junk.pieces, b),
			    PJ_OK);
		}
		assert_int_equal(pj_pieces_more(&real.pieces),
		    pj_pieces_more(&junk.pieces));
		pj_pieces_free(&real.pieces);
		pj_pieces_free(&junk.pieces);
	}
}

/* The first two pieces alike, and a third: that is no blind host. */
static void
pieces_that_are_alike_by_chance_count(void **state)
{
	struct run run;

	(void)state;
	make_token(&run, 1100);
	memcpy(run.token + 511, run.token, 511);
	answer_in_pieces(&run, 511, SIZE_MAX);
	assert_false(pj_pieces_blind(&run.pieces));
	assert_whole(&run);
	make_token(&run, 1022);
	memcpy(run.token + 511, run.token, 511);
	answer_in_pieces(&run, 511, SIZE_MAX);
	assert_int_equal(run.prompts, 3);
	assert_whole(&run);
}

static void
sixteen_kib_end_the_asking(void **state)
{
	struct run run;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		make_token(&run, PJ_TOKEN_MAX);
		answer_in_pieces(&run, sizes[i], SIZE_MAX);
		assert_int_equal(run.pieces.total, PJ_TOKEN_MAX);
		assert_whole(&run);

		make_token(&run, LONGEST);
		answer_in_pieces(&run, sizes[i], SIZE_MAX);
		assert_true(run.pieces.total > PJ_TOKEN_MAX);
		assert_true(run.pieces.total <= PJ_TOKEN_MAX + sizes[i]);
		/* No more is kept than what shows it. */
		assert_int_equal(strlen(pj_pieces_text(&run.pieces)),
		    PJ_TOKEN_MAX + 1);
		pj_pieces_free(&run.pieces);
	}
	make_token(&run, LONGEST);
	answer_alike(&run, SIZE_MAX);
	assert_int_equal(run.prompts, 1);
	assert_int_equal(run.pieces.total, LONGEST);
	assert_int_equal(strlen(pj_pieces_text(&run.pieces)),
	    PJ_TOKEN_MAX + 1);
	pj_pieces_free(&run.pieces);
}

static void
the_last_answer_that_was_not_empty_is_remembered(void **state)
{
	struct run run;

	(void)state;
	make_token(&run, 2046);
	answer_in_pieces(&run, 1023, SIZE_MAX);
	assert_int_equal(run.prompts, 3);
	assert_int_equal(run.pieces.last, 1023);
	assert_whole(&run);
}

static void
the_first_prompt_can_have_words_before_it(void **state)
{
	const struct {
		const char	*before;
		const char	*prompt;
	} cases[] = {
		{ NULL, "Token: " },
		{ "", "Token: " },
		{ "Password or", "Password or Token: " },
		{ "Password or ", "Password or Token: " },
		{ "Corp.\n", "Corp.\nToken: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		PJ_BUF_SCOPED(prompt, 100);
		struct pj_pieces pieces = PJ_PIECES_INIT;

		assert_int_equal(pj_pieces_prompt(&pieces, cases[i].before,
		    &prompt), PJ_OK);
		assert_true(pj_span_is(pj_buf_span(&prompt), cases[i].prompt));
		/* The others are the same everywhere. */
		pj_buf_clear(&prompt);
		memset(pj_buf_room(&pieces.joined, 511), 'x', 511);
		assert_int_equal(pj_pieces_add(&pieces, pj_span(
		    pieces.joined.ptr, 511)), PJ_OK);
		assert_int_equal(pj_pieces_prompt(&pieces, cases[i].before,
		    &prompt), PJ_OK);
		assert_true(pj_span_is(pj_buf_span(&prompt),
		    "Token (after character 511): "));
		pj_pieces_free(&pieces);
	}
}

static void
every_limit_has_a_name_and_nothing_else_has(void **state)
{
	size_t named = 0;

	(void)state;
	for (size_t bytes = 0; bytes < LONGEST; bytes++) {
		if (pj_pieces_limit(bytes) != NULL)
			assert_int_equal(bytes, sizes[named++]);
	}
	assert_int_equal(named, sizeof(sizes) / sizeof(sizes[0]));
}

static bool no_memory;
__typeof__(pj_buf_room) __wrap_pj_buf_room;
__typeof__(pj_buf_room) __real_pj_buf_room;

unsigned char *
__wrap_pj_buf_room(struct pj_buf *buf, size_t len)
{
	return no_memory ? NULL : __real_pj_buf_room(buf, len);
}

/* Else what came before, or less, would be taken for what was entered. */
static void
an_answer_without_memory_is_none(void **state)
{
	struct pj_pieces pieces = PJ_PIECES_INIT;
	char piece[511];

	(void)state;
	memset(piece, 'x', sizeof(piece));
	assert_int_equal(pj_pieces_add(&pieces, pj_span(piece, 511)), PJ_OK);
	no_memory = true;
	assert_int_equal(pj_pieces_add(&pieces, pj_span("y", 1)),
	    PJ_NO_MEMORY);
	no_memory = false;
	assert_int_equal(pieces.answers, 1);
	assert_int_equal(pieces.total, 511);
	pj_pieces_free(&pieces);
}

static void
nothing_entered_is_an_empty_text(void **state)
{
	struct pj_pieces pieces = PJ_PIECES_INIT;

	(void)state;
	assert_true(pj_pieces_more(&pieces));
	assert_string_equal(pj_pieces_text(&pieces), "");
	assert_int_equal(pj_pieces_add(&pieces, pj_span("", 0)), PJ_OK);
	assert_false(pj_pieces_more(&pieces));
	assert_false(pj_pieces_blind(&pieces));
	assert_string_equal(pj_pieces_text(&pieces), "");
	pj_pieces_free(&pieces);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ordinary_answer_is_asked_for_once),
		cmocka_unit_test(pieces_of_every_size_make_the_whole),
		cmocka_unit_test(what_a_host_cut_off_is_asked_for_next),
		cmocka_unit_test(a_whole_token_of_a_special_length_is_whole),
		cmocka_unit_test(a_blind_host_gives_the_first_answer_alone),
		cmocka_unit_test(
		    junk_of_the_same_lengths_gets_the_same_prompts),
		cmocka_unit_test(pieces_that_are_alike_by_chance_count),
		cmocka_unit_test(sixteen_kib_end_the_asking),
		cmocka_unit_test(
		    the_last_answer_that_was_not_empty_is_remembered),
		cmocka_unit_test(the_first_prompt_can_have_words_before_it),
		cmocka_unit_test(every_limit_has_a_name_and_nothing_else_has),
		cmocka_unit_test(an_answer_without_memory_is_none),
		cmocka_unit_test(nothing_entered_is_an_empty_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
