# SPDX-License-Identifier: GPL-2.0-or-later
"""
What all modes without conntrack promise, once for each of them: a Mode says how
its network and its services differ, the functions below what must be true.

That the client sees the service's address needs no words here: a connected
socket hears nobody else.
"""

import http.client
import json
import math
import socket
import time

import daemon
import sums
from fabric import Fabric, addr
from lab import (FAMILIES, IN_VM, client_addr, crowd, pretty, program,
                 vip)
from process import check, equal, wait_until
from uploads import SIZE, Upload, survivors, transfers

CONNECTIONS = 300 if IN_VM else 1000
FEWER = 200 if IN_VM else CONNECTIONS   # where it shows less
UDP = 100
WEIGHTS = (3, 2, 1)
PATIENT_MS = 10000                      # for who needs no answer in time


class Mode:
    """A direct mode: its network, its servers, its services."""

    def __init__(self, name, through_gateway, **keys):
        self.name = name
        # Answers go there, and ports are translated: to 8000 more.
        self.through_gateway = through_gateway
        self.keys = keys

    def fabric(self, **options):
        if self.through_gateway:
            options = {"answers": "gateway", "vip_on": False, **options}
        return Fabric(**options)

    def serve(self, lab):
        """Servers that say their name for 80..84, one that streams for 90."""
        if self.through_gateway:
            specs = [what for a in ("0.0.0.0", "::") for what in (
                f"tcp/{a}/8080-8084", f"udp/{a}/8080", f"tcp/{a}/8090/stream")]
        else:
            specs = [what for f, a in ((4, "0.0.0.0"), (6, "::")) for what in (
                f"tcp/{a}/80-84", f"udp/{vip(f)}/80", f"tcp/{a}/90/stream")]
        lab.serve_all(*specs)
        if self.name == "ipip":
            unwrap(lab)

    def service(self, lab, port, backends=None, weights=None, **keys):
        """A service over the first so many backends (default: all)."""
        lines = {}
        for f in FAMILIES:
            for i in range(1, (backends or len(lab.backends)) + 1):
                text = lab.backend_addr(f, i)
                if self.through_gateway:
                    text = f"[{text}]" if f == 6 else text
                    text += f":{8000 + port}"
                if weights:
                    text += f" weight={weights[i - 1]}"
                lines[daemon.member(i, f)] = text
        keys = {"mode": self.name, **self.keys, **keys}
        if keys.get("interface") == "":
            keys["interface"] = lab.way_in()
        return daemon.service(lines, port=port, **keys)

    def start(self, lab, services, gw="gw", **options):
        options = {**self.globals(lab, gw), **options}
        return daemon.start(lab, services, gw=gw, **options)

    def globals(self, lab, gw):
        """Keys of [global]."""
        if self.name != "ipip":
            return {}
        n = lab.gateways.index(gw) + 1
        return {"tunnel-source": ", ".join(addr(f, "back", n)
                                           for f in FAMILIES)}


def unwrap(lab):
    """Backends take packets out of tunnels by themselves, and say that theirs
    are longer by a header: nobody would tell the client."""
    for b in lab.backends:
        lab.ip(b, ["link set tunl0 up", "link set ip6tnl0 up"] + [
            lab._default(f, b) + " advmss 1380" for f in FAMILIES])


STATELESS = Mode("stateless", True)
# The same, of packets that are met as they come in.
AHEAD = Mode("stateless", True, interface="")
# The same, but they come in elsewhere, and are routed.
BESIDE = Mode("stateless", True, interface="back")
DSR = Mode("dsr", False, interface="")
IPIP = Mode("ipip", False, interface="")


# ---- who gets how much

def within(counts, weights, words):
    """Shares as the weights say. A hash deals as dice do: five standard
    deviations (one test in a million is wrong), and 1 % that the table itself
    may be off."""
    n, total = sum(counts.values()), sum(weights)
    for i, w in enumerate(weights, 1):
        p = w / total
        bound = 5 * math.sqrt(n * p * (1 - p)) + n / 100
        found = counts.get(f"b{i}", 0)
        check(abs(found - n * p) <= bound, f"{words}: b{i} has {found} of {n}, "
              f"{n * p:.0f} +- {bound:.0f} was promised: {counts}")


def both(lab, port, n, **options):
    """n connections of each family, side by side: {family: Result}."""
    options.setdefault("timeout_ms", PATIENT_MS)
    source = options.pop("crowd", False)
    runs = {f: lab.flow_start("c1", vip(f), port, n, clients=8, log=True,
                              source=crowd(f, n) if source else None, **options)
            for f in FAMILIES}
    return {f: t.result(60 + n / 10) for f, t in runs.items()}


# port -> weights, keys, from a crowd of addresses
STATIC = {
    80: ((1, 1, 1), {"protocol": "tcp, udp"}, False),   # round-robin
    81: (WEIGHTS, {"scheduler": "weighted"}, False),
    82: (WEIGHTS, {"scheduler": "source-hash"}, True),
    83: (WEIGHTS, {"scheduler": "source-hash", "hash_key": "source-port"},
         False),
    84: (WEIGHTS, {"scheduler": "source-hash", "hash_key": "5-tuple"}, False),
}


def balanced(mode, **network):
    """Each static scheduler, each key of source-hash: 1,000 connections of each
    family; the client is seen by the server, and `route` knew by whom."""
    with mode.fabric(**network) as lab:
        mode.serve(lab)
        d = mode.start(lab, {
            f"s{port}": mode.service(lab, port, weights=WEIGHTS, **keys)
            for port, (_, keys, _) in STATIC.items()})
        for port, (weights, keys, many) in STATIC.items():
            n = CONNECTIONS if port < 83 else FEWER
            for f, r in both(lab, port, n, crowd=many).items():
                words = f"{mode.name} IPv{f} {pretty(keys)}"
                r.all_ok(words)
                within(r.counts(), weights, words)
                if many:
                    r.by_source()
                else:
                    equal({c.seen for c in r.log}, {client_addr(f)}, words)
                equal([c for c in r.log if (c.seen, c.seen_port) !=
                       (c.source, c.source_port)], [], f"{words}: seen")
                foretold(d, f, f"s{port}", r.log[:1 if IN_VM else 3], words)
        for f, r in both(lab, 80, UDP, proto="udp").items():
            r.all_ok(f"{mode.name} UDP IPv{f}")
            equal({c.seen for c in r.log}, {client_addr(f)}, "client seen")
            equal(len(r.counts()), 3, "backends of UDP")
        answers(mode, lab)


def foretold(d, f, service, connections, words):
    """nftlbctl route says of these who serves them."""
    for c in connections:
        at = f"[{c.source}]" if f == 6 else c.source
        said = d.json("route", service, f"{at}:{c.source_port}")
        equal(said["backend"]["name"].removesuffix("-v6"), c.backend,
              f"{words}: {at}:{c.source_port} foretold")


def answers(mode, lab):
    """They pass the gateway, or not; and nothing was sent back."""
    equal(set(lab.gateway_sent("lost").values()), {0}, "not served")
    for (gw, f), n in lab.gateway_sent("from").items():
        if mode.through_gateway:
            check(n > 0, f"{gw} IPv{f}: no answer seen at all")
        else:
            equal(n, 0, f"{gw} IPv{f}: answers that pass it")


# ---- long transfers

def intact(mode, more=None, **network):
    """Long transfers with offloads on: bundles of segments on all cables. Then
    with sums that are made and checked, which offloads do not. Then what
    more(lab) has to say."""
    with mode.fabric(**network) as lab:
        lab.gro()
        mode.serve(lab)
        mode.start(lab, {"www": mode.service(lab, 90),
                         "udp": mode.service(lab, 80, protocol="udp")})
        transfers([Upload(lab, vip(f), 90, SIZE) for f in FAMILIES
                   for _ in range(3)])
        sums.made_by_senders(lab)
        transfers([Upload(lab, vip(f), 90, SIZE // 8) for f in FAMILIES])
        sums.sound(lab, mode.name)
        answers(mode, lab)
        if more:
            more(lab)


# ---- changes

def held(lab, n, port=90):
    """Transfers that go on; in the virtual machine they say less."""
    return {f: lab.hold("c1", vip(f), port, n, interval_ms=250 if IN_VM else 20)
            for f in FAMILIES}


def judge(holds, words):
    """All transfers must live. Returns how many there were on each backend."""
    found = {}
    for f, hold in holds.items():
        for t in hold.stop().transfers:
            equal(t["reason"], "", f"{words}: a transfer of IPv{f} with "
                  f"{t['backend']} ended")
            found[t["backend"]] = found.get(t["backend"], 0) + 1
    return found


class Api:
    """The control socket of a daemon, without a program for each word."""

    def __init__(self, d):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(d.socket)

    def ask(self, method, path, value=None):
        """The body of the answer; it must be a good one."""
        body = b"" if value is None else json.dumps(value).encode()
        self.sock.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: nftlb\r\nContent-Type: "
            f"application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            .encode() + body)
        answer = http.client.HTTPResponse(self.sock)
        answer.begin()
        text = answer.read()
        check(answer.status < 300, f"{method} {path}: {text!r}")
        return text

    def patch_weight(self, service, backend, weight):
        self.ask("PATCH", f"/v1/services/{service}/backends/{backend}",
                 {"weight": weight})


CHANGES = 500
RELOAD_EACH = 50 if IN_VM else 10


def changed(mode, **keys):
    """Weights change, members come and go, under load: with the cache no
    established flow notices, and none that is new."""
    with mode.fabric(backends=5) as lab:
        mode.serve(lab)

        def services(n):
            keep = dict(scheduler="weighted", weights=(5, 3, 2, 4, 1), **keys)
            return {"long": mode.service(lab, 90, n, **keep),
                    "www": mode.service(lab, 80, 3, **keep)}
        d = mode.start(lab, services(3))
        n = 30 if IN_VM else 60
        holds = held(lab, n)
        load = {f: lab.flow_start("c1", vip(f), 80, clients=n // 30,
                                  timeout_ms=PATIENT_MS) for f in FAMILIES}
        api = Api(d)
        for i in range(CHANGES):
            if i % RELOAD_EACH == 0:    # b4 and b5 come and go
                d.write(services(3 + i // RELOAD_EACH % 3),
                        **mode.globals(lab, "gw"))
                d.reload()
                continue
            name = daemon.member(1 + i % 3, (4, 6)[i // 3 % 2])
            for s in ("long",) if IN_VM and i % 7 else ("long", "www"):
                api.patch_weight(s, name, 1 + i * 7 % 10)
        for f, t in load.items():
            r = t.stop()
            r.all_ok(f"new flows of IPv{f} while weights change")
            check(r.ok > 20, f"IPv{f}: a load of {r.ok} connections only")
        found = judge(holds, f"{mode.name}: {CHANGES} changes")
        equal(sum(found.values()), 2 * n, "transfers")
        check(len(found) >= 3, f"transfers on {found} only")


def not_remembered(mode):
    """Without a cache a change cuts the share of the flows that `config diff`
    has named before, by the tables: those of b4, and hardly more."""
    n = 100
    with mode.fabric(backends=4) as lab:
        mode.serve(lab)

        def services(last):
            return {"www": mode.service(
                lab, 90, weights=(1, 1, 1, last), session_cache=0,
                scheduler="weighted")}
        d = mode.start(lab, services(1))
        flows = {f: [Upload(lab, vip(f), 90, 0) for _ in range(n)]
                 for f in FAMILIES}
        d.write(services(0), **mode.globals(lab, "gw"))
        price = d.json("config", "diff")["price"]
        share = price["flows_moved"]
        equal(share, price["clients_moved"], "nobody is remembered")
        check(0.25 <= share <= 0.27, f"a quarter should move: {share}")
        d.reload()
        for f in FAMILIES:
            alive, dead = survivors(flows[f])
            check("b4" not in {u.backend for u in alive}, "alive on b4")
            bound = 5 * math.sqrt(n * share * (1 - share)) + n / 100
            check(abs(len(dead) - n * share) <= bound, f"IPv{f}: {len(dead)} "
                  f"of {n} cut, {n * share:.0f} +- {bound:.0f} predicted")


# ---- two gateways

def two_gateways(mode):
    """The same file on both, behind a router that hashes flows: one is taken
    out, dies, and comes back with nothing; no flow ends."""
    with mode.fabric(gateways=2) as lab:
        mode.serve(lab)

        def services():
            return {"long": mode.service(lab, 90),
                    "www": mode.service(lab, 80)}
        for gw in lab.gateways:
            mode.start(lab, services(), gw=gw)
        holds = held(lab, 40)
        for gw, other in (("gw", "gw2"), ("gw2", "gw")):
            lab.spread([other])
            if mode.through_gateway:
                lab.answer_through(other)
            d = [d for d in lab.daemons if d.gw == gw][0]
            d.do("flush")
            d.stop()
            for f, r in both(lab, 80, 50).items():
                r.all_ok(f"IPv{f} through {other} alone")
            d.start()
            lab.spread(lab.gateways)
            for f, r in both(lab, 80, 50).items():
                r.all_ok(f"IPv{f} through both")
        judge(holds, "two gateways")
        check(min(lab.gateway_sent("lost").values()) == 0, "not served")


# ---- floods

FLOOD = {"rate": 1000, "n": 3000, "limit": 100, "cache": 4096} if IN_VM else \
    {"rate": 100000, "n": 40000, "limit": 2000, "cache": 65536}
FLOOD_FROM = {4: "198.18.0.0", 6: "2001:db8:bad::"}


def table(mode, family):
    """Where packets from an interface of clients find its rules."""
    kinds = {4: "netdev nftlb", 6: "netdev nftlb6"} \
        if mode.keys.get("interface") == "" else {4: "ip nftlb", 6: "ip6 nftlb"}
    return kinds[family].split()


def remembered(lab, mode, name, gw="gw"):
    """{family: flows in the cache of a service}."""
    found = {}
    for f in FAMILIES:
        text = lab.nft("-j", "list", "map", *table(mode, f), f"flows.{name}",
                       gw=gw)
        found[f] = sum(len(o["map"].get("elem", []))
                       for o in json.loads(text)["nftables"] if "map" in o)
    return found


def forgotten(lab, mode, name, family):
    """New flows that were not remembered because of syn-limit."""
    text = lab.nft("-j", "list", "counter", *table(mode, family),
                   f"flood.{name}")
    return sum(o["counter"]["packets"]
               for o in json.loads(text)["nftables"] if "counter" in o)


def flood_start(lab, families=FAMILIES):
    return {f: lab.spawn("c1", f"flood-{f}", [
        program("tests/tools/flood"), FLOOD_FROM[f], vip(f), "90",
        str(FLOOD["n"]), str(FLOOD["rate"])]) for f in families}


def flooded(mode):
    """SYNs of ever new flows: who is remembered stays, though weights change;
    the cache takes no more than syn-limit says, and when it is over, flows are
    remembered again."""
    with mode.fabric() as lab:
        mode.serve(lab)
        d = mode.start(lab, {"www": mode.service(
            lab, 90, scheduler="weighted", syn_limit=FLOOD["limit"],
            session_cache=FLOOD["cache"])})
        holds, api = held(lab, 30), Api(d)
        begun = time.monotonic()
        floods = flood_start(lab)
        for f in FAMILIES:
            wait_until(lambda f=f: forgotten(lab, mode, "www", f), 20,
                       f"IPv{f}: the limit is reached")
            api.patch_weight("www", daemon.member(1, f), 5)
            api.patch_weight("www", daemon.member(2, f), 0)
        told = {f: p.result(60) for f, p in floods.items()}
        found = remembered(lab, mode, "www")
        # (on a busy machine packets wait for seconds, in queues)
        most = 30 + FLOOD["limit"] * (time.monotonic() - begun + 1)
        for f, n in found.items():
            check(30 < n <= min(most, FLOOD["cache"]),
                  f"IPv{f}: {n} flows remembered, {most:.0f} may be")
            check(forgotten(lab, mode, "www", f) + n >= told[f]["sent"] / 2,
                  f"IPv{f}: the flood got lost")
        later, api = held(lab, 20), Api(d)  # (the daemon ends idle connections)
        for f in FAMILIES:
            for i, w in ((1, 0), (2, 5), (3, 2)):
                api.patch_weight("www", daemon.member(i, f), w)
        judge(holds, "before the flood")
        judge(later, "after the flood")


def flood_events(mode):
    """Start and end of the fallback are events, one each."""
    with mode.fabric() as lab:
        mode.serve(lab)
        d = mode.start(lab, {"www": mode.service(
            lab, 90, syn_limit=FLOOD["limit"])})
        (flood,) = flood_start(lab, (4,)).values()

        def events():
            return [(e["old"], e["new"]) for e in d.json("show", "events")
                    if e["kind"] == "flood"]
        wait_until(lambda: len(events()) == 1, 10, "the flood is an event")
        flood.result(60)
        wait_until(lambda: len(events()) == 2, 30, "its end is an event", 0.1)


def full(mode):
    """A full cache takes no more, and pushes nobody out."""
    size = 50
    with mode.fabric() as lab:
        mode.serve(lab)
        d = mode.start(lab, {"www": mode.service(
            lab, 90, scheduler="weighted", session_cache=size)})
        flows = {f: [Upload(lab, vip(f), 90, 0) for _ in range(2 * size)]
                 for f in FAMILIES}
        equal(remembered(lab, mode, "www"), dict.fromkeys(FAMILIES, size),
              "flows remembered")
        api = Api(d)
        for f in FAMILIES:
            api.patch_weight("www", daemon.member(1, f), 0)
        for f in FAMILIES:
            equal([u.backend for u in survivors(flows[f][:size])[1]], [],
                  f"IPv{f}: remembered, and cut")
            alive, dead = survivors(flows[f][size:])
            check("b1" not in {u.backend for u in alive},
                  f"IPv{f}: on b1, and neither remembered nor cut")
            check(alive and dead, f"IPv{f}: {len(alive)} of those that are not "
                  f"remembered live, {len(dead)} were cut")
