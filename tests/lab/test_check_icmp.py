# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMP checks, over raw and over ping sockets: c1 probes b1 and others through
the router gw."""

import os
import sys

import bad_icmp
import daemon
from daemon import member, service
from lab import FAMILIES, HERE, Lab, backend_addr, client_addr
from probing import argv, run
from process import check, equal, wait_until

WAYS = ("raw", "ping")
KEYS = {"type": "icmp", "timeout": "300ms"}
NETS = {4: "198.51.{}.0/24", 6: "2001:db8:{}::/64"}
HOSTS = {4: "198.51.{}.7", 6: "2001:db8:{}::7"}
BITS = {4: 32, 6: 128}
OUTSIDE = {4: "192.0.2.7", 6: "2001:db8:ffff::7"}
# type << 8 | code
NO_ROUTE = {4: 3 << 8 | 1, 6: 1 << 8}
NO_NEIGHBOUR = {4: 3 << 8 | 1, 6: 1 << 8 | 3}
PROHIBITED = {4: 3 << 8 | 13, 6: 1 << 8 | 1}
EXCEEDED = {4: 11 << 8, 6: 3 << 8}


def probes(lab, to, way="raw", count=1, node="c1", **keys):
    line = argv(lab, {**KEYS, **{k.replace("_", "-"): v for k, v in keys.items()}},
                to, count)
    if way == "ping":
        line.insert(1, "--ping")
    return run(lab, node, line, count)


def expect(lab, to, reason, detail=0, ways=WAYS, **keys):
    """Probe in both ways."""
    for way in ways:
        found = probes(lab, to, way, **keys)[0]
        equal((found["reason"], found["detail"]), (reason, detail),
              f"{to} by {way} socket, {keys}: {found}")


def allow_ping(lab, node="c1"):
    lab.sysctl(node, {"net.ipv4.ping_group_range": "0 2147483647"})


def block(lab, what):
    """What b1 does with echo requests."""
    lab.do("b1", "nft", "-f", "-", input=f"""
        table inet t
        delete table inet t
        table inet t {{ chain c {{ type filter hook input priority 0;
            icmp type echo-request {what}
            icmpv6 type echo-request {what}
        }}; }}""")


def test_up_and_silent():
    """A host that answers, and does not."""
    with Lab(backends=1) as lab:
        allow_ping(lab)
        for f in FAMILIES:
            for way in WAYS:
                for found in probes(lab, backend_addr(f, 1), way, 50):
                    equal((found["reason"], found["detail"]), ("ok", 0), way)
                    equal(set(found["phases"]), {"first"}, "its phases")
                    check(found["phases"]["first"] <= found["ms"], f"{found}")
            # a target's port is the service's, not the check's
            expect(lab, client_addr(f), "ok")
        block(lab, "drop")
        for f in FAMILIES:
            expect(lab, backend_addr(f, 1), "timeout")
        block(lab, "reject with icmpx type admin-prohibited")
        for f in FAMILIES:
            expect(lab, backend_addr(f, 1), "unreachable", PROHIBITED[f])


def test_unreachable():
    """What routers say, as early as they say it, and which it was."""
    with Lab(backends=1) as lab:
        allow_ping(lab)
        for f in FAMILIES:
            lab.ip("gw", [f"route add unreachable {NETS[f].format(91)}",
                          f"route add prohibit {NETS[f].format(92)}",
                          f"route add blackhole {NETS[f].format(93)}",
                          f"route add {NETS[f].format(94)} via {backend_addr(f, 1)}"])
            lab.ip("c1", [f"route add unreachable {NETS[f].format(95)}"])
        # b1 sends what it has no address for back to the router; all say each
        # time what is wrong, and not once a second
        lab.sysctl("b1", {"net.ipv4.ip_forward": 1,
                          "net.ipv6.conf.all.forwarding": 1})
        for node in ("gw", "b1"):
            lab.sysctl(node, {"net.ipv4.icmp_ratelimit": 0,
                              "net.ipv6.icmp.ratelimit": 0})
        for f in FAMILIES:
            host = HOSTS[f].format
            expect(lab, host(91), "unreachable", NO_ROUTE[f])
            expect(lab, host(92), "unreachable", PROHIBITED[f])
            expect(lab, host(93), "timeout")
            expect(lab, host(94), "unreachable", EXCEEDED[f])
            expect(lab, host(95), "unreachable")     # our own kernel says so
            nobody = backend_addr(f, 77)
            expect(lab, nobody, "unreachable", NO_NEIGHBOUR[f], timeout="8s")


def test_source():
    """Source address and interface are those of the check."""
    with Lab(backends=1) as lab:
        allow_ping(lab)
        other = {f: client_addr(f, 88) for f in FAMILIES}
        lab.ip("c1", [f"addr add {other[f]}/{16 if f == 4 else 64} dev front"
                      for f in FAMILIES])
        lab.do("b1", "nft", "-f", "-", input=f"""
            table inet t {{ chain c {{ type filter hook input priority 0;
                icmp type echo-request ip saddr != {other[4]} drop
                icmpv6 type echo-request ip6 saddr != {other[6]} drop
            }}; }}""")
        for f in FAMILIES:
            to = backend_addr(f, 1)
            # Linux lets no ping socket of IPv6 choose its source
            ways = WAYS if f == 4 else ("raw",)
            if f == 6:
                expect(lab, to, "local", ways=("ping",), source_address=other[f])
            expect(lab, to, "timeout", ways=ways, source_address=client_addr(f))
            expect(lab, to, "ok", ways=ways, source_address=other[f])
            expect(lab, to, "ok", ways=ways, source_address=other[f],
                   interface="front")
            # not an address of this machine: no fault of the backend
            expect(lab, to, "local", ways=ways, source_address=OUTSIDE[f])
        lab.do("b1", "nft", "flush", "ruleset")
        for f in FAMILIES:
            to = backend_addr(f, 1)
            expect(lab, to, "ok", interface="front")
            # there is no way to anybody through the loopback
            for way in WAYS:
                found = probes(lab, to, way, interface="lo")[0]
                check(found["reason"] in ("timeout", "unreachable"),
                      f"IPv{f}, {way}, through lo: {found}")


def test_only_the_target_answers():
    """Replies and errors that are not for this probe are not believed."""
    with Lab(backends=1) as lab:
        allow_ping(lab)
        lab.sysctl("b1", {"net.ipv4.icmp_echo_ignore_all": 1,
                          "net.ipv6.icmp.echo_ignore_all": 1})
        prefix = {f: HOSTS[f].format(99)[:-1] + "1" for f in FAMILIES}
        for f in FAMILIES:
            lab.ip("b1", [f"addr add {prefix[f]}{n:02d}/{BITS[f]} dev back"
                          + (" nodad" if f == 6 else "")
                          for n in [1, *bad_icmp.WAYS]])
            lab.ip("gw", [f"route add {NETS[f].format(99)} via {backend_addr(f, 1)}"])
        p = lab.spawn("b1", "bad-icmp", [
            sys.executable, os.path.join(HERE, "bad_icmp.py"), prefix[4], prefix[6]])
        p.wait_line("ready")
        for f in FAMILIES:
            told = "unreachable", bad_icmp.UNREACHABLE[f] << 8 | bad_icmp.CODE[f]
            good = {bad_icmp.right: ("ok", 0), bad_icmp.error: told}
            for n, way in bad_icmp.WAYS.items():
                expect(lab, f"{prefix[f]}{n:02d}",
                       *good.get(way, ("timeout", 0)))
            check(p.running(), f"bad_icmp.py: {p.errors()}")


def test_no_socket():
    """Neither a raw nor a ping socket: that is no fault of the backend."""
    with Lab(backends=1) as lab:
        lab.sysctl("c1", {"net.ipv4.ping_group_range": "1 0"})
        for f in FAMILIES:
            expect(lab, backend_addr(f, 1), "local", ways=("ping",))
            expect(lab, backend_addr(f, 1), "ok", ways=("raw",))


def test_with_the_daemon():
    """nftlbd hands raw sockets to its prober; states follow the replies."""
    with Lab(backends=1) as lab:
        lab.sysctl("gw", {"net.ipv4.ping_group_range": "1 0"})
        lines = {member(1, f): backend_addr(f, 1) for f in FAMILIES}
        d = daemon.start(lab, {"www": service(lines, check="alive")}, checks={
            "alive": {"type": "icmp", "interval": "200ms", "timeout": "100ms",
                      "rise": 2, "fall": 2}})
        d.wait_states("active")
        block(lab, "drop")
        d.wait_states("down")
        block(lab, "accept")
        d.wait_states("active")
        block(lab, "reject with icmpx type admin-prohibited")
        d.wait_states("down")
        wait_until(lambda: "reason=unreachable" in d.log(), 5,
                   f"the log says why: {d.log()}")
