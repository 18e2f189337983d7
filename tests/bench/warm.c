/*
 *	warm FOLDER
 *
 * A host that lives on: whole transactions one after the other in one process.
 * It links libpam alone; what a module brings and takes away again is the
 * module's to pay for.
 */
#include <security/pam_appl.h>

#include "bench.h"
#include "transaction.h"

#define ROUNDS		301
#define ROUNDS_SLOW	31

static char *answer;

static void
with(const char *service, const char *text)
{
	must(transaction(service, USER, text) == PAM_SUCCESS, service);
}

static void
with_permit(void)
{
	with("permit", answer);
}

static void
with_module(void)
{
	with(SERVICE, answer);
}

static void
with_least(void)
{
	with("least", answer);
}

static void
with_unix(void)
{
	with("unix", "alice-password");
}

static void
measure_token(const char *from, const char *name)
{
	static const struct stage stages[] = {
		STAGE("PAM transaction, pam_permit", with_permit, 1),
		STAGE("PAM transaction, pam_jwks", with_module, 1),
		/* RSA alone. */
		STAGE("PAM transaction, least.c", with_least, 1),
		/* What administrators replace. */
		STAGE("PAM transaction, pam_unix", with_unix, 1),
	};
	bool rsa = strcmp(name, "RS256") == 0;
	char path[4096], group[64];
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s.token", from, name);
	(void)snprintf(group, sizeof(group), "warm process, %s", name);
	answer = file_text(path, &len);
	measure(group, stages, rsa ? 3 : 2, ROUNDS);
	if (rsa)
		measure("password", stages, 4, ROUNDS_SLOW);
	free(answer);
}

int
main(int argc, char **argv)
{
	must(argc == 2, "usage: warm FOLDER");
	measure_token(argv[1], "RS256");
	measure_token(argv[1], "ES256");
	measure_token(argv[1], "EdDSA");
	return 0;
}
