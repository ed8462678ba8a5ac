#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench api: 1,000 requests a second at the API on TCP (TLS, token, some
connections) for some seconds, while the daemon, its API process and its prober
share one core, with health probes and changes of weights under way: what a
request waits, what it costs, and what that does to probes and commits, beside
the same without requests. Exit status 1 when a limit of the project is missed.
"""

import json
import os
import socket
import ssl
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../lab"))

# pylint: disable=wrong-import-position
import daemon                                       # noqa: E402
from api import PORT, SCREEN, Api                   # noqa: E402
from asking import ask                              # noqa: E402
from lab import Lab                                 # noqa: E402

RATE, SECONDS, CLIENTS, SERVICES = 1000, 8, 8, 40
PATHS = ("/v1/status", "/v1/services?fields=summary", "/v1/services/s{n}",
         "/v1/services/s{n}/backends/b1", "/v1/version")
CHECK = {"type": "tcp", "interval": "100ms", "timeout": "80ms", "rise": 1,
         "fall": 3}
HZ = os.sysconf("SC_CLK_TCK")
LATE_MAX = 0.001    # share of the probes
COMMIT_MS = 50
RATE_LEAST = 0.99   # of RATE


def answer_of(c, rest):
    """Reads one answer: (its status line's begin, what came after it). As
    little as will do: what the client costs is not what is measured."""
    while b"\r\n\r\n" not in rest:
        rest += receive(c)
    head, _, rest = rest.partition(b"\r\n\r\n")
    length = head.lower().partition(b"\r\ncontent-length:")[2]
    if length:
        end = int(length.partition(b"\r\n")[0])
        while len(rest) < end:
            rest += receive(c)
        return head[:12], rest[end:]
    while not rest.endswith(b"0\r\n\r\n"):
        rest += receive(c)
    return head[:12], b""


def receive(c):
    data = c.recv(65536)
    if not data:
        sys.exit("the connection ended")
    return data


def client(address, ca, rate, seconds):
    """Its own process: prints what each request took, in ms."""
    c = ssl.create_default_context(cafile=ca).wrap_socket(
        socket.create_connection((address, PORT)), server_hostname=address)
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    took, rest = [], b""
    begun = time.monotonic()
    for n in range(rate * seconds):
        due = begun + n / rate
        time.sleep(max(0, due - time.monotonic()))
        path = PATHS[n % len(PATHS)].format(n=n % SERVICES)
        c.sendall(f"GET {path} HTTP/1.1\r\nHost: gw\r\nAuthorization: Bearer "
                  f"{SCREEN}\r\n\r\n".encode())
        status, rest = answer_of(c, rest)
        if status != b"HTTP/1.1 200":
            sys.exit(f"{path}: {status}")
        took.append((time.monotonic() - due) * 1000)
    print(json.dumps([took, time.monotonic() - begun]))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / HZ


def part(times, share):
    return times[min(len(times) - 1, int(len(times) * share))]


def changes(api, goes_on):
    """Weights, while the clients run; ms each took."""
    took, n = [], 0
    while goes_on():
        n += 1
        at = time.monotonic()
        ask(api.d.socket, "PATCH", f"/v1/services/s{n % SERVICES}/backends/b1",
            json.dumps({"weight": n % 9 + 1})).ok()
        took.append((time.monotonic() - at) * 1000)
        time.sleep(0.04)
    return sorted(took)


def clients(lab, api, others):
    # pylint: disable=consider-using-with
    return [subprocess.Popen(
        ["taskset", "-c", ",".join(map(str, others)), *lab.inside("c1", [
            sys.executable, os.path.abspath(__file__), "--client", api.address,
            api.ca.pem, str(RATE // CLIENTS), str(SECONDS)])],
        stdout=subprocess.PIPE, text=True) for _ in range(CLIENTS)]


def during(api, pids, goes_on):
    """Changes, and what becomes of probes: (ok, CPU seconds)."""
    before, used = api.d.json("status"), {k: cpu_s(v) for k, v in pids.items()}
    begun = time.monotonic()
    commits = changes(api, goes_on)
    wall = time.monotonic() - begun
    used = {k: cpu_s(v) - used[k] for k, v in pids.items()}
    after = api.d.json("status")
    probes = after["prober"]["results"] - before["prober"]["results"]
    late = after["prober"]["late"] - before["prober"]["late"]
    print("    of the core: " + ", ".join(
        f"{k} {v / wall * 100:.1f} %" for k, v in used.items()))
    print(f"    {probes} results of probes, late {late}")
    print(f"    {len(commits)} changes: median {part(commits, .5):.2f} ms, "
          f"99 % {part(commits, .99):.2f} ms, most {commits[-1]:.1f} ms")
    return (late <= probes * LATE_MAX and part(commits, .99) <= COMMIT_MS,
            sum(used.values()))


def measure(lab, api):
    pids = {"nftlbd": api.d.process.pid, "nftlb-api": api.pid(),
            "nftlb-prober": api.d.prober_pid()}
    core = max(os.sched_getaffinity(0))
    for pid in pids.values():
        os.sched_setaffinity(pid, {core})
    print("  without requests:")
    end = time.monotonic() + SECONDS
    _, idle = during(api, pids, lambda: time.monotonic() < end)
    print("  with requests:")
    parts = clients(lab, api, os.sched_getaffinity(0) - {core})
    ok, cpu = during(api, pids, lambda: any(p.poll() is None for p in parts))
    results = [json.loads(p.communicate()[0]) for p in parts]
    times = sorted(t for r in results for t in r[0])
    rate = sum(len(r[0]) / r[1] for r in results)
    print(f"    {len(times)} requests at {rate:.0f}/s: median "
          f"{part(times, .5):.2f} ms, 99 % {part(times, .99):.2f} ms, most "
          f"{times[-1]:.1f} ms (from when each was due); "
          f"{(cpu - idle) / len(times) * 1000:.2f} ms of CPU each")
    return ok and rate >= RATE * RATE_LEAST


def main():
    if sys.argv[1:2] == ["--client"]:
        client(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
        return 0
    with Lab(backends=3) as lab:
        services = {f"s{i}": daemon.service(check="fast", port=1000 + i,
                                            scheduler="weighted")
                    for i in range(SERVICES)}
        api = Api(lab, services)
        api.d.write(services, checks={"fast": CHECK}, **api.keys)
        lab.serve_all()
        api.start()
        for name in services:
            api.d.wait_states("active", name)
        api.ok("/v1/status")
        return 0 if measure(lab, api) else 1


if __name__ == "__main__":
    sys.exit(main())
