#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench counts: what it costs to know the connections of 1,000 backends with
a million entries in conntrack. By events (rulesets/track.h) at several rates of
new flows, made over netlink and by real packets; each time the counts are
compared with an independent dump. Beside it in the same run the naive way, a
dump each second, by our own code and by conntrack(8). Exit status 1 when a
limit is missed.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile

TOP = os.path.join(os.path.dirname(__file__), "..", "..")
BUILD = os.environ.get("BUILD", os.path.join(TOP, "build"))
TOOLS = os.path.join(os.path.abspath(BUILD), "tests", "tools")
NS = f"nftlb-counts-{os.getpid()}"
MAX = "/proc/sys/net/netfilter/nf_conntrack_max"  # of the whole machine
ENTRIES = 1000000
SECONDS = 10
LIMIT = 0.10  # of a core

RULES = """
table ip bench {
    chain output {
        type nat hook output priority -100
        ip daddr 10.200.0.0 tcp dport 80 dnat to 10.210.0.1:8080
    }
}
"""

missed = []


def row(name, value, unit, limit=None):
    words = "" if limit is None else f"limit {limit:g} {unit}"
    if limit is not None and value > limit:
        words += "  MISSED"
        missed.append(name)
    print(f"  {name:<52}{value:>10.2f} {unit:<4}{words}".rstrip(), flush=True)


def inside(*argv, **more):
    return subprocess.run(["ip", "netns", "exec", NS, *argv], check=True,
                          **more)


def start(*argv, **more):
    return subprocess.Popen(["ip", "netns", "exec", NS, *argv],
                            stdout=subprocess.PIPE, text=True, **more)


class Tracker:
    """A process that does nothing but track."""

    def __init__(self):
        self.process = start(f"{TOOLS}/counts", "track", stdin=subprocess.PIPE)

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def second(self):
        return json.loads(self.process.stdout.readline())

    def until_known(self):
        """CPU seconds that the first dump took."""
        cpu = 0.0
        while True:
            line = self.second()
            cpu += line["cpu"]
            if line["known"]:
                return cpu

    def seconds(self, n):
        return [self.second() for _ in range(n)]

    def wrong(self):
        """Counts that differ from those of an independent dump."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        while True:
            line = json.loads(self.process.stdout.readline())
            if "wrong" in line:
                return line

    def measure(self, name, source, limit=None):
        """While `source` runs, and after it."""
        self.second()
        before = self.second()
        with source:
            lines = self.seconds(SECONDS)
        self.seconds(4)
        row(f"{name}: CPU", 100 * sum(s["cpu"] for s in lines) / len(lines),
            "%", limit and 100 * limit)
        row("  its worst second", 100 * max(s["cpu"] for s in lines), "%")
        row("  events a second",
            (lines[-1]["events"] - before["events"]) / len(lines), "")
        row("  events lost (times)", lines[-1]["lost"] - before["lost"], "")
        row("  longest turn of the loop",
            max(s["held_ms"] for s in lines), "ms")
        row("  counts that differ from a dump", self.wrong()["wrong"], "", 0)


class Churn:
    """So many flows a second, by netlink."""

    def __init__(self, rate):
        self.rate = rate

    def __enter__(self):
        self.process = start(f"{TOOLS}/counts", "churn", str(self.rate),
                             str(SECONDS))

    def __exit__(self, *_):
        self.process.wait()


class Packets:
    """As many connections as there is room for, by real packets."""

    def __enter__(self):
        self.server = start(f"{TOOLS}/echo", "b1", "tcp/10.210.0.1/8080")
        self.server.stdout.readline()
        self.client = start(f"{TOOLS}/flow", "-c", "4", "-t", str(SECONDS),
                            "10.200.0.0", "80")

    def __exit__(self, *_):
        row("  connections a second, by real packets",
            json.loads(self.client.communicate()[0])["rate"], "")
        self.server.terminate()
        self.server.wait()


def network():
    subprocess.run(["ip", "netns", "add", NS], check=True)
    inside("ip", "link", "set", "lo", "up")
    for address in ("10.200.0.0/32", "10.210.0.1/32"):
        inside("ip", "addr", "add", address, "dev", "lo")
    inside("sysctl", "-qw", "net.ipv4.tcp_tw_reuse=1",
           "net.netfilter.nf_conntrack_tcp_timeout_time_wait=1")
    inside("nft", "-f", "-", input=RULES, text=True)


def naive():
    """CPU seconds of one dump: our own, and of conntrack -L."""
    lines = inside(f"{TOOLS}/counts", "naive", "3", text=True,
                   stdout=subprocess.PIPE).stdout.splitlines()
    costs = [json.loads(line)["cpu_s"] for line in lines]
    own = (costs[-1] - costs[0]) / (len(costs) - 1)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile() as sink:
        inside("conntrack", "-L", stdout=sink, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own, (after.ru_utime + after.ru_stime
                 - before.ru_utime - before.ru_stime)


def bench():
    print(f"{ENTRIES} entries, 1,000 backends:", flush=True)
    listening = Tracker()  # so that the entries have events
    listening.until_known()
    inside(f"{TOOLS}/counts", "fill", str(ENTRIES))
    while listening.second()["entries"] < ENTRIES:
        pass
    tracker = Tracker()
    row("first dump: CPU", tracker.until_known(), "s")
    listening.close()
    row("counts that differ from a dump", tracker.wrong()["wrong"], "", 0)
    tracker.seconds(2)
    quiet = [s["cpu"] for s in tracker.seconds(SECONDS)]
    quiet = sum(quiet) / len(quiet)
    row("no flow changes, audits: CPU", 100 * quiet, "%", 100 * LIMIT)
    for rate in (1000, 4000):
        tracker.measure(f"{rate} flows a second by netlink", Churn(rate),
                        LIMIT if rate == 1000 else None)
    tracker.measure("real packets", Packets(), LIMIT)
    own, tool = naive()
    row("a dump, by rulesets/flows.c: CPU", own, "s")
    row("a dump, by conntrack -L: CPU", tool, "s")
    row("naive (each second) to events, no flow changes", own / quiet, "x")
    tracker.close()


def main():
    with open(MAX, encoding="ascii") as f:
        saved = f.read()
    try:
        with open(MAX, "w", encoding="ascii") as f:
            f.write(str(max(int(saved), 2 * ENTRIES)))
        network()
        bench()
    finally:
        subprocess.run(["ip", "netns", "del", NS], check=False)
        with open(MAX, "w", encoding="ascii") as f:
            f.write(saved)
    if missed:
        sys.exit("missed: " + ", ".join(missed))


if __name__ == "__main__":
    main()
