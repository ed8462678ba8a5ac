# SPDX-License-Identifier: GPL-2.0-or-later
# Compiler and linker flags that are used where they work: each is tried with
# -Werror in a whole program, so that a flag that is only warned about (or a
# macro that needs -O) counts as unknown.

# NFTLB_CFLAG(FLAG) - append FLAG to HARDEN_CFLAGS if the compiler takes it
AC_DEFUN([NFTLB_CFLAG], [
AS_VAR_PUSHDEF([var], [nftlb_cv_cflag_$1])
AC_CACHE_CHECK([whether $CC takes $1], [var], [
	nftlb_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $1"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]])],
		[AS_VAR_SET([var], [yes])], [AS_VAR_SET([var], [no])])
	CFLAGS=$nftlb_save_CFLAGS])
AS_VAR_IF([var], [yes], [AS_VAR_APPEND([HARDEN_CFLAGS], [" $1"])])
AS_VAR_POPDEF([var])])

# NFTLB_LDFLAG(FLAG) - append FLAG to HARDEN_LDFLAGS if the linker takes it
AC_DEFUN([NFTLB_LDFLAG], [
AS_VAR_PUSHDEF([var], [nftlb_cv_ldflag_$1])
AC_CACHE_CHECK([whether the linker takes $1], [var], [
	nftlb_save_CFLAGS=$CFLAGS
	nftlb_save_LDFLAGS=$LDFLAGS
	CFLAGS="$CFLAGS -Werror -fPIE"
	LDFLAGS="$LDFLAGS $1"
	AC_LINK_IFELSE([AC_LANG_PROGRAM()],
		[AS_VAR_SET([var], [yes])], [AS_VAR_SET([var], [no])])
	CFLAGS=$nftlb_save_CFLAGS
	LDFLAGS=$nftlb_save_LDFLAGS])
AS_VAR_IF([var], [yes], [AS_VAR_APPEND([HARDEN_LDFLAGS], [" $1"])])
AS_VAR_POPDEF([var])])
