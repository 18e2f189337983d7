# PJ_SYSTEMD_DIR(NAME, WHAT, BELOW): --with-NAME=DIR, or no.  By default the
# folder is what systemd.pc calls NAME, none where there is no systemd.pc, and
# BELOW the prefix for who names one of his own.
AC_DEFUN([PJ_SYSTEMD_DIR], [
	AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=DIR],
		[where to install $2; no: do not (default: as systemd.pc says)])],
		[], [with_$1=auto])
	AS_CASE([$with_$1],
		[auto|yes], [PKG_CHECK_VAR([$1], [systemd], [$1],
			[AS_CASE([$prefix], [NONE|/usr], [],
				[$1='${prefix}/$3'])],
			[AS_IF([test "x$with_$1" = xyes],
				[AC_MSG_ERROR([systemd.pc does not say $1])])
			$1=no])],
		[$1=$with_$1])
	AC_SUBST([$1])
])
