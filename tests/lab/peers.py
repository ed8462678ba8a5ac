# SPDX-License-Identifier: GPL-2.0-or-later
"""Peers of checks on b1 (peer.py), and probes of their ports."""

import json
import os
import sys

import probing
from lab import FAMILIES, HERE, backend_addr
from process import equal, wait_until

QUICK = {"interval": "2s", "timeout": "500ms"}


def target(port, family=4, i=1):
    """ADDRESS:PORT of server b<i>."""
    addr = backend_addr(family, i)
    return f"[{addr}]:{port}" if family == 6 else f"{addr}:{port}"


def peers(lab, behaviours, node="b1"):
    """Start peer.py: {port: "behaviour:text"}; returns its Process."""
    p = lab.spawn(node, f"peer-{next(lab.count)}", [
        sys.executable, os.path.join(HERE, "peer.py"),
        *(f"{port}={what}" for port, what in behaviours.items())])
    p.wait_line("ready")
    return p


def connections(peer, port):
    """What a peer has seen on a port: a list of dicts, one a connection."""
    lines = [json.loads(line) for line in peer.output().splitlines()
             if line.startswith("{")]
    return [c for c in lines if c["port"] == port]


def wait_connections(peer, port, count):
    return wait_until(
        lambda: connections(peer, port)[count - 1:] and connections(peer, port),
        5, f"{count} connections to port {port}")


def probe(lab, to, kind, count=1, node="gw", **keys):
    """Probe `to` with a check of this type; underscores in keys are dashes."""
    section = {"type": kind, **QUICK}
    section.update({k.replace("_", "-"): v for k, v in keys.items()})
    return probing.probe(lab, section, to, count, node)


def expect(lab, port, kind, reason, families=FAMILIES, detail=None, **keys):
    """Probe a port of b1, over each family; the reason has to be this one."""
    for family in families:
        found = probe(lab, target(port, family), kind, **keys)[0]
        words = f"{kind} port {port} IPv{family} {keys}"
        equal(found["reason"], reason, words)
        if detail is not None:
            equal(found["detail"], detail, f"{words}: detail")
    return found
