# SPDX-License-Identifier: GPL-2.0-or-later
"""Weights that follow the load: what holds them, what keeps them, and that
their moves harm nobody."""

import http.client
import json
import os
import random
import socket
import time

import daemon
from daemon import member, members, service
from lab import FAMILIES, Lab, crowd, vip
from peers import peers
from process import check, equal, wait_until
from weighing import (QUICK, dynamic, survivors, wait_dynamic, wait_why,
                      weights)

SERVERS = 3
FULL = 50
FEED = {"type": "agent", "port": 9999, "low": 0, "high": FULL,
        "interval": "300ms", "timeout": "300ms"}
CHANGES = 10000


class Agents:
    """One on each server; what it says is in a file."""

    def __init__(self, lab):
        self.lab = lab
        self.running = {}
        for i in range(1, SERVERS + 1):
            self.say(i, 10)
            self.begin(i)

    def path(self, i):
        return os.path.join(self.lab.dir, f"load-{i}")

    def say(self, i, load):
        with open(self.path(i) + ".new", "w", encoding="ascii") as f:
            f.write(f"{load}\n")
        os.rename(self.path(i) + ".new", self.path(i))

    def all_say(self, load):
        for i in self.running:
            self.say(i, load)

    def begin(self, i):
        self.running[i] = peers(self.lab, {9999: f"file:{self.path(i)}"},
                                f"b{i}")

    def end(self, i):
        self.running[i].kill()


def config(**keys):
    return {"services": {"www": service(members(SERVERS),
                                        scheduler="least-cpu", feed="load",
                                        check="none", **{**QUICK, **keys})},
            "feeds": {"load": FEED}}


def started(lab, **keys):
    lab.serve_all()
    agents = Agents(lab)
    d = daemon.start(lab, **config(**keys))
    wait_why(d, "steady", 10)
    return d, agents


def both(i):
    return [member(i, f) for f in FAMILIES]


def uneven(d, agents):
    """b1 is loaded, then all are, to the brim: weights are held as they are."""
    agents.say(1, 40)
    wait_dynamic(d, both(1), 0, 0.6, 10)
    agents.all_say(FULL)
    wait_why(d, "saturated", 10)
    wait_calm(d)
    return dynamic(d)


def wait_calm(d):
    """Until what had moved is committed: nothing is for more than a tick."""
    def commits():
        return d.json("status")["commits"]["done"]

    def calm():
        before = commits()
        time.sleep(0.3)
        return commits() == before
    wait_until(calm, 10, "no commits for 0.3 s")


def served(lab, d):
    """How many of as many connections as there are slots each server gets."""
    slots = d.service()["slots"]
    return [lab.flow("c1", vip(f), 80, slots).all_ok(f"IPv{f}").counts()
            for f in FAMILIES]


def test_too_few_reporters():
    """Fewer than two that are measured: back to what is configured, and said
    so; once there are two, they follow again."""
    with Lab(backends=SERVERS) as lab:
        d, agents = started(lab)
        agents.say(1, 40)
        wait_dynamic(d, both(1), 0, 0.6, 10)
        for i in (2, 3):
            agents.end(i)
        wait_why(d, "one-reporter", 10)
        shown = d.do("show", "services", "www")
        check("frozen: one reporter" in shown, shown)
        wait_dynamic(d, dynamic(d), 0.94, 1.06, 10)
        told = [e for e in d.json("show", "events", "www")
                if e["kind"] == "weights" and e["new"] == "one-reporter"]
        equal(len(told), 1, "events")
        agents.begin(2)
        wait_dynamic(d, both(1), 0, 0.7, 10)


def test_all_are_full():
    """A full pool does not look like one bad server: weights are held."""
    with Lab(backends=SERVERS) as lab:
        d, agents = started(lab)
        held = uneven(d, agents)
        before = d.json("status")["commits"]["done"]
        agents.say(1, FULL + 7)     # beyond full is full
        equal(served(lab, d), served(lab, d), "connections of servers")
        equal(dynamic(d), held, "weights while all are full")
        equal(d.json("status")["commits"]["done"], before, "commits")
        agents.all_say(10)
        wait_dynamic(d, both(1), 0.9, 1.1, 10)
        check(d.service()["weights"]["why"] != "saturated", "not any more")


def test_what_keeps_weights():
    """Reload, restart, kill -9, and somebody who flushes our tables: weights
    and slots are those from before."""
    with Lab(backends=SERVERS) as lab:
        d, agents = started(lab)
        held = uneven(d, agents)
        slots = served(lab, d)
        # the agents were not asked at once: of the others one may have less
        check(slots[0]["b1"] * 3 < sum(slots[0].values()) * 0.8,
              f"uneven: {slots}")

        def same(words):
            equal(dynamic(d), held, f"weights {words}")
            equal(served(lab, d), slots, f"connections of servers {words}")

        d.write(**config(ceiling="2.9"))
        d.reload()
        same("after a reload")
        resyncs = d.json("status")["commits"]["scans"]
        lab.nft("flush table ip nftlb; flush table ip6 nftlb")
        wait_until(lambda: d.json("status")["commits"]["scans"] > resyncs, 5,
                   "a repair")
        same("after a repair")
        d.restart()
        same("after a restart")
        d.restart(kill=True)
        same("after kill -9")


class Control(http.client.HTTPConnection):
    """One connection to the control socket, kept."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def weight(self, backend, number):
        self.request("PATCH", f"/v1/services/www/backends/{backend}",
                     json.dumps({"weight": number}))
        r = self.getresponse()
        check(r.status == 200, f"{r.status}: {r.read()}")
        r.read()


def change_under_load(scheduler, changes):
    """Weights by the operator as fast as the control socket takes them: no
    connection fails, none is cut."""
    with Lab(backends=SERVERS) as lab:
        lab.serve_all()
        # conntrack has room for 262,144, and as many come in two minutes
        lab.sysctl("gw", {"net.netfilter.nf_conntrack_tcp_timeout_time_wait":
                          10})
        keys = dict(scheduler=scheduler, check="none",
                    **({} if scheduler == "weighted" else QUICK))
        d = daemon.start(lab, {
            "www": service(**keys),
            "long": service(members(SERVERS, port=8081), port=81, **keys)})
        holds = [lab.hold("c1", vip(f), 81, 12, interval_ms=50)
                 for f in FAMILIES]
        # many sources: no port comes back soon
        loads = [lab.flow_start("c1", vip(f), 80, source=crowd(f, 4000))
                 for f in FAMILIES]
        control, rnd = Control(d.socket), random.Random(5)
        names = [m for i in range(1, SERVERS + 1) for m in both(i)]
        for _ in range(changes):
            control.weight(rnd.choice(names), rnd.randint(1, 100))
        for f, load in zip(FAMILIES, loads):
            r = load.stop()
            equal(r.failures, {}, f"IPv{f}: failures")
            equal(set(r.counts()), {"b1", "b2", "b3"}, f"IPv{f}: servers")
            print(f"# IPv{f}: {r.ok} connections, none failed")
        for hold in holds:
            survivors(hold, "long ones")
        done = d.json("status")["commits"]
        check(done["done"] >= changes * 0.9 and done["refused"] == 0, f"{done}")


def test_ten_thousand_changes():
    """Beside those that follow connections; the table's size stays."""
    change_under_load("least-connections", CHANGES)


def test_tables_of_other_sizes():
    """Each change gives the table another size and place, and removes the old
    one, which packets may still be on their way to."""
    change_under_load("weighted", CHANGES // 10)
