# SPDX-License-Identifier: GPL-2.0-or-later
"""least-response: new connections go where answers come soon."""

import time

import daemon
from daemon import member, members, service
from lab import FAMILIES, Lab
from process import check, wait_until
from weighing import Limited, dynamic, share, wait_dynamic, wait_why, weights

# The first line of our echo server: its program has to run for that.
GREETING = {"type": "tcp", "expect": "b", "interval": "500ms",
            "timeout": "400ms"}
SERVERS = 4
FAIR = 1 / SERVERS


def both(i):
    return [member(i, f) for f in FAMILIES]


def config(**keys):
    return {"services": {"www": service(members(SERVERS), check="greeting",
                                        scheduler="least-response", **keys)},
            "checks": {"greeting": GREETING}}


def started(lab, **keys):
    lab.serve_all()
    return daemon.start(lab, **config(**keys))


def known(d):
    """How many backends have a time to answer."""
    return sum(any(v["value"] is not None for v in b["load"])
               for b in d.service()["backends"])


def test_a_server_that_is_slowed():
    """With all keys as they are by themselves, but for the wait after it came
    up: half of its share at most within 10 s (more on a busy machine), and given
    back after."""
    with Lab(backends=SERVERS) as lab:
        d = started(lab, blackout="0s")
        d.wait_states("active")
        wait_until(lambda: known(d) == 2 * SERVERS, 10, "all are measured")
        wait_why(d, "steady", 20)   # for some samples
        with Limited(lab.servers["b1"]):
            begun = time.monotonic()
            wait_until(lambda: share(lab, "b1", 60) <= FAIR / 2, 10,
                       "half of its share")
            print(f"# half of its share after {time.monotonic() - begun:.1f} s")
            wait_until(lambda: sum(dynamic(d).values()) > 2 * SERVERS * 0.9, 10,
                       "what it lost the others have")
            low = dynamic(d)
            # What takes time is that its smoothing forgets; less by a reload,
            # which keeps weights.
            d.write(**config(blackout="0s", tick="200ms", smoothing="500ms"))
            d.reload()
            kept = dynamic(d)
            for name in both(1):
                check(kept[name] <= 0.7, f"kept: {low}, then {kept}")
        wait_dynamic(d, both(1), 0.75, 3, 20)
        check(share(lab, "b1", 120) > FAIR * 0.6, f"share: {weights(d)}")
