# SPDX-License-Identifier: GPL-2.0-or-later
"""hvagent on a hypervisor of the fabric, and a gateway's rules made by hand."""

import http.client
import json
import os
import signal
import socket

from fabric import FAMILIES, addr, vm_addr
from lab import program, vip
from process import check, wait_until

IP = {4: "ip", 6: "ip6"}
TUNNEL = {4: "ipip", 6: "ip6tnl mode ip6ip6 encaplimit none"}
ACROSS = {4: "ip6tnl mode any encaplimit none", 6: "sit"}  # by what is inside
OTHER = {4: 6, 6: 4}
DEVICE = {4: "nlb-ipip", 6: "nlb-ip6tnl"}


def endpoint(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def binding(family, v, port=80, to=8080, proto="tcp"):
    return {"service": f"{endpoint(vip(family), port)}/{proto}",
            "vm": endpoint(vm_addr(family, int(v[1:])), to)}


def across(family, v, **keys):
    """The same, in tunnels of the other family."""
    return {**binding(family, v, **keys),
            "tunnel": vm_addr(OTHER[family], int(v[1:]))}


class _Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Agent:
    """The agent on one hypervisor: its file, its process, its socket."""

    def __init__(self, lab, h="h1", uplink="back"):
        self.lab, self.h, self.uplink = lab, h, uplink
        self.conf_path = os.path.join(lab.dir, f"{h}.conf")
        self.socket = os.path.join(lab.dir, f"{h}.sock")
        self.process = None

    def write(self, bindings, gateways=None, **keys):
        """`bindings`: {name: binding(...)}."""
        gateways = gateways or [addr(f, "back", 1) for f in FAMILIES]
        keys = {"uplink": self.uplink, "gateways": ", ".join(gateways),
                "control-socket": self.socket,
                "state-dir": os.path.join(self.lab.dir, f"{self.h}-state"),
                **keys}
        lines = ["[global]"] + [f"{k} = {v}" for k, v in keys.items()]
        for name, b in bindings.items():
            lines += [f"[binding {name}]"] + [f"{k} = {v}" for k, v in b.items()]
        with open(self.conf_path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")

    def argv(self, *more):
        return [program("hvagent"), "-c", self.conf_path, *more]

    def start(self, **more_env):
        self.process = self.lab.spawn(self.h, f"hvagent-{self.h}",
                                      self.argv("-f"),
                                      {**os.environ, **more_env})

        def answers():
            check(self.process.running(), "hvagent ended: " +
                  self.process.errors()[-2000:])
            try:
                return self.ask("GET", "/v1/status")[0] == 200
            except OSError:
                return False
        wait_until(answers, 15, "hvagent answers")
        return self

    def reload(self):
        """SIGHUP, and wait until it has said that it is done."""
        before = self.status()["reloads"]
        self.process.signal(signal.SIGHUP)
        return wait_until(lambda: self.status()["reloads"] != before and
                          self.status()["reloads"], 10, "a reload")

    def ask(self, method, path, body=None):
        c = _Unix(self.socket)
        try:
            c.request(method, path, None if body is None else json.dumps(body),
                      {"Content-Type": "application/json"})
            r = c.getresponse()
            text = r.read()
            return r.status, json.loads(text) if text else None
        finally:
            c.close()

    def status(self):
        return self.ask("GET", "/v1/status")[1]

    def drops(self, what):
        return self.status()["drops"][what]

    def rules(self, family=4, handles=True):
        """Our table as nft has it, without what counts."""
        text = self.lab.nft(*(["-a"] if handles else []), "list", "table",
                            IP[family], "hvagent", gw=self.h)
        return [line for line in text.splitlines() if "packets" not in line]


def by_hand(lab, vms=None, ports=80, gw="gw"):
    """The gateway sends the service's flows to these VMs, in tunnels."""
    vms, rules = vms or list(lab.home), []
    for i, v in enumerate(vms):
        lab.ip(gw, [line for f in FAMILIES for line in (
            f"link add t{i}-{f} type {TUNNEL[f]} local {addr(f, 'back', 1)} "
            f"remote {vm_addr(f, int(v[1:]))}", f"link set t{i}-{f} up")])
        rules += [f"{IP[f]} daddr {vip(f)} tcp dport {ports} jhash {IP[f]} "
                  f"saddr . tcp sport mod {len(vms)} seed 1 {i} fwd {IP[f]} to "
                  f"{vip(f)} device t{i}-{f}" for f in FAMILIES]
    lab.nft("-f", "-", gw=gw, input="\n".join(
        ["table netdev hand {", "chain in {", "type filter hook ingress device "
         f"{lab.way_in()} priority 0", *rules, "}", "}", ""]))
