# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent check: what agents say, what HAProxy makes of the same words, and
what the daemon does with them."""

import csv
import os

import daemon
from daemon import service
from lab import Lab, backend_addr, vip
from peers import expect, peers, probe, target
from process import equal, wait_until

OK, DOWN, MAINT = "ok", "said-down", "maintenance"

# What the agent says; reason, says, weight of our probe.
LINES = [
    ("up\n", OK, [], 0),
    ("UP\r\n", OK, [], 0),
    ("ready\n", OK, ["ready"], 0),
    ("75%\n", OK, ["percent"], 75),
    ("75%\r", OK, ["percent"], 75),
    ("1%\n", OK, ["percent"], 1),
    ("0%\n", OK, ["percent"], 0),
    ("100%\n", OK, ["percent"], 100),
    ("up 50%\n", OK, ["percent"], 50),
    ("up,50%,ready\n", OK, ["ready", "percent"], 50),
    ("10%\t20%\n", OK, ["percent"], 20),
    ("drain\n", OK, ["drain"], 0),
    ("drain 30%\n", OK, ["drain", "percent"], 30),
    ("drain ready\n", OK, ["ready"], 0),
    ("maint\n", MAINT, ["maint"], 0),
    ("maint,ready\n", OK, ["ready"], 0),
    ("down\n", DOWN, [], 0),
    ("down # the disk is full\n", DOWN, [], 0),
    ("down #up\n", DOWN, [], 0),
    ("fail\n", DOWN, [], 0),
    ("stopped\n", DOWN, [], 0),
    ("stopped 40%\n", DOWN, ["percent"], 40),
    ("down up\n", OK, [], 0),
    ("up down\n", DOWN, [], 0),
    ("maxconn:30\n", OK, [], 0),
    ("maxconn:30 down\n", DOWN, [], 0),
    ("nonsense down\n", DOWN, [], 0),
    ("up\ndown\n", OK, [], 0),
    ("  ,, up\n", OK, [], 0),
    # nothing that anybody understands
    ("nonsense\n", "malformed", [], 0),
    ("75\n", "malformed", [], 0),
    ("#down\n", "malformed", [], 0),
    # cut off: it might have gone on
    ("50%", "closed", [], 0),
    ("down", "closed", [], 0),
    ("", "closed", [], 0),
]

FIRST = 5100
IADDR = backend_addr(4, 1)


def escaped(text):
    return text.encode("unicode_escape").decode("ascii")


def haproxy(lab, count):
    """HAProxy with an agent check for each of the ports; a function that reads
    {port: row of the server's state} once all agents were asked."""
    admin = os.path.join(lab.dir, "haproxy.sock")
    path = os.path.join(lab.dir, "haproxy.cfg")
    servers = "\n".join(
        f"  server s{port} {IADDR}:80 weight 100 agent-check agent-port {port}"
        f" agent-inter 100ms agent-send hello\\n"
        for port in range(FIRST, FIRST + count))
    with open(path, "w", encoding="ascii") as f:
        f.write(f"global\n  stats socket {admin} level admin\n"
                "defaults\n  mode tcp\n  timeout connect 1s\n"
                "  timeout client 1s\n  timeout server 1s\n"
                f"backend be\n  balance roundrobin\n{servers}\n")
    lab.spawn("gw", "haproxy", ["haproxy", "-db", "-f", path])
    wait_until(lambda: os.path.exists(admin), 5, "HAProxy's socket")

    def ask(words):
        return lab.do("gw", "python3", "-c",
                      "import socket,sys;s=socket.socket(socket.AF_UNIX);"
                      "s.connect(sys.argv[1]);s.sendall(sys.argv[2].encode()+"
                      "b'\\n');print(s.makefile().read())", admin, words)

    def asked():
        rows = csv.DictReader(ask("show stat").lstrip("# ").splitlines())
        return all(r["agent_status"].lstrip("* ") not in ("", "INI", "UNK")
                   for r in rows if r["svname"] != "BACKEND")

    def read():
        lines = ask("show servers state be").splitlines()[1:]
        names = lines[0].lstrip("# ").split()
        rows = [dict(zip(names, line.split())) for line in lines[1:] if line]
        return {int(r["srv_name"][1:]): r for r in rows}

    wait_until(asked, 10, "HAProxy has asked all agents", 0.05)
    return read()


ADMIN_MAINT, ADMIN_DRAIN, STOPPED = 0x01, 0x08, 0


def of_haproxy(row):
    """(maint, drain, down, weight) of a server, as HAProxy has it."""
    admin = int(row["srv_admin_state"])
    maint = bool(admin & ADMIN_MAINT)
    down = None if maint else int(row["srv_op_state"]) == STOPPED
    return maint, bool(admin & ADMIN_DRAIN), down, int(row["srv_uweight"])


def of_ours(found):
    """The same of a finding. What is no word of an agent changes nothing: in
    HAProxy always, here with `unreachable = ignore`."""
    said = found["says"]
    maint = "maint" in said
    down = None if maint else found["reason"] == DOWN
    return (maint, "drain" in said, down,
            found["weight"] if "percent" in said else 100)


def test_haproxy_agrees():
    """The same agent, the same words, the same state of the server."""
    with Lab(backends=1) as lab:
        peers(lab, {FIRST + i: f"greet-end:{escaped(line)}"
                    for i, (line, *_) in enumerate(LINES)})
        theirs = haproxy(lab, len(LINES))
        for i, (line, reason, says, weight) in enumerate(LINES):
            found = probe(lab, target(FIRST + i), "agent")[0]
            words = f"agent says {line!r}"
            equal((found["reason"], sorted(found["says"]), found["weight"]),
                  (reason, sorted(says), weight), words)
            equal(of_ours(found), of_haproxy(theirs[FIRST + i]),
                  f"{words}: ours, HAProxy's")


def test_agents_that_do_not_answer():
    """Each way not to answer has its reason, or counts as nothing."""
    with Lab(backends=1) as lab:
        peers(lab, {5001: "silent", 5002: "refuse", 5003: "cut:7",
                    5004: "drip:up and away", 5005: "endless:x",
                    5006: r"greet:nonsense\n", 5007: r"reply:80%\n"})
        reasons = {5001: "timeout", 5002: "reset", 5003: "reset",
                   5004: "timeout", 5005: "too-long", 5006: "malformed",
                   5099: "refused"}
        for port, reason in reasons.items():
            expect(lab, port, "agent", reason, send=r"hello\n")
            found = expect(lab, port, "agent", "ignored", send=r"hello\n",
                           unreachable="ignore")
            equal((found["says"], found["weight"]), ([], 0),
                  f"port {port}: what counts of it")
        found = expect(lab, 5007, "agent", "ok", send=r"hello\n",
                       unreachable="ignore")
        equal(found["weight"], 80, "weight of an agent that wants to be asked")
        # without a question this one does not answer
        expect(lab, 5007, "agent", "timeout")


def test_agent_moves_its_server():
    """Weight, drain, maintenance and down by an agent, seen in the daemon."""
    with Lab(backends=2) as lab:
        path = os.path.join(lab.dir, "word")

        def say(text):
            with open(path + ".new", "w", encoding="ascii") as f:
                f.write(text)
            os.rename(path + ".new", path)

        say("up\n")
        lab.serve_all()
        peers(lab, {9001: f"file:{path}"}, "b1")
        peers(lab, {9001: r"greet:up\n"}, "b2")
        d = daemon.start(
            lab, {"www": service(daemon.members(2, families=(4,),
                                                weights=(100, 100)),
                                 address=vip(4), check="agent",
                                 scheduler="weighted")},
            checks={"agent": {"type": "agent", "port": 9001, "rise": 1,
                              "interval": "200ms", "timeout": "150ms",
                              "fall": 2}})
        d.wait_states("active")
        say("50%\n")
        wait_until(lambda: effective(d) == 50, 5, "half of the weight")
        say("drain\n")
        d.wait_state("b1", "drain")
        say("ready 100%\n")
        d.wait_state("b1", "active")
        wait_until(lambda: effective(d) == 100, 5, "the whole weight")
        say("down # disk full\n")
        d.wait_state("b1", "down")
        equal(d.backend("b1")["check"]["reason"], "said-down", "reason")
        say("up\n")
        d.wait_state("b1", "active")


def effective(d):
    return d.backend("b1")["weight"]["effective"]
