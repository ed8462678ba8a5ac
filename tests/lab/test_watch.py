# SPDX-License-Identifier: GPL-2.0-or-later
"""What operators see of a change: the log, events, monitor, top, hooks."""

import json
import os
import pty
import re
import select
import signal

import daemon
from daemon import members, service
from lab import Lab, program, vip
from process import LineClock, check, equal, wait_until

FAST = {"type": "tcp", "interval": "100ms", "timeout": "90ms", "rise": 1,
        "fall": 2}


def started(lab, **keys):
    lab.serve_all()
    return daemon.start(lab, {"www": service(members(3, families=(4,)),
                                             address=vip(4), check="fast",
                                             **keys)},
                        checks={"fast": FAST})


def test_one_change_one_line():
    """One log line and one event, with old, new, reason and time."""
    with Lab() as lab:
        d = started(lab)
        lab.servers["b2"].kill()
        d.wait_state("b2", "down")
        lines = [line for line in d.log().splitlines()
                 if "backend=b2 health: up -> down" in line]
        equal(len(lines), 1, f"log lines: {d.log()}")
        check(re.search(r"service=www .*reason=refused .*after=\d+\.\dms "
                        r"fails=2/2", lines[0]), lines[0])
        seen = [e for e in d.json("show", "events", "www", "b2")
                if e["kind"] == "health"]
        equal(len(seen), 1, "events")
        equal((seen[0]["old"], seen[0]["new"]), ("up", "down"), "states")
        check(re.match(r"refused .*after=\d+\.\dms fails=2/2",
                       seen[0]["reason"]), seen[0]["reason"])
        kinds = [(e["kind"], e["new"]) for e in d.json("show", "events", "www")]
        check(("service", "degraded") in kinds, f"events: {kinds}")


def test_show_checks():
    with Lab() as lab:
        d = started(lab)
        lab.servers["b2"].kill()
        d.wait_state("b2", "down")
        probes = d.json("show", "checks", "www", "b2")
        equal([p["check"] for p in probes], ["fast"], "checks")
        equal((probes[0]["health"], probes[0]["reason"]), ("down", "refused"),
              "what it found")
        check(probes[0]["failures"] >= 2, f"failures: {probes}")
        equal(len(d.json("show", "checks", "www")), 3, "probes of www")
        text = d.do("show", "checks", "www", "b2")
        check("refused" in text and ":8080" in text, text)
        p = d.ctl("show", "checks", "www", "nobody")
        equal(p.returncode, 1, "exit status")
        check('has no backend "nobody"' in p.stderr, p.stderr)


def test_monitor():
    with Lab() as lab:
        d = started(lab)
        command = [program("nftlbctl"), "-s", d.socket]
        with LineClock([*command, "monitor"]) as text, \
                LineClock([*command, "-o", "json", "monitor", "www"]) as lines:
            # both are there when the daemon says so
            d.do("backend", "drain", "www", "b1")
            wait_until(lambda: lines.lines or again(d), 10, "json", 0.1)
            wait_until(lambda: text.lines or again(d), 10, "text", 0.1)
            lab.servers["b2"].kill()
            wait_until(lambda: [x for _, x in text.lines
                                if " health www/b2 up -> down: refused" in x],
                       10, "text")
            found = wait_until(lambda: [
                e for e in map(json.loads, [x for _, x in lines.lines])
                if e["kind"] == "health"], 10, "json")
            equal((found[0]["backend"], found[0]["new"]), ("b2", "down"),
                  "event")
            # it waits for the next daemon (terminal.monitor_goes_on), and ends when told to
            d.stop()
            text.popen.send_signal(signal.SIGINT)
            wait_until(lambda: text.popen.poll() is not None, 10, "its end")


def again(d):
    """One more event, for who was not there at the last one."""
    d.do("backend", "enable", "www", "b1")
    d.do("backend", "drain", "www", "b1")


def test_top():
    """Without a terminal: one screen, what is not well first."""
    with Lab() as lab:
        d = started(lab)
        lab.servers["b2"].kill()
        d.wait_state("b2", "down")
        rows = d.do("top").splitlines()
        names = [r.split()[1] for r in rows if r.startswith("www ")]
        equal(names, ["b2", "b1", "b3"], f"order: {rows}")
        check(any("health www/b2 up -> down" in r for r in rows), f"{rows}")
        frame = d.json("top")
        equal(sorted(frame), ["backends", "events", "status", "traffic"],
              "JSON")


HOOK = """#!/bin/sh
echo "$NFTLB_KIND|$NFTLB_SERVICE|$NFTLB_BACKEND|$NFTLB_OLD|$NFTLB_NEW|$NFTLB_REASON|$(id -un)" >> {out}
"""


def test_hook():
    """on-change: run for each event, as script-user, told by its environment."""
    with Lab() as lab:
        lab.serve_all()
        out = os.path.join(lab.dir, "told")
        with open(out, "w", encoding="ascii"):
            os.chmod(out, 0o666)
        script = os.path.join(lab.dir, "hook")
        with open(script, "w", encoding="ascii") as f:
            f.write(HOOK.format(out=out))
            os.fchmod(f.fileno(), 0o755)

        def told():
            with open(out, encoding="utf-8") as f:
                return [line.rstrip("\n").split("|") for line in f]

        d = daemon.Daemon(lab)
        d.write({"www": service(members(3, families=(4,)), address=vip(4),
                                check="fast"),
                 "quiet": service(members(3, families=(4,)), address=vip(4),
                                  port=81, check="fast",
                                  on_change="/bin/true")},
                checks={"fast": FAST}, **{"on-change": script,
                                          "script-user": "daemon"})
        d.start()
        lab.servers["b2"].kill()
        d.wait_state("b2", "down")
        found = wait_until(lambda: [t for t in told() if t[0] == "health"], 10,
                           "the hook was run")
        equal(found[0][:5], ["health", "www", "b2", "up", "down"], "told")
        check(found[0][5].startswith("refused"), f"reason: {found[0][5]}")
        equal(found[0][6], "daemon", "user")
        d.do("backend", "drain", "www", "b1")
        wait_until(lambda: [t for t in told() if t[:5] == [
            "admin", "www", "b1", "enabled", "drain"]], 10, "admin")
        equal([t for t in told() if t[1] == "quiet"], [],
              "the service with a hook of its own")


def test_hook_that_fails():
    """A hook that is not there, or never ends, holds nobody up."""
    with Lab() as lab:
        d = started(lab, on_change="/nonexistent/hook")
        lab.servers["b2"].kill()
        d.wait_state("b2", "down")
        wait_until(lambda: "/nonexistent/hook" in d.log(), 10, "a line in the log")
        lab.serve("b2")
        d.wait_state("b2", "active")
        d.write({"www": service(members(3, families=(4,)), address=vip(4),
                                check="fast", on_change="/bin/cat")},
                checks={"fast": FAST})
        d.reload()
        for _ in range(5):
            d.do("backend", "drain", "www", "b1")
            d.do("backend", "enable", "www", "b1")
        lab.servers["b3"].kill()
        d.wait_state("b3", "down")


def test_top_on_a_terminal():
    """Drawn again as things change; q ends it and leaves the terminal."""
    with Lab() as lab:
        d = started(lab)
        pid, fd = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(program("nftlbctl"),
                     ["nftlbctl", "-s", d.socket, "top"])
        seen = b""
        try:
            def shows(text):
                nonlocal seen
                if select.select([fd], [], [], 0.1)[0]:
                    seen += os.read(fd, 1 << 16)
                return text in seen
            wait_until(lambda: shows(b"\033[?1049h"), 10, "its own screen")
            wait_until(lambda: shows(b"b1"), 10, "backends")
            check(b"www/b2" not in seen, "no event of b2 yet")
            lab.servers["b2"].kill()
            wait_until(lambda: shows(b"www/b2"), 10, "the event of b2")
            os.write(fd, b"q")
            wait_until(lambda: shows(b"\033[?1049l"), 10, "the screen of before")
            _, status = os.waitpid(pid, 0)
            pid = 0
        finally:
            os.close(fd)    # hangs up
            if pid:
                os.waitpid(pid, 0)
        equal(status, 0, "exit status")
