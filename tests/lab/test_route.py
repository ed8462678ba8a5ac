# SPDX-License-Identifier: GPL-2.0-or-later
"""nftlbctl route beside what packets meet: lists, pins, sessions, slots."""

import daemon
from daemon import FAST_CHECK, member, service
from lab import FAMILIES, Lab, crowd, vip
from process import check, equal

CLIENTS = 24
# the crowd's clients are .1.0 and on, and ::1:0 and on
LISTS = {"bad": {"entries": "10.3.1.0/29, 2001:db8:3::1:0/125"},
         "mine": {"entries": "10.3.0.0/16, 2001:db8:3::/64"}}
PINS = {"pin.a": "10.3.1.8/30 b3", "pin.b": "2001:db8:3::1:8/126 b3-v6"}


def said(d, client, name="www"):
    """Who decides, and who it is: ("pin", "b3")."""
    r = d.json("route", name, client)
    backend = r["backend"]["name"].split("-")[0] if r["backend"] else None
    return r["by"], backend, r["reason"]


def went(lab, family, port=80):
    """{client: backend} of one connection each; None: refused."""
    r = lab.flow("c1", vip(family), port, CLIENTS,
                 source=crowd(family, CLIENTS), log=True)
    return {c.source: c.backend for c in r.log}


def test_agrees_with_packets():
    """Of each client: the same is said before as happens then."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(
            lab, {"www": service(deny="bad", allow="mine", persist="source 10m",
                                 filter_action="reject", check="fast",
                                 scheduler="source-hash", **PINS)},
            checks={"fast": FAST_CHECK}, lists=LISTS)
        d.wait_states("active")
        for f in FAMILIES:
            first = went(lab, f)
            deciders = set()
            for client, backend in first.items():
                by, name, reason = said(d, client)
                deciders.add(by)
                equal((name, by == "list"), (backend, backend is None),
                      f"{client}: {reason}")
            equal(deciders, {"list", "pin", "session"}, f"IPv{f}: deciders")
        d.do("session", "delete", "www", "all")
        for f in FAMILIES:
            before = {c: said(d, c) for c in first_clients(f)}
            equal({by for by, _, _ in before.values()}, {"list", "pin", "slot"},
                  f"IPv{f}: without sessions")
            for client, backend in went(lab, f).items():
                equal(before[client][1], backend, f"{client}: {before[client]}")
            out = said(d, "10.1.0.11" if f == 4 else "2001:db8:1::b")
            equal(out[0], "list", f"{out}")
            check("none of the lists" in out[2], out[2])
        lab.servers["b3"].kill()
        for f in FAMILIES:
            d.wait_state(member(3, f), "down")
            before = {c: said(d, c) for c in first_clients(f)}
            check("pin" not in {by for by, _, _ in before.values()},
                  "the pinned backend is down")
            for client, backend in went(lab, f).items():
                equal(before[client][1], backend, f"{client}: {before[client]}")


def first_clients(family):
    prefix = "10.3.1.{}" if family == 4 else "2001:db8:3::1:{:x}"
    return [prefix.format(i) for i in range(CLIENTS)]


def test_others():
    """Services without lists and pins, and the gateway's own."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(),
                               "own": service({}, port=81, mode="local",
                                              deny="bad")}, lists=LISTS)
        equal(said(d, "10.3.1.1")[:2], ("slot", None), "round-robin")
        equal(said(d, "10.3.1.1", "own")[0], "list", "denied")
        equal(said(d, "10.3.9.1", "own")[0], "local", "local")
        text = d.do("route", "own", "10.3.1.1")
        check("on list bad, which the service denies" in text, text)
