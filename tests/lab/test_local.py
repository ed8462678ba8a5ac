# SPDX-License-Identifier: GPL-2.0-or-later
"""mode = local: rules around a service on the gateway itself."""

import daemon
from counting import Truth, agree, counters, ways
from daemon import service
from lab import FAMILIES, Lab, client_addr, crowd, vip
from process import check, equal, wait_until

VIPS = {f: vip(f) for f in FAMILIES}
REJECT = {"limit_action": "reject", "filter_action": "reject"}


def local(**keys):
    return service({}, mode="local", **keys)


def serve(lab, ports="80", protos=("tcp", "udp"), kind=""):
    lab.serve("gw", *(f"{p}/{a}/{ports}{kind if p == 'tcp' else ''}"
                      for p in protos for a in VIPS.values()))


def every(lab, port, n, proto="tcp", **options):
    for f in FAMILIES:
        r = lab.flow("c1", vip(f), port, n, proto=proto, **options)
        equal(r.all_ok(f"{proto} IPv{f}").counts(), {"gw": n}, f"IPv{f}")


def test_counters():
    """Packets and bytes both ways, new flows; each service its own."""
    with Lab() as lab:
        serve(lab)
        serve(lab, "90", kind="/stream")
        d = daemon.start(lab, {
            "www": local(counters="yes"),
            "dns": local(counters="yes", protocol="udp"),
            "alt": local(counters="yes", port="90-92")})
        truth = Truth(lab, {"www": ("tcp", VIPS, "80"),
                            "dns": ("udp", VIPS, "80"),
                            "alt": ("tcp", VIPS, "90-92")})
        every(lab, 80, 8)
        every(lab, 80, 6, "udp")
        held = [lab.hold("c1", vip(f), 90, 3, interval_ms=5) for f in FAMILIES]
        for name, flows in (("www", 16), ("dns", 12)):
            c = agree(d, truth, name)
            equal((c["new"], c["backends"]), (flows, []), name)
        wait_until(lambda: counters(d, "alt")["in"]["packets"] > 100, 10,
                   "established packets are counted")
        for h in held:
            h.stop()
        equal(agree(d, truth, "alt")["new"], 6, "alt")


def test_what_is_around_it():
    """Other ports of the address, and other addresses, go on as they were."""
    with Lab() as lab:
        serve(lab, "80")
        serve(lab, "81")
        d = daemon.start(lab, {"www": local(counters="yes", strict="yes",
                                            limit_connections_per_source=1,
                                            **REJECT)})
        every(lab, 81, 20)
        equal(counters(d)["in"]["packets"], 0, "not of the service")
        r = lab.flow("c1", vip(4), 82, 3)
        equal(r.failures, {"refused": 3}, "nobody listens there")
        equal(counters(d)["limited"], 0, "not the service's")


def test_connections_per_source():
    """The limit holds, lifts again, and others are not touched."""
    with Lab() as lab:
        serve(lab, kind="/stream")
        d = daemon.start(lab, {"www": local(
            counters="yes", limit_connections_per_source=2, **REJECT)})
        held = [lab.hold("c1", vip(f), 80, 2, source=client_addr(f))
                for f in FAMILIES]
        for f in FAMILIES:
            r = lab.flow("c1", vip(f), 80, 5, source=client_addr(f))
            equal(r.failures, {"refused": 5}, f"IPv{f}: beyond the limit")
            lab.hold("c1", vip(f), 80, 3, source=crowd(f, 3)).stop()
        c = counters(d)
        equal((c["limited"], c["new"]), (10, 4 + 6), "limited, new")
        for h in held:
            h.stop()

        def room(f):
            return not lab.conntrack("-s", client_addr(f), "-f",
                                     f"ipv{f}", "-p", "tcp", "--state",
                                     "ESTABLISHED")
        for f in FAMILIES:
            wait_until(lambda f=f: room(f), 15, f"IPv{f}: they have ended")
            lab.hold("c1", vip(f), 80, 2, source=client_addr(f)).stop()


def test_new_per_source():
    with Lab() as lab:
        serve(lab)
        d = daemon.start(lab, {"www": local(
            counters="yes", limit_new_per_source=1, limit_new_burst=5,
            **REJECT)})
        for f in FAMILIES:
            r = lab.flow("c1", vip(f), 80, 40, source=client_addr(f))
            check(5 <= r.ok <= 15 and r.ok + r.failures["refused"] == 40,
                  f"IPv{f}: {r.ok} ok, {r.failures}")
            lab.flow("c1", vip(f), 80, 20, source=crowd(f, 20)).all_ok("others")
        c = counters(d)
        equal(c["limited"] + c["new"], 2 * 60, "all are one or the other")


def test_deny_and_allow():
    """Lists keep clients out, and let them in again after a reload."""
    with Lab() as lab:
        serve(lab)
        clients = {"clients": {"entries": ", ".join(
            client_addr(f) for f in FAMILIES)}}
        d = daemon.Daemon(lab)
        www = local(counters="yes", **REJECT)
        d.write({"www": {**www, "deny": "clients"}}, lists=clients)
        d.start()
        for f in FAMILIES:
            equal(lab.flow("c1", vip(f), 80, 4,
                           source=client_addr(f)).failures, {"refused": 4},
                  f"IPv{f}: denied")
            lab.flow("c1", vip(f), 80, 2, source=crowd(f, 2)).all_ok("others")
        c = counters(d)
        equal((c["denied"], c["new"]), (8, 4), "denied, new")
        d.write({"www": {**www, "allow": "clients"}}, lists=clients)
        d.reload()
        for f in FAMILIES:
            lab.flow("c1", vip(f), 80, 4, source=client_addr(f)).all_ok(
                f"IPv{f}: allowed")
            equal(lab.flow("c1", vip(f), 80, 3, source=crowd(f, 3)).failures,
                  {"refused": 3}, f"IPv{f}: not on the list")
        c = counters(d)
        equal((c["denied"], c["new"]), (8 + 6, 4 + 8), "denied, new")


def test_overflow():
    """A full set limits nobody more, and is told."""
    with Lab() as lab:
        serve(lab)
        d = daemon.start(lab, {"www": local(limit_new_per_source=1,
                                            limit_size=4, **REJECT)})
        every(lab, 80, 1, source=None)
        for f in FAMILIES:
            lab.flow("c1", vip(f), 80, 20, source=crowd(f, 20)).all_ok(
                f"IPv{f}")
        wait_until(lambda: d.json("status")["overflow"]["new"] == 2 * 17, 10,
                   "17 sources in each family found no room")
        equal(d.log().count("service=www overflow: ok -> full"), 1, d.log())


def test_reload_and_restart():
    """Counters go on; what is removed leaves nothing behind."""
    with Lab() as lab:
        serve(lab)
        d = daemon.start(lab, {"www": local(counters="yes")})
        truth = Truth(lab, {"www": ("tcp", VIPS, "80")})
        every(lab, 80, 5)
        before = agree(d, truth)
        d.write({"www": local(counters="yes", port="80, 85",
                              limit_connections_per_source=50, strict="yes")})
        d.reload()
        equal(ways(counters(d)), ways(before), "after the reload")
        every(lab, 80, 5)
        d.restart(kill=True)
        equal(agree(d, truth)["new"], 20, "new flows")
        d.write({"www": local()})
        d.reload()
        every(lab, 80, 5)
        lines = lab.ruleset()
        check("counter" not in lines and "@connections" not in lines, lines)


def test_backends_beside_it():
    """Local services and balanced ones on one address."""
    with Lab() as lab:
        lab.serve_all()
        serve(lab, "90")
        d = daemon.start(lab, {"www": service(counters="yes"),
                               "here": local(counters="yes", port=90)})
        truth = Truth(lab, {"www": ("tcp", VIPS, "80"),
                            "here": ("tcp", VIPS, "90")})
        for f in FAMILIES:
            equal(lab.flow("c1", vip(f), 80, 9).all_ok("www").counts(),
                  {"b1": 3, "b2": 3, "b3": 3}, f"IPv{f}")
        every(lab, 90, 4)
        equal(agree(d, truth, "here")["new"], 8, "here")
        equal(agree(d, truth, "www")["new"], 18, "www")
