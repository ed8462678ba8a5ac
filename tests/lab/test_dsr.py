# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode dsr: packets are handed to the backends' ether addresses, unchanged;
answers go straight to the client."""

import re

import cached
import direct
import icmp
from direct import DSR, table
from fabric import Fabric
from lab import FAMILIES, vip
from marks import alone, vm_needs
from process import check, equal, wait_until


def test_balanced():
    """One of the backends is behind another interface."""
    direct.balanced(DSR, side=1)


def test_transfers_are_intact():
    direct.intact(DSR)


def test_bridge():
    """Clients come in at a bridge."""
    direct.intact(DSR, front="bridge")


@vm_needs("vlan devices")
def test_vlan():
    """The backends are in a VLAN, clients come in at a bridge."""
    direct.intact(DSR, front="bridge", back="vlan")


@alone
def test_changes_cut_nothing():
    direct.changed(DSR)


def test_without_a_cache():
    direct.not_remembered(DSR)


def test_full_cache():
    direct.full(DSR)


@alone
def test_flood():
    direct.flooded(DSR)


def test_two_gateways():
    direct.two_gateways(DSR)


def test_too_big():
    icmp.too_big(DSR)


def test_errors_follow_the_flow():
    icmp.errors_follow(DSR)


def test_fragments():
    """A datagram in fragments is dropped, one that fits is answered."""
    with Fabric() as lab:
        DSR.serve(lab)
        DSR.start(lab, {"www": DSR.service(lab, 80, protocol="udp")})
        for f in FAMILIES:
            check(icmp.datagram(lab, f, 1000), f"IPv{f}: no answer")
            equal(icmp.datagram(lab, f, 3000), None, f"IPv{f}: in fragments")


def all_answer(lab, words):
    for f in FAMILIES:
        wait_until(lambda f=f: len(lab.flow(
            "c1", vip(f), 80, 12, timeout_ms=300).counts()) == 3, 10,
            f"IPv{f}: {words}")
        lab.flow("c1", vip(f), 80, 30).all_ok(f"IPv{f}: {words}")


def written(lab, family):
    """The ether addresses that packets are given, of all backends: the first
    half of what is written is where they go."""
    return {int(value, 16).to_bytes(12, "big")[:6].hex(":") for value in
            re.findall(r"@ll,0,96 set (0x\w+)", lab.nft(
                "list", "table", *table(DSR, family)))}


def test_neighbour_that_is_not_known():
    """A backend that answers no ARP owns no slots; it gets them when it does.
    """
    with Fabric() as lab:
        DSR.serve(lab)
        lab.sysctl("b3", {"net.ipv6.conf.back.keep_addr_on_down": 1})
        lab.ip("b3", ["link set back down"])
        d = DSR.start(lab, {"www": DSR.service(lab, 80)})
        for name in ("b1", "b2", "b1-v6", "b2-v6"):
            wait_until(lambda n=name: d.backend(n)["slots"], 10, f"{name} known")
        equal(d.backend("b3")["path"], "no-neighbour", "b3's path")
        equal(d.backend("b1")["path"], "known", "b1's path")
        equal(d.json("status")["paths"], {"needed": 6, "missing": 2}, "paths")
        check("2 not known" in d.do("status"), "status")
        check("no-neighbour" in d.do("show", "backends"), "show backends")
        for f in FAMILIES:
            equal(written(lab, f), {lab.mac("b1", "back"), lab.mac("b2", "back")},
                  f"IPv{f}: ether addresses while b3 has none")
        for f in FAMILIES:
            r = lab.flow("c1", vip(f), 80, 40).all_ok(f"IPv{f} without b3")
            equal(set(r.counts()), {"b1", "b2"}, "backends")
        lab.ip("b3", ["link set back up"] + [
            lab._default(f, "b3") for f in FAMILIES])
        all_answer(lab, "b3 is known")
        for f in FAMILIES:
            equal(written(lab, f), {lab.mac(b, "back") for b in lab.backends},
                  f"IPv{f}: ether addresses")
        equal([(e["old"], e["new"]) for e in d.json("show", "events")
               if e["kind"] == "path" and e["backend"] == "b3"][-1:],
              [("no-neighbour", "known")], "events")


def test_backend_gets_another_ether_address():
    """Its card is changed, its host says so: the rules follow."""
    with Fabric() as lab:
        DSR.serve(lab)
        d = DSR.start(lab, {"www": DSR.service(lab, 80)})
        all_answer(lab, "before")
        lab.sysctl("b2", {"net.ipv4.conf.back.arp_notify": 1,
                          "net.ipv6.conf.back.ndisc_notify": 1})
        lab.ip("b2", ["link set back address 02:00:00:00:77:02"])
        all_answer(lab, "after")
        equal(d.log().count("02:00:00:00:77:02"), 2, "once for each family")


def test_interface_comes_and_goes():
    """One where clients' packets may come in is hooked as soon as it is there;
    the others do not notice."""
    with Fabric() as lab:
        DSR.serve(lab)
        d = DSR.start(lab, {"www": DSR.service(lab, 80,
                                               interface="front, late")})

        def hooked():
            return lab.ruleset().count("chain device.late {")
        equal(hooked(), 0, "it is not there")
        for _ in range(2):
            lab.ip("gw", ["link add late type veth peer name other"])
            wait_until(lambda: hooked() == 2, 5, "hooked, for each family")
            all_answer(lab, "it has come")
            lab.ip("gw", ["link del late"])
            wait_until(lambda: hooked() == 0, 5, "gone")
            all_answer(lab, "it has gone")
        check("failed" not in d.log(), d.log())


def test_timeouts():
    cached.timeouts(DSR)
