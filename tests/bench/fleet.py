# SPDX-License-Identifier: GPL-2.0-or-later
"""
The load balancers under measurement: the same services for our daemon and for
Debian's nftlb, each in a network namespace of its own, each spoken to over its
API on one kept connection.
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from rawnft import socket_in

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../lab"))
from lab import program  # noqa: E402 (found by the line above)

BACKENDS = 10


def service_address(i):
    return f"100.{64 + i // 62500}.{i // 250 % 250}.{i % 250 + 1}"


def backend_address(i, j):
    n = i * BACKENDS + j
    return f"10.{100 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}"


# What a service may ask for beside its backends, most of it.
EVERYTHING = ("persist = source 10m", "limit-new-per-source = 1000",
              "limit-connections-per-source = 1000", "strict = yes",
              "packet-mark = 0x10/0xff", "deny = bad", "log = drops",
              "max-connections = 1000", "counters = yes")


class TimeUp(Exception):
    """What was waited for did not come in time."""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


class NamespaceConnection(http.client.HTTPConnection):
    """HTTP to a port on loopback inside a namespace."""

    def __init__(self, ns, port):
        super().__init__("127.0.0.1", port)
        self.ns = ns

    def connect(self):
        self.sock = socket_in(self.ns, socket.AF_INET, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        self.sock.connect((self.host, self.port))


class Balancer:
    """A load balancer in a namespace of its own."""

    def __init__(self, name):
        self.ns = f"nlb{os.getpid()}-{name}"
        self.dir = tempfile.mkdtemp(prefix="nftlb-bench-")
        os.chmod(self.dir, 0o755)
        self.process = None
        self.http = None
        subprocess.run(["ip", "netns", "add", self.ns], check=True)
        subprocess.run(["ip", "-n", self.ns, "link", "set", "lo", "up"],
                       check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()
        for pid in subprocess.run(["ip", "netns", "pids", self.ns], check=False,
                                  capture_output=True, text=True).stdout.split():
            os.kill(int(pid), 9)
        subprocess.run(["ip", "netns", "del", self.ns], check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    def spawn(self, argv, env=None):
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.process = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{self.ns}", "--", *argv],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=dict(os.environ, **(env or {})))

    def kill(self):
        """End it as a crash would; what it has made stays."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def log(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8",
                  errors="replace") as f:
            return f.read()

    def alive(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.ns} ended: {self.log()[-2000:]}")

    def memory_mb(self):
        """Peak resident memory."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            for line in f:
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) / 1024
        raise RuntimeError("no VmHWM")

    def cpu_ms(self, pid=None):
        """CPU time of all threads, kernel included, in ns resolution."""
        total = 0
        tasks = f"/proc/{pid or self.process.pid}/task"
        for tid in os.listdir(tasks):
            with open(f"{tasks}/{tid}/schedstat", encoding="ascii") as f:
                total += int(f.read().split()[0])
        return total / 1e6

    def ask(self, method, path, body=None, headers=None):
        """One request on the kept connection; its JSON answer."""
        text = json.dumps(body) if body is not None else None
        self.http.request(method, path, text, headers or {})
        answer = self.http.getresponse()
        data = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {data!r}")
        return json.loads(data) if data.strip() else None

    def rules(self):
        """Lines of the rule set, as proof that it is there."""
        out = subprocess.run(["ip", "netns", "exec", self.ns, "nft", "-s",
                              "list", "ruleset"], capture_output=True,
                             text=True, check=True).stdout
        return out.count("\n")


class Ours(Balancer):
    """nftlbd."""

    name = "nftlbd"

    def __init__(self):
        super().__init__("ours")
        self.socket = os.path.join(self.dir, "sock")
        self.conf = os.path.join(self.dir, "nftlbd.conf")
        self.scheduler = "weighted"
        self.log_level = "info"
        self.keys = ()  # more lines of each service

    def write(self, services, check=None):
        """Its file; `check`: keys of the check that all backends get."""
        lines = ["[global]", f"control-socket = {self.socket}",
                 f"state-dir = {self.dir}/state", "user = nobody",
                 f"log-level = {self.log_level}"]
        if check:
            lines += ["[check bench]"] + [f"{k} = {v}" for k, v in check.items()]
        if self.keys:
            lines += ["[list bad]", "entries = 198.51.100.0/24"]
        for i in range(services):
            lines += [f"[service s{i}]", f"address = {service_address(i)}",
                      "protocol = tcp", "port = 80",
                      f"scheduler = {self.scheduler}",
                      "check = bench" if check else "check = none",
                      *self.keys]
            lines += [f"backend.b{j} = {backend_address(i, j)}:8080"
                      for j in range(BACKENDS)]
        with open(self.conf, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")

    def start(self, limit_s=60):
        """Seconds from exec to READY=1, which is sent after the commit."""
        path = os.path.join(self.dir, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(0.5)
            begun = time.perf_counter()
            self.spawn([program("nftlbd"), "-f", "-c", self.conf],
                       {"NOTIFY_SOCKET": path,
                        "NFTLB_API": program("nftlb-api"),
                        "NFTLB_PROBER": program("nftlb-prober")})
            while True:
                try:
                    if b"READY=1" in notify.recv(4096):
                        break
                except socket.timeout:
                    self.alive()
                    if time.perf_counter() - begun > limit_s:
                        raise TimeUp from None
            seconds = time.perf_counter() - begun
        os.unlink(path)
        self.http = UnixConnection(self.socket)
        return seconds

    def backend_down(self, i, j, down):
        self.ask("PATCH", f"/v1/services/s{i}/backends/b{j}",
                 {"admin": "disabled" if down else "enabled"})

    def add_service(self, total):
        """One more service: write the file, then reload; seconds of both."""
        self.write(total)
        begun = time.perf_counter()
        self.ask("POST", "/v1/config/reload")
        return time.perf_counter() - begun

    def reload_ms(self):
        """Milliseconds of the last reload, as its event tells: parsing the
        file, planning and committing."""
        events = self.ask("GET", "/v1/events?limit=100")
        reason = [e["reason"] for e in events if e["kind"] == "reload"][-1]
        words = dict(w.split("=", 1) for w in reason.split())
        return (float(words["parse"].removesuffix("ms")),
                float(words["commit"].removesuffix("ms")))

    def ctl(self, *words):
        subprocess.run([program("nftlbctl"), "-s", self.socket, *words],
                       check=True, stdout=subprocess.DEVNULL)


class Peer(Balancer):
    """Debian's nftlb."""

    name = "nftlb (Debian)"
    PORT = 5555
    KEY = {"Key": "bench"}

    def __init__(self):
        super().__init__("peer")
        self.conf = os.path.join(self.dir, "nftlb.json")

    @staticmethod
    def farm(i):
        return {"name": f"s{i}", "family": "ipv4", "mode": "dnat",
                "virtual-addr": service_address(i), "virtual-ports": "80",
                "protocol": "tcp", "scheduler": "weight", "state": "up",
                "backends": [
                    {"name": f"b{j}", "ip-addr": backend_address(i, j),
                     "port": "8080", "weight": "1", "priority": "1",
                     "state": "up"}
                    for j in range(BACKENDS)]}

    def write(self, services):
        with open(self.conf, "w", encoding="ascii") as f:
            json.dump({"farms": [self.farm(i) for i in range(services)]}, f)

    def start(self, limit_s=60):
        """Seconds from exec to the first answer of its API, which listens
        after the rules are loaded."""
        begun = time.perf_counter()
        self.spawn(["nftlb", "-c", self.conf, "-k", "bench", "-H", "127.0.0.1",
                    "-P", str(self.PORT), "-l", "3", "-L", "2"])
        while True:
            self.http = NamespaceConnection(self.ns, self.PORT)
            try:
                self.http.connect()
                break
            except ConnectionRefusedError:
                self.alive()
                if time.perf_counter() - begun > limit_s:
                    raise TimeUp from None
                time.sleep(0.001)
        return time.perf_counter() - begun

    def put(self, farm):
        # it closes the connection after each answer
        self.http = NamespaceConnection(self.ns, self.PORT)
        self.ask("PUT", "/farms", {"farms": [farm]}, self.KEY)

    def backend_down(self, i, j, down):
        self.put({"name": f"s{i}", "backends": [
            {"name": f"b{j}", "state": "down" if down else "up"}]})

    def add_service(self, total):
        farm = self.farm(total - 1)
        begun = time.perf_counter()
        self.put(farm)
        return time.perf_counter() - begun


class Servers:
    """All backends' addresses on loopback, and one listener for all."""

    def __init__(self, ns, services):
        nets = {".".join(backend_address(i, 0).split(".")[:2])
                for i in range(services)}
        for net in nets:
            subprocess.run(["ip", "-n", ns, "route", "add", "local",
                            f"{net}.0.0/16", "dev", "lo"], check=True)
        self.sock = socket_in(ns, socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("0.0.0.0", 8080))
        self.sock.listen(4096)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                self.sock.accept()[0].close()
            except OSError:
                return

    def die(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def wait_checked(daemon, timeout_s=30):
    """Until every backend has been probed."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        backends = [b for s in daemon.ask("GET", "/v1/services")
                    for b in s["backends"]]
        if all(b["check"] and b["check"]["last_ms"] is not None
               for b in backends):
            return
        time.sleep(0.5)
    raise RuntimeError(f"not all are probed: {backends[0]}")


def listeners():
    """Sockets that hear of commits to nf_tables, in all namespaces."""
    seen, count = set(), 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            ns = os.readlink(f"/proc/{pid}/ns/net")
            if ns in seen:
                continue
            with open(f"/proc/{pid}/net/netlink", encoding="ascii") as f:
                rows = [line.split() for line in f][1:]
        except OSError:
            continue  # it has ended
        seen.add(ns)
        # columns: socket, protocol (12: netfilter), port, groups (7: nf_tables)
        count += sum(r[1] == "12" and int(r[3], 16) >> 6 & 1 for r in rows)
    return count
