#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench weights [--services N] [--seconds N]: what weights that follow the
load cost. 1,000 services of 10 backends that tick each second, next to the same
services with scheduler = weighted in the same run: while weights rest
(least-connections, no traffic), while some move (connections of a tenth of the
services pile up on one backend, then are gone), and while very many do
(least-response, TCP checks over loopback, whose times are noise). Exit status 1
when a limit of the project is missed.

What others do on this machine shows: commits take several times as long while
anybody listens for nf_tables, in whatever namespace, and conntrack's table is one
for all of them. A figure is the median of several stretches.
"""

import argparse
import re
import statistics
import subprocess
import sys
import time

from fleet import (BACKENDS, Ours, Servers, backend_address, listeners,
                   service_address, wait_checked)

CHECK = {"type": "tcp", "interval": "5s", "timeout": "1s"}
STRETCHES = 5
LIMIT_PERCENT = 2  # of one core, more than static services take
PILE = 20          # connections of a service, all on its first backend
TICKS_S = 12       # until weights rest again
COMMIT = re.compile(r"commit reason=change elements=\+(\d+)/-(\d+) ")

missed = []


def row(name, value, unit, limit=None, extra=""):
    """One line of the table; remembers a missed limit."""
    text = "" if limit is None else f"limit {limit} {unit}"
    if limit is not None and value > limit:
        text += "  MISSED"
        missed.append(name)
    print(f"  {name:<46}{value:>9.2f} {unit:<4}{text:<22}{extra}".rstrip(),
          flush=True)


class Fleet(Ours):
    """nftlbd with N services of one scheduler, in a namespace of its own."""

    def __init__(self, scheduler, services, checked=False):
        super().__init__()
        self.scheduler = scheduler
        self.services = services
        self.checked = checked
        self.servers = None

    def run(self, log_level="info"):
        """Start; with checks, wait until all have been made."""
        self.log_level = log_level
        if self.checked:
            self.servers = Servers(self.ns, self.services)
        self.write(self.services, CHECK if self.checked else None)
        row("start to committed", self.start(), "s")
        if self.checked:
            wait_checked(self)
        row("peak memory", self.memory_mb(), "MB")

    def __exit__(self, *exc):
        if self.servers:
            self.servers.die()
        super().__exit__(*exc)

    def prober_ms(self):
        """CPU time of its child, the prober."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="ascii") as f:
            return sum(self.cpu_ms(int(pid)) for pid in f.read().split())

    def percent(self, seconds):
        """CPU of the daemon alone, kernel included, of one core; and how many
        commits it made meanwhile."""
        commits, stretches = self.commits(), []
        for _ in range(STRETCHES):
            cpu, begun = self.cpu_ms(), time.monotonic()
            time.sleep(seconds / STRETCHES)
            stretches.append((self.cpu_ms() - cpu)
                             / ((time.monotonic() - begun) * 10))
        return statistics.median(stretches), (self.commits() - commits) / seconds

    def commits(self):
        return self.ask("GET", "/v1/status")["commits"]["done"]

    def weights(self):
        """The dynamic weight of each backend."""
        return [b["weight"]["dynamic"] for s in self.ask("GET", "/v1/services")
                for b in s["backends"]]

    def elements(self):
        """Elements that commits have added and removed so far, by its log."""
        return sum(int(a) + int(b) for a, b in COMMIT.findall(self.log()))

    def moves(self, seconds):
        """Weights that were others a tick later, elements written, over so many
        seconds; what costs to ask is not measured otherwise."""
        before, written, moved = self.weights(), self.elements(), 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(1)
            now = self.weights()
            moved += sum(a != b for a, b in zip(before, now))
            before = now
        return moved, self.elements() - written

    def pile(self, services):
        """Connections in conntrack, for each of the first `services` all with
        one backend; as if clients had opened them."""
        lines = []
        for i in range(services):
            for n in range(PILE):
                lines.append(
                    f"-I -p tcp -s 198.18.{n}.1 -d {service_address(i)} "
                    f"--sport {10000 + i} --dport 80 --state ESTABLISHED "
                    f"-u ASSURED,SEEN_REPLY --timeout 3600 "
                    f"--reply-src {backend_address(i, 0)} "
                    f"--reply-dst 198.18.{n}.1 --reply-port-src 8080 "
                    f"--reply-port-dst {10000 + i} "
                    f"--dst-nat {backend_address(i, 0)}:8080")
        self.conntrack("--load-file", "-", text="\n".join(lines) + "\n")

    def conntrack(self, *argv, text=None):
        subprocess.run(["ip", "netns", "exec", self.ns, "conntrack", *argv],
                       input=text, capture_output=True, text=True, check=True)


def fleet(scheduler, services, seconds, checked=False):
    """Its CPU in percent while nothing is done to it."""
    print(f"\n{scheduler}, {services:,} services x {BACKENDS} backends"
          + (f", TCP checks each {CHECK['interval']}" if checked else ""))
    with Fleet(scheduler, services, checked) as f:
        f.run()
        time.sleep(3)
        prober = f.prober_ms() if checked else 0
        cpu, commits = f.percent(seconds)
        row("CPU of the daemon, of one core", cpu, "%")
        if checked:
            row("CPU of the prober beside it",
                (f.prober_ms() - prober) / (seconds * 10), "%")
        row("commits a second", commits, "")
    return cpu, commits


def written(f, seconds):
    """How many elements a move of a weight writes."""
    moved, elements = f.moves(seconds)
    row("weights that moved, a second", moved / seconds, "")
    row("elements written for each of them",
        elements / moved if moved else 0, "")


def piled(services, static):
    some = services // 10
    print(f"\nleast-connections, {PILE} connections in each of {some} of "
          f"{services:,} services pile up on one backend")
    with Fleet("least-connections", services) as f:
        f.run()
        time.sleep(3)
        f.pile(some)
        cpu, commits = f.percent(TICKS_S)
        row(f"CPU, {TICKS_S} s from the first connection", cpu - static, "%",
            LIMIT_PERCENT)
        row("commits a second", commits, "")
        low = sum(w < 0.99 for w in f.weights()[::BACKENDS])
        row("first backends that weigh less now", low, "", extra=f"of {some}")
        if low != some:
            missed.append("weights did not follow")
        f.conntrack("-F")
        cpu, commits = f.percent(TICKS_S)
        row(f"CPU, {TICKS_S} s from the last one", cpu - static, "%",
            LIMIT_PERCENT)
    with Fleet("least-connections", services) as f:
        f.run("debug")
        f.pile(some)
        written(f, TICKS_S)


def noisy(services, seconds):
    with Fleet("least-response", services, True) as f:
        print("\nleast-response, what its moves write")
        f.run("debug")
        time.sleep(3)
        written(f, seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=20)
    args = parser.parse_args()
    n, seconds = args.services, args.seconds
    heard = listeners()
    static, _ = fleet("weighted", n, seconds)
    cpu, commits = fleet("least-connections", n, seconds)
    row("more than weighted, weights at rest", cpu - static, "%", LIMIT_PERCENT)
    row("commits while weights rest", commits * seconds, "", 0)
    piled(n, static)
    static, _ = fleet("weighted", n, seconds, True)
    cpu, _ = fleet("least-response", n, seconds, True)
    row("more than weighted, very many weights move", cpu - static, "%")
    noisy(n, seconds)
    if heard or listeners():
        print("\nsomebody else listens for nf_tables: all commits took longer")
    if missed:
        print(f"\n{len(missed)} limits missed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
