# SPDX-License-Identifier: GPL-2.0-or-later
"""
Keys in all combinations, at random: one daemon is given one configuration after
the other, takes each, finds nothing to do afterwards, and connections end where
they should. MIXED_SEED chooses the configurations, MIXED_ROUNDS how many.
"""

import os
import random
import re

import daemon
from daemon import member, members, service
from lab import FAMILIES, Lab, backend_addr, client_addr, vip
from marks import vm
from process import check, equal, wait_until

ROUNDS = int(os.environ.get("MIXED_ROUNDS", "6"))
SEED = int(os.environ.get("MIXED_SEED", "1"))
PORTS = range(8000, 8021)
# What the daemon may not say.
COMPLAINTS = ("cannot commit", "refused", "Invalid argument", "File exists",
              "No such file", "Device or resource busy", "AddressSanitizer",
              "runtime error")
LISTS = {"mine": {"entries": "10.1.0.0/16, 2001:db8:1::/64"},
         "theirs": {"entries": "10.9.0.0/16, 2001:db8:9::/64"}}


class Wanted:
    """A service's section, and what its clients are to see."""

    def __init__(self, name, protos, ports, outcome, pinned, sticky, keys):
        self.name, self.protos, self.ports = name, protos, ports
        self.outcome, self.pinned, self.sticky = outcome, pinned, sticky
        self.keys = keys


def maybe(r, share, **keys):
    return keys if r.random() < share else {}


def qos(r):
    return {**maybe(r, .2, packet_mark=r.choice(["5", "0x10/0xf0"])),
            **maybe(r, .2, conntrack_mark=r.choice(["7", "0x100/0xff00"])),
            **maybe(r, .2, dscp=r.choice(["ef", "cs1", "12"])),
            **maybe(r, .2, priority=r.choice(["1:10", "2:1"]))}


def backends(r, portless, room):
    """Lines of the same backends, with options of some."""
    lines = members(r.choice((1, 2, 3)), port=None if portless else 8080)
    if r.random() < .15 and not portless:
        for f in FAMILIES:  # two at one address
            lines["twin" if f == 4 else "twin-v6"] = backend_addr(f, 1)
    for name in lines:
        for key, value in qos(r).items():
            if r.random() < .3:
                lines[name] += f" {key.replace('_', '-')}={value}"
        if room and r.random() < .5:
            lines[name] += " max-connections=5000"
    return lines


def limits(r):
    return {**maybe(r, .25, limit_new_per_source=r.choice((1000, 2000)),
                    limit_new_burst=r.choice((5000, 6000))),
            **maybe(r, .25, limit_connections_per_source=5000),
            **maybe(r, .2, limit_source=r.choice(("24", "32/64", "16/48"))),
            **maybe(r, .2, limit_size=r.choice((100, 70000))),
            **maybe(r, .3, limit_action=r.choice(("drop", "reject")))}


def filters(r):
    """Keys, and what becomes of clients."""
    keys = maybe(r, .3, filter_action="reject")
    kind = r.choice(("none", "none", "none", "let", "both", "deny", "allow"))
    shut = "refused" if keys else "timeout"
    return {"none": ({}, "ok"),
            "let": ({"allow": "theirs, mine", **keys}, "ok"),
            "both": ({"allow": "mine", "deny": "theirs", **keys}, "ok"),
            "deny": ({"deny": "theirs, mine", **keys}, shut),
            "allow": ({"allow": "theirs", **keys}, shut)}[kind]


def ports(r, first):
    """Some of three ports that are nobody else's, and how they are said."""
    return r.choice((([first], f"{first}"), ([first], f"{first}"),
                     ([first, first + 2], f"{first}, {first + 2}"),
                     ([first, first + 1, first + 2], f"{first}-{first + 2}")))


def one(r, name, first, addresses):
    used, text = ports(r, first)
    protos = r.choice((["tcp"], ["tcp"], ["udp"], ["tcp", "udp"]))
    local = r.random() < .1
    keys = {"port": text, "protocol": ", ".join(protos),
            "address": addresses, **limits(r), **qos(r),
            **maybe(r, .3, strict="yes"),
            **maybe(r, .3, log=r.choice(("new", "drops", "new, drops")),
                    log_group=str(r.randrange(9))),
            **maybe(r, .4, counters="yes")}
    if "tcp" in protos:
        keys.update(maybe(r, .2, limit_rst=1000, limit_rst_burst=2000))
    filtered, outcome = filters(r)
    keys.update(filtered)
    if local:
        return Wanted(name, protos, used, outcome, None, False,
                      service({}, mode="local", **keys))
    keys.update({**maybe(r, .3, mode="snat"),
                 **maybe(r, .2, on_empty="drop"),
                 "scheduler": r.choice(("round-robin", "weighted",
                                        "source-hash"))})
    helper = r.choice(({"tcp": "ftp", "udp": "tftp"}[protos[0]], "sip"))
    keys.update(maybe(r, .2, helper=helper))
    room = r.random() < .3
    keys.update(maybe(r, .3 if room else 0, max_connections=4000))
    persist = r.choice(("none", "none", "source 10m", "source/24/64 90s",
                        "source-port 1m", "mac 1m"))
    keys.update({"persist": persist} if persist != "none" else {})
    if persist != "none":
        keys.update(maybe(r, .3, persist_size=r.choice((10, 100000))))
    if persist != "none" and r.random() < .3:
        keys.update(pool="all", persist="source 5m", persist_size=777,
                    persist_group=r.choice(("g1", "g2")))
        return Wanted(name, protos, used, outcome, None, True,
                      service({}, **keys))
    lines = backends(r, r.random() < .3, room)
    pinned = None
    if r.random() < .3:
        pinned = 1
        keys["pin.me"] = f"{client_addr(4)} b1"
        keys["pin.net6"] = "2001:db8:1::/64 b1-v6"
    return Wanted(name, protos, used, outcome, pinned,
                  persist.startswith("source") and "port" not in persist
                  or persist.startswith("mac"),
                  service(lines, **keys))


def configuration(r):
    """Some services that share addresses and ports with none."""
    wanted = []
    both = ", ".join(vip(f) for f in FAMILIES)
    more = both + ", " + ", ".join(vip(f, 11) for f in FAMILIES)
    names = r.sample([f"s{i}" for i in range(7)], r.randint(2, 6))
    blocks = r.sample(range(PORTS[0], PORTS[-1], 3), len(names))
    for name, first in zip(names, blocks):
        wanted.append(one(r, name, first, r.choice((both, more))))
    if r.random() < .4: # any port, at an address of its own
        keys = {**limits(r), **qos(r), **maybe(r, .5, counters="yes"),
                **maybe(r, .5, persist="source 10m"),
                **maybe(r, .3, strict="yes"), **maybe(r, .3, mode="snat")}
        pinned = 1 if r.random() < .5 else None
        if pinned:
            keys["pin.x"] = f"{client_addr(4)}/24 b1"
            keys["pin.y"] = f"{client_addr(6)} b1-v6"
        wanted.append(Wanted(
            "any", ["tcp", "udp"], [8003, 8017], "ok", pinned,
            "persist" in keys,
            service(members(2, port=None), port="any", protocol="tcp, udp",
                    **{**keys, "address": ", ".join(
                        vip(f, 12) for f in FAMILIES)})))
    return wanted


def serve(lab):
    ends = [f"{p}/{a}/{PORTS[0]}-{PORTS[-1]}" for p in ("tcp", "udp")
            for a in ("0.0.0.0", "::")]
    for b in lab.backends:
        lab.serve(b, *ends, *(f"{p}/{a}/8080" for p in ("tcp", "udp")
                              for a in ("0.0.0.0", "::")))
    lab.serve("gw", *(f"{p}/{vip(f)}/{PORTS[0]}-{PORTS[-1]}"
                      for p in ("tcp", "udp") for f in FAMILIES))


def commits(d):
    return d.json("status")["commits"]


def settled(d):
    """A scan finds in the kernel what is wanted, and nothing was refused."""
    def nothing_to_do():
        done = commits(d)["done"]
        d.do("sync")
        return commits(d)["done"] == done
    wait_until(nothing_to_do, 10, "nothing is left to do")
    equal(commits(d)["refused"], 0, "refused commits")


def comments(lab, f, name, *maps):
    """What elements of these maps say of a service: "SERVICE/BACKEND"."""
    found = set()
    for m in maps:
        text = lab.run("gw", "nft", "list", "map", "ip" if f == 4 else "ip6",
                       "nftlb", m).stdout
        found |= {c for c in re.findall(r'"([^"]*)"', text)
                  if c.startswith(f"{name}/")}
    return found


def clients_are_welcome(lab, w, f):
    """A moment after a change all backends of a service with persistence may
    have old clients again."""
    everybody = comments(lab, f, w.name, "backends", "backends-portless")
    wait_until(lambda: comments(lab, f, w.name, "persistent",
                                "group-backends") == everybody, 10,
               f"{w.name}: old clients are welcome")


def connect(lab, w, f):
    to = vip(f, 12 if w.name == "any" else 10)
    for proto in w.protos:
        for port in w.ports:
            r = lab.flow("c1", to, port, 3 if w.outcome == "ok" else 1,
                         proto=proto, source=client_addr(f),
                         timeout_ms=3000 if w.outcome == "ok" else 150)
            words = f"{w.name} IPv{f} {proto} {port} {w.keys}"
            if w.outcome == "ok":
                counts = r.all_ok(words).counts()
                if w.keys.get("mode") == "local":
                    equal(counts, {"gw": 3}, words)
                if w.pinned:
                    equal(counts, {"b1": 3}, words)
                if w.sticky:
                    equal(len(counts), 1, words)
            else:
                equal(r.failures, {w.outcome: 1}, words)


def test_all_together():
    r = random.Random(SEED)
    with Lab(vips=(10, 11, 12)) as lab:
        serve(lab)
        d = daemon.start(lab, {})
        for number in range(ROUNDS):
            wanted = configuration(r)
            d.write({w.name: w.keys for w in wanted}, lists=LISTS, pools={
                "all": {f"backend.{n}": t for n, t in members(3).items()}})
            try:
                d.reload()
                settled(d)
                for w in wanted:
                    for f in FAMILIES:
                        if w.sticky or w.pinned:
                            clients_are_welcome(lab, w, f)
                        connect(lab, w, f)
                settled(d)
                said = [x for x in d.log().splitlines()
                        if any(c in x for c in COMPLAINTS)]
                equal(said, [], "complaints")
            except Exception:
                print(f"# seed {SEED}, round {number}")
                raise


TOGGLED = [
    {"persist": "source 10m"}, {"persist": "source-port 1m"},
    {"persist": "source/24/64 1m", "persist-size": 1000},
    {"pin.me": f"{client_addr(4)} b1", "pin.me6": f"{client_addr(6)} b1-v6"},
    {"max-connections": 100000}, {"max-connections": 90000, "counters": "yes"},
    {"limit-new-per-source": 1000000}, {"limit-connections-per-source": 90000},
    {"limit-rst": 100000}, {"strict": "yes"}, {"allow": "mine"},
    {"deny": "theirs"}, {"counters": "yes"}, {"helper": "ftp"},
    {"log": "new, drops", "log-group": "3"},
    {"packet-mark": "5", "dscp": "ef", "priority": "1:10"},
    {"conntrack-mark": "0x10/0xf0"}, {"mode": "snat"},
    {"scheduler": "source-hash"}, {"scheduler": "weighted", "slots": 999},
    {"port": "80-82", "counters": "yes", "dscp": "cs1"}]


def test_on_and_off():
    """Each key comes and goes while connections are made and others live:
    nobody notices, not at this service, nor at the one beside it."""
    r = random.Random(SEED)
    with Lab() as lab:
        lab.serve_all()
        beside = {"beside": service(port=90, counters="yes",
                                    persist="source 10m", strict="yes")}
        held = members(port=8081)

        def write(keys):
            d.write({"www": service(**keys), **beside, "held": service(
                held, **{**keys, "port": 91})}, lists=LISTS)

        d = daemon.Daemon(lab)
        write({})
        d.start()
        lives = [lab.hold("c1", vip(f), p, 3) for f in FAMILIES
                 for p in (91,)]
        news = [lab.flow_start("c1", vip(f), p, clients=2, seconds=600)
                for f in FAMILIES for p in (80, 90)]
        for keys in r.sample(TOGGLED, len(TOGGLED)):
            write(keys)
            d.reload()
            if r.random() < .5:
                write({**keys, **r.choice(TOGGLED)})
                d.reload()
            write({})
            d.reload()
        for n in news:
            result = n.stop()
            result.all_ok("new connections")
            check(result.ok > 100, f"only {result.ok} connections")
        for h in lives:
            for t in h.stop().transfers:
                check(t["survived"], f"a connection of before: {t}")
        equal(commits(d)["refused"], 0, "refused commits")


@vm
def test_conntrack_stays():
    """However often the rule that counts connections is written anew, conntrack
    goes on: kernels lose count of who needs it."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.Daemon(lab)
        for i in range(40):
            d.write({f"s{n}": service(port=80 + n, limit_connections_per_source=
                                      1000, **({"log": "new", "log_group": 3}
                                               if i % 2 else {}))
                     for n in range(20)})
            if i:
                d.reload()
            else:
                d.start()
        for f in FAMILIES:
            lab.flow("c1", vip(f), 80, 6).all_ok(f"IPv{f}")
