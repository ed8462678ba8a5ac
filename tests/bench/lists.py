#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench lists: what a list of addresses costs. 1,000, 50,000 and 500,000
entries: start, memory, one entry changed; at 500,000 also a reload with another
list and with one other line, and how long the event loop and a backend's change
wait meanwhile; nft itself beside it. Exit status 1 when a limit is missed.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))

import daemon  # noqa: E402
from lab import Lab  # noqa: E402

SIZES = (1000, 50000, 500000)
ROUNDS = 40
RATIO_MAX = 3.0    # one entry: 500,000 to 1,000
HELD_MAX_MS = 300

missed = []


def row(name, value, unit, limit=None):
    words = "" if limit is None else f"limit {limit:g} {unit}"
    if limit is not None and value > limit:
        words += "  MISSED"
        missed.append(name)
    print(f"  {name:<52}{value:>10.2f} {unit:<4}{words}".rstrip(), flush=True)


class Api(http.client.HTTPConnection):
    """HTTP on a UNIX socket; one connection that stays."""

    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(120)
        self.sock.connect(self.path)

    def ask(self, method, path, body=None):
        """Milliseconds that the answer took."""
        begun = time.perf_counter()
        self.request(method, path, json.dumps(body) if body else None)
        answer = self.getresponse()
        text = answer.read()
        if answer.status != 200:
            sys.exit(f"{method} {path}: {answer.status} {text}")
        return (time.perf_counter() - begun) * 1e3


def address(i, first):
    """No two of them touch."""
    i *= 4
    return f"{first + (i >> 24)}.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"


def write(path, n, first, last=None):
    """n entries; the last of them may be another."""
    lines = [address(i, first) for i in range(n)]
    if last:
        lines[-1] = last
    with open(path, "w", encoding="ascii") as f:
        f.write("\n".join(lines) + "\n")


def memory_mb(d, field):
    with open(f"/proc/{d.process.pid}/status", encoding="ascii") as f:
        for line in f:
            if line.startswith(field):
                return int(line.split()[1]) / 1024
    return 0.0


class Meanwhile:
    """Asks again and again; the longest wait."""

    def __init__(self, d, *questions):
        self.longest, self.over = 0.0, False
        self.d, self.questions = d, questions
        self.thread = threading.Thread(target=self.run)

    def run(self):
        api, i = Api(self.d.socket), 0
        while not self.over:
            took = api.ask(*self.questions[i % len(self.questions)])
            self.longest = max(self.longest, took)
            i += 1
            time.sleep(0.005)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()


def one_entry(d):
    """Median time of one change by the API."""
    api, took = Api(d.socket), []
    for i in range(ROUNDS):
        entry = [f"198.18.{i}.1"]
        took.append(api.ask("POST", "/v1/lists/bad", {"add": entry}))
        took.append(api.ask("POST", "/v1/lists/bad", {"remove": entry}))
    return statistics.median(took)


def reload_meanwhile(d, words):
    backend = "/v1/services/www/backends/b1"
    with Meanwhile(d, ("GET", "/v1/version")) as loop, \
            Meanwhile(d, ("PATCH", backend, {"admin": "disabled"}),
                      ("PATCH", backend, {"admin": "enabled"})) as commit:
        took = Api(d.socket).ask("POST", "/v1/config/reload")
    row(f"reload, {words}", took / 1e3, "s")
    row("  the event loop was held up, longest", loop.longest, "ms",
        HELD_MAX_MS)
    row("  a backend taken out, longest", commit.longest, "ms")


def measure(size):
    """The median of one change."""
    with Lab() as lab:
        path = os.path.join(lab.dir, "bad.txt")
        write(path, size, 20)
        d = daemon.Daemon(lab)
        text = daemon.ini({
            "global": d.global_keys,
            "service www": daemon.service(deny="bad"),
            "list bad": {"file": path}})
        d.write_text(text)
        begun = time.perf_counter()
        d.launch()
        d.wait_ready(120)
        print(f"{size} entries")
        row("start until it answers", time.perf_counter() - begun, "s")
        row("memory", memory_mb(d, "VmRSS"), "MB")
        one = one_entry(d)
        row("one entry", one, "ms")
        if size == SIZES[-1]:
            write(path, size, 20, "198.19.0.1")
            reload_meanwhile(d, "one line is another")
            write(path, size, 60)
            reload_meanwhile(d, "another list")
            row("memory, at most", memory_mb(d, "VmHWM"), "MB")
        return one


def beside(size):
    """nft -f of the same set, and one element."""
    with Lab() as lab:
        path = os.path.join(lab.dir, "set.nft")
        with open(path, "w", encoding="ascii") as f:
            f.write("table ip t {\n set s {\n type ipv4_addr\n flags interval\n"
                    " elements = { ")
            f.write(", ".join(address(i, 20) for i in range(size)))
            f.write(" }\n }\n}\n")
        for words, argv in (
                ("nft -f of the same", ("nft", "-f", path)),
                ("nft add element", ("nft", "add", "element", "ip", "t", "s",
                                     "{ 198.18.0.1 }"))):
            begun = time.perf_counter()
            subprocess.run(lab.inside("gw", argv), check=True, timeout=600)
            row(words, time.perf_counter() - begun, "s")


def main():
    took = [measure(size) for size in SIZES]
    row("one entry: 50,000 to 1,000", took[1] / took[0], "x", RATIO_MAX)
    row("one entry: 500,000 to 1,000", took[2] / took[0], "x", RATIO_MAX)
    beside(SIZES[-1])
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
