# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode stateless: addresses and ports are rewritten both ways, and nobody
tracks connections. Answers pass a gateway, any gateway."""

import direct
import icmp
from direct import STATELESS
from lab import FAMILIES, vip
from marks import alone, vm
from process import check, equal


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
