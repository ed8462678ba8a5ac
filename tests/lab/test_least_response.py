# SPDX-License-Identifier: GPL-2.0-or-later
"""least-response: new connections go where answers come soon."""

import time

import daemon
from daemon import member, members, service
from lab import FAMILIES, Lab
from process import check, wait_until
from weighing import Limited, dynamic, share, wait_dynamic, weights

# The first line of our echo server: its program has to run for that.
GREETING = {"type": "tcp", "expect": "b", "interval": "500ms",
            "timeout": "400ms"}
SERVERS = 4
FAIR = 1 / SERVERS


def both(i):
    return [member(i, f) for f in FAMILIES]


def started(lab, checks=None, **keys):
    lab.serve_all()
    return daemon.start(
        lab, {"www": service(members(SERVERS), scheduler="least-response",
                             check="greeting", **keys)},
        checks={"greeting": checks or GREETING})


def test_a_server_that_is_slowed():
    """With all keys as they are by themselves, but for the time after it comes
    up: half of its share at most within 10 s, and given back after."""
    with Lab(backends=SERVERS) as lab:
        d = started(lab, blackout="0s")
        d.wait_states("active")
        wait_until(lambda: d.service()["weights"]["why"] in ("steady", "moving"),
                   10, "weights are worked out")
        with Limited(lab.servers["b1"]):
            begun = time.monotonic()
            wait_dynamic(d, both(1), 0, 0.5, 10)
            took = time.monotonic() - begun
            wait_dynamic(d, both(1), 0, 0.3, 20)
            for i in range(2, SERVERS + 1):
                check(dynamic(d)[f"b{i}"] > 0.8, f"b{i}: {dynamic(d)}")
            print(f"# half of its weight after {took:.1f} s")
        # what is slow is that the smoothing forgets; faster by a reload, which
        # keeps weights
        low = dynamic(d)
        d.write({"www": service(members(SERVERS), scheduler="least-response",
                                check="greeting", blackout="0s", tick="200ms",
                                smoothing="500ms")},
                checks={"greeting": GREETING})
        d.reload()
        kept = dynamic(d)
        for name in both(1):
            check(kept[name] <= low[name] * 1.3, f"kept: {low}, then {kept}")
        wait_dynamic(d, both(1), 0.75, 3, 20)
        check(share(lab, "b1", 200) > FAIR * 0.6, f"share: {weights(d)}")


def test_its_share_of_connections():
    """The same, by what clients see of it."""
    with Lab(backends=SERVERS) as lab:
        d = started(lab, {**GREETING, "interval": "200ms", "timeout": "150ms"},
                    blackout="0s", tick="200ms", smoothing="1s")
        d.wait_states("active")
        with Limited(lab.servers["b3"]):
            wait_dynamic(d, both(3), 0, 0.4, 10)
            found = share(lab, "b3", 200)
            check(0 < found <= FAIR / 2, f"share {found}: {weights(d)}")
        wait_dynamic(d, both(3), 0.7, 3, 20)
