# SPDX-License-Identifier: GPL-2.0-or-later
"""
Thousands of servers to check: one namespace that answers on a whole network,
10.64.0.0/16, with nginx (every connection is accepted, every request answered
with 200). Some addresses are silent, some come and go. What arrives is counted
there, the same for every checker.
"""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time

NET = "10.64.0.0/16"
PORT = 8080

NGINX = """
daemon off; worker_processes 2; worker_rlimit_nofile 65536;
pid {dir}/nginx.pid; error_log {dir}/error.log crit;
events {{ worker_connections 30000; multi_accept on; }}
http {{
    access_log off; keepalive_timeout 0;
    client_body_temp_path {dir}/b; proxy_temp_path {dir}/p;
    fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
    server {{ listen {port} reuseport backlog=65535;
              location / {{ return 200 "ok\\n"; }} }}
}}
"""

RULES = """
table ip targets {{
    set silent {{ type ipv4_addr; elements = {{ {silent} }} }}
    set flapping {{ type ipv4_addr; }}
    counter syns {{ }}
    chain input {{
        type filter hook prerouting priority -300;
        tcp dport {port} tcp flags & (syn | ack) == syn counter name syns
        ip daddr @silent drop
    }}
    chain refuse {{
        type filter hook input priority 0;
        ip daddr @flapping tcp dport {port} reject with tcp reset
    }}
}}
"""


def address(i):
    """Of target number i."""
    return f"10.64.{i // 250}.{i % 250 + 1}"


def run(*argv, stdin=None):
    subprocess.run(argv, check=True, input=stdin, text=True,
                   stdout=subprocess.DEVNULL)


class Targets:
    """`count` servers; every `silent`th is silent, every `flapping`th flaps."""

    def __init__(self, count, silent=20, flapping=100):
        self.count = count
        self.ns = f"nlb{os.getpid()}-targets"
        self.silent = set(range(3, count, silent)) if silent else set()
        self.flapping = (set(range(7, count, flapping)) - self.silent
                         if flapping else set())
        self.dir = tempfile.mkdtemp(prefix="nftlb-bench-")
        os.chmod(self.dir, 0o755)
        self.nginx = None
        self.flaps = 0
        self.ended = threading.Event()
        self.flapper = threading.Thread(target=self._flap, daemon=True)

    def __enter__(self):
        run("ip", "netns", "add", self.ns)
        self._exec("ip", "link", "set", "lo", "up")
        self._exec("ip", "route", "add", "local", NET, "dev", "lo")
        self._exec("sysctl", "-qw", "net.core.somaxconn=65535",
                   "net.ipv4.tcp_max_syn_backlog=65535",
                   "net.ipv4.tcp_fin_timeout=5")
        self._exec("nft", "-f", "-", stdin=RULES.format(
            port=PORT, silent=", ".join(map(address, sorted(self.silent)))
            or "10.64.255.255"))
        conf = os.path.join(self.dir, "nginx.conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(NGINX.format(dir=self.dir, port=PORT))
        self.nginx = subprocess.Popen(
            ["ip", "netns", "exec", self.ns, "nginx", "-e",
             f"{self.dir}/error.log", "-c", conf], stdin=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.ended.set()
        if self.flapper.is_alive():
            self.flapper.join()
        self.nginx.terminate()
        self.nginx.wait()
        subprocess.run(["ip", "netns", "del", self.ns], check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    def _exec(self, *argv, stdin=None):
        run("ip", "netns", "exec", self.ns, *argv, stdin=stdin)

    def connect(self, ns):
        """A link between the targets and the namespace `ns`."""
        run("ip", "-n", ns, "link", "add", "up0", "type", "veth", "peer",
            "name", "down0", "netns", self.ns)
        for where, dev, ip in ((ns, "up0", "10.63.0.1/30"),
                               (self.ns, "down0", "10.63.0.2/30")):
            run("ip", "-n", where, "addr", "add", ip, "dev", dev)
            run("ip", "-n", where, "link", "set", dev, "up")
        run("ip", "-n", ns, "route", "add", NET, "via", "10.63.0.2")

    def disconnect(self, ns):
        run("ip", "-n", ns, "link", "del", "up0")

    def syns(self):
        """Connection attempts that have arrived."""
        out = subprocess.run(
            ["ip", "netns", "exec", self.ns, "nft", "-j", "list", "counter",
             "ip", "targets", "syns"], check=True, capture_output=True,
            text=True).stdout
        return [o["counter"]["packets"] for o in json.loads(out)["nftables"]
                if "counter" in o][0]

    def flap(self):
        """From now on the flapping ones come and go, in four groups."""
        self.flapper.start()

    def _flap(self):
        groups = [sorted(self.flapping)[i::4] for i in range(4)]
        down = [False] * 4
        turn = 0
        while not self.ended.wait(1.5):
            i = turn % 4
            turn += 1
            if not groups[i]:
                continue
            verb = "delete" if down[i] else "add"
            self._exec("nft", verb, "element", "ip", "targets", "flapping",
                       "{ " + ", ".join(map(address, groups[i])) + " }")
            self.flaps += len(groups[i])
            down[i] = not down[i]

    def well(self):
        """Numbers of the targets that answer all the time."""
        return set(range(self.count)) - self.silent - self.flapping


def pause(seconds):
    """A stretch of measuring."""
    time.sleep(seconds)
