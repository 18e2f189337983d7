/*
 * Maps of users: an identity that a map does not name gets no user, and nobody
 * becomes root but by a line that says root.
 */
#include "fuzz.h"
#include "policy/config.h"

#define PATH	"/etc/security/users.map"

static const char section[] =
    "[issuer corp]\nissuer = https://login.example.org\nservices = sshd\n"
    "audience = ssh\nuser_claim = email\nuser_map = " PATH "\n";

static const struct pj_config_host host = {
	.node_name = "web01", .helper = "/usr/libexec/helper",
	.cache_dir = "/var/cache/pam_jwks", .state_dir = "/run/pam_jwks",
};

static void
check_match(const struct pj_map *map, struct pj_span text, const char *user)
{
	static const char *const identities[] = {
		"alice@example.org", "root", "x", "a b", "\\1",
	};

	for (size_t i = 0; i < sizeof(identities) / sizeof(*identities); i++) {
		struct pj_map_match any, literal;
		struct pj_span identity = pj_span_str(identities[i]);

		pj_map_find(map, "corp", identity, user, false, &any);
		pj_map_find(map, "corp", identity, user, true, &literal);
		/* A literal line is one of the lines. */
		FUZZ_CHECK(literal.line == 0 || any.line != 0);
		FUZZ_CHECK(any.line != 0 || !any.literal_user);
		/* To be written out it must be in the text. */
		FUZZ_CHECK(!any.literal_user || memmem(text.ptr, text.len,
		    user, strlen(user)) != NULL);
		pj_map_find(map, "another", identity, user, false, &any);
		FUZZ_CHECK(any.line == 0 || memmem(text.ptr, text.len,
		    "another", strlen("another")) != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_span text = pj_span(data, size);
	struct pj_error err = { "" };

	FUZZ_CHECK(pj_config_new(&host, NULL, NULL, &config) == PJ_OK);
	FUZZ_CHECK(pj_config_add_text(config, pj_span_str(section), "a.conf",
	    &err) == PJ_OK);
	FUZZ_CHECK(pj_config_finish(config, false, &err) == PJ_OK);
	if (pj_config_add_map(config, text, PATH, &err) != PJ_OK)
		return 0;
	check_match(pj_config_map(config, PATH), text, "alice");
	check_match(pj_config_map(config, PATH), text, "root");
	return 0;
}
