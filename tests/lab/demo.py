#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
The main job on real packets, told while it happens (`./lab demo`). Everything
shown is done: commands are run, connections are made, times are measured. Ends
with 0 only if all of it came out as told.
"""

import re
import signal
import sys
import time

from daemon import Daemon, ini, member, members, service
from lab import FAMILIES, Lab, crowd, vip
from process import Failure, check, equal, wait_until

BOLD, DIM, GREEN, RED, CYAN, OFF = (
    ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[36m", "\033[0m")
    if sys.stdout.isatty() else ("",) * 6)
CHECK = {"type": "tcp", "interval": "200ms", "timeout": "100ms", "rise": 2,
         "fall": 2}
WEIGHTS = (3, 2, 1)

TOPOLOGY = f"""
                          {CYAN}service www: 192.0.2.10, 2001:db8:a::10{OFF}
    {BOLD}c1{OFF} ---------------------- {BOLD}gw{OFF} ----------------+---- {BOLD}b1{OFF}  10.2.0.11:8080
    client                    nftlbd             +---- {BOLD}b2{OFF}  10.2.0.12:8080
    10.1.0.11                 nf_tables          '---- {BOLD}b3{OFF}  10.2.0.13:8080
    2001:db8:1::11                                         2001:db8:2::11 ..
"""


def say(words):
    print(words, flush=True)


def title(words):
    say(f"\n{BOLD}{CYAN}== {words}{OFF}")


def prompt(*argv):
    say(f"{DIM}gw#{OFF} {BOLD}{' '.join(map(str, argv))}{OFF}")


def show(text, indent="   "):
    for line in text.rstrip().splitlines():
        say(indent + line)


def good(words):
    say(f"   {GREEN}{words}{OFF}")


def bars(counts, names=("b1", "b2", "b3")):
    most = max(counts.values() or [1])
    for name in names:
        n = counts.get(name, 0)
        say(f"   {name} {n:5d}  {'#' * round(40 * n / most)}")


class Demo:
    """The story; each method is a scene."""

    def __init__(self, lab):
        self.lab = lab
        self.d = Daemon(lab)

    def write(self, **keys):
        self.d.write({"www": service(**keys), "files": service(
            members(3, port=8081), port=81, check="fast")},
            checks={"fast": CHECK})

    def ctl(self, *words):
        prompt("nftlbctl", *words)
        text = self.d.do(*words)
        show(text)
        return text

    def checked(self):
        """Has every backend been probed?"""
        return all(b["check"]["last_ms"] is not None
                   for s in self.d.json("show", "services")
                   for b in s["backends"])

    def connect(self, n, families=FAMILIES):
        """n connections of each family; returns their results."""
        results = []
        for f in families:
            r = self.lab.flow("c1", vip(f), 80, n)
            r.all_ok(f"IPv{f}")
            results.append(r)
            say(f"   {n} connections from c1 to {vip(f)} port 80, "
                f"{r.data['rate']:.0f} a second:")
            bars(r.counts())
        return results

    def start(self):
        title("A client, a gateway, three servers: network namespaces")
        say(TOPOLOGY)
        self.lab.serve_all()
        self.write(check="fast")
        title("The daemon reads an INI file")
        show(ini({"service www": service(check="fast")}))
        prompt("nftlbd -c nftlbd.conf")
        begun = time.monotonic()
        self.d.start()
        say(f"   answers after {(time.monotonic() - begun) * 1000:.0f} ms")
        self.d.wait_states("active")
        self.d.wait_states("active", "files")
        wait_until(self.checked, 5, "every backend is checked")
        self.ctl("status")

    def balance(self):
        title("Round-robin: every server gets the same")
        for r in self.connect(300):
            equal(r.counts(), {"b1": 100, "b2": 100, "b3": 100}, "round-robin")

    def fail_over(self):
        title("b2's server dies (kill -9) while four clients connect")
        # From many addresses: a port that is used again within 10 s of a
        # refusal is the same flow to conntrack, and no new connection.
        loads = {f: self.lab.flow_start("c1", vip(f), 80, clients=2, log=True,
                                        source=crowd(f, 4000))
                 for f in FAMILIES}
        wait_until(lambda: len(self.lab.conntrack("-p", "tcp")) > 100, 5, "load")
        killed = time.monotonic()
        self.lab.servers["b2"].kill()
        for f in FAMILIES:
            self.d.wait_state(member(2, f), "down")
        time.sleep(1)       # load after the fail-over, to be judged
        log = [c for load in loads.values() for c in load.stop().log]
        lost = [c for c in log if c.failed]
        last = max((c.start for c in lost), default=killed) - killed
        worst = 2 * 0.2 + 0.1 + 0.1
        say(f"   check every 200 ms, down after 2 failures: promised within "
            f"{worst * 1000:.0f} ms")
        good(f"the last of {len(lost)} refused connections began "
             f"{last * 1000:.0f} ms after the kill; {len(log)} were made")
        check(last < worst, "the fail-over took too long")
        self.ctl("show", "events")
        for r in self.connect(120):
            equal(r.counts(), {"b1": 60, "b3": 60}, "without b2")

    def back(self):
        title("b2 returns")
        begun = time.monotonic()
        self.lab.serve("b2")
        for f in FAMILIES:
            self.d.wait_state(member(2, f), "active")
        wait_until(lambda: "b2" in self.lab.flow("c1", vip(6), 80, 3).counts(),
                   3, "b2 serves")
        good(f"serves again {time.monotonic() - begun:.1f} s after its start "
             "(two good checks)")

    def reload(self):
        title("A reload: weights 3, 2, 1, under load, with open transfers")
        hold = self.lab.hold("c1", vip(4), 81, 6)
        load = self.lab.flow_start("c1", vip(6), 80, clients=2)
        self.write(backends=members(3, weights=WEIGHTS), scheduler="weighted",
                   check="fast")
        self.ctl("config", "diff")
        self.ctl("config", "reload")
        # (the load has IPv6's counter in use)
        for r in self.connect(600, (4,)):
            equal(r.counts(), {"b1": 300, "b2": 200, "b3": 100}, "weighted")
            say(f"   {DIM}at most {r.longest_run()} in a row to one "
                f"server{OFF}")
        return hold, load

    def drain(self):
        title("Maintenance: b1 is drained")
        for f in FAMILIES:
            self.ctl("backend", "drain", "www", member(1, f))
        for r in self.connect(300, (4,)):
            equal(r.counts(), {"b2": 200, "b3": 100}, "drained")

    def crash(self, hold, load):
        title("The daemon is killed (kill -9), and nobody notices")
        prompt(f"kill -9 {self.d.process.pid}")
        self.d.kill()
        for r in self.connect(60, (4,)):
            equal(r.counts(), {"b2": 40, "b3": 20}, "without a daemon")
        self.d.start()
        r = load.stop()
        good(f"load since before the reload: {r.ok} connections, {r.failed} "
             "failed")
        equal(r.failed, 0, "failed connections")
        told = hold.stop().transfers
        alive = sum(t["survived"] for t in told)
        size = sum(t["got"] for t in told) / 1e6
        good(f"transfers since before the reload: {alive} of {len(told)} alive, "
             f"{size:.1f} MB, every byte right")
        equal(alive, len(told), "transfers alive")

    def repair(self):
        title("Somebody flushes the rule set by hand")
        good_rules = self.lab.ruleset().count("\n")
        prompt("nft flush ruleset")
        self.lab.nft("flush", "ruleset")
        begun = time.monotonic()
        wait_until(lambda: self.lab.ruleset().count("\n") == good_rules, 3,
                   "whole again")
        good(f"whole again within {(time.monotonic() - begun) * 1000:.0f} ms")

    def kernel(self):
        title("What the kernel holds (nft list ruleset, shortened)")
        text = self.lab.nft("list", "table", "ip", "nftlb")
        for name, most in (("map services", 9), ("map backends", 9),
                           ("chain service.www", 9), ("chain to-slot", 9),
                           ("chain to-backend", 9), ("chain prerouting", 9)):
            block = re.search(rf"^\t{re.escape(name)} {{.*?^\t}}", text,
                              re.M | re.S)
            check(block, f"no {name} in the rule set")
            lines = block[0].replace("\t", "    ").splitlines()
            show("\n".join(lines[:most]), "")
            if len(lines) > most:
                say(f"        {DIM}.. {len(lines) - most} lines more{OFF}")
        title("And at the end")
        self.ctl("status")

    def play(self):
        begun = time.monotonic()
        self.start()
        self.balance()
        self.fail_over()
        self.back()
        hold, load = self.reload()
        self.drain()
        self.crash(hold, load)
        self.repair()
        self.kernel()
        say(f"\n{BOLD}{GREEN}All of it came out as told, in "
            f"{time.monotonic() - begun:.0f} s.{OFF} Now: ./lab shell, "
            "./lab check, README.md\n")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with Lab() as lab:
            Demo(lab).play()
    except Failure as e:
        say(f"\n{RED}The demo failed: {e}{OFF}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
