#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The virtual machine is what the tests in it take it for: Debian's kernel with
# nf_tables, conntrack, namespaces, SCTP.
# shellcheck disable=SC2317 # the functions are called by check()
set -u
failed=0

check() {
    local name=$1
    shift
    if "$@" >/run/smoke.out 2>&1; then
        echo "ok $name"
    else
        echo "not ok $name"
        sed 's/^/    /' /run/smoke.out
        failed=1
    fi
}

sctp_talks() {
    python3 - <<'PY'
import socket
srv = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
srv.bind(("127.0.0.1", 0))
srv.listen(1)
cl = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
cl.connect(srv.getsockname())
conn, _ = srv.accept()
conn.sendall(b"hello")
assert cl.recv(16) == b"hello"
PY
}

nft_form() {
    nft -f - <<'NFT' && nft list table ip smoke && nft delete table ip smoke
table ip smoke {
    map slots {
        typeof numgen inc mod 16 : ip daddr . tcp dport
    }
    chain pre {
        type nat hook prerouting priority dstnat
        meta l4proto tcp dnat ip to numgen inc mod 4 offset 8 map @slots
        meta l4proto tcp reject with tcp reset
    }
}
NFT
}

namespaces() {
    ip netns add smoke-a && ip netns add smoke-b &&
        ip link add va netns smoke-a type veth peer name vb netns smoke-b &&
        ip -n smoke-a addr add 10.9.0.1/24 dev va &&
        ip -n smoke-b addr add 10.9.0.2/24 dev vb &&
        ip -n smoke-a link set va up && ip -n smoke-b link set vb up &&
        ip netns exec smoke-a nft list ruleset &&
        ip netns exec smoke-a python3 -c '
import errno, socket
assert socket.socket().connect_ex(("10.9.0.2", 9)) == errno.ECONNREFUSED' &&
        ip netns del smoke-a && ip netns del smoke-b
}

debian_kernel() {
    case $(uname -r) in
    6.1.*-amd64) ;;
    *) uname -r && return 1 ;;
    esac
}

check "vm: Debian's kernel" debian_kernel
check "vm: nft list ruleset" nft list ruleset
check "vm: nft form" nft_form
check "vm: network namespaces" namespaces
check "vm: sctp" sctp_talks
check "vm: conntrack" conntrack -L
exit "$failed"
