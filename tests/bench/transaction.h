/*
 * A whole PAM transaction, as a host does it.  Also for programs that do not
 * link our library.
 */
#ifndef PJ_TESTS_TRANSACTION_H
#define PJ_TESTS_TRANSACTION_H

/* pam_start, pam_authenticate, pam_end; what pam_authenticate returned. */
int	transaction(const char *service, const char *user, const char *answer);

/*
 * The same, and prints between the last two this process's memory in KiB:
 * resident, its share of what is resident, private.
 */
int	transaction_and_memory(const char *service, const char *user,
	    const char *answer);

/* A file's whole text with a NUL behind it, from malloc; ends the program. */
char	*file_text(const char *path, size_t *len);

#endif
