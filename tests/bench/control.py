#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench control: what the control plane costs. 1,000 and 10,000 services of
10 backends: start, memory, one backend down, one service more, everything down
at once; next to Debian's nftlb in the same run, and next to the smallest
transaction that the kernel can be given; and 100 and 1,000 services with
persistence, limits, lists, marks and counters. Each daemon has a network
namespace of its own. Exit status 1 when a limit of the project is missed.

A listener for nf_tables anywhere on the machine, in whatever namespace (nft
monitor, another load balancer), makes the kernel write a message for each
element and rule that is committed: starts take several times as long. The last
lines say whether there was one.
"""

import os
import signal
import statistics
import sys
import time

from fleet import (BACKENDS, EVERYTHING, Ours, Peer, Servers, TimeUp,
                   listeners, wait_checked)
from rawnft import RawNft

SIZES = (1000, 10000)
PEER_SIZES = (10, 100, 1000)
PEER_LIMIT_S = 60
ROUNDS = 40
AROUND_SIZES = (100, 1000)
IDLE_S = 60  # most counters are read once meanwhile
MASS_SERVICES = 1000
MASS_CHECK = {"type": "tcp", "interval": "1s", "timeout": "500ms", "rise": 1,
              "fall": 1}

missed = []


def row(name, value, unit, limit=None, extra=""):
    """One line of the table; remembers a missed limit."""
    text = "" if limit is None else f"limit {limit:.3g} {unit}"
    if limit is not None and value > limit:
        text += "  MISSED"
        missed.append(name)
    print(f"  {name:<44}{value:>10.2f} {unit:<4}{text:<26}{extra}".rstrip(),
          flush=True)


def settled_cpu_ms(daemon, timeout_s=5):
    """CPU time once the daemon sleeps again, what it put off included."""
    end = time.monotonic() + timeout_s
    since, last = time.monotonic(), daemon.cpu_ms()
    while time.monotonic() < end:
        time.sleep(0.02)
        now = daemon.cpu_ms()
        if now - last > 0.05:
            since, last = time.monotonic(), now
        elif time.monotonic() - since > 0.3:
            break
    return daemon.cpu_ms()


def toggle(daemon, services, rounds=ROUNDS, settled=8):
    """Backends of services all over the file, down and up again; in so many
    rounds with the CPU time of what the daemon does after its answer.
    Returns lists of milliseconds: wall time down, CPU time down."""
    wall, cpu = [], []
    for n in range(rounds):
        i, j = (n * 7919 + 13) % services, n % BACKENDS
        before = settled_cpu_ms(daemon) if n < settled else daemon.cpu_ms()
        begun = time.perf_counter()
        daemon.backend_down(i, j, True)
        wall.append((time.perf_counter() - begun) * 1e3)
        # some wait for what the daemon does after the answer, most do not
        cpu.append((settled_cpu_ms(daemon) if n < settled else daemon.cpu_ms())
                   - before)
        daemon.backend_down(i, j, False)
    return wall, cpu


def yardstick(ns, elements):
    """Milliseconds of the smallest transaction: one element of a map of this
    size is replaced by a netlink batch written by hand."""
    raw = RawNft(ns)
    raw.make_map(elements)
    try:
        return [raw.replace([n * 31 % elements], n + 2) * 1e3
                for n in range(ROUNDS)]
    finally:
        raw.drop_map()
        raw.close()


def ours(services):
    print(f"\nnftlbd, {services:,} services x {BACKENDS} backends")
    small = services == 1000
    with Ours() as daemon:
        daemon.write(services)
        daemon.start()  # the page cache is warm for the one that counts
    with Ours() as daemon:
        daemon.write(services)
        load = daemon.start()
        row("start to committed", load, "s", 0.5 if small else 3)
        row("peak memory", daemon.memory_mb(), "MB", 40 if small else 250)
        wall, cpu = toggle(daemon, services)
        least = statistics.median(yardstick(daemon.ns, services * BACKENDS))
        down = statistics.median(wall)
        row("one backend down: CPU, kernel included", statistics.median(cpu),
            "ms", 0.5, f"worst {max(cpu):.2f}")
        row("one backend down: wall, API to kernel", down, "ms", least + 2,
            f"worst {max(wall):.2f}")
        row("  smallest transaction by hand", least, "ms",
            extra=f"ratio {down / least:.0f}")
        begun = time.perf_counter()
        daemon.ctl("backend", "disable", "s1", "b1")
        row("  the same by nftlbctl, its start included",
            (time.perf_counter() - begun) * 1e3, "ms")
        before = daemon.cpu_ms()
        added = daemon.add_service(services + 1) * 1e3
        cpu_ms = settled_cpu_ms(daemon) - before
        parse, commit = daemon.reload_ms()
        row("one service added: plan and commit", commit, "ms", 30)
        row("  the whole reload, from the file", added, "ms", extra=
            f"of it parsing {parse:.0f} ms, CPU {cpu_ms:.0f} ms")
        row("peak memory at the end", daemon.memory_mb(), "MB")
    return {"load": load, "down": down, "cpu": statistics.median(cpu)}


def around(services):
    print(f"\nnftlbd, {services:,} services x {BACKENDS} backends with "
          "everything around them")
    with Ours() as daemon:
        daemon.keys = EVERYTHING
        daemon.write(services)
        row("start to committed", daemon.start(), "s")
        row("peak memory", daemon.memory_mb(), "MB")
        wall, cpu = toggle(daemon, services, settled=0)  # it polls
        row("one backend down: CPU, kernel included", statistics.median(cpu),
            "ms", 15, f"worst {max(cpu):.2f}")
        row("one backend down: wall, API to kernel", statistics.median(wall),
            "ms", extra=f"worst {max(wall):.2f}")
        daemon.add_service(services + 1)
        row("one service added: plan and commit", daemon.reload_ms()[1], "ms")
        before = settled_cpu_ms(daemon)
        time.sleep(IDLE_S)
        row("CPU while nothing happens, of one core",
            (daemon.cpu_ms() - before) / (IDLE_S * 10), "%", 1)
        daemon.kill()
        row("killed and started again: to committed", daemon.start(), "s")


def peer(services):
    print(f"\nDebian's nftlb, {services:,} services x {BACKENDS} backends")
    with Peer() as daemon:
        daemon.write(services)
        try:
            load = daemon.start(PEER_LIMIT_S)
        except TimeUp:
            print(f"  start: not done after {PEER_LIMIT_S} s; "
                  f"{daemon.memory_mb():.0f} MB by then")
            return None
        row("start to committed", load, "s")
        row("peak memory", daemon.memory_mb(), "MB")
        wall, cpu = toggle(daemon, services)
        row("one backend down: CPU, kernel included", statistics.median(cpu),
            "ms", extra=f"worst {max(cpu):.2f}")
        row("one backend down: wall, over its API", statistics.median(wall),
            "ms", extra=f"worst {max(wall):.2f}")
        row("one service added, over its API",
            daemon.add_service(services + 1) * 1e3, "ms")
    return {"load": load, "down": statistics.median(wall),
            "cpu": statistics.median(cpu)}


def states(daemon):
    """How many backends are in which health."""
    count = {}
    for service in daemon.ask("GET", "/v1/services"):
        for b in service["backends"]:
            count[b["health"]] = count.get(b["health"], 0) + 1
    return count


def wait_generation(raw, quiet_s, timeout_s):
    """Until the kernel has seen no commit for quiet_s; the last number and
    the time of the first and last commit seen."""
    first = last = None
    seen = raw.generation()
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        now = time.monotonic()
        g = raw.generation()
        if g != seen:
            first = first or now
            seen, last = g, now
        elif last and now - last > quiet_s:
            break
        time.sleep(0.005)
    return seen, (last - first if first else 0)


def mass():
    total = MASS_SERVICES * BACKENDS
    print(f"\nnftlbd, {total:,} backends go down at once (TCP checks each "
          f"{MASS_CHECK['interval']})")
    with Ours() as daemon:
        servers = Servers(daemon.ns, MASS_SERVICES)
        daemon.write(MASS_SERVICES, MASS_CHECK)
        daemon.start()
        wait_checked(daemon)
        up = states(daemon)
        raw = RawNft(daemon.ns)
        before = raw.generation()
        cpu = daemon.cpu_ms()
        servers.die()
        after, seconds = wait_generation(raw, 1.5, 30)
        cpu = daemon.cpu_ms() - cpu
        print(f"  health before {up}, after {states(daemon)}")
        row("transactions", after - before, "", 100)
        row("from the first to the last", seconds, "s")
        row("the daemon's CPU for all", cpu, "ms")
        raw.close()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    heard = listeners()
    mine = {n: ours(n) for n in SIZES}
    for n in AROUND_SIZES:
        around(n)
    mass()
    theirs = {n: peer(n) for n in PEER_SIZES}
    print("\nside by side (nftlb / nftlbd)")
    least = mine[SIZES[0]]
    for n, them in theirs.items():
        if not them:
            print(f"  {n:>6,} services: nftlb over {PEER_LIMIT_S} s, nftlbd "
                  f"{least['load']:.2f} s with {SIZES[0]:,}: more than "
                  f"{PEER_LIMIT_S / least['load']:.0f} times")
            continue
        print(f"  {n:>6,} services of nftlb, {SIZES[0]:,} of nftlbd: start "
              f"{them['load'] / least['load']:.1f}, backend down: wall "
              f"{them['down'] / least['down']:.1f}, CPU "
              f"{them['cpu'] / least['cpu']:.1f}")
    heard = max(heard, listeners())
    if heard:
        print(f"\n{heard} listeners for nf_tables on this machine: all commits "
              "took longer")
    if missed:
        print(f"\n{len(missed)} limits missed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
