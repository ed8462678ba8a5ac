# SPDX-License-Identifier: GPL-2.0-or-later
"""nftlbctl on a terminal: colours, widths, `top`, `monitor`, progress; and what
it says to who mistypes."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

import daemon
from daemon import FAST_CHECK, members, service
from lab import Lab, program
from process import check, equal, wait_until

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
ONE = {"www": service(members(3, families=(4,)), check="fast",
                      address="192.0.2.10")}


class Terminal:
    """nftlbctl on a terminal of so many columns and lines."""

    def __init__(self, d, *words, columns=80, lines=24, env=None):
        self.master, slave = pty.openpty()
        self.size(columns, lines)
        env = {**os.environ, "TERM": "xterm", **(env or {})}
        for name in ("COLUMNS", "NO_COLOR"):
            if name not in (env or {}):
                env.pop(name, None)
        self.popen = subprocess.Popen(
            [program("nftlbctl"), "-s", d.socket, *words], stdin=slave,
            stdout=slave, stderr=slave, env=env, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.text = ""

    def size(self, columns, lines):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, wait_s=0.05):
        while select.select([self.master], [], [], wait_s)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            self.text += data.decode(errors="replace")
            wait_s = 0
        return self.text

    def wait(self, words, timeout_s=10):
        wait_until(lambda: words in self.plain(), timeout_s,
                   f"{words!r} in {self.text[-3000:]!r}")

    def plain(self):
        return ESCAPE.sub("", self.read()).replace("\r", "")

    def screen(self):
        """The last whole screen that `top` drew."""
        return ESCAPE.sub("", self.read().split("\x1b[H")[-1])

    def type(self, key):
        os.write(self.master, key.encode())

    def end(self):
        while self.popen.poll() is None:
            self.read()
        self.read()
        os.close(self.master)
        return self.popen.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()


def lines_of(d, *words, **how):
    t = Terminal(d, *words, **how)
    equal(t.end(), 0, t.text)
    return t.text


def test_colours_and_widths():
    with Lab(backends=3) as lab:
        lab.serve("b1")
        d = daemon.Daemon(lab)
        d.write(ONE, checks={"fast": FAST_CHECK})
        d.start()
        d.wait_state("b2", "down")
        # colours: on terminals, unless somebody says otherwise
        check("\x1b[31m" in lines_of(d, "status"), "colours on a terminal")
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            check("\x1b" not in lines_of(d, "status", env=env), f"{env}")
        check("\x1b" not in lines_of(d, "--no-color", "status"), "--no-color")
        check("\x1b" not in d.do("status"), "a pipe")
        check("\x1b[31m" in d.do("--color=always", "status"), "always")
        equal(d.ctl("--color=blue", "status").returncode, 2, "no such")
        # widths: the whole table in a pipe, what fits on a terminal
        whole = d.do("show", "backends")
        widest = max(map(len, whole.splitlines()))
        for columns in (40, 60, 80, widest + 20, 300):
            text = ESCAPE.sub("", lines_of(d, "show", "backends",
                                           columns=columns))
            rows = [x.rstrip("\r") for x in text.splitlines()]
            check(max(map(len, rows)) <= columns, f"{columns}: {text}")
            equal(len(rows), len(whole.splitlines()), "no line wraps")
            check(("…" in text) == (columns < widest),
                  f"{columns}: what is cut is said: {text}")
        text = lines_of(d, "show", "backends", columns=300,
                        env={"COLUMNS": "50"})
        check(max(len(ESCAPE.sub("", x).rstrip("\r"))
                  for x in text.splitlines()) <= 50, "COLUMNS")


def test_top():
    with Lab(backends=3) as lab:
        lab.serve("b1")
        lab.serve("b3")
        d = daemon.Daemon(lab)
        d.write(ONE, checks={"fast": FAST_CHECK})
        d.start()
        d.wait_state("b2", "down")
        with Terminal(d, "top", columns=100) as t:
            t.wait("q quit")

            def order():
                return re.findall(r"^www +(b\d)", t.screen(), re.M)
            wait_until(lambda: order() == ["b2", "b1", "b3"], 10, "worst first")
            t.type("n")
            wait_until(lambda: order() == ["b1", "b2", "b3"], 10, "by name")
            t.size(50, 12)
            wait_until(lambda: t.screen().count("\n") < 12 and all(
                len(x.rstrip("\r")) <= 50 for x in t.screen().split("\n")) and
                "www" in t.screen(), 10, f"resized: {t.screen()!r}")
            d.stop()
            t.wait("no daemon at")
            d.start()
            wait_until(lambda: "quit" in t.screen() and order(), 10,
                       "there again")
            t.type("q")
            equal(t.end(), 0, "q")
            check(t.text.endswith("\x1b[?25h\x1b[?1049l"), "as it was")
        d.stop()
        t = Terminal(d, "top")
        equal(t.end(), 3, "no daemon")


def test_monitor_goes_on():
    with Lab(backends=3) as lab:
        lab.serve_all()
        d = daemon.Daemon(lab)
        d.write(ONE, checks={"fast": FAST_CHECK})
        d.start()
        d.wait_states("active")
        with Terminal(d, "monitor", "www", columns=200) as t:
            def drain(backend):
                """Until it is seen: the monitor may not be there yet."""
                def seen():
                    d.do("backend", "drain", "www", backend)
                    d.do("backend", "enable", "www", backend)
                    return f"www/{backend}" in t.plain() or \
                        re.search(f"www.{backend}.*drain", t.plain())
                wait_until(seen, 10, f"{backend}: {t.text!r}", 0.1)
            drain("b1")
            d.stop()
            t.wait("waiting for it")
            d.start()
            drain("b2")
            check(t.popen.poll() is None, "it ended")


def test_progress():
    with Lab(backends=1) as lab:
        d = daemon.Daemon(lab)
        d.write(ONE, checks={"fast": FAST_CHECK})
        d.start()
        d.process.signal(signal.SIGSTOP)
        with Terminal(d, "sync") as t:
            t.wait("at work")
            d.process.signal(signal.SIGCONT)
            equal(t.end(), 0, t.text)
            check(not t.text.split("\x1b[K")[-1].startswith("nftlbctl"),
                  "the line is gone")


def test_did_you_mean():
    with Lab(backends=1) as lab:
        d = daemon.Daemon(lab)
        d.write({"www": service({"server-1": "10.2.0.11:8080"},
                                address="192.0.2.10")})
        d.start()
        for words, meant in ((("show", "services", "wwv"), '"www"'),
                             (("backend", "drain", "www", "sever-1"), '"server-1"'),
                             (("shwo", "services"), '"show"'),
                             (("--dry-rnu", "sync"), "--dry-run"),
                             (("--no-colour=x", "sync"), "")):
            p = d.ctl(*words)
            check(p.returncode in (1, 2) and meant in p.stderr and
                  ("did you mean" in p.stderr or not meant), f"{words}: {p}")
        p = d.ctl("show", "services", "www")
        equal((p.returncode, p.stderr), (0, ""), "right")
