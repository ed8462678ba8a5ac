# SPDX-License-Identifier: GPL-2.0-or-later
"""source-hash: a client keeps its backend, whatever happens to others."""

import daemon
from daemon import member, members, service
from lab import FAMILIES, IN_VM, Lab, client_addr, crowd, vip
from marks import vm
from process import check, equal, wait_until

CLIENTS = 200 if IN_VM else 2000


def where(lab, family, clients=CLIENTS):
    """{client address: backend} of one connection from each client."""
    r = lab.flow("c1", vip(family), 80, clients, source=crowd(family, clients),
                 log=True)
    places = r.all_ok(f"IPv{family}").by_source()
    equal(len(places), clients, "clients")
    return places


def moved(before, after):
    return [c for c in before if before[c] != after[c]]


def hashed(count=10, **keys):
    return service(members(count), scheduler="source-hash", **keys)


def test_same_at_every_try():
    with Lab(backends=10) as lab:
        lab.serve_all()
        daemon.start(lab, {"www": hashed()})
        for family in FAMILIES:
            first = where(lab, family)
            equal(len(set(first.values())), 10, "backends in use")
            for _ in range(2):
                equal(moved(first, where(lab, family)), [], "moved clients")


def test_same_after_reload_and_restart():
    with Lab(backends=10) as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": hashed()})
        first = {f: where(lab, f) for f in FAMILIES}
        # Another service appears, and the file is written in another order.
        d.write({"alt": service(port=81), "www": hashed()})
        d.reload()
        for f in FAMILIES:
            equal(moved(first[f], where(lab, f)), [], "moved by a reload")
        d.restart()
        for f in FAMILIES:
            equal(moved(first[f], where(lab, f)), [], "moved by a restart")
        d.restart(kill=True)
        lab.nft("flush", "ruleset")
        d.do("sync")
        for f in FAMILIES:
            equal(moved(first[f], where(lab, f)), [], "moved by a flush")


def test_same_on_second_gateway():
    with Lab(backends=10, gateways=2) as lab:
        lab.serve_all()
        daemon.start(lab, {"www": hashed()})
        first = {f: where(lab, f) for f in FAMILIES}
        # It has seen another past: it began with other backends.
        second = daemon.start(lab, {"www": service(members(7),
                                                   scheduler="source-hash")},
                              gw="gw2")
        second.write({"www": hashed()})
        second.reload()
        lab.route_through("gw2")
        for f in FAMILIES:
            equal(moved(first[f], where(lab, f)), [], "other on gw2")
        check(lab.conntrack(gw="gw2"), "no flow went through gw2")


def test_one_of_ten_goes_and_returns():
    with Lab(backends=10) as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": hashed(check="fast")},
                         checks={"fast": daemon.FAST_CHECK})
        d.wait_states("active")
        before = {f: where(lab, f) for f in FAMILIES}
        lab.servers["b4"].kill()
        for f in FAMILIES:
            d.wait_state(member(4, f), "down")
        for f in FAMILIES:
            after = where(lab, f)
            check("b4" not in after.values(), "clients on the dead b4")
            others = [c for c in before[f] if before[f][c] != "b4"]
            gone = [c for c in moved(before[f], after) if before[f][c] != "b4"]
            check(len(gone) <= len(others) * 0.02,
                  f"IPv{f}: {len(gone)} of {len(others)} clients of the nine "
                  "others moved")
            orphans = {after[c] for c in before[f] if before[f][c] == "b4"}
            check(len(orphans) >= 7,
                  f"IPv{f}: b4's clients all went to {orphans}")
        lab.serve("b4")
        for f in FAMILIES:
            d.wait_state(member(4, f), "active")
            wait_until(lambda f=f: d.backend(member(4, f))["slots"] > 0, 3,
                       "b4 has slots")
            equal(moved(before[f], where(lab, f)), [], "did not return")


def test_removed_from_file():
    """A backend taken out of the file: few of the others' clients move."""
    with Lab(backends=10) as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": hashed()})
        before = {f: where(lab, f) for f in FAMILIES}
        left = {k: v for k, v in members(10).items() if not k.startswith("b7")}
        d.write({"www": service(left, scheduler="source-hash")})
        d.reload()
        for f in FAMILIES:
            after = where(lab, f)
            gone = [c for c in moved(before[f], after) if before[f][c] != "b7"]
            check(len(gone) <= CLIENTS * 0.9 * 0.02,
                  f"IPv{f}: {len(gone)} clients of the nine others moved")


def test_shares():
    """Equal weights: slots within 2 %; nobody is without."""
    with Lab(backends=10) as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": hashed()})
        backends = d.service()["backends"]
        for f in FAMILIES:
            slots = [b["slots"] for b in backends
                     if b["name"].endswith("-v6") == (f == 6)]
            equal(len(slots), 10, "backends")
            check(min(slots) > 0 and max(slots) - min(slots)
                  <= 0.02 * max(slots), f"IPv{f}: slots {slots}")
            places = list(where(lab, f).values())
            counts = [places.count(b) for b in lab.backends]
            # 200 expected; 2,000 clients scatter by 14, five times that is 70
            check(130 < min(counts) and max(counts) < 270,
                  f"IPv{f}: clients {counts}")


def test_weights():
    """Weights 3/1/1/0: slots in proportion, nothing for 0."""
    with Lab(backends=4) as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(members(4, weights=(3, 1, 1, 0)),
                                              scheduler="source-hash")})
        total = {f: sum(d.backend(member(i, f))["slots"] for i in range(1, 5))
                 for f in FAMILIES}
        for f in FAMILIES:
            for i, share in ((1, .6), (2, .2), (3, .2), (4, 0)):
                slots = d.backend(member(i, f))["slots"]
                check(abs(slots - share * total[f]) <= 0.02 * total[f] * share,
                      f"IPv{f}: b{i} has {slots} of {total[f]}")
            places = list(where(lab, f).values())
            check(1080 < places.count("b1") < 1320, f"b1: {places.count('b1')}")
            equal(places.count("b4"), 0, "clients on weight 0")


def spread(key, wanted):
    """How many of four backends one client reaches with 60 source ports."""
    with Lab(backends=4) as lab:
        lab.serve_all()
        daemon.start(lab, {"www": service(members(4), scheduler="source-hash",
                                          port="80-81", hash_key=key)})
        for f in FAMILIES:
            tries = []
            for port in (80, 81, 80):
                r = lab.flow("c1", vip(f), port, 60, source=client_addr(f),
                             local_ports=True, log=True).all_ok(key)
                tries.append([c.backend for c in r.log])
                equal(len(r.counts()), wanted, f"{key} IPv{f}: backends")
            equal(tries[0] == tries[1], key != "5-tuple",
                  f"{key} IPv{f}: destination port does not matter")


def test_key_source():
    spread("source", 1)


@vm
def test_key_source_port():
    spread("source-port", 4)


def test_key_5_tuple():
    spread("5-tuple", 4)


def test_whole_ipv6_address_counts():
    """Clients that differ in the upper half of the address only."""
    with Lab(backends=4) as lab:
        lab.serve_all()
        daemon.start(lab, {"www": service(members(4), scheduler="source-hash")})
        reached = set()
        for i in range(16):
            net = f"2001:db8:4:{i:x}::"
            lab.ip("c1", [f"route add local {net}/64 dev lo"])
            lab.ip("gw", [f"route add {net}/64 via 2001:db8:1::11"])
            r = lab.flow("c1", vip(6), 80, 3, source=net + "7").all_ok(net)
            equal(len(r.counts()), 1, f"{net}7: backends")
            reached |= set(r.counts())
        check(len(reached) == 4, f"16 networks reach {reached} only")


def test_route_agrees_with_packets():
    """nftlbctl route names the backend that the kernel chooses."""
    with Lab(backends=4) as lab:
        lab.serve_all()
        for key in ("source", "source-port"):
            d = daemon.start(lab, {"www": service(
                members(4), scheduler="source-hash", hash_key=key)})
            for f in FAMILIES:
                r = lab.flow("c1", vip(f), 80, 40, source=crowd(f, 40),
                             local_ports=True, log=True).all_ok(key)
                for c in r.log:
                    host = f"[{c.source}]" if f == 6 else c.source
                    said = d.json("route", "www", f"{host}:{c.source_port}")
                    equal(said["backend"]["name"],
                          member(int(c.backend[1:]), f),
                          f"route of {c.source}:{c.source_port}")
            d.stop()
