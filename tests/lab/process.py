# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that a test starts: each is ended by its own pid, whatever happens."""

import json
import os
import signal
import subprocess
import threading
import time


# How much longer than on an idle machine all may take before it is said that it
# will not happen. The virtual machine is emulated.
PATIENCE = 6 if os.environ.get("NFTLB_VM") else 3
# Between two looks: most start a program, and others wait for the processor.
PAUSE_S = 0.1 if os.environ.get("NFTLB_VM") else 0.005


class Failure(Exception):
    """A test's expectation was not met."""


def check(condition, words):
    """Fail with `words` unless `condition` holds."""
    if not condition:
        raise Failure(words)


def equal(found, wanted, words):
    """Fail with `words` and both values unless they are equal."""
    if found != wanted:
        raise Failure(f"{words}: found {found!r}, wanted {wanted!r}")


def wait_until(condition, timeout_s, words, pause_s=PAUSE_S):
    """Return the first true value of condition(); fail after timeout_s (of an
    idle machine: see PATIENCE)."""
    end = time.monotonic() + timeout_s * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"not within {timeout_s * PATIENCE} s: {words}")
        time.sleep(pause_s)


class Process:
    """A running program; its output goes to files that a failed test shows."""

    def __init__(self, name, argv, directory, env=None):
        self.name = name
        self.out_path = os.path.join(directory, name + ".out")
        self.err_path = os.path.join(directory, name + ".err")
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            self.popen = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                start_new_session=True, env=env)
        self.pid = self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def signal(self, number):
        """Send a signal; a process that is gone already is no error."""
        if self.running():
            self.popen.send_signal(number)

    def wait(self, timeout_s=10):
        """Wait for its end; returns the exit status."""
        try:
            return self.popen.wait(timeout_s * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} (pid {self.pid}) does not end") from None

    def stop(self, timeout_s=10):
        """SIGTERM, then wait; returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout_s)

    def kill(self):
        """SIGKILL, then wait."""
        self.signal(signal.SIGKILL)
        return self.wait()

    def output(self):
        with open(self.out_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def errors(self):
        with open(self.err_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def wait_line(self, line, timeout_s=10):
        """Wait until it has printed `line`."""
        def printed():
            if line in self.output().splitlines():
                return True
            check(self.running(),
                  f"{self.name} ended before {line!r}: {self.errors()}")
            return False
        wait_until(printed, timeout_s, f"{line!r} from {self.name}")

    def result(self, timeout_s=20):
        """Wait for its end and read the JSON object on its last line."""
        status = self.wait(timeout_s)
        lines = self.output().splitlines()
        check(status == 0 and lines,
              f"{self.name} ended with {status}: {self.errors()}")
        return json.loads(lines[-1])


class LineClock(threading.Thread):
    """Runs a program and notes when it printed each line."""

    def __init__(self, argv):
        super().__init__(daemon=True)
        self.popen = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, start_new_session=True, text=True)
        self.lines = []     # (time.monotonic(), line); only ever appended to
        self.start()

    def run(self):
        for line in self.popen.stdout:
            self.lines.append((time.monotonic(), line.rstrip()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()
        self.join()
        self.popen.stdout.close()
