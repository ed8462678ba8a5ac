#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Runs the lab's tests: every function test_* of every file test_*.py, each in a
process and in namespaces of its own.

    run.py [-j N] [--vm] [--beside | --alone] [--again N] [--list] [NAME ...]

NAME picks tests whose name contains it. --vm runs those that need the virtual
machine's kernel (SCTP, tunnels) and a few others there; without it these are
named, not run. --beside runs those that do not mind what else the machine does,
--alone the others: they measure time or load it. --again: the first N that fail
get a second try when the others are done, and the log tells of both. BUILD is the directory with the programs (default: ../../build).
"""

import argparse
import glob
import importlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TEST_TIMEOUT_S = 600 if os.environ.get("NFTLB_VM") else 300


def collect():
    """[(name, needs the VM, alone, what for)], in order of files and lines."""
    found = []
    for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))):
        module = importlib.import_module(os.path.basename(path)[:-3])
        for name, f in vars(module).items():
            if name.startswith("test_") and f.__module__ == module.__name__:
                found.append((f"{module.__name__[5:]}.{name[5:]}",
                              getattr(f, "vm", None), getattr(f, "alone", False),
                              getattr(f, "needs", None)))
    return found


def run_one(name, prefix, out):
    """In a process of its own, a fork: all modules are there already."""
    os.setsid()
    os.dup2(out.fileno(), 1)
    os.dup2(out.fileno(), 2)
    sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    module, function = name.split(".")
    importlib.import_module("lab").PREFIX = prefix
    try:
        getattr(importlib.import_module(f"test_{module}"), f"test_{function}")()
    except Exception as e:
        print(f"# {type(e).__name__}: {e}")
        for frame in traceback.extract_tb(e.__traceback__)[1:]:
            print(f"#   {os.path.basename(frame.filename)}:{frame.lineno}: "
                  f"{frame.line}")
        sys.exit(1)


class Runner:
    """Keeps up to `jobs` tests running; prints each as it ends."""

    def __init__(self, jobs, tries=0):
        self.jobs = jobs
        self.prefix = f"nl{os.getpid()}"
        self.running = {}
        self.started = 0
        self.passed = []
        self.failed = []
        self.tries = tries      # how many may have a second one
        self.again = []

    def start(self, name):
        self.started += 1
        prefix = f"{self.prefix}t{self.started}"
        out = tempfile.TemporaryFile(mode="w+")
        sys.stdout.flush()
        p = multiprocessing.get_context("fork").Process(
            target=run_one, args=(name, prefix, out))
        p.start()
        self.running[p] = (name, prefix, time.monotonic(), out)

    def finish(self, p):
        from lab import sweep
        name, prefix, begun, out = self.running.pop(p)
        with out:
            out.seek(0)
            text = out.read()
        sweep(prefix + "n")
        seconds = time.monotonic() - begun
        if p.exitcode == 0:
            self.passed.append(name)
            print(f"ok {name} ({seconds:.1f}s)")
        elif len(self.again) < self.tries:
            self.again.append(name)
            print(f"# first try: {name} failed ({seconds:.1f}s)")
        else:
            self.failed.append(name)
            print(f"not ok {name} ({seconds:.1f}s)")
        for line in text.splitlines():
            print(line if line.startswith("#") else f"# {line}")
        sys.stdout.flush()

    def poll(self):
        """Wait for any test to end; a test without end is killed."""
        while True:
            for p, (name, _, begun, _) in list(self.running.items()):
                if p.exitcode is not None:
                    self.finish(p)
                    return
                late_s = time.monotonic() - begun - TEST_TIMEOUT_S
                if late_s > 20:
                    p.kill()        # its end did not come with SIGTERM
                elif late_s > 0:
                    p.terminate()
            time.sleep(0.02)

    def run(self, names, alone):
        """The tests that measure time or load the machine come last, alone."""
        for name in [n for n in names if n not in alone]:
            while len(self.running) >= self.jobs:
                self.poll()
            self.start(name)
        while self.running:
            self.poll()
        for name in [n for n in names if n in alone]:
            self.start(name)
            self.poll()
        self.tries = 0
        for name in self.again:
            print(f"# second try: {name}")
            self.start(name)
            self.poll()

    def abort(self):
        """Interrupted: end all tests and remove what they made."""
        from lab import sweep
        for p in self.running:
            p.terminate()
        for p in self.running:
            p.join(15)
            if p.is_alive():
                p.kill()
                p.join()
        sweep(self.prefix + "t")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-j", type=int, default=1, metavar="N")
    parser.add_argument("--vm", action="store_true")
    parser.add_argument("--beside", action="store_true")
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--again", type=int, default=0, metavar="N")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    tests = [t for t in collect()
             if not args.names or any(n in t[0] for n in args.names)]
    mine = [t for t in tests if (t[1] is not None if args.vm else t[1] != "only")]
    if args.beside or args.alone:
        mine = [t for t in mine if bool(t[2]) == args.alone]
    if args.list:
        for name, vm, alone, _ in tests:
            print(name, f"vm={vm}" if vm else "", "alone" if alone else "")
        return 0
    runner = Runner(args.j, args.again)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        runner.run([t[0] for t in mine], {t[0] for t in mine if t[2]})
    finally:
        runner.abort()
    if not args.vm and not args.alone:
        for name, vm, _, needs in tests:
            if vm == "only":
                print(f"# {name}: needs {needs}: run it in the VM (--vm)")
    if runner.failed:
        print("# failed: " + " ".join(runner.failed))
    print(f"{len(runner.passed)} passed, {len(runner.failed)} failed")
    return 1 if runner.failed or not runner.passed else 0


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
