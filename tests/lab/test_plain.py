# SPDX-License-Identifier: GPL-2.0-or-later
"""Who asks for nothing around his services gets nothing around them.

golden/plain-*.nft is what nftlbd made of this configuration before there were
persistence, limits, filters, marks or counters. What is equal costs the same.
"""

import os

import daemon
from daemon import members, service
from lab import Lab
from process import equal

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")

SERVICES = {
    "rr": service(port=80),
    "heavy": service(members(3, weights=[1, 2, 5]), port=81,
                     scheduler="weighted"),
    "hash": service(port=82, slots=13, scheduler="source-hash"),
    "hash-port": service(port=83, slots=13, scheduler="source-hash",
                         hash_key="source-port"),
    "hash-all": service(port=84, slots=13, scheduler="source-hash", hash_key="5-tuple",
                        protocol="tcp, udp"),
    "ranges": service(members(2, port=None), port="443, 8000-8010"),
    "source": service(port=85, mode="snat"),
    "named": service(port=86, mode="snat",
                     source_address="198.51.100.7, 2001:db8:5::7"),
    "checked": service(port=87, check="direct", scheduler="weighted",
                       slow_start="10s"),
    "probed": service(port=88, check="through"),
    "silent": service(members(1), port=89, on_empty="drop"),
    "every": service(members(3, port=None), port="any", protocol="udp",
                     address="192.0.2.11, 2001:db8:a::11"),
}
CHECKS = {"direct": {"type": "tcp", "interval": "60s"},
          "through": {"type": "tcp", "interval": "60s", "via": "service"}}


def golden(family):
    with open(os.path.join(GOLDEN, f"plain-{family}.nft"),
              encoding="ascii") as f:
        return f.read()


def test_rule_set():
    """The rule set, to the letter, of every form that plain services have."""
    with Lab() as lab:
        lab.serve_all()
        daemon.start(lab, SERVICES, checks=CHECKS)
        for family in ("ip", "ip6"):
            equal(lab.nft("list", "table", family, "nftlb"), golden(family),
                  f"table {family} nftlb")
