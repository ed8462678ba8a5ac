# SPDX-License-Identifier: GPL-2.0-or-later
"""Who serves: backups, panic, quorum, slow start, flaps, drain, flows that are
cut, several checks for one backend."""

import os
import time

import daemon
from daemon import members, service
from lab import Lab, backend_addr, gw_addr, vip
from marks import alone
from process import check, equal, wait_until

FAST = {"type": "tcp", "interval": "100ms", "timeout": "90ms", "rise": 1,
        "fall": 2}
SLOW = {**FAST, "interval": "1s", "timeout": "900ms"}
V4 = (4,)


def v4(backends=None, **keys):
    """A service with an IPv4 address only."""
    return service(members(3, families=V4) if backends is None else backends,
                   address=vip(4), **keys)


def serve(lab, *names):
    for name in names:
        lab.serve(name)


def end(lab, *names):
    for name in names:
        lab.servers[name].kill()


def start(lab, section, checks=None):
    return daemon.start(lab, {"www": section}, checks=checks or {"fast": FAST})


def who(lab, n=60, family=4):
    """The servers that answer."""
    return set(lab.flow("c1", vip(family), 80, n).counts())


def events(d, **wanted):
    return [e for e in d.json("show", "events")
            if all(e[k] == v for k, v in wanted.items())]


def with_backup(last="backup", **keys):
    lines = members(3, families=V4)
    lines["b3"] += f" {last}"
    return v4(lines, check="fast", **keys)


def test_backups():
    """All primaries gone: the backup serves, and no longer than that."""
    with Lab() as lab:
        lab.serve_all()
        d = start(lab, with_backup())
        equal(d.states(), {"b1": "active", "b2": "active", "b3": "standby"},
              "states")
        equal(who(lab), {"b1", "b2"}, "servers")
        end(lab, "b1")
        d.wait_state("b1", "down")
        equal(d.states()["b3"], "standby", "one primary is enough")
        end(lab, "b2")
        d.wait_state("b3", "active")
        equal(who(lab), {"b3"}, "servers")
        serve(lab, "b1")
        d.wait_state("b3", "standby")
        equal(who(lab), {"b1"}, "servers")
        changes = events(d, kind="state", backend="b3")
        equal([(e["old"], e["new"]) for e in changes],
              [("standby", "active"), ("active", "standby")], "events of b3")


def test_backup_when():
    """backup-when = 2: the backup helps as soon as one of two is left."""
    with Lab() as lab:
        lab.serve_all()
        d = start(lab, with_backup(backup_when=2))
        equal(d.states()["b3"], "standby", "state")
        end(lab, "b1")
        d.wait_state("b3", "active")
        equal(who(lab), {"b2", "b3"}, "servers")


def test_panic():
    """Below minimum-usable health is not looked at; above it, it is again."""
    with Lab() as lab:
        lab.serve_all()
        d = start(lab, v4(check="fast", minimum_usable="50%"))
        end(lab, "b1")
        d.wait_state("b1", "down")
        equal(who(lab), {"b2", "b3"}, "two of three are enough")
        end(lab, "b2")
        wait_until(lambda: all(b["slots"] for b in d.service()["backends"]), 10,
                   "all have slots")
        r = lab.flow("c1", vip(4), 80, 30)
        equal(r.counts(), {"b3": 10}, "the one that lives")
        equal(sum(r.failures.values()), 20, "connections to the others")
        serve(lab, "b1")
        wait_until(lambda: not d.backend("b2")["slots"], 10, "b2 is out again")
        equal(who(lab), {"b1", "b3"}, "servers")
        equal([e["new"] for e in events(d, kind="panic")], ["on", "off"],
              "events")


def test_quorum():
    """The service's state has a hysteresis; packets do not mind."""
    with Lab() as lab:
        lab.serve_all()
        d = start(lab, v4(check="fast", quorum=2, quorum_hysteresis=1))
        state = lambda: d.service()["state"]
        equal(state(), "up", "state")
        end(lab, "b1", "b2")
        for b in ("b1", "b2"):
            d.wait_state(b, "down")
        equal(state(), "degraded", "1 is not below 2 - 1")
        end(lab, "b3")
        wait_until(lambda: state() == "down", 10, "0 is")
        serve(lab, "b1", "b2")
        for b in ("b1", "b2"):
            d.wait_state(b, "active")
        equal(state(), "down", "2 is less than 2 + 1")
        equal(who(lab), {"b1", "b2"}, "servers")
        serve(lab, "b3")
        wait_until(lambda: state() == "up", 10, "3 is enough")


@alone
def test_slow_start():
    """A backend that returns begins with a small share and gets to the full
    one; none of this at the daemon's start or for a lone backend."""
    with Lab() as lab:
        lab.serve_all()
        d = start(lab, v4(check="fast", scheduler="weighted", slow_start="3s"))
        full = 1 / 3
        share = lambda: d.backend("b2")["share"]
        check(abs(share() - full) < 0.02, f"share at the start: {share()}")
        end(lab, "b2")
        d.wait_state("b2", "down")
        serve(lab, "b2")
        d.wait_state("b2", "active")
        begun, seen = time.monotonic(), [share()]
        while seen[-1] < full - 0.02:
            check(time.monotonic() - begun < 20, f"share stays at {seen[-1]}")
            if share() != seen[-1]:
                seen.append(share())
        took = time.monotonic() - begun
        check(seen[0] < full / 2, f"first share {seen[0]}")
        check(len(seen) >= 5 and seen == sorted(seen), f"shares {seen}")
        check(1 < took, f"full share after {took:.2f} s")
        r = lab.flow("c1", vip(4), 80, 90)
        equal(r.counts(), {"b1": 30, "b2": 30, "b3": 30}, "shares at the end")
        end(lab, "b1", "b2", "b3")
        wait_until(lambda: d.service()["state"] == "down", 10, "all are down")
        serve(lab, "b2")
        d.wait_state("b2", "active")
        shares = {share()}
        wait_until(lambda: shares.add(share()) or 1 in shares, 10, "it has all")
        check(shares <= {0, 1}, f"shares of a lone backend: {shares}")


@alone
def test_flaps():
    """Each further fall keeps a backend out for longer."""
    with Lab() as lab:
        lab.serve_all()
        d = start(lab, v4(check="fast", flap_hold="1s", flap_hold_max="4s"))
        away, ready = [], []    # seconds from its end
        for _ in range(3):
            begun = time.monotonic()
            end(lab, "b2")
            d.wait_state("b2", "down")
            serve(lab, "b2")
            ready.append(time.monotonic() - begun)
            d.wait_state("b2", "active", timeout_s=20)
            away.append(time.monotonic() - begun)
        check(away[0] - ready[0] < 0.9, f"first time {away}, {ready}")
        check(away[1] >= 1, f"second time {away}")
        check(away[2] >= 2 and away[2] - ready[2] < 3.9, f"third time {away}")
        print(f"# out for {', '.join(f'{t:.2f}' for t in away)} s")


def holds(lab, n=9, port=80):
    return lab.hold("c1", vip(4), port, n, timeout_ms=4000)


def fates(hold):
    """{server: {True or False}}: did its transfers survive?"""
    found = {}
    for t in hold.stop().transfers:
        found.setdefault(t["backend"], set()).add(t["survived"])
    return found


def long_lived(**keys):
    return v4(members(3, port=8081, families=V4), **keys)


def test_drain_timeout():
    """What is left of a drained backend is cut when the time is up."""
    with Lab() as lab:
        lab.serve_all()
        d = start(lab, long_lived(check="none", drain_timeout="1s"))
        hold = holds(lab)
        begun = time.monotonic()
        d.do("backend", "drain", "www", "b2")
        wait_until(lambda: events(d, kind="drain", backend="b2"), 5, "drained")
        check(time.monotonic() - begun >= 1, "not before its time")
        wait_until(lambda: not flows_of(lab, 2), 5, "no flow of b2 is left")
        check(flows_of(lab, 1) and flows_of(lab, 3), "the others have theirs")
        equal(fates(hold), {"b1": {True}, "b2": {False}, "b3": {True}}, "fates")


def flows_of(lab, i):
    return lab.conntrack("-p", "tcp", "--reply-src", backend_addr(4, i),
                         "--state", "ESTABLISHED")


def cable_pulled(lab, d):
    hold = holds(lab)
    lab.ip("b2", ["link set back down"])
    d.wait_state("b2", "down")
    return hold


def test_on_down_cut():
    """on-down = cut: clients of a dead server need not wait for it."""
    with Lab() as lab:
        lab.serve_all()
        d = start(lab, long_lived(check="fast", on_down="cut"))
        hold = cable_pulled(lab, d)
        wait_until(lambda: not flows_of(lab, 2), 5, "no flow of b2 is left")
        check(flows_of(lab, 1) and flows_of(lab, 3), "the others have theirs")
        equal(fates(hold), {"b1": {True}, "b2": {False}, "b3": {True}}, "fates")


def test_on_down_keep():
    """The default: a server that is back in time goes on with its flows."""
    with Lab() as lab:
        lab.serve_all()
        d = start(lab, long_lived(check="fast"))
        hold = cable_pulled(lab, d)
        check(flows_of(lab, 2), "flows of b2 are kept")
        lab.ip("b2", ["link set back up",
                      f"route replace default via {gw_addr(4, 'back')}"])
        d.wait_state("b2", "active")
        time.sleep(1)       # data moves again
        equal(fates(hold), {"b1": {True}, "b2": {True}, "b3": {True}}, "fates")


# ---- files: maintenance, and the cheapest way to make checks fail

class Signs:
    """Files that file checks look for."""

    def __init__(self, lab):
        self.dir = os.path.join(lab.dir, "signs")
        os.mkdir(self.dir)
        os.chmod(self.dir, 0o755)

    def check(self, name, **keys):
        return {"type": "file", "interval": "100ms", "timeout": "90ms",
                "rise": 1, "fall": 1,
                "file": os.path.join(self.dir, f"{name}-{{backend}}"), **keys}

    def put(self, name, backend="b2"):
        with open(os.path.join(self.dir, f"{name}-{backend}"), "w",
                  encoding="ascii"):
            pass

    def take(self, name, backend="b2"):
        os.unlink(os.path.join(self.dir, f"{name}-{backend}"))


def test_maintenance_file():
    with Lab() as lab:
        lab.serve_all()
        signs = Signs(lab)
        d = start(lab, v4(check="fast, soft, hard"), checks={
            "fast": FAST, "soft": signs.check("soft"),
            "hard": signs.check("hard", present="down")})
        equal(who(lab), {"b1", "b2", "b3"}, "servers")
        signs.put("soft")
        d.wait_state("b2", "drain")
        equal(who(lab), {"b1", "b3"}, "servers")
        equal(d.backend("b2")["health"], "up", "its health")
        signs.take("soft")
        d.wait_state("b2", "active")
        signs.put("hard")
        d.wait_state("b2", "down")
        equal(who(lab), {"b1", "b3"}, "servers")
        signs.take("hard")
        d.wait_state("b2", "active")


def required(need, expected):
    """With three checks of b2: expected[n] is its state when n of them fail."""
    with Lab() as lab:
        lab.serve_all()
        signs = Signs(lab)
        names = ("x", "y", "z")
        d = start(lab, v4(check=", ".join(names), check_require=need),
                  checks={n: signs.check(n, present="down") for n in names})
        d.wait_states("active")
        for n, name in enumerate(names):
            signs.put(name)
            wait_until(lambda name=name: [
                p["health"] for p in d.json("show", "checks", "www", "b2")
                if p["check"] == name] == ["down"], 5, f"{name} is down")
            equal(d.states()["b2"], expected[n], f"{n + 1} of 3 failed")
        for n, name in reversed(list(enumerate(names))):
            signs.take(name)
            wait_until(lambda name=name: [
                p["health"] for p in d.json("show", "checks", "www", "b2")
                if p["check"] == name] == ["up"], 5, f"{name} is up")
            equal(d.states()["b2"], ["active", *expected][n], f"{n} of 3 failed")
        equal(d.states()["b1"], "active", "b1")


def test_require_all():
    required("all", ["down", "down", "down"])


def test_require_any():
    required("any", ["active", "active", "down"])


def test_require_two():
    required(2, ["active", "down", "down"])
