# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMP errors about packets that a service has sent: routers send them, the
gateway gets them, the backend of the flow must hear them. Datagrams that come
in fragments."""

import errno
import json
import socket
import struct

from crafted import checksum
from lab import FAMILIES, vip
from netns import inside
from process import Failure, check, equal, wait_until
from uploads import Upload, transfers


def count_errors(lab, node):
    """Count the ICMP errors that arrive in a node, by family."""
    lab.nft("-f", "-", gw=node, input="""
table inet errors {
counter errors-4 { }
counter errors-6 { }
chain in {
type filter hook prerouting priority -400
meta nfproto ipv4 icmp type { destination-unreachable, time-exceeded } counter name errors-4
meta nfproto ipv6 icmpv6 type { destination-unreachable, packet-too-big, time-exceeded } counter name errors-6
}
}
""")


def errors(lab, node):
    text = lab.nft("-j", "list", "counters", "table", "inet", "errors", gw=node)
    return {int(o["counter"]["name"][-1]): o["counter"]["packets"]
            for o in json.loads(text)["nftables"] if "counter" in o}


def too_big(mode):
    """rt cannot send the answers on: it tells the service's address, that is
    the gateway, and it reaches the backend."""
    with mode.fabric() as lab:
        mode.serve(lab)
        for b in lab.backends:
            count_errors(lab, b)
        mode.start(lab, {"www": mode.service(lab, 90)})
        lab.edge_mtu(1400)
        uploads = [Upload(lab, vip(f), 90, 2**18) for f in FAMILIES
                   for _ in range(4)]
        transfers(uploads)
        for b in lab.backends:
            for f, n in errors(lab, b).items():
                mine = [u for u in uploads if (u.backend, u.family) == (b, f)]
                check((n > 0) == bool(mine), f"{b} IPv{f}: {n} errors for "
                      f"{len(mine)} transfers")


def unreachable(family, service, port, client, client_port):
    """An ICMP error about a packet of the service to a client."""
    inner = struct.pack("!HHI", port, client_port, 1)
    kind = socket.AF_INET6 if family == 6 else socket.AF_INET
    ends = socket.inet_pton(kind, service) + socket.inet_pton(kind, client)
    if family == 6:     # the kernel does this checksum
        return struct.pack("!BBHI", 1, 3, 0, 0) + struct.pack(
            "!IHBB", 6 << 28, 20, socket.IPPROTO_TCP, 63) + ends + inner
    header = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0x4000, 63,
                         socket.IPPROTO_TCP, 0)
    header = header[:10] + struct.pack("!H", checksum(header + ends)) + ends
    data = header + inner
    return struct.pack("!BBHI", 3, 1, checksum(
        struct.pack("!BBHI", 3, 1, 0, 0) + data), 0) + data


def send_error(lab, node, family, *what):
    """From any node: errors come from routers, not from clients."""
    kind = socket.AF_INET6 if family == 6 else socket.AF_INET
    proto = socket.IPPROTO_ICMPV6 if family == 6 else socket.IPPROTO_ICMP
    with inside(lab, node):
        s = socket.socket(kind, socket.SOCK_RAW, proto)
    with s:
        s.sendto(unreachable(family, *what), (what[0], 0))


def errors_follow(mode):
    """An error about a flow goes to the backend of the flow, and to no other:
    also where the table says another by now, if the flow is remembered."""
    n = 12
    with mode.fabric() as lab:
        mode.serve(lab)
        for b in lab.backends:
            count_errors(lab, b)
        mode.start(lab, {"www": mode.service(lab, 90)})
        flows = [Upload(lab, vip(f), 90, 1000) for f in FAMILIES
                 for _ in range(n)]
        for u in flows:
            send_error(lab, "rt", u.family, vip(u.family), 90,
                       *u.sock.getsockname()[:2])
        wanted = {b: {f: len([u for u in flows if (u.backend, u.family) ==
                              (b, f)]) for f in FAMILIES}
                  for b in lab.backends}
        last = [None]

        def arrived():
            last[0] = {b: errors(lab, b) for b in lab.backends}
            return last[0] == wanted
        try:
            wait_until(arrived, 3, "errors arrive", 0.02)
        except Failure:
            equal(last[0], wanted, "errors that reached each backend")
        transfers(flows)


IP_MTU_DISCOVER, DONT = 10, 0


def datagram(lab, family, size, port=80, cut=False):
    """A datagram of that size to a service; the answer, or None: nothing comes,
    or word that it was too long. `cut`: routers may (IPv4 without DF)."""
    kind = socket.AF_INET6 if family == 6 else socket.AF_INET
    with inside(lab, "c1"):
        s = socket.socket(kind, socket.SOCK_DGRAM)
    with s:
        s.settimeout(1)
        if cut:
            s.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, DONT)
        s.connect((vip(family), port))
        s.send(b"x" * size)
        try:
            return s.recv(256)
        except TimeoutError:
            return None
        except OSError as e:
            if e.errno != errno.EMSGSIZE:
                raise
            return None


def too_long_for_backends(mode):
    """Clients' packets do not fit into the backends' network: it is the gateway
    that says so, in terms of the service."""
    with mode.fabric() as lab:
        mode.serve(lab)
        mode.start(lab, {"www": mode.service(lab, 90)})
        for b in lab.backends:
            lab.ip(b, ["link set back mtu 1400"] + [
                lab._default(f, b) + " advmss 1440" for f in FAMILIES])
        lab.ip("gw", ["link set back mtu 1400"])
        count_errors(lab, "c1")
        transfers([Upload(lab, vip(f), 90, 2**18) for f in FAMILIES
                   for _ in range(4)])
        for f, n in errors(lab, "c1").items():
            check(n, f"IPv{f}: c1 was not told: the backends' MSS did it")
