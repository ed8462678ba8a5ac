# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP segments that no stack would send, and who has seen them; lines that
rules log to a group of nfnetlink_log."""

import json
import socket
import struct

from netns import inside

FIN, SYN, RST, ACK = 1, 2, 4, 16
WINDOW = 12321  # what tells a crafted segment from others


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def segment(source, to, sport, dport, flags, seq=1, ack=1):
    family = socket.AF_INET6 if ":" in to else socket.AF_INET

    def header(total):
        return struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags,
                           WINDOW, total, 0)
    ends = socket.inet_pton(family, source) + socket.inet_pton(family, to)
    if family == socket.AF_INET6:
        pseudo = ends + struct.pack("!I3xB", 20, socket.IPPROTO_TCP)
    else:
        pseudo = ends + struct.pack("!xBH", socket.IPPROTO_TCP, 20)
    return header(checksum(pseudo + header(0)))


def send(lab, node, source, to, sport, dport, flags, **words):
    """Send one segment from a node."""
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    with inside(lab, node):
        s = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP)
    with s:
        s.bind((source, 0))
        s.sendto(segment(source, to, sport, dport, flags, **words), (to, 0))


class Numbers:
    """The sequence numbers that connections of a node begin with."""

    def __init__(self, lab, node, family):
        kind = socket.AF_INET6 if family == 6 else socket.AF_INET
        with inside(lab, node):
            self.sock = socket.socket(kind, socket.SOCK_RAW, socket.IPPROTO_TCP)
        self.sock.settimeout(5)
        self.header = 0 if family == 6 else 20

    def of(self, port):
        """(next of ours, next that we expect) right after the handshake."""
        while True:
            data = self.sock.recv(2048)[self.header:]
            _, to, seq, ack, _, flags = struct.unpack("!HHIIBB", data[:14])
            if to == port and flags & (SYN | ACK) == SYN | ACK:
                return ack, (seq + 1) % 2**32


class Seen:
    """Crafted segments that arrive in a node, by port."""

    def __init__(self, lab, node, ports):
        self.lab, self.node = lab, node
        lab.nft("-f", "-", gw=node, input="table inet seen {\n" + "".join(
            f"counter to-{p} {{ }}\n" for p in ports) +
            "chain in { type filter hook prerouting priority -400\n" + "".join(
                f"tcp window {WINDOW} tcp dport {p} counter name to-{p}\n"
                for p in ports) + "}\n}\n")

    def count(self, port):
        text = self.lab.nft("-j", "list", "counter", "inet", "seen",
                            f"to-{port}", gw=self.node)
        return next(x["counter"]["packets"]
                    for x in json.loads(text)["nftables"] if "counter" in x)


# ---- nfnetlink_log

ULOG, MSG_PACKET, MSG_CONFIG = 4, 0, 1
CFG_CMD, CFG_MODE, CFG_TIMEOUT, CFG_QTHRESH = 1, 2, 4, 5
CMD_BIND, COPY_META, PREFIX = 1, 1, 10


def attribute(kind, data):
    padding = b"\0" * (-len(data) % 4)
    return struct.pack("=HH", 4 + len(data), kind) + data + padding


class Lines:
    """The prefixes of what is logged to a group, in a node."""

    def __init__(self, lab, node, group):
        with inside(lab, node):
            self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                      socket.NETLINK_NETFILTER
                                      if hasattr(socket, "NETLINK_NETFILTER")
                                      else 12)
        self.sock.bind((0, 0))
        self.sock.setblocking(False)
        self.lines = []
        for data in (attribute(CFG_CMD, bytes([CMD_BIND])),
                     attribute(CFG_MODE, struct.pack("!IBx", 0, COPY_META)),
                     attribute(CFG_QTHRESH, struct.pack("!I", 1))):
            body = struct.pack("!BBH", 0, 0, group) + data
            self.sock.send(struct.pack("=IHHII", 16 + len(body),
                                       ULOG << 8 | MSG_CONFIG, 1, 1, 0) + body)

    def read(self):
        """All lines so far."""
        while True:
            try:
                data = self.sock.recv(65536)
            except BlockingIOError:
                return self.lines
            while len(data) >= 16:
                length, kind = struct.unpack("=IH", data[:6])
                if kind == ULOG << 8 | MSG_PACKET:
                    self._take(data[20:length])
                data = data[(length + 3) & ~3:]

    def _take(self, data):
        while len(data) >= 4:
            length, kind = struct.unpack("=HH", data[:4])
            if kind & 0x7fff == PREFIX:
                self.lines.append(data[4:length].rstrip(b"\0").decode())
            data = data[(length + 3) & ~3:]

    def close(self):
        self.sock.close()
