#!/bin/sh
# One version everywhere, and every decision with a number of its own.
set -u
cd "${PJ_SRCDIR:-.}" || exit 99
failed=0

version=$(sed -n 's/^AC_INIT(\[pam_jwks\], \[\([^]]*\)\].*/\1/p' configure.ac)
[ -n "$version" ] || { echo "configure.ac: no version"; failed=1; }

# same FILE VERSION
same() {
	[ "$2" = "$version" ] || {
		echo "$1 has version '$2', configure.ac '$version'"
		failed=1
	}
}
same NEWS "$(sed -n 's/^pam_jwks \([0-9][0-9.]*\).*/\1/p' NEWS | head -n 1)"
same packaging/rpm/pam_jwks.spec \
    "$(sed -n 's/^Version:[[:space:]]*//p' packaging/rpm/pam_jwks.spec)"
same packaging/debian/changelog \
    "$(sed -n '1s/^.*(\(.*\)-[0-9]*).*/\1/p' packaging/debian/changelog)"

for number in $(printf '%s\n' docs/decisions/* |
    sed -n 's,^.*/\([0-9]*\)-.*,\1,p' | uniq -d); do
	echo "docs/decisions: two records have the number $number"
	failed=1
done
for record in docs/decisions/[0-9]*.md; do
	number=${record##*/}
	number=${number%%-*}
	grep -q "^# $number: " "$record" || {
		echo "$record: its title does not begin with $number"
		failed=1
	}
done
exit $failed
