#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench schedulers [--svg FILE]: response times and imbalance under each
scheduler, by the simulator (tests/sim): virtual time, the daemon's own weights
and slot tables, the same requests for all. Prints a table and draws
doc/schedulers.svg; the same on each run.
"""

import argparse
import os
import subprocess
import sys

from schedulers_svg import draw

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILD", os.path.join(HERE, "../../build"))

# name in tests/sim/scenarios.c, what it is; whether times say anything
SCENARIOS = [
    ("steady", "four backends alike, 70 % loaded", True),
    ("slowed", "one of four takes three times as long, for a minute of three", True),
    ("unlike", "four with speeds 1, 1, 2, 4; nobody told the gateway", True),
    ("weights", "three of 8, 16 and 40 workers; the file says weight 1, 2, 5", True),
    ("square", "load of 40 % and 80 %, in turns of 20 s", True),
    ("gateways", "one of four slowed, two gateways that do not know of each other",
     True),
    ("twenty", "one of twenty takes three times as long", True),
    ("pile", "connections that last a minute, nearly all on one of four", False),
]
FIELDS = ("p50", "p99", "imbalance", "overload", "refused")


def measure():
    """{scenario: {scheduler: {field: number}}}, in the program's order."""
    program = os.path.join(BUILD, "tests/sim/schedulers")
    done = subprocess.run([program, *(s[0] for s in SCENARIOS)], check=True,
                          capture_output=True, text=True)
    table = {}
    for line in done.stdout.splitlines():
        scenario, scheduler, *numbers = line.split("\t")
        table.setdefault(scenario, {})[scheduler] = dict(
            zip(FIELDS, map(float, numbers)))
    return table


def say(table):
    """The table, as text."""
    for name, title, timed in SCENARIOS:
        print(f"\n{title}")
        print(f"  {'':<18} {'p50 ms':>8} {'p99 ms':>8} {'imbalance':>9} "
              f"{'overload s':>10} {'refused':>8}")
        for scheduler, row in table[name].items():
            times = (f"{row['p50']:8.0f} {row['p99']:8.0f}" if timed
                     else f"{'-':>8} {'-':>8}")
            print(f"  {scheduler:<18} {times} {row['imbalance']:9.3f} "
                  f"{row['overload']:10.1f} {row['refused']:8.1%}")
    print("\nimbalance: coefficient of variation, over the backends, of how "
          "busy they are, each 10 s.\noverload: seconds in which more waited "
          "for the worst backend than it has workers.\nideal: each request to "
          "who has the fewest, as IPVS does it with lc.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--svg", metavar="FILE", default=os.path.normpath(
        os.path.join(HERE, "../../doc/schedulers.svg")))
    options = parser.parse_args()
    table = measure()
    say(table)
    with open(options.svg, "w", encoding="utf-8") as f:
        f.write(draw(SCENARIOS, table))
    print(f"\ndrawn: {os.path.relpath(options.svg)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
