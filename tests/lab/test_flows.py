# SPDX-License-Identifier: GPL-2.0-or-later
"""Flows that exist: TCP stays where it is, UDP leaves a backend that is gone."""

import re
import time

import daemon
from daemon import member, members, service
from lab import FAMILIES, Lab, backend_addr, client_addr, crowd, vip
from process import check, equal, wait_until


def transfers(lab, n=9, port=80):
    """n long transfers of each family, spread over the backends."""
    return {f: lab.hold("c1", vip(f), port, n) for f in FAMILIES}


def survived(holds, backends=3, words=""):
    for f, hold in holds.items():
        told = hold.stop().transfers
        dead = [t for t in told if not t["survived"]]
        equal(dead, [], f"IPv{f}: dead transfers {words}")
        equal(len({t["backend"] for t in told}), backends,
              f"IPv{f}: backends with a transfer {words}")
        idle = [t for t in told if t["got"] < 10 * 8192]
        equal(idle, [], f"IPv{f}: transfers that hardly moved {words}")


def test_drain():
    """drain: no new connection, none is cut; enable: it is back."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(), "long": service(
            members(3, port=8081), port=81)})
        holds = transfers(lab, port=81)
        for name in ("www", "long"):
            for f in FAMILIES:
                d.do("backend", "drain", name, member(2, f))
                equal(d.backend(member(2, f), name)["state"], "drain", "state")
        for f in FAMILIES:
            r = lab.flow("c1", vip(f), 80, 240).all_ok("drain")
            equal(r.counts(), {"b1": 120, "b3": 120}, f"IPv{f} drained")
        # A TCP flow may live as long as it likes.
        time.sleep(0.5)
        survived(holds, words="on a drained backend")
        for f in FAMILIES:
            d.do("backend", "enable", "www", member(2, f))
            r = lab.flow("c1", vip(f), 80, 300).all_ok("enabled")
            equal(r.counts(), {"b1": 100, "b2": 100, "b3": 100}, f"IPv{f}")


def deed_transfers(deed, mode="dnat", words=""):
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(members(3, port=8081), mode=mode),
                               "other": service(port=81)})
        holds = transfers(lab)
        deed(lab, d)
        # Data moves on after the deed as well.
        time.sleep(0.5)
        survived(holds, words=words)


def test_established_through_weights():
    def deed(_lab, d):
        for w in (0, 5, 100, 1, "default"):
            for f in FAMILIES:
                d.do("backend", "weight", "www", member(1, f), w)
    deed_transfers(deed, words="after weights")


def test_established_through_disable():
    def deed(_lab, d):
        for f in FAMILIES:
            d.do("backend", "disable", "www", member(1, f))
            d.do("backend", "disable", "www", member(2, f))
        d.do("service", "disable", "www")
    deed_transfers(deed, words="after disable")


def test_established_through_reload():
    """Scheduler, ports, a backend less, another service, then none of it."""
    def deed(_lab, d):
        for www in (service(members(3, port=8081), scheduler="source-hash"),
                    service(members(3, port=8081), port="80, 443, 9000-9010"),
                    service(members(2, port=8081)),
                    service(members(1, port=8081, first=3),
                            scheduler="weighted")):
            d.write({"www": www})
            d.reload()
        d.write({"elsewhere": service(port=4000)})
        d.reload()
    deed_transfers(deed, words="after reloads")


def test_established_through_restart():
    def deed(_lab, d):
        d.restart()
        d.restart(kill=True)
    deed_transfers(deed, words="after restarts")


def test_established_while_no_daemon():
    """The data path outlives the daemon: old flows and new ones."""
    def deed(lab, d):
        d.kill()
        for f in FAMILIES:
            r = lab.flow("c1", vip(f), 81, 300).all_ok("daemon is dead")
            equal(r.counts(), {"b1": 100, "b2": 100, "b3": 100}, f"IPv{f}")
    deed_transfers(deed, words="without a daemon")


def test_established_snat():
    def deed(_lab, d):
        for f in FAMILIES:
            d.do("backend", "disable", "www", member(1, f))
        d.restart(kill=True)
        d.write({"www": service(members(2, port=8081), mode="dnat")})
        d.reload()
    deed_transfers(deed, mode="snat", words="of a snat service")


def test_established_through_flush_table():
    """The daemon keeps conntrack and NAT on while our rules are gone."""
    def deed(lab, _d):
        for family in ("ip", "ip6"):
            lab.nft("flush", "table", family, "nftlb")
    deed_transfers(deed, words="after flush table")


# ---- UDP

ENTRY = re.compile(r"src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+).*?"
                   r"src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+).*id=(\d+)")


def entries(lab, family):
    """{id: (client, service address, service port, backend)} of UDP flows."""
    found = {}
    for line in lab.conntrack("-f", f"ipv{family}", "-p", "udp", "-o", "id"):
        m = ENTRY.search(line)
        check(m, f"conntrack line {line!r}")
        found[m[9]] = (m[1], m[2], int(m[4]), m[5])
    return found


def cut(remove):
    """
    30 UDP flows over three backends, and others that are not ours to cut: to
    the same server past the service, and of another service. b2 goes.
    """
    with Lab() as lab:
        lab.serve_all()
        keys = {"protocol": "udp", "check": "fast"}
        d = daemon.start(lab, {"www": service(**keys),
                               "other": service(protocol="udp", port=90)},
                         checks={"fast": daemon.FAST_CHECK})
        d.wait_states("active")
        holds, before = {}, {}
        for f in FAMILIES:
            holds[f] = [lab.hold("c1", vip(f), 80, 30, proto="udp",
                                 source=crowd(f, 30), local_ports=True),
                        lab.hold("c1", backend_addr(f, 2), 8080, 3, proto="udp"),
                        lab.hold("c1", vip(f), 90, 9, proto="udp")]
            before[f] = entries(lab, f)
        remove(lab, d)
        for f in FAMILIES:
            lost = judge_cut(lab, f, before[f])
            print(f"# IPv{f}: {lost} entries of b2 were cut, no other")
        for f in FAMILIES:
            flows = holds[f][0].stop().transfers
            wrong = [t["route"] for t in flows
                     if t["route"][0] != "b2" and len(t["route"]) != 1]
            equal(wrong, [], f"IPv{f}: flows of other backends that moved")
            stuck = [t["route"] for t in flows
                     if t["route"][0] == "b2" and len(t["route"]) != 2]
            equal(stuck, [], f"IPv{f}: flows that stayed on b2")
            for other in holds[f][1:]:
                other.stop()


def judge_cut(lab, family, before):
    b2 = backend_addr(family, 2)
    address = vip(family)
    mine = {i for i, (_, vip_addr, port, backend) in before.items()
            if vip_addr == address and port == 80 and backend == b2}
    equal(len(mine), 10, f"IPv{family}: flows on b2 before")

    def on_b2():
        """Ids are no proof: an entry made anew may get its forerunner's."""
        return [e for e in entries(lab, family).values()
                if e[1:] == (address, 80, b2)]
    wait_until(lambda: not on_b2(), 0.5, f"IPv{family}: b2's entries are deleted")
    after = entries(lab, family)
    gone = {i: before[i] for i in set(before) - mine
            if after.get(i) != before[i]}
    equal(gone, {}, f"IPv{family}: other flows that were cut")
    equal(on_b2(), [], f"IPv{family}: flows on b2 after")
    return len(mine)


def test_udp_backend_down():
    def remove(lab, d):
        lab.servers["b2"].kill()
        for f in FAMILIES:
            d.wait_state(member(2, f), "down")
    cut(remove)


def test_udp_backend_removed():
    def remove(_lab, d):
        left = {k: v for k, v in members(3).items() if not k.startswith("b2")}
        d.write({"www": service(left, protocol="udp", check="fast"),
                 "other": service(protocol="udp", port=90)},
                checks={"fast": daemon.FAST_CHECK})
        d.reload()
    cut(remove)


def test_udp_drain_cuts_nothing():
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(protocol="udp")})
        for f in FAMILIES:
            hold = lab.hold("c1", vip(f), 80, 9, proto="udp",
                            source=client_addr(f), local_ports=True)
            before = entries(lab, f)
            d.do("backend", "drain", "www", member(2, f))
            time.sleep(0.3)     # flows go on after the deed
            equal(set(before) - set(entries(lab, f)), set(), f"IPv{f}: cut")
            moved = [t["route"] for t in hold.stop().transfers
                     if len(t["route"]) != 1]
            equal(moved, [], f"IPv{f}: moved flows")


def test_udp_service_renamed_cuts_nothing():
    """The same address and backends under another name: nobody lost anything."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(protocol="udp")})
        holds = {f: lab.hold("c1", vip(f), 80, 9, proto="udp",
                             source=client_addr(f), local_ports=True)
                 for f in FAMILIES}
        before = {f: entries(lab, f) for f in FAMILIES}
        d.write({"web": service(protocol="udp")})
        d.reload()
        for f in FAMILIES:
            equal(set(before[f]) - set(entries(lab, f)), set(), f"IPv{f}: cut")
            moved = [t["route"] for t in holds[f].stop().transfers
                     if len(t["route"]) != 1]
            equal(moved, [], f"IPv{f}: moved flows")


def test_tcp_entries_stay_when_down():
    """Only UDP is cut: a TCP client of a dead server hears it from nobody."""
    with Lab() as lab:
        lab.serve_all()
        # The check looks at a port of its own; the transfers' server lives on.
        checker = lab.serve("b2", "tcp/0.0.0.0/9000", "tcp/::/9000", name="ok2")
        for b in ("b1", "b3"):
            lab.serve(b, "tcp/0.0.0.0/9000", "tcp/::/9000", name=f"ok{b}")
        d = daemon.start(
            lab, {"www": service(members(3, port=8081), check="health")},
            checks={"health": {**daemon.FAST_CHECK, "port": 9000}})
        d.wait_states("active")
        holds = transfers(lab)
        checker.kill()
        for f in FAMILIES:
            d.wait_state(member(2, f), "down")
        time.sleep(0.5)
        survived(holds, words="on a backend that is down")
