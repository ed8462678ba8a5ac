# SPDX-License-Identifier: GPL-2.0-or-later
"""least-connections: new connections go where few are; established ones stay."""

import time

import daemon
from daemon import member, members, service
from lab import FAMILIES, Lab, vip
from process import check, equal, wait_until
from weighing import QUICK, dynamic, survivors, wait_dynamic, weights

PILE = 24
STREAM = 81
PACE_S = 0.2    # two ticks: so quickly do clients come


def started(lab, count=3, configured=None):
    """Long connections have a port of their own at each server."""
    lab.serve_all()
    d = daemon.start(lab, {"www": service(
        members(count, port=8081, weights=configured), port=STREAM,
        scheduler="least-connections", check="none", **QUICK)})
    d.wait_states("active")
    return d


def connections(d, family, count=3):
    """What is shown of servers 1.. of one family."""
    shown = {b["name"]: b["connections"] for b in d.service()["backends"]}
    return [shown[member(i, family)] for i in range(1, count + 1)]


def hold(lab, n, family):
    return lab.hold("c1", vip(family), STREAM, n, interval_ms=200)


def pile_up(lab, d, on, others, family):
    """Long connections, all to one server, then the others are there again."""
    for i in others:
        d.do("backend", "disable", "www", member(i, family))
    pile = hold(lab, PILE, family)
    count = len(others) + 1
    wait_until(lambda: connections(d, family, count)[on - 1] == PILE, 5,
               f"{PILE} are counted; now {connections(d, family, count)}")
    for i in others:
        d.do("backend", "enable", "www", member(i, family))
    return pile


def come(lab, n, family, step=4):
    """n long connections, a few at a time."""
    holds = []
    for _ in range(n // step):
        time.sleep(PACE_S)
        holds.append(hold(lab, step, family))
    return holds


def by_server(holds, words):
    """How many connections each server has, by what clients were told."""
    count = {}
    for h in holds:
        for name, n in survivors(h, words).items():
            count[name] = count.get(name, 0) + n
    return [count.get(f"b{i}", 0) for i in (1, 2, 3)]


def test_a_pile_evens_out():
    """Connections piled up on one server: new ones go to the others until all
    have about as many; what is shown is right to the connection; none ends
    for it; those of the other family do not matter."""
    with Lab() as lab:
        d = started(lab)
        for f in FAMILIES:
            pile = pile_up(lab, d, 1, (2, 3), f)
            wait_dynamic(d, [member(1, f)], 0, 0.65, 5)
            holds = [pile] + come(lab, 2 * PILE, f)
            wait_until(lambda: sum(connections(d, f)) == 3 * PILE, 5, "all")
            have = connections(d, f)
            print(f"# IPv{f}: {PILE} on b1 at first, then {have}")
            check(have[0] <= PILE + PILE / 2 and min(have) >= PILE / 2,
                  f"IPv{f}: not even: {have}, {weights(d)}")
            wait_dynamic(d, [member(1, f)], 0.5, 3, 5)
            equal(by_server(holds, f"IPv{f}"), have, "as clients count them")
            wait_until(lambda: not sum(connections(d, f)), 5,
                       f"none is left; now {connections(d, f)}")


def test_by_configured_weights():
    """Twice the weight, twice the connections."""
    with Lab(backends=2) as lab:
        d = started(lab, 2, (2, 1))
        pile = pile_up(lab, d, 2, (1,), 4)
        wait_dynamic(d, ["b2"], 0, 0.7, 5)
        holds = [pile] + come(lab, 2 * PILE, 4)
        wait_until(lambda: sum(connections(d, 4, 2)) == 3 * PILE, 5, "all")
        have = connections(d, 4, 2)
        check(1 < have[0] / have[1] < 3, f"two to one: {have} {weights(d)}")
        equal(by_server(holds, "IPv4"), have + [0], "as clients count them")


def test_those_from_before():
    """Connections from before the daemon was started count too, and its
    weights go on where they were; after kill -9 they are found again."""
    with Lab() as lab:
        d = started(lab)
        pile = pile_up(lab, d, 2, (1, 3), 4)
        wait_dynamic(d, ["b2"], 0, 0.65, 5)
        before = dynamic(d)["b2"]
        d.restart()
        now = dynamic(d)["b2"]
        check(now <= before * 1.3, f"kept: {before}, then {now}")
        for kill in (False, True):
            wait_until(lambda: connections(d, 4)[1] == PILE, 5, "counted again")
            wait_dynamic(d, ["b2"], 0, 0.65, 5)
            if not kill:
                d.restart(kill=True)
        equal(by_server([pile], "IPv4"), [0, PILE, 0], "the pile")
