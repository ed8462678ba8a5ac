# SPDX-License-Identifier: GPL-2.0-or-later
"""least-cpu: new connections go where processors are idle; real snmpd."""

import os
import sys

import daemon
import snmp_pass
from daemon import member, members, service
from lab import FAMILIES, HERE, Lab
from peers import peers
from process import check, equal, wait_until
from snmpd import agent_start, v2, v3
from weighing import QUICK, dynamic, share, wait_dynamic, weights

SERVERS = 3
RAW = ".1.3.6.1.4.1.2021.11"
VALUE = ".1.3.6.1.4.1.8072.9999.9999.1"
OFTEN = {"interval": "500ms", "timeout": "400ms"}
MORE_OFTEN = {"interval": "300ms", "timeout": "300ms"}
# samples come twice a second: smooth over a few of them
PACE = {"tick": "200ms", "smoothing": "1s", "blackout": "0s"}


def both(i):
    return [member(i, f) for f in FAMILIES]


def write(path, number):
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(f"{number}\n")
    os.rename(path + ".new", path)


class Worker:
    """A server's processor, and an snmpd that shows how it is used."""

    def __init__(self, lab, node):
        self.path = os.path.join(lab.dir, f"value-{node}")
        self.cpu = os.path.join(lab.dir, f"cpu-{node}")
        self.tell(0)
        write(self.cpu, f"0 {snmp_pass.now()} 0")
        ask = f"{sys.executable} {HERE}/snmp_pass.py {self.cpu} {self.path}"
        agent_start(lab, node, [f"pass_persist -p 10 {oid} {ask}"
                                for oid in (RAW, VALUE)])

    def tell(self, number):
        write(self.path, number)

    def burn(self):
        write(self.cpu, f"{snmp_pass.used(self.cpu)} {snmp_pass.now()} 1")

    def rest(self):
        write(self.cpu, f"{snmp_pass.used(self.cpu)} {snmp_pass.now()} 0")


def started(lab, feeds, **keys):
    d = daemon.start(
        lab, {"www": service(members(SERVERS), scheduler="least-cpu",
                             check="none", **{**PACE, **keys})}, feeds=feeds)
    d.wait_states("active")
    return d


def cpu_feed(keys):
    """A feed `cpu` from the keys of a check; 2c and `cpu` are its defaults."""
    return {**{k: v for k, v in keys.items() if k not in ("oid", "type")},
            **OFTEN}


def known(d, name="cpu"):
    """Loads that a feed tells, where it does."""
    return [f["load"] for f in d.json("show", "feeds") if f["feed"] == name
            and f["load"] is not None]


def falls_and_returns(keys):
    with Lab(backends=SERVERS) as lab:
        lab.serve_all()
        workers = [Worker(lab, b) for b in lab.backends]
        d = started(lab, {"cpu": cpu_feed(keys)})
        wait_until(lambda: len(known(d)) == 2 * SERVERS, 10, "all are measured")
        workers[1].burn()
        wait_dynamic(d, both(2), 0, 0.45, 30)
        found = share(lab, "b2", 120)
        check(0 < found < 1 / SERVERS - 0.08, f"{found}: {weights(d)}")
        workers[1].rest()
        wait_dynamic(d, both(2), 0.75, 3, 20)
        check(share(lab, "b2", 120) > 0.6 / SERVERS, f"back: {weights(d)}")


def test_a_burner_version_2c():
    """Counters that wrap meanwhile."""
    falls_and_returns(v2())


def test_a_burner_version_3():
    falls_and_returns(v3("sha256aes"))


def test_counters_of_the_machine():
    """snmpd as it is: all servers are one machine here, so what it tells of
    them is the same, and none is preferred."""
    with Lab(backends=2) as lab:
        lab.serve_all()
        for b in lab.backends:
            agent_start(lab, b)
        d = daemon.start(
            lab, {"www": service(members(2), scheduler="least-cpu",
                                 check="none", blackout="0s")},
            feeds={"cpu": cpu_feed(v2())})
        # it reads its counters every five seconds
        wait_until(lambda: len(known(d)) == 4, 20, "two answers that differ")
        check(all(0 <= load <= 1 for load in known(d)), f"{known(d)}")
        check(all(0.5 <= w <= 2 for w in dynamic(d).values()), weights(d))
        last = {f["reason"] for f in d.json("show", "feeds")}
        check(last <= {"ok", "ignored"}, f"what became of the last: {last}")


def test_the_least_of_several_feeds():
    """An agent, a script and an object of SNMP, of which less is more load:
    whichever says that a server is loaded is believed."""
    with Lab(backends=SERVERS) as lab:
        lab.serve_all()
        workers = [Worker(lab, b) for b in lab.backends]
        for i, worker in enumerate(workers, 1):
            worker.tell(8000)
            for name in (f"queue-{i}", *(f"users-{m}" for m in both(i))):
                write(os.path.join(lab.dir, name), 0)
            peers(lab, {9999: f"file:{lab.dir}/queue-{i}"}, f"b{i}")
        d = started(lab, {
            "queue": {"type": "agent", "port": 9999, "low": 0, "high": 50,
                      **MORE_OFTEN},
            "users": {"type": "script", "low": "0", "high": "10.5",
                      "command": f"/bin/cat {lab.dir}/users-{{backend}}",
                      **MORE_OFTEN},
            "room": {**v2(oid=VALUE.lstrip(".") + ".0"), "low": 8000,
                     "high": 500, **MORE_OFTEN}},
            feed="queue, users, room", **{**QUICK, "smoothing": "200ms"})
        for name in ("queue", "users", "room"):
            wait_until(lambda n=name: len(known(d, n)) == 2 * SERVERS, 10,
                       f"{name} of all")
        equal({round(w, 1) for w in dynamic(d).values()}, {1.0}, "at rest")

        def one(i, load, unload):
            load()
            wait_dynamic(d, both(i), 0, 0.5, 10)
            rest = [w for b, w in dynamic(d).items() if b not in both(i)]
            check(min(rest) > 0.8, f"only b{i}: {weights(d)}")
            unload()
            wait_dynamic(d, both(i), 0.8, 1.3, 10)

        queue = os.path.join(lab.dir, "queue-1")
        one(1, lambda: write(queue, 45), lambda: write(queue, 0))
        users = [os.path.join(lab.dir, f"users-{m}") for m in both(2)]
        one(2, lambda: [write(u, "9.5") for u in users],
            lambda: [write(u, 0) for u in users])
        one(3, lambda: workers[2].tell(1000), lambda: workers[2].tell(8000))
