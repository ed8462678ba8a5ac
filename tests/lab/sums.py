# SPDX-License-Identifier: GPL-2.0-or-later
"""Checksums. A veth pair leaves them to hardware that is not there, and nobody
looks at them: here the senders make them and the receivers check them."""

import ctypes
import fcntl
import socket
import struct

from lab import FAMILIES, vip
from process import check, equal
from sockets import inside

SIOCETHTOOL = 0x8946
SET_TX_SUMS, SET_GRO = 0x17, 0x2c   # ETHTOOL_STXCSUM, ETHTOOL_SGRO
SO_NO_CHECK = 11


def switch(device, what, on):
    """A feature of a device of the network this thread is in."""
    value = bytearray(struct.pack("=II", what, on))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        at = (ctypes.c_char * len(value)).from_buffer(value)
        fcntl.ioctl(s, SIOCETHTOOL, struct.pack(
            "16sP16x", device.encode(), ctypes.addressof(at)))


def made_by_senders(lab):
    """From now on packets leave clients and backends with the sums they need,
    one by one."""
    for node, side, _ in lab._cables():
        if node in lab.clients + lab.backends:
            with inside(lab, node):
                switch(side, SET_TX_SUMS, 0)


def wrong(lab):
    """{node: packets of TCP, UDP and ICMP that came with a wrong sum}."""
    found = {}
    for node in lab.clients + lab.backends:
        with inside(lab, node):
            words = _snmp("/proc/thread-self/net/snmp")
        found[node] = sum(words.get(k, 0) for k in (
            "Tcp: InCsumErrors", "Udp: InCsumErrors", "Icmp: InCsumErrors",
            "Udp6InCsumErrors", "Icmp6InCsumErrors"))
    return found


def _snmp(path):
    """{"Tcp: InCsumErrors": n, ..., "Udp6InCsumErrors": n}."""
    found = {}
    with open(path, encoding="ascii") as f:
        lines = [line.split() for line in f]
    for names, values in zip(lines[::2], lines[1::2]):
        found.update({f"{names[0]} {k}": int(v)
                      for k, v in zip(names[1:], values[1:])})
    with open(path + "6", encoding="ascii") as f:
        found.update({k: int(v) for k, v in map(str.split, f)})
    return found


def none_wrong(lab, words):
    equal({n: k for n, k in wrong(lab).items() if k}, {}, f"{words}: wrong sums")


def datagrams(lab, family, sizes, port=80, summed=True):
    """Datagrams of these sizes, one flow each; how many were answered."""
    kind = socket.AF_INET6 if family == 6 else socket.AF_INET
    made, heard = [], 0
    for n in sizes:
        with inside(lab, "c1"):
            s = socket.socket(kind, socket.SOCK_DGRAM)
        s.settimeout(1)
        if not summed:
            s.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
        s.connect((vip(family), port))
        s.send(b"x" * n)
        made.append(s)
    for s in made:
        with s:
            try:
                heard += bool(s.recv(256))
            except TimeoutError:
                pass
    return heard


def without_a_sum(lab, words):
    """UDP over IPv4 may have none: it must arrive like that."""
    n = 20
    lab.nft("-f", "-", gw="c1", input="""
table ip nosum {
counter bare { }
chain out {
type filter hook output priority 300
ip daddr 192.0.2.0/24 meta l4proto udp @th,48,16 0 counter name bare
}
}
""")
    equal(datagrams(lab, 4, [100] * n, summed=False), n, f"{words}: answered")
    check(f"packets {n} " in lab.nft("list", "counters", gw="c1"),
          "they had a sum")


def sound(lab, words):
    """After transfers: datagrams of any length, with a sum and without."""
    for f in FAMILIES:
        sizes = list(range(0, 120, 3)) + [1000, 1001, 1400]
        equal(datagrams(lab, f, sizes), len(sizes), f"{words} IPv{f}: answered")
    without_a_sum(lab, words)
    none_wrong(lab, words)
