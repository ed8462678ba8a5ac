# SPDX-License-Identifier: GPL-2.0-or-later
"""The API on TCP of a lab's gateway: its files, and curl as its client."""

import json
import os
import subprocess

import daemon
from lab import gw_addr
from pki import Authority
from process import Failure

PORT = 9443
OPS, SCREEN = "ops-0123456789abcdef", "screen-0123456789abcdef"
TOKENS = f"# who role token\nops operator {OPS}\nscreen read-only {SCREEN}\n"


def write(path, text):
    """A file that others may not read."""
    with open(path, "w", encoding="utf-8") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write(text)
    return path


class Api:
    """A daemon with an API beyond loopback: TLS, two tokens."""

    def __init__(self, lab, services=None, **more):
        self.lab = lab
        self.address = gw_addr(4, "front")
        self.ca = Authority(lab.dir, "ca")
        self.token_path = write(os.path.join(lab.dir, "tokens"), TOKENS)
        cert, key = self.sign("gw")
        self.keys = {"api-listen": f"{self.address}:{PORT}",
                     "api-token-file": self.token_path,
                     "api-cert-file": cert, "api-key-file": key}
        self.services = services or {"www": daemon.service()}
        self.more = more
        self.d = daemon.Daemon(lab)
        self.write()

    def sign(self, name):
        cert, key = self.ca.sign(name, [f"IP:{self.address}"])
        os.chmod(key, 0o600)
        return cert, key

    def write(self):
        self.d.write(self.services, **{**self.keys, **self.more})

    def start(self):
        self.d.start()
        return self

    def url(self, path):
        return f"https://{self.address}:{PORT}{path}"

    def argv(self, path, token=None, *more, method="GET"):
        argv = ["curl", "-s", "--cacert", self.ca.pem, "-X", method, *more]
        if method == "HEAD":
            argv += ["-I"]
        if token:
            argv += ["-H", f"Authorization: Bearer {token}"]
        return argv + [self.url(path)]

    def ask(self, path, token=None, *more, method="GET", node="c1"):
        """(status, what was answered); status 0: no answer."""
        p = subprocess.run(
            self.lab.inside(node, self.argv(path, token, "-m", "20", "-w",
                                            "\n%{http_code}", *more,
                                            method=method)),
            capture_output=True, text=True, check=False, timeout=60)
        text, _, status = p.stdout.rpartition("\n")
        return int(status), text

    def ok(self, path, token=SCREEN, *more, method="GET"):
        status, text = self.ask(path, token, *more, method=method)
        if status != 200:
            raise Failure(f"{method} {path}: {status}: {text}")
        return json.loads(text)

    def pid(self):
        """Of the process that serves it; None: there is none."""
        base = f"/proc/{self.d.process.pid}/task/{self.d.process.pid}/children"
        with open(base, encoding="ascii") as f:
            pids = [int(x) for x in f.read().split()]
        for pid in pids:
            try:
                with open(f"/proc/{pid}/comm", encoding="ascii") as f:
                    if f.read().strip() == "nftlb-api":
                        return pid
            except OSError:
                pass
        return None

    def reasons(self):
        """Of events about it."""
        return [e["reason"] for e in self.d.json("show", "events")
                if e["kind"] == "api"]


def status_of(pid):
    """/proc/PID/status"""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f
                    if ":\t" in line)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))
