# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # top, build, jobs: set by lab
# ./lab fuzz NAME [SECONDS]: one fuzzer with libFuzzer, ASan and UBSan, by clang,
# below build/fuzz. It begins with tests/fuzz/corpus/NAME; what it learns is kept
# in build/fuzz/corpus/NAME, inputs that break something in build/fuzz/found.

fuzz_names() {
    find tests/fuzz -name 'fuzz_*.c' -printf '%f\n' |
        sed 's/^fuzz_//; s/\.c$//' | sort
}

fuzz_build() {
    build_bootstrap
    mkdir -p "$build/fuzz"
    (
        cd "$build/fuzz" || exit 1
        if [ ! -f Makefile ] || [ "$top/configure" -nt config.status ]; then
            san=-fsanitize=fuzzer-no-link,address,undefined
            "$top/configure" -q --disable-hardening CC=clang \
                CFLAGS="-O1 -g $san -fno-sanitize-recover=undefined" || return 1
        fi
        # libFuzzer has a main() too, and is looked at before libreplay.a
        make -s -j"$jobs" "tests/fuzz/fuzz_$1" LDFLAGS=-fsanitize=fuzzer
    )
}

# fuzz_run NAME SECONDS
fuzz_run() {
    local learned=$build/fuzz/corpus/$1
    local dict=$top/tests/fuzz/$1.dict words=()
    mkdir -p "$learned" "$build/fuzz/found"
    [ ! -f "$dict" ] || words=("-dict=$dict")
    "$build/fuzz/tests/fuzz/fuzz_$1" -max_total_time="$2" -timeout=10 \
        -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1 \
        "${words[@]}" -artifact_prefix="$build/fuzz/found/$1-" \
        "$learned" "$top/tests/fuzz/corpus/$1"
}
