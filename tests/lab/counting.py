# SPDX-License-Identifier: GPL-2.0-or-later
"""What the client itself counts of its packets, to compare counters with."""

import json

from daemon import member
from lab import FAMILIES
from process import Failure, equal, wait_until

NFPROTO = {4: "ip", 6: "ip6"}


class Truth:
    """Counters in a node's own table: what it sends to and gets from services.

    `services` is {name: "tcp dport 80 ip daddr 192.0.2.10"-like (protocol,
    {family: address}, ports)}; ports as nft writes them, or None for all.
    """

    def __init__(self, lab, services, node="c1"):
        self.lab = lab
        self.node = node
        out, into, counters = [], [], []
        for name, (proto, addresses, ports) in services.items():
            for family, address in addresses.items():
                for way, chain, addr, port in (("in", out, "daddr", "dport"),
                                               ("out", into, "saddr", "sport")):
                    counter = f"{way}-{name}-{family}"
                    counters.append(f"counter {counter} {{ }}")
                    match = f"{proto} {port} {{ {ports} }}" if ports \
                        else f"meta l4proto {proto}"
                    chain.append(f"{NFPROTO[family]} {addr} {address} {match} "
                                 f"counter name {counter}")
        lab.do(node, "nft", "-f", "-", input="\n".join(
            ["table inet truth {", *counters,
             "chain output { type filter hook output priority 300;", *out, "}",
             "chain input { type filter hook input priority -300;", *into, "}",
             "}"]))

    def read(self):
        """{("in", name, family): (packets, bytes)}"""
        text = self.lab.do(self.node, "nft", "-j", "list", "counters", "table",
                           "inet", "truth")
        found = {}
        for o in json.loads(text)["nftables"]:
            c = o.get("counter")
            if c:
                way, name, family = c["name"].split("-")
                found[way, name, int(family)] = (c["packets"], c["bytes"])
        return found

    def total(self, name, way, families=FAMILIES):
        """(packets, bytes) of a service, both families."""
        found = self.read()
        return tuple(sum(found[way, name, f][i] for f in families)
                     for i in (0, 1))


def counters(d, service="www"):
    """`show counters SERVICE`."""
    return d.json("show", "counters", service)[0]


def pair(way):
    return (way["packets"], way["bytes"])


def ways(o):
    """{"in": (packets, bytes), "out": ...} of a service or backend."""
    return {way: pair(o[way]) for way in ("in", "out")}


def of_family(c, family):
    """The sums over the backends of one family."""
    mine = [b for b in c["backends"] if b["name"].endswith("-v6") == (family == 6)]
    return {way: tuple(sum(pair(b[way])[i] for b in mine) for i in (0, 1))
            for way in ("in", "out")}


def agree(d, truth, service="www"):
    """Wait until the service has counted what the client did, to the byte.

    The last packets of a connection may be on their way; more than the client
    has sent is never right.
    """
    last = [None]

    def same():
        c = counters(d, service)
        last[0] = (ways(c), {w: truth.total(service, w) for w in ("in", "out")})
        return last[0][0] == last[0][1] and c
    try:
        return wait_until(same, 5, "counters agree", 0.05)
    except Failure:
        equal(*last[0], f"{service}: counted, and what the client saw")
        raise


def agree_by_family(d, truth, service="www"):
    """As agree(), and for each family by its backends."""
    c = agree(d, truth, service)
    for family in FAMILIES:
        equal(of_family(c, family),
              {w: truth.total(service, w, (family,)) for w in ("in", "out")},
              f"{service} IPv{family}")
    return c


def new_flows(c):
    """{backend: new flows}, without those that had none."""
    return {b["name"]: b["new"] for b in c["backends"] if b["new"]}


def expected(results):
    """{backend: connections} of {family: flow's Result}."""
    return {member(int(name[1:]), family): n
            for family, r in results.items() for name, n in r.counts().items()}
