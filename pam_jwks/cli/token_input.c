#include "cli/token_input.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>

/* What editors put before a text to say that it is UTF-8. */
#define BYTE_ORDER_MARK	"\xef\xbb\xbf"

/* For the handler: the terminal as it was. */
static struct termios usual;

static void
restore(int number)
{
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &usual);
	(void)raise(number);	/* blocked until here; then the default */
}

/* No echo, no lines; Ctrl-C still works, and brings the echo back. */
static bool
begin_secret(void)
{
	struct sigaction action = {
		.sa_handler = restore,
		.sa_flags = (int)SA_RESETHAND,
	};
	struct termios secret;

	if (tcgetattr(STDIN_FILENO, &usual) != 0)
		return false;
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	(void)sigaction(SIGQUIT, &action, NULL);
	secret = usual;
	secret.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
	secret.c_cc[VMIN] = 1;
	secret.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &secret) == 0;
}

/* One read; 0 at the end, below 0 if it failed. */
static ssize_t
read_some(struct pj_buf *token, size_t most)
{
	unsigned char *room = pj_buf_room(token, most);
	ssize_t got;

	if (room == NULL)
		return -1;
	do
		got = read(STDIN_FILENO, room, most);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		token->len += (size_t)got;
	return got;
}

/* A key at a time: Enter or Ctrl-D ends, the keys of erasing erase. */
static bool
read_keys(struct pj_buf *token)
{
	while (token->len < token->max) {
		unsigned char key;

		if (read_some(token, 1) != 1)
			return false;
		key = token->ptr[token->len - 1];
		if (key == '\n' || key == '\r' || key == usual.c_cc[VEOF]) {
			token->len--;
			return true;
		}
		if (key == usual.c_cc[VERASE])
			token->len -= token->len > 1 ? 2 : 1;
		else if (key == usual.c_cc[VKILL])
			token->len = 0;
	}
	return true;
}

static bool
read_terminal(struct pj_buf *token)
{
	bool done;

	(void)fputs("Token: ", stderr);
	if (!begin_secret())
		return false;
	done = read_keys(token);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &usual);
	(void)fputc('\n', stderr);
	return done;
}

static bool
read_all(struct pj_buf *token)
{
	while (token->len < token->max) {
		ssize_t got = read_some(token, token->max - token->len);

		if (got <= 0)
			return got == 0;
	}
	return true;
}

bool
pj_token_read(struct pj_buf *token, const char **why)
{
	bool done = isatty(STDIN_FILENO) == 1 ? read_terminal(token) :
	    read_all(token);

	*why = "the token cannot be read";
	if (done && pj_span_starts(pj_buf_span(token), BYTE_ORDER_MARK)) {
		*why = "the input begins with a byte order mark, which no "
		    "token has: save it without one";
		return false;
	}
	return done;
}
