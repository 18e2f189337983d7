#include "cli/finding.h"

#include <stdarg.h>

#include "cli/cli.h"

/* Columns of the output, and of the word before it. */
#define COLUMNS		80
#define INDENT		"         "

static const char *const grades[] = {
	[PJ_GRADE_OK] = "ok", [PJ_GRADE_NOTE] = "note",
	[PJ_GRADE_WARNING] = "warning", [PJ_GRADE_ERROR] = "error",
};

static const struct {
	const char	*name;
	const char	*why;
	const char	*mend;
} kinds[] = {
	[PJ_FOUND_CONFIG] = { "config", "", "" },
	[PJ_FOUND_CONFINED] = { "confined", "", "" },
	[PJ_FOUND_MODULE] = { "module", "", "" },
	[PJ_FOUND_SSHD] = { "sshd", "", "" },
	[PJ_FOUND_TIMER] = { "timer", "", "" },
	[PJ_FOUND_FETCHED] = { "fetched", "", "" },
	[PJ_FOUND_CLOCK] = { "clock", "", "" },
	[PJ_FOUND_CERTIFICATE] = { "certificate", "", "" },
	[PJ_FOUND_KEYS] = { "keys", "", "" },
	[PJ_FOUND_CONFIG_INVALID] = { "config_invalid",
	    "With a mistake in the configuration nobody logs in by token.",
	    "Correct the lines; pam_jwks.conf(5) has every key.  Then check "
	    "again: helper, folders and keys were not looked at." },
	[PJ_FOUND_CONFIG_REFUSED] = { "config_refused",
	    "The module uses only a configuration that nobody but root can "
	    "have changed; without one nobody logs in by token.",
	    "Give file and folders to root (chown root, chmod go-w), or create "
	    "the file: there is a sample with every key." },
	[PJ_FOUND_NO_ISSUER] = { "no_issuer",
	    "Only issuers that a section names are trusted.",
	    "Write a section; pam_jwks.conf(5) begins with an example." },
	[PJ_FOUND_AUDIENCE_OPEN] = { "audience_open",
	    "Whoever has an account there, and that is anybody, can get a "
	    "token that this section accepts.",
	    "Add require lines on ids that only your organisation has, or a "
	    "map or a grant." },
	[PJ_FOUND_AUDIENCE_PATTERN] = { "audience_pattern",
	    "An audience is compared byte for byte.",
	    "Write each audience on a line of its own; %f stands for the "
	    "host's name." },
	[PJ_FOUND_PARTNER_NOT_SERVED] = { "partner_not_served",
	    "The one command takes tokens, the other refuses them, which "
	    "looks like a fault.",
	    "Add the name to services, or leave it out on purpose." },
	[PJ_FOUND_MAP_NEVER_FITS] = { "map_never_fits",
	    "Somebody wrote the line to let a person in, and it does not.",
	    "Correct the line, or remove it." },
	[PJ_FOUND_KEY_WITHOUT_EFFECT] = { "key_without_effect",
	    "A rule that is not in force protects nobody.",
	    "Remove the key, or complete what it needs." },
	[PJ_FOUND_SECTION_SHADOWED] = { "section_shadowed",
	    "The first section with the token's issuer, the service and the "
	    "audience decides alone; the rules of this one are not in force "
	    "there.",
	    "Put what is special before what is general, or give the sections "
	    "services or audiences of their own." },
	[PJ_FOUND_ACCOUNT_NONE] = { "account_none",
	    "These programs log in to Unix accounts; min_uid and the rule "
	    "about root then do not protect them.",
	    "Leave account out, or move these services to another section." },
	[PJ_FOUND_CA_FILE] = { "ca_file",
	    "Without these certificates no provider can be trusted, so no "
	    "keys are fetched.",
	    "Put the CA's certificates there as PEM, owned by root." },
	[PJ_FOUND_HELPER_MISSING] = { "helper_missing",
	    "The module itself never asks the network: without the helper no "
	    "keys ever come.",
	    "Install pam-jwks-fetch with mode 755, or correct helper in "
	    "[module]." },
	[PJ_FOUND_HELPER_UNSAFE] = { "helper_unsafe",
	    "Logins run it as root: whoever can change it is root.",
	    "chown root and chmod go-w; find out who changed it." },
	[PJ_FOUND_FETCH_USER_MISSING] = { "fetch_user_missing",
	    "Keys are fetched by a user without rights; without one, not at "
	    "all.",
	    "Make the user with the command above, or name another as "
	    "fetch_user." },
	[PJ_FOUND_FETCH_USER_ROOT] = { "fetch_user_root",
	    "The process that talks to the network must not have rights.",
	    "Name an account of its own as fetch_user." },
	[PJ_FOUND_NOT_CONFINED] = { "not_confined",
	    "A process that cannot give up its rights does not fetch.",
	    "Look whether a container, SELinux or AppArmor forbids setresuid, "
	    "seccomp or Landlock to pam-jwks-fetch." },
	[PJ_FOUND_FOLDER_MISSING] = { "folder_missing",
	    "The first fetch makes it, if the folder above exists.",
	    "Nothing, or systemd-tmpfiles --create; a folder above that is "
	    "missing has to be made." },
	[PJ_FOUND_FOLDER_UNSAFE] = { "folder_unsafe",
	    "Whoever can write there decides which keys are trusted, so the "
	    "module does not read it.",
	    "Give it and the folders above to root (chown root, chmod go-w), "
	    "or name another folder." },
	[PJ_FOUND_FOLDER_UNKNOWN] = { "folder_unknown",
	    "Only root can look into it.", "Run check as root." },
	[PJ_FOUND_TIMER_OFF] = { "timer_off",
	    "Services without root cannot fetch keys; they live on what the "
	    "timer keeps fresh.",
	    "systemctl enable --now pam-jwks-refresh.timer, or run "
	    "pam-jwks-fetch --all from cron every four minutes." },
	[PJ_FOUND_NOT_ROOT] = { "not_root",
	    "Keys are fetched, and the last fetch is looked at, by root "
	    "alone.",
	    "Run check as root for the whole report." },
	[PJ_FOUND_FETCH_FAILED] = { "fetch_failed",
	    "Logins live on the keys at hand, if there are any, until "
	    "max_stale; then they fail.",
	    "pam-jwks reason NAME explains the name in the line above; see "
	    "whether this host reaches the provider." },
	[PJ_FOUND_CLOCK_DIFFERS] = { "clock_differs",
	    "By a wrong clock new tokens are from the future and old ones "
	    "still good.",
	    "Let the clock be set (timedatectl set-ntp true), or find out why "
	    "the provider's is wrong; leeway is for seconds only." },
	[PJ_FOUND_CERTIFICATE_ENDS] = { "certificate_ends",
	    "After that day no keys are fetched from there, and logins fail "
	    "once the old ones are too old.",
	    "Tell whoever runs the provider." },
	[PJ_FOUND_KEY_FILE] = { "key_file",
	    "Without a usable key every token of this issuer is refused.",
	    "Put the issuer's key set (a JSON object with keys) there, owned "
	    "by root." },
	[PJ_FOUND_CACHE_COLD] = { "cache_cold",
	    "The first login fetches them, which takes a moment.",
	    "Nothing; or pam-jwks refresh." },
	[PJ_FOUND_CACHE_UNUSABLE] = { "cache_unusable",
	    "Logins have to fetch keys before they can go on.",
	    "pam-jwks refresh; see what it says." },
	[PJ_FOUND_CACHE_OLD] = { "cache_old",
	    "The next login asks the provider first and waits for it.",
	    "Nothing, on an idle host; else pam-jwks keys tells why no fetch "
	    "came through." },
	[PJ_FOUND_CACHE_NOT_WRITTEN] = { "cache_not_written",
	    "They are kept with the state: services without root cannot read "
	    "them there, and a reboot ends them.",
	    "Make room on that disk, or make it writable; then pam-jwks "
	    "refresh." },
	[PJ_FOUND_KEY_SKIPPED] = { "key_skipped",
	    "Tokens that it has signed are refused; the other keys work.",
	    "Usually nothing: keys for encryption stand in many sets.  "
	    "pam-jwks reason NAME explains the rest." },
	[PJ_FOUND_STACKS_UNKNOWN] = { "stacks_unknown",
	    "Whether any service uses the module could not be seen.",
	    "Look at /etc/pam.d yourself." },
	[PJ_FOUND_STACK_MISSING] = { "stack_missing",
	    "A service takes tokens only if its stack names the module.",
	    "Add the line to its file in /etc/pam.d; pam_jwks(8) has it." },
	[PJ_FOUND_MODULE_MISSING] = { "module_missing",
	    "PAM treats a module that it cannot load as one that fails.",
	    "Install pam_jwks.so there, or correct the path." },
	[PJ_FOUND_MODULE_FOREIGN] = { "module_foreign",
	    "A program can only load a module of its own architecture.",
	    "Install the module for this machine, in the folder of its "
	    "architecture." },
	[PJ_FOUND_MODULE_UNSAFE] = { "module_unsafe",
	    "It runs as root in every login: whoever can change it is root.",
	    "chown root and chmod go-w; find out who changed it." },
	[PJ_FOUND_STACK_LINE] = { "stack_line",
	    "With a line that cannot be used tokens are refused there, and "
	    "mostly passwords as well.",
	    "Correct the word; an argument with spaces needs brackets, "
	    "[prompt=Password or].  Keep a root shell open meanwhile." },
	[PJ_FOUND_STACK_PHASE] = { "stack_phase",
	    "The module knows the phase auth alone; elsewhere PAM reports a "
	    "module that is unknown, and logins fail.",
	    "Remove the line." },
	[PJ_FOUND_STACK_ORDER] = { "stack_order",
	    "The token is typed at the other module's prompt, or the stack "
	    "ends before the token's turn.",
	    "Put the line of pam_jwks.so before every module that asks for a "
	    "password; pam_jwks(8) has whole stacks." },
	[PJ_FOUND_STACK_ASKS_AGAIN] = { "stack_asks_again",
	    "It asks by itself.  A host that cannot ask gives it the token, "
	    "which it may send to its own server.",
	    "Add use_first_pass to its line; instead of an include write the "
	    "line itself." },
	[PJ_FOUND_STACK_NOT_SERVED] = { "stack_not_served",
	    "Every token is refused there (service_not_served).",
	    "Add the name to services in a section, or remove the module from "
	    "that stack." },
	[PJ_FOUND_STACK_PARTNER] = { "stack_partner",
	    "They are two services: tokens work with one command and not with "
	    "the other.",
	    "Change both files, or leave it so on purpose." },
	[PJ_FOUND_STACK_CONFIG] = { "stack_config",
	    "This report is about another configuration.",
	    "Check that one as well: pam-jwks check -c FILE, or without -c "
	    "the usual one." },
	[PJ_FOUND_SSHD_UNKNOWN] = { "sshd_unknown",
	    "Whether sshd asks PAM could not be seen; sshd -T needs root and "
	    "a correct sshd_config.",
	    "Run check as root; try sshd -t." },
	[PJ_FOUND_SSHD_USE_PAM] = { "sshd_use_pam",
	    "Without it sshd never asks PAM, and no token is looked at.",
	    "UsePAM yes in sshd_config, then reload sshd." },
	[PJ_FOUND_SSHD_KBD_INTERACTIVE] = { "sshd_kbd_interactive",
	    "With the password method a token ends after 1023 bytes, and no "
	    "prompt asks for the rest.",
	    "KbdInteractiveAuthentication yes in sshd_config, then reload "
	    "sshd." },
	[PJ_FOUND_SUDO_ASKPASS] = { "sudo_askpass",
	    "sudo cuts an answer at 511 bytes, and a token signed with RSA is "
	    "longer; typed by hand it does not fit.",
	    "Path askpass and the path of pam-jwks-askpass in /etc/sudo.conf, "
	    "then sudo -A; or let the provider sign with ES256." },
};

/* Words in lines of COLUMNS at most, all indented; a long word stays whole. */
static void
print_words(const char *label, const char *words)
{
	size_t column = sizeof(INDENT) - 1 + strlen(label), len;

	(void)printf(INDENT "%s", label);
	while (*words != '\0') {
		len = strcspn(words, " ");
		if (column + 1 + len >= COLUMNS) {
			(void)printf("\n" INDENT "    ");
			column = sizeof(INDENT) - 1 + 4;
		}
		(void)printf(" %.*s", (int)len, words);
		column += 1 + len;
		words += len;
		words += strspn(words, " ");
	}
	(void)putchar('\n');
}

/* Why, and what to do, once behind the last finding of a kind. */
static void
print_reason(struct pj_findings *findings)
{
	if (findings->explain && *kinds[findings->last].why != '\0') {
		print_words("why:", kinds[findings->last].why);
		print_words("do: ", kinds[findings->last].mend);
	}
	findings->explain = false;
}

static void
print_json(struct pj_findings *findings, enum pj_grade grade,
    enum pj_finding finding, struct pj_place place, const char *words)
{
	struct pj_json_out one = pj_out_begin(&findings->list, NULL, '{');

	pj_out_known(&one, "grade", grades[grade]);
	pj_out_known(&one, "name", kinds[finding].name);
	if (place.file != NULL)
		pj_out_string(&one, "file", pj_span_str(place.file));
	if (place.line != 0)
		pj_out_number(&one, "line", place.line);
	pj_out_string(&one, "what", pj_span_str(words));
	pj_out_known(&one, "why", kinds[finding].why);
	pj_out_known(&one, "do", kinds[finding].mend);
	pj_out_end(&one, '{');
}

static void __attribute__((format(printf, 5, 0)))
print(struct pj_findings *findings, enum pj_grade grade,
    enum pj_finding finding, struct pj_place place, const char *fmt,
    va_list ap)
{
	char words[PJ_FINDING_MAX + 1];

	(void)vsnprintf(words, sizeof(words), fmt, ap);
	if (grade == PJ_GRADE_WARNING)
		findings->warnings++;
	if (grade == PJ_GRADE_ERROR)
		findings->errors++;
	if (findings->json) {
		print_json(findings, grade, finding, place, words);
		return;
	}
	if (finding != findings->last)
		print_reason(findings);
	findings->last = finding;
	findings->explain = true;
	if (place.file != NULL && place.line != 0)
		pj_cli_line("%-8s %s:%u: %s", grades[grade], place.file,
		    place.line, words);
	else
		pj_cli_line("%-8s %s%s%s", grades[grade],
		    place.file != NULL ? place.file : "",
		    place.file != NULL ? ": " : "", words);
}

void
pj_found(struct pj_findings *findings, enum pj_grade grade,
    enum pj_finding finding, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(findings, grade, finding, (struct pj_place){ NULL, 0 }, fmt, ap);
	va_end(ap);
}

void
pj_found_at(struct pj_findings *findings, enum pj_grade grade,
    enum pj_finding finding, struct pj_place place, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(findings, grade, finding, place, fmt, ap);
	va_end(ap);
}

void
pj_findings_begin(struct pj_findings *findings, bool json)
{
	*findings = (struct pj_findings){ .json = json };
	if (!json)
		return;
	findings->top = (struct pj_json_out){ .file = stdout };
	findings->top = pj_out_begin(&findings->top, NULL, '{');
	findings->list = pj_out_begin(&findings->top, "findings", '[');
}

int
pj_findings_end(struct pj_findings *findings)
{
	if (findings->json) {
		pj_out_end(&findings->list, '[');
		pj_out_number(&findings->top, "warnings", findings->warnings);
		pj_out_number(&findings->top, "errors", findings->errors);
		pj_out_end(&findings->top, '{');
		(void)putchar('\n');
	} else {
		print_reason(findings);
	}
	if (findings->errors != 0)
		return PJ_EXIT_USAGE;
	return findings->warnings != 0 ? PJ_EXIT_REFUSED : PJ_EXIT_OK;
}
