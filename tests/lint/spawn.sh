#!/bin/sh
# Between clone and exec there are system calls and nothing else: no function of
# a library, which may wait for a lock that a thread of the host held.
set -u
objects=$(find "${PJ_BUILDDIR:-.}/pam_jwks/base" -name 'libpj_la-spawn_child.o' \
    -o -name 'libpj_la-fd.o')
[ "$(echo "$objects" | wc -l)" -ge 2 ] || { echo "no objects"; exit 99; }
# shellcheck disable=SC2086 # one word each
calls=$(nm -u $objects | awk '$1 == "U" { print $2 }' | sort -u)
case $calls in
*__asan_*)
	echo "a build with sanitizers calls their library as well"
	exit 77
	;;
esac
# errno is a thread's own, and the guard of the stack is called in ruins only.
foreign=$(echo "$calls" | grep -vxE 'syscall|__errno_location' |
    grep -vxE 'pj_fd_close_range|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_')
[ -z "$foreign" ] && exit 0
echo "called between clone and exec: $(echo "$foreign" | xargs)"
exit 1
