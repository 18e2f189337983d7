/*
 * authn/configure.h: from files to a configuration, and on to the key supply.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "authn/configure.h"
#include "jose/digest.h"
#include "keys/cache.h"
#include "policy/options.h"

#define TEXT	"[issuer a]\nissuer = https://id.example\n" \
	"services = sshd\naudience = ssh\nuser_claim = sub\n"

static char folder[] = "/tmp/pj-configure-XXXXXX";
static char path[sizeof(folder) + 20];
static char other[sizeof(folder) + 20];
static char further[sizeof(folder) + 20];

static int
remove_one(const char *name, const struct stat *st, int type,
    struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(name);
}

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/a.conf", folder);
	(void)snprintf(other, sizeof(other), "%s/b.conf", folder);
	(void)snprintf(further, sizeof(further), "%s/a.conf.d", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 4, FTW_DEPTH | FTW_PHYS);
}

static int
clean(void **state)
{
	(void)state;
	(void)remove(path);
	(void)remove(other);
	if (nftw(further, remove_one, 4, FTW_DEPTH | FTW_PHYS) != 0 &&
	    errno != ENOENT)
		return -1;
	return chmod(folder, 0700);
}

static void
put(const char *name, const char *text, size_t len)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, 0644), 0);
}

static enum pj_status
configure(struct pj_config **config, struct pj_error *err)
{
	const struct pj_config_source source = { .path = path };

	return pj_configure(&source, config, err);
}

/* The status of reading path, which must not give a configuration. */
static void
refused(enum pj_status expected, const char *says)
{
	struct pj_config *config = NULL;
	struct pj_error err = { "" };
	enum pj_status status = configure(&config, &err);

	if (status != expected)
		fail_msg("%s: %s", pj_status_name(status), err.detail);
	assert_null(config);
	if (strstr(err.detail, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.detail, says);
}

static void
a_good_file_is_read(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_error err = { "" };

	(void)state;
	put(path, TEXT, sizeof(TEXT) - 1);
	assert_int_equal(configure(&config, &err), PJ_OK);
	assert_int_equal(pj_config_issuers(config), 1);
	assert_string_equal(pj_config_issuer(config, 0)->file, path);
	/* What the build gives. */
	assert_string_equal(pj_config_module(config)->helper, PJ_HELPER_PATH);
	assert_string_equal(pj_config_module(config)->cache_dir,
	    PJ_CACHE_DIR);
	assert_string_equal(pj_config_module(config)->state_dir,
	    PJ_STATE_DIR);
	assert_string_equal(pj_default_config_path, PJ_CONFIG_PATH);
}

static void
a_missing_file_is_config_missing(void **state)
{
	(void)state;
	refused(PJ_CONFIG_MISSING, "a.conf");
}

static void
a_file_that_others_could_have_changed_is_config_unsafe(void **state)
{
	(void)state;
	put(path, TEXT, sizeof(TEXT) - 1);
	assert_int_equal(chmod(path, 0664), 0);
	refused(PJ_CONFIG_UNSAFE, "group");
	assert_int_equal(chmod(path, 0646), 0);
	refused(PJ_CONFIG_UNSAFE, "everyone");
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	refused(PJ_CONFIG_UNSAFE, folder);
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(link(path, other), 0);
	refused(PJ_CONFIG_UNSAFE, "link");
	assert_int_equal(unlink(other), 0);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	refused(PJ_CONFIG_UNSAFE, "link");
}

static void
what_is_no_regular_file_is_config_unsafe_and_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(PJ_CONFIG_UNSAFE, "regular");
	assert_int_equal(remove(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	refused(PJ_CONFIG_UNSAFE, "regular");
}

static void
a_file_of_another_user_is_config_unsafe_for_root(void **state)
{
	(void)state;
	/* Nobody else can give a file away; cmocka's skip() reads as failed. */
	if (geteuid() != 0)
		return;
	put(path, TEXT, sizeof(TEXT) - 1);
	assert_int_equal(chown(path, 65534, 0), 0);
	refused(PJ_CONFIG_UNSAFE, "root");
}

static void
a_mistake_is_config_invalid_with_file_and_line(void **state)
{
	static const char text[] = TEXT "nonsense = 1\n";
	char expected[200];

	(void)state;
	put(path, text, sizeof(text) - 1);
	(void)snprintf(expected, sizeof(expected),
	    "%s:6: unknown key nonsense", path);
	refused(PJ_CONFIG_INVALID, expected);
	put(path, TEXT, sizeof(TEXT) - 20);
	refused(PJ_CONFIG_INVALID, "a.conf:");
}

static void
a_file_of_more_than_256_kib_is_config_invalid(void **state)
{
	char *huge = malloc(PJ_CONFIG_MAX + 1);

	(void)state;
	assert_non_null(huge);
	memset(huge, '\n', PJ_CONFIG_MAX + 1);
	put(path, huge, PJ_CONFIG_MAX + 1);
	refused(PJ_CONFIG_INVALID, "a.conf");
	free(huge);
}

static void
an_empty_file_is_a_configuration_without_issuers(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_error err = { "" };

	(void)state;
	put(path, "", 0);
	assert_int_equal(configure(&config, &err), PJ_OK);
	assert_int_equal(pj_config_issuers(config), 0);
}

static void
any_owner_is_for_files_that_a_person_names(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	const struct pj_config_source source = { .path = path,
	    .any_owner = true };
	struct pj_error err = { "" };

	(void)state;
	put(path, TEXT, sizeof(TEXT) - 1);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(pj_configure(&source, &config, &err), PJ_OK);
	assert_int_equal(pj_config_issuers(config), 1);
}

static void
count_mistake(void *ctx, const char *file, unsigned line, const char *text)
{
	unsigned *count = ctx;

	(void)file;
	(void)line;
	(void)text;
	(*count)++;
}

static void
all_mistakes_of_form_and_of_the_whole_are_collected(void **state)
{
	static const char text[] = "[issuer a]\nx = 1\ny = 2\nleeway = z\n";
	struct pj_config *config = NULL;
	struct pj_error err = { "" };
	unsigned count = 0;
	const struct pj_config_source source = { .path = path,
	    .on_mistake = count_mistake, .ctx = &count };

	(void)state;
	put(path, text, sizeof(text) - 1);
	assert_int_equal(pj_configure(&source, &config, &err),
	    PJ_CONFIG_INVALID);
	assert_int_equal(count, 7);
	assert_non_null(strstr(err.detail, ":2: unknown key x"));
	assert_null(config);
}

static void
options_stand_for_a_file(void **state)
{
	static const char *const options[] = { "issuer=https://id.example",
	    "audience=x", "user_claim=sub", "jwks_file=/k", NULL };
	static const char *const bad[] = { "issuer=https://id.example",
	    "first=1", "second=2", NULL };
	static const char *const few[] = { "jwks_file=/k", NULL };
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL, *keys =
	    NULL;
	struct pj_config *none = NULL;
	unsigned count = 0;
	const struct pj_config_source good_source = { .options = options };
	const struct pj_config_source bad_source = { .options = bad,
	    .on_mistake = count_mistake, .ctx = &count };
	const struct pj_config_source few_source = { .options = few };
	const struct pj_config_source keys_source = { .options = few,
	    .keys_only = true };
	struct pj_error err = { "" };

	(void)state;
	assert_int_equal(pj_configure(&good_source, &config, &err), PJ_OK);
	assert_string_equal(pj_config_issuer(config, 0)->name, "options");
	assert_int_equal(pj_configure(&bad_source, &none, &err),
	    PJ_CONFIG_INVALID);
	assert_string_equal(err.detail, "-o: unknown key first");
	/* Two unknown keys, and audience and user_claim are missing. */
	assert_int_equal(count, 4);
	assert_int_equal(pj_configure(&few_source, &none, &err),
	    PJ_CONFIG_INVALID);
	assert_int_equal(pj_configure(&keys_source, &keys, &err), PJ_OK);
	assert_null(none);
}

/* A file with a section whose map is the other file. */
static void
put_mapped(const char *more)
{
	char text[1000];

	(void)snprintf(text, sizeof(text), "[issuer a]\n"
	    "issuer = https://id.example\nservices = sshd\naudience = ssh\n"
	    "user_map = %s\n[issuer b]\nissuer = https://id.example\n"
	    "services = su\naudience = ssh\nuser_map = %s\n%s", other,
	    other, more);
	put(path, text, strlen(text));
}

static void
a_map_is_read_once_for_all_of_its_sections(void **state)
{
	static const char map[] = "a alice alice\nb alice bob\n";
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_error err = { "" };

	(void)state;
	put_mapped("");
	put(other, map, sizeof(map) - 1);
	if (configure(&config, &err) != PJ_OK)
		fail_msg("%s", err.detail);
	assert_int_equal(pj_map_count(pj_config_map(config, other)), 2);
}

static void
a_map_has_the_checks_of_the_configuration(void **state)
{
	static const char map[] = "a alice alice\na alice\n";
	char *huge = malloc(PJ_MAP_MAX + 1);

	(void)state;
	put_mapped("");
	refused(PJ_CONFIG_MISSING, "b.conf does not exist");
	put(other, map, sizeof(map) - 1);
	refused(PJ_CONFIG_INVALID, "b.conf:2: a line has");
	assert_int_equal(chmod(other, 0666), 0);
	refused(PJ_CONFIG_UNSAFE, "b.conf is writable by everyone");
	assert_int_equal(remove(other), 0);
	assert_int_equal(symlink(path, other), 0);
	refused(PJ_CONFIG_UNSAFE, "b.conf is a symbolic link");
	assert_int_equal(remove(other), 0);
	assert_int_equal(mkfifo(other, 0600), 0);
	refused(PJ_CONFIG_UNSAFE, "regular");
	assert_int_equal(remove(other), 0);
	assert_non_null(huge);
	memset(huge, '\n', PJ_MAP_MAX + 1);
	put(other, huge, PJ_MAP_MAX + 1);
	refused(PJ_CONFIG_INVALID, "b.conf has more than");
	free(huge);
}

static void
mistakes_in_files_and_maps_are_collected_together(void **state)
{
	static const char map[] = "x\ny\n";
	struct pj_config *config = NULL;
	struct pj_error err = { "" };
	unsigned count = 0;
	const struct pj_config_source source = { .path = path,
	    .on_mistake = count_mistake, .ctx = &count };

	(void)state;
	put_mapped("nonsense = 1\n[issuer c]\n");
	put(other, map, sizeof(map) - 1);
	assert_int_equal(pj_configure(&source, &config, &err),
	    PJ_CONFIG_INVALID);
	/* One in the file, two in the map, four keys are missing. */
	assert_int_equal(count, 7);
	assert_non_null(strstr(err.detail, "a.conf:11: unknown key"));
	assert_null(config);
}

static void
without_maps_none_is_read(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	const struct pj_config_source source = { .path = path,
	    .without_maps = true };
	struct pj_error err = { "" };

	(void)state;
	put_mapped("");
	assert_int_equal(pj_configure(&source, &config, &err), PJ_OK);
	assert_null(pj_config_map(config, other));
}

/* A file in the folder. */
static void
put_further(const char *name, const char *text)
{
	char whole[sizeof(further) + 40];

	(void)mkdir(further, 0755);
	(void)snprintf(whole, sizeof(whole), "%s/%s", further, name);
	put(whole, text, strlen(text));
}

static enum pj_status
configure_all(struct pj_config **config, unsigned *mistakes,
    struct pj_error *err)
{
	const struct pj_config_source source = { .path = path,
	    .folder = further, .ctx = mistakes,
	    .on_mistake = mistakes != NULL ? count_mistake : NULL };

	return pj_configure(&source, config, err);
}

static void
all_refused(enum pj_status expected, const char *says)
{
	struct pj_config *config = NULL;
	struct pj_error err = { "" };
	enum pj_status status = configure_all(&config, NULL, &err);

	if (status != expected || strstr(err.detail, says) == NULL)
		fail_msg("%s: \"%s\"", pj_status_name(status), err.detail);
	assert_null(config);
}

#define SECTION(name)	"[issuer " name "]\nissuer = https://id.example\n" \
	"services = sshd\naudience = ssh\nuser_claim = sub\n"

static void
a_folders_files_come_behind_the_file_in_the_order_of_bytes(void **state)
{
	static const char *const wanted[] = { "a", "ten", "B", "c" };
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_error err = { "" };

	(void)state;
	put(path, TEXT, sizeof(TEXT) - 1);
	put_further("c.conf", SECTION("c"));
	put_further("10.conf", SECTION("ten") "[module]\nhost_name = h.d\n");
	put_further("B.conf", SECTION("B") "[grant g]\nissuer = a c\n"
	    "users = x\nidentity = y\n");
	put_further("c.conf.off", "nonsense");
	put_further(".c.conf", "nonsense");
	if (configure_all(&config, NULL, &err) != PJ_OK)
		fail_msg("%s", err.detail);
	assert_int_equal(pj_config_issuers(config), 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(pj_config_issuer(config, i)->name,
		    wanted[i]);
	assert_string_equal(pj_config_module(config)->host_name, "h.d");
	assert_int_equal(pj_config_grants(config), 1);
	/* config=FILE is that file alone. */
	pj_config_free(config);
	config = NULL;
	assert_int_equal(configure(&config, &err), PJ_OK);
	assert_int_equal(pj_config_issuers(config), 1);
}

static void
the_folder_may_be_missing_and_the_file_may_not(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_error err = { "" };

	(void)state;
	put(path, TEXT, sizeof(TEXT) - 1);
	assert_int_equal(configure_all(&config, NULL, &err), PJ_OK);
	assert_string_equal(err.detail, "");
	assert_int_equal(remove(path), 0);
	put_further("a.conf", SECTION("a"));
	all_refused(PJ_CONFIG_MISSING, "a.conf does not exist");
}

static void
folder_and_files_have_the_checks_of_the_configuration(void **state)
{
	char whole[sizeof(further) + 40];

	(void)state;
	put(path, TEXT, sizeof(TEXT) - 1);
	put_further("x.conf", SECTION("x"));
	(void)snprintf(whole, sizeof(whole), "%s/x.conf", further);
	assert_int_equal(chmod(whole, 0664), 0);
	all_refused(PJ_CONFIG_UNSAFE, "x.conf is writable by its group");
	assert_int_equal(remove(whole), 0);
	assert_int_equal(symlink(path, whole), 0);
	all_refused(PJ_CONFIG_UNSAFE, "x.conf is a symbolic link");
	assert_int_equal(remove(whole), 0);
	assert_int_equal(mkdir(whole, 0755), 0);
	all_refused(PJ_CONFIG_UNSAFE, "regular");
	assert_int_equal(remove(whole), 0);
	assert_int_equal(chmod(further, 0777), 0);
	all_refused(PJ_CONFIG_UNSAFE, "a.conf.d is writable by everyone");
	assert_int_equal(chmod(further, 01777), 0);
	all_refused(PJ_CONFIG_UNSAFE, "a.conf.d is writable by everyone");
	assert_int_equal(remove(further), 0);
	assert_int_equal(symlink(folder, further), 0);
	all_refused(PJ_CONFIG_UNSAFE, "a.conf.d is a symbolic link");
	assert_int_equal(remove(further), 0);
	put(further, "", 0);
	all_refused(PJ_CONFIG_UNSAFE, "a.conf.d is not a folder");
	assert_int_equal(remove(further), 0);
}

static void
what_stands_twice_in_two_files_names_both_places(void **state)
{
	char says[3 * sizeof(path) + 60];

	(void)state;
	put(path, TEXT, sizeof(TEXT) - 1);
	put_further("x.conf", "\n" SECTION("a"));
	(void)snprintf(says, sizeof(says), "%s/x.conf:2: [issuer a] stands "
	    "in %s:1 already", further, path);
	all_refused(PJ_CONFIG_INVALID, says);
	put_further("x.conf", "[module]\n");
	put_further("y.conf", "[module]\n");
	(void)snprintf(says, sizeof(says), "y.conf:1: [module] stands in "
	    "%s/x.conf:1 already", further);
	all_refused(PJ_CONFIG_INVALID, says);
}

static void
mistakes_of_all_files_are_collected(void **state)
{
	struct pj_config *config = NULL;
	struct pj_error err = { "" };
	unsigned count = 0;

	(void)state;
	put(path, "x\n", 2);
	put_further("a.conf", "y\nz\n");
	put_further("b.conf", "[issuer b]\n");
	assert_int_equal(configure_all(&config, &count, &err),
	    PJ_CONFIG_INVALID);
	assert_int_equal(count, 7);
	assert_non_null(strstr(err.detail, "a.conf:1: neither a section"));
	assert_null(config);
}

static void
all_files_together_have_one_limit(void **state)
{
	char *text = malloc(PJ_CONFIG_MAX + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', PJ_CONFIG_MAX + 1);
	put(path, text, PJ_CONFIG_MAX - 100);
	text[101] = '\0';
	put_further("a.conf", text);
	all_refused(PJ_CONFIG_INVALID, "a.conf.d/a.conf: all files of the "
	    "configuration together have more than 262144 bytes");
	text[100] = '\0';
	put_further("a.conf", text);
	put_further("b.conf", "");
	{
		PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
		struct pj_error err = { "" };

		assert_int_equal(configure_all(&config, NULL, &err), PJ_OK);
	}
	/* What the folder's earlier files have used counts as well. */
	put_further("b.conf", "\n");
	all_refused(PJ_CONFIG_INVALID, "b.conf: all files of the");
	free(text);
}

/* A section of the folder would not be found in the file that it is named. */
static void
the_helper_is_told_of_no_file_where_there_is_a_folder(void **state)
{
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_config_source source = { .path = path, .folder = further };
	struct pj_helper helper;
	struct pj_error err = { "" };

	(void)state;
	put(path, TEXT, sizeof(TEXT) - 1);
	assert_int_equal(pj_configure(&source, &config, &err), PJ_OK);
	pj_configure_helper(config, &source, &helper);
	assert_null(helper.config);
	assert_null(helper.options);
	pj_configure_installed(&source);
	assert_string_equal(source.path, PJ_CONFIG_PATH);
	assert_string_equal(source.folder, PJ_CONFIG_PATH ".d");
}

static void
the_kernel_gives_the_host_name(void **state)
{
	static const char text[] = "[issuer a]\nissuer = https://id.example\n"
	    "services = sshd\naudience = %h\nuser_claim = sub\n";
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct utsname name;
	struct pj_error err = { "" };
	const char *audience;

	(void)state;
	assert_int_equal(uname(&name), 0);
	put(path, text, sizeof(text) - 1);
	assert_int_equal(configure(&config, &err), PJ_OK);
	audience = pj_config_issuer(config, 0)->audience.items[0];
	assert_int_equal(strlen(audience), strcspn(name.nodename, "."));
	assert_memory_equal(audience, name.nodename, strlen(audience));
}

static void
every_field_of_a_key_request_comes_from_its_key(void **state)
{
	static const char text[] = "[module]\ncache_dir = /c\n"
	    "state_dir = /s\n"
	    "[issuer a]\nissuer = https://id.example\n"
	    "services = sshd\naudience = ssh\nuser_claim = sub\n"
	    "discovery_url = https://d.example/\n"
	    "ca_file = /ca\nproxy = http://p.example\nip_resolve = 4\n"
	    "min_ttl = 1s\nmax_ttl = 2s\ndefault_ttl = 3s\n"
	    "max_stale = 61s\ndiscovery_ttl = 62s\n"
	    "discovery_max_stale = 63s\nkid_cooldown = 7s\n"
	    "[issuer b]\nissuer = https://id.example\n"
	    "services = sshd\naudience = ssh\nuser_claim = sub\n"
	    "jwks_uri = https://k.example/\nip_resolve = 6\n"
	    "[issuer c]\nissuer = https://id.example\n"
	    "services = sshd\naudience = ssh\nuser_claim = sub\n"
	    "jwks_file = /k\n";
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_key_request request;
	struct pj_error err = { "" };

	(void)state;
	put(path, text, sizeof(text) - 1);
	if (configure(&config, &err) != PJ_OK)
		fail_msg("%s", err.detail);
	memset(&request, 0xff, sizeof(request));
	pj_configure_request(config, pj_config_issuer(config, 0), &request);
	assert_string_equal(request.section, "a");
	assert_string_equal(request.issuer, "https://id.example");
	assert_string_equal(request.discovery_url, "https://d.example/");
	assert_null(request.jwks_uri);
	assert_null(request.jwks_file);
	assert_string_equal(request.ca_file, "/ca");
	assert_string_equal(request.proxy, "http://p.example");
	assert_int_equal(request.ip_resolve, PJ_IP_V4);
	assert_string_equal(request.cache_dir, "/c");
	assert_string_equal(request.state_dir, "/s");
	assert_int_equal(request.lifetimes.min_ttl, 1);
	assert_int_equal(request.lifetimes.max_ttl, 2);
	assert_int_equal(request.lifetimes.default_ttl, 3);
	assert_int_equal(request.lifetimes.max_stale, 61);
	assert_int_equal(request.lifetimes.discovery_ttl, 62);
	assert_int_equal(request.lifetimes.discovery_max_stale, 63);
	assert_int_equal(request.lifetimes.kid_cooldown, 7);
	pj_configure_request(config, pj_config_issuer(config, 1), &request);
	assert_string_equal(request.section, "b");
	assert_string_equal(request.jwks_uri, "https://k.example/");
	assert_null(request.discovery_url);
	assert_null(request.ca_file);
	assert_false(request.any_owner);
	assert_null(request.proxy);
	assert_int_equal(request.ip_resolve, PJ_IP_V6);
	pj_configure_request(config, pj_config_issuer(config, 2), &request);
	assert_string_equal(request.jwks_file, "/k");
	assert_int_equal(request.ip_resolve, PJ_IP_ANY);
}

/* The name of the cache that a section with this line more uses. */
static void
cache_of(const char *line, char id[PJ_SHA256_HEX_LEN + 1], bool *file)
{
	static const struct pj_config_host host = { .node_name = "h.example" };
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;
	struct pj_key_request request;
	struct pj_cache cache = { .id = "" };
	struct pj_error err = { "" };
	char text[500];

	(void)snprintf(text, sizeof(text), "[issuer a]\n%s%s%s%s%s\n",
	    strncmp(line, "issuer ", 7) == 0 ? "" :
	    "issuer = https://id.example\n",
	    strncmp(line, "services ", 9) == 0 ? "" : "services = sshd\n",
	    strncmp(line, "user_claim ", 11) == 0 ? "" : "user_claim = sub\n",
	    "audience = ssh\n", line);
	if (pj_config_new(&host, NULL, NULL, &config) != PJ_OK ||
	    pj_config_add_text(config, pj_span_str(text), "f", &err) !=
	    PJ_OK || pj_config_finish(config, false, &err) != PJ_OK)
		fail_msg("%s", err.detail);
	pj_configure_request(config, pj_config_issuer(config, 0), &request);
	assert_int_equal(pj_cache_open(&request, &cache, &err), PJ_OK);
	memcpy(id, cache.id, PJ_SHA256_HEX_LEN + 1);
	*file = request.jwks_file != NULL;
}

/* Every key of the table, and whether it decides which keys are trusted. */
static void
sections_share_keys_exactly_where_they_trust_the_same(void **state)
{
	static const struct {
		const char	*line;
		bool		 trust;
	} rows[] = {
		{ "issuer = https://other.example", true },
		{ "discovery_url = https://d.example/", true },
		{ "jwks_uri = https://k.example/", true },
		{ "ca_file = /ca.pem", true },
		{ "proxy = http://p.example:3128", true },
		{ "ip_resolve = 6", true },
		{ "jwks_file = /k", true },
		{ "services = su", false },
		{ "audience = other", false },
		{ "user_claim = email", false },
		{ "user_map = /m", false },
		{ "algorithms = ES256", false },
		{ "require_kid = yes", false },
		{ "typ = at+jwt", false },
		{ "leeway = 1s", false },
		{ "max_token_age = 1h", false },
		{ "max_auth_age = 1h", false },
		{ "authorized_party = x", false },
		{ "require = x is y", false },
		{ "user_strip_domain = x", false },
		{ "user_lowercase = yes", false },
		{ "allow_unverified_email = yes", false },
		{ "export = JWT_A=a", false },
		{ "account = none", false },
		{ "min_uid = 1", false },
		{ "min_ttl = 1s", false },
		{ "max_ttl = 2h", false },
		{ "default_ttl = 1s", false },
		{ "max_stale = 2d", false },
		{ "discovery_ttl = 2d", false },
		{ "discovery_max_stale = 8d", false },
		{ "kid_cooldown = 1s", false },
	};
	const size_t count = sizeof(rows) / sizeof(*rows);
	char plain[PJ_SHA256_HEX_LEN + 1], id[PJ_SHA256_HEX_LEN + 1];
	bool file;

	(void)state;
	cache_of("", plain, &file);
	for (size_t i = 0; i < count; i++) {
		cache_of(rows[i].line, id, &file);
		if ((file || strcmp(id, plain) != 0) != rows[i].trust)
			fail_msg("%s", rows[i].line);
	}
	for (size_t i = 0; i < pj_options_count; i++) {
		const char *key = pj_options[i].key;
		bool found = pj_options[i].section != PJ_SECTION_ISSUER;

		for (size_t j = 0; j < count; j++)
			found = found || (strncmp(rows[j].line, key,
			    strlen(key)) == 0 &&
			    rows[j].line[strlen(key)] == ' ');
		if (!found)
			fail_msg("no row for %s", key);
	}
}

static void
the_helper_gets_the_same_source(void **state)
{
	static const char text[] = "[module]\nhelper = /h\n"
	    "timeout_cold = 21s\ntimeout_stale = 22s\n";
	static const char *const options[] = { "helper=/x", "jwks_file=/k",
	    NULL };
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL, *made =
	    NULL;
	const struct pj_config_source source = { .path = path };
	const struct pj_config_source from_options = { .options = options,
	    .keys_only = true };
	struct pj_helper helper;
	struct pj_error err = { "" };

	(void)state;
	put(path, text, sizeof(text) - 1);
	assert_int_equal(pj_configure(&source, &config, &err), PJ_OK);
	pj_configure_helper(config, &source, &helper);
	assert_string_equal(helper.path, "/h");
	assert_string_equal(helper.config, path);
	assert_null(helper.options);
	assert_int_equal(helper.timeout_cold, 21);
	assert_int_equal(helper.timeout_stale, 22);
	assert_int_equal(pj_configure(&from_options, &made, &err), PJ_OK);
	pj_configure_helper(made, &from_options, &helper);
	assert_string_equal(helper.path, "/x");
	assert_null(helper.config);
	assert_ptr_equal(helper.options, options);
}

/* A file's sections are the module's; options are a person's own words. */
static void
only_options_may_name_key_files_of_any_owner(void **state)
{
	static const char text[] = TEXT "jwks_file = /k\n";
	static const char *const options[] = { "jwks_file=/k", NULL };
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *file = NULL, *made =
	    NULL;
	const struct pj_config_source own = { .path = path,
	    .any_owner = true };
	const struct pj_config_source words = { .options = options,
	    .keys_only = true };
	struct pj_key_request request;
	struct pj_error err = { "" };

	(void)state;
	put(path, text, sizeof(text) - 1);
	assert_int_equal(pj_configure(&own, &file, &err), PJ_OK);
	pj_configure_request(file, pj_config_issuer(file, 0), &request);
	assert_false(request.any_owner);
	assert_int_equal(pj_configure(&words, &made, &err), PJ_OK);
	pj_configure_request(made, pj_config_issuer(made, 0), &request);
	assert_true(request.any_owner);
}

/* Keys of several sections are fetched, shown and checked once. */
static void
the_first_section_with_the_same_keys_stands_for_all(void **state)
{
	static const struct pj_config_host host = { .node_name = "h.example" };
	static const char text[] =
	    "[issuer a]\nissuer = https://id.example\n"
	    "[issuer b]\nissuer = https://other.example\n"
	    "[issuer c]\nissuer = https://id.example\nrequire = x is y\n"
	    "[issuer d]\nissuer = https://id.example\njwks_file = /k\n"
	    "[issuer e]\nissuer = https://id.example\njwks_file = /k\n"
	    "[issuer f]\nissuer = https://other.example\nleeway = 1s\n"
	    "[issuer g]\nissuer = https://id.example\nca_file = /c\n";
	static const size_t firsts[] = { 0, 1, 0, 3, 4, 1, 6 };
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *config = NULL;

	(void)state;
	assert_int_equal(pj_config_new(&host, NULL, NULL, &config), PJ_OK);
	assert_int_equal(pj_config_add_text(config, pj_span_str(text), "f",
	    NULL), PJ_OK);
	for (size_t i = 0; i < sizeof(firsts) / sizeof(*firsts); i++)
		assert_int_equal(pj_configure_first(config, i), firsts[i]);
}

/* The same for maps: who tries one on the command line means that file. */
static void
only_options_may_name_maps_that_others_can_write(void **state)
{
	static const char map[] = "options re:(.*) \\1\n";
	char option[sizeof(other) + 16];
	const char *const options[] = { "issuer=https://id.example",
	    "audience=x", "jwks_file=/k", option, NULL };
	PJ_CLEANUP(pj_cleanup_config) struct pj_config *made = NULL;
	const struct pj_config_source words = { .options = options };
	struct pj_error err = { "" };

	(void)state;
	(void)snprintf(option, sizeof(option), "user_map=%s", other);
	put(other, map, sizeof(map) - 1);
	assert_int_equal(chmod(other, 0666), 0);
	assert_int_equal(pj_configure(&words, &made, &err), PJ_OK);
	assert_non_null(pj_config_map(made, other));
	put_mapped("");
	refused(PJ_CONFIG_UNSAFE, "writable by everyone");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_file_is_read, clean),
		cmocka_unit_test_setup(a_missing_file_is_config_missing,
		    clean),
		cmocka_unit_test_setup(
		    a_file_that_others_could_have_changed_is_config_unsafe,
		    clean),
		cmocka_unit_test_setup(
		what_is_no_regular_file_is_config_unsafe_and_not_waited_for,
		    clean),
		cmocka_unit_test_setup(
		    a_file_of_another_user_is_config_unsafe_for_root, clean),
		cmocka_unit_test_setup(
		    a_mistake_is_config_invalid_with_file_and_line, clean),
		cmocka_unit_test_setup(
		    a_file_of_more_than_256_kib_is_config_invalid, clean),
		cmocka_unit_test_setup(
		    an_empty_file_is_a_configuration_without_issuers, clean),
		cmocka_unit_test_setup(
		    any_owner_is_for_files_that_a_person_names, clean),
		cmocka_unit_test_setup(
		    all_mistakes_of_form_and_of_the_whole_are_collected,
		    clean),
		cmocka_unit_test(options_stand_for_a_file),
		cmocka_unit_test_setup(
		    a_map_is_read_once_for_all_of_its_sections, clean),
		cmocka_unit_test_setup(
		    a_map_has_the_checks_of_the_configuration, clean),
		cmocka_unit_test_setup(
		    mistakes_in_files_and_maps_are_collected_together, clean),
		cmocka_unit_test_setup(without_maps_none_is_read, clean),
		cmocka_unit_test_setup(
		    a_folders_files_come_behind_the_file_in_the_order_of_bytes,
		    clean),
		cmocka_unit_test_setup(
		    the_folder_may_be_missing_and_the_file_may_not, clean),
		cmocka_unit_test_setup(
		    folder_and_files_have_the_checks_of_the_configuration,
		    clean),
		cmocka_unit_test_setup(
		    what_stands_twice_in_two_files_names_both_places, clean),
		cmocka_unit_test_setup(mistakes_of_all_files_are_collected,
		    clean),
		cmocka_unit_test_setup(all_files_together_have_one_limit,
		    clean),
		cmocka_unit_test_setup(
		    the_helper_is_told_of_no_file_where_there_is_a_folder,
		    clean),
		cmocka_unit_test_setup(the_kernel_gives_the_host_name, clean),
		cmocka_unit_test_setup(
		    every_field_of_a_key_request_comes_from_its_key, clean),
		cmocka_unit_test(
		    sections_share_keys_exactly_where_they_trust_the_same),
		cmocka_unit_test(
		    the_first_section_with_the_same_keys_stands_for_all),
		cmocka_unit_test_setup(the_helper_gets_the_same_source,
		    clean),
		cmocka_unit_test_setup(
		    only_options_may_name_maps_that_others_can_write, clean),
		cmocka_unit_test_setup(
		    only_options_may_name_key_files_of_any_owner, clean),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
