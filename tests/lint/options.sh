#!/bin/sh
# Option table, manual and sample configuration name the same keys, with the same
# defaults.
set -u
cd "${PJ_SRCDIR:-.}" || exit 99
failed=0
dump=${PJ_BUILDDIR:-.}/tests/lint/dump
manual=man/pam_jwks.conf.5
sample=conf/pam_jwks.conf

"$dump" options | while IFS='|' read -r section key fallback; do
	grep -q "^\.It Cm $key\$" "$manual" ||
	    echo "$manual does not explain $key"
	grep -Eq "^#?[[:space:]]*${key}[[:space:]]+= |^#?[[:space:]]*${key} = " \
	    "$sample" || echo "$sample does not show $key"
	[ -z "$fallback" ] && continue
	awk -v key="$key" -v want="$fallback" '
	    $0 == ".It Cm " key { inside = 1; next }
	    inside && /^\./ { if (text != "") exit }
	    inside && /^Default: / { text = $0; next }
	    text != "" { text = text " " $0 }
	    END { exit index(text, "Default: " want) != 1 }' "$manual" ||
	    echo "$manual does not say Default: $fallback for $key in [$section]"
done >"${PJ_BUILDDIR:-.}/tests/lint/options.out"

known=$("$dump" options | cut -d'|' -f2)
for key in $(sed -n 's/^\.It Cm //p' "$manual"); do
	echo "$known" | grep -qx "$key" || echo "$manual explains $key, which is no key"
done >>"${PJ_BUILDDIR:-.}/tests/lint/options.out"
if [ -s "${PJ_BUILDDIR:-.}/tests/lint/options.out" ]; then
	cat "${PJ_BUILDDIR:-.}/tests/lint/options.out"
	failed=1
fi
rm -f "${PJ_BUILDDIR:-.}/tests/lint/options.out"
exit $failed
