# SPDX-License-Identifier: GPL-2.0-or-later
"""The API on TCP under clients that mean no good, and under many that do."""

import http.client
import json
import os
import socket
import ssl
import sys
import threading
import time

import daemon
from api import OPS, PORT, SCREEN, Api, descriptors, status_of
from lab import HERE, Lab, gw_addr
from marks import alone
from netns import inside
from process import check, equal, wait_until

SEED = 7
HELPERS = 3
KEPT = 20       # connections between the two that wait for the next request
GROWS_KB = 24 << 10     # pools of memory that are kept; a leak is more
ASAN_GROWS_KB = 400 << 10   # it keeps what was freed


def is_asan():
    return "asan" in os.environ.get("BUILD", "")


COUNT = 10000 if is_asan() else 1500


def memory_kb(pid):
    return int(status_of(pid)["VmRSS"].split()[0])


def grows_kb():
    return ASAN_GROWS_KB if is_asan() else GROWS_KB


def bad_client(lab, node, count, seed):
    return lab.spawn(node, f"bad-{seed}", [
        sys.executable, os.path.join(HERE, "bad_client.py"),
        gw_addr(4, "front"), str(PORT), OPS, str(count), str(seed)])


def resources(api):
    """Of both processes: descriptors, memory."""
    return {pid: (descriptors(pid), memory_kb(pid))
            for pid in (api.d.process.pid, api.pid())}


@alone
def test_hostile():
    with Lab(backends=3, clients=2) as lab:
        services = {"www": daemon.service(check="fast")}
        api = Api(lab, services)
        api.d.write(services, checks={"fast": daemon.FAST_CHECK}, **api.keys)
        lab.serve_all()
        api.start()
        api.d.wait_states("active")
        bad_client(lab, "c2", 200, 1).wait(60)  # pools have their size
        for _ in range(20):
            api.ok("/v1/services")
        pid, before = api.pid(), resources(api)
        parts = [bad_client(lab, "c2", COUNT // HELPERS, SEED + i)
                 for i in range(HELPERS)]
        asked = 0
        while any(p.running() for p in parts):
            equal(api.ask("/v1/status", SCREEN)[0], 200, "a good client")
            asked += 1
        seen = {}
        for p in parts:
            equal(p.wait(), 0, "bad client")
            for status, n in json.loads(p.output()).items():
                seen[status] = seen.get(status, 0) + n
        print(f"# {COUNT} bad requests, {asked} good ones beside: "
              f"{dict(sorted(seen.items()))}")
        equal([s for s in seen if "5" <= s < "6"], [],
              f"our own fault: {[p.errors()[:800] for p in parts]}")
        # a crowd of one address may lose some; not those of others
        check(seen.get("lost", 0) <= COUNT // 100, "too many were lost")
        check(asked > 20 and seen["200"] > COUNT / 20, "few answers")
        equal(api.pid(), pid, "the process")
        api.d.wait_states("active")
        wait_until(lambda: all(n <= before[p][0] + KEPT
                               for p, (n, _) in resources(api).items()),
                   60, "descriptors are given back")
        for p, (_, kb) in resources(api).items():
            check(kb <= before[p][1] + grows_kb(),
                  f"{p}: {before[p][1]} kB, then {kb} kB")
        api.d.stop()
        check("Sanitizer" not in api.d.log(), api.d.log()[-3000:])


class Steady(threading.Thread):
    """`rate` requests a second on one connection, for some seconds; how long
    each took, in ms."""

    def __init__(self, lab, api, rate, seconds):
        super().__init__(daemon=True)
        self.world = lab, api, rate, seconds
        self.took, self.bad = [], 0

    def run(self):
        lab, api, rate, seconds = self.world
        tls = ssl.create_default_context(cafile=api.ca.pem)
        with inside(lab, "c1"):
            c = http.client.HTTPSConnection(api.address, PORT, context=tls,
                                            timeout=30)
            c.connect()
        begun = time.monotonic()
        for n in range(rate * seconds):
            time.sleep(max(0, begun + n / rate - time.monotonic()))
            at = time.monotonic()
            c.request("GET", "/v1/version",
                      headers={"Authorization": f"Bearer {SCREEN}"})
            answer = c.getresponse()
            answer.read()
            self.bad += answer.status != 200
            self.took.append((time.monotonic() - at) * 1000)


def burst(lab, api, rate, seconds):
    """Requests from four connections, changes meanwhile; (times, seconds)."""
    parts = [Steady(lab, api, rate // 4, seconds) for _ in range(4)]
    begun = time.monotonic()
    for p in parts:
        p.start()
    weight = 1
    while any(p.is_alive() for p in parts):
        weight = weight % 9 + 1
        api.d.do("backend", "weight", "www", "b1", weight)
        time.sleep(0.05)
    equal(sum(p.bad for p in parts), 0, "bad answers")
    return (sorted(t for p in parts for t in p.took),
            time.monotonic() - begun)


@alone
def test_burst():
    """No probe is late, and no change waits, because of who asks."""
    with Lab(backends=3) as lab:
        services = {"www": daemon.service(check="fast",
                                           scheduler="weighted")}
        api = Api(lab, services)
        api.d.write(services, checks={"fast": daemon.FAST_CHECK}, **api.keys)
        lab.serve_all()
        api.start()
        api.d.wait_states("active")
        before = api.d.json("status")
        times, seconds = burst(lab, api, 400, 3)
        after = api.d.json("status")
        print(f"# {len(times)} requests in {seconds:.1f} s: median "
              f"{times[len(times) // 2]:.1f} ms, 99 in 100 below "
              f"{times[len(times) * 99 // 100]:.1f} ms")
        late = after["prober"]["late"] - before["prober"]["late"]
        probes = after["prober"]["results"] - before["prober"]["results"]
        check(probes > 30, f"{probes} probes")
        check(late <= probes // 50, f"{late} of {probes} probes late")
        equal(after["commits"]["refused"], 0, "commits refused")
        check(after["commits"]["done"] - before["commits"]["done"] > 5,
              "commits meanwhile")
        equal(set(api.d.states().values()), {"active"}, "health")


def large_body(lab, api, size):
    """A connection that has sent all of a body but the last byte."""
    with inside(lab, "c1"):
        plain = socket.create_connection((api.address, PORT), 30)
    c = ssl.create_default_context(cafile=api.ca.pem).wrap_socket(
        plain, server_hostname=api.address)
    c.sendall(b"POST /v1/config/check HTTP/1.1\r\nHost: gw\r\nAuthorization: "
              b"Bearer %s\r\nContent-Length: %d\r\n\r\n" % (OPS.encode(), size))
    c.sendall(b"#" * (size - 1))
    return c


def answer_to(c):
    c.sendall(b"#")
    head = c.recv(65536)
    return (head if b"}" in head else head + c.recv(65536)).decode()


def test_bodies():
    """Bodies have a common limit, 64 MiB; beyond it one is told to come again."""
    with Lab() as lab:
        api = Api(lab).start()
        held = [large_body(lab, api, 11 << 20) for _ in range(5)]
        one_more = large_body(lab, api, 11 << 20)
        head, _, body = answer_to(one_more).partition("\r\n\r\n")
        check(head.startswith("HTTP/1.1 503"), head)
        check("\r\nretry-after: 1" in head.lower(), head)
        check("\r\ncontent-type: application/problem+json" in head.lower(), head)
        check("67108864 bytes" in body, body)
        equal(api.ask("/v1/status", SCREEN)[0], 200, "without a body")
        for c in (*held, one_more):
            c.close()
        time.sleep(0.3)
        head = answer_to(large_body(lab, api, 11 << 20))
        check(not head.startswith("HTTP/1.1 503"), head)
