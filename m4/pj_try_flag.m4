# PJ_TRY_CFLAG(VARIABLE, FLAGS): adds FLAGS to VARIABLE if the compiler takes
# them without a word, -Werror making an ignored flag an error.
AC_DEFUN([PJ_TRY_CFLAG], [
	AC_MSG_CHECKING([whether $CC takes $2])
	pj_saved=$CFLAGS
	CFLAGS="$CFLAGS -Werror $2"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
		[AC_MSG_RESULT([yes]); $1="$$1 $2"],
		[AC_MSG_RESULT([no])])
	CFLAGS=$pj_saved
])

# PJ_TRY_LDFLAG(VARIABLE, FLAGS): the same for the linker.
AC_DEFUN([PJ_TRY_LDFLAG], [
	AC_MSG_CHECKING([whether the linker takes $2])
	pj_saved=$LDFLAGS
	LDFLAGS="$LDFLAGS -Werror $2"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		[AC_MSG_RESULT([yes]); $1="$$1 $2"],
		[AC_MSG_RESULT([no])])
	LDFLAGS=$pj_saved
])
