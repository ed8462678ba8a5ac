#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Answers echo requests in place of the kernel (whose own answers are turned off),
in the way that the last digit of the requested address says:

    bad_icmp.py IPV4-PREFIX IPV6-PREFIX

PREFIX and a number make the addresses. Prints "ready" when it listens.
"""

import socket
import struct
import sys
import threading

REQUEST, REPLY, UNREACHABLE = {4: 8, 6: 128}, {4: 0, 6: 129}, {4: 3, 6: 1}
CODE = {4: 9, 6: 6}     # net prohibited; reject route
HEADER = 8


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff


def message(family, kind, code, rest):
    """Of its type; the kernel makes IPv6's checksum."""
    data = struct.pack(">BBH", kind, code, 0) + rest
    if family == 4:
        data = data[:2] + struct.pack(">H", checksum(data)) + data[4:]
    return data


class Request:
    def __init__(self, family, icmp, peer, to, packet):
        self.family, self.icmp, self.peer, self.to = family, icmp, peer, to
        self.packet = packet    # with its IP header

    def reply(self, rest=None):
        return message(self.family, REPLY[self.family], 0, rest or self.icmp[4:])

    def error(self, packet):
        return message(self.family, UNREACHABLE[self.family], CODE[self.family],
                       bytes(4) + packet)

    def headers(self):
        return len(self.packet) - len(self.icmp)


def right(r):
    return r.to, r.reply()


def other_cookie(r):
    return r.to, r.reply(r.icmp[4:8] + bytes(b ^ 0x55 for b in r.icmp[8:]))


def no_cookie(r):
    return r.to, r.reply(r.icmp[4:8])


def half_a_cookie(r):
    return r.to, r.reply(r.icmp[4:12])


def other_sequence(r):
    seq = bytes((r.icmp[6], r.icmp[7] ^ 1))
    return r.to, r.reply(r.icmp[4:6] + seq + r.icmp[8:])


def other_sender(r):
    return r.to[:-1] + "1", r.reply()


def error(r):
    return r.to, r.error(r.packet)


def error_quotes_little(r):
    return r.to, r.error(r.packet[:r.headers() + HEADER])


def error_other_cookie(r):
    return r.to, r.error(r.packet[:-2] + b"xx")


def error_other_target(r):
    at = 16 if r.family == 4 else 24
    size = 4 if r.family == 4 else 16
    other = bytearray(r.packet)
    other[at + size - 1] ^= 1
    return r.to, r.error(bytes(other))


def error_cut(r):
    return r.to, r.error(r.packet[:r.headers() + HEADER - 1])


WAYS = {2: right, 3: other_cookie, 4: no_cookie, 5: half_a_cookie,
        6: other_sequence, 7: other_sender, 8: error, 9: error_quotes_little,
        10: error_other_cookie, 11: error_other_target, 12: error_cut}


def receive4(s):
    packet, peer = s.recvfrom(2048)
    return Request(4, packet[20:], peer[0], socket.inet_ntoa(packet[16:20]), packet)


def receive6(s):
    icmp, ancillary, _, peer = s.recvmsg(2048, 256)
    to = ancillary[0][2][:16]
    packet = struct.pack(">IHBB", 6 << 28, len(icmp), 58, 64) + socket.inet_pton(
        socket.AF_INET6, peer[0]) + to + icmp
    return Request(6, icmp, peer[0], socket.inet_ntop(socket.AF_INET6, to), packet)


def serve(family, receive, listen, prefix):
    kind, protocol = (socket.AF_INET, socket.IPPROTO_ICMP) if family == 4 else (
        socket.AF_INET6, socket.IPPROTO_ICMPV6)
    while True:
        r = receive(listen)
        if r.icmp[0] != REQUEST[family] or not r.to.startswith(prefix):
            continue
        way = WAYS.get(int(r.to[len(prefix):]))
        if way:
            source, data = way(r)
            with socket.socket(kind, socket.SOCK_RAW, protocol) as s:
                s.bind((source, 0))
                s.sendto(data, (r.peer, 0))


def main():
    s4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    s6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    s6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    for args in ((4, receive4, s4, sys.argv[1]), (6, receive6, s6, sys.argv[2])):
        threading.Thread(target=serve, args=args, daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
