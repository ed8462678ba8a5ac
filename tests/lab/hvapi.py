# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent under test on a node of the lab, and a client of its HTTP API."""

import json
import os
import subprocess

from asking import Answer, UnixConnection
from daemon import ini
from lab import program
from process import Failure, check, equal, wait_until

TABLE = "hvagent"


class Client:
    """One connection that is used again and again."""

    def __init__(self, connection):
        self.connection = connection

    def ask(self, method, path, body=None, **headers):
        """`body`: bytes, or what is sent as JSON."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.connection.request(method, path, body, headers)
        return Answer(self.connection.getresponse())

    def put(self, name, service, vm):
        return self.ask("PUT", f"/v1/bindings/{name}",
                        {"service": service, "vm": vm}).ok()

    def bindings(self):
        """{name: (service, vm, origin)}"""
        return {b["name"]: (b["service"], b["vm"], b["origin"])
                for b in self.ask("GET", "/v1/bindings").ok()}


class Agent:
    """hvagent: its file, its process, its socket."""

    def __init__(self, lab, node="gw", uplink="front"):
        self.lab = lab
        self.node = node
        self.name = f"hvagent-{node}"
        self.conf_path = os.path.join(lab.dir, f"{self.name}.conf")
        self.socket = os.path.join(lab.dir, f"{self.name}.sock")
        self.state = os.path.join(lab.dir, f"{self.name}-state")
        self.process = None
        self.global_keys = {"uplink": uplink, "gateways": "10.1.0.99",
                            "control-socket": self.socket,
                            "state-dir": self.state}

    def write(self, bindings=None, **global_keys):
        """`bindings`: {name: (service, vm)}"""
        keys = {k.replace("_", "-"): v for k, v in global_keys.items()}
        sections = {"global": {**self.global_keys, **keys}}
        for name, (service, vm) in (bindings or {}).items():
            sections[f"binding {name}"] = {"service": service, "vm": vm}
        with open(self.conf_path, "w", encoding="utf-8") as f:
            f.write(ini(sections))
        return self

    def launch(self):
        self.process = self.lab.spawn(
            self.node, self.name,
            [program("hvagent/hvagent"), "-f", "-c", self.conf_path])
        return self

    def start(self):
        self.launch()

        def answers():
            check(self.process.running(),
                  f"{self.name} ended: {self.process.errors()[-2000:]}")
            return self.ctl("show", "version").returncode == 0
        wait_until(answers, 15, f"{self.name} answers")
        return self

    def stop(self):
        equal(self.process.stop(), 0, f"exit status of {self.name}")

    def kill(self):
        self.process.kill()

    def client(self):
        return Client(UnixConnection(self.socket))

    def ctl(self, *words):
        return subprocess.run(
            [program("nftlbctl"), "-s", self.socket, *map(str, words)],
            capture_output=True, text=True, check=False, timeout=30)

    def do(self, *words):
        p = self.ctl(*words)
        equal(p.returncode, 0, f"{words}: {p.stdout}{p.stderr}")
        return p.stdout

    def rules(self):
        """Our tables as nft lists them, without what counts."""
        text = self.lab.nft("-s", "list", "ruleset", gw=self.node)
        return text if isinstance(text, str) else text.stdout

    def cpu_s(self):
        """Processor time that it has had so far."""
        with open(f"/proc/{self.process.pid}/schedstat",
                  encoding="ascii") as f:
            return int(f.read().split()[0]) / 1e9
