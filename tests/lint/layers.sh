#!/bin/sh
# The arrows of docs/architecture.md: an include names its own folder or one below
# it, and each foreign library has one place.
# shellcheck disable=SC2013 # names of files, which have no white space
set -u
cd "${PJ_SRCDIR:-.}/pam_jwks" || exit 99
failed=0

complain() {
	echo "$1"
	failed=1
}

# folder: what it may include, itself included
allowed() {
	case $1 in
	base)	echo "base" ;;
	jose)	echo "jose base" ;;
	policy)	echo "policy jose base" ;;
	keys)	echo "keys jose base" ;;
	authn)	echo "authn policy keys jose base" ;;
	module)	echo "module authn policy keys jose base" ;;
	cli)	echo "cli authn policy keys jose base" ;;
	fetch)	echo "fetch authn policy keys jose base" ;;
	*)	echo "" ;;
	esac
}

for file in */*.[ch]; do
	[ -f "$file" ] || continue
	folder=${file%%/*}
	may=" $(allowed "$folder") "
	for name in $(sed -n 's/^#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' \
	    "$file"); do
		[ "$name" = config.h ] && continue
		case $name in
		*/*)	;;
		*)	complain "$file: \"$name\" is not path-qualified"
			continue ;;
		esac
		case $may in
		*" ${name%%/*} "*)	;;
		*)	complain "$file: may not include \"$name\"" ;;
		esac
	done
	for name in $(sed -n 's/^#[[:space:]]*include[[:space:]]*<\([^>]*\)>.*/\1/p' \
	    "$file"); do
		case $name in
		openssl/*)	[ "$folder" = jose ] ;;
		json-c/*|json.h) [ "$file" = base/json.c ] ;;
		security/*)	[ "$folder" = module ] ;;
		curl/*)		[ "$file" = fetch/http_curl.c ] ;;
		seccomp.h)	[ "$file" = fetch/filter.c ] ;;
		*)		: ;;
		esac || complain "$file: may not include <$name>"
	done
done

# The unverified payload is for one file; the private parts of a folder for it.
for file in $(grep -l '"jose/jws_unverified.h"' ./*/*.[ch]); do
	file=${file#./}
	case $file in
	jose/jws.c|jose/jwt.c)	;;
	*)	complain "$file: may not see an unverified payload" ;;
	esac
done
for file in $(grep -lE '"[a-z]+/[a-z_]*private\.h"' ./*/*.[ch]); do
	file=${file#./}
	grep -E '"[a-z]+/[a-z_]*private\.h"' "$file" |
	    grep -qv "\"${file%%/*}/" &&
	    complain "$file: includes another folder's private header"
done

# A library leaves the process alone (fetch/, cli/ are programs).
for file in base/*.c jose/*.c policy/*.c keys/*.c authn/*.c; do
	grep -nE '(^|[^_[:alnum:]])(exit|abort|getenv|secure_getenv|setenv|putenv|syslog|printf|fprintf|perror|signal|sigaction|pthread_create|atexit)\(' \
	    "$file" /dev/null | grep -v 'PJ_SPAWN_CHILD' && failed=1
done
exit $failed
