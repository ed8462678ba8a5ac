# SPDX-License-Identifier: GPL-2.0-or-later
"""Many services of direct modes: what the kernel does at a change of chains
grows as they do, not with their square. Before 6.10 it walks all ways that
packets could take, each chain anew each time that one leads there: these visits
are counted, which no load changes."""

import contextlib
import os
import subprocess

import daemon
from direct import AHEAD, DSR, IPIP, STATELESS
from fabric import Fabric
from marks import vm_needs
from process import check

TRACING = "/sys/kernel/tracing"
PROBE = "nftlb_visits"
MODES = (STATELESS, AHEAD, DSR, IPIP)
FEW, MANY = 20, 80


def write(name, text, flags=0):
    fd = os.open(os.path.join(TRACING, name), os.O_WRONLY | flags)
    with contextlib.closing(os.fdopen(fd, "w")) as f:
        f.write(text)


@contextlib.contextmanager
def counted():
    """visits(): how many chains the kernel has walked so far."""
    if not os.path.exists(f"{TRACING}/kprobe_events"):
        subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACING],
                       check=True)
    write("tracing_on", "0")        # nobody reads the lines
    write("kprobe_events", f"p:{PROBE} nft_chain_validate\n", os.O_APPEND)
    write(f"events/kprobes/{PROBE}/enable", "1")

    def visits():
        with open(f"{TRACING}/kprobe_profile", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f
                        if line.split()[0] == PROBE)
    try:
        yield visits
    finally:
        write(f"events/kprobes/{PROBE}/enable", "0")
        write("kprobe_events", f"-:{PROBE}\n", os.O_APPEND)


def services(lab, n):
    """All modes in turn; where there is an interface it is the same one."""
    found = {}
    for i in range(n):
        mode = MODES[i % len(MODES)]
        at = f":{8000 + i}" if mode.through_gateway else ""
        ends = {f"b{b}": f"10.7.0.{b}{at}" for b in range(1, 5)}
        keys = {"interface": lab.way_in()} if mode is not STATELESS else {}
        found[f"s{i}"] = daemon.service(
            ends, address=f"198.18.0.{i + 1}", mode=mode.name,
            session_cache=256, **keys)
    return found


def visits_of_one_more(lab, n, visits):
    """To a rule set of n services, and at the commit of one more."""
    d = daemon.Daemon(lab)
    d.write(services(lab, n), **IPIP.globals(lab, "gw"))
    begun = visits()
    d.launch()
    d.wait_ready(120)
    first = visits()
    d.write(services(lab, n + 1), **IPIP.globals(lab, "gw"))
    d.reload()
    found = first - begun, visits() - first
    d.stop()
    lab.nft("flush", "ruleset")
    return found


@vm_needs("a kernel that walks all ways anew, and counts")
def test_visits_grow_as_services_do():
    with Fabric(backends=1) as lab, counted() as visits:
        few = visits_of_one_more(lab, FEW, visits)
        many = visits_of_one_more(lab, MANY, visits)
    print(f"# chains visited at the start and for a service more: "
          f"{FEW} services {few}, {MANY} services {many}")
    for a, b in zip(few, many):
        check(a > 0, "visits are counted")
        check(b < 1.5 * a * MANY / FEW, f"visits: {a}, {b}")
