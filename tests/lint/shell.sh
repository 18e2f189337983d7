#!/bin/sh
# What shellcheck says of the scripts: nothing at all of the one that people run,
# no error and no warning of the others.
set -u
cd "${PJ_SRCDIR:-.}" || exit 99
command -v shellcheck >/dev/null || {
	echo "shellcheck is not installed"
	exit 77
}
failed=0
program=pam_jwks/client/pam-jwks-askpass
shellcheck -s sh "$program" || failed=1
expand -t8 "$program" | awk -v file="$program" '
    length($0) > 80 { print file ":" NR ": over 80 columns"; bad = 1 }
    /[ \t]$/ { print file ":" NR ": white space at the end"; bad = 1 }
    END { exit bad }' || failed=1
shellcheck -S warning setup.sh packaging/build packaging/lint \
    packaging/debian/*.p[or]* tests/lint/*.sh \
    tests/support/npm-install tests/support/run-pytest tests/support/run-unit ||
    failed=1
exit $failed
