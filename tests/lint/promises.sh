#!/bin/sh
# Each test that docs/key-supply.md names exists, and each test of tests/supply is
# named there.
set -u
cd "${PJ_SRCDIR:-.}" || exit 99
failed=0

named=$(sed -n 's/^| .* | \(tests\/[^ ]*\) \([a-z0-9_]*\) | .* |$/\1 \2/p' \
    docs/key-supply.md)
[ "$(echo "$named" | wc -l)" -ge 50 ] || {
	echo "docs/key-supply.md: its tables cannot be read"
	exit 1
}
echo "$named" | {
	while read -r file name; do
		case $file in
		*.py)	grep -q "^def $name(" "$file" ;;
		*)	grep -q "^$name(void" "$file" ;;
		esac 2>/dev/null || {
			echo "docs/key-supply.md: no $name in $file"
			failed=1
		}
	done
	exit $failed
} || failed=1
for file in tests/supply/test_*.py; do
	sed -n 's/^def \(test_[a-z0-9_]*\)(.*/\1/p' "$file" | {
		while read -r name; do
			echo "$named" | grep -qx "$file $name" || {
				echo "docs/key-supply.md: no $file $name"
				failed=1
			}
		done
		exit $failed
	} || failed=1
done
exit $failed
