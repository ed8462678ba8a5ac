# SPDX-License-Identifier: GPL-2.0-or-later
"""How long the session cache remembers whom."""

import json
import time

import daemon
from direct import Api, table
from lab import FAMILIES, vip
from process import check, equal, wait_until
from sockets import Connection, wait_all
from sums import datagrams
from uploads import Upload, survivors

TCP_S, UDP_S = 600, 3
LIVELY, SILENT, TCP = 5, 20, 10     # flows of each family
RECENT_S = 8    # so much longer who has been seen twice may live; dsr, ipip


class Talks:
    """UDP flows of c1; each is asked again and again."""

    def __init__(self, lab, n, port=80):
        self.flows = {f: [Connection(lab, "c1", vip(f), port, "udp")
                          for _ in range(n)] for f in FAMILIES}
        self.begun = False

    def ask(self, families=FAMILIES):
        """{family: [who answered, or None]}."""
        asked = [t for f in families for t in self.flows[f]]
        for t in asked:
            t.backend, t.heard = None, b""
            if t.sock.fileno() >= 0 and self.begun:
                t.sock.send(b"x")
            else:
                t.start()
        self.begun = True
        wait_all(asked, 3)
        return {f: [t.backend for t in self.flows[f]] for f in families}


def all_are(name, n):
    return {f: [name] * n for f in FAMILIES}


def weights(d, *of):
    api = Api(d)
    for i, w in enumerate(of, 1):
        for f in FAMILIES:
            api.patch_weight("www", daemon.member(i, f), w)


def entries(lab, mode, name, family, gw="gw"):
    """[(time-out, seconds that are left)] of all flows that are remembered."""
    text = lab.nft("-j", "list", "map", *table(mode, family), f"flows.{name}",
                   gw=gw)
    return [(e[0]["elem"]["timeout"], e[0]["elem"]["expires"])
            for o in json.loads(text)["nftables"] if "map" in o
            for e in o["map"].get("elem", [])]


def timeouts(mode):
    """A silent flow of UDP is forgotten when its time is up, one of TCP has a
    time of its own; who says something stays, and stays where he is though
    the weights change."""
    with mode.fabric() as lab:
        mode.serve(lab)
        keys = dict(scheduler="weighted", session_timeout_tcp=f"{TCP_S}s",
                    session_timeout_udp=f"{UDP_S}s")
        d = mode.start(lab, {
            "udp": mode.service(lab, 80, protocol="tcp, udp", **keys),
            "tcp": mode.service(lab, 90, **keys)})
        lively = {f: lab.hold("c1", vip(f), 80, LIVELY, proto="udp",
                              interval_ms=30) for f in FAMILIES}
        flows = {f: [Upload(lab, vip(f), 90, 0) for _ in range(TCP)]
                 for f in FAMILIES}
        for f in FAMILIES:
            equal(datagrams(lab, f, [10] * SILENT), SILENT, "answered")
            equal(lab.flow("c1", vip(f), 80, TCP).ok, TCP, "answered")
        for f in FAMILIES:
            found = entries(lab, mode, "udp", f)
            # of what has been renewed, 6.1 shows the first
            known = [TCP_S if t in (TCP_S, TCP_S + RECENT_S) else t
                     for t, _ in found]
            equal(sorted(known), [UDP_S] * (LIVELY + SILENT) + [TCP_S] * TCP,
                  f"IPv{f}: time-outs")
            check(max(left for _, left in found) <= TCP_S + RECENT_S,
                  f"{found}")
        for f in FAMILIES:
            wait_until(lambda f=f: len(entries(lab, mode, "udp", f)) ==
                       LIVELY + TCP, 4 * UDP_S, f"IPv{f}: forgotten")
        api = Api(d)
        for f in FAMILIES:
            for service in ("udp", "tcp"):
                api.patch_weight(service, daemon.member(1, f), 0)
        for f in FAMILIES:
            r = lab.flow("c1", vip(f), 80, SILENT, proto="udp")
            check("b1" not in r.counts(), f"IPv{f}: new flows on b1")
            equal([u.backend for u in survivors(flows[f])[1]], [],
                  f"IPv{f}: cut")
            for t in lively[f].stop().transfers:
                equal((len(t["route"]), t["refused"]), (1, 0), f"IPv{f}: {t}")
        check({u.backend for us in flows.values() for u in us} >= {"b1"},
              "no flow was on b1")


def in_turn(mode):
    """Flows that send one after the other, always in the same order: each of
    them lives on, and stays where it is though the weights have changed."""
    with mode.fabric() as lab:
        mode.serve(lab)
        d = mode.start(lab, {"www": mode.service(
            lab, 80, 2, weights=(1, 0), protocol="udp", scheduler="weighted",
            session_timeout_udp=f"{UDP_S}s")})
        talks = Talks(lab, 16)
        equal(talks.ask(), all_are("b1", 16), "begin")
        weights(d, 0, 1)
        end = time.monotonic() + 3 * UDP_S
        while time.monotonic() < end:
            equal(talks.ask(), all_are("b1", 16), "in turn")
