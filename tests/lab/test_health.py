# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers die and return; the prober dies; what that means for connections."""

import os
import signal
import time

import daemon
from daemon import member, members, service
from lab import FAMILIES, Lab, crowd, vip
from marks import alone
from process import check, equal, wait_until

INTERVAL_S, TIMEOUT_S, FALL = 0.5, 0.3, 3
CHECK = {"type": "tcp", "interval": "500ms", "timeout": "300ms", "rise": 2,
         "fall": FALL}
DEADLINE_S = FALL * INTERVAL_S + TIMEOUT_S + 0.1
# A machine that is busy with other things; less than one more probe that fails.
BUSY_S = INTERVAL_S - 0.1


def checked(lab, count=3, check_keys=None, **keys):
    d = daemon.start(lab, {"www": service(members(count), check="tcp-check",
                                          **keys)},
                     checks={"tcp-check": {**CHECK, **(check_keys or {})}})
    d.wait_states("active")
    return d


UNDER_WAY_S = 0.1


def fail_over(break_it, reason):
    """
    Under load one server breaks. Connections may fail until the deadline only;
    the other servers get connections all the time.
    """
    with Lab() as lab:
        lab.serve_all()
        d = checked(lab)
        # Many sources: a port that is used again within two minutes of a SYN
        # without answer is the same flow to conntrack, and no new connection.
        loads = {f: lab.flow_start("c1", vip(f), 80, clients=2, log=True,
                                   source=crowd(f, 4000), timeout_ms=700)
                 for f in FAMILIES}
        time.sleep(0.5)     # load before the deed: part of the experiment
        killed = time.monotonic()
        break_it(lab, "b2")
        for f in FAMILIES:
            d.wait_state(member(2, f), "down", timeout_s=DEADLINE_S + 3)
        known = time.monotonic()
        time.sleep(1)       # and load after it
        for f, load in loads.items():
            judge(load.stop(), f, killed, reason)
        check(known - killed < DEADLINE_S + 2,
              f"status shows it after {known - killed:.2f} s")


def judge(result, family, killed, reason):
    words = f"IPv{family}"
    after = [c for c in result.log if c.start > killed]
    failed = [c for c in after if c.failed]
    late = [c for c in after if c.start > killed + DEADLINE_S + BUSY_S]
    bad = [c for c in late if c.failed or c.backend == "b2"]
    early = [c for c in result.log if c.failed and c.end < killed]
    equal(early, [], f"{words}: failures before the deed")
    check(failed, f"{words}: no connection met the dead server")
    last = max(c.start for c in failed) - killed
    check(not bad, f"{words}: {len(bad)} connections to the dead server, the "
          f"last {last:.3f} s after its end; allowed {DEADLINE_S:.3f} s")
    # A handshake that was under way when the server ended may find no answer.
    reasons = {c.reason for c in failed if c.start > killed + UNDER_WAY_S}
    check(reasons <= reason, f"{words}: failed by {reasons}: {result.failures}")
    for name in ("b1", "b3"):
        times = [killed] + [c.start for c in after if c.backend == name]
        gap = max(b - a for a, b in zip(times, times[1:]))
        # Both clients of a family may wait for the dead server at once.
        check(gap < 1.5, f"{words}: {name} without a connection for {gap:.2f} s")
    print(f"# IPv{family}: last connection to the dead server after {last:.3f} s"
          f" (allowed {DEADLINE_S:.3f})")


@alone
def test_server_killed():
    fail_over(lambda lab, b: lab.servers[b].kill(), {"refused", "reset"})


@alone
def test_cable_pulled():
    fail_over(lambda lab, b: lab.ip(b, ["link set back down"]), {
        "timeout", "unreachable"})


def test_server_returns():
    with Lab() as lab:
        lab.serve_all()
        d = checked(lab)
        lab.servers["b2"].kill()
        for f in FAMILIES:
            d.wait_state(member(2, f), "down")
        lab.serve("b2")
        begun = time.monotonic()
        for f in FAMILIES:
            d.wait_state(member(2, f), "active")
        took = time.monotonic() - begun
        check(took < 2 * INTERVAL_S + TIMEOUT_S + 4, f"up after {took:.2f} s")
        for f in FAMILIES:
            wait_until(lambda f=f: lab.flow("c1", vip(f), 80, 3).counts().get(
                "b2") == 1, 3, "b2 gets connections again")


def test_one_failure_is_not_down():
    """A server that is away for fewer probes than `fall` stays in."""
    with Lab() as lab:
        lab.serve_all()
        d = checked(lab, check_keys={"fall": 20})
        lab.servers["b2"].kill()
        for f, reason in [(f, r) for r in ("refused", "ok") for f in FAMILIES]:
            wait_until(lambda f=f, r=reason: d.backend(member(2, f))["check"]
                       ["reason"] == r, 20, f"IPv{f} b2 is found {reason}")
            if reason == "refused" and f == FAMILIES[-1]:
                lab.serve("b2")
        equal(set(d.states().values()), {"active"}, "states")
        equal([e for e in d.json("show", "events")
               if e["kind"] == "health" and e["new"] == "down"], [], "events")


def test_start_states():
    """Before the first result: up serves, down does not."""
    with Lab() as lab:
        lab.serve_all()
        keys = {"type": "tcp", "interval": "60s", "timeout": "1s"}
        lab.servers["b1"].kill()
        lab.servers["b2"].kill()
        d = daemon.start(
            lab, {"up": service(members(1), port=80, check="start-up"),
                  "down": service(members(1, first=2), port=81,
                                  check="start-down")},
            checks={"start-up": {**keys, "start": "up", "fall": 3},
                    "start-down": {**keys, "start": "down", "rise": 3}})
        equal(set(d.states("up").values()), {"active"}, "start = up")
        equal(set(d.states("down").values()), {"down"}, "start = down")


def test_prober_is_unprivileged():
    with Lab() as lab:
        lab.serve_all()
        d = checked(lab)
        pid = wait_until(d.prober_pid, 5, "a prober")

        def confined():
            """The filter is the last thing that a prober takes on."""
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                seen = dict(line.split(":", 1) for line in f)
            return seen if int(seen["Seccomp"]) else None

        status = wait_until(confined, 5, "a system call filter")
        check("0" not in status["Uid"].split(), f"Uid {status['Uid'].strip()}")
        check("0" not in status["Gid"].split(), f"Gid {status['Gid'].strip()}")
        for caps in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            equal(int(status[caps], 16), 0, caps)
        equal(status["NoNewPrivs"].strip(), "1", "NoNewPrivs")
        equal(status["Seccomp"].strip(), "2", "Seccomp: a filter")


def test_prober_killed():
    """It is started again; health is kept, no connection fails; it works."""
    with Lab() as lab:
        lab.serve_all()
        d = checked(lab)
        lab.servers["b3"].kill()
        for f in FAMILIES:
            d.wait_state(member(3, f), "down")
        states = d.states()
        load = lab.flow_start("c1", vip(4), 80, clients=2)
        for _ in range(3):
            kill_prober(d)
            equal(d.states(), states, "states after the prober's end")
        r = load.stop()
        equal(r.failures, {}, "failures")
        equal(set(r.counts()), {"b1", "b2"}, "backends")
        equal(d.states(), states, "states with a new prober")
        # The new prober does the work.
        lab.servers["b2"].kill()
        for f in FAMILIES:
            d.wait_state(member(2, f), "down")
        lab.serve("b3")
        for f in FAMILIES:
            d.wait_state(member(3, f), "active")


def test_prober_stopped():
    """A prober that stands still is noticed and replaced; nobody's health
    changes meanwhile, and the new one does the work."""
    with Lab() as lab:
        lab.serve_all()
        d = checked(lab)
        lab.servers["b3"].kill()
        for f in FAMILIES:
            d.wait_state(member(3, f), "down")
        states = d.states()
        old = wait_until(d.prober_pid, 5, "a prober")
        load = lab.flow_start("c1", vip(4), 80, clients=2)
        os.kill(old, signal.SIGSTOP)
        begun = time.monotonic()
        wait_until(lambda: d.prober_pid() not in (None, old), 10, "a new one")
        took = time.monotonic() - begun
        equal(d.states(), states, "states")
        r = load.stop()
        equal((r.failures, set(r.counts())), ({}, {"b1", "b2"}), "traffic")
        lab.servers["b2"].kill()
        for f in FAMILIES:
            d.wait_state(member(2, f), "down")
        check(took < 8, f"a new prober after {took:.1f} s")
        print(f"# a new prober {took:.1f} s after the old one was stopped")


def kill_prober(d):
    old = wait_until(d.prober_pid, 10, "a prober")
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: d.prober_pid() not in (None, old), 10, "a new prober")


def test_no_prober_traffic_goes_on():
    """A stopped (not dead) prober: nothing changes for connections."""
    with Lab() as lab:
        lab.serve_all()
        d = checked(lab)
        pid = wait_until(d.prober_pid, 5, "a prober")
        os.kill(pid, signal.SIGSTOP)
        try:
            r = lab.flow("c1", vip(4), 80, 300)
            equal(r.all_ok("stopped prober").counts(),
                  {"b1": 100, "b2": 100, "b3": 100}, "shares")
            equal(d.ctl("status").returncode, 0, "status")
        finally:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass


def test_health_lives_through_reload():
    """A reload keeps what is known: no backend flaps, none is forgotten."""
    with Lab() as lab:
        lab.serve_all()
        d = checked(lab)
        lab.servers["b2"].kill()
        for f in FAMILIES:
            d.wait_state(member(2, f), "down")
        states = d.states()
        for i in range(20):
            d.write({"www": service(members(3), check="tcp-check"),
                     f"x{i}": service(members(1), port=1000 + i)},
                    checks={"tcp-check": CHECK})
            d.reload()
            equal(d.states(), states, f"states after reload {i}")
