#!/bin/sh
# What the module loads into a host: four libraries, and never libcurl.
set -u
module=${PJ_BUILDDIR:-.}/.libs/pam_jwks.so
[ -f "$module" ] || { echo "no $module"; exit 99; }
if nm -D "$module" | grep -q '__asan_'; then
	echo "a build with sanitizers needs their libraries as well"
	exit 77
fi
found=$(readelf -d "$module" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
    sed 's/\.so.*//' | sort | xargs)
wanted='libc libcrypto libjson-c libpam'
[ "$found" = "$wanted" ] && exit 0
echo "needed: $found"
echo "wanted: $wanted"
exit 1
