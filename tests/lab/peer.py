#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Peers of checks, good and bad: peer.py PORT=BEHAVIOUR[:TEXT] ...

Each listens on both families and serves one connection after the other. Once
all listen, "ready" is printed, then a line of JSON for each TCP connection: the
port, what was heard, how it ended ("end", "reset", "gone": we hung up). TEXT
has Python's escapes.
"""

import json
import os
import select
import signal
import socket
import ssl
import struct
import sys
import threading
import time

LINGER_NOW = struct.pack("ii", 1, 0)


class Served:
    """One connection, and what was heard on it."""

    def __init__(self, connection):
        self.connection = connection
        self.heard = b""

    def listen(self, until=b"\n"):
        """Listen for `until`; None: for the end. Says how that went."""
        while until is None or until not in self.heard:
            try:
                data = self.connection.recv(65536)
            except ConnectionError:
                return "reset"
            if not data:
                return "end"
            self.heard += data
        return "gone"

    def say(self, data):
        try:
            self.connection.sendall(data)
        except ConnectionError:
            pass

    def abort(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   LINGER_NOW)
        return "gone"


def reply(served, text):
    """A request, the reply, and the other side hangs up."""
    served.listen()
    served.say(text)
    return served.listen(None)


def greet(served, text):
    served.say(text)
    return served.listen(None)


def greet_end(served, text):
    """Says its words and the end, and listens until the other side ends."""
    served.say(text)
    try:
        served.connection.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    return served.listen(None)


def answer(served, text):
    """A request, the reply, and we hang up."""
    served.connection.recv(65536)
    served.say(text)
    return "gone"


def cut(served, text):
    """A request, part of the reply, RST."""
    served.listen()
    served.say(text)
    time.sleep(0.05)    # the part arrives before the RST takes it away
    return served.abort()


def refuse(served, _):
    return served.abort()


def pieces(served, text):
    """The reply, byte by byte, fast."""
    served.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    served.listen()
    for byte in text:
        served.say(bytes([byte]))
        time.sleep(0.005)
    return served.listen(None)


def drip(served, text):
    """A byte a second until the other side is gone."""
    for byte in text:
        served.say(bytes([byte]))
        if select.select([served.connection], [], [], 1)[0]:
            how = served.listen(None)
            return how
    return "gone"


def endless(served, text):
    text *= 1000
    while True:
        try:
            served.connection.sendall(text)
        except ConnectionError:
            return "reset"


def silent(served, _):
    return served.listen(None)


def tls_silent(served, paths):
    """Shakes hands, asks for a certificate that it does not need, and says
    nothing, not even at the end. Paths of certificate, key, authority."""
    pem, key, ca = paths.decode().split()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    context.load_verify_locations(ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    with context.wrap_socket(served.connection.dup(), server_side=True) as tls:
        poll = select.poll()
        poll.register(tls, 0)   # until it is hung up
        poll.poll(10000)
    return "gone"


def from_file(served, path):
    """What the file says at the moment, then the end."""
    with open(path, "rb") as f:
        served.say(f.read())
    return "gone"


TCP = {"reply": reply, "greet": greet, "greet-end": greet_end, "answer": answer, "cut": cut,
       "refuse": refuse, "pieces": pieces, "drip": drip, "endless": endless,
       "silent": silent, "file": from_file, "tls-silent": tls_silent}

# What comes back for a datagram: a list of datagrams.
UDP = {"udp-echo": lambda data, _: [data],
       "udp-reply": lambda _, text: [text],
       "udp-twice": lambda data, text: [text, data],
       "udp-heard": lambda data, text: [text] if data == b"" else [],
       "udp-silent": lambda *_: []}


def listener(port, kind):
    s = socket.socket(socket.AF_INET6, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind(("::", port))
    return s


def serve_tcp(s, port, behaviour, text):
    while True:
        connection, _ = s.accept()
        served = Served(connection)
        with connection:
            how = behaviour(served, text)
        print(json.dumps({"port": port, "end": how,
                          "heard": served.heard.decode("latin-1")}), flush=True)


def serve_udp(s, behaviour, text):
    while True:
        data, source = s.recvfrom(65536)
        for answer in behaviour(data, text):
            s.sendto(answer, source)


def main():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threads = []
    for word in sys.argv[1:]:
        port, _, rest = word.partition("=")
        name, _, text = rest.partition(":")
        text = text.encode("latin-1").decode("unicode_escape").encode("latin-1")
        if name in UDP:
            s = listener(int(port), socket.SOCK_DGRAM)
            job = (serve_udp, (s, UDP[name], text))
        else:
            s = listener(int(port), socket.SOCK_STREAM)
            s.listen(64)
            job = (serve_tcp, (s, int(port), TCP[name], text))
        threads.append(threading.Thread(target=job[0], args=job[1], daemon=True))
    for t in threads:
        t.start()
    print("ready", flush=True)
    for t in threads:
        t.join()


if __name__ == "__main__":
    main()
