#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `make install` puts where, and that what is installed fits together.
# usage: install.sh BUILD-DIRECTORY (configured with Debian's directories)
# shellcheck disable=SC2317 # the functions are called by check()
set -u
build=$1
root=$(mktemp -d /tmp/nftlb-install.XXXXXX)
trap 'rm -rf "$root"' EXIT
failed=0

# check NAME COMMAND...
check() {
    local name=$1
    shift
    if "$@" >"$root/out" 2>&1; then
        echo "ok packaging: $name"
        [ ! -e "$root/said" ] || { cat "$root/said"; rm "$root/said"; }
    else
        echo "not ok packaging: $name"
        sed 's/^/#   /' "$root/out"
        failed=1
    fi
}

unit_dir=$(pkg-config --variable=systemdsystemunitdir systemd 2>/dev/null)
unit_dir=${unit_dir:-/usr/lib/systemd/system}
users_dir=$(pkg-config --variable=sysusersdir systemd 2>/dev/null)
users_dir=${users_dir:-/usr/lib/sysusers.d}

wanted="/usr/sbin/hvagent
/usr/sbin/nftlbd
/usr/sbin/nftlbctl
/usr/libexec/nftlb/nftlb-api
/usr/libexec/nftlb/nftlb-prober
$unit_dir/hvagent.service
$unit_dir/nftlbd.service
$users_dir/nftlb.conf
/usr/share/bash-completion/completions/nftlbctl
/usr/share/doc/nftlb/LICENSE
/usr/share/doc/nftlb/README.md
/usr/share/doc/nftlb/examples/hvagent.conf.example
/usr/share/doc/nftlb/examples/nftlbd.conf.example
/usr/share/man/man5/hvagent.conf.5
/usr/share/man/man5/nftlbd.conf.5
/usr/share/man/man8/hvagent.8
/usr/share/man/man8/nftlbctl.8
/usr/share/man/man8/nftlbd.8
/usr/share/zsh/vendor-completions/_nftlbctl"

same_files() {
    diff <(sort <<<"$wanted") \
        <(cd "$root/tree" && find . -type f | sed 's/^\.//' | sort)
}

unit_complete() {
    local name unit key
    for name in nftlbd hvagent; do
        unit=$root/tree$unit_dir/$name.service
        ! grep '@' "$unit" | grep -v '^SystemCallFilter=@' || return 1
        for key in Type=notify WatchdogSec= "ExecStartPre=/usr/sbin/$name" ExecReload= \
            CapabilityBoundingSet= NoNewPrivileges=yes; do
            grep -q "^$key" "$unit" || { echo "$name: no $key"; return 1; }
        done
    done
}

# What systemd itself says of the units. 10.0 is what a unit without any of it
# has; who changes nf_tables as root does not get much below 3.0.
unit_understood() {
    local name
    command -v systemd-analyze >/dev/null ||
        { echo "no systemd-analyze: apt-get install systemd"; return 1; }
    mkdir -p "$root/units"
    for name in nftlbd hvagent; do
        sed "s|/usr/sbin/|$root/tree/usr/sbin/|" \
            "$root/tree$unit_dir/$name.service" >"$root/units/$name.service"
        systemd-analyze verify --man=no --recursive-errors=no \
            "$root/units/$name.service" || return 1
        systemd-analyze security --offline=yes --threshold=30 --no-pager \
            "$root/units/$name.service" >"$root/security" ||
            { tail -n 2 "$root/security"; return 1; }
        # "-> Overall exposure level for nftlbd.service: 2.4 OK", in the output
        sed -n 's/.*Overall exposure/# exposure/p' "$root/security" >>"$root/said"
    done
}

hardened() {
    local f
    for f in nftlbd nftlbctl hvagent; do
        readelf -hW "$root/tree/usr/sbin/$f" | grep -q 'Type:.*DYN' ||
            { echo "$f: no PIE"; return 1; }
        readelf -dW "$root/tree/usr/sbin/$f" | grep -q 'BIND_NOW\|FLAGS.*NOW' ||
            { echo "$f: no bindnow"; return 1; }
        readelf -lW "$root/tree/usr/sbin/$f" | grep -q GNU_RELRO ||
            { echo "$f: no relro"; return 1; }
    done
}

# The prober reads what peers send: it gets few libraries, and no nftables.
prober_small() {
    ! readelf -dW "$root/tree/usr/libexec/nftlb/nftlb-prober" |
        grep NEEDED | grep 'nft\|mnl\|microhttpd\|systemd'
}

# So does what reads requests.
api_small() {
    ! readelf -dW "$root/tree/usr/libexec/nftlb/nftlb-api" |
        grep NEEDED | grep 'nft\|mnl\|curl\|systemd'
}

# Strings of the build directory's own must not be in what is installed.
prober_found() {
    grep -aq '/usr/libexec/nftlb/nftlb-prober' "$root/tree/usr/sbin/nftlbd"
}

example_good() {
    local examples=$root/tree/usr/share/doc/nftlb/examples
    "$root/tree/usr/sbin/nftlbd" -t -c "$examples/nftlbd.conf.example" &&
        "$root/tree/usr/sbin/hvagent" -t -c "$examples/hvagent.conf.example"
}

completion_good() {
    bash -n "$root/tree/usr/share/bash-completion/completions/nftlbctl" &&
        head -n 1 "$root/tree/usr/share/zsh/vendor-completions/_nftlbctl" |
        grep -q '^#compdef nftlbctl'
}

uninstall_clean() {
    make -s -C "$build" uninstall DESTDIR="$root/tree" &&
        [ -z "$(find "$root/tree" -type f)" ]
}

check "make install" make -s -C "$build" install DESTDIR="$root/tree"
check "each file where Debian expects it" same_files
check "the systemd units are complete" unit_complete
check "systemd understands the units" unit_understood
check "programs are hardened" hardened
check "the prober links no kernel library" prober_small
check "the API process links no kernel library" api_small
check "nftlbd knows where the prober is" prober_found
check "nftlbd and hvagent -t take the examples" example_good
check "completions are well formed" completion_good
check "make uninstall leaves no file" uninstall_clean
exit "$failed"
