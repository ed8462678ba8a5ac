#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench flood: SYNs of new flows at 200,000 a second of the virtual machine's
time against a session cache of 65,536, for each mode that tracks nothing.
(The machine's clock is so slow that its processor can do that: tests/sh/vm.sh.)

limited: syn-limit = 2000. The fallback is entered and left, each an event; the
cache takes no more than the limit lets in; flows that were there before live
although weights change meanwhile; flows that come afterwards are remembered.
full: no syn-limit. The cache takes 65,536 flows and no more, and a second flood
takes no memory; flows that were there before live although weights change.

Says what it saw, and exits with 1 if anything of that is not so.
"""

import argparse
import os
import socket
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lab")]

import daemon  # noqa: E402
import direct  # noqa: E402
import rawnft  # noqa: E402
from direct import FLOOD_FROM, Api, forgotten, judge, table  # noqa: E402
from fabric import NOWHERE  # noqa: E402
from lab import vip, program  # noqa: E402
from process import Failure, check, equal, wait_until  # noqa: E402

MODES = {m.name: m for m in (direct.STATELESS, direct.DSR, direct.IPIP)}
CACHE, LIMIT, HELD = 65536, 2000, 20
GETSETELEM, DUMP, DONE = 13, 0x300, 3
LIST_TABLE, LIST_SET, LIST_ELEMENTS = 1, 2, 3
OTHERS = {4: "198.19.0.0", 6: "2001:db8:bad:1::"}   # sources of a flood
NFPROTO = {"ip": 2, "ip6": 10, "netdev": 5}


def attributes(data, at, end):
    while at + 4 <= end:
        size, kind = struct.unpack_from("=HH", data, at)
        yield kind & 0x3fff, at + 4, at + size
        at += (size + 3) & ~3


def elements(lab, mode, family, name):
    """How many a map has, without nft: it takes too long to list so many."""
    kind, of = table(mode, family)
    body = b"".join(rawnft.attr(k, v.encode() + b"\0") for k, v in (
        (LIST_TABLE, of), (LIST_SET, f"flows.{name}")))
    s = rawnft.socket_in(lab.ns("gw"), socket.AF_NETLINK, socket.SOCK_RAW,
                         rawnft.NETLINK_NETFILTER)
    found = 0
    with s:
        s.send(rawnft.message(rawnft.NFNL_SUBSYS_NFTABLES << 8 | GETSETELEM,
                              rawnft.NLM_F_REQUEST | DUMP, 1, body,
                              NFPROTO[kind]))
        while True:
            data, at = s.recv(1 << 20), 0
            while at < len(data):
                size, what = struct.unpack_from("=IH", data, at)
                if what == DONE:
                    return found
                check(what != rawnft.NLMSG_ERROR, "the kernel refuses to list")
                for k, a, b in attributes(data, at + 20, at + size):
                    if k == LIST_ELEMENTS:
                        found += sum(1 for _ in attributes(data, a, b))
                at += (size + 3) & ~3


def kernel_kb():
    """Memory that the kernel has taken for itself."""
    with open("/proc/meminfo", encoding="ascii") as f:
        words = dict(line.split()[:2] for line in f)
    return int(words["Slab:"]) + int(words["VmallocUsed:"])


def ends_here(lab):
    """Backends throw the flood's SYNs away as early as they can: what they
    would do with them is not what is measured."""
    for b in lab.backends:
        lab.nft("-f", "-", gw=b, input="".join(
            f"table {ip} flood {{ chain in {{ type filter hook prerouting "
            f"priority -400; {ip} saddr {NOWHERE[f]} drop\n}}\n}}\n"
            for f, ip in ((4, "ip"), (6, "ip6"))))


class Case:
    """One mode, one family, one kind of cache."""

    def __init__(self, lab, mode, family, options, **keys):
        self.lab, self.mode, self.f, self.options = lab, mode, family, options
        self.d = mode.start(lab, {"www": mode.service(
            lab, 90, scheduler="weighted", session_cache=CACHE, **keys)})
        self.api = Api(self.d)
        self.holds = {family: lab.hold("c1", vip(family), 90, HELD,
                                       interval_ms=50)}

    def weights(self, *of):
        for i, w in enumerate(of, 1):
            self.api.patch_weight("www", daemon.member(i, self.f), w)

    def flood(self, n, meanwhile=lambda: None, other=False):
        """Returns the rate that there really was, and for how long.
        `other`: flows that no other flood has had."""
        source = (OTHERS if other else FLOOD_FROM)[self.f]
        p = self.lab.spawn("c1", f"flood-{next(self.lab.count)}", [
            program("tests/tools/flood"), source, vip(self.f),
            "90", str(n), str(self.options.rate)])
        meanwhile()
        said = p.result(300)
        rate = said["sent"] / said["seconds"]
        check(rate >= 0.95 * self.options.rate, f"only {rate:.0f} a second")
        return rate, said["seconds"]

    def count(self):
        return elements(self.lab, self.mode, self.f, "www")

    def events(self):
        return [e["new"] for e in self.d.json("show", "events")
                if e["kind"] == "flood"]


def limited(case):
    begun = time.monotonic()

    def changes():
        wait_until(lambda: forgotten(case.lab, case.mode, "www", case.f), 20,
                   "the limit is reached")
        case.weights(5, 0, 1)
    rate, seconds = case.flood(case.options.n, changes)
    known, most = case.count(), HELD + LIMIT * (time.monotonic() - begun + 1)
    check(HELD < known <= most, f"{known} remembered, at most {most:.0f}")
    wait_until(lambda: case.events() == ["flood", "ok"], 30, "both events", 0.1)
    later = case.lab.hold("c1", vip(case.f), 90, 10, interval_ms=50)
    equal(case.count(), known + 10, "remembered afterwards")
    case.weights(0, 5, 2)
    judge({case.f: later}, "after the flood")
    return f"{rate:8,.0f}/s for {seconds:.2f} s, {known:6,} remembered, " \
        f"{forgotten(case.lab, case.mode, 'www', case.f):,} not, events " \
        f"{' '.join(case.events())}"


def full(case):
    before = kernel_kb()
    rate, seconds = case.flood(case.options.n)
    known, first = case.count(), kernel_kb()
    equal(known, CACHE, "remembered")
    case.weights(5, 0, 1)
    case.flood(case.options.n, other=True)
    equal(case.count(), CACHE, "remembered after a second flood")
    second = kernel_kb()
    check(second - first < 2048, f"a full cache grows: {second - first} kB")
    return f"{rate:8,.0f}/s for {seconds:.2f} s, {known:6,} remembered, " \
        f"{first - before:,} kB for it, {second - first:,} kB more by another"


KINDS = {"full": full, "limited": limited}


def run(mode, family, kind, options):
    keys = {"syn_limit": LIMIT} if kind is limited else {}
    with mode.fabric() as lab:
        mode.serve(lab)
        ends_here(lab)
        case = Case(lab, mode, family, options, **keys)
        said = kind(case)
        alive = judge(case.holds, "before the flood")
    print(f"  {mode.name:<10} IPv{family} {kind.__name__:<8} {said}; alive: "
          f"{sum(alive.values())} of {HELD}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=200000)
    parser.add_argument("-n", type=int, default=100000)
    parser.add_argument("--mode", choices=sorted(MODES), nargs="*",
                        default=sorted(MODES))
    parser.add_argument("--family", type=int, choices=(4, 6), nargs="*",
                        default=(4, 6))
    parser.add_argument("--kind", choices=sorted(KINDS), nargs="*",
                        default=sorted(KINDS))
    options, failed = parser.parse_args(), 0
    for name in options.mode:
        for f in options.family:
            for kind in [KINDS[k] for k in options.kind]:
                try:
                    run(MODES[name], f, kind, options)
                except Failure as e:
                    failed += 1
                    print(f"  {name:<10} IPv{f} {kind.__name__:<8} FAILED: {e}",
                          flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
