#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench bindings: what hvagent takes for 500, 5,000 and 20,000 bindings (-n:
other numbers) that one request of its API adds, and then for one more and one
less, seen by who asks and in its own processor time; and how much memory it has.
"""

import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../lab"))

from hvapi import Agent  # noqa: E402
from lab import Lab  # noqa: E402
from process import equal  # noqa: E402
from test_hvagent_api import elements, many  # noqa: E402

TURNS = 100


class Took:
    """Seconds that went by, and the agent's own."""

    def __init__(self, agent):
        self.agent = agent

    def __enter__(self):
        self.wall, self.cpu = time.monotonic(), self.agent.cpu_s()
        return self

    def __exit__(self, *_):
        self.wall = time.monotonic() - self.wall
        self.cpu = self.agent.cpu_s() - self.cpu


def rss_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(x.split()[1]) for x in f if x.startswith("VmRSS")) / 1024


def row(n):
    with Lab(backends=0) as lab:
        agent = Agent(lab).write().start()
        c = agent.client()
        with Took(agent) as add:
            c.ask("PUT", "/v1/bindings", many(n)).ok()
        equal(elements(agent), n, "bindings in the kernel")
        with Took(agent) as one:
            for i in range(TURNS):
                c.put("more", "192.0.2.251:80/tcp", f"10.250.0.{i + 1}")
                c.ask("DELETE", "/v1/bindings/more").ok()
        print(f"{n:>9}{add.wall * 1e3:>12.0f}{add.cpu * 1e3:>9.0f}"
              f"{one.wall / TURNS * 1e3:>19.1f}{one.cpu / TURNS * 1e3:>9.2f}"
              f"{rss_mb(agent.process.pid):>9.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, nargs="*", default=(500, 5000, 20000))
    print(" bindings  added, ms  its CPU  one more, less, ms  its CPU  RSS, MB")
    for n in parser.parse_args().n:
        row(n)


if __name__ == "__main__":
    main()
