# SPDX-License-Identifier: GPL-2.0-or-later
"""
For snmpd's pass_persist: `snmp_pass.py PID FILE` answers for the raw counters of
CPU time below UCD's 2021.11 as if all that the machine did were process PID (in
the lab all servers share one machine's), and tells the number in FILE as VALUE.
"""

import os
import sys
import time

RAW = ".1.3.6.1.4.1.2021.11."
VALUE = ".1.3.6.1.4.1.8072.9999.9999.1.0"
TICKS = os.sysconf("SC_CLK_TCK")
WRAP_S = 4


def used(pid):
    """User and system time of a process, in ticks."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        words = f.read().rsplit(")", 1)[1].split()
    return int(words[11]), int(words[12])


def ticks_now():
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * TICKS)


def answer(oid, pid, path, begun):
    if oid == VALUE:
        with open(path, encoding="ascii") as f:
            return "gauge", int(f.read())
    user, system = used(pid)
    # it wraps a few seconds after the start
    idle = 2 ** 32 - WRAP_S * TICKS + ticks_now() - begun - user - system
    values = {"50": user, "51": 0, "52": system, "53": idle, "54": 0, "55": 0,
              "56": 0}
    number = oid.removeprefix(RAW).removesuffix(".0")
    return ("counter", values[number] % 2 ** 32) if number in values else None


def main():
    pid, path, begun = int(sys.argv[1]), sys.argv[2], ticks_now()
    for line in sys.stdin:
        if line.strip() == "PING":
            print("PONG", flush=True)
            continue
        oid = sys.stdin.readline().strip()
        found = answer(oid, pid, path, begun) if line.strip() == "get" else None
        print("\n".join([oid, found[0], str(found[1])]) if found else "NONE",
              flush=True)


if __name__ == "__main__":
    main()
