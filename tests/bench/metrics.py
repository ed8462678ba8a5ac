#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench metrics [SERVICES]: what being scraped costs. 10,000 services of 4
backends, all of them probed, on the control socket: how long an answer takes,
how large it is, what the daemon's CPU time is, and whether probes or commits
are late meanwhile; the same with counters = yes. Exit status 1 when a limit of
the project is missed.
"""

import statistics
import subprocess
import sys
import threading
import time

import fleet
from lab import program  # fleet has put it on the path

fleet.BACKENDS = 4
ROUNDS = 20
LIMIT_MS = 200
CHECK = {"type": "tcp", "interval": "30s", "timeout": "5s"}

missed = []


def row(name, value, unit, limit=None, extra=""):
    """One line of the table; remembers a missed limit."""
    text = "" if limit is None else f"limit {limit:.3g} {unit}"
    if limit is not None and value > limit:
        text += "  MISSED"
        missed.append(name)
    print(f"  {name:<44}{value:>10.2f} {unit:<4}{text:<26}{extra}".rstrip(),
          flush=True)


def scrape(http, accept="*/*"):
    """Seconds and length of an answer."""
    begun = time.perf_counter()
    http.request("GET", "/metrics", headers={"Accept": accept})
    answer = http.getresponse()
    size = 0
    while True:
        piece = answer.read(1 << 20)
        if not piece:
            break
        size += len(piece)
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}")
    return time.perf_counter() - begun, size


def late(daemon):
    """Probes begun so far, and of them those more than 8 ms late."""
    prober = daemon.ask("GET", "/v1/status")["prober"]
    return prober["probes"], sum(prober["lateness"][4:])


class Commits(threading.Thread):
    """Backends out and in again, all the time; milliseconds of each."""

    def __init__(self, daemon, services):
        super().__init__(daemon=True)
        self.daemon_under_test = daemon
        self.http = fleet.UnixConnection(daemon.socket)
        self.services = services
        self.took_ms = []
        self.going = True

    def patch(self, i, admin):
        begun = time.perf_counter()
        self.http.request("PATCH", f"/v1/services/s{i}/backends/b1",
                          f'{{"admin": "{admin}"}}')
        answer = self.http.getresponse()
        answer.read()
        self.took_ms.append((time.perf_counter() - begun) * 1e3)

    def run(self):
        n = 0
        while self.going:
            i = n * 7919 % self.services
            self.patch(i, "disabled")
            time.sleep(0.02)
            self.patch(i, "enabled")
            time.sleep(0.02)
            n += 1

    def stop(self):
        self.going = False
        self.join()
        return sorted(self.took_ms)


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


def commits(daemon, services, seconds, work=None):
    """Commits while `work` is done again and again, or nothing is."""
    c = Commits(daemon, services)
    begun_probes = late(daemon)
    c.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if work:
            work()
        else:
            time.sleep(0.1)
    took = c.stop()
    after = late(daemon)
    return took, after[0] - begun_probes[0], after[1] - begun_probes[1]


def serve(daemon):
    """Whatever address is probed answers."""
    ip = ["ip", "-n", daemon.ns]
    subprocess.run([*ip, "route", "add", "local", "10.0.0.0/8", "dev", "lo"],
                   check=True)
    return subprocess.Popen(
        ["nsenter", f"--net=/run/netns/{daemon.ns}", "--",
         program("tests/tools/echo"), "x", "tcp/0.0.0.0/8080"],
        stdout=subprocess.DEVNULL)


def wait_up(daemon, n, limit_s=120):
    end = time.monotonic() + limit_s
    while daemon.ask("GET", "/v1/status")["backends"]["active"] < n:
        if time.monotonic() > end:
            raise RuntimeError("backends do not come up")
        time.sleep(0.5)


def measure(daemon, services):
    http = fleet.UnixConnection(daemon.socket)
    _, size = scrape(http)
    row("size of an answer", size / 1e6, "MB")
    before = daemon.cpu_ms()
    took = [scrape(http)[0] * 1e3 for _ in range(ROUNDS)]
    cpu = (daemon.cpu_ms() - before) / ROUNDS
    row("a scrape, p50", statistics.median(took), "ms", LIMIT_MS,
        f"worst {max(took):.0f}")
    row("  its CPU time", cpu, "ms")
    row("the same as OpenMetrics", scrape(
        http, "application/openmetrics-text; version=1.0.0")[0] * 1e3, "ms")
    calm, probes, bad = commits(daemon, services, 5)
    row("a commit meanwhile nothing else, p50", statistics.median(calm), "ms",
        extra=f"p99 {p99(calm):.1f}, worst {max(calm):.1f}")
    row("  probes over 8 ms late", 100 * bad / max(probes, 1), "%",
        extra=f"of {probes}")
    busy, probes, bad = commits(daemon, services, 5, lambda: scrape(http))
    row("a commit while scraped without a pause, p50",
        statistics.median(busy), "ms",
        extra=f"p99 {p99(busy):.1f}, worst {max(busy):.1f}")
    row("  probes over 8 ms late", 100 * bad / max(probes, 1), "%",
        extra=f"of {probes}")
    row("peak memory", daemon.memory_mb(), "MB")


def main():
    services = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    for keys in ((), ("counters = yes",)):
        print(f"\nnftlbd, {services:,} services x {fleet.BACKENDS} backends, "
              f"{', '.join(keys) or 'plain'}")
        with fleet.Ours() as daemon:
            daemon.keys = keys
            daemon.write(services, CHECK)
            server = serve(daemon)
            try:
                row("start to committed", daemon.start(), "s")
                wait_up(daemon, services * fleet.BACKENDS)
                measure(daemon, services)
            finally:
                server.kill()
                server.wait()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
