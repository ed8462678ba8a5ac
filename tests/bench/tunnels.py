#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench tunnels --vm: what one service of mode ipip takes with 100, 500 and
2,000 backends (-n: other numbers; --family 6). From the start of the daemon
with no device there until it answers, and until all backends are in use; a
restart that finds everything; a backend that gets no more flows, and one that
is taken out of the file, each until that is committed; devices, one for each
backend and no more; the daemon's memory, and the kernel's for each backend.
"""

import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../lab"))

from direct import IPIP  # noqa: E402
from process import equal  # noqa: E402
from thousands import Thousands  # noqa: E402


def kernel_kb():
    with open("/proc/meminfo", encoding="ascii") as f:
        words = dict(line.split()[:2] for line in f)
    return sum(int(words[k]) for k in ("Slab:", "VmallocUsed:", "Percpu:"))


def one(n, family):
    with IPIP.fabric(backends=1) as lab:
        before = kernel_kb()
        t = Thousands(lab, n, family)
        kernel = (kernel_kb() - before) / n
        equal(len(t.devices()), n, "devices")
        t.flows(50)
        down, rss = t.one_down_s(), t.rss_mb()
        begun = time.monotonic()
        t.d.restart()
        again = time.monotonic() - begun
        less = t.one_less_s()
        print(f"{n:>10}{t.ready_s:>10.2f}{t.usable_s:>10.2f}{again:>10.2f}"
              f"{down * 1e3:>12.1f}{less * 1e3:>12.0f}{rss:>8.0f}{kernel:>8.1f}",
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, nargs="*", default=(100, 500, 2000))
    parser.add_argument("--family", type=int, choices=(4, 6), default=4)
    parser.add_argument("--vm", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    print("  backends  ready, s  in use, s restart, s weight 0, ms"
          " removed, ms  RSS, MB kernel, kB each", flush=True)
    for n in options.n:
        one(n, options.family)


if __name__ == "__main__":
    main()
