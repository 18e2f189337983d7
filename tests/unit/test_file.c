/*
 * base/file.h: only what nobody else can have changed is read, and a replaced file
 * is the old one or the new one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/file.h"
#include "scratch.h"

#define SOMEBODY	12345

static enum pj_status
read_it(const char *name, struct pj_error *err)
{
	PJ_BUF_SCOPED(buf, 1000);

	err->detail[0] = '\0';
	return pj_file_read(at(name), &buf, err);
}

/* Reading name gives status, with word in the detail. */
static void
gives(const char *name, enum pj_status status, const char *word)
{
	struct pj_error err;

	assert_string_equal(pj_status_name(read_it(name, &err)),
	    pj_status_name(status));
	if (strstr(err.detail, word) == NULL)
		fail_msg("no '%s' in: %s", word, err.detail);
}

static void
a_file_of_ours_is_read_and_appended(void **state)
{
	PJ_BUF_SCOPED(buf, 7);
	struct pj_error err;

	(void)state;
	put("f", "text", 0644);
	assert_int_equal(pj_buf_append(&buf, pj_span("abc", 3)), PJ_OK);
	assert_int_equal(pj_file_read(at("f"), &buf, &err), PJ_OK);
	assert_memory_equal(buf.ptr, "abctext", 7);
	assert_int_equal(pj_file_read(at("f"), &buf, &err), PJ_FILE_TOO_LARGE);
	assert_int_equal(buf.len, 7);
	/* Also if a part of it would have fitted. */
	buf.len = 5;
	assert_int_equal(pj_file_read(at("f"), &buf, &err), PJ_FILE_TOO_LARGE);
	assert_int_equal(buf.len, 5);
	put("empty", "", 0600);
	assert_int_equal(pj_file_read(at("empty"), &buf, &err), PJ_OK);
}

static void
what_is_no_regular_file_is_refused_at_once(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	(void)alarm(20);
	assert_int_equal(mkfifo(at("fifo"), 0600), 0);
	gives("fifo", PJ_FILE_UNSAFE, "not a regular file");
	assert_int_equal(mkdir(at("dir"), 0700), 0);
	gives("dir", PJ_FILE_UNSAFE, "not a regular file");
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%.90s",
	    at("sock"));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	gives("sock", PJ_FILE_UNSAFE, "not a regular file");
	assert_int_equal(close(fd), 0);
	if (mknod(at("null"), S_IFCHR | 0600, makedev(1, 3)) == 0)
		gives("null", PJ_FILE_UNSAFE, "not a regular file");
	gives("nothing", PJ_FILE_MISSING, "does not exist");
	(void)alarm(0);
}

static void
links_are_refused(void **state)
{
	(void)state;
	put("f", "text", 0600);
	assert_int_equal(symlink("f", at("soft")), 0);
	gives("soft", PJ_FILE_UNSAFE, "symbolic link");
	assert_int_equal(link(at("f"), at("hard")), 0);
	gives("hard", PJ_FILE_UNSAFE, "hard link");
	gives("f", PJ_FILE_UNSAFE, "hard link");
	assert_int_equal(mkdir(at("d"), 0700), 0);
	put("d/f", "text", 0600);
	assert_int_equal(symlink("d", at("softdir")), 0);
	gives("softdir/f", PJ_FILE_UNSAFE, "symbolic link");
	gives("f/f", PJ_FILE_UNSAFE, "not a folder");
}

static void
write_bits_of_others_are_refused_with_the_remedy(void **state)
{
	(void)state;
	put("f", "text", 0620);
	gives("f", PJ_FILE_UNSAFE, "writable by its group, chmod go-w");
	assert_int_equal(chmod(at("f"), 0602), 0);
	gives("f", PJ_FILE_UNSAFE, "writable by everyone, chmod go-w");
	assert_int_equal(mkdir(at("d"), 0700), 0);
	put("d/f", "text", 0600);
	gives("d/f", PJ_OK, "");
	assert_int_equal(chmod(at("d"), 0770), 0);
	gives("d/f", PJ_FILE_UNSAFE, "d is writable by its group");
	assert_int_equal(chmod(at("d"), 01777), 0);
	gives("d/f", PJ_FILE_UNSAFE, "d is writable by everyone");
	/* Nor may a folder above it be others', unless it is sticky. */
	assert_int_equal(mkdir(at("d/e"), 0700), 0);
	put("d/e/f", "text", 0600);
	assert_int_equal(chmod(at("d"), 0770), 0);
	gives("d/e/f", PJ_FILE_UNSAFE, "d is writable by its group");
}

static void
a_sticky_folder_of_root_may_be_an_ancestor(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(at("sticky"), 0700), 0);
	assert_int_equal(mkdir(at("sticky/d"), 0700), 0);
	put("sticky/d/f", "text", 0600);
	assert_int_equal(chmod(at("sticky"), 01777), 0);
	gives("sticky/d/f", PJ_OK, "");
	assert_int_equal(chown(at("sticky/d"), SOMEBODY, 0), 0);
	gives("sticky/d/f", PJ_FILE_UNSAFE, "chown it to root");
}

static void
root_reads_only_what_root_owns(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	put("f", "text", 0600);
	assert_int_equal(chown(at("f"), SOMEBODY, 0), 0);
	gives("f", PJ_FILE_UNSAFE, "not owned by root");
	assert_int_equal(mkdir(at("d"), 0755), 0);
	put("d/f", "text", 0600);
	assert_int_equal(chown(at("d"), SOMEBODY, 0), 0);
	gives("d/f", PJ_FILE_UNSAFE, "d is not owned by root");
}

/* Runs f as another user in a process of its own. */
static void
as_somebody(void (*f)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setresuid(SOMEBODY, SOMEBODY, SOMEBODY) != 0)
			_exit(9);
		f();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
service_reads(void)
{
	struct pj_error err;

	if (read_it("roots", &err) != PJ_OK)
		_exit(1);
	if (read_it("mine", &err) != PJ_OK)
		_exit(2);
	if (read_it("theirs", &err) != PJ_FILE_UNSAFE)
		_exit(3);
	if (read_it("secret", &err) != PJ_SYSTEM_ERROR ||
	    strstr(err.detail, "Permission denied") == NULL)
		_exit(4);
	if (read_it("search-only/f", &err) != PJ_OK)
		_exit(5);
	/* Its own sticky folder protects nothing from itself, or from others. */
	if (read_it("sticky/d/f", &err) != PJ_FILE_UNSAFE)
		_exit(6);
}

static void
a_service_reads_roots_files_and_its_own(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(scratch, 0755), 0);
	put("roots", "x", 0644);
	put("mine", "x", 0600);
	put("theirs", "x", 0644);
	put("secret", "x", 0600);
	assert_int_equal(mkdir(at("search-only"), 0700), 0);
	put("search-only/f", "x", 0644);
	assert_int_equal(chmod(at("search-only"), 0711), 0);
	assert_int_equal(chown(at("mine"), SOMEBODY, 0), 0);
	assert_int_equal(chown(at("theirs"), SOMEBODY + 1, 0), 0);
	assert_int_equal(mkdir(at("sticky"), 0700), 0);
	assert_int_equal(mkdir(at("sticky/d"), 0755), 0);
	put("sticky/d/f", "x", 0644);
	assert_int_equal(chmod(at("sticky"), 01777), 0);
	assert_int_equal(chown(at("sticky"), SOMEBODY, 0), 0);
	as_somebody(service_reads);
}

/* su and its like run as root for somebody whose real user id is his own. */
static void
the_user_that_counts_is_the_effective_one(void **state)
{
	struct pj_error err;
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	put("mine", "x", 0600);
	assert_int_equal(chown(at("mine"), SOMEBODY, 0), 0);
	pid = fork();
	if (pid == 0) {
		if (setresuid(SOMEBODY, 0, 0) != 0)
			_exit(9);
		_exit(read_it("mine", &err) == PJ_FILE_UNSAFE ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
paths_are_absolute_and_plain(void **state)
{
	PJ_BUF_SCOPED(buf, 10);
	struct pj_error err;
	char path[PATH_MAX], longest[PJ_PATH_MAX + 1];
	int fd = -1;

	(void)state;
	put("f", "x", 0600);
	assert_int_equal(pj_file_read("f", &buf, &err), PJ_FILE_UNSAFE);
	assert_int_equal(pj_file_read("", &buf, &err), PJ_FILE_UNSAFE);
	assert_int_equal(pj_file_read("/", &buf, &err), PJ_FILE_UNSAFE);
	assert_int_equal(pj_file_read("/no-such-file", &buf, &err),
	    PJ_FILE_MISSING);
	gives("../f", PJ_FILE_UNSAFE, "'..'");
	gives(".//./f", PJ_OK, "");
	memset(path, 'a', NAME_MAX + 1);
	(void)stpcpy(path + NAME_MAX + 1, "/f");
	gives(path, PJ_FILE_MISSING, "aaa");
	assert_int_equal(pj_file_open_dir("tmp", &fd, &err), PJ_FILE_UNSAFE);
	assert_int_equal(fd, -1);
	memset(longest, '/', PJ_PATH_MAX);
	longest[PJ_PATH_MAX] = '\0';
	assert_int_equal(pj_file_open_dir(longest, &fd, &err), PJ_FILE_UNSAFE);
	assert_int_equal(pj_file_open_dir(longest + 1, &fd, &err), PJ_OK);
	assert_int_equal(close(fd), 0);
	assert_int_equal(pj_file_open_dir("/", &fd, &err), PJ_OK);
	assert_int_equal(close(fd), 0);
	/* Not the last one, whatever it is called. */
	assert_int_equal(pj_file_open_dir("/tmp", &fd, &err), PJ_FILE_UNSAFE);
	assert_int_equal(pj_file_open_dir("/tmp/.", &fd, &err),
	    PJ_FILE_UNSAFE);
	assert_int_equal(pj_file_open_dir("/tmp//", &fd, &err),
	    PJ_FILE_UNSAFE);
	(void)snprintf(path, sizeof(path), "%.100s//", scratch);
	assert_int_equal(pj_file_open_dir(path, &fd, &err), PJ_OK);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(close(fd), 0);
	assert_int_equal(pj_file_open_dir(at("none"), &fd, &err),
	    PJ_FILE_MISSING);
}

static void
no_descriptor_stays_open(void **state)
{
	unsigned before = open_descriptors();

	(void)state;
	assert_int_equal(mkdir(at("d"), 0700), 0);
	put("d/f", "x", 0600);
	gives("d/f", PJ_OK, "");
	gives("d/no", PJ_FILE_MISSING, "");
	gives("no/f", PJ_FILE_MISSING, "");
	gives("d/f/f", PJ_FILE_UNSAFE, "");
	assert_int_equal(open_descriptors(), before);
}

static void
a_range_of_descriptors_is_closed_and_no_more(void **state)
{
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	for (int high = 200; high < 204; high++)
		assert_int_equal(dup2(fd, high), high);
	pj_fd_close_range(201, 202);
	assert_true(fcntl(200, F_GETFD) >= 0 && fcntl(203, F_GETFD) >= 0);
	assert_true(fcntl(201, F_GETFD) < 0 && fcntl(202, F_GETFD) < 0);
	pj_fd_close_range(204, 203);
	assert_int_equal(close(203), 0);
	assert_int_equal(close(200), 0);
	assert_int_equal(close(fd), 0);
}

static void
a_file_replaced_while_it_is_read_is_no_trouble(void **state)
{
	int status, fd = -1;
	unsigned refused = 0;
	pid_t pid;

	(void)state;
	put("f", "old", 0600);
	assert_int_equal(pj_file_open_dir(scratch, &fd, NULL), PJ_OK);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 300; i++)
			if (pj_file_replace_at(fd, "f", pj_span_str("new"),
			    0600, NULL) != PJ_OK)
				_exit(1);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		PJ_BUF_SCOPED(buf, 10);

		if (pj_file_read_at(fd, "f", &buf, NULL) != PJ_OK ||
		    buf.len != 3)
			refused++;
	}
	assert_int_equal(status, 0);
	assert_int_equal(refused, 0);
	assert_int_equal(close(fd), 0);
}

static void
replacing_sets_mode_whatever_the_umask_is(void **state)
{
	struct stat st;
	int fd = -1;

	(void)state;
	assert_int_equal(pj_file_open_dir(scratch, &fd, NULL), PJ_OK);
	(void)umask(0777);
	assert_int_equal(pj_file_replace_at(fd, "f", pj_span_str("new"), 0644,
	    NULL), PJ_OK);
	(void)umask(022);
	assert_int_equal(stat(at("f"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	/* What stands there is replaced, not written through. */
	assert_int_equal(symlink("target", at("link")), 0);
	assert_int_equal(pj_file_replace_at(fd, "link", pj_span_str("new"),
	    0600, NULL), PJ_OK);
	assert_int_equal(access(at("target"), F_OK), -1);
	assert_int_equal(close(fd), 0);
}

/* The order of what makes a file survive a crash: f(ile), r(ename), d(ir). */
static char order[8];

__typeof__(fsync) __real_fsync, __wrap_fsync;
__typeof__(renameat) __real_renameat, __wrap_renameat;

static void
note(char what)
{
	size_t len = strlen(order);

	if (len + 1 < sizeof(order))
		order[len] = what;
}

int
__wrap_fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0)
		note(S_ISDIR(st.st_mode) ? 'd' : 'f');
	return __real_fsync(fd);
}

int
__wrap_renameat(int from, const char *old, int to, const char *new)
{
	note('r');
	return __real_renameat(from, old, to, new);
}

static void
the_bytes_are_on_the_disk_before_the_name_is(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(pj_file_open_dir(scratch, &fd, NULL), PJ_OK);
	memset(order, 0, sizeof(order));
	assert_int_equal(pj_file_replace_at(fd, "f", pj_span_str("new"), 0600,
	    NULL), PJ_OK);
	assert_string_equal(order, "frd");
	assert_int_equal(close(fd), 0);
}

static void
what_cannot_be_replaced_stays_as_it_is(void **state)
{
	char name[NAME_MAX + 1];
	struct pj_error err;
	int fd = -1;

	(void)state;
	assert_int_equal(pj_file_open_dir(scratch, &fd, NULL), PJ_OK);
	/* No room for what a temporary file's name has more. */
	memset(name, 'a', NAME_MAX);
	name[NAME_MAX] = '\0';
	assert_int_equal(pj_file_replace_at(fd, name, pj_span_str("new"),
	    0600, &err), PJ_SYSTEM_ERROR);
	assert_int_equal(mkdir(at("d"), 0700), 0);
	assert_int_equal(pj_file_replace_at(fd, "d", pj_span_str("new"), 0600,
	    &err), PJ_SYSTEM_ERROR);
	assert_non_null(strstr(err.detail, "Is a directory"));
	assert_int_equal(close(fd), 0);
	assert_int_equal(rmdir(at("d")), 0);
	assert_int_equal(rmdir(scratch), 0);
	assert_int_equal(mkdir(scratch, 0700), 0);
}

/* Neither nothing nor a part of it can be written. */
static void
a_failed_replacement_leaves_the_old_file_alone(void **state)
{
	struct rlimit old, none = { 0, RLIM_INFINITY };
	struct pj_error err;
	PJ_BUF_SCOPED(buf, 100);
	int fd = -1;

	(void)state;
	put("f", "old", 0600);
	assert_int_equal(pj_file_open_dir(scratch, &fd, NULL), PJ_OK);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	none.rlim_max = old.rlim_max;
	for (none.rlim_cur = 0; none.rlim_cur < 3; none.rlim_cur++) {
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
		assert_int_equal(pj_file_replace_at(fd, "f",
		    pj_span_str("new"), 0600, &err), PJ_SYSTEM_ERROR);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		assert_non_null(strstr(err.detail, "File too large"));
	}
	assert_int_equal(pj_file_read_at(fd, "f", &buf, NULL), PJ_OK);
	assert_memory_equal(buf.ptr, "old", 3);
	assert_int_equal(close(fd), 0);
	/* And no temporary one: the folder can be removed when f is gone. */
	assert_int_equal(unlink(at("f")), 0);
	assert_int_equal(rmdir(scratch), 0);
	assert_int_equal(mkdir(scratch, 0700), 0);
}

static void
a_file_that_a_person_names_may_be_anybodys(void **state)
{
	PJ_BUF_SCOPED(buf, 4);
	struct pj_error err;

	(void)state;
	put("f", "text", 0666);
	assert_int_equal(symlink("f", at("soft")), 0);
	assert_int_equal(pj_file_read_any(at("soft"), &buf, &err), PJ_OK);
	assert_int_equal(buf.len, 4);
	assert_int_equal(pj_file_read_any(at("soft"), &buf, &err),
	    PJ_FILE_TOO_LARGE);
	assert_int_equal(pj_file_read_any(at("no"), &buf, &err),
	    PJ_FILE_MISSING);
	assert_int_equal(pj_file_read_any(at("f/f"), &buf, &err),
	    PJ_SYSTEM_ERROR);
	pj_buf_clear(&buf);
	assert_int_equal(pj_file_read_any(scratch, &buf, &err),
	    PJ_SYSTEM_ERROR);
}

/* What comes in parts through a pipe, as from the shell's <(...). */
static void
a_short_read_is_no_end(void **state)
{
	PJ_BUF_SCOPED(buf, 100);
	char path[64];
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_DIRECT), 0);
	assert_int_equal(write(fds[1], "one,", 4), 4);
	assert_int_equal(write(fds[1], "two", 3), 3);
	assert_int_equal(close(fds[1]), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	assert_int_equal(pj_file_read_any(path, &buf, NULL), PJ_OK);
	assert_true(pj_span_is(pj_buf_span(&buf), "one,two"));
	assert_int_equal(close(fds[0]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(a_file_of_ours_is_read_and_appended),
		scratch_test(what_is_no_regular_file_is_refused_at_once),
		scratch_test(links_are_refused),
		scratch_test(write_bits_of_others_are_refused_with_the_remedy),
		scratch_test(a_sticky_folder_of_root_may_be_an_ancestor),
		scratch_test(root_reads_only_what_root_owns),
		scratch_test(a_service_reads_roots_files_and_its_own),
		scratch_test(the_user_that_counts_is_the_effective_one),
		scratch_test(paths_are_absolute_and_plain),
		scratch_test(no_descriptor_stays_open),
		scratch_test(a_range_of_descriptors_is_closed_and_no_more),
		scratch_test(a_file_replaced_while_it_is_read_is_no_trouble),
		scratch_test(replacing_sets_mode_whatever_the_umask_is),
		scratch_test(the_bytes_are_on_the_disk_before_the_name_is),
		scratch_test(what_cannot_be_replaced_stays_as_it_is),
		scratch_test(a_failed_replacement_leaves_the_old_file_alone),
		scratch_test(a_file_that_a_person_names_may_be_anybodys),
		scratch_test(a_short_read_is_no_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
