# SPDX-License-Identifier: GPL-2.0-or-later
"""
A service without a usable backend: refused or dropped as configured, and never
taken by the gateway's own programs that happen to listen there.
"""

import daemon
from daemon import member, service
from lab import FAMILIES, Lab, vip
from marks import vm_only
from process import check, equal, wait_until


def trap(lab, *protos):
    """A listener on the gateway at the service's address and port."""
    return lab.serve("gw", *(f"{p}/{a}/80" for p in protos
                             for a in ("0.0.0.0", "::")), name="trap")


def disable_all(d, count=3):
    for family in FAMILIES:
        for i in range(1, count + 1):
            d.do("backend", "disable", "www", member(i, family))


def refused(lab, node, family, proto, on_empty):
    # Who is refused has time for it, but one SYN.
    r = lab.flow(node, vip(family), 80, 2, proto=proto,
                 timeout_ms=400 if on_empty == "drop" else None)
    words = f"{node} {proto} IPv{family} {on_empty}"
    equal(r.counts(), {}, f"{words}: answered by")
    wanted = {"timeout" if on_empty == "drop" else "refused"}
    if node == "gw" and proto == "udp":
        # A local sender is told at once that its packet was not sent.
        wanted.add("Operation not permitted")
    check(set(r.failures) <= wanted, f"{words}: {r.failures}")


def empty(on_empty, where, protos=("tcp", "udp"), nodes=("c1", "gw")):
    with Lab(vip=where) as lab:
        lab.serve_all(*(f"{p}/{a}/8080" for p in protos
                        for a in ("0.0.0.0", "::")))
        local = trap(lab, *protos)
        d = daemon.start(lab, {"www": service(protocol=", ".join(protos),
                                              on_empty=on_empty)})
        disable_all(d)
        equal(d.service()["state"], "down", "state of the service")
        for family in FAMILIES:
            for proto in protos:
                for node in nodes:
                    refused(lab, node, family, proto, on_empty)
        local.stop()
        equal({p: local.result()[p] for p in protos}, {p: 0 for p in protos},
              "clients that reached the gateway's own listener")
        for family in FAMILIES:
            d.do("backend", "enable", "www", member(2, family))
            for proto in protos:
                r = lab.flow("c1", vip(family), 80, 5, proto=proto)
                equal(r.all_ok("after enable").counts(), {"b2": 5},
                      f"{proto} IPv{family} after enable")


def test_reject():
    empty("reject", "lo")


def test_reject_vip_routed():
    empty("reject", "routed", nodes=("c1",))


def test_drop():
    empty("drop", "lo")


def test_drop_vip_routed():
    empty("drop", "routed", nodes=("c1",))


@vm_only
def test_reject_sctp():
    with Lab() as lab:
        lab.serve_all("sctp/0.0.0.0/8080", "sctp/::/8080")
        local = trap(lab, "sctp")
        d = daemon.start(lab, {"www": service(protocol="sctp")})
        disable_all(d)
        for family in FAMILIES:
            r = lab.flow("c1", vip(family), 80, 3, proto="sctp", timeout_ms=500)
            equal(r.ok, 0, f"IPv{family}: answered")
        local.stop()
        equal(local.result()["sctp"], 0, "reached the local listener")


def test_service_disabled():
    """service disable refuses new clients; enable serves them again."""
    with Lab() as lab:
        lab.serve_all()
        trap(lab, "tcp")
        d = daemon.start(lab, {"www": service()})
        d.do("service", "disable", "www")
        equal(d.service()["state"], "disabled", "state")
        for family in FAMILIES:
            r = lab.flow("c1", vip(family), 80, 2)
            equal(r.ok, 0, f"IPv{family}: answered by {r.counts()}")
        d.do("service", "enable", "www")
        for family in FAMILIES:
            r = lab.flow("c1", vip(family), 80, 30).all_ok("enabled")
            equal(r.counts(), {"b1": 10, "b2": 10, "b3": 10}, f"IPv{family}")


def test_empty_by_health():
    """All servers dead: refused; the first one that lives again serves."""
    with Lab() as lab:
        lab.serve_all()
        trap(lab, "tcp")
        d = daemon.start(lab, {"www": service(check="fast")},
                         checks={"fast": daemon.FAST_CHECK})
        d.wait_states("active")
        for b in lab.backends:
            lab.servers[b].kill()
        d.wait_states("down")
        for family in FAMILIES:
            refused(lab, "c1", family, "tcp", "reject")
        lab.serve("b3")
        for family in FAMILIES:
            d.wait_state(member(3, family), "active")
            wait_until(lambda f=family: lab.flow(
                "c1", vip(f), 80, 3, timeout_ms=300).counts() == {"b3": 3},
                2, f"IPv{family}: b3 serves")
