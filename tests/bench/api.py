#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench api: 1,000 requests a second at the API on TCP (TLS, token, four
connections) for some seconds, while the daemon, its API process and its prober
share one core, with health probes and changes of weights under way: what a
request waits, what it costs, and what that does to probes and commits. Exit
status 1 when a limit of the project is missed.
"""

import http.client
import json
import os
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

RATE, SECONDS, CLIENTS, SERVICES = 1000, 8, 4, 40
PATHS = ("/v1/version", "/v1/services?fields=summary", "/v1/status")
CHECK = {"type": "tcp", "interval": "200ms", "timeout": "100ms", "rise": 1,
         "fall": 3}
HZ = os.sysconf("SC_CLK_TCK")
LATE_MAX = 0.001    # share of the probes
COMMIT_MS = 50


def client(address, ca, rate, seconds):
    """Its own process: prints what each request took, in ms."""
    c = http.client.HTTPSConnection(
        address, PORT, context=ssl.create_default_context(cafile=ca))
    c.connect()
    took = []
    begun = time.monotonic()
    for n in range(rate * seconds):
        due = begun + n / rate
        time.sleep(max(0, due - time.monotonic()))
        c.request("GET", PATHS[n % len(PATHS)],
                  headers={"Authorization": f"Bearer {SCREEN}"})
        answer = c.getresponse()
        answer.read()
        if answer.status != 200:
            sys.exit(f"status {answer.status}")
        took.append((time.monotonic() - due) * 1000)
    print(json.dumps([took, time.monotonic() - begun]))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / HZ


def part(times, share):
    return times[min(len(times) - 1, int(len(times) * share))]


def changes(api, parts):
    """Weights, while the clients run; ms each took."""
    took, n = [], 0
    while any(p.poll() is None for p in parts):
        n += 1
        at = time.monotonic()
        ask(api.d.socket, "PATCH", f"/v1/services/s{n % SERVICES}/backends/b1",
            json.dumps({"weight": n % 9 + 1})).ok()
        took.append((time.monotonic() - at) * 1000)
        time.sleep(0.04)
    return sorted(took)


def measure(lab, api):
    pids = {"nftlbd": api.d.process.pid, "nftlb-api": api.pid(),
            "nftlb-prober": api.d.prober_pid()}
    core = max(os.sched_getaffinity(0))
    for pid in pids.values():
        os.sched_setaffinity(pid, {core})
    others = os.sched_getaffinity(0) - {core}
    before, used = api.d.json("status"), {k: cpu_s(v) for k, v in pids.items()}
    begun = time.monotonic()
    # pylint: disable=consider-using-with
    parts = [subprocess.Popen(
        ["taskset", "-c", ",".join(map(str, others)), *lab.inside("c1", [
            sys.executable, os.path.abspath(__file__), "--client", api.address,
            api.ca.pem, str(RATE // CLIENTS), str(SECONDS)])],
        stdout=subprocess.PIPE, text=True) for _ in range(CLIENTS)]
    commits = changes(api, parts)
    wall = time.monotonic() - begun
    results = [json.loads(p.communicate()[0]) for p in parts]
    times = sorted(t for r in results for t in r[0])
    after = api.d.json("status")
    print(f"  {len(times)} requests at "
          f"{sum(len(r[0]) / r[1] for r in results):.0f}/s: median "
          f"{part(times, .5):.2f} ms, 99 % {part(times, .99):.2f} ms, most "
          f"{times[-1]:.1f} ms (from when each was due)")
    for name, pid in pids.items():
        print(f"  {name:<14}{(cpu_s(pid) - used[name]) / wall * 100:5.1f} % of "
              f"the core")
    probes = after["prober"]["results"] - before["prober"]["results"]
    late = after["prober"]["late"] - before["prober"]["late"]
    print(f"  {probes} results of probes, late {late}")
    print(f"  {len(commits)} changes: median {part(commits, .5):.2f} ms, 99 % "
          f"{part(commits, .99):.2f} ms, most {commits[-1]:.1f} ms")
    return late <= probes * LATE_MAX and part(commits, .99) <= COMMIT_MS


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
