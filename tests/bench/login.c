/*
 *	login TOKEN [memory]
 *
 * A host that does one login and ends.  It links libpam alone.
 */
#include <stdlib.h>

#include "transaction.h"

int
main(int argc, char **argv)
{
	size_t len;
	char *token;
	int rc;

	if (argc < 2)
		return 2;
	token = file_text(argv[1], &len);
	rc = argc > 2 ? transaction_and_memory("bench", "alice", token) :
	    transaction("bench", "alice", token);
	free(token);
	return rc;
}
