# SPDX-License-Identifier: GPL-2.0-or-later
"""GET /v1/route beside the kernel: random clients, each asked about first and
then sent; steps that say why."""

import ipaddress
import random
import socket
from urllib.parse import urlencode

import daemon
from asking import UnixConnection
from daemon import FAST_CHECK, member, members, service
from direct import DSR
from hvapi import Client
from lab import CROWD, FAMILIES, Lab, vip
from netns import inside
from process import PATIENCE, check, equal, wait_until

CLIENTS = 150       # of each service and family; 3,000 flows in all
FREEBIND = {4: (socket.IPPROTO_IP, 15), 6: (socket.IPPROTO_IPV6, 78)}
KEYS = {"source": 80, "source-port": 81, "5-tuple": 82}


def random_clients(rng, family, n=CLIENTS):
    net = ipaddress.ip_network(CROWD[family])
    first, size = int(net.network_address), net.num_addresses
    return [(str(ipaddress.ip_address(first + rng.randrange(1, size - 1))),
             rng.randrange(1024, 65536)) for _ in range(n)]


def foretold(api, name, client):
    query = urlencode({"service": name, "client": client[0], "port": client[1]})
    return api.ask("GET", f"/v1/route?{query}").ok()


def who_answers(lab, family, port, client):
    """The server that one datagram of this client reaches; None: nobody."""
    with inside(lab, "c1"):
        s = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET,
                          socket.SOCK_DGRAM)
    with s:
        s.settimeout(5 * PATIENCE)
        s.setsockopt(*FREEBIND[family], 1)
        s.bind(client)
        s.connect((vip(family), port))
        s.send(b"x")
        try:
            return s.recv(300).decode().split()[0]
        except ConnectionRefusedError:
            return None


def agree(lab, api, rng, name, port, n=CLIENTS):
    """What is said of n new clients of each family is what happens; returns
    who decided, and all steps that were told."""
    deciders, told = set(), set()
    for f in FAMILIES:
        for client in random_clients(rng, f, n):
            said = foretold(api, name, client)
            backend = said["backend"] and said["backend"]["name"]
            found = who_answers(lab, f, port, client)
            equal(backend and backend.removesuffix("-v6"), found,
                  f"{name}: {client}: {said['steps']}")
            deciders.add(said["by"])
            told |= {(s["step"], s["result"]) for s in said["steps"]}
            last = said["steps"][-1]
            equal(last["result"], "decides", f"{client}: {last}")
    return deciders, told


def api_of(d):
    return Client(UnixConnection(d.socket))


def test_hashes():
    """Each hash key, with all backends and with one that is down."""
    rng = random.Random(1)
    with Lab(backends=4) as lab:
        lab.serve_all()
        d = daemon.start(lab, {
            k: service(members(4), protocol="udp", port=p, check="fast",
                       scheduler="source-hash", hash_key=k)
            for k, p in KEYS.items()}, checks={"fast": FAST_CHECK},
            **{"hash-seed": "0x2badcafe"})
        for name in KEYS:
            d.wait_states("active", name)
        api = api_of(d)
        for name, port in KEYS.items():
            deciders, told = agree(lab, api, rng, name, port)
            equal((deciders, told), ({"slot"}, {("hash", "passes"),
                                                ("slot", "decides")}), name)
        for f in FAMILIES:
            d.do("backend", "drain", "source", member(2, f))
        _, told = agree(lab, api, rng, "source", KEYS["source"])
        check(("slot", "passes") in told, "slots of b2 are others' now")
        text = explained(d, "source")
        check("is b2's while all serve; b2 is drain" in text, text)
        check("with seed 0x2badcafe is 0x" in text, text)


def explained(d, name):
    """The text about some client whose home is b2."""
    for i in range(1, 200):
        text = d.do("route", name, f"10.3.7.{i}")
        if "while all serve" in text:
            return text
    return "none of 200"


def test_rules():
    """Lists, pins and sessions before the hash; a pin to one who is down."""
    rng = random.Random(2)
    with Lab(backends=4) as lab:
        lab.serve_all()
        d = daemon.start(lab, {
            "www": service(members(4), protocol="udp", check="fast",
                           scheduler="source-hash", persist="source 10m",
                           deny="bad", filter_action="reject",
                           limit_new_per_source=1000,
                           **{"pin.a": "10.3.64.0/18 b3",
                              "pin.b": "2001:db8:3::/66 b3-v6",
                              "pin.c": "10.3.128.0/18 b4",
                              "pin.d": "2001:db8:3:0:8000::/66 b4-v6"})},
            checks={"fast": FAST_CHECK},
            lists={"bad": {"entries": "10.3.0.0/19, 2001:db8:3:0:4000::/67"}})
        d.wait_states("active")
        lab.servers["b4"].kill()
        for f in FAMILIES:
            wait_until(lambda f=f: d.backend(member(4, f))["state"] == "down", 10,
                       "b4 is down")
        deciders, told = agree(lab, api_of(d), rng, "www", 80, 2 * CLIENTS)
        equal(deciders, {"list", "pin", "slot"}, "deciders of new clients")
        check(told >= {("list", "passes"), ("list", "decides"),
                       ("limit", "unknown"), ("pin", "passes"),
                       ("pin", "decides"), ("session", "passes"),
                       ("hash", "passes"), ("slot", "decides")}, f"{told}")
        rng = random.Random(2)      # the same again: they have sessions now
        again, _ = agree(lab, api_of(d), rng, "www", 80, 2 * CLIENTS)
        equal(again, {"list", "pin", "session"}, "deciders of old clients")


def test_dsr():
    """A mode that tracks nothing: each new flow by its hash."""
    rng = random.Random(3)
    with DSR.fabric() as lab:
        DSR.serve(lab)
        d = DSR.start(lab, {"www": DSR.service(lab, 80, protocol="udp")})
        api = api_of(d)
        deciders, told = agree(lab, api, rng, "www", 80)
        equal(deciders, {"slot"}, "deciders")
        rng = random.Random(3)
        deciders, _ = agree(lab, api, rng, "www", 80)
        equal(deciders, {"flow"}, "flows are remembered")


def test_by_turns():
    with Lab(backends=2) as lab:
        d = daemon.start(lab, {"www": service(members(2, weights=(3, 1)),
                                              scheduler="weighted")})
        text = d.do("route", "www", "10.3.1.1")
        check("any of them, by turns: b1 (75 %), b2 (25 %)" in text, text)
        d.do("service", "disable", "www")
        text = d.do("route", "www", "10.3.1.1")
        check("the service is disabled" in text, text)
