# SPDX-License-Identifier: GPL-2.0-or-later
"""The service manager and the journal: the test plays systemd's side of
NOTIFY_SOCKET; the journal is systemd-journald itself, in a /run of its own."""

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import time

import daemon
import hvagent
from daemon import FAST_CHECK, member, members, service
from lab import Lab
from netns import LIBC
from process import PATIENCE, check, equal, wait_until

WATCHDOG_S = 2.0
FEED_S = WATCHDOG_S / 4
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000
JOURNALD = "/lib/systemd/systemd-journald"
# A /run of its own, with a journal; then what is to be run, its stderr where
# systemd would put it.
JOURNALED = """
import os, signal, socket, subprocess, sys, time
d = sys.argv[1]
subprocess.run("mount -t tmpfs t /run && mkdir -p /run/systemd/journal"
               " /run/log/journal && echo %032x >" % 0xabc + d + "/machine-id"
               " && mount --bind " + d + "/machine-id /etc/machine-id",
               shell=True, check=True)
os.makedirs(d + "/journal")
subprocess.run(["mount", "--bind", d + "/journal", "/run/log/journal"],
               check=True)
journald = subprocess.Popen([sys.argv[2]], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
while not os.path.exists("/run/systemd/journal/socket"):
    time.sleep(0.01)
s = socket.socket(socket.AF_UNIX)
s.connect("/run/systemd/journal/stdout")
s.sendall(b"nftlbd\\n\\n6\\n1\\n0\\n0\\n0\\n")
os.dup2(s.fileno(), 2)
st = os.fstat(2)
os.environ["JOURNAL_STREAM"] = "%d:%d" % (st.st_dev, st.st_ino)
child = subprocess.Popen(sys.argv[3:])
signal.signal(signal.SIGTERM, lambda *_: child.terminate())
status = child.wait()
journald.terminate()
journald.wait()
sys.exit(status)
"""


class Manager:
    """systemd's side: what it is told, in order."""

    def __init__(self, lab):
        self.path = os.path.join(lab.dir, "notify")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(self.path)
        self.said = []

    def env(self, watchdog_s=WATCHDOG_S):
        return {"NOTIFY_SOCKET": self.path,
                "WATCHDOG_USEC": str(int(watchdog_s * 1e6))}

    def read(self, wait_s=0.0):
        """Take what has come; returns those messages."""
        new = []
        while select.select([self.sock], [], [], wait_s if not new else 0)[0]:
            new.append(dict(
                line.split("=", 1) for line in
                self.sock.recv(65536).decode().splitlines()))
        self.said += new
        return new

    def wait(self, key, value=None, timeout_s=10):
        """The next message that says so."""
        def found():
            return next((m for m in self.read(0.1) if key in m and
                         value in (None, m[key])), None)
        return wait_until(found, timeout_s, f"{key}={value}: {self.said}")

    def fed(self):
        return sum("WATCHDOG" in m for m in self.read())


def hold(pid):
    """Stop the thread that has the loop, and it alone."""
    if LIBC.ptrace(PTRACE_SEIZE, pid, 0, 0) or \
            LIBC.ptrace(PTRACE_INTERRUPT, pid, 0, 0):
        raise OSError(ctypes.get_errno(), "ptrace")
    os.waitpid(pid, WALL)


def let_go(pid):
    if LIBC.ptrace(PTRACE_DETACH, pid, 0, 0):
        raise OSError(ctypes.get_errno(), "ptrace")


def reload_is_told(d, m, words):
    before_us = time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6
    d.process.signal(signal.SIGHUP)
    told = m.wait("RELOADING", "1")
    check(before_us <= int(told["MONOTONIC_USEC"])
          <= time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6 + 1, f"{told}")
    wait_until(lambda: m.read(0.1) or any("READY" in x for x in m.said[
        m.said.index(told):]), 10, "ready again")
    wait_until(lambda: m.read(0.1) is not None and words in next(
        x["STATUS"] for x in reversed(m.said) if "STATUS" in x), 10,
        f"{words}: {m.said}")


def test_notify_and_watchdog():
    with Lab(backends=3) as lab:
        m = Manager(lab)
        d = daemon.Daemon(lab)
        d.write({"www": service(members(3, families=(4,)), check="fast",
                                address="192.0.2.10")},
                checks={"fast": FAST_CHECK})
        lab.serve("b1")
        lab.serve("b2")
        d.start(**m.env())
        m.wait("READY", "1")
        m.wait("STATUS", "1 service, 2 of 3 backends up")
        m.wait("WATCHDOG", "1")
        # a loop that stands still feeds nobody, though other threads live
        hold(d.process.pid)
        m.read()
        time.sleep(6 * FEED_S)
        equal(m.fed(), 0, "fed by a loop that stood still")
        let_go(d.process.pid)
        m.wait("WATCHDOG", "1")
        # reloads: a good one, a bad one
        reload_is_told(d, m, "1 service, 2 of 3 backends up")
        good = open(d.conf_path, encoding="utf-8").read()
        d.write_text(good + "\nnonsense = 1\n")
        reload_is_told(d, m, "the last reload was refused")
        d.stop()
        m.read()
        check(any(x.get("STOPPING") == "1" for x in m.said), "no STOPPING")


def test_agent_notify():
    with Lab(backends=1) as lab:
        m = Manager(lab)
        a = hvagent.Agent(lab, "b1", "eth0")
        a.write({})
        a.start(**m.env(0.4))
        m.wait("READY", "1")
        check(any(x.get("STATUS", "").startswith("0 bindings") for x in m.said),
              f"status: {m.said}")
        m.wait("WATCHDOG", "1")
        m.wait("WATCHDOG", "1")
        a.process.signal(signal.SIGHUP)
        check(int(m.wait("RELOADING", "1")["MONOTONIC_USEC"]) > 0, "when")
        equal(a.process.stop(), 0, "exit status")
        m.read()
        check(any(x.get("STOPPING") == "1" for x in m.said), "no STOPPING")


def test_journal():
    with Lab(backends=2) as lab:
        d = daemon.Daemon(lab)
        d.write({"www": service(members(2, families=(4,)), check="fast",
                                address="192.0.2.10")},
                checks={"fast": FAST_CHECK})
        lab.serve("b1")
        b2 = lab.serve("b2")
        d.start(["unshare", "-m", "python3", "-c", JOURNALED, lab.dir,
                 JOURNALD])
        d.wait_states("active")
        b2.kill()
        d.wait_state(member(2, 4), "down")
        d.stop()

        def entries(*match):
            p = subprocess.run(
                ["journalctl", "-D", os.path.join(lab.dir, "journal"), "-o",
                 "json", "--no-pager", *match], capture_output=True, text=True,
                check=False, timeout=30 * PATIENCE)
            return [json.loads(x) for x in p.stdout.splitlines()]

        down = entries("SERVICE=www", f"BACKEND={member(2, 4)}", "NEW=down")
        equal(len(down), 1, "one entry of its end")
        e = down[0]
        equal((e["OLD"], e["KIND"], e["PRIORITY"], e["SYSLOG_IDENTIFIER"],
               e["_TRANSPORT"]), ("up", "health", "6", "nftlbd", "journal"),
              "fields")
        check("refused" in e["REASON"] and e["REASON"] in e["MESSAGE"], f"{e}")
        check(e in entries(f"MESSAGE_ID={e['MESSAGE_ID']}"), "by its id")
        check(any("the rules stay" in x["MESSAGE"] for x in
                  entries("SYSLOG_IDENTIFIER=nftlbd")), "lines without fields")
