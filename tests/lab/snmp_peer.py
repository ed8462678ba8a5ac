# SPDX-License-Identifier: GPL-2.0-or-later
"""
A peer on UDP that speaks SNMP badly: `snmp_peer.py PORT WAY`. Each way is a
function from a request to what is answered: a list of datagrams.
"""

import socket
import sys

SERVICES = bytes.fromhex("2b06010201010700")


def tlv(tag, *parts):
    content = b"".join(parts)
    n = len(content)
    size = bytes([n]) if n < 128 else b"\x82" + n.to_bytes(2, "big")
    return bytes([tag]) + size + content


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big", signed=True))


def parts(data):
    """The values in a sequence's content: [(tag, content)]."""
    found = []
    while data:
        n, at = data[1], 2
        if n & 0x80:
            at += n & 0x7f
            n = int.from_bytes(data[2:at], "big")
        found.append((data[0], data[at:at + n]))
        data = data[at + n:]
    return found


def asked(request):
    """Request id of a version 1 or 2c message."""
    pdu = parts(parts(request)[0][1])[2][1]
    return int.from_bytes(parts(pdu)[0][1], "big")


def pdu_of(number, value=integer(72), status=0, kind=0xa2, oid=SERVICES):
    variable = tlv(0x30, tlv(6, oid), value)
    return tlv(kind, integer(number), integer(status), integer(0),
               tlv(0x30, variable))


def answer(request, version=1, number=None, **pdu):
    number = asked(request) if number is None else number
    return tlv(0x30, integer(version), tlv(4, b"right"), pdu_of(number, **pdu))


def v3_id(request):
    head = parts(parts(parts(request)[0][1])[1][1])
    return int.from_bytes(head[0][1], "big")


def v3_answer(request, flags, pdu, engine=b"\x80engine", user=b"sha"):
    security = tlv(0x30, tlv(4, engine), integer(1), integer(1), tlv(4, user),
                   tlv(4, b"\0" * 12 if flags & 1 else b""), tlv(4))
    return tlv(0x30, integer(3),
               tlv(0x30, integer(v3_id(request)), integer(8192),
                   tlv(4, bytes([flags])), integer(3)),
               tlv(4, security), tlv(0x30, tlv(4, engine), tlv(4), pdu))


def report(request, stats, engine=b"\x80engine"):
    oid = bytes.fromhex("2b060106030f0101") + bytes([stats, 0])
    return v3_answer(request, 0, pdu_of(v3_id(request), kind=0xa8, oid=oid),
                     engine)


def discovered(request):
    """Has the request an engine's name in it?"""
    security = parts(parts(parts(request)[0][1])[2][1])[0][1]
    return len(parts(security)[0][1]) > 0


class Second:
    """Loses the first request."""
    count = 0

    def __call__(self, request):
        self.count += 1
        return [answer(request)] if self.count > 1 else []


class Engines:
    """Says each time that it is another engine."""
    count = 0

    def __call__(self, request):
        self.count += 1
        return [report(request, 4, b"engine%d" % self.count)]


WAYS = {
    "good": lambda r: [answer(r)],
    "silent": lambda r: [],
    "empty": lambda r: [b""],
    "noise": lambda r: [b"\xff" * 100, b"GET / HTTP/1.0\r\n\r\n"],
    "cut": lambda r: [answer(r)[:-3]],
    "long-length": lambda r: [b"\x30\x84\xff\xff\xff\xff\x02\x01\x01"],
    "other-id": lambda r: [answer(r, number=asked(r) ^ 1)],
    "late-first": lambda r: [answer(r, number=asked(r) ^ 1), answer(r)],
    "noise-first": lambda r: [b"noise"] * 20 + [answer(r)],
    "other-version": lambda r: [answer(r, version=0)],
    "other-object": lambda r: [answer(r, oid=SERVICES[:-1] + b"\x01")],
    "a-request": lambda r: [answer(r, kind=0xa0)],
    "error": lambda r: [answer(r, status=5)],
    "large": lambda r: [answer(r, value=tlv(4, b"7" * 9000))],
    "counter64": lambda r: [answer(r, value=tlv(0x46, b"\0" + b"\xff" * 8))],
    "negative": lambda r: [answer(r, value=integer(-1))],
    "end-of-view": lambda r: [answer(r, value=tlv(0x82))],
    "not-a-number": lambda r: [answer(r, value=tlv(0x44, bytes.fromhex(
        "9f78047fc00000")))],
    "unsigned": lambda r: [
        v3_answer(r, 0, pdu_of(v3_id(r))) if discovered(r) else report(r, 4)],
    "badly-signed": lambda r: [
        v3_answer(r, 1, pdu_of(v3_id(r))) if discovered(r) else report(r, 4)],
    "open": lambda r: [
        v3_answer(r, 0, pdu_of(v3_id(r)), user=b"nobodycares")
        if discovered(r) else report(r, 4)],
    "unsigned-clock": lambda r: [report(r, 2 if discovered(r) else 4)],
    "no-engine": lambda r: [report(r, 4, b"")],
    "engines": Engines(),
    "second": Second(),
    "other-report": lambda r: [report(r, 99)],
}


def main():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("0.0.0.0", int(sys.argv[1])))
    print("ready", flush=True)
    while True:
        request, peer = sock.recvfrom(65536)
        print("asked", flush=True)
        for datagram in WAYS[sys.argv[2]](request):
            sock.sendto(datagram, peer)


if __name__ == "__main__":
    main()
