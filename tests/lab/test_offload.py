# SPDX-License-Identifier: GPL-2.0-or-later
"""offload = yes: established flows past the rules, and everything else as
without. The kernel has to have flowtables; one that has none is told so."""

import hashlib
import os
import re
import select
import socket
import time

import daemon
from daemon import member, members, service
from lab import FAMILIES, Lab, backend_addr, program, vip
from marks import vm_needs
from netns import inside
from process import check, equal, wait_until
from sockets import Crowd
from test_limits import passed, resets_seen

WHERE = {"offload_interfaces": "front, back"}
STREAM = 8081
WATCH = """
table inet watch {
    chain forward {
        type filter hook forward priority 300; policy accept;
        ip daddr 10.2.0.0/16 counter comment "to4"
        ip saddr 10.2.0.0/16 counter comment "from4"
        ip6 daddr 2001:db8:2::/64 counter comment "to6"
        ip6 saddr 2001:db8:2::/64 counter comment "from6"
    }
}
"""
vm_only = vm_needs("flowtables")


def write(d, services, **more):
    d.write(services, **{k.replace("_", "-"): v
                         for k, v in {**WHERE, **more}.items()})


def start(lab, www, **more):
    d = daemon.Daemon(lab)
    write(d, {"www": www}, **more)
    d.start()
    lab.nft("-f", "-", input=WATCH)
    return d


def fast(first=members, port=STREAM, **keys):
    return service(first(port=port), offload="yes", **keys)


def forwarded(lab, f):
    """Packets of IPv<f> that took the long way, (to backends, from them)."""
    text = lab.nft("list", "table", "inet", "watch")
    return tuple(int(re.search(rf'packets (\d+) .*"{way}{f}"', text)[1])
                 for way in ("to", "from"))


def offloaded(lab, f, proto="tcp"):
    return [x for x in lab.conntrack("-f", f"ipv{f}", "-p", proto)
            if "[OFFLOAD]" in x]


def fastpath(lab, family="ip"):
    """The interfaces in the flowtable; None: there is none."""
    text = lab.nft("list", "table", family, "nftlb")
    if "flowtable fastpath" not in text:
        return None
    found = re.search(r"devices = { (.*?) }", text)
    return sorted(found[1].split(", ")) if found else []


def judge(holds, words):
    for f, hold in holds.items():
        told = hold.stop().transfers
        equal([t for t in told if not t["survived"]], [],
              f"IPv{f}: dead transfers {words}")
        equal([t for t in told if t["got"] < 8192], [],
              f"IPv{f}: transfers that hardly moved {words}")


def dial(lab, f, port=80):
    """A connection whose bytes come back, and who answered."""
    with inside(lab, "c1"):
        s = socket.socket(socket.AF_INET6 if f == 6 else socket.AF_INET)
    s.settimeout(20)
    s.connect((vip(f), port))
    line = b""
    while not line.endswith(b"\n"):
        got = s.recv(1)
        check(got, "the connection ended early")
        line += got
    return s, line.split()[0].decode()


def there_and_back(s, size):
    """Send so many bytes while reading; sha256 of both ways."""
    data = os.urandom(1 << 16)
    sent, got = hashlib.sha256(), hashlib.sha256()
    out = back = at = 0
    s.setblocking(False)
    while back < size:
        readable, writable, _ = select.select(
            [s], [s] if out < size else [], [], 20)
        check(readable or writable, f"nothing moves at {back} of {size}")
        if writable:
            n = s.send(data[at:at + size - out])
            sent.update(data[at:at + n])
            out += n
            at = (at + n) % len(data)
        if readable:
            piece = s.recv(1 << 16)
            check(piece, f"ended at {back} of {size}")
            got.update(piece)
            back += len(piece)
    s.setblocking(True)
    s.settimeout(20)
    return sent.hexdigest(), got.hexdigest()


def bypass(lab, f, size=2 << 20):
    """One long transfer: intact, and next to none of it seen by rules."""
    before = forwarded(lab, f)
    s, _ = dial(lab, f)
    sent, got = there_and_back(s, size)
    equal(got, sent, f"IPv{f}: what came back")
    mine = f"sport={s.getsockname()[1]} "
    check(any(mine in x for x in offloaded(lab, f)), f"IPv{f}: not offloaded")
    after = forwarded(lab, f)
    s.close()
    return [a - b for a, b in zip(after, before)]


@vm_only
def test_fast_path():
    """Both modes: a long transfer is intact and past the rules but for its
    first packets; its mark stays with conntrack."""
    for mode in ("dnat", "snat"):
        with Lab() as lab:
            lab.serve_all()
            start(lab, fast(mode=mode, conntrack_mark="0x5"))
            for f in FAMILIES:
                seen = bypass(lab, f)
                print(f"# {mode} IPv{f}: {seen} packets the long way")
                check(max(seen) < 40, f"{mode} IPv{f}: the long way: {seen}")
                check(lab.conntrack("-f", f"ipv{f}", "-m", "5"),
                      f"{mode} IPv{f}: no mark")
                hold = lab.hold("c1", vip(f), 80, 6)
                equal({t["backend"]: t["survived"]
                       for t in hold.stop().transfers},
                      {"b1": True, "b2": True, "b3": True}, f"{mode} IPv{f}")


@vm_only
def test_udp_and_ranges():
    """UDP from its first answer on; services on a range of ports, or on any."""
    for ports in ("8080-8090", "any"):
        with Lab() as lab:
            lab.serve_all()
            start(lab, service(members(port=8080), offload="yes", port=ports,
                               protocol="tcp, udp"))
            for f in FAMILIES:
                with inside(lab, "c1"):
                    s = socket.socket(socket.AF_INET6 if f == 6
                                      else socket.AF_INET, socket.SOCK_DGRAM)
                s.settimeout(20)
                s.connect((vip(f), 8085))
                for n in range(100):
                    if n == 10:
                        before = forwarded(lab, f)
                    s.send(b"x")
                    s.recv(256)
                equal(forwarded(lab, f), before, f"IPv{f} {ports}: after 10")
                check(offloaded(lab, f, "udp"), f"IPv{f} {ports}: offloaded")
                s.close()


@vm_only
def test_reload_and_restart():
    """On, off, on, an interface less: no flow ends; a restart writes nothing."""
    with Lab() as lab:
        lab.serve_all()
        slow = service(members(port=STREAM))
        d = start(lab, slow)
        equal(fastpath(lab), None, "nobody asked for it")
        same = d.do("config", "diff")
        holds = {f: lab.hold("c1", vip(f), 80, 4) for f in FAMILIES}
        for www, where in ((fast(), "front, back"), (slow, "front, back"),
                           (fast(), "front"), (fast(), "front, back")):
            write(d, {"www": www}, offload_interfaces=where)
            said = d.do("config", "diff")
            for name in ("front", "back"):
                sign = "+" if www != slow and name in where else "-"
                wanted = (www != slow) or None
                if wanted and (sign == "+" or fastpath(lab)):
                    check(re.search(rf"^\{sign} table ip: interfaces of the "
                                    rf"fast path:.* {name}\b", said, re.M),
                          f"{where}: {sign} {name} in {said}")
            d.reload()
            equal(d.do("config", "diff"), same, "nothing is left to do")
            want = where.split(", ") if www != slow else None
            for f, family in zip(FAMILIES, ("ip", "ip6")):
                equal(fastpath(lab, family), want and sorted(want), family)
                if want:
                    wait_until(lambda f=f: len(offloaded(lab, f)) == 4, 10,
                               f"IPv{f}: all four are offloaded")
                else:
                    wait_until(lambda f=f: not offloaded(lab, f), 10,
                               f"IPv{f}: none is offloaded")
        before = "".join(lab.nft("-a", "list", "table", family, "nftlb")
                         for family in ("ip", "ip6"))
        for kill in (False, True):
            d.restart(kill=kill)
            check("".join(lab.nft("-a", "list", "table", family, "nftlb")
                          for family in ("ip", "ip6")) == before,
                  "a restart wrote something")
        check("nothing to do" in lab.do(
            "gw", program("nftlbd"), "-n", "-c", d.conf_path),
              "a dry run finds nothing")
        judge(holds, "after reloads and restarts")


@vm_only
def test_repair():
    """Deleted or changed by hand; an interface that comes, goes, comes."""
    with Lab() as lab:
        lab.serve_all()
        start(lab, fast(), offload_interfaces="front, back, later")

        def listed():   # what is made anew stands elsewhere
            return sorted(lab.nft("-s", "list", "table", "ip",
                                  "nftlb").splitlines())

        whole = listed()
        equal(fastpath(lab), ["back", "front"], "those that are there")
        for line in ("delete flowtable ip nftlb fastpath "
                     "{ hook ingress priority 0; devices = { front }; }",
                     "flush chain ip nftlb offload.www; "
                     "delete flowtable ip nftlb fastpath",
                     "add flowtable ip nftlb other "
                     "{ hook ingress priority 0; }",
                     "delete chain ip nftlb forward",
                     "flush chain ip nftlb to-fastpath"):
            lab.nft("-f", "-", input=line + "\n")
            wait_until(lambda: listed() == whole, 10, f"repaired after {line}")
        for _ in range(2):
            lab.ip("gw", ["link add later type dummy"])
            wait_until(lambda: fastpath(lab) == ["back", "front", "later"],
                       10, "the new interface")
            lab.ip("gw", ["link del later"])
            wait_until(lambda: fastpath(lab) == ["back", "front"], 10,
                       "without the interface")
        seen = bypass(lab, 4)
        check(max(seen) < 40, f"the long way: {seen}")


def cut(lab, offload):
    """{server: do its transfers go on?} when b2's cable is pulled."""
    d = start(lab, service(members(port=STREAM, families=(4,)),
                           address=vip(4), offload=offload, check="fast",
                           on_down="cut"),
              checks={"fast": daemon.FAST_CHECK})
    d.wait_states("active", timeout_s=60)
    hold = lab.hold("c1", vip(4), 80, 9)
    if offload == "yes":
        wait_until(lambda: len(offloaded(lab, 4)) >= 9, 10, "all offloaded")
    lab.ip("b2", ["link set back down"])
    d.wait_state("b2", "down", timeout_s=60)
    wait_until(lambda: not lab.conntrack("-p", "tcp", "--dport", "80",
                                         "--reply-src", backend_addr(4, 2)),
               5, "no flow of b2 is left")
    fates = {}
    for t in hold.stop().transfers:
        fates.setdefault(t["backend"], set()).add(t["survived"])
    return fates


@vm_only
def test_backend_down():
    """on-down = cut ends the flows of a dead server, and no others, with the
    fast path as without."""
    for offload in ("no", "yes"):
        with Lab() as lab:
            lab.serve_all()
            equal(cut(lab, offload),
                  {"b1": {True}, "b2": {False}, "b3": {True}},
                  f"offload = {offload}: fates")


@vm_only
def test_drain_timeout():
    """What is left of a drained backend is cut when the time is up."""
    with Lab() as lab:
        lab.serve_all()
        d = start(lab, fast(drain_timeout="1s"))
        hold = lab.hold("c1", vip(4), 80, 9, timeout_ms=20000)
        wait_until(lambda: len(offloaded(lab, 4)) >= 9, 10, "all offloaded")
        d.do("backend", "drain", "www", "b2")
        wait_until(lambda: not lab.conntrack("-p", "tcp", "--dport", "80",
                                             "--reply-src", backend_addr(4, 2)),
                   10, "no flow of b2 is left")
        fates = {t["backend"]: t["survived"] for t in hold.stop().transfers}
        equal(fates, {"b1": True, "b2": False, "b3": True}, "fates")


@vm_only
def test_limit_rst():
    """Resets of flows in the fast path are limited like others."""
    with Lab() as lab:
        lab.serve_all()
        start(lab, service(members(1, port=STREAM), offload="yes", limit_rst=1,
                           limit_rst_burst=4))
        seen, total = resets_seen(lab), 0
        for f in FAMILIES:
            c = Crowd(lab, vip(f))
            made = c.open(40)
            equal(len(c.held), 40, f"IPv{f}: connections")
            wait_until(lambda f=f: len(offloaded(lab, f)) >= 40, 10, "offloaded")
            begun = time.monotonic()
            for x in made:
                x.reset()
            passed(lab, f)
            most = 4 + int(time.monotonic() - begun)
            got, total = seen() - total, seen()
            check(4 <= got <= min(most, 39), f"IPv{f}: {got} of 40 resets, "
                  f"wanted 4..{most}")


@vm_only
def test_small_mtu():
    """Packets that are too long for the way to a backend: clients are told, and
    transfers are intact."""
    with Lab() as lab:
        lab.serve_all()
        for i in (1, 2, 3):
            lab.ip("gw", [f"route add {backend_addr(f, i)} dev back "
                          "mtu lock 1400" for f in FAMILIES])
        start(lab, fast())
        for f in FAMILIES:
            seen = bypass(lab, f)
            told = lab.do("c1", "ip", f"-{f}", "route", "get", vip(f))
            check("mtu 1400" in told, f"IPv{f}: {told}")
            check(max(seen) < 200, f"IPv{f}: the long way: {seen}")


@vm_only
def test_counted():
    """least-connections and max-connections see flows of the fast path, also
    those from before the daemon was started."""
    with Lab() as lab:
        lab.serve_all()
        lines = members(port=STREAM)
        for f in FAMILIES:
            lines[member(1, f)] += " max-connections=3"
        d = start(lab, service(lines, offload="yes",
                               scheduler="least-connections"))
        d.wait_states("active")
        for f in FAMILIES:
            c = Crowd(lab, vip(f))
            c.open(30)
            names = [member(i, f) for i in (1, 2, 3)]
            count = [c.counts().get(f"b{i}", 0) for i in (1, 2, 3)]
            equal((count[0], sum(count)), (3, 30), f"IPv{f}: b1 is full")
            d.wait_state(names[0], "full")
            def counted():
                return [d.backend(n)["connections"] for n in names]
            wait_until(lambda: counted() == count, 10, f"IPv{f}: {count}")
            d.restart(kill=True)
            wait_until(lambda: counted() == count, 10, f"IPv{f}: again")
            c.close()
            wait_until(lambda: counted() == [0, 0, 0], 15, f"IPv{f}: none left")


def has_flowtables(lab):
    return lab.run("gw", "nft", "-c", "add table ip probe; add flowtable ip "
                   "probe f { hook ingress priority 0; }").returncode == 0


def test_refused():
    """A kernel without flowtables: no start, no reload, and it is said why;
    what runs goes on as it was. One that has them takes it."""
    with Lab() as lab:
        lab.serve_all()
        able = has_flowtables(lab)
        d = daemon.start(lab, {"www": service()})
        before = lab.ruleset()
        write(d, {"plain": service(port=81), "www": fast()})
        why = "service www: offload = yes: this kernel has no flowtables"
        for words in (("config", "check"), ("config", "diff"),
                      ("config", "reload")):
            p = d.ctl(*words)
            check((p.returncode == 0) == able and (able or why in p.stderr),
                  f"{words}: {p.returncode} {p.stdout} {p.stderr}")
        if not able:
            equal(lab.ruleset(), before, "the rule set")
            equal([s["name"] for s in d.json("show", "services")], ["www"],
                  "services")
        d.stop()
        for option in ("-t", "-n"):
            p = lab.run("gw", program("nftlbd"), option, "-c",
                        d.conf_path)
            check((p.returncode == 0) == able and (able or why in p.stderr),
                  f"{option}: {p.returncode} {p.stderr}")
        if not able:
            d.launch()
            d.process.wait(10)
            check(why in d.log(), f"start: {d.log()}")
