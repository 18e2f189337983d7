#!/bin/sh
# Every header compiles alone.
set -u
cd "${PJ_SRCDIR:-.}" || exit 99
failed=0
# shellcheck disable=SC2046 # pkg-config says words
for header in pam_jwks/*/*.h; do
	echo "#include \"${header#pam_jwks/}\"" |
	    ${CC:-cc} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
	    -Wno-unused-function -fsyntax-only -Ipam_jwks \
	    -I"${PJ_BUILDDIR:-.}" $(pkg-config --cflags json-c libcrypto) \
	    -x c - || failed=1
done
exit $failed
