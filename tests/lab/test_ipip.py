# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode ipip: packets travel in packets to the backends' own addresses; answers
go straight to the client. Here the backends unwrap them by themselves; with
hypervisors: test_direct.py."""

import direct
import icmp
from direct import IPIP
from lab import FAMILIES
from marks import vm_needs
from process import check, equal

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
