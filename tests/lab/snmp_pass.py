# SPDX-License-Identifier: GPL-2.0-or-later
"""
For snmpd's pass_persist: `snmp_pass.py CPU FILE` answers for the raw counters of
CPU time below UCD's 2021.11 as if the server had a processor of its own, of which
nine tenths are used while it works (in the lab all servers share one machine,
with others), and tells the number in FILE as VALUE. The file CPU says how many
seconds were used by a time, the time (CLOCK_BOOTTIME), and 1 if it works since.
"""

import os
import sys
import time

RAW = ".1.3.6.1.4.1.2021.11."
VALUE = ".1.3.6.1.4.1.8072.9999.9999.1.0"
TICKS = os.sysconf("SC_CLK_TCK")
WRAP_S = 4
SHARE = 0.9


def now():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def used(path):
    """Seconds that were used by now."""
    with open(path, encoding="ascii") as f:
        by_then, since, works = map(float, f.read().split())
    return by_then + works * SHARE * (now() - since)


def answer(oid, cpu, path, begun):
    if oid == VALUE:
        with open(path, encoding="ascii") as f:
            return "gauge", int(f.read())
    busy = used(cpu)
    user, system = int(0.8 * busy * TICKS), int(0.2 * busy * TICKS)
    # it wraps a few seconds after the start
    idle = 2 ** 32 + int((now() - begun - busy - WRAP_S) * TICKS)
    values = {"50": user, "51": 0, "52": system, "53": idle, "54": 0, "55": 0,
              "56": 0}
    number = oid.removeprefix(RAW).removesuffix(".0")
    return ("counter", values[number] % 2 ** 32) if number in values else None


def main():
    cpu, path, begun = sys.argv[1], sys.argv[2], now()
    for line in sys.stdin:
        if line.strip() == "PING":
            print("PONG", flush=True)
            continue
        oid = sys.stdin.readline().strip()
        found = answer(oid, cpu, path, begun) if line.strip() == "get" else None
        print("\n".join([oid, found[0], str(found[1])]) if found else "NONE",
              flush=True)


if __name__ == "__main__":
    main()
