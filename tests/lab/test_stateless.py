# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode stateless: addresses and ports are rewritten both ways, and nobody
tracks anything. Answers pass a gateway, any gateway."""

import cached
import daemon
import direct
import icmp
from daemon import service
from direct import STATELESS
from lab import FAMILIES, Lab, backend_addr, vip
from marks import alone, vm
from process import check, equal

SERVERS = [f"{spec.format(a)}" for a in ("0.0.0.0", "::")
           for spec in ("tcp/{}/8080", "udp/{}/8080", "tcp/{}/8081/stream")]


def stateless(port, backend_port, **keys):
    """A service whose backends listen on another port."""
    backends = {}
    for i in (1, 2, 3):
        backends[f"b{i}"] = f"{backend_addr(4, i)}:{backend_port}"
        backends[f"b{i}v6"] = f"[{backend_addr(6, i)}]:{backend_port}"
    return service(backends, mode="stateless", port=port, **keys)


def untracked(lab):
    """Conntrack of the gateway has no entry with a service's address."""
    for f in FAMILIES:
        table = lab.do("gw", "conntrack", "-L", "-f", f"ipv{f}")
        check(vip(f) not in table, f"IPv{f}: untracked:\n{table}")


def test_flows_stay():
    """Weights change under long transfers: all go on, where they were."""
    with Lab(vip="routed") as lab:
        lab.serve_all(*SERVERS)
        d = daemon.start(lab, {"www": stateless(80, 8081, scheduler="weighted")})
        flows = [lab.hold("c1", vip(f), 80, 20) for f in FAMILIES]
        for weights in ((1, 9), (9, 0), (0, 1)):
            for i in (1, 2):
                for family in ("", "v6"):
                    d.do("backend", "weight", "www", f"b{i}{family}",
                         str(weights[i - 1]))
        for f, flow in zip(FAMILIES, flows):
            told = flow.stop().transfers
            equal([t for t in told if not t["survived"]], [], f"IPv{f}: dead")
            equal(len({t["backend"] for t in told}), 3, f"IPv{f}: backends")
        untracked(lab)


def test_route():
    """nftlbctl route knows who is served by whom."""
    with Lab(vip="routed") as lab:
        lab.serve_all(*SERVERS)
        d = daemon.start(lab, {"www": stateless(80, 8080)})
        for f in FAMILIES:
            r = lab.flow("c1", vip(f), 80, 12, log=True).all_ok(f"IPv{f}")
            for c in r.log:
                at = f"[{c.source}]" if f == 6 else c.source
                said = d.json("route", "www", f"{at}:{c.source_port}")
                equal(said["backend"]["name"].removesuffix("v6"), c.backend,
                      f"{at}:{c.source_port}")


@vm
def test_balanced():
    """Backends with another port, one of them on another interface."""
    direct.balanced(STATELESS, side=1)


def test_transfers_are_intact():
    direct.intact(STATELESS)


@alone
def test_changes_cut_nothing():
    direct.changed(STATELESS)


def test_without_a_cache():
    direct.not_remembered(STATELESS)


def test_full_cache():
    direct.full(STATELESS)


@alone
def test_flood():
    direct.flooded(STATELESS)


def test_flood_is_an_event():
    direct.flood_events(STATELESS)


def test_two_gateways():
    direct.two_gateways(STATELESS)


def test_too_big():
    icmp.too_big(STATELESS)


def test_errors_follow_the_flow():
    icmp.errors_follow(STATELESS)


def test_not_tracked():
    """Not one entry of conntrack, though others' flows have theirs."""
    with STATELESS.fabric() as lab:
        STATELESS.serve(lab)
        STATELESS.start(lab, {"www": STATELESS.service(lab, 80),
                              "nat": STATELESS.service(lab, 81, mode="dnat")})
        for f in FAMILIES:
            for port in (80, 81):
                lab.flow("c1", vip(f), port, 10).all_ok(f"IPv{f} port {port}")
            lines = lab.conntrack("-f", f"ipv{f}")
            equal([x for x in lines if "dport=80 " in x], [], "tracked")
            check([x for x in lines if "dport=81 " in x], "dnat is not tracked")


def test_timeouts():
    cached.timeouts(STATELESS)


def test_flows_in_turn():
    cached.in_turn(STATELESS)


def test_fragments():
    """They are put together before: a datagram in fragments is answered."""
    with STATELESS.fabric() as lab:
        STATELESS.serve(lab)
        STATELESS.start(lab, {"www": STATELESS.service(
            lab, 80, protocol="udp")})
        for f in FAMILIES:
            for size in (1000, 3000, 20000):
                check(icmp.datagram(lab, f, size), f"IPv{f}: {size} bytes")


def test_too_long_for_backends():
    icmp.too_long_for_backends(STATELESS)
