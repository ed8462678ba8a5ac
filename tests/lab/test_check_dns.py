# SPDX-License-Identifier: GPL-2.0-or-later
"""DNS checks against unbound, and against name servers that misbehave."""

import os
import sys

import daemon
from daemon import member, service
from lab import FAMILIES, HERE, Lab, backend_addr
from probing import expect, probe
from process import check, equal, wait_until

NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
STRANGER = {4: "10.2.0.99", 6: "2001:db8:2::99"}
# dead.example.: unbound asks no server on its own machine, and says SERVFAIL
UNBOUND = """
server:
    interface: 0.0.0.0@53
    interface: ::0@53
    interface-automatic: yes
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{dir}"
    pidfile: "{dir}/unbound.pid"
    use-syslog: no
    num-threads: 1
    module-config: "iterator"
    access-control: 10.2.0.0/16 allow
    access-control: 2001:db8:2::/64 allow
    access-control: 10.2.0.99/32 refuse
    access-control: 2001:db8:2::99/128 refuse
    local-zone: "silent.test." deny
    local-zone: "test." static
    local-data: "www.test. A 192.0.2.6"
    local-data: "www.test. A 192.0.2.7"
    local-data: "www.test. AAAA 2001:db8::7"
    local-data: "test. MX 10 mail.test."
    local-data: "test. NS ns.test."
    local-data: "test. SOA ns.test. host.test. 1 2 3 4 5"
    local-data: "alias.test. CNAME www.test."
    local-data: "_ldap._tcp.test. SRV 0 0 389 www.test."
    local-data: "7.2.0.192.in-addr.arpa. PTR www.test."
    local-data: 'short.test. TXT "all is well"'
    {big}
remote-control:
    control-enable: no
stub-zone:
    name: "dead.example."
    stub-addr: 127.0.0.1
"""
BIG = [f"{i:02d}" + "x" * 200 for i in range(15)]      # 3 KB of TXT records
BASE = {"type": "dns", "timeout": "1s"}


def asked(name, kind="A", **more):
    return {**BASE, "query": name, "query-type": kind,
            **{key.replace("_", "-"): value for key, value in more.items()}}


def target(port=53, family=4):
    address = backend_addr(family, 1)
    return f"{address}:{port}" if family == 4 else f"[{address}]:{port}"


def unbound(lab):
    path = os.path.join(lab.dir, "unbound.conf")
    big = "\n    ".join(f"local-data: 'big.test. TXT \"{t}\"'" for t in BIG)
    with open(path, "w", encoding="ascii") as f:
        f.write(UNBOUND.format(dir=lab.dir, big=big))
    p = lab.spawn("b1", f"unbound-{next(lab.count)}", ["unbound", "-d", "-c", path])

    def answers():
        check(p.running(), f"unbound: {p.errors()}")
        return probe(lab, asked("www.test"), target())[0]["reason"] == "ok"
    wait_until(answers, 10, "unbound answers")
    return p


def bad(lab, table):
    """Start the servers of table: {port: behaviours}."""
    p = lab.spawn("b1", "bad-dns", [
        sys.executable, os.path.join(HERE, "bad_dns.py"),
        *(f"{port}={names}" for port, names in table.items())])
    p.wait_line("ready")


def test_answers():
    """unbound answers each type; what is expected is there, or is not."""
    rows = [
        (asked("www.test"), "ok", NOERROR),
        (asked("WWW.Test."), "ok", NOERROR),
        (asked("www.test", expect_answer="192.0.2.7"), "ok", NOERROR),
        (asked("www.test", expect_answer="192.0.2.8"), "content", NOERROR),
        (asked("www.test", "AAAA", expect_answer="2001:DB8:0::7"), "ok", NOERROR),
        (asked("alias.test", "CNAME", expect_answer="WWW.test"), "ok", NOERROR),
        # only the alias comes, and is of another type than asked for
        (asked("alias.test", "A", expect_answer="192.0.2.7"), "content", NOERROR),
        (asked("test", "MX", expect_answer="mail.test"), "ok", NOERROR),
        (asked("test", "MX", expect_answer="mail2.test"), "content", NOERROR),
        (asked("test", "NS", expect_answer="ns.test."), "ok", NOERROR),
        (asked("test", "SOA", expect_answer="ns.test"), "ok", NOERROR),
        (asked("_ldap._tcp.test", "SRV", expect_answer="www.test"), "ok", NOERROR),
        (asked("7.2.0.192.in-addr.arpa", "PTR", expect_answer="www.test"),
         "ok", NOERROR),
        (asked("short.test", "TXT", expect_answer="all is well"), "ok", NOERROR),
        (asked("short.test", "TXT", expect_answer="all is"), "content", NOERROR),
        # unbound answers ANY for its own data with nothing
        (asked("short.test", "ANY"), "ok", NOERROR),
        # a name without such a record: good, unless one is expected
        (asked("short.test", "A"), "ok", NOERROR),
        (asked("short.test", "A", expect_answer="192.0.2.7"), "content", NOERROR),
        (asked("none.test"), "status", NXDOMAIN),
        (asked("none.test", expect_rcode="NXDOMAIN"), "ok", NXDOMAIN),
        (asked("www.test", expect_rcode="REFUSED"), "status", NOERROR),
        (asked("www.dead.example"), "status", SERVFAIL),
        (asked("www.silent.test"), "timeout", 0),
    ]
    with Lab(backends=1) as lab:
        unbound(lab)
        for keys, reason, detail in rows:
            for family in FAMILIES:
                expect(lab, keys, target(family=family), reason, detail=detail)


def test_source_and_refusal():
    """The check's source address is what the server sees, and refuses."""
    with Lab(backends=1) as lab:
        lab.ip("gw", [f"addr add {STRANGER[f]}/{16 if f == 4 else 64} dev back"
                      for f in FAMILIES])
        unbound(lab)
        for f in FAMILIES:
            # Of two addresses of one network the kernel prefers either.
            for source, reason, detail in (
                    (STRANGER[f], "status", REFUSED),
                    ("10.2.0.1" if f == 4 else "2001:db8:2::1", "ok", NOERROR)):
                expect(lab, asked("www.test", source_address=source),
                       target(family=f), reason, detail=detail)
            expect(lab, asked("www.test", source_address=STRANGER[f],
                              expect_rcode="refused"), target(family=f), "ok",
                   detail=REFUSED)
            # the wrong side of the gateway: nobody there has this address
            expect(lab, asked("www.test", interface="front", timeout="300ms"),
                   target(family=f), "timeout")


def test_long_answers_come_over_tcp():
    """3 KB do not fit into a datagram; TCP's own ways to fail."""
    big = asked("big.test", "TXT", expect_answer=BIG[-1])
    with Lab(backends=1) as lab:
        unbound(lab)
        for f in FAMILIES:
            expect(lab, big, target(family=f), "ok", detail=NOERROR)
        expect(lab, {**big, "expect-answer": BIG[-1][:-1]}, target(), "content")
        lab.do("b1", "nft", "-f", "-", input="table inet t { chain c { type filter"
               " hook input priority 0; tcp dport 53 reject with tcp reset; }; }")
        for f in FAMILIES:
            expect(lab, big, target(family=f), "refused")
            expect(lab, asked("www.test"), target(family=f), "ok")
        lab.do("b1", "nft", "-f", "-", input="flush ruleset\ntable inet t { chain c"
               " { type filter hook input priority 0; tcp dport 53 drop; }; }")
        for f in FAMILIES:
            expect(lab, {**big, "timeout": "300ms"}, target(family=f), "timeout")


def test_bad_servers():
    """Each way to be no name server has its reason, and never hurts."""
    table = [
        ("good", "ok", NOERROR), ("silent", "timeout", 0),
        ("wrong_id", "timeout", 0), ("wrong_then_right", "ok", NOERROR),
        ("echo", "malformed", 0), ("short", "malformed", 0),
        ("garbage", "malformed", 0), ("text", "malformed", 0),
        ("cut", "malformed", 0), ("other_question", "malformed", 0),
        ("too_many", "malformed", 0), ("servfail", "status", SERVFAIL),
        ("truncated", "refused", 0),
        ("truncated/good", "ok", NOERROR), ("truncated/bytewise", "ok", NOERROR),
        ("truncated/close", "closed", 0), ("truncated/reset", "reset", 0),
        ("truncated/cut", "closed", 0), ("truncated/reset_inside", "reset", 0),
        ("truncated/drip", "timeout", 0), ("truncated/silent", "timeout", 0),
        ("truncated/wrong_id", "malformed", 0),
        ("truncated/truncated", "malformed", 0),
        ("truncated/nothing", "malformed", 0), ("truncated/huge", "ok", NOERROR),
    ]
    ports = {5300 + i: row for i, row in enumerate(table)}
    keys = asked("www.test", expect_answer="192.0.2.7", timeout="400ms")
    with Lab(backends=1) as lab:
        bad(lab, {port: row[0] for port, row in ports.items()})
        for port, (_, reason, detail) in ports.items():
            for f in FAMILIES:
                expect(lab, keys, target(port, f), reason, detail=detail)


def test_nobody_there():
    """A closed port, a host that is not there, no route to it."""
    with Lab(backends=1) as lab:
        for f in FAMILIES:
            patient = asked("www.test", timeout="8s")
            found = expect(lab, patient, target(family=f), "refused")
            check(found["ms"] < 4000, f"refused at once, not after {found['ms']} ms")
            lab.do("b1", "nft", "-f", "-", input="table inet t { chain c { type filter"
                   " hook input priority 0; udp dport 53 reject with"
                   " icmpx admin-prohibited; }; }")
            found = expect(lab, patient, target(family=f), "unreachable")
            check(found["ms"] < 4000, f"known at once, not after {found['ms']} ms")
            lab.do("b1", "nft", "flush", "ruleset")
        found = probe(lab, asked("www.test", timeout="8s"), "10.2.99.99:53")[0]
        equal(found["reason"], "unreachable", f"nobody answers ARP: {found}")


def test_through_the_daemon():
    """A name server that dies is out, says why, and comes back."""
    lines = {member(1, f): target(family=f) for f in FAMILIES}
    checks = {"name": {"type": "dns", "query": "www.test", "rise": 2, "fall": 2,
                       "expect-answer": "192.0.2.7", "interval": "200ms",
                       "timeout": "150ms"}}
    with Lab(backends=1) as lab:
        server = unbound(lab)
        d = daemon.start(lab, {"www": service(
            lines, protocol="udp", port=53, check="name")}, checks=checks)
        d.wait_states("active")
        server.kill()
        d.wait_states("down")
        wait_until(lambda: "reason=refused" in d.log(), 5,
                   f"the log says why: {d.log()}")
        unbound(lab)
        d.wait_states("active")
