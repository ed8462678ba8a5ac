# SPDX-License-Identifier: GPL-2.0-or-later
"""The HTTP API of hvagent: what it takes, what it refuses, what it keeps."""

import http.client
import json
import os
import ssl
import threading

import daemon
from hvapi import Agent, Client
from lab import Lab, vip
from marks import alone
from netns import inside
from pki import Authority
from process import Failure, check, equal, wait_until

WEB = {"service": "192.0.2.10:80/tcp", "vm": "10.5.0.1:8080"}
TOKEN = "correct-horse-battery"


def many(count, first=0):
    """`count` bindings: 250 services each on machines of their own."""
    return [{"name": f"b{i}", "service": f"192.0.2.{i % 250 + 1}:80/tcp",
             "vm": f"10.{100 + i // 62500}.{i // 250 % 250}.{i % 250 + 1}:8080"}
            for i in range(first, first + count)]


def listed(bindings, origin="api"):
    return {b["name"]: (b["service"], b["vm"], origin) for b in bindings}


def in_kernel(agent, address):
    """Does the rule set speak of this address?"""
    return address in agent.rules()


def elements(agent):
    """How many bindings the kernel has."""
    text = agent.lab.nft("-j", "list", "map", "ip", "hvagent", "bindings",
                         gw=agent.node)
    for o in json.loads(text)["nftables"]:
        if "map" in o:
            return len(o["map"].get("elem", []))
    raise Failure("no map")


# ---- what it takes

def test_bindings():
    with Lab(backends=0) as lab:
        agent = Agent(lab).write({"fixed": ("192.0.2.10:443/tcp", "10.5.0.9")})
        c = agent.start().client()
        equal(c.bindings(), {"fixed": ("192.0.2.10:443/tcp", "10.5.0.9",
                                       "file")}, "of the file")
        equal(c.put("web", **WEB), {"name": "web", **WEB, "origin": "api"},
              "answer to a put")
        check(in_kernel(agent, "10.5.0.1 : 8080")
              or in_kernel(agent, "10.5.0.1 . 8080"), agent.rules())
        equal(c.ask("GET", "/v1/bindings/web").ok()["vm"], WEB["vm"], "one")
        commits = c.ask("GET", "/v1/status").ok()["commits"]["done"]
        c.put("web", **WEB)
        equal(c.ask("GET", "/v1/status").ok()["commits"]["done"], commits,
              "commits for nothing new")
        c.put("web", WEB["service"], "10.5.0.2")
        check(in_kernel(agent, "10.5.0.2") and
              not in_kernel(agent, "10.5.0.1"), agent.rules())
        c.put("six", "[2001:db8:a::10]:53/udp", "[2001:db8:5::1]:5353")
        check(in_kernel(agent, "2001:db8:5::1"), "IPv6")
        equal(c.ask("DELETE", "/v1/bindings/web").ok(), {"name": "web"},
              "answer to a delete")
        check(not in_kernel(agent, "10.5.0.2"), agent.rules())
        equal(c.ask("DELETE", "/v1/bindings/web").status, 404, "once more")
        equal(sorted(c.bindings()), ["fixed", "six"], "what is left")


def test_many_at_once():
    with Lab(backends=0) as lab:
        agent = Agent(lab).write({"fixed": ("192.0.2.10:443/tcp", "10.5.0.9")})
        c = agent.start().client()
        fixed = c.bindings()
        first, more = many(20), many(10, 15)
        done = c.ask("GET", "/v1/status").ok()["commits"]["done"]
        c.ask("POST", "/v1/bindings", first).ok()
        c.ask("POST", "/v1/bindings", more).ok()
        equal(c.ask("GET", "/v1/status").ok()["commits"]["done"], done + 2,
              "one commit each")
        equal(c.bindings(), fixed | listed(many(25)), "both")
        # Two that change places: no order of single changes could do it.
        a, b = first[0], first[1]
        swapped = [{**a, "service": b["service"], "vm": b["vm"]},
                   {**b, "service": a["service"], "vm": a["vm"]}]
        c.ask("POST", "/v1/bindings", swapped).ok()
        equal(c.bindings()["b0"][1], b["vm"], "the other's machine")
        answer = c.ask("PUT", "/v1/bindings", more).ok()
        equal(answer, {"put": 10, "bindings": 11}, "answer")
        equal(c.bindings(), fixed | listed(more), "only these, and the file's")
        c.ask("PUT", "/v1/bindings", []).ok()
        equal(c.bindings(), fixed, "none of the API's")


# ---- what it refuses

def one(**fields):
    return {**WEB, **fields}


BAD = [
    # method, path, body, status, words that must be in the detail
    ("PUT", "/v1/bindings/x", b"", 400, "body: is empty; allowed"),
    ("PUT", "/v1/bindings/x", b"{", 400, "not JSON"),
    ("PUT", "/v1/bindings/x", b"\xff\xfe", 400, "not JSON"),
    ("PUT", "/v1/bindings/x", b"[" * 100000, 400, "not JSON"),
    ("PUT", "/v1/bindings/x", b"[]", 400, "allowed: an object"),
    ("PUT", "/v1/bindings/x", b'"web"', 400, "allowed: an object"),
    ("PUT", "/v1/bindings/x", b'{"vm":"10.5.0.1","vm":"10.5.0.2"}', 400,
     "not JSON"),
    ("PUT", "/v1/bindings/x", {"vm": WEB["vm"]}, 400,
     "service: is missing; allowed: ADDRESS:PORT/PROTOCOL"),
    ("PUT", "/v1/bindings/x", {"service": WEB["service"]}, 400,
     "vm: is missing; allowed: ADDRESS"),
    ("PUT", "/v1/bindings/x", one(weight=1), 400, 'unknown field "weight"'),
    ("PUT", "/v1/bindings/x", one(service=80), 400, "service: found 80"),
    ("PUT", "/v1/bindings/x", one(service=None), 400, "service: found null"),
    ("PUT", "/v1/bindings/x", one(service="192.0.2.10:80"), 400,
     "tcp, udp or sctp"),
    ("PUT", "/v1/bindings/x", one(service="192.0.2.10:80/icmp"), 400,
     "tcp, udp or sctp"),
    ("PUT", "/v1/bindings/x", one(service="192.0.2.10:0/tcp"), 400, "65535"),
    ("PUT", "/v1/bindings/x", one(service="192.0.2.10:70000/tcp"), 400,
     "service:"),
    ("PUT", "/v1/bindings/x", one(service="www.test:80/tcp"), 400, "service:"),
    ("PUT", "/v1/bindings/x", one(service="192.0.2.010:80/tcp"), 400,
     "service:"),
    ("PUT", "/v1/bindings/x", one(service="2001:db8::1:80/tcp"), 400,
     "brackets"),
    ("PUT", "/v1/bindings/x", one(service="224.0.0.1:80/tcp"), 400, "service:"),
    ("PUT", "/v1/bindings/x", one(service="127.0.0.1:80/tcp"), 400, "service:"),
    ("PUT", "/v1/bindings/x",
     one(service="192.0.2.10:80/tcp }; flush ruleset;"), 400, "service:"),
    ("PUT", "/v1/bindings/x", one(vm="10.5.0.1:http"), 400, "vm:"),
    ("PUT", "/v1/bindings/x", one(vm="10.5.0.1/32"), 400, "vm:"),
    ("PUT", "/v1/bindings/x", one(vm="0.0.0.0"), 400, "vm:"),
    ("PUT", "/v1/bindings/x", one(vm="fe80::1"), 400, "vm:"),
    ("PUT", "/v1/bindings/x", one(vm="2001:db8:5::1"), 400, "family"),
    ("PUT", "/v1/bindings/x", one(vm="192.0.2.10"), 400, "own address"),
    ("PUT", "/v1/bindings/x", one(vm="1" * 5000), 400, "vm: found"),
    ("PUT", "/v1/bindings/x", one(service="192.0.2.1:80/tcp",
                                  vm="10.5.0.7:80"), 409, "taken"),
    ("PUT", "/v1/bindings/fixed", WEB, 409, "reload"),
    ("DELETE", "/v1/bindings/fixed", None, 409, "file"),
    ("DELETE", "/v1/bindings/nobody", None, 404, "nobody"),
    ("GET", "/v1/bindings/nobody", None, 404, "nobody"),
    ("PUT", "/v1/bindings/-x", WEB, 400, "name: found"),
    ("PUT", "/v1/bindings/a%20b", WEB, 400, "name: found"),
    ("PUT", "/v1/bindings/a%22;b", WEB, 400, "name: found"),
    ("PUT", "/v1/bindings/a%00b", WEB, 400, "name: found"),
    ("PUT", "/v1/bindings/" + 64 * "n", WEB, 404, "no such path"),
    ("PUT", "/v1/bindings/a/b", WEB, 404, "no such path"),
    ("PATCH", "/v1/bindings/taken", WEB, 405, "GET, PUT, DELETE"),
    ("DELETE", "/v1/bindings", None, 405, "GET, PUT, POST"),
    ("GET", "/v1/bindings?limit=1", None, 400, "none is allowed"),
    ("POST", "/v1/sync", {"now": True}, 400, 'unknown field "now"'),
    ("GET", "/v1/services", None, 404, "no such path"),
    ("PUT", "/v1/bindings", {}, 400, "an array"),
    ("PUT", "/v1/bindings", [1], 400, "[0]."),
    ("PUT", "/v1/bindings", [one()], 400, "[0].name: is missing"),
    ("PUT", "/v1/bindings", [one(name="a"), one(name="b", vm="x")], 400,
     "[1].vm: found"),
    ("POST", "/v1/bindings",
     [one(name="a"), one(name="b", vm="10.5.0.2"), one(name="a")], 400,
     "[2].name: found \"a\" a second time"),
    ("POST", "/v1/bindings", [one(name="a"), one(name="b")], 409,
     "[1].service"),
    ("POST", "/v1/bindings", [one(name="a"), one(name="fixed", vm="10.5.0.2")], 409,
     "[1].name"),
    ("POST", "/v1/bindings", [one(name="a", origin="file")], 400, "origin"),
    ("POST", "/v1/bindings", [{}] * 65537, 413, "65536"),
]
# A body that is announced; nobody waits for it.
TOO_LARGE = {"Content-Length": str((16 << 20) + 1)}


def refused(agent, method, path, body, status, words, **headers):
    """It is, as a problem that says so."""
    what = f"{method} {path} {str(body)[:60]}"
    a = agent.client().ask(method, path, body, **headers)
    equal(a.status, status, f"{what}: {a.body[:500]!r}")
    equal(a.headers["Content-Type"], "application/problem+json", what)
    problem = a.json()
    equal(problem["status"], status, what)
    check(words in problem["detail"],
          f"{what}: {words!r} is not in {problem['detail']!r}")


def kept(agent):
    with open(os.path.join(agent.state, "hvagent.bindings"), "rb") as f:
        return f.read()


def test_bad_input():
    with Lab(backends=0) as lab:
        agent = Agent(lab).write({"fixed": ("192.0.2.10:443/tcp", "10.5.0.9")})
        c = agent.start().client()
        c.put("taken", "192.0.2.1:80/tcp", "10.5.0.7:80")
        rules, bindings, on_disk = agent.rules(), c.bindings(), kept(agent)
        error = c.ask("GET", "/v1/status").ok()["error"]
        for case in BAD:
            refused(agent, *case)
        refused(agent, "POST", "/v1/bindings", b"", 413, "16777216",
                **TOO_LARGE)
        equal(c.bindings(), bindings, "bindings after bad input")
        equal(agent.rules(), rules, "rules after bad input")
        equal(kept(agent), on_disk, "what is kept after bad input")
        equal(c.ask("GET", "/v1/status").ok()["error"], error, "last error")
        print(f"# {len(BAD) + 1} kinds of bad input refused, nothing changed")


# ---- what it costs

def cost_of_one(agent, c, n=100):
    """Processor seconds for a binding more and a binding less, each."""
    begun = agent.cpu_s()
    for i in range(n):
        c.put(f"more{i}", "192.0.2.251:80/tcp", f"10.200.0.{i + 1}")
        c.ask("DELETE", f"/v1/bindings/more{i}").ok()
    return (agent.cpu_s() - begun) / n


@alone
def test_five_thousand():
    with Lab(backends=0) as lab:
        agent = Agent(lab).write().start()
        c = agent.client()
        c.ask("PUT", "/v1/bindings", many(50)).ok()
        few = cost_of_one(agent, c)
        begun = agent.cpu_s()
        c.ask("PUT", "/v1/bindings", many(5000)).ok()
        took = agent.cpu_s() - begun
        equal(elements(agent), 5000, "bindings in the kernel")
        lots = cost_of_one(agent, c)
        begun = agent.cpu_s()
        c.ask("PUT", "/v1/bindings", []).ok()
        gone = agent.cpu_s() - begun
        print(f"# 5000 bindings: {took:.3f} s of hvagent's processor time to "
              f"add, {gone:.3f} s to remove; one more and one less: "
              f"{few * 1e3:.2f} ms with 50, {lots * 1e3:.2f} ms with 5000")
        check(took < 1 and gone < 1, f"5000: {took:.2f} s, {gone:.2f} s")
        check(lots < 2 * few, f"one more grows with the others: {few} {lots}")


# ---- what it keeps

class Writer(threading.Thread):
    """Puts and removes bindings of its own as fast as it can, and knows what
    was promised: {name: machine, or None}; `asked` may be done or not."""

    def __init__(self, agent, number, count=10 ** 9):
        super().__init__(daemon=True)
        self.agent, self.number, self.count = agent, number, count
        self.promised, self.asked, self.error = {}, None, None
        self.done = 0

    def turn(self, c, i):
        name = f"w{self.number}-{i % 40}"
        machine = f"10.{60 + self.number}.{i // 250 % 250}.{i % 250 + 1}:80"
        if i % 3 == 2 and self.promised.get(name):
            machine = None
        self.asked = (name, machine)
        if machine:
            c.put(name, "192.0.2.20:80/tcp", machine)
        else:
            c.ask("DELETE", f"/v1/bindings/{name}").ok()
        self.promised[name] = machine
        self.asked = None

    def run(self):
        try:
            c = self.agent.client()
            for i in range(self.count):
                self.turn(c, i)
                self.done = i + 1
        except (OSError, http.client.HTTPException):
            pass    # it was killed
        except Failure as e:
            self.error = e

    def may_be(self, name):
        """The machines that a binding may have by now."""
        either = [self.promised.get(name)]
        if self.asked and self.asked[0] == name:
            either.append(self.asked[1])
        return either


def all_kept(writers, found):
    for w in writers:
        check(not w.error, str(w.error))
        names = set(w.promised) | ({w.asked[0]} if w.asked else set())
        for name in names:
            has = found.get(name, (None, None, None))[1]
            check(has in w.may_be(name),
                  f"{name}: found {has}, promised {w.may_be(name)}")


def test_two_writers_lose_nothing():
    with Lab(backends=0) as lab:
        agent = Agent(lab).write().start()
        writers = [Writer(agent, i, 100) for i in range(2)]
        for w in writers:
            w.start()
        for w in writers:
            w.join(60)
            equal((w.done, w.asked), (100, None), "turns")
        found = agent.client().bindings()
        all_kept(writers, found)
        equal(elements(agent), len(found), "in the kernel")
        agent.stop()
        agent.start()
        equal(agent.client().bindings(), found, "after a restart")


def test_kill_keeps():
    """kill -9 in the middle of writing, again and again."""
    with Lab(backends=0) as lab:
        agent = Agent(lab).write().start()
        writers = []
        for turn in range(4):
            w = Writer(agent, turn)
            writers.append(w)
            w.start()
            wait_until(lambda: w.done >= 20 + 7 * turn or w.error, 20,
                       "some turns")
            agent.kill()
            w.join(20)
            agent.start()
            found = agent.client().bindings()
            all_kept(writers, found)
            equal(elements(agent), len(found), "in the kernel")


def test_damaged_state():
    """Rather none than another one: who runs it must know."""
    with Lab(backends=0) as lab:
        agent = Agent(lab).write().start()
        agent.client().put("web", **WEB)
        agent.stop()
        with open(os.path.join(agent.state, "hvagent.bindings"), "a",
                  encoding="ascii") as f:
            f.write("half a wo\n{\"remove\":\"web\"}\n")
        agent.launch()
        check(agent.process.wait(20) != 0, "it starts")
        check("hvagent.bindings:4: damaged" in agent.process.errors(),
              agent.process.errors())
        check(in_kernel(agent, "10.5.0.1"), "the rules are gone")


# ---- who may ask

def tcp(lab, port, token=None, ca=None):
    """A client on the node itself; `ca`: TLS, by whom that one signed."""
    to = ("127.0.0.1", port)
    c = Client(http.client.HTTPSConnection(
        *to, timeout=20, context=ssl.create_default_context(cafile=ca.pem))
        if ca else http.client.HTTPConnection(*to, timeout=20))
    with inside(lab, "gw"):
        c.connection.connect()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return lambda method, path, body=None: c.ask(method, path, body, **headers)


def test_listen():
    with Lab(backends=0) as lab:
        agent = Agent(lab).write(listen="0.0.0.0:9445").launch()
        check(agent.process.wait(20) != 0, "it listens without a token")
        check("token" in agent.process.errors(), agent.process.errors())
        agent.write(listen="127.0.0.1:9445").start()
        equal(tcp(lab, 9445)("PUT", "/v1/bindings/web", WEB).status, 200,
              "loopback")
        agent.stop()
        path = os.path.join(lab.dir, "token")
        with open(path, "w", encoding="ascii") as f:
            f.write(TOKEN + "\n")
        os.chmod(path, 0o644)
        ca = Authority(lab.dir, "ca")
        pem, key = ca.sign("agent", ["IP:127.0.0.1"])
        other = ca.sign("other", ["IP:127.0.0.1"])[1]
        keys = {"listen": "0.0.0.0:9445", "token_file": path,
                "cert_file": pem, "key_file": key}
        refused_start(agent, keys, "mode 0644")
        os.chmod(path, 0o600)
        for less in ("cert_file", "key_file", "token_file"):
            refused_start(agent, {k: v for k, v in keys.items() if k != less},
                          "are needed")
        os.chmod(key, 0o604)
        refused_start(agent, keys, "mode 0604")
        os.chmod(key, 0o600)
        refused_start(agent, {**keys, "key_file": other}, "its key")
        agent.write(**keys).start()
        for token, status in ((None, 401), (TOKEN[:-1], 401), (TOKEN, 200)):
            ask = tcp(lab, 9445, token, ca)
            equal(ask("DELETE", "/v1/bindings/nobody").status,
                  404 if status == 200 else status, f"with {token}")
            equal(ask("GET", "/metrics").status, status,
                  f"metrics with {token}")
        ask = tcp(lab, 9445, TOKEN, ca)     # in pieces, there and back
        equal(ask("PUT", "/v1/bindings", many(3000)).status, 200, "3,000")
        equal(len(ask("GET", "/v1/bindings").ok()), 3000, "and back")
        check(tcp(lab, 9445, ca=ca)("GET", "/healthz").status in (200, 503),
              "health needs no token")
        try:
            tcp(lab, 9445, TOKEN)("GET", "/healthz")
            raise Failure("an answer without TLS")
        except (OSError, http.client.HTTPException):
            pass
        check("b7" in agent.client().bindings(), "the socket needs no token")


def refused_start(agent, keys, words):
    agent.write(**keys).launch()
    check(agent.process.wait(20) != 0, f"it listens with {keys}")
    check(words in agent.process.errors(), agent.process.errors())


# ---- what it says

def metrics(c):
    a = c.ask("GET", "/metrics")
    equal(a.status, 200, "metrics")
    check(a.headers["Content-Type"].startswith("text/plain; version=0.0.4"),
          a.headers["Content-Type"])
    lines = a.body.decode().splitlines()
    return {k: float(v) for k, v in (line.rsplit(" ", 1) for line in lines
                                     if not line.startswith("#"))}


def test_status():
    with Lab(backends=0) as lab:
        agent = Agent(lab).write({"fixed": ("192.0.2.10:443/tcp", "10.5.0.9")})
        c = agent.start().client()
        c.put("web", **WEB)
        m = metrics(c)
        equal(m['hvagent_bindings{origin="file"}'], 1, "of the file")
        equal(m['hvagent_bindings{origin="api"}'], 1, "of the API")
        equal(m["hvagent_decapsulated_packets_total"], 0, "packets")
        equal(m['hvagent_dropped_packets_total{reason="stranger"}'], 0,
              "strangers")
        equal(m["hvagent_repairs_total"], 0, "repairs")
        check(m['hvagent_commits_total{result="ok"}'] >= 2, "commits")
        s = c.ask("GET", "/v1/status").ok()
        equal((s["program"], s["bindings"]),
              ("hvagent", {"total": 2, "file": 1, "api": 1}), "status")
        equal(c.ask("GET", "/v1/version").ok()["program"], "hvagent", "version")
        lab.nft("flush", "chain", "ip", "hvagent", "outer")
        c.ask("POST", "/v1/sync").ok()
        wait_until(lambda: metrics(c)["hvagent_repairs_total"] > 0, 5, "repair")
        health = c.ask("GET", "/healthz")
        equal(health.status, 503 if s["error"] else 200, "health")
        found = c.ask("GET", "/v1/check").ok()
        check(any(f["check"] == "module" or f["check"] == "interface"
                  for f in found), found)


def test_nftlbctl():
    with Lab(backends=0) as lab:
        agent = Agent(lab).write({"fixed": ("192.0.2.10:443/tcp", "10.5.0.9")})
        agent.start()
        agent.do("binding", "add", "web", WEB["service"], WEB["vm"])
        text = agent.do("show", "bindings")
        check("web" in text and "10.5.0.1:8080" in text and "file" in text,
              text)
        equal(json.loads(agent.do("-o", "json", "show", "bindings", "web")),
              [{"name": "web", **WEB, "origin": "api"}], "JSON")
        check("of the API" in agent.do("status"), "status")
        agent.do("sync")
        check("LEVEL" in agent.ctl("check").stdout, "check")
        agent.do("binding", "remove", "web")
        p = agent.ctl("binding", "remove", "fixed")
        equal(p.returncode, 1, "removing the file's")
        check("file" in p.stderr, p.stderr)
        p = agent.ctl("binding", "add", "x", "192.0.2.10:80", "10.5.0.1")
        check(p.returncode == 1 and "service: found" in p.stderr, p.stderr)
        p = agent.ctl("show", "services")
        equal(p.returncode, 1, "the daemon's words")
        check("command for nftlbd, but hvagent answers" in p.stderr, p.stderr)


def test_nftlbctl_at_the_daemon():
    with Lab(backends=1) as lab:
        d = daemon.start(lab, {"www": daemon.service(
            daemon.members(1, families=(4,)), address=vip(4))})
        for words in (("show", "bindings"), ("binding", "remove", "x"),
                      ("binding", "add", "x", WEB["service"], WEB["vm"])):
            p = d.ctl(*words)
            equal(p.returncode, 1, str(words))
            check("command for hvagent, but nftlbd answers at" in p.stderr,
                  p.stderr)
