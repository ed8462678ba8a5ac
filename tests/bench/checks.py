#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench checks [--seconds N] [--quick]: what health checks cost. 10,000
targets over tcp, 2,000 over http, one check a second each; 5 % of them silent,
1 % coming and going; nftlbd, then HAProxy (one thread) with the same targets, as it
is and where the kernel tracks connections, as it does on a gateway with NAT.
With --vm, on Debian's kernel: fewer targets, and keepalived (IPVS) as well; a
machine that is emulated has no limits of time. Peers are measured for 20 s at
most. Exit status 1 when a limit of the project is missed.
"""

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../lab"))

from checkers import Haproxy, HaproxyOnNat, Keepalived, Nftlbd  # noqa: E402
from targets import Targets, pause  # noqa: E402

missed = []


def row(name, text, limit=None, bad=False):
    """One line; remembers a missed limit. None: nothing was asked."""
    tail = "" if limit is None else f"   limit {limit}"
    if bad:
        tail += "  MISSED"
        missed.append(name)
    print(f"  {name:<42}{text:>18}{tail}", flush=True)


def lateness_ms(before, after, share):
    """How late in ms `share` of the probes began at most. Bins are powers of
    two; inside of one it is taken to be even."""
    counts = [b - a for a, b in zip(before, after)]
    wanted, seen = share * sum(counts), 0
    for i, n in enumerate(counts):
        if n and seen + n >= wanted:
            low, high = (1 << i) >> 1, 1 << i
            return low + (high - low) * (wanted - seen) / n
        seen += n
    return float("inf")


def prober_stats(checker):
    return checker.get("/v1/status")["prober"]


def load(checker, targets, seconds):
    """CPU share, checks a second, over a stretch of time."""
    syns, cpu, begun = targets.syns(), checker.cpu_s(), time.monotonic()
    pause(seconds)
    took = time.monotonic() - begun
    return (checker.cpu_s() - cpu) / took, (targets.syns() - syns) / took


def figures(cpu, rate):
    row("checks a second", f"{rate:,.0f}")
    row("CPU, of one core", f"{cpu * 100:.1f} %")
    row("checks a second and core", f"{rate / cpu:,.0f}")
    return rate / cpu


def ours(count, kind, seconds, strict):
    print(f"\nnftlbd, {count:,} targets, {kind}")
    with Targets(count) as targets, Nftlbd() as checker:
        targets.connect(checker.ns)
        checker.start(count, kind)
        checker.wait_down(targets.silent, 60)
        checker.mark()
        targets.flap()
        before = prober_stats(checker)
        cpu, rate = load(checker, targets, seconds)
        after = prober_stats(checker)
        fell = checker.fell()
        wrong = [t for t in fell if t not in targets.flapping]
        result = figures(cpu, rate)
        p99 = lateness_ms(before["lateness"], after["lateness"], 0.99)
        row("probes begun late, p99", f"{p99:.0f} ms",
            "50 ms" if strict else None, strict and p99 > 50)
        row("stalls of its loop", f"{after['stalls'] - before['stalls']}")
        row("memory, daemon and prober", f"{checker.rss_mb():.0f} MB",
            "100 MB" if strict else None,
            strict and checker.rss_mb() > 100)
        row("went down, of the flapping", f"{len(fell) - len(wrong)}")
        row("went down, of the others", f"{len(wrong)}", "0", bool(wrong))
        commit = checker.get("/v1/status")["commits"]
        if commit.get("down_p99_ms") is not None:
            row("failed probe to kernel, p99",
                f"{commit['down_p99_ms']:.1f} ms",
                "20 ms" if strict else None,
                strict and commit["down_p99_ms"] > 20)
            row("failed probe to kernel, median",
                f"{commit['down_p50_ms']:.1f} ms")
        targets.disconnect(checker.ns)
    return result


def peer(kind_of, count, kind, seconds):
    print(f"\n{kind_of.name}, {count:,} targets, {kind}")
    with Targets(count) as targets, kind_of() as checker:
        targets.connect(checker.ns)
        checker.start(count, kind)
        checker.wait_down(targets.silent, 60)
        targets.flap()
        cpu, rate = load(checker, targets, seconds)
        result = figures(cpu, rate)
        row("memory", f"{checker.rss_mb():.0f} MB")
        wrong = checker.down() & targets.well()
        row("believed down at the end, of the others", f"{len(wrong)}")
        targets.disconnect(checker.ns)
    return result


def compare(sizes, peers, seconds, strict):
    for kind, count in sizes:
        mine = ours(count, kind, seconds, strict)
        for kind_of in peers:
            theirs = peer(kind_of, count, kind, min(seconds, 20))
            print(f"\n  nftlbd : {kind_of.name}, checks a second and core, "
                  f"{kind}: {mine / theirs:.2f} : 1")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--quick", action="store_true",
                        help="fewer targets, 10 s; for trying it out")
    parser.add_argument("--vm", action="store_true",
                        help="in the virtual machine: keepalived as well")
    args = parser.parse_args()
    if args.vm:
        compare((("tcp", 200), ("http", 100)), (HaproxyOnNat, Keepalived),
                30, False)
    elif args.quick:
        compare((("tcp", 1000), ("http", 200)), (Haproxy, HaproxyOnNat), 10,
                False)
    else:
        compare((("tcp", 10000), ("http", 2000)), (Haproxy, HaproxyOnNat),
                args.seconds, True)
    if missed:
        print(f"\nmissed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
