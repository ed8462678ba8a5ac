#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Name servers that misbehave, each on a port of its own, over IPv4 and IPv6.

    bad_dns.py PORT=UDP[/TCP] ...

UDP and TCP are names of the functions below; without TCP the port is closed
there. Prints "ready" when all of them listen.
"""

import os
import socket
import struct
import sys
import threading
import time

QR, TC = 0x8000, 0x0200
HEADER = 12
ADDRESS = bytes((192, 0, 2, 7))


def question(query):
    """The bytes of the question alone; ours end with 11 bytes of EDNS."""
    return query[HEADER:-11]


def answer(query, flags=0, ident=None, ask=None, records=1):
    """A good answer, but for what is said."""
    ident = query[:2] if ident is None else ident
    head = struct.pack(">5H", QR | 0x0180 | flags, 1, records, 0, 0)
    record = struct.pack(">HHHIH", 0xc00c, 1, 1, 60, len(ADDRESS)) + ADDRESS
    return ident + head + (ask or question(query)) + records * record


def other_id(query):
    return bytes((query[0], query[1] ^ 1))


# ---- over UDP: a list of datagrams

def good(query):
    return [answer(query)]


def silent(_):
    return []


def wrong_id(query):
    return [answer(query, ident=other_id(query))] * 3


def wrong_then_right(query):
    return wrong_id(query) + good(query)


def echo(query):
    return [query]


def short(query):
    return [query[:5]]


def garbage(query):
    return [query[:2] + os.urandom(60)]


def text(_):
    return [b"go away"]


def cut(query):
    return [answer(query)[:-3]]


def other_question(query):
    ask = bytearray(question(query))
    ask[1] ^= 2
    return [answer(query, ask=bytes(ask))]


def too_many(query):
    """Says 9 records and has one."""
    reply = bytearray(answer(query))
    reply[7] = 9
    return [bytes(reply)]


def truncated(query):
    return [answer(query, flags=TC, records=0)]


def servfail(query):
    return [answer(query, flags=2, records=0)]


# ---- over TCP: a generator of pieces; None resets the connection

def tcp_good(query):
    yield framed(answer(query))


def tcp_bytewise(query):
    for byte in framed(answer(query)):
        yield bytes((byte,))
        time.sleep(0.002)


def tcp_close(_):
    yield b""


def tcp_reset(_):
    yield None


def tcp_cut(query):
    yield framed(answer(query))[:-5]


def tcp_reset_inside(query):
    yield framed(answer(query))[:-5]
    yield None


def tcp_drip(query):
    for byte in framed(answer(query)):
        yield bytes((byte,))
        time.sleep(1)


def tcp_silent(_):
    time.sleep(30)
    yield b""


def tcp_wrong_id(query):
    yield framed(answer(query, ident=other_id(query)))


def tcp_truncated(query):
    yield framed(answer(query, flags=TC))


def tcp_nothing(_):
    yield b"\0\0"


def tcp_huge(query):
    """As many records as a message can hold."""
    yield framed(answer(query, records=4000))


def framed(message):
    return struct.pack(">H", len(message)) + message


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))


def talk(connection, behaviour):
    with connection:
        try:
            length = struct.unpack(">H", connection.recv(2, socket.MSG_WAITALL))
            for piece in behaviour(connection.recv(*length, socket.MSG_WAITALL)):
                if piece is None:
                    reset(connection)
                    return
                connection.sendall(piece)
        except (OSError, struct.error):
            pass


def udp_loop(s, behaviour):
    while True:
        query, peer = s.recvfrom(4096)
        for reply in behaviour(query):
            s.sendto(reply, peer)


def tcp_loop(s, behaviour):
    while True:
        connection, _ = s.accept()
        threading.Thread(target=talk, args=(connection, behaviour),
                         daemon=True).start()


def bound(family, kind, port):
    s = socket.socket(family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind(("", port))
    if kind == socket.SOCK_STREAM:
        s.listen()
    return s


def serve(port, names):
    udp, _, tcp = names.partition("/")
    for family in (socket.AF_INET, socket.AF_INET6):
        loops = [(udp_loop, socket.SOCK_DGRAM, globals()[udp])]
        if tcp:
            loops.append((tcp_loop, socket.SOCK_STREAM, globals()[f"tcp_{tcp}"]))
        for loop, kind, behaviour in loops:
            threading.Thread(target=loop, daemon=True, args=(
                bound(family, kind, port), behaviour)).start()


def main():
    for word in sys.argv[1:]:
        port, _, names = word.partition("=")
        serve(int(port), names)
    print("ready", flush=True)
    threading.Event().wait()


main()
