# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon under test on a gateway of the lab, and the files it is given."""

import json
import os
import subprocess

from asking import ask
from lab import BUILD, FAMILIES, backend_addr, program, vip
from process import PATIENCE, Failure, check, equal, wait_until

# Questions that are asked again and again while something is waited for: to start
# nftlbctl takes a second where the machine is emulated.
READ = {("status",): "/v1/status",
        ("show", "services"): "/v1/services",
        ("show", "events"): "/v1/events"}

FAST_CHECK = {"type": "tcp", "interval": "200ms", "timeout": "100ms",
              "rise": 1, "fall": 2}


def member(i, family):
    """The name of server b<i> as a backend: one name a family."""
    return f"b{i}" if family == 4 else f"b{i}-v6"


def members(count=3, port=8080, weights=None, first=1, families=FAMILIES):
    """Backend lines for servers b<first>.., both families."""
    lines = {}
    for family in families:
        for n, i in enumerate(range(first, first + count)):
            addr = backend_addr(family, i)
            host = f"[{addr}]" if family == 6 and port else addr
            text = f"{host}:{port}" if port else host
            if weights:
                text += f" weight={weights[n]}"
            lines[member(i, family)] = text
    return lines


def service(backends=None, **keys):
    """A service's section as a dict; underscores in keys become dashes."""
    section = {"address": ", ".join(vip(f) for f in FAMILIES), "port": 80}
    section.update({k.replace("_", "-"): v for k, v in keys.items()})
    for name, text in (members() if backends is None else backends).items():
        section[f"backend.{name}"] = text
    return section


def ini(sections):
    """The INI text of {"service www": {...}, ...}."""
    out = []
    for name, keys in sections.items():
        out.append(f"[{name}]")
        out += [f"{k} = {v}" for k, v in keys.items()]
        out.append("")
    return "\n".join(out)


class Daemon:
    """nftlbd on one gateway: its file, its process, its control socket."""

    def __init__(self, lab, gw="gw"):
        self.lab = lab
        self.gw = gw
        self.name = f"nftlbd-{gw}"
        self.conf_path = os.path.join(lab.dir, f"{gw}.conf")
        self.socket = os.path.join(lab.dir, f"{gw}.sock")
        self.process = None
        self.global_keys = {
            "control-socket": self.socket,
            "state-dir": os.path.join(lab.dir, f"{gw}-state"),
            "user": "nobody"}
        lab.daemons.append(self)

    # ---- its file

    def write(self, services, checks=None, path=None, defaults=None, pools=None,
              lists=None, feeds=None, **global_keys):
        """Write a configuration; `services` is {name: service(...)}."""
        sections = {"global": {**self.global_keys, **global_keys}}
        if defaults:
            sections["defaults"] = defaults
        for kind, group in (("check", checks), ("feed", feeds), ("pool", pools),
                            ("list", lists), ("service", services)):
            for name, keys in (group or {}).items():
                sections[f"{kind} {name}"] = keys
        return self.write_text(ini(sections), path)

    def write_text(self, text, path=None):
        path = path or self.conf_path
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(path + ".new", path)
        return path

    # ---- its process

    def launch(self, before=(), **more_env):
        """Start it, by the program `before` if any, without waiting."""
        env = {**os.environ, **more_env}
        env["NFTLB_PROBER"] = program("nftlb-prober")
        env["NFTLB_API"] = program("nftlb-api")
        self.process = self.lab.spawn(
            self.gw, self.name,
            [*before, program("nftlbd"), "-f", "-c", self.conf_path], env)

    def start(self, before=(), **more_env):
        """Start it and wait until it answers and has committed."""
        self.launch(before, **more_env)
        self.wait_ready()
        return self

    def wait_ready(self, timeout_s=15):
        def answers():
            check(self.process.running(),
                  f"{self.name} ended: {self.log()[-2000:]}")
            try:
                return ask(self.socket, "GET", "/v1/status").status == 200
            except OSError:
                return False
        wait_until(answers, timeout_s, f"{self.name} answers")

    def stop(self):
        equal(self.process.stop(), 0, f"exit status of {self.name}")

    def kill(self):
        self.process.kill()

    def restart(self, kill=False):
        """Stop (or kill -9) and start."""
        if kill:
            self.kill()
        else:
            self.stop()
        return self.start()

    def log(self):
        """Everything that its processes have written to stderr."""
        return self.process.errors() if self.process else ""

    def prober_pid(self):
        """The pid of the prober that runs now; None while there is none."""
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(children, encoding="ascii") as f:
            pids = [int(x) for x in f.read().split()]
        for pid in pids:
            try:
                with open(f"/proc/{pid}/comm", encoding="ascii") as f:
                    if "prober" in f.read():
                        return pid
            except OSError:
                pass
        return None


    # ---- its control socket

    def ctl(self, *words, timeout_s=30):
        """Run nftlbctl; returns subprocess.CompletedProcess."""
        return subprocess.run(
            [program("nftlbctl"), "-s", self.socket, *map(str, words)],
            capture_output=True, text=True, check=False,
            timeout=timeout_s * PATIENCE)

    def do(self, *words):
        """Run nftlbctl; it must succeed; returns its stdout."""
        p = self.ctl(*words)
        if p.returncode:
            raise Failure(f"nftlbctl {' '.join(map(str, words))}: "
                          f"exit {p.returncode}: {p.stdout}{p.stderr}")
        return p.stdout

    def get(self, url):
        """What the API says."""
        return ask(self.socket, "GET", url).ok()

    def json(self, *words):
        """What `nftlbctl -o json ...` says; what is asked often without it."""
        if words in READ:
            try:
                return self.get(READ[words])
            except OSError as e:
                raise Failure(f"{' '.join(words)}: {e}") from e
        text = self.do("-o", "json", *words)
        try:
            return json.loads(text)
        except ValueError as e:
            raise Failure(f"{' '.join(words)}: not JSON: {e}: {text!r}") from e

    def service(self, name="www"):
        for s in self.json("show", "services"):
            if s["name"] == name:
                return s
        raise Failure(f"no service {name}")

    def backend(self, backend, service="www"):
        for b in self.service(service)["backends"]:
            if b["name"] == backend:
                return b
        raise Failure(f"no backend {service}/{backend}")

    def states(self, service="www"):
        return {b["name"]: b["state"] for b in self.service(service)["backends"]}

    def wait_state(self, backend, state, service="www", timeout_s=10):
        wait_until(lambda: self.backend(backend, service)["state"] == state,
                   timeout_s, f"{service}/{backend} is {state}")

    def wait_states(self, state, service="www", timeout_s=10):
        """Wait until all backends of a service are in one state."""
        wait_until(lambda: set(self.states(service).values()) == {state},
                   timeout_s, f"all backends of {service} are {state}")

    def reload(self):
        return self.do("config", "reload")


def start(lab, services, gw="gw", **write):
    """A daemon with these services, running and ready."""
    d = Daemon(lab, gw)
    d.write(services, **write)
    return d.start()


__all__ = ["BUILD", "Daemon", "FAST_CHECK", "ini", "member", "members",
           "service", "start"]
