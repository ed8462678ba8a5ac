# SPDX-License-Identifier: GPL-2.0-or-later
"""Filters: lists of addresses that services allow or deny."""

import os

import daemon
from daemon import members, service
from lab import FAMILIES, Lab, client_addr, crowd, vip
from marks import vm
from process import check, equal, wait_until

# The lab's client, and a network that it is not in.
NOBODY = ("198.51.100.0/24", "2001:db8:77::/64")


def conf(d, services, lists, **more):
    """The daemon's file with [list] sections after the rest."""
    text = "".join(f"\n[list {name}]\n" + "".join(
        f"{k} = {v}\n" for k, v in keys) for name, keys in lists.items())
    d.write(services, **more)
    with open(d.conf_path, encoding="utf-8") as f:
        d.write_text(f.read() + text)


def started(lab, services, lists, **more):
    lab.serve_all()
    d = daemon.Daemon(lab)
    conf(d, services, lists, **more)
    return d.start()


def passes(lab, family, words, port=80, n=6):
    lab.flow("c1", vip(family), port, n).all_ok(words)


def blocked(lab, family, words, port=80, n=6):
    r = lab.flow("c1", vip(family), port, n, timeout_ms=200)
    equal(r.counts(), {}, f"IPv{family} {words}: served")


def everywhere(function, lab, words, **options):
    for f in FAMILIES:
        function(lab, f, words, **options)


def me(family):
    return client_addr(family)
