# SPDX-License-Identifier: GPL-2.0-or-later
"""max-connections: a full backend takes nothing new, its neighbours do."""

import daemon
from daemon import member, members, service
from lab import FAMILIES, Lab, crowd, vip
from marks import vm
from process import check, equal, wait_until
from sockets import Crowd

SOON = 10


def limited(limit, count=3, port=8081, who=(1,)):
    """Backend lines; those of servers b<who> have a limit."""
    lines = members(count, port=port)
    for i in who:
        for f in FAMILIES:
            lines[member(i, f)] += f" max-connections={limit}"
    return lines


def clean(made, words):
    """Everybody was served; nobody could ask twice: see Crowd.open()."""
    equal([c.error for c in made if c.error], [], f"{words}: errors")


def events(d, backend):
    return [(e["old"], e["new"]) for e in d.json("show", "events")
            if e["kind"] == "state" and e["backend"] == backend]


def stays(d, f, state, i=1):
    d.wait_state(member(i, f), state)


@vm
def test_full_and_room_again():
    """Exactly N of many at once; then nothing new; then as many as have gone."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(limited(3))})
        for f in FAMILIES:
            c = Crowd(lab, vip(f))
            clean(c.open(30), f"IPv{f}: 30 at once")
            equal(c.counts()["b1"], 3, f"IPv{f}: connections of b1")
            stays(d, f, "full")
            b = d.backend(member(1, f))
            equal((b["slots"], b["health"], b["max_connections"],
                   b["connections"]), (0, "up", 3, 3), f"IPv{f}: b1 is full")
            clean(c.open(10), f"IPv{f}: 10 more")
            equal(c.counts()["b1"], 3, f"IPv{f}: connections of a full b1")
            equal(d.service()["state"], "up", "the service")
            c.close(1, "b1")
            stays(d, f, "active")
            clean(c.open(9), f"IPv{f}: 9 once there is room for one")
            equal(c.counts()["b1"], 3, f"IPv{f}: full again")
            stays(d, f, "full")
            c.close(3, "b1")
            stays(d, f, "active")
            clean(c.open(30), f"IPv{f}: 30 once there is room for three")
            equal(c.counts()["b1"], 3, f"IPv{f}: full for the third time")
            stays(d, f, "full")
            c.close()
            stays(d, f, "active")
            # that it is full again is told, but not every time
            told = events(d, member(1, f))
            pair = [("active", "full"), ("full", "active")]
            check(told in (pair, pair * 2, pair * 3), f"events: {told}")


def test_all_full():
    """Nobody has room: refused as on-empty says, and not for longer."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(limited(2, who=(1, 2, 3)))})
        for f in FAMILIES:
            c = Crowd(lab, vip(f))
            c.attempt(10)
            equal(c.counts(), {"b1": 2, "b2": 2, "b3": 2}, f"IPv{f}: all full")
            for i in (1, 2, 3):
                stays(d, f, "full", i)
            equal({x.error for x in c.open(5)}, {"ECONNREFUSED"},
                  f"IPv{f}: what clients see")
            equal(d.service()["state"], "up", "the service")
            c.close(1, "b2")
            stays(d, f, "active", 2)
            equal(sorted(str(x.backend) for x in c.open(1)), ["b2"],
                  f"IPv{f}: room for one")
            c.close()
            for i in (1, 2, 3):
                stays(d, f, "active", i)
            clean(c.open(6), f"IPv{f}: room for all")
            c.close()


def test_udp():
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(limited(3, port=8080),
                                              protocol="udp")})
        for f in FAMILIES:
            c = Crowd(lab, vip(f), proto="udp")
            clean(c.open(30), f"IPv{f}: 30 at once")
            equal(c.counts()["b1"], 3, f"IPv{f}: flows of b1")
            stays(d, f, "full")
            clean(c.open(6), f"IPv{f}: 6 more")
            equal(c.counts()["b1"], 3, f"IPv{f}: flows of b1")
            # as time does in the end
            lab.do("gw", "conntrack", "-D", "-f", f"ipv{f}", "-p", "udp")
            stays(d, f, "active")
            clean(c.open(9), f"IPv{f}: 9 afterwards")
            equal(c.counts()["b1"], 6, f"IPv{f}: flows of b1, all in all")


def test_weights():
    """The heavy one is full early; the others share the rest by weight."""
    with Lab() as lab:
        lab.serve_all()
        lines = members(3, port=8081, weights=(8, 2, 1))
        for f in FAMILIES:
            lines[member(1, f)] += " max-connections=4"
        d = daemon.start(lab, {"www": service(lines, scheduler="weighted")})
        for f in FAMILIES:
            c = Crowd(lab, vip(f))
            clean(c.open(11), f"IPv{f}: 11 at once")
            equal(c.counts()["b1"], 4, f"IPv{f}: connections of b1")
            stays(d, f, "full")
            c.close(backend="b2")
            c.close(backend="b3")
            clean(c.open(30), f"IPv{f}: 30 to two")
            found = c.counts()
            equal(found["b1"], 4, f"IPv{f}: connections of a full b1")
            check(18 <= found["b2"] <= 22, f"IPv{f}: two to one: {found}")
            c.close()


def test_source_hash():
    """Clients of a full backend go to others, and come back when it has room."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(limited(3),
                                              scheduler="source-hash")})
        for f in FAMILIES:
            home = [a for a in clients(f, 40)
                    if routed(d, f, a) == member(1, f)]
            check(len(home) > 5, f"IPv{f}: clients of b1: {home}")
            c = Crowd(lab, vip(f))
            for a in home:
                clean(c.open(1, source=a), f"IPv{f}: client {a}")
            equal(c.counts()["b1"], 3, f"IPv{f}: connections of b1")
            equal([x.backend for x in c.held[:3]], ["b1"] * 3,
                  f"IPv{f}: the first three are at home")
            stays(d, f, "full")
            c.close(backend="b1")
            stays(d, f, "active")
            made = c.open(1, source=home[-1])
            equal([x.backend for x in made], ["b1"], f"IPv{f}: back home")
            c.close()


def clients(f, n):
    """Addresses of the crowd."""
    first, _ = crowd(f, n).split("-")
    if f == 4:
        return [f"10.3.1.{i}" for i in range(n)]
    return [first[:-1] + f"{i:x}" for i in range(n)]


def routed(d, f, client):
    return d.json("route", "www", client)["backend"]["name"]


def test_persistence():
    """A client who is known at a full backend gets another one."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(limited(2), persist="source 1h")})
        for f in FAMILIES:
            c = Crowd(lab, vip(f))
            first = next(a for a in clients(f, 9)
                         if c.open(1, source=a)[0].backend == "b1")
            clean(c.open(1, source=first), f"IPv{f}: {first} again")
            equal(c.counts()["b1"], 2, f"IPv{f}: both at b1")
            stays(d, f, "full")
            made = c.open(3, source=first)
            clean(made, f"IPv{f}: {first} once more")
            check("b1" not in {x.backend for x in made}, f"IPv{f}: b1 is full")
            c.close()
            stays(d, f, "active")


def test_reload_with_another_limit():
    """Up, down, off and on: what is there counts."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(limited(3))})

        def limit(n):
            d.write({"www": service(limited(n))})
            d.reload()

        for f in FAMILIES:
            limit(3)
            c = Crowd(lab, vip(f))
            clean(c.open(30), f"IPv{f}: limit 3")
            equal(c.counts()["b1"], 3, f"IPv{f}: limit 3")
            stays(d, f, "full")
            limit(5)
            stays(d, f, "active")
            clean(c.open(30), f"IPv{f}: limit 5")
            equal(c.counts()["b1"], 5, f"IPv{f}: limit 5")
            stays(d, f, "full")
            limit(4)
            clean(c.open(6), f"IPv{f}: limit 4")
            c.close(1, "b1")
            clean(c.open(6), f"IPv{f}: limit 4, as many as it may")
            equal(c.counts()["b1"], 4, f"IPv{f}: limit 4")
            limit(0)
            stays(d, f, "active")
            clean(c.open(9), f"IPv{f}: no limit")
            equal(c.counts()["b1"], 7, f"IPv{f}: no limit")
            limit(7)
            stays(d, f, "full")
            c.close(2, "b1")
            stays(d, f, "active")
            clean(c.open(15), f"IPv{f}: limit 7")
            equal(c.counts()["b1"], 7, f"IPv{f}: limit 7")
            c.close()
            stays(d, f, "active")


def test_reload_with_another_backend():
    """One more, with a limit of its own: the rules that count are not written
    again, the service's are."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(limited(3, count=2))})
        crowds = {f: Crowd(lab, vip(f)) for f in FAMILIES}
        before = {}
        for f, c in crowds.items():
            clean(c.open(4), f"IPv{f}: before")
            before[f] = room_chain(lab, f)
        d.write({"www": service(limited(3, who=(1, 3)))})
        d.reload()
        for f, c in crowds.items():
            equal(room_chain(lab, f), before[f], f"IPv{f}: chain and handles")
            clean(c.open(12), f"IPv{f}: afterwards")
            found = c.counts()
            equal((found["b1"], found["b3"]), (3, 3), f"IPv{f}: connections")
            c.close()


def test_restart():
    """A daemon that comes finds out who is full, from flags and conntrack."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(limited(3))})
        crowds = {f: Crowd(lab, vip(f)) for f in FAMILIES}
        for f, c in crowds.items():
            clean(c.open(15), f"IPv{f}: before")
            stays(d, f, "full")
        d.restart(kill=True)
        for f, c in crowds.items():
            equal(d.states()[member(1, f)], "full", "state after the restart")
            clean(c.open(9), f"IPv{f}: after it")
            equal(c.counts()["b1"], 3, f"IPv{f}: connections of b1")
            c.close(2, "b1")
            stays(d, f, "active")
            clean(c.open(15), f"IPv{f}: room for two")
            equal(c.counts()["b1"], 3, f"IPv{f}: connections of b1")
            stays(d, f, "full")
            c.close(1, "b1")
        # neither full nor empty
        for f in FAMILIES:
            stays(d, f, "active")
        d.restart()
        for f, c in crowds.items():
            wait_until(lambda f=f: "over 1 " in room_chain(lab, f), SOON,
                       "the two from before are known")
            clean(c.open(15), f"IPv{f}: after the second")
            equal(c.counts()["b1"], 3, f"IPv{f}: connections of b1")
            c.close()


def room_chain(lab, f):
    return lab.run("gw", "nft", "-a", "list", "chain", "ip" if f == 4 else "ip6",
                   "nftlb", f"room.www/{member(1, f)}").stdout


def test_tables_flushed():
    """Somebody flushes our tables: the limit holds soon after."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(limited(3))})
        crowds = {f: Crowd(lab, vip(f)) for f in FAMILIES}
        for f, c in crowds.items():
            clean(c.open(15), f"IPv{f}: before")
            stays(d, f, "full")
            c.close(2, "b1")
            stays(d, f, "active")
        lab.nft("flush", "ruleset")
        for f, c in crowds.items():
            wait_until(lambda f=f: "over 1 " in room_chain(lab, f), SOON,
                       "the one from before is known")
            clean(c.open(15), f"IPv{f}: afterwards")
            equal(c.counts()["b1"], 3, f"IPv{f}: connections of b1")
            c.close()


def test_many_episodes():
    """Full and not full, over and over, with connections that come and go: the
    limit holds each time, and lifts completely at the end."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(limited(4))})
        for f in FAMILIES:
            c = Crowd(lab, vip(f))
            for i in range(4):
                clean(c.open(18), f"IPv{f}: episode {i}")
                equal(c.counts()["b1"], 4, f"IPv{f}: episode {i}")
                stays(d, f, "full")
                c.close(1 + i, "b1")
                # the others' stay, longer and longer
                stays(d, f, "active")
            c.close()
            stays(d, f, "active")
            clean(c.open(12), f"IPv{f}: at the end")
            equal(c.counts(), {"b1": 4, "b2": 4, "b3": 4}, f"IPv{f}: at the end")
            c.close()
            stays(d, f, "active")


def test_strangers():
    """The kernel's count of b1 holds connections that went elsewhere. They live
    on, b1 gets all that it may take nevertheless."""
    with Lab() as lab:
        lab.serve_all()
        pins = {f"pin.p{f}": f"{clients(f, 1)[0]} {member(1, f)}"
                for f in FAMILIES}
        section = {**service(limited(3)), **pins}
        d = daemon.start(lab, {"www": section})
        for f in FAMILIES:
            c, pinned = Crowd(lab, vip(f)), clients(f, 1)[0]
            clean(c.open(3, source=pinned), f"IPv{f}: a pinned client")
            equal(c.counts(), {"b1": 3}, f"IPv{f}: his connections")
            stays(d, f, "full")
            for _ in range(8):
                flush_flags(lab, f)
                clean(c.open(1, source=pinned), f"IPv{f}: is turned away")
            equal(c.counts()["b1"], 3, f"IPv{f}: connections of b1")
            before = room_chain(lab, f)
            c.close(backend="b1")
            stays(d, f, "active")
            wait_until(lambda c=c, p=pinned: fill(c, p) == 3, SOON,
                       f"IPv{f}: b1 has three again")
            check(room_chain(lab, f) != before,
                  f"IPv{f}: the kernel has begun anew: {before}")
            equal(fill(c, pinned), 3, f"IPv{f}: and no more than that")
            c.close()


def flush_flags(lab, f):
    lab.nft("flush", "set", "ip" if f == 4 else "ip6", "nftlb", "backends-full")


def fill(c, source):
    clean(c.open(1, source=source), "one more")
    return c.counts().get("b1", 0)
