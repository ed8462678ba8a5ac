# SPDX-License-Identifier: GPL-2.0-or-later
"""Our units as they are installed, hardening included, under a systemd that is
the first process of namespaces of its own (pid1.sh)."""

import json
import os
import signal
import subprocess

from lab import BUILD, HERE, Lab
from process import PATIENCE, Process, check, equal, wait_until

PID1 = os.path.join(HERE, "pid1.sh")
TOP = os.path.join(HERE, "../..")
CONF = """
[global]
user = nobody
api-listen = 127.0.0.1:9443
[check fast]
type = tcp
interval = 300ms
timeout = 200ms
fall = 1
[service www]
address = 192.0.2.10
port = 80
check = fast
backend.b1 = 10.9.9.9:8080
"""
DROP_IN = """
[Unit]
DefaultDependencies=no
[Service]
Environment=NFTLB_PROBER=/opt/nftlb-prober NFTLB_API=/opt/nftlb-api
WatchdogSec=2s
"""


class Machine:
    """A systemd, and words to it."""

    def __init__(self, lab):
        self.dir, self.name = lab.dir, f"nftlb-{os.getpid()}"
        os.mkdir(f"{lab.dir}/etc")
        for path, text in (("etc/nftlbd.conf", CONF),
                           ("etc/hvagent.conf", "[global]\nuplink = lo\n"
                            "gateways = 10.9.9.1\n"),
                           ("drop-in.conf", DROP_IN)):
            with open(f"{lab.dir}/{path}", "w", encoding="ascii") as f:
                f.write(text)
        self.process = Process("systemd", self.stage("outer"), lab.dir)
        lab.processes.append(self.process)
        self.pid = None

    def stage(self, stage):
        return ["unshare", "-m", "sh", PID1, stage, TOP, BUILD, self.dir,
                self.name]

    def find(self):
        """The process that is the first one inside."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="ascii") as f:
            pids = f.read().split()
        self.pid = pids[0] if pids else None
        return self.pid and self.run("systemctl", "is-system-running"
                                     ).stdout.strip() == "running"

    def run(self, *argv):
        return subprocess.run(
            ["nsenter", "-t", self.pid, "-p", "-m", "-C", "-u", "-i", "-n",
             *argv], capture_output=True, text=True, check=False,
            timeout=20 * PATIENCE)

    def do(self, *argv):
        p = self.run(*argv)
        equal(p.returncode, 0, f"{argv}: {p.stdout}{p.stderr}" +
              self.run("journalctl", "--no-pager", "-n", "30").stdout)
        return p.stdout

    def show(self, unit, key):
        return self.do("systemctl", "show", unit, "-p", key,
                       "--value").strip()

    def end(self):
        """All inside end with the first one, and unshare with it."""
        if self.pid:
            os.kill(int(self.pid), signal.SIGKILL)
            self.process.wait()
        subprocess.run(self.stage("remove"), check=False, timeout=60)


def is_applied(m):
    said = json.loads(m.do("/opt/nftlbctl", "-o", "json", "show", "services"))
    return said[0]["ports"] == ["81"]


def units_run(m):
    m.do("systemctl", "start", "nftlbd", "hvagent")
    equal(m.show("nftlbd", "StatusText"), "1 service, 1 of 1 backends up",
          "status")
    check(m.show("hvagent", "StatusText").startswith("0 bindings"), "hvagent")
    wait_until(lambda: m.show("nftlbd", "StatusText") ==
               "1 service, 0 of 1 backends up", 10, "status follows")
    m.do("systemctl", "reload", "nftlbd", "hvagent")
    # events, with fields
    said = wait_until(lambda: m.run(
        "journalctl", "--no-pager", "-o", "json", "SERVICE=www", "BACKEND=b1",
        "NEW=down").stdout, 10, "an entry")
    entry = json.loads(said.splitlines()[0])
    equal((entry["_SYSTEMD_UNIT"], entry["KIND"]), ("nftlbd.service", "health"),
          "whose entry")
    # the API's process is in there, too
    check('"services"' in m.do("curl", "-sS", "--retry", "20",
                               "--retry-connrefused", "--retry-delay", "1",
                               "http://127.0.0.1:9443/v1/status"), "the API")
    # hardened as it is, it may write its own file
    m.do("sh", "-c", "sed 's/port = 80$/port = 81/' /etc/nftlb/nftlbd.conf "
         ">/run/new.conf")
    m.do("/opt/nftlbctl", "config", "apply", "/run/new.conf")
    check(is_applied(m), "applied")


def watchdog_bites(m):
    main = m.show("nftlbd", "MainPID")
    rules = sorted(m.do("nft", "list", "tables").splitlines())
    m.do("kill", "-STOP", main)
    wait_until(lambda: m.show("nftlbd", "NRestarts") == "1" and
               m.show("nftlbd", "ActiveState") == "active", 20,
               "a hung daemon is started anew")
    check(m.show("nftlbd", "MainPID") != main, "another process")
    equal(sorted(m.do("nft", "list", "tables").splitlines()), rules,
          "the rules")
    check(is_applied(m), "what was applied")


def test_under_systemd():
    with Lab(backends=1) as lab:
        m = Machine(lab)
        try:
            wait_until(m.find, 20, "systemd runs", 0.05)
            units_run(m)
            watchdog_bites(m)
            m.do("systemctl", "stop", "nftlbd", "hvagent")
            check("nftlb" in m.do("nft", "list", "tables"), "the rules stay")
        finally:
            m.end()
