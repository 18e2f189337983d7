#!/bin/sh
# What is loaded: the module brings four libraries into a host and never libcurl;
# libcurl and libseccomp are the fetching program's alone.
set -u
build=${PJ_BUILDDIR:-.}
module=$build/.libs/pam_jwks.so
[ -f "$module" ] || { echo "no $module"; exit 99; }
if nm -D "$module" | grep -q '__asan_'; then
	echo "a build with sanitizers needs their libraries as well"
	exit 77
fi
failed=0

# name, wanted libraries...
check() {
	name=$1
	shift
	found=$(readelf -d "$build/$name" |
	    sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
	    sed 's/\.so.*//' | grep -v '^ld-linux' | sort | xargs)
	[ "$found" = "$*" ] && return
	echo "$name needs: $found"
	echo "$name wants: $*"
	failed=1
}

seccomp=
grep -q '^#define HAVE_SECCOMP 1' "$build/config.h" && seccomp=libseccomp
check .libs/pam_jwks.so libc libcrypto libjson-c libpam
check pam-jwks libc libcrypto libjson-c
# shellcheck disable=SC2086 # a word or none
check pam-jwks-fetch libc libcrypto libcurl libjson-c $seccomp
exit $failed
