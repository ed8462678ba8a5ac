# SPDX-License-Identifier: GPL-2.0-or-later
"""Every bounded set when it is full: traffic goes on, and somebody says so."""

import re

import daemon
from counting import counters
from daemon import service
from direct import AHEAD, BESIDE, DSR, STATELESS
from lab import FAMILIES, Lab, crowd, vip
from process import check, equal, wait_until

SIZE = 4
CLIENTS = 20
BEYOND = 2 * (CLIENTS - SIZE)       # those that find no room, both families
SETS = ("sessions", "new", "connections", "flows")


def all_clients(lab, family, port=80):
    """Each of the crowd connects once."""
    return lab.flow("c1", vip(family), port, CLIENTS, log=True,
                    source=crowd(family, CLIENTS))


def told(d, name):
    """Log lines and events about a set that is full."""
    lines = [x for x in d.log().splitlines()
             if re.search(rf"service=www .*set={name} is full", x)]
    events = [e for e in d.json("show", "events", "www")
              if e["kind"] == "overflow" and f"set={name} is full" in e["reason"]]
    return lines, events


def overflows(d, name, wanted):
    """The metric is right, and one line and one event have said it."""
    wait_until(lambda: d.json("status")["overflow"][name] == wanted, 10,
               f"{wanted} found no room in {name}")
    status = d.json("status")["overflow"]
    equal(status, {**dict.fromkeys(SETS, 0), name: wanted, "full": 1}, "status")
    equal(counters(d)["overflow"][name], wanted, "counters")
    lines, events = told(d, name)
    equal((len(lines), len(events)), (1, 1), f"lines: {d.log()}")
    equal((events[0]["old"], events[0]["new"]), ("ok", "full"), "states")
    text = d.do("status")
    check(re.search(rf"^overflow +1 set full now; .*\b{wanted} {name}", text,
                    re.M), text)


def again(lab, d, name, wanted):
    """It goes on: the metric grows, and nobody says it twice."""
    wait_until(lambda: counters(d)["overflow"][name] >= wanted, 10, "growth")
    wait_until(lambda: d.json("status")["overflow"][name] >= wanted, 10,
               "the watch has seen it")
    equal([len(x) for x in told(d, name)], [1, 1], "lines and events")


def test_sessions():
    """The table of persistent clients is full: the others are balanced."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(persist="source 10m",
                                              persist_size=SIZE)})
        first = {f: all_clients(lab, f).all_ok(f"IPv{f}") for f in FAMILIES}
        overflows(d, "sessions", BEYOND)
        for f in FAMILIES:
            check(len(first[f].counts()) == 3, f"IPv{f}: {first[f].counts()}")
            r = all_clients(lab, f).all_ok(f"IPv{f} again")
            was = [c.backend for c in first[f].log[:SIZE]]
            equal([c.backend for c in r.log[:SIZE]], was,
                  f"IPv{f}: those who are remembered")
        again(lab, d, "sessions", 2 * BEYOND)
        d.restart()
        equal(counters(d)["overflow"]["sessions"], 2 * BEYOND, "restart")
        equal([len(x) for x in told(d, "sessions")], [1, 0], "no news")


def test_group():
    """The table of a group is full: the same, for the service that met it."""
    with Lab() as lab:
        lab.serve_all()
        pool = {f"backend.{name}": text
                for name, text in daemon.members().items()}
        keys = {"pool": "web", "persist": "source 10m", "persist-group": "site",
                "persist-size": SIZE}
        d = daemon.start(lab, {"www": service({}, port=80, **keys),
                               "alt": service({}, port=81, **keys)},
                         pools={"web": pool})
        first = {f: all_clients(lab, f).all_ok(f"IPv{f}") for f in FAMILIES}
        overflows(d, "sessions", BEYOND)
        for f in FAMILIES:
            check(len(first[f].counts()) == 3, f"IPv{f}: {first[f].counts()}")
            r = all_clients(lab, f, port=81).all_ok(f"IPv{f}: the other port")
            equal([c.backend for c in r.log[:SIZE]],
                  [c.backend for c in first[f].log[:SIZE]],
                  f"IPv{f}: those who are remembered")


def test_new_per_source():
    """The set of sources is full: those in it are limited, others are not."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(
            limit_new_per_source=1, limit_new_burst=1, limit_action="reject",
            limit_size=SIZE)})
        for f in FAMILIES:
            all_clients(lab, f).all_ok(f"IPv{f}")
        overflows(d, "new", BEYOND)
        for f in FAMILIES:
            # the last of the crowd had no room, and has no limit
            outside = crowd(f, CLIENTS).split("-")[1]
            lab.flow("c1", vip(f), 80, 10, source=outside).all_ok(
                f"IPv{f}: not limited")
            inside = crowd(f, CLIENTS).split("-")[0]
            r = lab.flow("c1", vip(f), 80, 50, source=inside)
            check(r.failures.get("refused", 0) >= 30,
                  f"IPv{f}: limited: {r.failures}")
        again(lab, d, "new", BEYOND + 20)


def test_connections_per_source():
    """The set of sources with connections is full: the others have no limit."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(
            daemon.members(port=8081), limit_connections_per_source=1,
            limit_action="reject", limit_size=SIZE)})
        held = [lab.hold("c1", vip(f), 80, CLIENTS, source=crowd(f, CLIENTS))
                for f in FAMILIES]
        overflows(d, "connections", BEYOND)
        for f in FAMILIES:
            outside = crowd(f, CLIENTS).split("-")[1]
            lab.hold("c1", vip(f), 80, 3, source=outside).stop()
            inside = crowd(f, CLIENTS).split("-")[0]
            r = lab.flow("c1", vip(f), 80, 3, source=inside)
            equal(r.failures, {"refused": 3}, f"IPv{f}: limited")
        again(lab, d, "connections", BEYOND + 6)
        for h in held:
            h.stop()


def full_cache(mode):
    """The session cache is full: the others go where their slot is."""
    with mode.fabric() as lab:
        mode.serve(lab)
        d = mode.start(lab, {"www": mode.service(
            lab, 80, protocol="udp", session_cache=SIZE)})

        def datagrams():
            for f in FAMILIES:
                lab.flow("c1", vip(f), 80, CLIENTS, proto="udp").all_ok(
                    f"IPv{f}")
        datagrams()
        overflows(d, "flows", BEYOND)
        datagrams()
        again(lab, d, "flows", BEYOND + 2 * CLIENTS)


def test_dsr_flows():
    full_cache(DSR)


def test_stateless_flows():
    full_cache(STATELESS)


def test_ahead_flows():
    """There are two caches: of those who come in at its interfaces ..."""
    full_cache(AHEAD)


def test_beside_flows():
    """... and of all others."""
    full_cache(BESIDE)


def test_room_is_silence():
    """Sets with room: nothing is said, nothing is counted."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(
            persist="source 10m", limit_new_per_source=100,
            limit_connections_per_source=100)})
        for f in FAMILIES:
            all_clients(lab, f).all_ok(f"IPv{f}")
        equal(counters(d)["overflow"], {**dict.fromkeys(SETS, 0), "flows": None},
              "counters")
        equal([told(d, s) for s in SETS], [([], [])] * len(SETS), "told")
        check("overflow" not in d.do("status"), "status is silent")
