# SPDX-License-Identifier: GPL-2.0-or-later
"""The Tab key in a real bash and a real zsh: words of the grammar, and names
that the running daemon has."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import daemon
from daemon import service
from lab import BUILD, Lab
from process import PATIENCE, check, wait_until

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             "bind 'set bell-style none'\n"
             "eval \"$(nftlbctl completion bash)\"\n"),
    "zsh": (["zsh", "-f", "-i"],
            "unsetopt BEEP PROMPT_SP; autoload -Uz compinit; compinit -u -D\n"
            "eval \"$(nftlbctl completion zsh)\"\n"),
}
# what is typed before Tab, and what stands there after
TYPED = (
    ("ctl stat", "ctl status"),
    ("ctl backend dr", "ctl backend drain"),
    ("ctl backend drain www-pu", "ctl backend drain www-public"),
    ("ctl backend drain www-public serv", "ctl backend drain www-public server-1"),
    ("ctl show pools webp", "ctl show pools webpool"),
    ("ctl backend remove webpool mem", "ctl backend remove webpool member-a"),
    ("ctl config rollback ", "ctl config rollback 1"),
    ("ctl import keep", "ctl import keepalived"),
    ("ctl config apply x --con", "ctl config apply x --confirm"),
    ("ctl --dry", "ctl --dry-run"),
    ("ctl list show bad", "ctl list show badguys"),
)


class Shell:
    def __init__(self, lab, name, socket):
        argv, begin = SHELLS[name]
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 500, 0, 0))
        self.text = ""
        self.popen = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave, cwd=lab.dir,
            start_new_session=True, env={
                "PATH": f"{BUILD}/nftlbd:{os.environ['PATH']}", "TERM": "dumb",
                "HOME": lab.dir, "PS1": "$ ", "LC_ALL": "C.UTF-8"})
        os.close(slave)
        self.socket = socket
        self.send(begin + "echo rea''dy\n")
        wait_until(lambda: "\nready" in self.read(), 20,
                   f"{name}: {self.text!r}")

    def send(self, text):
        os.write(self.master, text.encode())

    def read(self):
        while select.select([self.master], [], [], 0.02)[0]:
            try:
                self.text += os.read(self.master, 65536).decode(
                    errors="replace")
            except OSError:
                break
        return self.text.replace("\r", "")

    def complete(self, typed, wanted):
        """Type, Tab, and make the shell print the line instead of running
        it."""
        line = typed.replace("ctl ", f"nftlbctl -s {self.socket} ", 1)
        whole = wanted.replace("ctl ", f"nftlbctl -s {self.socket} ", 1)
        self.send("\x15")       # the line is empty now, whatever was there
        self.read()
        self.text = ""
        self.send(line + "\t")
        end = time.monotonic() + 5 * PATIENCE
        while time.monotonic() < end:
            plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|.\x08", "", self.read())
            if whole in plain:
                break
        return whole in plain, plain

    def end(self):
        self.send("\x15\nexit\n")
        try:
            self.popen.wait(5 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        os.close(self.master)


def test_shells():
    with Lab(backends=1) as lab:
        d = daemon.Daemon(lab)
        d.write({"www-public": service({"server-1": "10.2.0.11:8080"},
                                       address="192.0.2.10")},
                pools={"webpool": {"backend.member-a": "10.2.0.12:8080",
                                   "dynamic": "yes"}},
                lists={"badguys": {"entries": "203.0.113.0/24"}})
        d.start()
        for name in SHELLS:
            s = Shell(lab, name, d.socket)
            try:
                for typed, wanted in TYPED:
                    ok, found = s.complete(typed, wanted)
                    check(ok, f"{name}: {typed!r} became {found!r}, not "
                          f"{wanted!r}")
            finally:
                s.end()
