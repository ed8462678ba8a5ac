# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode ipip: packets travel in packets to the backends' own addresses; answers
go straight to the client. Here the backends unwrap them by themselves; with
hypervisors: test_direct.py."""

import daemon
import direct
import icmp
from direct import IPIP
from fabric import Fabric, addr
from lab import FAMILIES, client_addr, vip
from marks import vm_needs
from process import check, equal
from uploads import Upload, transfers

tunnels = vm_needs("ipip and ip6tnl devices")


@tunnels
def test_balanced():
    direct.balanced(IPIP)


def long_datagrams(lab):
    """What does not fit into the tunnel is cut outside, where that is allowed;
    what comes in fragments is dropped."""
    check(icmp.datagram(lab, 4, 1472, cut=True), "cut outside")
    for f in FAMILIES:
        equal(icmp.datagram(lab, f, 3000), None, f"IPv{f}: in fragments")


@tunnels
def test_transfers_are_intact():
    direct.intact(IPIP, long_datagrams)


@tunnels
def test_changes_cut_nothing():
    direct.changed(IPIP)


@tunnels
def test_two_gateways():
    direct.two_gateways(IPIP)


@tunnels
def test_flood():
    direct.flooded(IPIP)


@tunnels
def test_too_big_and_errors_follow_the_flow():
    icmp.too_big(IPIP)
    icmp.errors_follow(IPIP)


@tunnels
def test_one_family_in_the_other():
    """IPv4 in IPv6, and IPv6 in IPv4: the client is seen and served by all, and
    long packets arrive."""
    with Fabric() as lab:
        IPIP.serve(lab)
        for i, b in enumerate(lab.backends):
            lab.ip(b, ["link add in6 type ip6tnl mode any local "
                       f"{addr(6, 'back', 11 + i)} remote ::",
                       "link set in6 up", "link add in4 type sit mode any "
                       f"local {addr(4, 'back', 11 + i)} remote any",
                       "link set in4 up"])
        services = {}
        for f, outer in ((4, 6), (6, 4)):
            lines = {f"b{i}": addr(outer, "back", 10 + i) for i in (1, 2, 3)}
            services[f"in{outer}"] = daemon.service(
                lines, address=vip(f), port="80, 90", mode="ipip",
                interface="front")
        IPIP.start(lab, services)
        for f, r in direct.both(lab, 80, 60).items():
            r.all_ok(f"IPv{f}")
            equal({c.seen for c in r.log}, {client_addr(f)}, f"IPv{f}: seen")
            equal(set(r.counts()), {"b1", "b2", "b3"}, f"IPv{f}: who answered")
        transfers([Upload(lab, vip(f), 90, 2**20) for f in FAMILIES
                   for _ in range(3)])
        for word in ("from", "lost", "to"):
            equal(set(lab.gateway_sent(word).values()), {0}, f"gateway: {word}")
