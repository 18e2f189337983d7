#!/bin/sh
# Every reason is brought about by a scenario, or listed as unreachable with why.
set -u
cd "${PJ_SRCDIR:-.}" || exit 99
failed=0
folder=tests/scenarios
list=$folder/unreachable
lines=${PJ_BUILDDIR:-.}/tests/lint/scenarios.out

# What scenarios expect in the log, continued lines joined.
cat $folder/*.scenario | awk '
    /^    (log|debug) / { if (line) print line; line = $0; next }
    /^        / { if (line) { sub(/^ */, " "); line = line $0 }; next }
    { if (line) print line; line = "" }
    END { if (line) print line }' >"$lines"

for reason in $("${PJ_BUILDDIR:-.}/tests/lint/dump" reasons); do
	if grep -Eq "(^|[ =:\"])$reason([: \"]|\$)" "$lines"; then
		grep -Eq "^$reason	" $list &&
		    { echo "$list: a scenario shows $reason"; failed=1; }
	elif [ "$reason" != ok ] && ! grep -Eq "^$reason	.+" $list; then
		echo "no scenario shows $reason"
		failed=1
	fi
done
count=$(find $folder -name '*.scenario' | wc -l)
[ "$count" -ge 60 ] || { echo "$count scenarios: too few"; failed=1; }
for file in "$folder"/*.scenario; do
	head -n 3 "$file" | grep -q "^# .*[.]" ||
	    { echo "$file: no sentence at its head"; failed=1; }
done
rm -f "$lines"
exit $failed
