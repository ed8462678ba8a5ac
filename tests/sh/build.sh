# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # top, build, cache, jobs: set by lab
# Two builds out of tree: build/ as users get it, build/asan for the unit tests.
# Warnings are errors in both.

# Once, before any make: parallel makes must not all regenerate the same files.
build_bootstrap() {
    local newer
    newer=$(find configure.ac Makefile.am ./*/local.mk m4 -type f \
        -newer Makefile.in 2>/dev/null || true)
    if [ ! -x configure ] || [ ! -f Makefile.in ] || [ -n "$newer" ]; then
        # touch: autoreconf keeps a file that would not change
        autoreconf --install --force && touch Makefile.in
    fi
}

# build_one DIR CONFIGURE-ARGUMENT...
build_one() ( # a subshell: it changes directory
    dir=$1
    shift
    mkdir -p "$dir" && cd "$dir" || return 1
    if [ ! -f Makefile ] || [ "$top/configure" -nt config.status ]; then
        "$top/configure" -q --enable-werror --prefix=/usr --sysconfdir=/etc \
            --localstatedir=/var --libexecdir=/usr/libexec "$@" || return 1
    fi
    make -s -j"$jobs" all
)

build_plain() {
    build_bootstrap && build_one "$build" CFLAGS="-O2 -g"
}

# build_quietly: the plain build; says something only when it fails
build_quietly() {
    mkdir -p "$build"
    build_plain >"$build/build.log" 2>&1 && return 0
    cat "$build/build.log" >&2
    return 1
}

build_asan() {
    build_one "$build/asan" --enable-sanitizers CFLAGS="-O1 -g"
}

build_all() {
    build_plain
    build_asan
}

build_clean() {
    rm -rf "$build" autom4te.cache build-aux aclocal.m4 configure configure~ \
        config.h.in config.h.in~ Makefile.in
    find tests -name __pycache__ -type d -prune -exec rm -rf {} +
}
