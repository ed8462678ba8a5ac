# SPDX-License-Identifier: GPL-2.0-or-later
"""What modes without conntrack remember of flows: who it leads to, how long it
lives, who cleans up after backends that are gone."""

import json
import math
import threading
import time

from cached import Talks, all_are, weights
from daemon import member
from direct import (AHEAD, BESIDE, DSR, FLOOD_FROM, STATELESS, Api, remembered,
                    table)
from lab import FAMILIES, IN_VM, program, vip
from marks import alone
from process import check, equal, wait_until
from uploads import Upload, survivors

MANY = 2000 if IN_VM else 20000     # flows of each family that are remembered
DOWN_S = 10                         # nothing of a backend that is down is
                                    # removed before; nftlbd.conf(5)


def elements(lab, mode, family, name):
    """{key: value} of one of our maps; keys as nft has them, as text."""
    text = lab.nft("-j", "list", "map", *table(mode, family), name)
    found = {}
    for o in json.loads(text)["nftables"]:
        for key, value in o.get("map", {}).get("elem", []):
            if isinstance(key, dict):
                key = key["elem"]["val"]
            found[json.dumps(key)] = value
    return found


def ways(lab, mode, family):
    """{chain: id} of all backends."""
    return {value["jump"]["target"]: json.loads(key) for key, value in
            elements(lab, mode, family, "ways").items()}


def moved(mode):
    """A backend gets another address and keeps its name: it is another one, and
    nobody comes along."""
    n = 12
    with mode.fabric(backends=4) as lab:
        mode.serve(lab)
        www = mode.service(lab, 80, 2, weights=(1, 0), protocol="udp",
                           scheduler="weighted")
        d = mode.start(lab, {"www": www})
        talks = Talks(lab, n)
        equal(talks.ask(), all_are("b1", n), "begin")
        weights(d, 0, 1)
        equal(talks.ask(), all_are("b1", n), "remembered")
        before = {f: ways(lab, mode, f) for f in FAMILIES}
        for f in FAMILIES:
            key = f"backend.{member(1, f)}"
            www[key] = www[key].replace(lab.backend_addr(f, 1),
                                        lab.backend_addr(f, 4))
        d.write({"www": www}, **mode.globals(lab, "gw"))
        plan = d.do("config", "diff")
        for f in FAMILIES:
            check(lab.backend_addr(f, 4) in plan, plan)
        d.reload()
        equal(talks.ask(), all_are("b2", n), "b1 has moved")
        for f in FAMILIES:
            after = ways(lab, mode, f)
            b1, b2 = f"to.www/{member(1, f)}", f"to.www/{member(2, f)}"
            check(after[b1] != before[f][b1], f"IPv{f}: b1 keeps its id")
            equal(after[b2], before[f][b2], f"IPv{f}: b2's id")
            before[f] = after
        d.restart()
        check(d.json("show", "plan")["empty"], "the kernel has it as it is")
        equal({f: ways(lab, mode, f) for f in FAMILIES}, before,
              "a restart changes no ids")


def test_dsr_backend_moves():
    moved(DSR)


def test_stateless_backend_moves():
    moved(STATELESS)


# ---- entries of backends that are gone

HEALTH = {"type": "tcp", "port": 7000, "interval": "100ms", "timeout": "100ms",
          "rise": 1, "fall": 1}


def ids(lab, mode, family, name="www"):
    """{id: flows that are remembered with it}."""
    found = {}
    for value in elements(lab, mode, family, f"flows.{name}").values():
        found[value] = found.get(value, 0) + 1
    return found


def flows_of(lab, mode, i):
    """Entries that lead to server i, of each family."""
    return {f: ids(lab, mode, f).get(ways(lab, mode, f)[
        f"to.www/{member(i, f)}"], 0) for f in FAMILIES}


def none_of(lab, mode, i, timeout_s, words):
    wait_until(lambda: set(flows_of(lab, mode, i).values()) == {0}, timeout_s,
               words, 0.05)


def crowded(lab, mode, **keys):
    """A daemon whose service www has MANY flows, and another one some."""
    mode.serve(lab)
    services = {"www": mode.service(lab, 90, 3, **keys),
                "other": mode.service(lab, 80, 3, protocol="udp", **keys)}
    d = mode.start(lab, services)
    talks = Talks(lab, 50)
    answers = talks.ask()
    for p in [lab.spawn("c1", f"flood-{f}", [
            program("tests/tools/flood"), FLOOD_FROM[f], vip(f), "90",
            str(MANY), str(MANY / 2)]) for f in FAMILIES]:
        p.result(60)
    for f, n in remembered(lab, mode, "www").items():
        check(n > MANY * 0.9, f"IPv{f}: {n} flows of {MANY} are remembered")
    return d, services, talks, answers


class Patience:
    """How long the daemon lets others wait: somebody asks it all the time."""

    def __init__(self, d):
        self.api, self.over = Api(d), False
        self.worst_s, self.answers = 0, 0
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self.over:
            begun = time.monotonic()
            self.api.ask("GET", "/v1/services/other")
            self.answers += 1
            self.worst_s = max(self.worst_s, time.monotonic() - begun)
            time.sleep(0.002)

    def end(self):
        self.over = True
        self.thread.join()
        return self.worst_s


def without(services, i):
    """The same, but www has lost a server."""
    return {**services, "www": {k: v for k, v in services["www"].items()
                                if not k.startswith(f"backend.b{i}")}}


def purged(mode):
    """A backend is removed: its entries go, of others none does, and the
    daemon has time for everybody."""
    with mode.fabric() as lab:
        d, services, talks, answers = crowded(lab, mode)
        before = {f: ids(lab, mode, f) for f in FAMILIES}
        b1 = {f: ways(lab, mode, f)[f"to.www/{member(1, f)}"]
              for f in FAMILIES}
        patience = Patience(d)
        d.write(without(services, 1), **mode.globals(lab, "gw"))
        begun = time.monotonic()
        d.reload()
        for f in FAMILIES:
            check(before[f][b1[f]] > MANY / 5, f"IPv{f}: {before[f]}")
            wait_until(lambda f=f: b1[f] not in ids(lab, mode, f), 20,
                       f"IPv{f}: b1's are gone", 0.05)
        took_s, worst_s = time.monotonic() - begun, patience.end()
        for f in FAMILIES:
            del before[f][b1[f]]
            equal(ids(lab, mode, f), before[f], f"IPv{f}: the others'")
        equal(remembered(lab, mode, "other"), dict.fromkeys(FAMILIES, 50),
              "the other service's")
        equal(talks.ask(), answers, "its flows")
        words = (f"{2 * MANY} flows, a third removed in {took_s:.1f} s; "
                 f"{patience.answers} answers to others meanwhile, each "
                 f"within {worst_s * 1e3:.0f} ms")
        print(f"# {words}")
        check(patience.answers > 3 and worst_s < max(2, took_s / 2), words)


@alone
def test_dsr_purged():
    purged(DSR)


@alone
def test_stateless_purged():
    purged(STATELESS)


@alone
def test_ahead_purged():
    purged(AHEAD)


@alone
def test_beside_purged():
    purged(BESIDE)


@alone
def test_killed_meanwhile():
    """The daemon dies before it has removed them: the next one does, and a new
    backend does not get the id that they lead to."""
    mode = STATELESS
    with mode.fabric(backends=4) as lab:
        d, services, talks, answers = crowded(lab, mode)
        old = {f: ways(lab, mode, f) for f in FAMILIES}
        d.write(without(services, 1))
        d.reload()
        d.kill()
        left = {f: ids(lab, mode, f) for f in FAMILIES}
        more = mode.service(lab, 90, 4)
        d.write({**services, "www": {k: v for k, v in more.items()
                                     if not k.startswith("backend.b1")}})
        d.start()
        for f in FAMILIES:
            b1 = old[f][f"to.www/{member(1, f)}"]
            check(b1 in left[f], f"IPv{f}: nothing was left: {left[f]}")
            check(b1 not in ways(lab, mode, f).values(), f"IPv{f}: id of b1")
            wait_until(lambda f=f: b1 not in ids(lab, mode, f), 20,
                       f"IPv{f}: b1's are gone", 0.05)
        equal(talks.ask(), answers, "the other service's")


def has_way(lab, mode, family, i):
    """Do packets find server i?"""
    text = lab.nft("-j", "list", "chain", *table(mode, family),
                   f"to.www/{member(i, family)}")
    return any("rule" in o for o in json.loads(text)["nftables"])


def away(mode):
    """Flows that say nothing: a backend that is down for a moment finds them
    again; after a while they are gone, and at once by the operator's word."""
    n = 10
    with mode.fabric() as lab:
        mode.serve(lab)
        for b in lab.backends:
            lab.serve(b, "tcp/0.0.0.0/7000", "tcp/::/7000", name=f"{b}-health")
        d = mode.start(lab, {"www": mode.service(
            lab, 80, weights=(1, 0, 0), protocol="udp", scheduler="weighted",
            session_timeout_udp="10m", check="health", drain_timeout="1s")},
            checks={"health": HEALTH})
        for b in d.service()["backends"]:
            wait_until(lambda b=b: d.backend(b["name"])["health"] == "up", 10,
                       f"{b['name']} is up")
        talks = Talks(lab, n)
        equal(talks.ask(), all_are("b1", n), "begin")
        weights(d, 0, 1, 0)

        def health(i, up):
            if up:
                lab.serve(f"b{i}", "tcp/0.0.0.0/7000", "tcp/::/7000",
                          name=f"b{i}-health")
            else:
                lab.servers[f"b{i}-health"].kill()
            for f in FAMILIES:
                wait_until(lambda f=f: d.backend(member(i, f))["health"] ==
                           ("up" if up else "down"), 10, f"b{i}: {up}")
                wait_until(lambda f=f: has_way(lab, mode, f, i) == up, 5,
                           f"b{i}: the kernel knows")
        health(1, False)
        time.sleep(1)   # nothing happens
        equal(flows_of(lab, mode, 1), dict.fromkeys(FAMILIES, n), "kept")
        health(1, True)
        equal(talks.ask(), all_are("b1", n), "b1 is back")
        begun = time.monotonic()
        health(1, False)
        none_of(lab, mode, 1, 2 * DOWN_S, "b1 is down for good")
        took_s = time.monotonic() - begun
        check(took_s >= DOWN_S, f"after {took_s:.1f} s")
        equal(remembered(lab, mode, "www"), dict.fromkeys(FAMILIES, 0), "room")
        health(1, True)
        equal(talks.ask(), all_are("b2", n), "their slots'")
        weights(d, 0, 0, 1)
        for f in FAMILIES:
            d.do("backend", "drain", "www", member(2, f))
        equal(talks.ask(), all_are("b2", n), "b2 is drained")
        none_of(lab, mode, 2, 5, "b2 was drained")
        equal(talks.ask(), all_are("b3", n), "their slots' again")
        for f in FAMILIES:
            d.do("backend", "disable", "www", member(3, f))
        none_of(lab, mode, 3, 3, "b3 is disabled")


def test_dsr_away():
    away(DSR)


def test_stateless_away():
    away(STATELESS)


# ---- what a change costs

def foretold(mode):
    """With a cache `config diff` knows that other weights move no flow, and
    how many a backend takes along that is removed."""
    n = 100
    with mode.fabric(backends=4) as lab:
        mode.serve(lab)

        def services(last, weights):
            return {"www": mode.service(lab, 90, last, weights=weights,
                                        scheduler="weighted")}
        d = mode.start(lab, services(4, (1, 1, 1, 1)))
        flows = {f: [Upload(lab, vip(f), 90, 0) for _ in range(n)]
                 for f in FAMILIES}
        d.write(services(4, (3, 1, 1, 1)), **mode.globals(lab, "gw"))
        price = d.json("config", "diff")["price"]
        check(0.2 < price["clients_moved"] < 0.3, f"new flows: {price}")
        equal(price["flows_moved"], 0, "all are remembered")
        d.reload()
        for f in FAMILIES:
            equal(survivors(flows[f])[1], [], f"IPv{f}: cut")
        d.write(services(4, (1, 1, 1, 1)), **mode.globals(lab, "gw"))
        d.reload()
        d.write(services(3, (1, 1, 1)), **mode.globals(lab, "gw"))
        share = d.json("config", "diff")["price"]["flows_moved"]
        check(0.24 <= share <= 0.26, f"a quarter should move: {share}")
        text = d.do("config", "diff")
        check(f"that move: {100 * share:.1f}%" in text, text)
        d.reload()
        for f in FAMILIES:
            alive, dead = survivors(flows[f])
            equal({u.backend for u in dead}, {"b4"}, f"IPv{f}: cut")
            check("b4" not in {u.backend for u in alive}, "alive on b4")
            bound = 5 * math.sqrt(n * share * (1 - share)) + n / 100
            check(abs(len(dead) - n * share) <= bound, f"IPv{f}: {len(dead)} "
                  f"of {n} cut, {n * share:.0f} +- {bound:.0f} predicted")


def test_dsr_price():
    foretold(DSR)


def test_stateless_price():
    foretold(STATELESS)


def test_ahead_price():
    foretold(AHEAD)


# ---- nftlbctl route

def explained(mode):
    """`route` says of each flow where its packets go: where it is remembered,
    or else by its slot."""
    n = 8
    with mode.fabric() as lab:
        mode.serve(lab)
        www = mode.service(lab, 80, 2, weights=(1, 0), protocol="udp",
                           scheduler="weighted")
        if not mode.through_gateway:    # remembered by more than its client
            www["port"] = "80, 82"
        d = mode.start(lab, {"www": www})
        talks = Talks(lab, n)
        talks.ask()

        def said():
            """{family: [(who decides, backend)]} of all flows."""
            found = {f: [] for f in FAMILIES}
            for f in FAMILIES:
                for t in talks.flows[f]:
                    client, port = t.sock.getsockname()[:2]
                    at = f"[{client}]:{port}" if f == 6 else f"{client}:{port}"
                    r = d.json("route", "www", at)
                    found[f].append((r["by"],
                                     r["backend"]["name"].split("-")[0]))
                text = d.do("route", "www", at)
                check(("is remembered" in text) == (r["by"] == "flow"), text)
            return found
        weights(d, 0, 1)
        equal(said(), all_are(("flow", "b1"), n), "remembered")
        equal(talks.ask(), all_are("b1", n), "packets")
        for f in FAMILIES:
            r = d.json("route", "www", "[2001:db8:1::b]:9" if f == 6 else
                       "10.1.0.11:9")
            equal((r["by"], r["backend"]["name"]), ("slot", member(2, f)),
                  "somebody new")
            lab.nft("flush", "map", *table(mode, f), "flows.www")
            if table(mode, f)[0] == "netdev":
                lab.nft("flush", "map", *table(mode, f), "recent")
        equal(said(), all_are(("slot", "b2"), n), "forgotten")
        equal(talks.ask(), all_are("b2", n), "packets")
        equal(said(), all_are(("flow", "b2"), n), "remembered again")
        for f in FAMILIES:
            d.do("backend", "disable", "www", member(2, f))
            d.do("backend", "weight", "www", member(1, f), "1")
        equal(said(), all_are(("slot", "b1"), n), "b2 is gone")
        equal(talks.ask(), all_are("b1", n), "packets")


def test_dsr_route():
    explained(DSR)


def test_stateless_route():
    explained(STATELESS)


def test_ahead_route():
    explained(AHEAD)


def test_beside_route():
    explained(BESIDE)
