# SPDX-License-Identifier: GPL-2.0-or-later
"""
Backends that feed the prober with garbage: one service for each type of check,
one good server in each, all others hostile. What that does to anybody else:
nothing.
"""

import os
import sys
import time

import bad_http
import daemon
import hostile
import peers
from lab import HERE, Lab, backend_addr, vip
from marks import alone
from pki import Authority
from process import check, equal, wait_until
from test_check_dns import unbound
from test_check_http import BODY, NAME, nginx, server
from test_check_snmp import agent_start, v2

PACE = {"interval": "500ms", "timeout": "300ms", "rise": 2, "fall": 2,
        "start": "down"}
TALK_PORT, AGENT_PORT, UDP_PORT = 7001, 7002, 7003
HTTP_PORT, HTTPS_PORT = 8880, 8443
SECONDS = 10
# What a result can be that says nothing of the backend.
NOT_A_WORD = {None, "ok", "late", "local", "ignored"}
HTTP_WAYS = ("endless-body", "endless-chunks", "endless-header", "endless-line",
             "endless-interim", "endless-zeros", "garbage", "slow", "reset",
             "reset-in-body", "bad-chunk", "h2-endless", "h2-garbage")
RAW = {way: hostile.tcp_port(way) for way in hostile.TCP}
DATAGRAMS = {way: hostile.udp_port(way) for way in hostile.UDP}


def http_ports(tls):
    return {f"http-{way}": bad_http.port(way, tls) for way in HTTP_WAYS} | RAW


def services(ca):
    """name: (its check, port of the good server, those of the others)"""
    tls = {"sni": NAME, "ca-file": ca}
    return {
        "talk": ({"type": "tcp", "send": "hello\\n", "expect": "all is well"},
                 TALK_PORT, RAW),
        "tls": ({"type": "tcp", "tls": "yes", "send": "GET / HTTP/1.0\\r\\n\\r\\n",
                 "expect": "HTTP/1.1 200", **tls}, HTTPS_PORT, RAW),
        "http": ({"type": "http", "expect-body": BODY}, HTTP_PORT,
                 http_ports(False)),
        "https": ({"type": "https", "expect-body": BODY, **tls}, HTTPS_PORT,
                  http_ports(True)),
        "agent": ({"type": "agent"}, AGENT_PORT, RAW),
        "udp": ({"type": "udp", "send": "hello", "expect": "all is well"},
                UDP_PORT, DATAGRAMS),
        "dns": ({"type": "dns", "query": "www.test"}, 53, DATAGRAMS),
        "snmp": (v2(max="1000000"), 161, DATAGRAMS),
        "icmp": ({"type": "icmp"}, None, {"lies": None}),
    }


def start_peers(lab, authority):
    cert = authority.sign("good", [f"DNS:{NAME}"])
    lab.serve("b1")
    nginx(lab, HTTPS_PORT, server(HTTP_PORT), server(HTTPS_PORT, "ssl",
                                                     cert=cert))
    unbound(lab)
    agent_start(lab)
    peers.peers(lab, {TALK_PORT: "reply:all is well\\n",
                      AGENT_PORT: "greet-end:up 100%\\n",
                      UDP_PORT: "udp-reply:all is well"})
    lab.sysctl("b2", {"net.ipv4.icmp_echo_ignore_all": 1,
                      "net.ipv4.icmp_ratelimit": 0})
    for name, *words in (("bad_http.py", *cert),
                         ("hostile.py", backend_addr(4, 1))):
        lab.spawn("b2", name, [sys.executable, os.path.join(HERE, name),
                               *words]).wait_line("ready")


def sections(table):
    """The services, one port each; clients reach the good servers' echo."""
    out = {}
    for i, (name, (_, port, others)) in enumerate(table.items()):
        ask = f" check-port={port}" if port else ""
        lines = {"good": f"{backend_addr(4, 1)}:8080{ask}"}
        for n, (way, port) in enumerate(others.items()):
            ask = f" check-port={port}" if port else ""
            lines[way] = f"{backend_addr(4, 2)}:{1000 + n}{ask}"
        out[name] = daemon.service(lines, address=vip(4), port=80 + i,
                                   check=name)
    return out


class Watched:
    """The prober: the same one all the time, and how large it is."""

    def __init__(self, d):
        self.d = d
        self.pid = d.prober_pid()
        check(self.pid, "a prober")
        # ASan keeps what was freed for a while, up to a quarter of a gigabyte
        self.room_kb = 400000 if self.field("VmSize") > 1 << 30 else 20000
        self.begun_kb = self.field("VmRSS")
        self.most_files = 0

    def field(self, name):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f
                        if line.startswith(name + ":"))

    def look(self, jobs):
        equal(self.d.prober_pid(), self.pid, "the prober's pid")
        rss = self.field("VmRSS")
        check(rss < self.begun_kb + self.room_kb,
              f"the prober grows from {self.begun_kb} KB to {rss} KB")
        files = len(os.listdir(f"/proc/{self.pid}/fd"))
        self.most_files = max(files, self.most_files)
        check(files < 60 + 2 * jobs, f"{files} descriptors for {jobs} jobs")
        return rss


def judged(d, table):
    """Whoever is good is active, all others are down. Returns those without a
    reason that says so: the loop may have been late for a probe."""
    silent = []
    for name in table:
        for b in d.service(name)["backends"]:
            reason = b["check"]["reason"]
            if b["name"] == "good":
                equal(b["state"], "active", name)
                continue
            equal(b["state"], "down", f"{name}/{b['name']}")
            if reason in NOT_A_WORD:
                silent.append((name, b["name"], reason))
    return silent


@alone
def test_peers_that_mean_harm():
    with Lab(backends=2) as lab:
        authority = Authority(lab.dir, "ca")
        table = services(authority.pem)
        jobs = sum(1 + len(others) for _, _, others in table.values())
        start_peers(lab, authority)
        d = daemon.start(lab, sections(table), checks={
            name: {**keys, **PACE} for name, (keys, _, _) in table.items()})
        for name in table:
            d.wait_state("good", "active", name)
        ports = f"80-{79 + len(table)}"
        wait_until(lambda: not lab.flow("c1", vip(4), ports, len(table)).failed,
                   5, "the rules are there")
        watched = Watched(d)
        events = len(d.json("show", "events"))
        load = lab.flow_start("c1", vip(4), ports, clients=2)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            rss = watched.look(jobs)
            for name in table:
                equal(d.backend("good", name)["state"], "active", name)
            time.sleep(0.1)
        load.stop().all_ok("clients")
        untold = set(judged(d, table))

        def told():
            """Each of them once: on a busy machine some are always late."""
            untold.intersection_update(judged(d, table))
            return not untold

        wait_until(told, 120, "each of them told why it is down", 0.2)
        equal(len(d.json("show", "events")), events, "states that changed")
        said = d.json("status")["prober"]
        print(f"# {jobs} jobs; the prober grew by {rss - watched.begun_kb} KB, "
              f"{watched.most_files} descriptors at most; {said['stalls']} "
              f"stalls, {said['late']} of {said['probes']} probes late")
