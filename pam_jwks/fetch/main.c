/*
 * pam-jwks-fetch: brings the key cache of one issuer, or of all, up to date.
 * Responsible for: arguments, and the one line that it answers per issuer.  See
 * keys/helper.h for how the module starts it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>

#include "authn/configure.h"
#include "fetch/privilege.h"
#include "fetch/refresh.h"
#include "fetch/worker.h"
#include "keys/cache.h"

#define EXIT_USAGE	2

/* The answer must be out before whoever waits loses patience. */
#define ANSWER_MS	300

/* Seconds beyond the limit after which the kernel ends this process. */
#define ALARM_SLACK	5

struct arguments {
	enum pj_refresh_cause	 cause;
	bool			 has_cause;
	bool			 all;
	bool			 only_try;
	int			 reply_fd;	/* -1: standard output */
	const char		*config;
	const char		*section;
	const char		**options;	/* NULL-terminated */
	size_t			 option_count;
};

static const char usage_text[] =
"usage: pam-jwks-fetch --cause CAUSE [--config FILE] --section NAME\n"
"       pam-jwks-fetch --cause CAUSE --option KEY=VALUE...\n"
"       pam-jwks-fetch --all [--config FILE]\n"
"       pam-jwks-fetch --try [--config FILE]\n"
"\n"
"Fetches the key sets of token issuers into the cache that pam_jwks reads.\n"
"The module and `pam-jwks refresh` start it; so does a timer, with --all.\n"
"\n"
"  --cause CAUSE    why: cold, stale, due, kid, signature or forced\n"
"  --config FILE    the configuration (default: %s)\n"
"  --section NAME   the issuer's section in it\n"
"  --option K=V     instead of a configuration: one key of a section\n"
"  --all            every section whose keys are from the network\n"
"  --try            only see whether a fetching process can be confined here\n"
"  --reply-fd N     answer on this descriptor, not on standard output\n";

static int
usage(FILE *stream)
{
	(void)fprintf(stream, usage_text, pj_default_config_path);
	return EXIT_USAGE;
}

static bool
read_fd(const char *text, int *fd)
{
	unsigned long long value;

	if (!pj_span_number(pj_span_str(text), 1023, &value) ||
	    value <= STDERR_FILENO)
		return false;
	*fd = (int)value;
	return fcntl(*fd, F_SETFD, FD_CLOEXEC) == 0;
}

static bool
take_argument(struct arguments *args, int option, const char *value)
{
	switch (option) {
	case 'a':
		args->all = true;
		return true;
	case 'c':
		args->has_cause = true;
		return pj_refresh_cause_find(pj_span_str(value), &args->cause);
	case 'f':
		args->config = value;
		return true;
	case 'o':
		args->options[args->option_count++] = value;
		return true;
	case 'r':
		return read_fd(value, &args->reply_fd);
	case 's':
		args->section = value;
		return true;
	case 't':
		args->only_try = true;
		return true;
	default:
		return false;
	}
}

/* args->options has room for argc words. */
static bool
read_arguments(int argc, char **argv, struct arguments *args)
{
	static const struct option names[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "cause", required_argument, NULL, 'c' },
		{ "config", required_argument, NULL, 'f' },
		{ "option", required_argument, NULL, 'o' },
		{ "reply-fd", required_argument, NULL, 'r' },
		{ "section", required_argument, NULL, 's' },
		{ "try", no_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	bool by_options;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (!take_argument(args, option, optarg))
			return false;
	by_options = args->option_count > 0;
	if (optind != argc || (by_options && args->config != NULL))
		return false;
	if (args->all || args->only_try)
		return args->all != args->only_try && !by_options &&
		    args->section == NULL && !args->has_cause;
	/* Exactly one way to name the section. */
	return args->has_cause && by_options == (args->section == NULL);
}

/* Writes "pam-jwks-fetch 1 STATUS DETAIL\n"; a failure has no address. */
static void
reply(const struct arguments *args, enum pj_status status,
    const struct pj_error *err)
{
	char line[PJ_REPLY_MAX];
	int fd = args->reply_fd >= 0 ? args->reply_fd : STDOUT_FILENO;
	int len;

	len = snprintf(line, sizeof(line), "pam-jwks-fetch 1 %s%s%s\n",
	    pj_status_name(status), err->detail[0] != '\0' ? " " : "",
	    err->detail);
	if (len > 0 && (size_t)len < sizeof(line))
		(void)!write(fd, line, (size_t)len);
}

/*
 * The first process of a container ignores signals whose action is the default
 * one, and SIGALRM is to end this program there as well.
 */
static void
end_at_once(int sig)
{
	(void)sig;
	_exit(EXIT_FAILURE);
}

static void
set_alarm(unsigned seconds)
{
	struct sigaction action = { .sa_handler = end_at_once };

	(void)sigaction(SIGALRM, &action, NULL);
	(void)alarm(seconds);
}

static enum pj_status
refresh(const struct pj_config *config, const struct pj_issuer *issuer,
    enum pj_refresh_cause cause, struct pj_error *err)
{
	const struct pj_module_settings *module = pj_config_module(config);
	int64_t limit = cause == PJ_CAUSE_STALE ? module->timeout_stale :
	    module->timeout_cold;
	struct pj_refresh settings = {
		.fetch_user = module->fetch_user,
		.clock = &pj_clock_system,
		.limit_ms = limit * 1000 - ANSWER_MS,
		.connect_ms = module->connect_timeout * 1000,
		.request_ms = module->request_timeout * 1000,
	};
	struct pj_key_request request;
	enum pj_status status;

	pj_configure_request(config, issuer, &request);
	/* Whatever hangs, a file system for example, does not hang for ever. */
	set_alarm((unsigned)limit + ALARM_SLACK);
	status = pj_refresh(&settings, &request, cause, err);
	(void)alarm(0);
	return status;
}

/*
 * A provider whose certificate was good for this clock has just answered, so
 * that it is not altogether wrong.
 */
static void
remove_unused(const struct pj_config *config)
{
	struct pj_cache used[PJ_ISSUERS_MAX];
	struct pj_key_request request;
	const struct pj_issuer *issuer;
	struct pj_clock now;
	size_t count = 0;

	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		issuer = pj_config_issuer(config, i);
		if (issuer->jwks_file != NULL)
			continue;
		pj_configure_request(config, issuer, &request);
		if (pj_cache_open(&request, &used[count++], NULL) != PJ_OK)
			return;
	}
	pj_clock_system.read(pj_clock_system.ctx, &now);
	pj_cache_remove_unused(pj_config_module(config)->cache_dir, now.wall,
	    used, count);
}

/* A key set that several sections share is asked for once. */
static int
refresh_all(const struct arguments *args, const struct pj_config *config)
{
	enum pj_status results[PJ_ISSUERS_MAX] = { PJ_OK };
	const struct pj_issuer *issuer;
	struct pj_error err;
	int code = EXIT_SUCCESS;
	bool fetched = false;
	size_t first;

	for (size_t i = 0; i < pj_config_issuers(config); i++) {
		issuer = pj_config_issuer(config, i);
		if (issuer->jwks_file != NULL)
			continue;
		err.detail[0] = '\0';
		first = pj_configure_first(config, i);
		if (first == i)
			results[i] = refresh(config, issuer, PJ_CAUSE_FORCED,
			    &err);
		else
			results[i] = pj_fail(&err, results[first],
			    "see [issuer %s], it has the same keys",
			    pj_config_issuer(config, first)->name);
		if (results[i] != PJ_OK)
			code = EXIT_FAILURE;
		else
			fetched = true;
		(void)pj_fail_in(&err, results[i], "%s", issuer->name);
		reply(args, results[i], &err);
	}
	if (fetched)
		remove_unused(config);
	return code;
}

static int
refresh_one(const struct arguments *args, const struct pj_config *config)
{
	const struct pj_issuer *issuer = NULL;
	struct pj_error err = { "" };
	enum pj_status status;

	if (args->section != NULL)
		issuer = pj_config_find(config, args->section);
	else if (pj_config_issuers(config) > 0)
		issuer = pj_config_issuer(config, 0);
	if (issuer == NULL)
		status = pj_fail(&err, PJ_CONFIG_INVALID,
		    "there is no section %s", args->section != NULL ?
		    args->section : "");
	else
		status = refresh(config, issuer, args->cause, &err);
	reply(args, status, &err);
	return status == PJ_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Nobody is asked: a worker confines itself and ends. */
static int
try_worker(const struct arguments *args, const struct pj_config *config)
{
	struct pj_fetch_user user;
	struct pj_error err = { "" };
	enum pj_status status;

	status = pj_privilege_find(pj_config_module(config)->fetch_user, &user,
	    &err);
	if (status == PJ_OK)
		status = pj_worker_try(&user, &err);
	reply(args, status, &err);
	return status == PJ_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run(struct arguments *args)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_config_source source = { .path = args->config,
	    .without_maps = true };
	struct pj_error err = { "" };
	enum pj_status status;

	if (args->option_count > 0)
		source.options = args->options;
	else if (source.path == NULL)
		pj_configure_installed(&source);
	/* Options may stand for less than a login needs. */
	source.keys_only = source.options != NULL;
	status = pj_privilege_begin(args->reply_fd, &err);
	if (status == PJ_OK)
		status = pj_configure(&source, &config, &err);
	if (status != PJ_OK) {
		reply(args, status, &err);
		return EXIT_FAILURE;
	}
	if (args->only_try)
		return try_worker(args, config);
	return args->all ? refresh_all(args, config) :
	    refresh_one(args, config);
}

int
main(int argc, char **argv)
{
	struct arguments args = { .reply_fd = -1 };
	int code;

	args.options = calloc((size_t)argc + 1, sizeof(*args.options));
	if (args.options == NULL)
		return EXIT_FAILURE;
	if (read_arguments(argc, argv, &args))
		code = run(&args);
	else
		code = usage(argc == 1 ? stdout : stderr);
	free(args.options);
	return code;
}
