# SPDX-License-Identifier: GPL-2.0-or-later
"""Feeds: numbers that are asked for, of Net-SNMP's agent and of others."""

import itertools
import json
import os
import sys

from lab import FAMILIES, Lab, backend_addr, gw_addr
from peers import peers
from probing import argv
from process import check, equal
from snmp_peer import WAYS as BAD_WAYS
from snmpd import PORT, agent_start, v3

HERE = os.path.dirname(os.path.abspath(__file__))
OBJECT = "1.3.6.1.4.1.9.1.0"
NONE = ("ignored", None)
_asked = itertools.count()


def target(port):
    return f"{backend_addr(4, 1)}:{port}"


def feed(**keys):
    said = {"type": "cpu", "community": "right", "timeout": "1s", **keys}
    if said["type"] != "cpu":
        said = {"low": "0", "high": "1", **said}
    return {k: v for k, v in said.items() if v is not None}


def found_of(lines):
    """(reason, value or None) of each probe."""
    found = [json.loads(line) for line in lines]
    for f in found:
        equal((f["says"], f["weight"]), ([], 0), "what counts of a feed")
    return [(f["reason"], f.get("value")) for f in found]


def ask_all(lab, asks):
    """The same for each of (keys, port, count, more of argv()), all at once."""
    runs = [(count, lab.spawn("gw", f"feed-{next(_asked)}", argv(
        lab, keys, target(port), count, section="feed", **more)))
            for keys, port, count, more in asks]
    found = []
    for count, p in runs:
        check(p.wait(30) in (0, 1), f"probe: {p.errors()}")
        lines = p.output().splitlines()
        equal(len(lines), count, f"probes: {p.errors()}")
        found.append(found_of(lines))
    return found


def ask(lab, keys, port, count=1, **more):
    return ask_all(lab, [(keys, port, count, more)])[0]


def ask_each(lab, keys, ports, expected):
    """A feed of these keys of each agent finds what is expected of its way."""
    found = ask_all(lab, [(keys, ports[way], len(expected[way]), {})
                          for way in expected])
    for way, values in zip(expected, found):
        equal(values, expected[way], f"{way} with {keys}")


def agents(lab, ways, program="snmp_agent.py"):
    """{way: port}, of agents that are started now."""
    ports = {way: 3000 + i for i, way in enumerate(ways)}
    started = [lab.spawn("b1", f"agent-{way}", [
        sys.executable, os.path.join(HERE, program), str(port), way])
        for way, port in ports.items()]
    for p in started:
        p.wait_line("ready")
    return ports


def ok(value):
    return ("ok", value)


CPU = {
    "quarter": [NONE, ok(0.25), ok(0.25)],
    "wrap": [NONE] + [ok(0.25)] * 3,
    "still": [NONE, NONE, ok(0.25), NONE, ok(0.25)],
    "restart": [NONE, ok(0.25), NONE, ok(0.25)],
    "little": [NONE, ok(0.25), ok(0.25)],
    "no-idle": [ok(0.4)] * 2,
    "processors": [ok(0.4)] * 2,
    "many": [ok(0.25)] * 2,
    "load": [ok(0.25)] * 2,
    "overload": [ok(1)] * 2,
    "load-alone": [ok(0.25)] * 2,
    "no-numbers": [ok(0.5)] * 2,
    "other": [("content", None)] * 2,
}


def test_ways_to_ask_for_the_cpu():
    """Ticks, else processors, else the load: whatever an agent has."""
    with Lab(backends=1) as lab:
        ask_each(lab, feed(), agents(lab, CPU), CPU)


def test_ways_of_version_1():
    """Its agents refuse a request for what they lack, as a whole."""
    ways = ("load", "little", "no-idle", "processors", "other")
    with Lab(backends=1) as lab:
        ask_each(lab, feed(version="1"), agents(lab, ways),
                 {way: CPU[way] for way in ways})


def test_an_agent_that_has_less_now():
    """The way is chosen again; nothing is asked for in vain otherwise."""
    with Lab(backends=1) as lab:
        p = lab.spawn("b1", "agent", [
            sys.executable, os.path.join(HERE, "snmp_agent.py"), "3000",
            "changes"])
        p.wait_line("ready")
        equal(ask(lab, feed(), 3000, 5), [ok(0.5)] * 5, "values")
        asked = [line.split() for line in p.output().splitlines()[1:]]
        equal([a[2] for a in asked],
              ["0xa0"] + ["0xa5"] * 5 + ["0xa0"] + ["0xa0"],
              "ticks, processors three times, none; cores, load twice")
        equal(len({a[1] for a in asked}), 1, "sockets")


def test_objects():
    ways = {"gauge": [ok(7)] * 2, "text": [ok(0.15)] * 2,
            "words": [("content", None)] * 2, "load": [("content", None)] * 2,
            "infinite": [("content", None)] * 2}
    counters = ("counter", "counter64")
    with Lab(backends=1) as lab:
        ports = agents(lab, [*ways, *counters])
        for version in ("1", "2c"):
            ask_each(lab, feed(type="snmp", oid=OBJECT, version=version),
                     ports, ways)
        for found in ask_all(lab, [(feed(type="snmp", oid=OBJECT), ports[way],
                                    3, {"every": 100}) for way in counters]):
            equal(found[0], NONE, "of one look")
            for reason, value in found[1:]:
                equal(reason, "ok", "of two looks")
                check(0 < value <= 10000, f"a second's: {value}")


def test_memory_is_no_counter():
    """Net-SNMP sends what memory is available as a counter, for the bits."""
    with Lab(backends=1) as lab:
        ports = agents(lab, ["memory"])
        equal(ask(lab, feed(type="snmp", oid="1.3.6.1.4.1.2021.4.27.0"),
                  ports["memory"], 3), [
            ok(123000 - 100 * n) for n in range(3)], "as it is")
        agent_start(lab)
        (reason, value), = ask(lab, feed(
            type="snmp", oid="1.3.6.1.4.1.2021.4.27.0"), PORT)
        with open("/proc/meminfo", encoding="ascii") as f:
            have = next(int(line.split()[1]) for line in f
                        if line.startswith("MemAvailable:"))
        equal(reason, "ok", "of the real agent")
        check(abs(value - have) < have / 4, f"{value} kB, {have} are there")


def of_the_manual(begins):
    """The example of nftlbd.conf(5) that begins so, for the lab's gateway."""
    with open(os.path.join(HERE, "../../man/nftlbd.conf.5"),
              encoding="utf-8") as f:
        text = f.read().split(f".Bd -literal -offset indent\n{begins}", 1)[1]
    for documented, side in (("192.0.2.1", 4), ("2001:db8::1", 6)):
        text = text.replace(documented, gw_addr(side, "back"))
    return begins + text.split(".Ed", 1)[0]


def test_as_the_manual_says():
    """Its snmpd.conf is enough for its feeds, over both families."""
    oid = of_the_manual("[feed cpu]").split("oid  = ")[1].split()[0]
    versions = ({"community": "public"}, {
        "community": None, "version": "3", "user": "nftlb", "auth": "sha256",
        "auth-password": "not this one", "priv": "aes",
        "priv-password": "nor this one"})
    with Lab(backends=1) as lab:
        agent_start(lab, conf=of_the_manual("agentaddress"))
        for family in FAMILIES:
            host = backend_addr(family, 1)
            to = f"[{host}]:{PORT}" if family == 6 else f"{host}:{PORT}"
            for keys in versions:
                for kind in ({"type": "cpu"}, {"type": "snmp", "oid": oid}):
                    p = lab.run("gw", *argv(lab, feed(**keys, **kind), to,
                                            section="feed"))
                    (reason, _), = found_of(p.stdout.splitlines())
                    # the first of counters is none
                    check(reason in ("ok", "ignored"), f"{to} {keys}: {reason}")


def test_no_value_of_bad_answers():
    ways = [w for w in BAD_WAYS if w not in (
        "unsigned", "badly-signed", "open", "unsigned-clock", "no-engine",
        "engines", "other-report")]
    with Lab(backends=1) as lab:
        ports = agents(lab, ways, "snmp_peer.py")
        found = ask_all(lab, [(feed(timeout="200ms"), ports[way], 1, {})
                              for way in ways])
        for way, ((reason, value),) in zip(ways, found):
            check(reason not in ("ok", "ignored"), f"{way}: {reason}")
            equal(value, None, f"{way}: value")


VIEWS = {"noticks": [".1.3.6.1.4.1.2021.11"],
         "noloads": [".1.3.6.1.4.1.2021.11", ".1.3.6.1.2.1.25.3.3.1.2"]}


def test_net_snmp():
    """The real agent, of whose figures not everybody may see all."""
    lines = []
    for name, hidden in VIEWS.items():
        lines += [f"view {name} included .1",
                  *(f"view {name} excluded {oid}" for oid in hidden),
                  f"rocommunity {name} default -V {name}"]
    signed = v3("shaaes", type="cpu", oid=None)
    with Lab(backends=1) as lab:
        agent_start(lab, "b1", lines)
        lab.spawn("b1", "burner", ["sh", "-c", "while :; do :; done"])
        # it reads its counters each five seconds
        slow = [(keys, PORT, 8, {"every": 800})
                for keys in (feed(), feed(version="1"), signed)]
        quick = [(feed(community=name, version=version), PORT, 2, {})
                 for name in VIEWS for version in ("1", "2c")]
        found = ask_all(lab, slow + quick)
        with open("/proc/loadavg", encoding="ascii") as f:
            load = min(1, float(f.read().split()[0]) / os.cpu_count())
        for usages in found[:3]:
            check({r for r, _ in usages} == {"ok", "ignored"}, f"{usages}")
            values = [value for _, value in usages if value is not None]
            check(len(values) <= 2, f"{usages}")
            # one CPU is the burner's
            check(0.5 / os.cpu_count() < values[-1] <= 1, f"{usages}")
        for usages in found[3:]:
            check(all(reason == "ok" and 0 <= value <= 1
                      for reason, value in usages), f"{usages}")
        for usages in found[5:]:
            check(all(abs(value - load) < 0.3 for _, value in usages),
                  f"{usages}, {load}")


def test_agents():
    lines = {r"75%\n": ok(75), r"0.5 0.4\r\n": ok(0.5), r"up 12\n": ok(12),
             r"-3\n": ok(-3), r"busy\n": ("malformed", None),
             r"load 5\n": ("malformed", None), "5": ("timeout", None),
             r"down\n": ("malformed", None)}
    with Lab(backends=1) as lab:
        peers(lab, {5000 + i: f"greet:{line}" for i, line in enumerate(lines)}
              | {5100: "endless:1", 5101: "drip:1 and no end"})
        keys = feed(type="agent", community=None, timeout="300ms")
        for i, (line, expected) in enumerate(lines.items()):
            lines[line] = 5000 + i, expected
        lines |= {"no end": (5100, ("too-long", None)),
                  "slow": (5101, ("timeout", None))}
        found = ask_all(lab, [(keys | {"port": str(port)}, port, 1, {})
                              for port, _ in lines.values()])
        for (line, (_, expected)), values in zip(lines.items(), found):
            equal(values, [expected], line)


def test_scripts():
    bodies = {
        "echo 0.75": ok(0.75), "printf 12": ok(12), "echo 50%; echo 7": ok(50),
        "seq 3 200000": ok(3), "cat /proc/loadavg": None,
        "echo 5; exit 1": ("exit", None), "echo 5; exit 7": ("exit", None),
        "echo 5; kill -9 $$": ("signal", None), ":": ("malformed", None),
        "echo busy": ("malformed", None), "echo; echo 5": ("malformed", None),
        "echo 5 >&2": ("malformed", None), "head -c 2000 /dev/zero | tr '\\0' 1":
        ("too-long", None), "yes": ("timeout", None),
        "yes & echo $NFTLB_PORT": ("malformed", None),
    }
    with Lab(backends=1) as lab:
        for i, (body, expected) in enumerate(bodies.items()):
            path = os.path.join(lab.dir, f"script-{i}")
            with open(path, "w", encoding="utf-8") as f:
                f.write(f"#!/bin/sh\n{body}\n")
            os.chmod(path, 0o755)
            keys = feed(type="script", community=None, command=path,
                        timeout="300ms" if body == "yes" else "1s")
            found, = ask(lab, keys, 80)
            if expected is None:
                equal(found[0], "ok", body)
            elif not body.startswith("yes &"): # either one's word is first
                equal(found, expected, body)
