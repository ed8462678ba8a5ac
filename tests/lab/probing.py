# SPDX-License-Identifier: GPL-2.0-or-later
"""One [check] section at a time, by tests/tools/probe: no daemon."""

import itertools
import json
import os

from lab import program
from process import check, equal

AGAIN = 10
_files = itertools.count()


def argv(lab, keys, target, count=1, name=None, section="check", every=None):
    """The command line that probes `target` with a [check] (or a [feed]) of
    these keys; `every`: milliseconds between two probes."""
    path = os.path.join(lab.dir, f"check-{next(_files)}.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"[{section} c]\n")
        for key, value in {"interval": "10s", "timeout": "2s", **keys}.items():
            f.write(f"{key} = {value}\n")
    return [program("tests/tools/probe"), *(["--name", name] if name else []),
            *(["--every", str(every)] if every else []),
            path, "c", target, str(count)]


def probe(lab, keys, target, count=1, node="gw", name=None):
    """`count` probes, one after the other: what each found, as dictionaries."""
    return run(lab, node, argv(lab, keys, target, count, name), count)


def run(lab, node, line, count):
    """What the probes of a command line found. Where the prober's loop stood
    still, nothing was: they are made anew."""
    for _ in range(AGAIN):
        p = lab.run(node, *line)
        check(p.returncode in (0, 1), f"probe: {p.stderr}")
        found = [json.loads(text) for text in p.stdout.splitlines()]
        equal(len(found), count, f"{' '.join(line)}: {p.stderr}")
        if "late" not in {f["reason"] for f in found}:
            break
    return found


def expect(lab, keys, target, reason, node="gw", name=None, **more):
    """One probe; `more`: detail=, says=, weight= of what it found."""
    found = probe(lab, keys, target, 1, node, name)[0]
    equal(found["reason"], reason, f"{target} with {keys}: {found}")
    for key, value in more.items():
        equal(found[key], value, f"{key} of {target} with {keys}: {found}")
    return found
