# SPDX-License-Identifier: GPL-2.0-or-later
"""SNMP checks against Net-SNMP's agent, and against peers that are none."""

import os
import sys

import daemon
from daemon import members, service
from lab import Lab, backend_addr, vip
from probing import argv, expect, probe
from process import check, equal, wait_until
from snmpd import PORT, SERVICES, USERS, agent_start, v2, v3

UPTIME = "1.3.6.1.2.1.1.3.0"
CONTACT = "1.3.6.1.2.1.1.4.0"       # a text
LOAD = "1.3.6.1.4.1.2021.10.1.3.1"  # a text that is a number
LOAD_FLOAT = "1.3.6.1.4.1.2021.10.1.6.1"    # an Opaque float
PACKETS = "1.3.6.1.2.1.11.1.0"      # a Counter32
HERE = os.path.dirname(os.path.abspath(__file__))


def target(family=4, port=PORT):
    address = backend_addr(family, 1)
    return f"{address}:{port}" if family == 4 else f"[{address}]:{port}"


def test_versions_1_and_2c():
    with Lab(backends=1) as lab:
        agent_start(lab)
        for version in ("1", "2c"):
            for family in (4, 6):
                expect(lab, v2(version=version), target(family), "ok",
                       detail=72)
        found = probe(lab, v2(timeout="500ms", community="wrong"), target())[0]
        equal(found["reason"], "timeout", "a wrong community")
        equal(found["ms"], 500, f"after its time-out: {found}")


def test_values():
    with Lab(backends=1) as lab:
        agent_start(lab)
        for oid, low, high, reason in (
                (SERVICES, "72", "72", "ok"), (SERVICES, "73", None, "range"),
                (SERVICES, None, "71", "range"), (SERVICES, "-5", "100", "ok"),
                (PACKETS, "1", None, "ok"), (UPTIME, "0", None, "ok"),
                (UPTIME, None, "-1", "range"),
                (LOAD, "0", "100000", "ok"), (LOAD, "100000", None, "range"),
                (LOAD_FLOAT, "0", "100000", "ok"),
                (LOAD_FLOAT, "100000", None, "range"),
                (CONTACT, None, None, "ok"), (CONTACT, "0", None, "content"),
                ("1.3.6.1.2.1.1.99.0", None, None, "content"),
                ("1.3.6.1.2.1.1.7.5", None, None, "content"),
                ("1.3.9", None, None, "content")):
            bounds = {"min": low, "max": high}
            bounds = {k: v for k, v in bounds.items() if v is not None}
            for keys in (v2(oid=oid, **bounds), v2(oid=oid, version="1", **bounds),
                         v3("shaaes", oid=oid, **bounds)):
                expect(lab, keys, target(), reason)
        expect(lab, v2(min="73"), target(), "range", detail=72)


def test_version_3_of_all_kinds():
    with Lab(backends=1) as lab:
        agent_start(lab)
        for user in USERS:
            found = probe(lab, v3(user), target(), count=3)
            equal([f["reason"] for f in found], ["ok"] * 3, f"user {user}")
            equal(found[-1]["detail"], 72, f"value for {user}")
        expect(lab, v3("sha256aes"), target(6), "ok", detail=72)


def test_version_3_refuses():
    with Lab(backends=1) as lab:
        agent_start(lab)
        wrong = "not-the-password"
        for keys, detail in (
                (v3("sha", user="stranger"), 3),
                (v3("nobodycares", user="stranger"), 3),
                (v3("sha", auth_password=wrong), 5),
                (v3("sha", auth="md5"), 5),
                (v3("shaaes", auth_password=wrong), 5),
                (v3("shaaes", priv_password=wrong), 6),
                (v3("md5des", priv_password=wrong), 6),
                (v3("sha", priv="aes", priv_password=wrong), 1)):
            keys["timeout"] = "600ms"
            for found in probe(lab, keys, target(), count=2):
                equal((found["reason"], found["detail"]), ("auth", detail),
                      f"{keys}")
        # less than the agent wants of this user: an error in order
        expect(lab, v3("shaaes", priv=None, priv_password=None), target(),
               "status", detail=16)


def test_an_agent_that_starts_again():
    """Its clock and boots begin anew: the next probe sets that right."""
    with Lab(backends=1) as lab:
        agent = agent_start(lab)
        keys = v3("shaaes", timeout="800ms")
        # one process, so that it remembers the engine
        p = lab.spawn("gw", "probes", argv(lab, keys, target(), 20000))

        def last(word):
            lines = p.output().splitlines()
            return lines and f'"{word}"' in lines[-1]
        wait_until(lambda: last("ok"), 10, "up")
        agent.kill()
        wait_until(lambda: last("refused"), 10, "refused without an agent")
        agent = agent_start(lab)
        wait_until(lambda: last("ok"), 10, "up again")
        check('"auth"' not in p.output(), "no word of wrong keys")


def test_nobody_there():
    with Lab(backends=1) as lab:
        for keys in (v2(), v3("shaaes")):
            expect(lab, keys, target(), "refused")
        lab.ip("gw", ["route add unreachable 10.2.0.99/32"])
        expect(lab, v2(), "10.2.0.99:161", "unreachable")


def peer_start(lab, way, port):
    p = lab.spawn("b1", f"peer-{way}", [
        sys.executable, os.path.join(HERE, "snmp_peer.py"), str(port), way])
    p.wait_line("ready")
    return p


def test_bad_answers():
    ways = {
        "good": "ok", "second": "ok", "silent": "timeout", "empty": "malformed",
        "noise": "malformed", "cut": "malformed", "long-length": "malformed",
        "other-id": "timeout", "late-first": "ok", "noise-first": "ok",
        "other-version": "malformed", "other-object": "malformed",
        "a-request": "malformed", "error": "status", "large": "too-long",
        "counter64": "ok", "negative": "range", "end-of-view": "content",
        "not-a-number": "content",
    }
    with Lab(backends=1) as lab:
        for i, (way, reason) in enumerate(ways.items()):
            peer_start(lab, way, 2000 + i)
            patience = {"timeout": "300ms", "malformed": "600ms"}.get(
                reason, "2s" if way == "second" else "8s")
            found = expect(lab, v2(min="0", timeout=patience),
                           target(port=2000 + i), reason)
            if way == "error":
                equal(found["detail"], 5, "error-status")
            if way == "counter64":
                equal(found["detail"], 2 ** 31 - 1, "value, clamped")


def test_bad_answers_of_version_3():
    ways = {
        # reason, detail, requests
        "unsigned": ("malformed", 0, 3), "badly-signed": ("malformed", 0, 3),
        "unsigned-clock": ("auth", 2, 2), "no-engine": ("malformed", 0, 2),
        "engines": ("auth", 4, 3), "other-report": ("status", 0, 1),
        "silent": ("timeout", 0, 2), "noise": ("malformed", 0, 2),
    }
    with Lab(backends=1) as lab:
        for i, (way, (reason, detail, asked)) in enumerate(ways.items()):
            p = peer_start(lab, way, 2000 + i)
            # Half of it, and it asks again: not of a peer that is slow.
            patience = "1200ms" if reason in ("timeout", "malformed") else "8s"
            expect(lab, v3("sha", timeout=patience), target(port=2000 + i),
                   reason, detail=detail)
            equal(p.output().count("asked"), asked, f"{way}: requests")


def test_an_engine_is_asked_for_once():
    with Lab(backends=1) as lab:
        p = peer_start(lab, "open", 2000)
        found = probe(lab, v3("nobodycares"), target(port=2000), count=5)
        equal([f["reason"] for f in found], ["ok"] * 5, "five probes")
        equal(p.output().count("asked"), 6, "requests")


def test_through_the_daemon():
    """Many backends' engines at once, each of its own; and one that goes."""
    with Lab(backends=2) as lab:
        lab.serve_all()
        agents = {b: agent_start(lab, b) for b in lab.backends}
        d = daemon.start(
            lab, {"www": service(members(2, families=(4,)), address=vip(4),
                                 check="load, signed")},
            checks={"load": v2(max="1000000", port=PORT, interval="200ms",
                               timeout="150ms", rise=1, fall=2, oid=LOAD),
                    "signed": v3("shaaes", port=PORT, interval="200ms",
                                 timeout="150ms", rise=1, fall=2)})
        d.wait_states("active")
        agents["b1"].kill()
        d.wait_state("b1", "down")
        equal(d.backend("b1")["check"]["reason"], "refused", "reason")
        equal(d.backend("b2")["state"], "active", "the other one's state")
        agent_start(lab, "b1")
        d.wait_states("active")
