# SPDX-License-Identifier: GPL-2.0-or-later
"""What modes without conntrack remember of flows: who it leads to, how long it
lives, who cleans up after backends that are gone."""

import json

from daemon import member
from direct import DSR, STATELESS, Api, table
from lab import FAMILIES, vip
from process import check, equal, wait_until
from sockets import Connection, wait_all


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


def weights(d, *of):
    api = Api(d)
    for i, w in enumerate(of, 1):
        for f in FAMILIES:
            api.patch_weight("www", member(i, f), w)


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
