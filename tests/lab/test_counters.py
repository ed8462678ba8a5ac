# SPDX-License-Identifier: GPL-2.0-or-later
"""Counters per service and backend: exact to the packet, never reset."""

import os
import re

import daemon
from counting import (Truth, agree, agree_by_family, counters, expected,
                      new_flows, ways)
from daemon import member, members, service
from lab import CONNECT_MS, FAMILIES, Lab, client_addr, vip
from process import check, equal, wait_until

VIPS = {f: vip(f) for f in FAMILIES}
OTHERS = {f: vip(f, 11) for f in FAMILIES}
WWW = {"www": ("tcp", VIPS, "80")}


def traffic(lab, n=12, port=80, proto="tcp", to=vip):
    """n connections in each family; {family: Result}."""
    return {f: lab.flow("c1", to(f), port, n, proto=proto).all_ok(
        f"{proto} {port} IPv{f}") for f in FAMILIES}


def started(lab, truth=None, **keys):
    lab.serve_all()
    d = daemon.start(lab, {"www": service(counters="yes", **keys)})
    return d, Truth(lab, truth or WWW)


def exact(lab, proto):
    d, truth = started(lab, {"www": (proto, VIPS, "80")}, protocol=proto)
    results = traffic(lab, proto=proto)
    c = agree_by_family(d, truth)
    equal(c["new"], 24, "new flows")
    equal(new_flows(c), expected(results), "new flows of backends")
    equal((c["refused"], c["limited"], c["denied"]), (0, 0, 0), "dropped")
    for b in c["backends"]:
        one = d.json("show", "counters", "www", b["name"])
        equal(one, [{**b, "service": "www"}], f"{b['name']} alone")


def test_exact_tcp():
    with Lab() as lab:
        exact(lab, "tcp")


def test_exact_udp():
    with Lab() as lab:
        exact(lab, "udp")


def test_long_transfers():
    """Established packets count as they go, and belong to their backend."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(members(2, port=8081),
                                              counters="yes")})
        truth = Truth(lab, WWW)
        held = [lab.hold("c1", vip(f), 80, 4, interval_ms=5) for f in FAMILIES]
        equal(new_flows(counters(d)),
              {member(i, f): 2 for f in FAMILIES for i in (1, 2)}, "new flows")
        first = counters(d)["in"]["packets"]
        wait_until(lambda: counters(d)["in"]["packets"] > first + 100, 10,
                   "packets are counted")
        for h in held:
            h.stop()
        c = agree_by_family(d, truth)
        check(c["in"]["bytes"] > 60 * first, f"bytes: {c}")
        equal(c["new"], 8, "no packet is a new flow")


def test_ranges_and_any():
    """Ranges and any port, with the client's port kept."""
    with Lab() as lab:
        for b in lab.backends:
            lab.serve(b, *(f"{p}/{a}/8000-8003" for p in ("tcp", "udp")
                           for a in ("0.0.0.0", "::")))
        d = daemon.start(lab, {
            "range": service(members(port=None), port="8000-8003",
                             counters="yes"),
            "every": service(members(port=None), port="any", counters="yes",
                             protocol="udp",
                             address=", ".join(OTHERS.values()))})
        truth = Truth(lab, {"range": ("tcp", VIPS, "8000-8003"),
                            "every": ("udp", OTHERS, None)})
        ranges = traffic(lab, port="8000-8003")
        every = traffic(lab, port="8001,8003", proto="udp", to=OTHERS.get)
        for name, results in (("range", ranges), ("every", every)):
            c = agree_by_family(d, truth, name)
            equal(new_flows(c), expected(results), f"{name}: new flows")


def test_services_that_share_backends():
    """Flows to the same server are told apart by the service they came to."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {
            "www": service(counters="yes"),
            "alt": service(port="81, 82", counters="yes"),
            "quiet": service(port=83)})
        truth = Truth(lab, {"www": ("tcp", VIPS, "80"),
                            "alt": ("tcp", VIPS, "81, 82")})
        www = traffic(lab, 9)
        alt = traffic(lab, 6, port="81,82")
        traffic(lab, 3, port=83)
        for name, results in (("www", www), ("alt", alt)):
            c = agree_by_family(d, truth, name)
            equal(new_flows(c), expected(results), f"{name}: new flows")
        quiet = counters(d, "quiet")
        equal((quiet["counters"], quiet["in"], quiet["new"], quiet["denied"],
               quiet["backends"][0]["in"]), (False, None, None, None, None),
              "a service that does not count")


def test_client_on_the_gateway():
    """What leaves the gateway itself is counted once."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(counters="yes")})
        for b in lab.backends:
            lab.nft("-f", "-", gw=b, input=ARRIVED)
        for f in FAMILIES:
            lab.flow("gw", vip(f), 80, 6).all_ok(f"IPv{f} from the gateway")
        equal(counters(d)["new"], 12, "new flows of local clients")
        arrive(lab, d, "local clients")
        check(counters(d)["in"]["packets"] >= 12 * 3, "SYN, ACK, FIN")
        traffic(lab, 3)
        arrive(lab, d, "others count as well")


ARRIVED = """
table inet arrived {
    counter every {}
    chain in {
        type filter hook input priority -300
        tcp dport 8080 counter name every
    }
}
"""


def arrive(lab, d, words):
    """As many packets as servers get are counted."""
    def seen():
        return sum(int(re.search(r"packets (\d+)", lab.nft(
            "list", "counter", "inet", "arrived", "every", gw=b))[1])
                   for b in lab.backends)
    wait_until(lambda: counters(d)["in"]["packets"] == seen(), 5,
               f"{words}: {seen()} packets: {counters(d)}")




def refusals(lab, port, n):
    for f in FAMILIES:
        r = lab.flow("c1", vip(f), port, n, source=client_addr(f))
        equal(r.failures, {"refused": n}, f"port {port} IPv{f}")


KINDS = ("new", "refused", "limited", "denied")
REJECT = {"filter_action": "reject", "limit_action": "reject",
          "counters": "yes"}


def dropped(d, name):
    c = counters(d, name)
    return tuple(c[k] for k in KINDS)


def test_refused_and_limited():
    """What does not get in, each for its reason and each exactly once."""
    with Lab() as lab:
        lab.serve_all()
        off = {k: v + " disabled" for k, v in members().items()}
        d = daemon.start(lab, {
            "empty": service(off, port=81, **REJECT),
            "limited": service(members(port=8081), port=83,
                               limit_connections_per_source=2, **REJECT)})
        refusals(lab, 81, 5)
        held = [lab.hold("c1", vip(f), 83, 2, source=client_addr(f))
                for f in FAMILIES]
        refusals(lab, 83, 3)
        equal(dropped(d, "empty"), (0, 10, 0, 0), f"empty: {KINDS}")
        equal(dropped(d, "limited"), (4, 0, 6, 0), f"limited: {KINDS}")
        for h in held:
            h.stop()


def test_denied():
    """Whom a list keeps out is counted for the service he asked for."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(deny="bad", **REJECT),
                               "alt": service(port=81, **REJECT)},
                         lists={"bad": {"entries": ", ".join(
                             client_addr(f) for f in FAMILIES)}})
        refusals(lab, 80, 7)
        traffic(lab, 3, port=81)
        equal(dropped(d, "www"), (0, 0, 0, 14), f"www: {KINDS}")
        equal(dropped(d, "alt"), (6, 0, 0, 0), f"alt: {KINDS}")


# ---- never reset

def test_reload_keeps_counters():
    """Ports, weights, a backend more, another name: nothing begins anew."""
    with Lab() as lab:
        d, truth = started(lab, {"www": ("tcp", VIPS, "80, 90")},
                           scheduler="weighted")
        traffic(lab)
        before = agree(d, truth)
        more = {**members(3, weights=[3, 1, 1]), **members(1, first=2)}
        more = {k.replace("b3", "renamed"): v for k, v in more.items()}
        d.write({"www": service(more, counters="yes", scheduler="weighted",
                                port="80, 90")})
        d.reload()
        after = counters(d)
        equal((after["new"], ways(after)), (before["new"], ways(before)),
              "the service's sums")
        was = {b["name"]: ways(b) for b in before["backends"]}
        for b in after["backends"]:
            if b["name"] in was:
                equal(ways(b), was[b["name"]], f"{b['name']} after the reload")
        equal({b["new"] for b in after["backends"]
               if b["name"].startswith("renamed")}, {0}, "the renamed backend")
        traffic(lab, 10, port="80,90")
        equal(agree(d, truth)["new"], before["new"] + 20, "new flows")


def all_closed(lab):
    """Every connection's last packet has passed the gateway."""
    return all("TIME_WAIT" in line for f in FAMILIES
               for line in lab.conntrack("-p", "tcp", "-f", f"ipv{f}"))


def test_removed_backend():
    """What it counted stays its service's, to the last packet, also when it
    comes back; nobody has looked at the counters before it goes."""
    with Lab() as lab:
        d, truth = started(lab)
        traffic(lab)
        wait_until(lambda: all_closed(lab), 10, "connections have ended")
        d.write({"www": service(members(2), counters="yes")})
        d.reload()
        after = agree(d, truth)
        equal(after["new"], 24, "new flows of all time")
        equal(sum(b["new"] for b in after["backends"]), 16, "of those left")
        check(sum(b["in"]["packets"] for b in after["backends"]) <
              after["in"]["packets"], "the removed one's are not theirs")
        d.write({"www": service(counters="yes")})
        d.reload()
        traffic(lab)
        d.restart()
        c = agree(d, truth)
        equal(c["new"], 48, "new flows")
        equal({b["new"] for b in c["backends"]
               if b["name"].startswith("b3")}, {4}, "begins anew")


def test_restart_keeps_counters():
    """Traffic that comes while there is no daemon counts as well."""
    with Lab() as lab:
        d, truth = started(lab)
        traffic(lab)
        agree(d, truth)
        for kill in (False, True):
            if kill:
                d.kill()
            else:
                d.stop()
            traffic(lab)
            d.start()
            agree_by_family(d, truth)
        equal(counters(d)["new"], 72, "new flows")


def test_others_flush():
    """Somebody flushes the rule set, twice: totals go on."""
    with Lab() as lab:
        d, truth = started(lab)
        for i in range(1, 3):
            traffic(lab)
            equal(agree(d, truth)["new"], 24 * i, "new flows")
            repaired = d.log().count("repaired")
            lab.nft("flush", "ruleset")
            wait_until(lambda: d.log().count("repaired") > repaired, 10,
                       "repair")
        traffic(lab, 30)
        c = agree(d, truth)
        equal(c["new"], 24 * 2 + 60, "new flows")
        d.do("flush")
        equal(ways(counters(d)), ways(c), "after our own flush")
        d.do("sync")
        traffic(lab)
        equal(agree(d, truth)["new"], 24 * 2 + 60 + 24, "after a sync")


def test_boot():
    """The kernel begins anew with the same handles: the file has it all."""
    with Lab() as lab:
        d, truth = started(lab)
        traffic(lab)
        agree(d, truth)
        d.stop()
        lab.nft("flush", "ruleset")
        path = os.path.join(d.global_keys["state-dir"], "counters")
        with open(path, encoding="ascii") as f:
            text = f.read()
        text, n = re.subn(r'"boot":"[^"]*"', '"boot":"before"', text)
        text = re.sub(r'"table":\d+', '"table":1', text)
        equal(n, 1, "one boot in the file")
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        d.start()
        # more than before, so that nothing seems to have gone back
        traffic(lab, 30)
        equal(agree(d, truth)["new"], 24 + 60, "new flows")


def test_disabled_service():
    """Out of service and back: its totals wait."""
    with Lab() as lab:
        d, truth = started(lab)
        traffic(lab)
        before = agree(d, truth)
        d.do("service", "disable", "www")
        equal(ways(counters(d)), ways(before), "while it is disabled")
        d.do("service", "enable", "www")
        traffic(lab)
        equal(agree(d, truth)["new"], 48, "new flows")


# ---- what operators see

def test_show_and_top():
    with Lab() as lab:
        d, truth = started(lab)
        text = d.do("show", "counters")
        check(re.search(r"^www +0 +0 +0 ", text, re.M), text)
        busy = lab.flow_start("c1", vip(4), 80, 0, seconds=20,
                              timeout_ms=CONNECT_MS)
        wait_until(lambda: counters(d)["new"] > 10, 10, "traffic")
        rates = d.json("top")["traffic"]
        for name in ("www", "www/b1"):
            rate = rates[name]["rate"]
            check(rate["new"] > 0 and rate["packets"] > 0 and rate["bits"] > 0,
                  f"{name}: {rate}")
        check("BITS/S" in d.do("top"), "top without a terminal")
        busy.stop()
        agree(d, truth)
        c = counters(d)
        text = d.do("show", "counters", "www")
        line = next(x for x in text.splitlines() if x.startswith("www"))
        equal([int(x) for x in line.split()[1:]],
              [c["new"], *ways(c)["in"], *ways(c)["out"], 0, 0, 0, 0], text)
        p = d.ctl("show", "counters", "none")
        equal((p.returncode, "no service" in p.stderr), (1, True), p.stderr)
