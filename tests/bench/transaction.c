#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_appl.h>

#include "transaction.h"

static int
converse(int count, const struct pam_message **messages,
    struct pam_response **responses, void *ctx)
{
	struct pam_response *fresh = calloc((size_t)count, sizeof(*fresh));

	(void)messages;
	for (int i = 0; fresh != NULL && i < count; i++)
		fresh[i].resp = strdup(ctx);
	*responses = fresh;
	return fresh != NULL ? PAM_SUCCESS : PAM_CONV_ERR;
}

/* The sum of the lines that begin with name. */
static long
sum_of(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	char line[256];
	long sum = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			sum += strtol(line + strlen(name), NULL, 10);
	if (file != NULL)
		(void)fclose(file);
	return sum;
}

static void
print_memory(void)
{
	static const char rollup[] = "/proc/self/smaps_rollup";

	(void)printf("%ld %ld %ld\n", sum_of(rollup, "Rss:"),
	    sum_of(rollup, "Pss:"), sum_of(rollup, "Private_Dirty:"));
}

static int
run(const char *service, const char *user, const char *answer, bool memory)
{
	char *copy = strdup(answer);
	const struct pam_conv conv = { converse, copy };
	pam_handle_t *pamh = NULL;
	int rc;

	rc = pam_start(service, user, &conv, &pamh);
	if (rc == PAM_SUCCESS)
		rc = pam_authenticate(pamh, 0);
	if (memory)
		print_memory();
	(void)pam_end(pamh, rc);
	free(copy);
	return rc;
}

int
transaction(const char *service, const char *user, const char *answer)
{
	return run(service, user, answer, false);
}

int
transaction_and_memory(const char *service, const char *user,
    const char *answer)
{
	return run(service, user, answer, true);
}

char *
file_text(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *text = malloc(64 * 1024);

	if (file == NULL || text == NULL) {
		(void)fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	*len = fread(text, 1, 64 * 1024 - 1, file);
	text[*len] = '\0';
	(void)fclose(file);
	return text;
}
