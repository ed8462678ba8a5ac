# SPDX-License-Identifier: GPL-2.0-or-later
"""The API on TCP under clients that mean no good, and under many that do."""

import json
import os
import sys

import daemon
from api import OPS, PORT, SCREEN, Api, descriptors, status_of
from lab import HERE, Lab, gw_addr
from marks import alone
from process import check, equal, wait_until

COUNT = 10000
SEED = 7
HELPERS = 3
GROWS_KB = 24 << 10     # pools of memory that are kept; a leak is more
ASAN_GROWS_KB = 400 << 10   # it keeps what was freed


def memory_kb(pid):
    return int(status_of(pid)["VmRSS"].split()[0])


def is_asan():
    return "asan" in os.environ.get("BUILD", "")


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
        equal([s for s in seen if s >= "5"], [], "lost, or our own fault")
        check(asked > 20 and seen["200"] > COUNT / 20, "few answers")
        equal(api.pid(), pid, "the process")
        api.d.wait_states("active")
        wait_until(lambda: all(n <= before[p][0] + 2
                               for p, (n, _) in resources(api).items()),
                   60, "descriptors are given back")
        for p, (_, kb) in resources(api).items():
            check(kb <= before[p][1] + grows_kb(),
                  f"{p}: {before[p][1]} kB, then {kb} kB")
        api.d.stop()
        check("Sanitizer" not in api.d.log(), api.d.log()[-3000:])
