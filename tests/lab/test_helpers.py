# SPDX-License-Identifier: GPL-2.0-or-later
"""
helper: protocols that announce a second connection. Between client and server
is a firewall that knows only the first one, and only the backends know the
addresses that are announced: without the helper nothing arrives.
"""

import os

import daemon
import helped
from daemon import members, service
from helped import FIREWALL, SIZE, WAIT_S, client, tftp_client
from lab import FAMILIES, IN_VM, Lab, vip
from marks import vm
from process import check, equal

REFUSED_S = 8 if IN_VM else 1.5     # this long, and nothing has come
MODULE = "/sys/module/nf_nat_{}"


def helped_service(name, proto, port, count, **keys):
    return {"www": service(members(count, port=port), protocol=proto, port=port,
                           helper=name, **keys)}


def start(lab, name, proto, port, count=1, **keys):
    """The service with its helper behind a firewall. On a kernel of modules the
    part that translates addresses is there once the daemon is."""
    lab.nft("-f", "-", input=FIREWALL)
    d = daemon.start(lab, helped_service(name, proto, port, count, **keys))
    if IN_VM:
        check(os.path.exists(MODULE.format(name)), f"nf_nat_{name} is loaded")
    return d


def without(d, proto, port, **keys):
    """The same service, but without helper."""
    d.write(helped_service("none", proto, port, 1, **keys))
    d.reload()


def fetch(lab, family, mode, seconds=WAIT_S):
    return client(lab, "ftp", vip(family), 21, mode, seconds)


def ftp_fetches(lab, mode):
    for family in FAMILIES:
        for way in ("epsv", "eprt", "pasv", "port"):
            if family == 4 or way.startswith("ep"):
                equal(fetch(lab, family, way),
                      {"peer": vip(family), "bytes": SIZE},
                      f"{mode} IPv{family} {way}")


@vm
def test_ftp():
    """Passive and active: both ends believe that the address is the service's."""
    with Lab(backends=1) as lab:
        helped.ftp_server(lab)
        d = start(lab, "ftp", "tcp", 21)
        ftp_fetches(lab, "dnat")
        without(d, "tcp", 21)
        for way in ("pasv", "port"):
            check("failed" in fetch(lab, 4, way, REFUSED_S), f"{way} without")


def test_ftp_snat():
    with Lab(backends=1) as lab:
        helped.ftp_server(lab)
        start(lab, "ftp", "tcp", 21, mode="snat")
        ftp_fetches(lab, "snat")


def test_ftp_several_backends():
    """The data connection goes to the backend of its control connection."""
    with Lab(backends=2) as lab:
        for i in (1, 2):
            helped.ftp_server(lab, i)
        start(lab, "ftp", "tcp", 21, count=2)
        for family in FAMILIES:
            for _ in range(4):
                equal(fetch(lab, family, "epsv")["bytes"], SIZE,
                      f"IPv{family}")


def test_ftp_persistent():
    """All the rules around a service at once, and the helper among them."""
    with Lab(backends=2) as lab:
        for i in (1, 2):
            helped.ftp_server(lab, i)
        start(lab, "ftp", "tcp", 21, count=2, persist="source 1m",
              counters="yes", strict="yes", packet_mark="0x10/0xf0",
              max_connections=10, limit_new_per_source=1000)
        ftp_fetches(lab, "persistent")


def test_tftp():
    with Lab(backends=1) as lab:
        helped.tftp_server(lab)
        d = start(lab, "tftp", "udp", 69)
        for family in FAMILIES:
            equal(tftp_client(lab, vip(family), family, WAIT_S), SIZE,
                  f"IPv{family}")
        without(d, "udp", 69)
        for family in FAMILIES:
            check(tftp_client(lab, vip(family), family, REFUSED_S) < SIZE,
                  f"IPv{family} without")


def test_tftp_snat():
    with Lab(backends=1) as lab:
        helped.tftp_server(lab)
        start(lab, "tftp", "udp", 69, mode="snat")
        for family in FAMILIES:
            equal(tftp_client(lab, vip(family), family, WAIT_S), SIZE,
                  f"IPv{family}")


def sip_calls(lab, proto):
    for family in FAMILIES:
        addr = vip(family)
        found = client(lab, "sip", addr, 5060, proto, WAIT_S)
        to = f"[{addr}]" if family == 6 else addr
        equal(found, {"peer": addr, "contact": f"{to}:5060", "media": "voice"},
              f"{proto} IPv{family}")


def test_sip_udp():
    with Lab(backends=1) as lab:
        helped.sip_server(lab, "udp")
        d = start(lab, "sip", "udp", 5060)
        sip_calls(lab, "udp")
        without(d, "udp", 5060)
        equal(client(lab, "sip", vip(4), 5060, "udp", REFUSED_S).get("media"),
              None, "media without")


def test_sip_tcp():
    with Lab(backends=1) as lab:
        helped.sip_server(lab, "tcp")
        start(lab, "sip", "tcp", 5060)
        sip_calls(lab, "tcp")


def test_sip_snat():
    with Lab(backends=1) as lab:
        helped.sip_server(lab, "udp")
        start(lab, "sip", "udp", 5060, mode="snat")
        sip_calls(lab, "udp")


def pptp_tunnel(mode):
    with Lab(backends=1) as lab:
        helped.pptp_server(lab)
        d = start(lab, "pptp", "tcp", 1723, mode=mode)
        equal(client(lab, "pptp", vip(4), WAIT_S),
              {"server": True, "echo": True}, f"{mode}: GRE both ways")
        without(d, "tcp", 1723, mode=mode)
        equal(client(lab, "pptp", vip(4), REFUSED_S),
              {"server": False, "echo": False}, f"{mode}: without")


def test_pptp():
    """IPv4 only, as the protocol; the service's IPv6 side just has none."""
    pptp_tunnel("dnat")


def test_pptp_snat():
    pptp_tunnel("snat")
