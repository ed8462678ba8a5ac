# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode stateless with interfaces: packets are rewritten as they come in and
leave for the next hop at once; where that cannot be, they are routed, to the
same backend."""

import json
import socket

import cached
import daemon
import direct
import icmp
from direct import AHEAD, BESIDE, PATIENT_MS, STATELESS
from fabric import addr, vm_addr
from lab import FAMILIES, vip
from marks import alone, vm
from process import check, equal, wait_until
from sockets import inside
from uploads import PATIENCE_S, Upload, survivors


def count_routed(lab, gw="gw"):
    """Count what the gateway's own stack forwards, and how often as what
    conntrack has seen."""
    lab.nft("-f", "-", gw=gw, input="""
table inet routed {
counter routed { }
counter tracked { }
chain forward {
type filter hook forward priority 0
iifname front meta l4proto { tcp, udp } counter name routed
iifname front meta l4proto { tcp, udp } ct state != untracked counter name tracked
}
}
""")


def routed(lab, what="routed", gw="gw"):
    text = lab.nft("-j", "list", "counter", "inet", "routed", what, gw=gw)
    return sum(o["counter"]["packets"]
               for o in json.loads(text)["nftables"] if "counter" in o)


@vm
def test_balanced():
    direct.balanced(AHEAD, side=1)


def test_transfers_are_intact():
    direct.intact(AHEAD)


def test_bridge():
    """Clients come in at a bridge."""
    direct.intact(AHEAD, front="bridge")


@alone
def test_changes_cut_nothing():
    direct.changed(AHEAD)


def test_without_a_cache():
    direct.not_remembered(AHEAD)


def test_full_cache():
    direct.full(AHEAD)


@alone
def test_flood():
    direct.flooded(AHEAD)


def test_flood_is_an_event():
    direct.flood_events(AHEAD)


def test_flood_beside_is_an_event():
    direct.flood_events(BESIDE)


def test_two_gateways():
    direct.two_gateways(AHEAD)


def test_too_big():
    icmp.too_big(AHEAD)


def test_too_long_for_backends():
    icmp.too_long_for_backends(AHEAD)


def test_errors_follow_the_flow():
    icmp.errors_follow(AHEAD)


def test_timeouts():
    cached.timeouts(AHEAD)


def test_not_routed():
    """The gateway's own stack sees nothing of it: with the path known."""
    with AHEAD.fabric() as lab:
        AHEAD.serve(lab)
        count_routed(lab)
        AHEAD.start(lab, {"www": AHEAD.service(lab, 80, protocol="tcp, udp")})
        for f in FAMILIES:
            for proto in ("tcp", "udp"):
                lab.flow("c1", vip(f), 80, 20, proto=proto).all_ok(
                    f"IPv{f} {proto}")
        equal(routed(lab), 0, "packets that were routed")


def test_fragments():
    """They are put together by the stack: all of them go there, and to the
    backend of the flow, of which others do not."""
    with AHEAD.fabric() as lab:
        AHEAD.serve(lab)
        count_routed(lab)
        AHEAD.start(lab, {"www": AHEAD.service(lab, 80, protocol="udp")})
        for f in FAMILIES:
            with inside(lab, "c1"):
                s = socket.socket(socket.AF_INET6 if f == 6 else socket.AF_INET,
                                  socket.SOCK_DGRAM)
            with s:
                s.settimeout(PATIENCE_S)
                s.connect((vip(f), 80))
                said = set()
                for size in (1000, 1000, 3000, 20000, 1000, 3000):
                    before = routed(lab)
                    s.send(b"x" * size)
                    said.add(s.recv(256))
                    equal(routed(lab) > before, size > 1500,
                          f"IPv{f}: {size} bytes were routed")
                equal(len(said), 1, f"IPv{f}: backends of one flow: {said}")


def back_mtu(lab, mtu):
    """How long a packet may be between gateway and backends."""
    for node in ("gw", *lab.backends):
        lab.ip(node, [f"link set back mtu {mtu}"])


def paths_are(lab, d, way):
    """The last word of each backend's path."""
    def words():
        return {e["backend"]: e["new"] for e in d.json("show", "events")
                if e["kind"] == "path"}
    names = [daemon.member(i + 1, f) for i in range(len(lab.backends))
             for f in FAMILIES]
    wait_until(lambda: words() == dict.fromkeys(names, way), 10,
               f"paths are {way}")


def still_there(lab, flows, way):
    """All flows live, and go that way."""
    before = routed(lab)
    equal([u.backend for u in survivors(flows)[1]], [], f"{way}: cut")
    check((routed(lab) > before) == (way == "routed"),
          f"{way}: {routed(lab) - before} packets were routed")


def test_mtu():
    """What does not fit through the backends' interface is routed, to the same
    backend though the table has changed."""
    with AHEAD.fabric() as lab:
        AHEAD.serve(lab)
        count_routed(lab)
        d = AHEAD.start(lab, {"www": AHEAD.service(lab, 90,
                                                   scheduler="weighted")})
        flows = [Upload(lab, vip(f), 90, 1000) for f in FAMILIES
                 for _ in range(12)]
        for f in FAMILIES:
            d.do("backend", "weight", "www", daemon.member(1, f), "9")
        back_mtu(lab, 1400)
        paths_are(lab, d, "routed")
        still_there(lab, flows, "routed")
        equal(routed(lab, "tracked"), 0, "packets that conntrack saw")
        back_mtu(lab, 1500)
        paths_are(lab, d, "known")
        still_there(lab, flows, "known")


def test_router():
    """Backends behind a router: its ether address is theirs."""
    with AHEAD.fabric(backends=1, vms=(2,)) as lab:
        AHEAD.serve(lab)
        lines = {"b1": f"{lab.backend_addr(4, 1)}:8080",
                 "b1-v6": f"[{lab.backend_addr(6, 1)}]:8080"}
        for i, v in enumerate(lab.home, 1):
            lab.serve(v)
            lines[v] = f"{vm_addr(4, i)}:8080"
            lines[f"{v}-v6"] = f"[{vm_addr(6, i)}]:8080"
        count_routed(lab)
        AHEAD.start(lab, {"www": daemon.service(
            lines, mode="stateless", interface=lab.way_in(), port=80)})
        for f in FAMILIES:
            r = lab.flow("c1", vip(f), 80, 40).all_ok(f"IPv{f}")
            equal(set(r.counts()), {"b1", "v1", "v2"}, f"IPv{f}: backends")
        equal(routed(lab), 0, "packets that were routed")


def test_nobody_serves():
    """Who has no backend is refused as others are: the stack can do that."""
    with AHEAD.fabric(backends=1) as lab:
        AHEAD.serve(lab)
        d = AHEAD.start(lab, {"www": AHEAD.service(lab, 80,
                                                   on_empty="reject")})
        for f in FAMILIES:
            lab.flow("c1", vip(f), 80, 5).all_ok(f"IPv{f}")
            d.do("backend", "disable", "www", daemon.member(1, f))
            r = lab.flow("c1", vip(f), 80, 5, timeout_ms=PATIENT_MS)
            equal(r.failures, {"refused": 5}, f"IPv{f}: without a backend")
            d.do("backend", "enable", "www", daemon.member(1, f))
            lab.flow("c1", vip(f), 80, 5).all_ok(f"IPv{f} again")


def test_interface_is_added_and_taken_away():
    """By a reload: the flows do not notice, and their packets go the new way.
    """
    with AHEAD.fabric() as lab:
        AHEAD.serve(lab)
        count_routed(lab)
        d = STATELESS.start(lab, {"www": STATELESS.service(lab, 90)})
        flows = [Upload(lab, vip(f), 90, 1000) for f in FAMILIES
                 for _ in range(12)]
        for mode, way in ((AHEAD, "known"), (STATELESS, "routed"),
                          (AHEAD, "known")):
            d.write({"www": mode.service(lab, 90)})
            d.reload()
            still_there(lab, flows, way)
            equal("netdev" in lab.ruleset(), mode is AHEAD, "tables")


def test_from_elsewhere():
    """Clients of other interfaces are routed, and have the same backends."""
    with AHEAD.fabric() as lab:
        AHEAD.serve(lab)
        count_routed(lab)
        d = AHEAD.start(lab, {"www": AHEAD.service(lab, 80, interface="back")})
        for f in FAMILIES:
            r = lab.flow("c1", vip(f), 80, 20, log=True).all_ok(f"IPv{f}")
            direct.foretold(d, f, "www", r.log, "from elsewhere")
        check(routed(lab) > 0, "nothing was routed")


def test_interface_price():
    """Whoever is met as he comes in was remembered elsewhere: flows that are
    not where their slot is move."""
    with STATELESS.fabric(backends=2) as lab:
        STATELESS.serve(lab)

        def www(mode, *weights, **keys):
            return {"www": mode.service(lab, 80, protocol="udp", weights=weights,
                                        scheduler="weighted", **keys)}
        d = STATELESS.start(lab, www(STATELESS, 1, 1))

        def moved(services):
            d.write(services)
            return d.json("config", "diff")["price"]["flows_moved"]
        equal(moved(www(STATELESS, 3, 1)), 0, "all are remembered")
        equal(moved(www(AHEAD, 1, 1)), 0, "met elsewhere, the same slots")
        share = moved(www(AHEAD, 3, 1))
        check(0.2 < share < 0.3, f"met elsewhere, other slots: {share}")
        d.write(www(AHEAD, 1, 1))
        d.reload()
        equal(moved(www(AHEAD, 3, 1)), 0, "remembered there")
        share = moved(www(STATELESS, 3, 1))
        check(0.2 < share < 0.3, f"and back: {share}")
