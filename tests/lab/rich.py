# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway that has some of everything: what its API says has all its shapes."""

import daemon
from daemon import members, service
from lab import FAMILIES, vip

CHECKS = {"tcp": {"type": "tcp", "interval": "500ms", "timeout": "200ms",
                  "rise": 1, "fall": 2},
          "http": {"type": "http", "path": "/", "interval": "500ms",
                   "timeout": "200ms", "port": 8080, "start": "up", "fall": 99},
          "ping": {"type": "icmp", "interval": "500ms", "timeout": "200ms"},
          "udp": {"type": "udp", "interval": "500ms", "timeout": "200ms",
                  "port": 8080, "send": '"x"'},
          "agent": {"type": "agent", "port": 9, "interval": "1s",
                    "timeout": "200ms"}}
LISTS = {"bad": {"entries": "10.9.0.0/16, 2001:db8:9::/64"}}
POOLS = {"web": {"dynamic": "yes", "backend.m1": "10.2.0.11:8080"},
         "still": {"backend.s1": "10.2.0.12:8080 weight=3 backup"}}


def services():
    return {
        "www": service(members(3), protocol="tcp, udp", port="80, 8000-8010",
                       check="tcp, ping", scheduler="source-hash",
                       persist="source 10m", deny="bad", counters="yes",
                       limit_new_per_source=1000, max_connections=100,
                       **{"pin.a": "10.3.128.0/18 b3"}),
        "shares": service(members(2, weights=(3, 1)), port=81, slots=60,
                          scheduler="weighted", check="http, udp",
                          check_require="any", mode="snat"),
        "load": service(members(2), port=82, scheduler="least-connections",
                        check="agent"),
        "pooled": service({}, port=83, pool="web", address=vip(4)),
        "direct": service({f"b1-{f}": f"10.2.0.1{f}" for f in (1, 2)},
                          address=vip(4, 11), port=80, mode="dsr",
                          interface="front"),
        "off": service(members(1), port="any", address=", ".join(
            vip(f, 12) for f in FAMILIES), check="tcp")}


def start(lab):
    lab.serve_all()
    return daemon.start(lab, services(), checks=CHECKS, lists=LISTS,
                        pools=POOLS)
