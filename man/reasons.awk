# Turns the section REASONS of pam_jwks(8) into C, for `pam-jwks reason`: there is
# one text, and the manual has it.  Ends with a mistake at a macro that it does
# not know.

function fail(what)
{
	print FILENAME ":" FNR ": man/reasons.awk does not know " what \
	    > "/dev/stderr"
	failed = 1
	exit 1
}

# Words of a macro's line; closing punctuation clings to the word before it.
function words(first, before, after,	i, text)
{
	text = ""
	for (i = first; i <= NF; i++) {
		if ($i ~ /^[.,:;)]$/)
			return text after rest(i)
		text = text (i == first ? before : " ") $i
	}
	return text after
}

function rest(i,	text)
{
	text = ""
	for (; i <= NF; i++)
		text = text ($i ~ /^[.,:;)]$/ ? "" : " ") $i
	return text
}

function add(text)
{
	if (name == "")
		return
	gsub(/\\&/, "", text)
	gsub(/\\e/, "\\", text)
	if (text ~ /\\[^n]/)
		fail("an escape in: " text)
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	printf "\n\t    \"%s%s\"", begun ? " " : "", text
	begun = 1
}

function finish()
{
	if (name != "")
		print " },"
	name = ""
}

BEGIN {
	print "/* Made by man/reasons.awk from man/pam_jwks.8. */"
	print "static const struct {"
	print "\tconst char\t*name;"
	print "\tconst char\t*text;"
	print "} texts[] = {"
}

/^\.\\"/ { next }
/^\.Sh/ { finish(); inside = ($2 == "REASONS"); next }
!inside { next }
/^\.Ss/ { finish(); next }
/^\.(Bl|El)/ { finish(); next }
/^\.It/ {
	finish()
	if (NF != 2)
		fail($0)
	name = $2
	begun = 0
	printf "\t{ \"%s\",", name
	next
}
/^\.Pp/ { next }
/^\.(Ql|Dq)/ { add(words(2, "'", "'")); next }
/^\.(Cm|Em|Pa|Ev|Dv|Nm|Ar|Li|Sy)/ { add(words(2, "", "")); next }
/^\.Fl/ { add(words(2, "-", "")); next }
/^\.Sx/ { add(words(2, "", " in pam_jwks(8)")); next }
/^\.Xr/ { add($2 "(" $3 ")" rest(4)); next }
/^\.Dl/ { add(words(2, "", "")); next }
/^\./ { fail($1) }
{ add($0) }

END {
	if (failed)
		exit 1
	finish()
	print "};"
}
