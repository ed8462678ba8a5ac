# SPDX-License-Identifier: GPL-2.0-or-later
"""Weights that follow the load: what a daemon shows of them, what clients see
of them, and ways to slow a server."""

import os
import signal
import threading
import time

from lab import FAMILIES, vip
from process import PATIENCE, check, wait_until

# Weights in a hurry, for tests that are about something else than their pace.
QUICK = {"tick": "100ms", "smoothing": "0s", "blackout": "0s"}


def weights(d, name="www"):
    """{backend: {"configured", "dynamic", "effective", "why" ..}}."""
    return {b["name"]: b["weight"] for b in d.service(name)["backends"]}


def dynamic(d, name="www"):
    return {b: w["dynamic"] for b, w in weights(d, name).items()}


def wait_dynamic(d, names, low, high, timeout_s, name="www"):
    """Until the dynamic weights of these backends are within bounds."""
    end = time.monotonic() + timeout_s * PATIENCE
    while True:
        seen = dynamic(d, name)
        if all(low <= seen[n] <= high for n in names):
            return
        check(time.monotonic() < end, f"not within {timeout_s} s: weights of "
              f"{list(names)} within {low}..{high}: {weights(d, name)}")
        time.sleep(0.05)


def wait_why(d, why, timeout_s, name="www"):
    wait_until(lambda: d.service(name)["weights"]["why"] == why, timeout_s,
               f"{name}: {why}", 0.05)


def share(lab, backend, n, families=FAMILIES):
    """What part of n new connections a server gets; the most of any family."""
    most = 0
    for family in families:
        r = lab.flow("c1", vip(family), 80, n).all_ok(f"IPv{family}")
        most = max(most, r.counts().get(backend, 0) / n)
    return most


def survivors(hold, words):
    """Ends long transfers, none of which may have ended before; how many each
    server had."""
    count = {}
    for t in hold.stop().transfers:
        check(t["survived"], f"{words}: a connection was cut: {t}")
        count[t["backend"]] = count.get(t["backend"], 0) + 1
    return count


class Limited(threading.Thread):
    """A process that may run for 1 ms in 60: what a limit on its CPU does, by
    signals. (On a busy machine others wait, too, but not that long.)"""

    RUNS_S, STANDS_S = 0.001, 0.059

    def __init__(self, process):
        super().__init__(daemon=True)
        self.pid = process.pid
        self.over = threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(self.RUNS_S):
            os.kill(self.pid, signal.SIGSTOP)
            self.over.wait(self.STANDS_S)
            os.kill(self.pid, signal.SIGCONT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


__all__ = ["Limited", "QUICK", "check", "dynamic", "share", "survivors", "wait_dynamic",
           "wait_why", "weights"]
