# SPDX-License-Identifier: GPL-2.0-or-later
"""
The export of bindings to real targets: an HTTP server, a reader of the file,
librdkafka's mock cluster. One that refuses, hangs or is late costs a failure
in the status, and the loop that exports never waits for it.
"""

import hashlib
import json
import os
import signal
import sys

import daemon
from lab import HERE, IN_VM, Lab, backend_addr, client_addr, program
from process import check, equal, wait_until

LONGEST_S = 1.5     # less than the shortest hang of a sink
COUNT = 500


class Exporter:
    """tests/tools/export on gw."""

    def __init__(self, lab, kind, target, topic="-", token="-", count=COUNT):
        self.process = lab.spawn("gw", f"export-{kind}", [
            program("tests/tools/export"), kind, target, topic, token,
            str(count)])

    def status(self):
        lines = self.process.output().splitlines(True)
        lines = [line for line in lines if line.endswith("\n")]
        return json.loads(lines[-1]) if lines else {
            "good": 0, "failed": 0, "bindings": 0, "longest_s": 0, "error": ""}

    def wait(self, key, more=1, timeout_s=20):
        """Wait for so many more of good or failed; returns the status."""
        begun = self.status()[key]
        wait_until(lambda: self.status()[key] >= begun + more, timeout_s,
                   f"{more} more {key}: {self.status()}")
        return self.status()

    def stop(self):
        longest = self.status()["longest_s"]
        check(longest < LONGEST_S, f"a turn of the loop took {longest} s")
        equal(self.process.stop(), 0, f"exit: {self.process.errors()}")


def judge(lines, count):
    """Is this one whole list, and does its checksum hold?"""
    lines = [json.loads(line) for line in lines]
    equal(len(lines), count, "lines")
    summary = "".join(f"{x['name']} {x['service']} {x['vm']}\n" for x in lines)
    for i, line in enumerate(lines):
        equal((line["number"], line["bindings"]), (i + 1, count), "number")
        equal(line["checksum"], hashlib.sha256(summary.encode()).hexdigest(),
              "checksum")
        equal((line["host"], line["revision"]), (os.uname().nodename, count),
              "host, revision")
    equal(len({line["time"] for line in lines}), 1, "times")


class Sink:
    """export_sink.py on b1."""

    def __init__(self, lab):
        self.dir = lab.dir
        self.mode("good")
        self.process = lab.spawn("b1", "sink", [
            sys.executable, os.path.join(HERE, "export_sink.py"), "8000",
            lab.dir])
        self.process.wait_line("ready")
        self.url = f"http://{backend_addr(4, 1)}:8000/v1/lists"

    def mode(self, word):
        path = os.path.join(self.dir, "mode")
        with open(path + ".new", "w", encoding="ascii") as f:
            f.write(word)
        os.rename(path + ".new", path)

    def lists(self):
        path = os.path.join(self.dir, "lists")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]


def test_http():
    """Good, refused, redirected, hanging in two ways, late; good again."""
    with Lab(backends=1) as lab:
        sink = Sink(lab)
        token = os.path.join(lab.dir, "token")
        with open(token, "w", encoding="ascii") as f:
            f.write("s3cret\n")
        x = Exporter(lab, "http", sink.url, token=token)
        x.wait("good")
        got = sink.lists()[-1]
        judge(got["body"].splitlines(), COUNT)
        equal((got["path"], got["headers"]["Authorization"],
               got["headers"]["Content-Type"]),
              ("/v1/lists", "Bearer s3cret", "application/x-ndjson"), "request")
        for mode, words in (("refuse", "status 503"),
                            ("redirect", "status 307"),
                            ("hang", "not over after"),
                            ("slow", "not over after"),
                            ("late", "not over after")):
            sink.mode(mode)
            wait_until(lambda w=words: w in x.status()["error"], 20,
                       f"{mode}: {x.status()}")
            sink.mode("good")
            equal(x.wait("good")["error"], "", f"after {mode}")
        check(not [x for x in sink.lists() if x["path"] != "/v1/lists"],
              "a redirection was followed")
        x.process.signal(signal.SIGUSR1)
        wait_until(lambda: x.status()["bindings"] == COUNT + 1, 10, "one more")
        judge(sink.lists()[-1]["body"].splitlines(), COUNT + 1)
        x.stop()


def test_http_network_away():
    """The target's cable is pulled and put back; its server dies and comes."""
    with Lab(backends=1) as lab:
        sink = Sink(lab)
        x = Exporter(lab, "http", sink.url)
        x.wait("good")
        lab.ip("net", ["link set b1-back down"])
        x.wait("failed")
        lab.ip("net", ["link set b1-back up"])
        x.wait("good")
        sink.process.kill()
        x.wait("failed")
        check("connect" in x.status()["error"].lower(), f"{x.status()}")
        sink = Sink(lab)
        x.wait("good")
        x.stop()


def test_file():
    """Whoever reads it at whatever time reads one whole list."""
    with Lab(backends=0, clients=0) as lab:
        path = os.path.join(lab.dir, "list.jsonl")
        x = Exporter(lab, "file", path)
        x.wait("good")
        seen = set()

        def read_whole():
            with open(path, encoding="utf-8") as f:
                lines = f.read().splitlines()
            if len(lines) not in seen:
                judge(lines, len(lines))
            equal(json.loads(lines[-1])["bindings"], len(lines), "a part")
            seen.add(len(lines))
            x.process.signal(signal.SIGUSR1)
            return len(seen) >= 4
        wait_until(read_whole, 20, "four lists")
        os.rename(path, path + ".old")
        os.mkdir(path)      # nobody can replace a directory by a file
        check("irectory" in x.wait("failed")["error"], f"{x.status()}")
        os.rmdir(path)
        x.wait("good")
        x.stop()


def test_kafka():
    """The consumer has the list; the broker goes away and comes back."""
    with Lab(backends=0, clients=0) as lab:
        k = lab.spawn("gw", "kafka", [program("tests/tools/kafka")])
        wait_until(lambda: k.output().endswith("\n"), 10, "the cluster is up")

        def messages():
            return [line for line in k.output().splitlines(True)[1:]
                    if line.endswith("\n")]

        x = Exporter(lab, "kafka", k.output().split()[0], "bindings")
        x.wait("good")
        wait_until(lambda: len(messages()) >= COUNT, 20, "all messages")
        judge(messages()[:COUNT], COUNT)
        k.signal(signal.SIGUSR1)
        check(x.wait("failed")["error"], "no words")
        k.signal(signal.SIGUSR2)
        x.wait("good", timeout_s=30)
        x.process.signal(signal.SIGUSR1)
        wait_until(lambda: x.status()["bindings"] == COUNT + 1, 20, "one more")
        wait_until(lambda: json.loads(messages()[-1])["number"] == COUNT + 1,
                   20, "the last message")
        judge(messages()[-COUNT - 1:], COUNT + 1)
        x.stop()


class Agent:
    """hvagent on gw."""

    def __init__(self, lab):
        self.lab = lab
        self.socket = os.path.join(lab.dir, "hv.sock")
        self.path = os.path.join(lab.dir, "hv.conf")
        self.process = None

    def write(self, **export):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(daemon.ini({
                "global": {"uplink": "back", "gateways": backend_addr(4, 1),
                           "control-socket": self.socket,
                           "state-dir": self.lab.dir},
                "export": {k.replace("_", "-"): v for k, v in export.items()},
                "binding web": {"service": "192.0.2.1:80/tcp",
                                "vm": client_addr(4)}}))

    def start(self):
        self.process = self.lab.spawn("gw", "hvagent", [
            program("hvagent/hvagent"), "-f", "-c", self.path])

        def answers():
            check(self.process.running(),
                  f"hvagent ended: {self.process.errors()}")
            return self.ctl("status").returncode == 0
        wait_until(answers, 60 if IN_VM else 15, "hvagent answers")
        return self

    def ctl(self, *words):
        return self.lab.run("gw", program("nftlbctl"), "-s", self.socket,
                            *words)

    def export(self):
        return json.loads(self.ctl("-o", "json", "status").stdout)["export"]


def test_agent():
    """hvagent's own list; another target with a reload; a bad one refused."""
    with Lab(backends=1) as lab:
        path = os.path.join(lab.dir, "list.jsonl")
        a = Agent(lab)
        a.write(type="file", target=path, interval="1s")
        a.start()
        wait_until(lambda: a.export()["good"], 10, "the first list")
        with open(path, encoding="utf-8") as f:
            first = json.loads(f.read())
        equal((first["name"], first["service"], first["vm"], first["origin"]),
              ("web", "192.0.2.1:80/tcp", client_addr(4), "file"), "binding")
        p = lab.run("gw", "curl", "-sS", "--fail-with-body", "--unix-socket",
                    a.socket, "-X", "PUT", "http://x/v1/bindings/two", "-d",
                    '{"service": "192.0.2.1:80/tcp", "vm": "10.1.9.9"}')
        equal(p.returncode, 0, f"PUT: {p.stdout}{p.stderr}")
        wait_until(lambda: a.export()["bindings"] == 2, 10, "one more")
        done = a.export()["good"]
        wait_until(lambda: a.export()["good"] > done, 10, "and exported")
        with open(path, encoding="utf-8") as f:
            lines = [json.loads(line) for line in f]
        equal([(x["name"], x["origin"]) for x in lines],
              [("two", "api"), ("web", "file")], "bindings")
        check(lines[0]["revision"] > first["revision"], "revision")

        a.write(type="http", target="http://127.0.0.1:9/", interval="1s")
        a.process.signal(signal.SIGHUP)
        wait_until(lambda: a.export()["type"] == "http"
                   and a.export()["failed"], 10, "the new target fails")
        check("connect" in a.export()["error"].lower(), f"{a.export()}")
        metrics = lab.do("gw", "curl", "-sS", "--unix-socket", a.socket,
                         "http://x/metrics")
        check("hvagent_export_last_successful 0" in metrics, metrics)
        a.write(type="kafka", target="127.0.0.1:9", interval="1s")
        p = lab.run("gw", program("hvagent/hvagent"), "-t", "-c", a.path)
        check(p.returncode == 1 and "topic" in p.stderr, f"-t: {p.stderr}")
        equal(a.process.stop(), 0, "exit")
