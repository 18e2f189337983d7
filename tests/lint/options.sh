#!/bin/sh
# Option table, manual and sample configuration name the same keys in the same
# sections, with the same defaults.
set -u
cd "${PJ_SRCDIR:-.}" || exit 99
dump=${PJ_BUILDDIR:-.}/tests/lint/dump
out=${PJ_BUILDDIR:-.}/tests/lint/options.out
manual=man/pam_jwks.conf.5
sample=conf/pam_jwks.conf

# The keys that a section of the manual explains: "[issuer NAME]|leeway".
explained() {
	awk '/^\.Sh / { section = substr($0, 5) }
	    section ~ /^\[/ && /^\.It Cm / { print section "|" substr($0, 8) }
	    ' "$manual"
}

# The keys that a section of the sample shows.
shown() {
	awk '/^#?\[.*\]$/ { section = $0; sub(/^#/, "", section) }
	    section != "" && /^#?[a-z_]+ *= / {
		key = $1; sub(/^#/, "", key); print section "|" key
	    }' "$sample"
}

"$dump" options | while IFS='|' read -r section key fallback; do
	explained | grep -Fqx "$section|$key" ||
	    echo "$manual does not explain $key in $section"
	shown | grep -Fqx "$section|$key" ||
	    echo "$sample does not show $key in $section"
	[ -z "$fallback" ] && continue
	awk -v section=".Sh $section" -v key="$key" -v want="$fallback" '
	    /^\.Sh / { here = $0 == section }
	    here && $0 == ".It Cm " key { inside = 1; next }
	    inside && /^\./ { if (text != "") exit }
	    inside && /^Default: / { text = $0; next }
	    text != "" { text = text " " $0 }
	    END { exit index(text, "Default: " want) != 1 }' "$manual" ||
	    echo "$manual does not say Default: $fallback for $key in $section"
done >"$out"

known=$("$dump" options | cut -d'|' -f1,2)
explained | while IFS= read -r line; do
	echo "$known" | grep -Fqx "$line" ||
	    echo "$manual explains $line, which is no key"
done >>"$out"
shown | grep -v '^\[issuer corp\]' | while IFS= read -r line; do
	echo "$known" | grep -Fqx "$line" ||
	    echo "$sample shows $line, which is no key"
done >>"$out"
failed=0
if [ -s "$out" ]; then
	cat "$out"
	failed=1
fi
rm -f "$out"
exit $failed
