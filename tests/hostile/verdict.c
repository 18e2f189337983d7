/*
 * The product's verdict on tokens, thousands in one process, for tests that
 * are driven from outside (tests/support/verdict.py).  Lines come in, each a
 * word and its argument in hexadecimal; the first three are remembered:
 *
 *	config TEXT	the configuration; KEYS in it stands for the key set
 *	now SECONDS	the time (decimal)
 *	keys TEXT	the key set, written to the file KEYS
 *	login TOKEN	who gets in as "alice" at the service "sshd"
 *	signature TOKEN	the signature alone
 *	mutate TOKEN	login, for each bit flipped, each truncation, each byte
 *			doubled
 *	threads TOKEN	the same as login, in 100 threads at once, 20 times each
 *	errors TOKEN	the same as login, for a host whose OpenSSL queue is full
 *	list		the keys: whether each is used, the helper's checks too
 *
 * The verdict is one line, its parts separated by tabs: a reason, its detail, and
 * of "signature" the payload in hexadecimal.  "mutate" answers how
 * many variants there were and how many were accepted, "threads" how many were
 * accepted, "errors" how many of the host's 16 errors are still there and how many
 * others; "list" one reason for each key, separated by blanks.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "authn/authn.h"
#include "authn/configure.h"
#include "jose/jwks.h"

#define THREADS		100
#define THREAD_ROUNDS	20

static const char *keys_path;
static struct pj_config *config;
static bool errors_expected;
static int64_t now;
static struct pj_buf keys = PJ_BUF_INIT(2 * PJ_BODY_MAX);

static void __attribute__((noreturn))
die(const char *what)
{
	(void)fprintf(stderr, "verdict: %s\n", what);
	exit(2);
}

static unsigned
digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	die("no hexadecimal digit");
	return 0;
}

/* Decodes hexadecimal in place. */
static struct pj_span
decode(char *text)
{
	size_t len = strlen(text) / 2;

	for (size_t i = 0; i < len; i++)
		text[i] = (char)(digit(text[2 * i]) << 4 |
		    digit(text[2 * i + 1]));
	return pj_span(text, len);
}

static void
set_config(struct pj_span text)
{
	const struct pj_config_host host = {
		.node_name = "host.test", .helper = "/nonexistent",
		.cache_dir = "/nonexistent", .state_dir = "/nonexistent",
	};
	struct pj_error err = { "" };

	pj_config_free(config);
	config = NULL;
	if (pj_config_new(&host, NULL, NULL, &config) != PJ_OK ||
	    pj_config_add_text(config, text, "test", &err) != PJ_OK ||
	    pj_config_finish(config, false, &err) != PJ_OK)
		die(err.detail);
}

static void
set_keys(struct pj_span text)
{
	FILE *file = fopen(keys_path, "we");

	if (file == NULL || fwrite(text.ptr, 1, text.len, file) != text.len ||
	    fclose(file) != 0)
		die("the key set cannot be written");
	pj_buf_clear(&keys);
	if (pj_buf_append(&keys, text) != PJ_OK)
		die("the key set is too large");
}

static void
read_clock(void *ctx, struct pj_clock *clock)
{
	(void)ctx;
	*clock = (struct pj_clock){ .wall = now };
}

static const struct pj_clock_source fixed = { .read = read_clock };

static void
judge(struct pj_span token, bool whole, struct pj_decision *decision,
    struct pj_buf *out)
{
	PJ_BUF_SCOPED(payload, PJ_TOKEN_MAX);
	const struct pj_login login = {
		.service = "sshd", .user = "alice", .token = token,
		.clock = &fixed, .refresher = &pj_refresher_offline,
		.no_account = true,
	};

	if (whole)
		pj_authn(config, &login, decision);
	else
		pj_authn_signature(config, &login, decision, &payload);
	if (out != NULL && pj_buf_append(out, pj_buf_span(&payload)) != PJ_OK)
		die("no memory");
	if (!errors_expected && ERR_peek_error() != 0)
		die("an error was left in OpenSSL's queue");
	if ((decision->status == PJ_OK && !decision->verified) ||
	    (!whole && (decision->status == PJ_OK) != decision->verified))
		die("accepted without verification");
}

static void
answer(struct pj_span token, bool whole)
{
	PJ_BUF_SCOPED(payload, PJ_TOKEN_MAX);
	struct pj_decision decision;

	judge(token, whole, &decision, &payload);
	(void)printf("%s\t%s\t", pj_status_name(decision.status),
	    decision.error.detail);
	for (size_t i = 0; i < payload.len; i++)
		(void)printf("%02x", payload.ptr[i]);
	(void)printf("\n");
}

struct tally {
	size_t	variants;
	size_t	accepted;
};

static void
count(struct tally *tally, struct pj_span token)
{
	struct pj_decision decision;
	/* A copy of exactly its size: a read beyond it is noticed. */
	unsigned char *copy = malloc(token.len > 0 ? token.len : 1);

	if (copy == NULL)
		die("no memory");
	memcpy(copy, token.ptr, token.len);
	judge(pj_span(copy, token.len), true, &decision, NULL);
	free(copy);
	tally->variants++;
	if (decision.status == PJ_OK)
		tally->accepted++;
}

static void
mutate(struct pj_span token)
{
	struct tally tally = { 0, 0 };
	unsigned char *text = malloc(token.len + 1);

	if (text == NULL)
		die("no memory");
	for (size_t bit = 0; bit < token.len * 8; bit++) {
		memcpy(text, token.ptr, token.len);
		text[bit / 8] = (unsigned char)(text[bit / 8] ^
		    1u << bit % 8);
		count(&tally, pj_span(text, token.len));
	}
	for (size_t len = 0; len < token.len; len++)
		count(&tally, pj_span(token.ptr, len));
	for (size_t i = 0; i < token.len; i++) {
		memcpy(text, token.ptr, i + 1);
		memcpy(text + i + 1, token.ptr + i, token.len - i);
		count(&tally, pj_span(text, token.len + 1));
	}
	free(text);
	(void)printf("%zu %zu\n", tally.variants, tally.accepted);
}

/* OpenSSL keeps the last 16 errors of a thread, ERR_NUM_ERRORS. */
static void
errors(struct pj_span token)
{
	struct pj_decision decision;
	size_t kept = 0;
	size_t others = 0;
	unsigned long code;

	for (int i = 0; i < 20; i++)
		ERR_raise(ERR_LIB_USER, 100 + i);
	errors_expected = true;
	judge(token, true, &decision, NULL);
	errors_expected = false;
	while ((code = ERR_get_error()) != 0) {
		if (ERR_GET_LIB(code) == ERR_LIB_USER)
			kept++;
		else
			others++;
	}
	(void)printf("%zu %zu\n", kept, others);
}

static void *
run_thread(void *ctx)
{
	const struct pj_span *token = ctx;
	uintptr_t accepted = 0;

	for (int i = 0; i < THREAD_ROUNDS; i++) {
		struct pj_decision decision;

		judge(*token, true, &decision, NULL);
		accepted += decision.status == PJ_OK;
	}
	return (void *)accepted;
}

static void
threads(struct pj_span token)
{
	pthread_t running[THREADS];
	uintptr_t accepted = 0;

	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&running[i], NULL, run_thread, &token) != 0)
			die("pthread_create");
	for (size_t i = 0; i < THREADS; i++) {
		void *one = NULL;

		(void)pthread_join(running[i], &one);
		accepted += (uintptr_t)one;
	}
	(void)printf("%zu\n", (size_t)accepted);
}

static void
list(void)
{
	PJ_CLEANUP(pj_cleanup_jwks) struct pj_jwks *jwks = NULL;
	enum pj_status status;

	status = pj_jwks_parse(pj_buf_span(&keys), &jwks, NULL);
	if (status != PJ_OK) {
		(void)printf("%s\n", pj_status_name(status));
		return;
	}
	for (size_t i = 0; i < pj_jwks_count(jwks); i++)
		pj_jwks_check(jwks, i);
	for (size_t i = 0; i < pj_jwks_count(jwks); i++)
		(void)printf("%s%s", i > 0 ? " " : "",
		    pj_status_name(pj_jwks_at(jwks, i)->status));
	(void)printf("\n");
	if (ERR_peek_error() != 0)
		die("an error was left in OpenSSL's queue");
}

static void
obey(const char *word, char *argument)
{
	if (strcmp(word, "now") == 0)
		now = strtoll(argument, NULL, 10);
	else if (strcmp(word, "config") == 0)
		set_config(decode(argument));
	else if (strcmp(word, "keys") == 0)
		set_keys(decode(argument));
	else if (strcmp(word, "login") == 0)
		answer(decode(argument), true);
	else if (strcmp(word, "signature") == 0)
		answer(decode(argument), false);
	else if (strcmp(word, "mutate") == 0)
		mutate(decode(argument));
	else if (strcmp(word, "threads") == 0)
		threads(decode(argument));
	else if (strcmp(word, "errors") == 0)
		errors(decode(argument));
	else if (strcmp(word, "list") == 0)
		list();
	else
		die("unknown word");
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (argc != 2)
		die("usage: verdict KEYS");
	keys_path = argv[1];
	while ((len = getline(&line, &size, stdin)) > 0) {
		char *argument;

		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		argument = strchr(line, ' ');
		if (argument != NULL)
			*argument++ = '\0';
		else
			argument = line + strlen(line);
		obey(line, argument);
	}
	free(line);
	pj_config_free(config);
	pj_buf_free(&keys);
	return 0;
}
