#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
A backend that means harm, whatever protocol it is asked in: each way on a port
of its own, over IPv4. TCP from 9400 on, UDP from 9500 on, in the order of the
tables; echo requests of ICMP are answered as well (the kernel must not).

    hostile.py VICTIM       the address that its ICMP errors speak of
"""

import os
import socket
import struct
import sys
import threading
import time

from bad_http import reset, until_gone
from bad_icmp import checksum

TCP_PORT, UDP_PORT = 9400, 9500
LARGE = 1 << 20


# ---- TCP

def noise(s):
    s.sendall(os.urandom(3000))
    until_gone(s)


def endless(s):
    """More than anybody wants, as fast as it goes."""
    data = os.urandom(LARGE)
    while True:
        s.sendall(data)


def endless_line(s):
    while True:
        s.sendall(b"x" * LARGE)


def drip(s):
    for byte in os.urandom(1000):
        s.sendall(bytes([byte]))
        time.sleep(0.05)


def oversize(s):
    s.sendall(b"x" * 300000 + b"\n")
    until_gone(s)


def hello_requests(s):
    """TLS 1.2: messages that a client passes over, a record full of each."""
    s.recv(4096)
    while True:
        s.sendall((b"\x16\x03\x03\x40\x00" + bytes(16384)) * 64)


def alerts(s):
    s.recv(4096)
    while True:
        s.sendall(b"\x15\x03\x03\x00\x02\x01\x5a" * 1000)


TCP = {"noise": noise, "endless": endless, "endless-line": endless_line,
       "drip": drip, "reset": reset, "oversize": oversize,
       "hello-requests": hello_requests, "alerts": alerts,
       "silent": until_gone}


# ---- UDP: what comes back for a datagram

UDP = {"noise": lambda _: [os.urandom(200)],
       "flood": lambda _: [os.urandom(n * 7) for n in range(100)],
       "oversize": lambda data: [data + bytes(60000)],
       "mirror": lambda data: [data],
       "empty": lambda _: [b""] * 50}


def tcp_port(way):
    return TCP_PORT + list(TCP).index(way)


def udp_port(way):
    return UDP_PORT + list(UDP).index(way)


def turn(s, way):
    """One connection; the peer may go at any time."""
    try:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        TCP[way](s)
        s.close()
    except OSError:
        pass


def tcp_serve(listener, way):
    while True:
        s, _ = listener.accept()
        threading.Thread(target=turn, args=(s, way), daemon=True).start()


def udp_serve(s, way):
    while True:
        data, peer = s.recvfrom(65536)
        for answer in UDP[way](data):
            s.sendto(answer, peer)


# ---- ICMP

def sealed(data):
    return data[:2] + struct.pack(">H", checksum(data)) + data[4:]


def lies(victim, source, request):
    """Wrong replies, and that the victim cannot be reached: its requests have
    the same id as ours, and numbers that can be guessed."""
    yield os.urandom(64)
    yield sealed(bytes(4) + request[4:8])
    yield sealed(bytes(4) + request[4:8] + os.urandom(8))
    yield sealed(bytes(4) + request[4:8] + bytes(40000))
    for seq in range(64):
        quoted = b"\x08\0\0\0" + request[4:6] + struct.pack(">H", seq)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 36, 0, 0, 64, 1, 0)
        ip += source + victim
        yield sealed(b"\x03\x01\0\0" + bytes(4) + ip + quoted)
        yield sealed(b"\x03\x01\0\0" + bytes(4) + ip + quoted + os.urandom(8))


def icmp_serve(s, victim):
    while True:
        packet, peer = s.recvfrom(2048)
        request = packet[20:]
        if request[0] != 8:
            continue
        for answer in lies(socket.inet_aton(victim), packet[12:16], request):
            s.sendto(answer, peer)


def main():
    jobs = [(icmp_serve, socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                       socket.IPPROTO_ICMP), sys.argv[1])]
    for way in TCP:
        jobs.append((tcp_serve, socket.create_server(("", tcp_port(way))), way))
    for way in UDP:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("", udp_port(way)))
        jobs.append((udp_serve, s, way))
    for serve, s, what in jobs:
        threading.Thread(target=serve, args=(s, what), daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
