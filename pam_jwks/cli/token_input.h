/*
 * A token from standard input: a file, a pipe or a person who pastes it.
 */
#ifndef PJ_CLI_TOKEN_INPUT_H
#define PJ_CLI_TOKEN_INPUT_H

#include "base/buf.h"

/*
 * Reads up to the end or token's maximum.  A terminal is read up to Enter,
 * without echo and in any length: terminals cut lines at 4095 bytes otherwise.
 * False if that fails, and *why says so in words.
 */
bool	pj_token_read(struct pj_buf *token, const char **why);

#endif
