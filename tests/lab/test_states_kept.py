# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of health when the daemon, its file or its checks change; probes
that are shared, or go by way of the service."""

import os
import time

import daemon
from daemon import member, members, service
from lab import FAMILIES, IN_VM, Lab, backend_addr, vip
from marks import vm
from process import check, equal, wait_until
from test_states import (FAST, SLOW, V4, Signs, end, events, serve, start, v4,
                         who)

def state_on_disk(d):
    directory, text = d.global_keys["state-dir"], ""
    for entry in os.scandir(directory):
        if entry.is_file():
            with open(entry.path, encoding="utf-8") as f:
                text += f.read()
    return text


def test_health_lives_through_restart():
    """A backend that was down when the daemon was killed is down when it
    starts; nothing is sent to it, and nobody is told a second time."""
    with Lab() as lab:
        lab.serve_all()
        slow = {**FAST, "interval": "30s", "timeout": "1s", "fall": 1}
        d = start(lab, v4(check="slow"), checks={"slow": slow})
        d.write({"www": v4(check="slow")}, checks={"slow": {**slow,
                "interval": "100ms", "timeout": "90ms"}})
        d.reload()
        end(lab, "b2")
        d.wait_state("b2", "down")
        wait_until(lambda: '"b2","health":"down"' in state_on_disk(d), 5,
                   "the journal has it")
        d.write({"www": v4(check="slow")}, checks={"slow": slow})
        d.restart(kill=True)
        equal(d.states(), {"b1": "active", "b2": "down", "b3": "active"},
              "states after the restart")
        equal(who(lab), {"b1", "b3"}, "servers")
        equal(events(d, kind="health"), [], "events")


def test_reload_with_other_checks():
    """A reload that changes what checks do takes nobody down, and sends nothing
    to who was down: that takes a result."""
    with Lab() as lab:
        lab.serve_all()
        signs = Signs(lab)
        d = start(lab, v4(check="sign"),
                  {"sign": signs.check("one", present="down")})
        signs.put("one")
        d.wait_state("b2", "down")
        for section, state in (("two", "down"), ("three", "active")):
            if state == "down":
                signs.put(section)
            d.write({"www": v4(check="sign")}, checks={"sign": {
                **signs.check(section, present="down"), "interval": "60s",
                "start": "down"}})
            d.reload()
            wait_until(lambda state=state: d.states() == {
                "b1": "active", "b2": state, "b3": "active"}, 5, state)
        seen = [(e["backend"], e["old"], e["new"])
                for e in events(d, kind="health")]
        equal(seen, [("b2", "up", "down"),
                     ("b2", "down", "unknown"), ("b2", "unknown", "down"),
                     ("b2", "down", "unknown"), ("b2", "unknown", "up")],
              "events")


def test_added_backend_is_probed_at_once():
    with Lab() as lab:
        lab.serve_all()
        slow = {**FAST, "interval": "60s", "timeout": "1s", "start": "down"}
        d = start(lab, v4(members(2, families=V4), check="slow"),
                  checks={"slow": slow})
        d.wait_states("active")
        d.write({"www": v4(check="slow")}, checks={"slow": slow})
        d.reload()
        d.wait_state("b3", "active", timeout_s=3)
        wait_until(lambda: who(lab, 6) == {"b1", "b2", "b3"}, 3, "b3 serves")


def test_added_backend_of_a_shared_probe():
    """Who is new to a probe that others have had hears its last result."""
    with Lab() as lab:
        lab.serve_all()
        signs = Signs(lab)
        checks = {"sign": {**signs.check("drain"), "interval": "60s"},
                  "none-yet": {**signs.check("down", present="down"),
                               "interval": "60s", "start": "unknown"}}
        signs.put("drain")
        services = {"one": v4(check="sign, none-yet")}
        d = daemon.start(lab, services, checks=checks)
        states = {"b1": "active", "b2": "drain", "b3": "active"}
        wait_until(lambda: d.states("one") == states, 5, "b2 drains")
        d.write({**services, "two": v4(check="sign, none-yet", port=81)},
                checks=checks)
        d.reload()
        equal(d.states("two"), states, "states of the new one")


def probes_seen(lab, node):
    out = lab.do(node, "nft", "list", "counter", "ip", "t", "syns")
    return int(out.split("packets")[1].split()[0])


def test_shared_probe():
    """Two services with the same backends and check: one probe for both."""
    with Lab() as lab:
        lab.serve_all()
        lab.do("b2", "nft", "-f", "-", input="""
            table ip t {
                counter syns { }
                chain c {
                    type filter hook input priority 0;
                    tcp dport 8080 tcp flags & (syn | ack) == syn \
                        counter name syns
                }
            }""")
        lines = members(3, families=V4)
        d = daemon.start(lab, {
            "one": service(lines, address=vip(4), check="fast"),
            "two": service(lines, address=vip(4), port=81, check="fast")},
            checks={"fast": FAST})
        begun, first = time.monotonic(), probes_seen(lab, "b2")
        wait_until(lambda: probes_seen(lab, "b2") >= first + 20, 30, "20 probes")
        took = time.monotonic() - begun
        # intervals are shortened by up to 10 %
        check(took > 20 * 0.09 * 0.9, f"20 probes within {took:.2f} s")
        end(lab, "b2")
        for name in ("one", "two"):
            d.wait_state("b2", "down", service=name)
        equal(len(events(d, kind="health", backend="b2")), 2, "events")


@vm
def test_via_service():
    """A probe that goes to the service's address reaches its own backend."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(check="through")},
                         checks={"through": {**(SLOW if IN_VM else FAST),
                                             "via": "service"}})
        d.wait_states("active")
        for f in FAMILIES:
            for i in (1, 2, 3):
                wait_until(lambda f=f, i=i: lab.conntrack(
                    "-f", f"ipv{f}", "-p", "tcp", "-d", vip(f), "--dport", 80,
                    "--reply-src", backend_addr(f, i)), 5,
                    f"a probe of b{i} by way of {vip(f)}")
        end(lab, "b2")
        for f in FAMILIES:
            d.wait_state(member(2, f), "down")
        equal({n for n, s in d.states().items() if s == "down"},
              {member(2, f) for f in FAMILIES}, "who is down")
        for f in FAMILIES:
            equal(who(lab, family=f), {"b1", "b3"}, f"IPv{f} servers")
        serve(lab, "b2")
        d.wait_states("active")


def test_via_service_after_restart():
    """What conntrack remembers of UDP probes does not lead them astray, when a
    restart finds the backends in another order."""
    check_udp = {**FAST, "type": "udp", "send": "x", "expect": "b*",
                 "via": "service"}
    with Lab() as lab:
        serve(lab, "b2", "b3")      # b1 refuses
        lines = members(3, families=V4)
        d = start(lab, v4(lines, protocol="udp", check="through"),
                  {"through": check_udp})
        states = {"b1": "down", "b2": "active", "b3": "active"}
        wait_until(lambda: d.states() == states, 5, "b1 is down")
        d.write({"www": v4(dict(reversed(lines.items())), protocol="udp",
                           check="through")}, checks={"through": check_udp})
        d.restart()
        first = results(d)
        wait_until(lambda: results(d) > first + 30, 10, "more probes")
        equal(d.states(), states, "states after the restart")


def results(d):
    return d.json("status")["prober"]["results"]
