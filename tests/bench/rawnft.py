# SPDX-License-Identifier: GPL-2.0-or-later
"""
nf_tables by hand: one netlink socket in a namespace, batches of element
changes, the generation counter. It is the yardstick: nothing that commits to
the kernel can be faster than the same messages without anything around them.
Messages: include/uapi/linux/netfilter/nf_tables.h of the kernel.
"""

import ctypes
import os
import socket
import struct
import subprocess
import time

NETLINK_NETFILTER = 12
NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE = 1, 4, 0x400
NLMSG_ERROR = 2
NFNL_SUBSYS_NFTABLES = 10
BATCH_BEGIN, BATCH_END = 16, 17
NEWSETELEM, DELSETELEM, GETGEN = 12, 14, 16
NESTED = 0x8000
CLONE_NEWNET = 0x40000000
NFPROTO_IPV4 = 2


def socket_in(ns, family, kind, protocol=0):
    """A socket that lives in the named network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net", "rb") as home, \
            open(f"/run/netns/{ns}", "rb") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        try:
            return socket.socket(family, kind, protocol)
        finally:
            if libc.setns(home.fileno(), CLONE_NEWNET):
                os.abort()  # nothing sensible can follow


def attr(kind, data):
    pad = -len(data) % 4
    return struct.pack("=HH", len(data) + 4, kind) + data + b"\0" * pad


def message(kind, flags, seq, body=b"", family=NFPROTO_IPV4, resource=0):
    nfgen = struct.pack("=BBH", family, 0, socket.htons(resource))
    return struct.pack("=IHHII", 16 + 4 + len(body), kind, flags, seq, 0) \
        + nfgen + body


class RawNft:
    """One netlink socket in a namespace."""

    TABLE = "yardstick"

    def __init__(self, ns):
        self.ns = ns
        self.sock = socket_in(ns, socket.AF_NETLINK, socket.SOCK_RAW,
                              NETLINK_NETFILTER)
        self.sock.settimeout(10)
        self.seq = 0

    def close(self):
        self.sock.close()

    def generation(self):
        """Number of transactions this namespace has seen."""
        self.seq += 1
        self.sock.send(message(NFNL_SUBSYS_NFTABLES << 8 | GETGEN,
                               NLM_F_REQUEST, self.seq, family=0))
        data = self.sock.recv(65536)
        # nlmsghdr 16, nfgenmsg 4, attribute header 4, NFTA_GEN_ID first
        return struct.unpack_from(">I", data, 24)[0]

    def make_map(self, elements):
        """The yardstick's map: `elements` marks to marks, as big as ours."""
        text = (f"table ip {self.TABLE} {{\n map m {{\n  type mark : mark\n"
                f"  size {max(elements, 16)}\n }}\n}}\n")
        for start in range(0, elements, 20000):
            text += f"add element ip {self.TABLE} m {{ " + ", ".join(
                f"{k} : 1" for k in range(start, min(start + 20000, elements))
            ) + " }\n"
        subprocess.run(["ip", "netns", "exec", self.ns, "nft", "-f", "-"],
                       input=text, text=True, check=True)

    def drop_map(self):
        subprocess.run(["ip", "netns", "exec", self.ns, "nft", "delete",
                        "table", "ip", self.TABLE], check=True)

    def _elements(self, kind, flags, keys, value):
        elems = b""
        for key in keys:
            e = attr(1 | NESTED, attr(1, struct.pack("=I", key)))
            if value is not None:
                e += attr(2 | NESTED, attr(1, struct.pack("=I", value)))
            elems += attr(1 | NESTED, e)
        self.seq += 1
        return message(NFNL_SUBSYS_NFTABLES << 8 | kind, NLM_F_REQUEST | flags,
                       self.seq,
                       attr(1, self.TABLE.encode() + b"\0") + attr(2, b"m\0")
                       + attr(3 | NESTED, elems))

    def replace(self, keys, value):
        """Replace these elements in one transaction; seconds it took."""
        batch = message(BATCH_BEGIN, NLM_F_REQUEST, 0, family=0,
                        resource=NFNL_SUBSYS_NFTABLES)
        batch += self._elements(DELSETELEM, 0, keys, None)
        batch += self._elements(NEWSETELEM, NLM_F_CREATE | NLM_F_ACK, keys,
                                value)
        batch += message(BATCH_END, NLM_F_REQUEST, 0, family=0,
                         resource=NFNL_SUBSYS_NFTABLES)
        start = time.perf_counter()
        self.sock.send(batch)
        data = self.sock.recv(65536)
        seconds = time.perf_counter() - start
        kind, = struct.unpack_from("=H", data, 4)
        error, = struct.unpack_from("=i", data, 16)
        if kind != NLMSG_ERROR or error:
            raise OSError(-error, "the kernel refused the yardstick's batch")
        return seconds
