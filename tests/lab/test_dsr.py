# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode dsr: packets are handed to the backends' ether addresses, unchanged;
answers go straight to the client."""

import direct
import icmp
from direct import DSR
from fabric import Fabric
from lab import FAMILIES, vip
from marks import alone, vm, vm_needs
from process import check, equal


@vm
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


@vm
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
