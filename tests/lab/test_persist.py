# SPDX-License-Identifier: GPL-2.0-or-later
"""Persistence: clients who come back get the backend they had."""

import resource
import socket
import time

import daemon
from daemon import FAST_CHECK, member, service
from lab import FAMILIES, Lab, backend_addr, client_addr, crowd, vip
from marks import vm
from process import check, equal, wait_until

PERSIST = "source 100s"
CLIENTS = 6


def persistent(lab, checked=False, **keys):
    """A daemon with one persistent service on b1, b2, b3."""
    keys.setdefault("persist", PERSIST)
    if checked:
        keys["check"] = "quick"
    return daemon.start(lab, {"www": service(**keys)},
                        checks={"quick": FAST_CHECK})


def visit(lab, family, n=CLIENTS, port=80, count=CLIENTS, **options):
    """`count` clients of the crowd open n connections: {client: backend}."""
    r = lab.flow("c1", vip(family), port, n, source=crowd(family, count),
                 log=True, **options).all_ok(f"IPv{family} port {port}")
    return r.by_source()


def one(lab, family, node="c1", port=80):
    """One connection of a node's own address: the backend."""
    r = lab.flow(node, vip(family), port, 1).all_ok(f"IPv{family}")
    return next(iter(r.counts()))


def tables(d, name="www"):
    """{family: {client: backend}} as `show sessions` says."""
    return {4 if t["family"] == "ipv4" else 6:
            {s["client"]: s["backend"] for s in t["sessions"]}
            for t in d.json("show", "sessions", name)}


def wait_tables(d, family, condition, words):
    wait_until(lambda: condition(tables(d)[family]), 10, words)


def entries(lab, family, name="sessions.www"):
    """What the kernel has in a map, as text."""
    return lab.nft("list", "map", "ip" if family == 4 else "ip6", "nftlb", name)


def plain(backend):
    """b1 of b1-v6: what its server says."""
    return backend.split("-")[0]


def test_same_backend():
    """round-robin, but each client stays; it is shown, with its time."""
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab)
        for f in FAMILIES:
            first = visit(lab, f)
            equal(set(first.values()), {"b1", "b2", "b3"}, f"IPv{f} backends")
            equal(visit(lab, f, 3 * CLIENTS), first, f"IPv{f} again")
            shown = tables(d)[f]
            equal({c: plain(b) for c, b in shown.items()}, first,
                  f"IPv{f} shown")
        for t in d.json("show", "sessions"):
            equal((t["services"], t["group"], t["size"], t["count"], t["kind"]),
                  (["www"], None, 65536, CLIENTS, "source"), "the table")
            for s in t["sessions"]:
                check(0 < s["expires_ms"] <= 100000, f"time left: {s}")


def test_expiry():
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab, persist="source 1s")
        for f in FAMILIES:
            first = one(lab, f)
            wait_tables(d, f, lambda t: not t, "the entry is gone")
            check(one(lab, f) != first, f"IPv{f}: {first} again")


def test_refreshed_by_traffic():
    """A flow that goes on keeps its client, long after the time-out."""
    with Lab() as lab:
        lab.serve_all()
        lines = {member(i, f): f"{at(f, i)}:8081 "
                 for f in FAMILIES for i in (1, 2, 3)}
        persistent(lab, persist="source 2s", backends=lines)
        flows = {f: lab.hold("c1", vip(f), 80, 1) for f in FAMILIES}
        time.sleep(4.5)         # the time-out, twice: it is what we test
        for f, flow in flows.items():
            more = lab.hold("c1", vip(f), 80, 1)
            equal(servers(more), servers(flow), f"IPv{f}: backends")


def servers(hold):
    """Who serves long transfers, which end by this."""
    told = hold.stop().transfers
    check(all(t["survived"] for t in told), f"transfers: {told}")
    return sorted({t["backend"] for t in told})


def at(family, i):
    addr = backend_addr(family, i)
    return f"[{addr}]" if family == 6 else addr


def test_networks():
    """source/24: clients of one network are one client."""
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab, persist="source/24 100s")
        four = visit(lab, 4, 512, count=512)     # 10.3.1.0-10.3.2.255
        nets = {}
        for client, backend in four.items():
            net = client.rsplit(".", 1)[0]
            equal(nets.setdefault(net, backend), backend, client)
        equal(set(nets), {"10.3.1", "10.3.2"}, "networks")
        check(nets["10.3.1"] != nets["10.3.2"], f"one backend: {nets}")
        equal(set(visit(lab, 6, 20, count=20).values()).__len__(), 1,
              "backends of one /64")
        shown = tables(d)
        equal(set(shown[4]), {"10.3.1.0/24", "10.3.2.0/24"}, "IPv4 clients")
        equal(set(shown[6]), {"2001:db8:3::/64"}, "IPv6 clients")
        d.do("session", "delete", "www", "10.3.1.77")
        d.do("session", "delete", "www", "2001:db8:3::/64")
        equal(tables(d), {4: {"10.3.2.0/24": member(int(nets["10.3.2"][1]), 4)},
                          6: {}}, "after session delete")


def by_port(lab, family, n):
    """n connections from ports 1024..: {port: backend}."""
    lab.run("gw", "conntrack", "-F")    # a new flow for each of them
    r = lab.flow("c1", vip(family), 80, n, source=client_addr(family),
                 local_ports=True, log=True).all_ok(f"IPv{family}")
    return {c.source_port: c.backend for c in r.log}


def test_source_port():
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab, persist="source-port 100s")
        for f in FAMILIES:
            lab.flow("c1", vip(f), 80, 1)   # the ring moves on by one
            first = by_port(lab, f, 6)
            equal(set(first.values()), {"b1", "b2", "b3"}, f"IPv{f} backends")
            equal(by_port(lab, f, 6), first, f"IPv{f} again")
            host = at(f, 1).replace(backend_addr(f, 1), client_addr(f))
            check(f"{host}:1024" in tables(d)[f], f"shown: {tables(d)[f]}")
            d.do("session", "delete", "www", f"{host}:1024")
            check(f"{host}:1024" not in tables(d)[f], "deleted, and shown")
            d.do("session", "delete", "www", client_addr(f))
            wait_tables(d, f, lambda t: not t, "all ports are forgotten")


def test_mac():
    """All addresses of one neighbour are one client."""
    with Lab(clients=2) as lab:
        lab.serve_all()
        d = persistent(lab, persist="mac 100s")
        for f in FAMILIES:
            mine = set(visit(lab, f, 12).values())
            equal(len(mine), 1, f"IPv{f}: backends of one neighbour")
            other = one(lab, f, "c2")
            check(other not in mine, f"IPv{f}: both at {other}")
            equal(one(lab, f, "c2"), other, f"IPv{f}: c2 again")
            equal(len(tables(d)[f]), 2, f"IPv{f}: clients")
        lab.serve("gw", "tcp/0.0.0.0/9", name="unused")
        equal(lab.flow("gw", vip(4), 80, 3).all_ok("local").ok, 3,
              "clients on the gateway have no MAC, and are served")


def test_table_full():
    """Who finds no room is served, and not remembered."""
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab, persist_size=4)
        for f in FAMILIES:
            lab.flow("c1", vip(f), 80, 20, source=crowd(f, 20)).all_ok(f"IPv{f}")
            kept = tables(d)[f]
            equal(len(kept), 4, f"IPv{f}: entries")
            r = lab.flow("c1", vip(f), 80, 60, source=crowd(f, 20),
                         log=True).all_ok(f"IPv{f}")
            where = {}
            for c in r.log:
                where.setdefault(c.source, set()).add(c.backend)
            for client, backend in kept.items():
                equal(where[client], {plain(backend)}, f"IPv{f}: {client}")
            check(any(len(w) > 1 for w in where.values()),
                  f"IPv{f}: all are remembered: {where}")
            equal(tables(d)[f], kept, f"IPv{f}: entries later")


@vm
def test_backend_dies():
    """
    At the next connection after it is out its clients are served elsewhere, and
    stay there when it returns; others' clients notice nothing.
    """
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab, checked=True)
        d.wait_states("active")
        first = {f: visit(lab, f) for f in FAMILIES}
        lab.servers["b2"].kill()
        for f in FAMILIES:
            d.wait_state(member(2, f), "down")
        wait_until(lambda: d.json("show", "plan")["empty"], 10, "committed")
        second = {f: visit(lab, f) for f in FAMILIES}
        for f in FAMILIES:
            check("b2" not in second[f].values(), f"IPv{f}: {second[f]}")
            for client, backend in first[f].items():
                if backend != "b2":
                    equal(second[f][client], backend, f"IPv{f}: {client}")
            equal(visit(lab, f), second[f], f"IPv{f}: once more")
        lab.serve("b2")
        for f in FAMILIES:
            d.wait_state(member(2, f), "active")
            equal(visit(lab, f, 2 * CLIENTS), second[f], f"IPv{f}: b2 is back")
            wait_until(lambda f=f: sticky(lab, f, 2), 10, "b2 is sticky again")
            fresh = lab.flow("c1", vip(f), 80, 30, source=crowd(f, 36), log=True)
            check("b2" in fresh.all_ok(f"IPv{f}").counts(), "b2 gets nobody new")
            equal(visit(lab, f), second[f], f"IPv{f}: b2 is sticky again")


def sticky(lab, family, i):
    return f'"www/{member(i, family)}"' in entries(lab, family, "persistent")


def test_purged():
    """What a dead backend had is removed from the kernel, not only void."""
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab)
        for f in FAMILIES:
            visit(lab, f)
            d.do("backend", "disable", "www", member(1, f))
            wait_until(lambda f=f: ": 0:10" not in entries(lab, f), 10,
                       f"IPv{f}: entries of the disabled backend are gone")
            check(": 0:11" in entries(lab, f), "and others' as well")


def test_drain_keeps():
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab)
        for f in FAMILIES:
            first = visit(lab, f)
            d.do("backend", "drain", "www", member(1, f))
            equal(visit(lab, f), first, f"IPv{f}: while b1 is drained")
            fresh = lab.flow("c1", vip(f), 80, 30, source=f"{client_addr(f)}")
            fresh.all_ok(f"IPv{f}")
            check("b1" not in fresh.counts(), f"IPv{f}: new clients on b1")
            d.do("backend", "disable", "www", member(1, f))
            after = visit(lab, f)
            check("b1" not in after.values(), f"IPv{f}: b1 is disabled")
            for client, backend in first.items():
                check(backend in ("b1", after[client]), f"IPv{f}: {client}")


def test_reload():
    """
    Entries live through a reload that leaves them alone; a removed backend's
    clients are served elsewhere, and so are those of one that moved.
    """
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab)
        first = {f: visit(lab, f) for f in FAMILIES}
        d.write({"www": service(persist="source 200s"),
                 "other": service(port=81)})
        d.reload()
        for f in FAMILIES:
            equal(visit(lab, f), first[f], f"IPv{f}: another time-out")
        d.write({"www": service({k: v for k, v in daemon.members().items()
                                 if not k.startswith("b2")}, persist=PERSIST)})
        d.reload()
        for f in FAMILIES:
            second = visit(lab, f)
            check("b2" not in second.values(), f"IPv{f}: b2 is removed")
            for client, backend in first[f].items():
                check(backend in ("b2", second[client]), f"IPv{f}: {client}")
            wait_until(lambda f=f: ": 0:11" not in entries(lab, f), 10,
                       f"IPv{f}: b2's entries are gone")


def test_backend_moves():
    """Another address is another server: its clients do not come with it."""
    with Lab() as lab:
        lab.serve_all()
        lines = daemon.members(2)
        d = persistent(lab, backends=lines)
        for f in FAMILIES:
            visit(lab, f)
        moved = {**lines, **{member(1, f): f"{at(f, 3)}:8080" for f in FAMILIES}}
        d.write({"www": service(moved, persist=PERSIST)})
        d.reload()
        for f in FAMILIES:
            wait_tables(d, f, lambda t: len(t) == CLIENTS // 2,
                        f"IPv{f}: b1's clients are forgotten")
            equal(set(map(plain, tables(d)[f].values())), {"b2"}, f"IPv{f}")
            equal(set(visit(lab, f).values()), {"b2", "b3"}, f"IPv{f}: visited")


def test_size_changes():
    """A table of another size takes the entries over, with their time."""
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab)
        first = {f: visit(lab, f) for f in FAMILIES}
        d.write({"www": service(persist=PERSIST, persist_size=1000)})
        d.reload()
        for f in FAMILIES:
            wait_tables(d, f, lambda t: len(t) == CLIENTS, f"IPv{f}: carried")
            equal(visit(lab, f), first[f], f"IPv{f}: another size")
        for t in d.json("show", "sessions"):
            equal(t["size"], 1000, "size")
        listed = lab.ruleset()
        equal(listed.count("map sessions.www"), len(FAMILIES), "old tables go")


def test_restart():
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab)
        first = {f: visit(lab, f) for f in FAMILIES}
        for kill in (False, True):
            d.restart(kill=kill)
            for f in FAMILIES:
                equal(visit(lab, f), first[f], f"IPv{f}: killed={kill}")
                equal(len(tables(d)[f]), CLIENTS, f"IPv{f}: shown")


def test_start_finds_strangers():
    """
    Entries that lead to nobody (a daemon that died before it could purge them)
    are removed at the start, and no new backend gets their ids before.
    """
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab)
        first = {f: visit(lab, f, 3, count=3) for f in FAMILIES}
        d.kill()
        for f in FAMILIES:
            family, net = ("ip", "10.9.0.") if f == 4 else ("ip6", "fd00::")
            lab.nft("add", "element", family, "nftlb", "sessions.www", "{",
                    ", ".join(f"{net}{i} timeout 100s : 0:{i + 9:x}"
                              for i in range(10, 40)), "}")
        d.write({"www": service(daemon.members(3), persist=PERSIST),
                 "other": service(daemon.members(3), port=81,
                                  persist=PERSIST)})
        d.start()
        for f in FAMILIES:
            ids = {line.split()[0] for line in
                   entries(lab, f, "backends").replace("{", "\n").replace(
                       ",", "\n").splitlines() if "comment" in line}
            strangers = {f"0:{i + 9:x}" for i in range(10, 40)}
            check(not ids & strangers, f"IPv{f}: {ids & strangers}")
            wait_until(lambda f=f: entries(lab, f).count(" timeout ") == 3, 10,
                       f"IPv{f}: strangers are gone")
            equal(visit(lab, f, 3, count=3), first[f], f"IPv{f}")


def connected(d):
    s = socket.socket(socket.AF_UNIX)
    s.connect(d.socket)
    return s


def delete(d, path, connection=None):
    """The status of a DELETE that nftlbctl would not send."""
    with connection or connected(d) as s:
        s.sendall(f"DELETE {path} HTTP/1.1\r\nHost: x\r\n"
                  "Connection: close\r\n\r\n".encode())
        return int(s.makefile("rb").readline().split()[1])


def test_session_delete():
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab)
        for f in FAMILIES:
            first = visit(lab, f)
            client = next(c for c, b in first.items())
            d.do("session", "delete", "www", client)
            check(client not in tables(d)[f], f"{client} is still shown")
            equal(len(tables(d)[f]), CLIENTS - 1, "others stay")
            p = d.ctl("session", "delete", "www", client)
            equal(p.returncode, 1, "exit status: not there")
            check("no session" in p.stderr, p.stderr)
        before = tables(d)
        for path, status in (("sessions%00", 404), ("sessions/%00", 400),
                             ("sessions%00/192.0.2.1", 404)):
            equal(delete(d, "/v1/services/www/" + path), status, path)
        equal(tables(d), before, "nobody was named")
        d.do("session", "delete", "www", "all")
        wait_until(lambda: tables(d) == {4: {}, 6: {}}, 10, "all are forgotten")
        p = d.ctl("session", "delete", "www", "2001:db8::1/3")
        check("an IPv4 address, or an IPv6 address" in p.stderr, p.stderr)
        p = d.ctl("session", "delete", "www", "02:00:00:00:00:01")
        check(p.returncode == 1 and "address" in p.stderr, p.stderr)
        check("no service" in d.ctl("session", "delete", "x", "all").stderr, "x")


def test_session_delete_is_tried_again():
    """A table that could not be read is not one that was emptied."""
    with Lab() as lab:
        lab.serve_all()
        d = persistent(lab)
        visit(lab, 4)
        check(tables(d)[4], "sessions")
        connection = connected(d)
        connection.sendall(b"GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n")
        check(connection.recv(4096), "it is the daemon's by now")
        limit = resource.prlimit(d.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(d.process.pid, resource.RLIMIT_NOFILE, (3, limit[1]))
        equal(delete(d, "/v1/services/www/sessions", connection), 200, "all")
        wait_until(lambda: "trying again" in d.log(), 10, "it cannot")
        resource.prlimit(d.process.pid, resource.RLIMIT_NOFILE, limit)
        check(tables(d)[4], "still there")
        wait_until(lambda: not tables(d)[4], 10, "all are forgotten")


def test_pins():
    """Addresses and networks; down: elsewhere; back: back."""
    with Lab() as lab:
        lab.serve_all()
        pins = {}
        for f in FAMILIES:
            net = "10.3.1.0/24" if f == 4 else "2001:db8:3::/64"
            pins[f"pin.net{f}"] = f"{net} {member(2, f)}"
            pins[f"pin.one{f}"] = f"{client_addr(f)} {member(3, f)}"
        d = persistent(lab, checked=True, persist="none", **pins)
        d.wait_states("active")
        for f in FAMILIES:
            equal(set(visit(lab, f, 12).values()), {"b2"}, f"IPv{f}: network")
            equal(one(lab, f), "b3", f"IPv{f}: address")
        lab.servers["b2"].kill()
        for f in FAMILIES:
            d.wait_state(member(2, f), "down")
            r = lab.flow("c1", vip(f), 80, 12, source=crowd(f, CLIENTS))
            equal(set(r.all_ok(f"IPv{f}").counts()), {"b1", "b3"},
                  f"IPv{f}: b2 is down")
        lab.serve("b2")
        for f in FAMILIES:
            d.wait_state(member(2, f), "active")
            wait_until(lambda f=f: set(visit(lab, f).values()) == {"b2"}, 10,
                       f"IPv{f}: b2 is back")


def test_full_backend():
    """A full backend's client is served elsewhere."""
    with Lab() as lab:
        lab.serve_all()
        lines = {member(i, f): f"{at(f, i)}:8081" for f in FAMILIES
                 for i in (1, 2, 3)}
        persistent(lab, backends=lines, max_connections=2)
        for f in FAMILIES:
            first = lab.hold("c1", vip(f), 80, 2)
            more = lab.hold("c1", vip(f), 80, 1)
            theirs, mine = servers(first), servers(more)
            equal(len(theirs), 1, f"IPv{f}: one client, one backend")
            check(theirs != mine, f"IPv{f}: three at {mine}")
