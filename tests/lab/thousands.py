# SPDX-License-Identifier: GPL-2.0-or-later
"""A service of mode ipip with thousands of backends: one node, behind a router,
has all their addresses and takes what comes out of the tunnels."""

import socket
import time

import daemon
from direct import IPIP, Api
from fabric import addr
from lab import vip
from process import check, equal, wait_until
from sockets import inside

FAR = {4: "10.16.0.0/16", 6: "2001:db8:16::/64"}


def far(family, i):
    """The address of backend i, from 1."""
    return f"10.16.{i >> 8}.{i & 255}" if family == 4 else \
        f"2001:db8:16::{i:x}"


class Thousands:
    """What it takes: seconds, devices, memory."""

    def __init__(self, lab, n, family=4):
        self.lab, self.n, self.f = lab, n, family
        IPIP.serve(lab)
        lab.ip("b1", [f"route add local {FAR[family]} dev lo"])
        for node in ("rt", "gw"):
            lab.ip(node, [f"route add {FAR[family]} via {addr(family, 'back', 11)}"])
        begun = time.monotonic()
        self.d = daemon.Daemon(lab)
        self.write(n)
        self.d.launch()
        wait_until(lambda: self.d.ctl("status", timeout_s=240).returncode == 0,
                   240, "it answers", 0.05)
        self.ready_s = time.monotonic() - begun
        wait_until(lambda: self.usable() == n, 240, "all are usable", 0.2)
        self.usable_s = time.monotonic() - begun
        self.api = Api(self.d)

    def write(self, n):
        """And another service, whose ten are among them: the same devices."""
        lines = {f"b{i}": far(self.f, i) for i in range(1, n + 1)}
        keys = dict(address=vip(self.f), mode="ipip", scheduler="weighted",
                    interface=self.lab.way_in())
        self.d.write({"www": daemon.service(lines, **keys),
                      "few": daemon.service(dict(list(lines.items())[:10]),
                                            port=81, **keys)},
                     **IPIP.globals(self.lab, "gw"))

    def usable(self):
        return list(self.d.states().values()).count("active")

    def devices(self):
        """{name: ifindex} of the daemon's tunnels."""
        found = {}
        with inside(self.lab, "gw"):
            with open("/proc/thread-self/net/dev", encoding="ascii") as f:
                names = [x.split(":")[0].strip() for x in f if ":" in x]
            for name in names:
                if name.startswith("nlb-"):
                    found[name] = socket.if_nametoindex(name)
        return found

    def rss_mb(self):
        with open(f"/proc/{self.d.process.pid}/status", encoding="ascii") as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
        return 0

    def one_down_s(self):
        """A backend less, committed: the best of five."""
        took = []
        for i in range(1, 6):
            begun = time.monotonic()
            self.api.patch_weight("www", f"b{i}", 0)
            took.append(time.monotonic() - begun)
        return min(took)

    def one_less_s(self):
        """A backend less in the file: its device goes, no other does."""
        before = self.devices()
        self.write(self.n - 1)
        begun = time.monotonic()
        self.d.reload()
        took = time.monotonic() - begun
        wait_until(lambda: len(self.devices()) == self.n - 1, 60, "one less")
        after = self.devices()
        equal(after, {k: v for k, v in before.items() if k in after},
              "the other devices")
        return took

    def flows(self, n):
        for port in (80, 81):
            self.lab.flow("c1", vip(self.f), port, n, clients=8,
                          timeout_ms=10000).all_ok(f"flows to port {port}")
        equal(self.lab.gateway_sent("from")["gw", self.f], 0, "answers")
        check(self.lab.gateway_sent("tunnel")["gw", self.f] > 2 * n, "tunnels")
