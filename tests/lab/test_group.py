# SPDX-License-Identifier: GPL-2.0-or-later
"""Services of a persist-group: one table, one member on all their ports."""

import daemon
from daemon import FAST_CHECK, member, members, service
from lab import FAMILIES, Lab, crowd, vip
from marks import vm
from process import check, equal, wait_until
from test_persist import CLIENTS, PERSIST, visit


def grouped(lab, ports=(8080, 8082), **keys):
    d = daemon.Daemon(lab)
    pool = {f"backend.{name}": text
            for name, text in daemon.members(port=0).items()}
    more = {"pool": "web", "persist": PERSIST, "persist-group": "site",
            "check": "quick", **keys}
    d.write({name: {**service({}, port=port), **more}
             for name, port in zip(("http", "https"), ports)},
            checks={"quick": {**FAST_CHECK, "port": 8080}},
            pools={"web": pool})
    return d.start()


@vm
def test_same_member():
    """Two services, one table: the same member on both ports."""
    with Lab() as lab:
        both = [f"tcp/{a}/{p}" for a in ("0.0.0.0", "::") for p in (8080, 8082)]
        lab.serve_all(*both)
        d = grouped(lab)
        d.wait_states("active", "http")
        d.wait_states("active", "https")
        first = {}
        for f in FAMILIES:
            first[f] = visit(lab, f, port=8080)
            equal(set(first[f].values()), {"b1", "b2", "b3"}, f"IPv{f}")
            equal(visit(lab, f, port=8082), first[f], f"IPv{f}: other port")
        t = d.json("show", "sessions")
        equal([(x["services"], x["group"], x["count"]) for x in t],
              [(["http", "https"], "site", CLIENTS)] * 2, "tables")
        lab.servers["b2"].kill()
        for f in FAMILIES:
            for s in ("http", "https"):
                d.wait_state(member(2, f), "down", s)
            second = visit(lab, f, port=8082)
            check("b2" not in second.values(), f"IPv{f}: {second}")
            equal(visit(lab, f, port=8080), second, f"IPv{f}: other port, later")
            for client, backend in first[f].items():
                check(backend in ("b2", second[client]), f"IPv{f}: {client}")
        lab.serve("b2", *both)
        for f in FAMILIES:
            for s in ("http", "https"):
                d.wait_state(member(2, f), "active", s)
            second = visit(lab, f, port=8080)
            check("b2" not in second.values(), f"IPv{f}: b2 is back: {second}")
        d.do("session", "delete", "http", "all")
        wait_until(lambda: [x["count"] for x in d.json(
            "show", "sessions", "https")] == [0, 0], 10, "none is left")


def test_ranges():
    """Neighbouring ports are one range, and each of them is in the group."""
    with Lab() as lab:
        lab.serve_all(*(f"tcp/{a}/{p}" for a in ("0.0.0.0", "::")
                        for p in (8080, 8081, 8082)))
        grouped(lab, ports=("8080, 8081", 8082))
        for f in FAMILIES:
            first = visit(lab, f, port=8081)
            for port in (8080, 8082):
                equal(visit(lab, f, port=port), first, f"IPv{f}: {port}")


def test_member_comes_back():
    """A member gets new clients at once, before its old entries are gone: none
    of them is lost. UDP, for which nobody asks twice."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(
            {}, pool="both", persist="source 10m", persist_group="shop",
            protocol="udp")}, pools={"both": {
                f"backend.{n}": text for n, text in members(2).items()}})
        flows = [lab.flow_start("c1", vip(f), 80, proto="udp", seconds=600,
                                source=crowd(f, 1000)) for f in FAMILIES]
        for _ in range(8):
            for f in FAMILIES:
                d.do("backend", "disable", "www", member(1, f))
            for f in FAMILIES:
                d.do("backend", "enable", "www", member(1, f))
        for f, flow in zip(FAMILIES, flows):
            result = flow.stop().all_ok(f"IPv{f}")
            check(result.ok > 50, f"IPv{f}: only {result.ok} flows")
