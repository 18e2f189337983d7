#!/bin/sh
# What users may rely on is listed in docs/interface.md: each indented block there
# equals what the program says of itself.  A difference is a change for users,
# and belongs into NEWS as well.
#
#	interface.sh print		what the program says, for the document
set -u
cd "${PJ_SRCDIR:-.}" || exit 99
dump=${PJ_BUILDDIR:-.}/tests/lint/dump
document=docs/interface.md

# Under which heading stands what.
said() {
	case $1 in
	'Module arguments')
		sed -n 's/^	"\([a-z_]*=\{0,1\}\)",$/\1/p' \
		    pam_jwks/policy/arguments.c ;;
	'Configuration keys')
		"$dump" options | sed 's/|/ /
		    s/|/ = /
		    s/ = $//' | fold -s -w 74 | sed 's/ *$//' ;;
	'Reasons')
		"$dump" reasons ;;
	'Fields of a log line')
		sed -n '/^add_fields(/,/^}/s/^.*add\(_raw\)*(line, "\([a-z]*\)".*/\2/p' \
		    pam_jwks/module/report.c ;;
	'What PAM is told')
		sed -n 's/^.*\[PJ_OUTCOME_\([A-Z_]*\)\] = { \(PAM_[A-Z_]*\), \(LOG_[A-Z]*\) }.*/\1 \2 \3/p' \
		    pam_jwks/module/report.c | tr '[:upper:]' '[:lower:]' |
		    sed 's/ pam_\([a-z_]*\) log_/ \1 /' ;;
	'Exit codes of pam-jwks')
		sed -n 's/^.*PJ_EXIT_\([A-Z_]*\) = \([0-9]*\),.*/\2 \1/p' \
		    pam_jwks/cli/cli.h | tr '[:upper:]' '[:lower:]' ;;
	'Steps of an explanation')
		# Each once, in the order of the code.
		sed -n 's/^.*pj_explain_\(say\|skip\)(e, "\([a-z]*\)".*/\2/p' \
		    pam_jwks/authn/explain.c pam_jwks/authn/explain_keys.c \
		    pam_jwks/authn/explain_claims.c |
		    awk '!seen[$0]++' ;;
	'JSON of a verdict')
		sed -n '/^print_json(/,/^}/s/^.*(&all, "\([a-z]*\)".*/\1/p' \
		    pam_jwks/cli/verdict.c ;;
	'Findings of a check')
		sed -n 's/^.*\[PJ_FOUND_[A-Z_]*\] = { "\([a-z_]*\)".*/\1/p' \
		    pam_jwks/cli/finding.c ;;
	'JSON of a finding')
		sed -n '/^print_json(/,/^}/s/^.*(&one, "\([a-z]*\)".*/\1/p' \
		    pam_jwks/cli/finding.c ;;
	'Prompts')
		sed -n 's/^#define PROMPT_[A-Z]*[[:space:]]*"\(.*\) "$/\1/
		    s/%zu/N/p
		    /^Token:$/p' pam_jwks/module/pieces.c ;;
	'The cache')
		sed -n 's/^#define PJ_ENVELOPE_VERSION[[:space:]]*"\(.*\)"$/format \1/p' \
		    pam_jwks/keys/*.h ;;
	esac
}

listed() {
	awk -v heading="## $1" '
	    /^## / { inside = ($0 == heading) }
	    inside && /^    / { print substr($0, 5) }' "$document"
}

failed=0
old_ifs=$IFS
IFS='
'
# shellcheck disable=SC2013 # a heading is a line
for heading in $(sed -n 's/^## //p' "$document"); do
	IFS=$old_ifs
	program=$(said "$heading")
	if [ "${1-}" = print ]; then
		printf '## %s\n\n%s\n\n' "$heading" "$program" | sed '3,$s/^./    &/'
		continue
	fi
	if [ -z "$program" ]; then
		echo "$document: the program says nothing about '$heading'"
		failed=1
	elif [ "$program" != "$(listed "$heading")" ]; then
		echo "$document: '$heading' is not what the program says:"
		printf '%s\n' "$program"
		failed=1
	fi
done
exit $failed
