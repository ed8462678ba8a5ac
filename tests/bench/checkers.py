# SPDX-License-Identifier: GPL-2.0-or-later
"""
Programs that check servers, with the same targets and the same timing: ours,
HAProxy, keepalived. Each says how much CPU time and memory it takes and whom
it believes down.
"""

import csv
import io
import ipaddress
import os
import re
import socket
import subprocess
import time

from fleet import Balancer, UnixConnection
from lab import program
from targets import PORT, address

TIMEOUT_MS = 500
RISE, FALL = 2, 3
GROUP = 100         # targets of one service


def children(pid):
    """The process and all that it has started."""
    found = [pid]
    for p in found:
        try:
            with open(f"/proc/{p}/task/{p}/children", encoding="ascii") as f:
                found += [int(x) for x in f.read().split()]
        except OSError:
            pass
    return found


class Checker(Balancer):
    """A checker in a namespace of its own."""

    def spawn(self, argv, env=None):
        """All of them before others, as our unit has it."""
        super().spawn(["nice", "-n", "-10", *argv], env)

    def pids(self):
        return children(self.process.pid)

    def cpu_s(self):
        """CPU time of all its processes, kernel included."""
        total = 0
        for pid in self.pids():
            for tid in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{tid}/schedstat",
                          encoding="ascii") as f:
                    total += int(f.read().split()[0])
        return total / 1e9

    def rss_mb(self):
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                total += sum(int(line.split()[1]) for line in f
                             if line.startswith("VmRSS"))
        return total / 1024

    def wait_down(self, wanted, timeout_s):
        """Until exactly these targets are believed down."""
        end = time.monotonic() + timeout_s
        while True:
            down = self.down()
            if down == wanted:
                return
            self.alive()
            if time.monotonic() > end:
                raise RuntimeError(f"{self.name}: {len(down)} down, "
                                   f"{len(wanted)} expected: {self.log()[-500:]}")
            time.sleep(0.2)


class Nftlbd(Checker):
    """Daemon and prober."""

    name = "nftlbd"

    def __init__(self):
        super().__init__("ours")
        self.socket = os.path.join(self.dir, "sock")
        self.seen = 0

    def start(self, count, kind):
        lines = ["[global]", f"control-socket = {self.socket}",
                 f"state-dir = {self.dir}/state", "user = nobody",
                 "[check bench]", f"type = {kind}", "interval = 1s",
                 f"timeout = {TIMEOUT_MS}ms", f"rise = {RISE}",
                 f"fall = {FALL}", "start = up"]
        if kind == "http":
            lines += ["path = /healthz", "expect-status = 200"]
        for first in range(0, count, GROUP):
            n = first // GROUP
            lines += [f"[service s{n}]",
                      f"address = 192.0.{2 + n // 250}.{n % 250 + 1}",
                      "port = 80", "check = bench"]
            lines += [f"backend.t{i} = {address(i)}:{PORT}"
                      for i in range(first, min(first + GROUP, count))]
        conf = os.path.join(self.dir, "nftlbd.conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
        self.spawn([program("nftlbd"), "-f", "-c", conf],
                   {"NFTLB_PROBER": program("nftlb-prober")})
        end = time.monotonic() + 120
        while not os.path.exists(self.socket):
            self.alive()
            if time.monotonic() > end:
                raise RuntimeError("nftlbd does not start")
            time.sleep(0.05)

    def get(self, path):
        self.http = UnixConnection(self.socket)
        return self.ask("GET", path)

    def down(self):
        return {int(b["name"][1:]) for b in
                self.get("/v1/services?connections=no") for b in b["backends"]
                if b["health"] == "down"}

    def mark(self):
        """Events from here on count."""
        self.seen = self.get("/v1/events?limit=1")[-1]["id"]
        with open(os.path.join(self.dir, "log"), "rb") as f:
            f.seek(0, 2)
            self.log_from = f.tell()

    def fell(self):
        """Targets that went down since mark(), once for each time. From the
        log: the ring of events may be too short."""
        with open(os.path.join(self.dir, "log"), encoding="utf-8") as f:
            f.seek(self.log_from)
            return [int(m) for m in re.findall(
                r"backend=t(\d+) health: up -> down", f.read())]


class Haproxy(Checker):
    """One thread of HAProxy, with tcp or http checks."""

    name = "HAProxy"

    def __init__(self):
        super().__init__("haproxy")
        self.socket = os.path.join(self.dir, "stats")

    def start(self, count, kind):
        lines = ["global", "    nbthread 1", "    maxconn 2000",
                 "    spread-checks 10",
                 f"    stats socket {self.socket} level admin",
                 "defaults", "    mode tcp", "    timeout connect 500ms",
                 f"    timeout check {TIMEOUT_MS}ms", "    timeout client 10s",
                 "    timeout server 10s",
                 f"    default-server check inter 1s rise {RISE} fall {FALL}"]
        for first in range(0, count, GROUP):
            lines += [f"backend s{first // GROUP}"]
            if kind == "http":
                lines += ["    option httpchk GET /healthz",
                          "    http-check expect status 200"]
            lines += [f"    server t{i} {address(i)}:{PORT}"
                      for i in range(first, min(first + GROUP, count))]
        lines += ["listen none", "    bind 127.0.0.1:1"]
        conf = os.path.join(self.dir, "haproxy.cfg")
        with open(conf, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
        self.spawn(["haproxy", "-db", "-q", "-f", conf])
        end = time.monotonic() + 60
        while not os.path.exists(self.socket):
            self.alive()
            if time.monotonic() > end:
                raise RuntimeError("haproxy does not start")
            time.sleep(0.05)

    def down(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.socket)
            s.sendall(b"show stat -1 4 -1\n")
            data = b""
            while True:
                piece = s.recv(1 << 16)
                if not piece:
                    break
                data += piece
        rows = csv.DictReader(io.StringIO(data.decode().lstrip("# ")))
        return {int(r["svname"][1:]) for r in rows
                if r["svname"].startswith("t") and r["status"].startswith("DOWN")}


class HaproxyOnNat(Haproxy):
    """The same on a gateway that translates addresses, as ours does: the kernel
    tracks its connections, too."""

    name = "HAProxy where NAT is on"

    def start(self, count, kind):
        subprocess.run(
            ["ip", "netns", "exec", self.ns, "nft", "-f", "-"], check=True,
            text=True, input="""
                table ip n {
                    chain out {
                        type nat hook output priority -100;
                        ip daddr 192.0.2.1 dnat to 192.0.2.2
                    }
                }""")
        super().start(count, kind)


class Keepalived(Checker):
    """Its checker process, with IPVS; only where the kernel has that."""

    name = "keepalived"

    def __init__(self):
        super().__init__("keepalived")
        self.count = 0

    def start(self, count, kind):
        self.count = count
        check = ("TCP_CHECK { connect_timeout 1 }" if kind == "tcp" else
                 "HTTP_GET { url { path /healthz status_code 200 } "
                 "connect_timeout 1 }")
        lines = ["global_defs {", "  checker_log_all_failures false", "}"]
        for first in range(0, count, GROUP):
            n = first // GROUP
            lines += [f"virtual_server 192.0.{2 + n // 250}.{n % 250 + 1} 80 {{",
                      "  delay_loop 1", "  lvs_sched rr", "  lvs_method NAT",
                      "  protocol TCP"]
            lines += [f"  real_server {address(i)} {PORT} {{ weight 1\n"
                      f"    {check} }}"
                      for i in range(first, min(first + GROUP, count))]
            lines += ["}"]
        conf = os.path.join(self.dir, "keepalived.conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
        self.spawn(["keepalived", "--dont-fork", "--no-syslog", "--check",
                    "-f", conf, "-p", f"{self.dir}/main.pid",
                    "-c", f"{self.dir}/checkers.pid"])

    def down(self):
        """What it has taken out of IPVS."""
        text = subprocess.run(
            ["ip", "netns", "exec", self.ns, "cat", "/proc/net/ip_vs"],
            check=True, capture_output=True, text=True).stdout
        there = {int(m, 16) for m in re.findall(r"->\s+([0-9A-F]{8}):", text)}
        return {i for i in range(self.count)
                if int(ipaddress.ip_address(address(i))) not in there}
