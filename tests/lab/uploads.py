# SPDX-License-Identifier: GPL-2.0-or-later
"""Transfers in the hands of a test: it knows when each has said something and
was answered, and whether all bytes came back. For servers that stream."""

import hashlib
import select
import socket
import struct

from lab import IN_VM
from netns import inside
from process import check, equal

PATIENCE_S = 10
SIZE = (2 if IN_VM else 24) * 2**20     # bytes of a long transfer


class Upload:
    """What is sent to a stream server comes back: both are hashed."""

    def __init__(self, lab, to, port, size, node="c1"):
        self.family = 6 if ":" in to else 4
        with inside(lab, node):
            self.sock = socket.socket(
                socket.AF_INET6 if self.family == 6 else socket.AF_INET)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect((to, port))
        line = b""
        while not line.endswith(b"\n"):
            data = self.sock.recv(1)
            check(data, f"{to}: closed before it said who it is")
            line += data
        self.backend = line.split()[0].decode()
        self.sock.setblocking(False)
        self.size, self.sent, self.got = size, 0, 0
        self.out, self.back = hashlib.sha256(), hashlib.sha256()

    def fileno(self):
        return self.sock.fileno()

    def send(self):
        start = self.sent
        block = hashlib.sha256(struct.pack("=Q", start)).digest() * 4096
        n = self.sock.send(block[:self.size - start])
        self.out.update(block[:n])
        self.sent += n

    def receive(self):
        data = self.sock.recv(2**20)
        if not data:
            raise EOFError
        self.back.update(data)
        self.got += len(data)


def exchange(uploads):
    """Run them all to their ends; returns those that were cut. One that
    stands still is a failure."""
    left, dead = list(uploads), []
    while left:
        reading, writing, _ = select.select(
            left, [u for u in left if u.sent < u.size], [], PATIENCE_S)
        check(reading or writing, "transfers stand still: " + ", ".join(
            f"{u.backend} {u.got}/{u.sent}" for u in left))
        for u, turn in [(u, u.send) for u in writing] + [
                (u, u.receive) for u in reading]:
            try:
                turn()
            except (ConnectionError, EOFError):
                if u not in dead:
                    dead.append(u)
        left = [u for u in left if u.got < u.size and u not in dead]
    return dead


def transfers(uploads):
    """Run them all to their ends: what came back is what was sent."""
    cut = exchange(uploads)
    for u in uploads:
        u.sock.close()
    equal([f"{u.backend} after {u.got} bytes" for u in cut], [], "cut")
    for u in uploads:
        equal(u.back.hexdigest(), u.out.hexdigest(), f"sha256 of {u.backend}")


def survivors(uploads):
    """Who is cut when he says something now? Returns (alive, dead)."""
    for u in uploads:
        u.size = u.sent + 1000
    dead = exchange(uploads)
    return [u for u in uploads if u not in dead], dead
