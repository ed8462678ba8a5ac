#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
HTTP servers that misbehave, each in its own way, on ports from 9000 on in the
order of WAYS; with TLS from 9100 on. Both families.

    bad_http.py CERT KEY
"""

import random
import socket
import ssl
import struct
import sys
import threading
import time

PLAIN, TLS = 9000, 9100
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"Content-Length: 100\r\n\r\n"


def reset(s):
    """Close with RST."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def until_gone(s):
    """Nothing more is said; waits until the peer has gone."""
    while s.recv(4096):
        pass


def hang_up(s):
    """Ends in order; what the peer still says is read."""
    socket.socket.shutdown(s, socket.SHUT_WR)
    until_gone(s)


def request(s):
    """Reads a request of HTTP/1.1."""
    got = b""
    while not got.endswith(b"\r\n\r\n"):
        more = s.recv(4096)
        if not more:
            break
        got += more
    return got


def says(*pieces, end=hang_up):
    """Answers with these pieces, far enough apart to be read apart."""
    def way(s):
        request(s)
        for i, piece in enumerate(pieces):
            if i:
                time.sleep(0.05)
            s.sendall(piece)
        end(s)
    return way


def forever(head, piece, pause_s=0.0):
    def way(s):
        request(s)
        s.sendall(head)
        while True:
            s.sendall(piece)
            time.sleep(pause_s)
    return way


def slowly(s):
    request(s)
    for byte in OK + b"Content-Length: 2\r\n\r\nOK":
        s.sendall(bytes([byte]))
        time.sleep(1)


def mirror(s):
    """The request is the answer."""
    got = request(s)
    s.sendall(OK + b"Content-Length: %d\r\n\r\n" % len(got) + got)
    until_gone(s)


def greeting(s):
    """Speaks first, as servers of other protocols do."""
    s.sendall(b"220 mail.example.org ESMTP\r\n")
    until_gone(s)


# ---- HTTP/2: frames by hand (RFC 9113, section 4.1)

def frame(kind, flags, stream, payload=b""):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags])
            + stream.to_bytes(4, "big") + payload)


SETTINGS = frame(4, 0, 0)
STATUS_200 = frame(1, 4, 1, b"\x88")         # HEADERS: index 8, :status 200


def frames(*pieces, end=until_gone):
    def way(s):
        s.recv(4096)
        s.sendall(b"".join(pieces))
        end(s)
    return way


def endless_h2(s):
    s.recv(4096)
    s.sendall(SETTINGS + STATUS_200)
    while True:
        s.sendall(frame(0, 0, 1, b"x" * 1000))


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WAYS = {
    "silent": until_gone,
    "slow": slowly,
    "hang-up": hang_up,
    "reset-at-once": reset,
    "close": says(),
    "close-in-line": says(b"HTTP/1.1 20"),
    "close-in-header": says(OK + b"X-Some: th"),
    "close-in-body": says(LENGTH + b"x" * 50),
    "close-in-chunk": says(CHUNKED + b"64\r\n" + b"x" * 50),
    "close-no-length": says(OK + b"\r\nall is", b" well"),
    "reset": says(end=reset),
    "reset-in-header": says(OK + b"X-Some: th", end=reset),
    "reset-in-body": says(LENGTH + b"x" * 50, end=reset),
    "hang-in-header": says(OK + b"X-Some: th", end=until_gone),
    "hang-in-body": says(LENGTH + b"x" * 50, end=until_gone),
    "endless-body": forever(OK + b"\r\n", b"x" * 1000),
    "endless-chunks": forever(CHUNKED, b"400\r\n" + b"x" * 1024 + b"\r\n"),
    "endless-drops": forever(OK + b"\r\nneedle", b"x", 0.05),
    "endless-header": forever(OK, b"X-Some: thing\r\n" * 100),
    "endless-line": forever(OK + b"X-Some: ", b"thing" * 1000),
    "endless-word": forever(b"HTTP/1.1 200 ", b"OK" * 1000),
    "endless-interim": forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "endless-zeros": forever(b"", bytes(1000)),
    "garbage": says(bytes(range(256)) * 4),
    "banner": says(b"SSH-2.0-OpenSSH_9.2p1\r\n", end=until_gone),
    "no-header": says(b"<html>all is well</html>\n"),
    "bad-status": says(b"HTTP/1.1 fine\r\n\r\n"),
    "bad-version": says(b"HTTP/7.3 200 OK\r\n\r\n"),
    "bad-chunk": says(CHUNKED + b"zz\r\nhello\r\n", end=until_gone),
    "bad-length": says(OK + b"Content-Length: -5\r\n\r\nhello", end=until_gone),
    "interim": says(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
                    OK + b"Content-Length: 4\r\n\r\nwell", end=until_gone),
    "upgrade": says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket"
                    b"\r\nConnection: Upgrade\r\n\r\n", end=until_gone),
    "pieces": says(OK + b"Content-Length: 6\r\n\r\nOK", b"AY\n.", end=until_gone),
    "squeezed": says(OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n"
                     b"well", end=until_gone),
    "zeros": says(OK + b"Content-Length: 8\r\n\r\n\0\0well\0\xff",
                  end=until_gone),
    "big": says(OK + b"Content-Length: 65536\r\n\r\n" + b"x" * 65532 + b"well",
                end=until_gone),
    "bigger": says(OK + b"Content-Length: 65537\r\n\r\n" + b"x" * 65533
                   + b"well", end=until_gone),
    # many states of an expression like a.{20}b
    "scrambled": says(OK + b"\r\n" + bytes(
        random.Random(1).choices(b"ac", k=50000))),
    "mirror": mirror,
    "greeting": greeting,
    "h2-silent": frames(SETTINGS),
    "h2-header-only": frames(SETTINGS, STATUS_200),
    "h2-good": frames(SETTINGS, STATUS_200, frame(0, 1, 1, b"well")),
    "h2-close": frames(SETTINGS, end=hang_up),
    "h2-close-in-body": frames(SETTINGS, STATUS_200, frame(0, 0, 1, b"we"),
                               end=hang_up),
    "h2-reset-in-body": frames(SETTINGS, STATUS_200, frame(0, 0, 1, b"we"),
                               end=reset),
    "h2-stream-reset": frames(SETTINGS, frame(3, 0, 1, b"\0\0\0\2")),
    "h2-stream-refused": frames(SETTINGS, frame(3, 0, 1, b"\0\0\0\7")),
    "h2-goaway": frames(SETTINGS, frame(7, 0, 0, b"\0\0\0\0\0\0\0\2"),
                        end=hang_up),
    "h2-bad-header": frames(SETTINGS, frame(1, 4, 1, b"\xff" * 20)),
    "h2-huge-frame": frames(SETTINGS, b"\xff\xff\xff\1\4\0\0\0\1" + bytes(9000)),
    "h2-hang-up": frames(end=hang_up),
    "h2-reset": frames(end=reset),
    "h2-garbage": frames(bytes(range(256)) * 4),
    "h2-banner": frames(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    "h2-other-version": frames(b"HTTP/1.1 400 Bad Request\r\n\r\n",
                               end=hang_up),
    "h2-endless": endless_h2,
}


def port(way, tls=False):
    return list(WAYS).index(way) + (TLS if tls else PLAIN)


def turn(s, way, context):
    """One connection; the peer may go at any time."""
    try:
        # What is said before a reset must not be kept back.
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            s = context.wrap_socket(s, server_side=True)
        WAYS[way](s)
        s.close()
    except (OSError, ValueError):
        pass


def serve(listener, way, context):
    while True:
        s, _ = listener.accept()
        threading.Thread(target=turn, args=(s, way, context), daemon=True).start()


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    context.set_alpn_protocols(["h2", "http/1.1"])
    for way in WAYS:
        for tls in (None, context):
            listener = socket.create_server(
                ("::", port(way, tls)), family=socket.AF_INET6,
                dualstack_ipv6=True, backlog=64)
            threading.Thread(target=serve, args=(listener, way, tls),
                             daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
