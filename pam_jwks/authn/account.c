#include "authn/account.h"

#include <errno.h>
#include <pwd.h>

#include "base/buf.h"
#include "policy/usermap.h"

/* An account's line with many members of comments; glibc starts at 1 KiB. */
#define PASSWD_BUF_MAX	(64 * 1024)

static enum pj_status
find_account(const char *user, uid_t *uid, struct pj_error *err)
{
	PJ_BUF_SCOPED(buf, PASSWD_BUF_MAX);
	struct passwd passwd, *found = NULL;
	size_t size = 4096;
	int rc = ERANGE;

	for (; rc == ERANGE && size <= PASSWD_BUF_MAX; size *= 4) {
		unsigned char *room = pj_buf_room(&buf, size);

		if (room == NULL)
			return PJ_NO_MEMORY;
		rc = getpwnam_r(user, &passwd, (char *)room, size, &found);
	}
	/* Some name services answer these for "no such user", getpwnam(3). */
	if (rc != 0 && rc != ENOENT && rc != ESRCH)
		return pj_fail_errno(err, PJ_SYSTEM_ERROR, rc,
		    "looking the account up");
	if (rc != 0 || found == NULL)
		return pj_fail(err, PJ_USER_UNKNOWN, "no account");
	*uid = passwd.pw_uid;
	return PJ_OK;
}

enum pj_status
pj_account_check(const struct pj_issuer *issuer, const char *user,
    bool literal_user, struct pj_error *err)
{
	enum pj_status status;
	uid_t uid = (uid_t)-1;

	status = find_account(user, &uid, err);
	/* The user need not exist then; root is refused all the same. */
	if (issuer->account == PJ_ACCOUNT_NONE && status == PJ_USER_UNKNOWN)
		return PJ_OK;
	if (status != PJ_OK)
		return status;
	return pj_usermap_check_uid(issuer, literal_user, uid, err);
}
