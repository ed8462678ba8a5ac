# SPDX-License-Identifier: GPL-2.0-or-later
"""Script checks: exit statuses, what a script is given, and how it ends."""

import os
import signal
import time

import daemon
from daemon import members, service
from lab import Lab, vip
from probing import argv, expect, probe
from process import check, equal, wait_until

TARGET = "192.0.2.1:80"


def script(lab, body, name="script", mode=0o755, head="#!/bin/sh"):
    path = os.path.join(lab.dir, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"{head}\n{body}\n")
    os.chmod(path, mode)
    return path


def keys(command, **more):
    return {"type": "script", "command": command, "timeout": "2s", **more}


def alive(mark, also=""):
    """Processes of scripts for this backend."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                given = f.read()
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                command = f.read()
            if (f"NFTLB_BACKEND={mark}".encode() in given
                    and also.encode() in command):
                found.append(int(pid))
        except OSError:
            pass
    return found


def test_exit_statuses():
    with Lab(backends=0) as lab:
        path = script(lab, 'exit "$1"')
        for status, reason, says, weight in (
                (0, "ok", [], 0), (1, "exit", [], 0), (2, "ok", ["weight"], 0),
                (3, "ok", ["weight"], 1), (52, "ok", ["weight"], 50),
                (127, "ok", ["weight"], 125), (255, "ok", ["weight"], 253)):
            expect(lab, keys(f"{path} {status}"), TARGET, reason,
                   detail=status, says=says, weight=weight)


def test_signals():
    with Lab(backends=0) as lab:
        path = script(lab, 'kill -"$1" $$')
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV,
                       signal.SIGPIPE):
            expect(lab, keys(f"{path} {int(number)}"), TARGET, "signal",
                   detail=int(number), says=[], weight=0)


def test_what_cannot_be_run_says_nothing():
    with Lab(backends=0) as lab:
        for path, error in (
                (os.path.join(lab.dir, "missing"), 2), (lab.dir, 13),
                (script(lab, "exit 0", "plain", 0o644), 13),
                (script(lab, "exit 0", "strange", head="#!/no/such/shell"), 2),
                (script(lab, "", "noise", head="\x7fELFnot"), 8)):
            expect(lab, keys(path), TARGET, "local", detail=error, says=[])


def test_what_it_is_given():
    with Lab(backends=0) as lab:
        out = os.path.join(lab.dir, "out")
        path = script(lab, f"""
            [ "$#" = 4 ] || exit 1
            exec > {out}
            printf '%s|' "$@"
            env | grep -v -e ^_= -e ^PWD= -e ^SHLVL= | sort | tr '\\n' '|'
            echo
            ls /proc/self/fd > {out}.fds
            readlink /proc/self/fd/0
            grep -E 'Sig(Blk|Ign)' /proc/self/status
            read line && exit 1
            exit 0""")
        expect(lab, keys(f'{path} {{address}} "a b;$HOME" p={{port}} {{backend}}'),
               "[2001:db8::1]:443", "ok", name="web 1", says=[])
        with open(out, encoding="utf-8") as f:
            lines = f.read().splitlines()
        check(lines[0].startswith("2001:db8::1|a b;$HOME|p=443|web 1|"),
              f"its arguments: {lines}")
        check("|NFTLB_ADDRESS=2001:db8::1|NFTLB_BACKEND=web 1|NFTLB_PORT=443|"
              "PATH=/usr/sbin:/usr/bin:/sbin:/bin|" in lines[0],
              f"its environment: {lines}")
        equal(lines[1], "/dev/null", "its stdin")
        with open(out + ".fds", encoding="utf-8") as f:
            # 3 is what ls reads
            equal(f.read().split(), ["0", "1", "2", "3"], "its descriptors")
        for line in lines[-2:]:
            equal(int(line.split()[1], 16), 0, f"signals: {line}")


def test_nothing_outlives_its_time():
    with Lab(backends=0) as lab:
        mark = lab.prefix + "timeout"
        for name, body in (
                ("plain", "sleep 600"),
                ("child", "sleep 600 & sleep 600 & wait"),
                ("stubborn", "trap '' TERM; sleep 600 & sleep 600; sleep 600"),
                ("orphan", "trap '' TERM; (trap '' TERM; sleep 600) & exec sleep 600")):
            path = script(lab, body, name)
            found = probe(lab, keys(path, timeout="300ms"), TARGET, name=mark)[0]
            equal(found["reason"], "timeout", name)
            equal(found["ms"], 300, f"{name}: {found}")
            wait_until(lambda: not alive(mark), 2, f"{name}: nothing is left")


def test_what_a_script_leaves_behind_goes_with_it():
    with Lab(backends=0) as lab:
        mark = lab.prefix + "left"
        path = script(lab, "sleep 600 & exit 0")
        expect(lab, keys(path), TARGET, "ok", name=mark)
        wait_until(lambda: not alive(mark), 2, "nothing is left")


def test_a_stubborn_script_does_not_hold_up_the_next():
    """Between SIGTERM and SIGKILL is a second; probes go on meanwhile."""
    with Lab(backends=0) as lab:
        mark = lab.prefix + "next"
        path = script(lab, "trap '' TERM; while :; do sleep 0.05; done")
        begun = time.monotonic()
        found = probe(lab, keys(path, timeout="200ms"), TARGET, count=5,
                      name=mark)
        took = time.monotonic() - begun
        check(took < 4.5, f"five of 200 ms each: {took:.1f} s")
        equal([f["reason"] for f in found], ["timeout"] * 5, "all of them")
        wait_until(lambda: not alive(mark), 3, "nothing is left")


def test_a_stubborn_script_is_killed_while_others_run():
    with Lab(backends=0) as lab:
        path = script(lab, f"""
            mkdir {lab.dir}/first 2>/dev/null || exec sleep 0.1
            trap '' TERM
            echo $$ > {lab.dir}/pid
            sleep 600; sleep 600""")
        p = lab.spawn("gw", "probes", argv(lab, keys(path, timeout="300ms"),
                                           TARGET, 10000))
        wait_until(lambda: '"ok"' in p.output(), 5, "later ones run")
        with open(f"{lab.dir}/pid", encoding="utf-8") as f:
            pid = int(f.read())
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 3,
                   "the stubborn one is gone")
        check(p.running(), "the prober is not")


def test_the_probers_end_is_theirs():
    with Lab(backends=0) as lab:
        mark = lab.prefix + "killed"
        path = script(lab, "exec sleep 600")
        p = lab.spawn("gw", "prober", argv(lab, keys(path, timeout="9s"),
                                           TARGET, name=mark))
        wait_until(lambda: len(alive(mark)) == 1, 5, "the script runs")
        p.kill()
        wait_until(lambda: not alive(mark), 2, "nothing is left")


def test_through_the_daemon():
    """Down, weights and a stuck script; the script runs as its own user."""
    with Lab(backends=2) as lab:
        lab.serve_all()
        path = script(lab, f"""[ "$(id -u)" != 0 ] || exit 1
            . {lab.dir}/$NFTLB_BACKEND""")

        def say(words, backend="b1"):
            with open(f"{lab.dir}/{backend}.new", "w", encoding="utf-8") as f:
                f.write(words + "\n")
            os.rename(f"{lab.dir}/{backend}.new", f"{lab.dir}/{backend}")

        def weight():
            return d.backend("b1")["weight"]["effective"]
        say("exit 0")
        say("exit 0", "b2")
        d = daemon.start(
            lab, {"www": service(members(2, families=(4,), weights=(100, 100)),
                                 address=vip(4), check="script",
                                 scheduler="weighted")},
            checks={"script": keys(path, interval="200ms", timeout="150ms",
                                   rise=1, fall=2)})
        d.wait_states("active")
        equal(weight(), 100, "its own weight")
        say("exit 52")
        wait_until(lambda: weight() == 50, 5, "the script's weight")
        say("exit 1")
        d.wait_state("b1", "down")
        equal(d.backend("b1")["check"]["reason"], "exit", "reason")
        say("exit 102")
        d.wait_state("b1", "active")
        wait_until(lambda: weight() == 100, 5, "the script's weight")
        say("trap '' TERM; sleep 600; sleep 600")
        d.wait_state("b1", "down")
        wait_until(lambda: d.backend("b1")["check"]["reason"] == "timeout", 30,
                   "reason")      # the loop may have been late
        equal(d.backend("b2")["state"], "active", "the other one's state")
        d.stop()
        wait_until(lambda: not alive("b1", lab.dir), 5, "no script is left")
