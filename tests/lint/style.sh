#!/bin/sh
# What .clang-format cannot say: columns, file sizes, white space, trailing lines.
set -u
cd "${PJ_SRCDIR:-.}" || exit 99
failed=0
for file in pam_jwks/*/*.[ch]; do
	expand -t8 "$file" | awk -v file="$file" '
	    length($0) > 80 { print file ":" NR ": over 80 columns"; bad = 1 }
	    /[ \t]$/ { print file ":" NR ": white space at the end"; bad = 1 }
	    END {
		if (NR > 450) { print file ": " NR " lines"; bad = 1 }
		exit bad
	    }' || failed=1
	grep -nE '(^|[^_[:alnum:]])goto ' "$file" /dev/null && failed=1
	grep -nE '(^|[^_[:alnum:]])(strcpy|strcat|sprintf|gets|strtok|atoi)\(' \
	    "$file" /dev/null && failed=1
done
exit $failed
