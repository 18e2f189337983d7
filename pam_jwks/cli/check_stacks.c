/*
 * pam-jwks check: the stacks that name the module.
 */
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "cli/check.h"
#include "policy/objections.h"

/* Modules that ask for a password and send it somewhere. */
static bool
asks_for_password(const struct pj_stack_line *line)
{
	static const char *const names[] = {
		"pam_unix.so", "pam_sss.so", "pam_ldap.so", "pam_krb5.so",
		"pam_winbind.so", "pam_pwdfile.so", "pam_userdb.so",
		"pam_systemd_home.so", "pam_radius_auth.so", "pam_tacplus.so",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(pj_stack_module(line), names[i]) == 0)
			return true;
	}
	return false;
}

static bool
takes_first_pass(const struct pj_stack_line *line)
{
	return pj_stack_has(line, "use_first_pass") ||
	    pj_stack_has(line, "try_first_pass");
}

/* True if everything must succeed, so that a later question is meant. */
static bool
must_succeed(const struct pj_stack_line *line)
{
	return strcmp(line->control, "required") == 0 ||
	    strcmp(line->control, "requisite") == 0;
}

/* What stands before the module. */
static void
check_before(struct pj_check *check, const struct pj_stack_line *ours,
    const struct pj_stack_line *line)
{
	if (strcmp(pj_stack_module(line), "pam_deny.so") == 0 &&
	    must_succeed(line))
		pj_found_at(check->findings, PJ_GRADE_ERROR,
		    PJ_FOUND_STACK_ORDER, ours->place,
		    "pam_deny.so stands before it (%s:%u)", line->place.file,
		    line->place.line);
	else if (asks_for_password(line) && !takes_first_pass(ours))
		pj_found_at(check->findings, PJ_GRADE_WARNING,
		    PJ_FOUND_STACK_ORDER, ours->place,
		    "%s stands before it (%s:%u) and asks first",
		    pj_stack_module(line), line->place.file, line->place.line);
}

static void
check_order(struct pj_check *check, const struct pj_stack *stack, size_t at)
{
	const struct pj_stack_line *ours = &stack->lines[at], *line;

	for (size_t i = 0; i < at; i++)
		check_before(check, ours, &stack->lines[i]);
	for (size_t i = at + 1; !must_succeed(ours) && i < stack->count;
	    i++) {
		line = &stack->lines[i];
		if (asks_for_password(line) && !takes_first_pass(line))
			pj_found_at(check->findings, PJ_GRADE_WARNING,
			    PJ_FOUND_STACK_ASKS_AGAIN, line->place,
			    "%s stands behind %s without use_first_pass",
			    pj_stack_module(line), PJ_MODULE);
	}
}

/* -c is about one file; without config= the usual ones are read. */
static void
tell_usual(struct pj_check *check, const struct pj_stack_line *line,
    const char *path)
{
	bool usual = strcmp(path, pj_default_config_path) == 0;

	check->used = check->used || usual;
	if (usual)
		pj_found_at(check->findings, PJ_GRADE_NOTE,
		    PJ_FOUND_STACK_CONFIG, line->place, "it uses the files in "
		    "%s as well", pj_default_config_folder);
	else
		pj_found_at(check->findings, PJ_GRADE_NOTE,
		    PJ_FOUND_STACK_CONFIG, line->place, "it uses %s, not %s",
		    pj_default_config_path, path);
}

static void
check_configuration(struct pj_check *check, const struct pj_stack_line *line)
{
	PJ_CLEANUP(pj_cleanup_str) char *wanted = NULL;
	const char *path = check->source->path;

	if (!pj_stack_has(line, "config=")) {
		if (path != NULL && check->source->folder == NULL)
			tell_usual(check, line, path);
		return;
	}
	if (path == NULL || asprintf(&wanted, "config=%s", path) < 0)
		return;
	if (pj_stack_has(line, wanted))
		check->used = true;
	else
		pj_found_at(check->findings, PJ_GRADE_NOTE,
		    PJ_FOUND_STACK_CONFIG, line->place,
		    "it uses another configuration than %s", path);
}

/* The phases behind auth. */
static void
check_phases(struct pj_check *check, const char *service)
{
	for (size_t i = 1; i < PJ_STACK_PHASES; i++) {
		const char *phase = pj_stack_phases[i];
		struct pj_stack stack = { .count = 0 };

		if (pj_stack_read(service, phase, &stack, NULL) == PJ_OK)
			for (size_t k = 0; k < stack.count; k++)
				if (pj_is_ours(&stack.lines[k]))
					pj_found_at(check->findings,
					    PJ_GRADE_ERROR,
					    PJ_FOUND_STACK_PHASE,
					    stack.lines[k].place,
					    "%s in the phase %s", PJ_MODULE,
					    phase);
		pj_stack_free(&stack);
	}
}

/* The module's place in a service's auth stack; count if it has none. */
static size_t
find_module(const char *service, struct pj_stack *stack)
{
	size_t at = 0;

	if (pj_stack_read(service, "auth", stack, NULL) != PJ_OK)
		return stack->count;
	while (at < stack->count && !pj_is_ours(&stack->lines[at]))
		at++;
	return at;
}

static bool
uses_module(const char *service)
{
	struct pj_stack stack = { .count = 0 };
	bool uses = find_module(service, &stack) < stack.count;

	pj_stack_free(&stack);
	return uses;
}

static bool
exists(const char *service)
{
	PJ_CLEANUP(pj_cleanup_str) char *path = NULL;

	return asprintf(&path, PJ_PAM_FOLDER "/%s", service) >= 0 &&
	    access(path, F_OK) == 0;
}

static void
check_partner(struct pj_check *check, const char *service)
{
	static const char *const pairs[][2] = {
		{ "sudo", "sudo-i" }, { "su", "su-l" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (strcmp(service, pairs[i][0]) == 0 &&
		    exists(pairs[i][1]) && !uses_module(pairs[i][1]))
			pj_found_at(check->findings, PJ_GRADE_WARNING,
			    PJ_FOUND_STACK_PARTNER, (struct pj_place){
			    PJ_PAM_FOLDER, 0 }, "%s uses the module, %s does "
			    "not", pairs[i][0], pairs[i][1]);
	}
}

static void
check_service(struct pj_check *check, const char *service)
{
	struct pj_stack stack = { .count = 0 };
	size_t at = find_module(service, &stack);

	check_phases(check, service);
	pj_check_lines(check, &stack);
	if (at < stack.count) {
		check_order(check, &stack, at);
		check_configuration(check, &stack.lines[at]);
		/* A service without a stack of its own has its own name. */
		if (check->config != NULL && strcmp(service, "other") != 0 &&
		    !pj_config_serves(check->config, service))
			pj_found_at(check->findings, PJ_GRADE_WARNING,
			    PJ_FOUND_STACK_NOT_SERVED, stack.lines[at].place,
			    "no section serves the service %s", service);
		check_partner(check, service);
		if (strcmp(service, "sshd") == 0)
			pj_check_sshd(check->findings);
		if (strcmp(service, "sudo") == 0)
			check->sudo_stack = true;
	}
	pj_stack_free(&stack);
}

/* A file that others include is no service, and seen through them. */
static bool
is_part(const char *name)
{
	return strncmp(name, "common-", strlen("common-")) == 0 ||
	    strcmp(name, "system-auth") == 0 ||
	    strcmp(name, "password-auth") == 0 || *name == '.';
}

static int
wanted(const struct dirent *entry)
{
	return !is_part(entry->d_name);
}

/* Services that sections name and that no stack makes use of. */
static void
check_missing(struct pj_check *check)
{
	for (size_t i = 0; i < pj_config_issuers(check->config); i++) {
		const struct pj_issuer *issuer = pj_config_issuer(
		    check->config, i);

		for (size_t k = 0; k < issuer->services.count; k++) {
			const char *name = issuer->services.items[k];

			if (strcmp(name, "any") != 0 && !uses_module(name))
				pj_found(check->findings, PJ_GRADE_NOTE,
				    PJ_FOUND_STACK_MISSING, "[issuer %s] "
				    "serves %s, whose stack does not name %s",
				    issuer->name, name, PJ_MODULE);
		}
	}
}

void
pj_check_stacks(struct pj_check *check)
{
	struct dirent **names;
	int count = scandir(PJ_PAM_FOLDER, &names, wanted, alphasort);

	if (count < 0) {
		pj_found(check->findings, PJ_GRADE_NOTE,
		    PJ_FOUND_STACKS_UNKNOWN, "%s cannot be read",
		    PJ_PAM_FOLDER);
		return;
	}
	for (int i = 0; i < count; i++) {
		check_service(check, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	if (check->config != NULL)
		check_missing(check);
}
