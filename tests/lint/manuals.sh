#!/bin/sh
# Manuals are correct mdoc, and pam_jwks(8) explains every reason.
set -u
cd "${PJ_SRCDIR:-.}" || exit 99
failed=0
for reason in $("${PJ_BUILDDIR:-.}/tests/lint/dump" reasons); do
	[ "$reason" = ok ] && continue
	grep -q "^\.It $reason\$" man/pam_jwks.8 ||
	    { echo "pam_jwks.8 does not explain $reason"; failed=1; }
done
if [ -z "${MANDOC:-}" ]; then
	echo "mandoc is not installed"
	[ "$failed" = 0 ] && exit 77
	exit 1
fi
for page in man/*.[1-8]; do
	"$MANDOC" -T lint -W warning "$page" || failed=1
done
exit $failed
