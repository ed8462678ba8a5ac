# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # top, build, cache, jobs: set by lab
# ./lab check. A suite is a function suite_NAME that prints "ok TEST" or
# "not ok TEST" for each of its tests; all counting is of these lines. Suites
# run as jobs with a process group each, so that an exit of any kind ends them.

suite_pids=()

suite_style() {
    python3 tests/style/style.py
}

# How many tests of a suite may fail once: on a machine that is busy beyond all
# measure one of some thousand does not get what it waits for. It is tried again
# when the others are done; the log tells of both tries, and so does the end.
tries=3

# unit_again: the second try of a few programs
unit_again() {
    local failed
    failed=$(cd "$build/asan" && grep -L '^:test-result: PASS' \
        tests/{unit,fuzz}/*.trs 2>/dev/null | sed 's/\.trs$//')
    [ -n "$failed" ] && [ "$(wc -w <<<"$failed")" -le "$tries" ] || return 1
    sed 's/^/# first try: /; s/$/ failed/' <<<"$failed"
    # automake's list is of words
    make -s -C "$build/asan" check VERBOSE=1 TESTS="${failed//$'\n'/ }"
}

# The unit tests run under ASan and UBSan; what they say is cmocka's.
suite_unit() {
    local rc=0 f name
    make -s -k -j"$jobs" -C "$build/asan" check VERBOSE=1 ||
        unit_again || rc=$?
    for f in "$build"/asan/tests/{unit,fuzz}/*.trs; do
        [ -e "$f" ] || continue
        name=$(basename "$f" .trs)
        sed 's/\x1b\[[0-9;]*m//g' "${f%.trs}.log" | awk -v name="$name" '
            /^\[       OK \]/ { sub(/.*\] /, ""); print "ok " name ": " $0 }
            /^\[  FAILED  \] [^0-9]/ {
                sub(/.*\] /, "")
                if (!seen[$0]++) print "not ok " name ": " $0 }' |
            tee "$build/check/unit.part"
        grep -q '^:test-result: PASS' "$f" && continue
        # it died, or ended badly after its last test
        grep -q '^not ok' "$build/check/unit.part" ||
            echo "not ok $name as a whole"
        cat "${f%.trs}.log"
    done
    return "$rc"
}

suite_packaging() {
    bash tests/packaging/install.sh "$build"
}

suite_distcheck() {
    # (its own make check repeats the unit tests, without the sanitizers)
    if make -s -j"$jobs" -C "$build" distcheck VERBOSE=1 \
        DISTCHECK_CONFIGURE_FLAGS="--enable-werror CFLAGS='-O1 -g0'"; then
        echo "ok distcheck"
    else
        echo "not ok distcheck"
        return 1
    fi
}

suite_vm() {
    vm_run 2400 bash tests/vm/suite.sh
}

# Beside the virtual machine, which goes first: these do not mind, they wait for
# conditions most of the time.
suite_lab() {
    exec nice -n 5 python3 tests/lab/run.py --beside --again "$tries" -j "$((jobs + 2))"
}

# What measures time, or needs the whole machine.
suite_lab_alone() {
    exec python3 tests/lab/run.py --alone --again "$tries"
}

# The daemon itself under ASan and UBSan, on real packets: what a unit test does
# not reach. Tests of time are left to the plain build.
suite_lab_asan() {
    export BUILD=$build/asan
    exec python3 tests/lab/run.py -j "$jobs" --again "$tries" control. empty. modes. flows. \
        balance. health.health hostile. hash.key kernel.foreign kernel.start \
        kernel.changed kernel.flush_command \
        persist.session_delete group. persist.size_changes \
        lists.kept lists.reload_while counters.removed counters.restart \
        api.tokens api.reload api.process api.events api_load.hostile \
        overflow.sessions local.reload room.restart marks.marks_come
}

# check_start SUITE: as a job; its pid is its process group
check_start() {
    set -m
    (
        trap - EXIT INT TERM
        "suite_$1"
    ) >"$build/check/$1.log" 2>&1 </dev/null &
    suite_pids[$!]=$1
    set +m
}

# check_wait SUITE...: for these suites
check_wait() {
    local pid name rc
    for pid in "${!suite_pids[@]}"; do
        name=${suite_pids[$pid]}
        case " $* " in *" $name "*) ;; *) continue ;; esac
        rc=0
        wait "$pid" || rc=$?
        unset "suite_pids[$pid]"
        check_report "$name" "$rc"
    done
}

# check_report SUITE STATUS: count; tell more of a suite that failed
check_report() {
    local log=$build/check/$1.log ok bad
    ok=$(grep -ac '^ok ' "$log" || true)
    bad=$(grep -ac '^not ok ' "$log" || true)
    # a suite that ends badly, or without a test, has failed whatever it says
    if [ "$bad" = 0 ] && { [ "$2" != 0 ] || [ "$ok" = 0 ]; }; then
        echo "not ok $1: exit status $2, $ok tests" >>"$log"
        bad=1
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
    printf '%-10s %4d ok %4d not ok  (at %d s)\n' "$1" "$ok" "$bad" "$SECONDS"
    if [ "$bad" != 0 ]; then
        echo "---- $log"
        grep -av '^ok \|^[0-9]* passed, [0-9]* failed$' "$log" | tail -n 400
        echo "----"
    fi
}

check_cleanup() {
    local pid
    for pid in "${!suite_pids[@]}"; do
        kill -TERM -- "-$pid" 2>/dev/null || true
    done
    for pid in "${!suite_pids[@]}"; do
        timeout 20 tail --pid="$pid" -f /dev/null || true
        kill -KILL -- "-$pid" 2>/dev/null || true
        # what a killed run.py left: its namespaces are named after its pid
        PYTHONPATH=tests/lab python3 -c \
            "import lab; lab.sweep('nl${pid}t')" || true
    done
    chmod -R u+w "$build"/nftlb-[0-9]* 2>/dev/null || true
    rm -rf "$build"/nftlb-[0-9]*/
}

check_builds() {
    local plain=0 asan=0 pid
    build_bootstrap >"$build/check/build.log" 2>&1 || return 1
    build_asan >"$build/check/asan.log" 2>&1 &
    pid=$!
    build_one "$build" CFLAGS="-O2 -g" >>"$build/check/build.log" 2>&1 ||
        plain=$?
    wait "$pid" || asan=$?
    [ "$plain" = 0 ] || cat "$build/check/build.log"
    [ "$asan" = 0 ] || cat "$build/check/asan.log"
    [ $((plain + asan)) = 0 ]
}

check_all() {
    passed=0
    failed=0
    trap check_cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    export ASAN_OPTIONS=abort_on_error=0:detect_leaks=1
    export UBSAN_OPTIONS=print_stacktrace=1
    deps_install
    rm -rf "$build/check"
    mkdir -p "$build/check"
    if check_builds; then
        echo "built      in $SECONDS s, plain and with sanitizers"
        # The machine in the machine takes the longest: it goes on beside all that
        # has no limits of time. What has comes last and alone: on two
        # processors and beside qemu even `nft list` was seen to take half a
        # minute.
        check_start vm
        check_start style
        check_start unit
        check_start packaging
        check_start distcheck
        check_wait style unit packaging distcheck
        check_start lab_asan
        check_wait lab_asan
        check_start lab
        check_wait lab vm
        check_start lab_alone
        check_wait lab_alone
    else
        failed=1
    fi
    grep -aho '^# first try: .*' "$build"/check/*.log 2>/dev/null || true
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
