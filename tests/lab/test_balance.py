# SPDX-License-Identifier: GPL-2.0-or-later
"""Who gets how many connections: round-robin and weighted, all protocols."""

import daemon
from daemon import member, members, service
from lab import FAMILIES, IN_VM, Lab, client_addr, vip
from marks import vm, vm_only
from process import check, equal, wait_until

THIRD = 20 if IN_VM else 100


def thirds(lab, proto, port=80):
    """Connections one after the other: each of three gets a third."""
    for family in FAMILIES:
        # Source ports in turn: a UDP port used twice is one flow, not two.
        r = lab.flow("c1", vip(family), port, 3 * THIRD, proto=proto,
                     source=client_addr(family), local_ports=True)
        r.all_ok(f"{proto} IPv{family}")
        equal(r.counts(), {"b1": THIRD, "b2": THIRD, "b3": THIRD},
              f"{proto} IPv{family}")
        equal(r.longest_run(), 1, f"{proto} IPv{family}: in a row")


@vm
def test_round_robin_tcp():
    with Lab() as lab:
        lab.serve_all()
        daemon.start(lab, {"www": service()})
        thirds(lab, "tcp")


def test_round_robin_udp():
    with Lab() as lab:
        lab.serve_all()
        daemon.start(lab, {"www": service(protocol="udp")})
        thirds(lab, "udp")


@vm_only
def test_round_robin_sctp():
    with Lab() as lab:
        lab.serve_all("sctp/0.0.0.0/8080", "sctp/::/8080")
        daemon.start(lab, {"www": service(protocol="sctp")})
        thirds(lab, "sctp")


def test_one_service_two_protocols():
    """tcp and udp share slots and counter, and both reach the backends."""
    with Lab() as lab:
        lab.serve_all()
        daemon.start(lab, {"www": service(protocol="tcp, udp")})
        thirds(lab, "tcp")
        thirds(lab, "udp")


def weighted(lab, weights, n):
    d = daemon.start(lab, {"www": service(members(3, weights=weights),
                                          scheduler="weighted")})
    results = []
    for family in FAMILIES:
        r = lab.flow("c1", vip(family), 80, n).all_ok(f"IPv{family}")
        results.append(r)
    return d, results


def test_weighted_shares():
    with Lab() as lab:
        lab.serve_all()
        _, results = weighted(lab, (5, 3, 2), 1000)
        for r in results:
            equal(r.counts(), {"b1": 500, "b2": 300, "b3": 200}, "weights 5/3/2")


def test_weighted_no_bursts():
    with Lab() as lab:
        lab.serve_all()
        _, results = weighted(lab, (3, 2, 1), 600)
        for r in results:
            equal(r.counts(), {"b1": 300, "b2": 200, "b3": 100}, "weights 3/2/1")
            check(r.longest_run() <= 2,
                  f"{r.longest_run()} in a row to one backend")


def test_weight_zero_gets_nothing():
    with Lab() as lab:
        lab.serve_all()
        d, results = weighted(lab, (1, 0, 2), 300)
        for r in results:
            equal(r.counts(), {"b1": 100, "b3": 200}, "weights 1/0/2")
        equal(d.backend(member(2, 4))["state"], "drain", "state at weight 0")


def test_weight_by_operator():
    """nftlbctl backend weight: at once; default: the file's again."""
    with Lab() as lab:
        lab.serve_all()
        d, _ = weighted(lab, (1, 1, 1), 30)
        for family in FAMILIES:
            d.do("backend", "weight", "www", member(1, family), 8)
            r = lab.flow("c1", vip(family), 80, 1000).all_ok(f"IPv{family}")
            equal(r.counts(), {"b1": 800, "b2": 100, "b3": 100}, "weight 8/1/1")
            d.do("backend", "weight", "www", member(1, family), "default")
            r = lab.flow("c1", vip(family), 80, 900).all_ok(f"IPv{family}")
            equal(r.counts(), {"b1": 300, "b2": 300, "b3": 300}, "default")


def test_pool_shared_by_services():
    """Two services, one pool: each balances on its own."""
    with Lab() as lab:
        lab.serve_all()
        pool = {f"backend.{k}": v for k, v in members(3).items()}
        d = daemon.start(
            lab, {"www": service({}, pool="web", address=vip(4)),
                  "alt": service({}, pool="web", address=vip(4, 11), port=81)},
            pools={"web": {k: v for k, v in pool.items() if "v6" not in k}})
        for address, port in ((vip(4), 80), (vip(4, 11), 81)):
            r = lab.flow("c1", address, port, 300).all_ok(address)
            equal(r.counts(), {"b1": 100, "b2": 100, "b3": 100}, address)
        d.do("backend", "disable", "www", "b1")
        wait_until(lambda: "b1" not in lab.flow("c1", vip(4), 80, 6).counts(),
                   2, "b1 is out of www")
        r = lab.flow("c1", vip(4, 11), 81, 300).all_ok("alt")
        equal(r.counts(), {"b1": 100, "b2": 100, "b3": 100},
              "alt after b1 was disabled in www")
