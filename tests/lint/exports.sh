#!/bin/sh
# The module exports its two phases and nothing else.
set -u
module=${PJ_BUILDDIR:-.}/.libs/pam_jwks.so
[ -f "$module" ] || { echo "no $module"; exit 99; }
found=$(nm -D --defined-only "$module" | awk '{ print $3 }' | sort | xargs)
wanted='pam_sm_authenticate pam_sm_setcred'
[ "$found" = "$wanted" ] && exit 0
echo "exported: $found"
echo "wanted:   $wanted"
exit 1
